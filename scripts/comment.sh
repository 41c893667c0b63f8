#!/bin/sh
# Put $COMMENT_FILE on pull request $PULL_REQUEST of $REPOSITORY, in the place of the comment that was there before:
# the one of $AUTHOR (default: the bot of GitHub's actions) that begins with the same line.
set -eu
comments="repos/${REPOSITORY:?}/issues/${PULL_REQUEST:?}/comments"
first=$(head -n 1 "${COMMENT_FILE:?}")
AUTHOR=${AUTHOR:-github-actions[bot]} FIRST=$first
export AUTHOR FIRST
found=$(gh api --paginate "$comments" \
    --jq '.[] | select(.user.login == env.AUTHOR and (.body | startswith(env.FIRST))) | .id')
known=$(printf '%s\n' "$found" | head -n 1)
if [ -n "$known" ]; then
    gh api --silent -X PATCH "repos/$REPOSITORY/issues/comments/$known" -F "body=@$COMMENT_FILE"
else
    gh api --silent -X POST "$comments" -F "body=@$COMMENT_FILE"
fi
