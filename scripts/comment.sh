#!/bin/sh
# Put $COMMENT_FILE on pull request $PULL_REQUEST of $REPOSITORY, in the place of the comment that was there before.
set -eu
comments="repos/${REPOSITORY:?}/issues/${PULL_REQUEST:?}/comments"
known=$(gh api --paginate "$comments" --jq '.[] | select(.body | startswith("<!-- pyclosure diff -->")) | .id' | head -n 1)
if [ -n "$known" ]; then
    gh api --silent -X PATCH "repos/$REPOSITORY/issues/comments/$known" -F "body=@${COMMENT_FILE:?}"
else
    gh api --silent -X POST "$comments" -F "body=@${COMMENT_FILE:?}"
fi
