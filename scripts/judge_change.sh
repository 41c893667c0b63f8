#!/bin/sh
# Judge a change in CI: write a comment, and end with 0 passed, 1 a limit is breached, 2 no data, 3 nix failed.
#   BASE, HEAD             what to compare: result links, snapshots, store paths, installables
#   MAX_INCREASE, MAX_SIZE, FAIL_ON   limits; pyclosure.toml may have them, too
#   PYCLOSURE              how it is run (default: nix run, from the folder above this one)
#   COMMENT_FILE           where the comment goes (default: pyclosure-comment.md)
#   NAME                   tells the comment from those of other closures of the same change
# $GITHUB_STEP_SUMMARY and $GITHUB_OUTPUT are written to where they are set.
set -u
base=${BASE:?what was before} head=${HEAD:?what the change makes of it}
here=$(cd "$(dirname "$0")/.." && pwd)
comment=${COMMENT_FILE:-pyclosure-comment.md}
errors=$(mktemp)
trap 'rm -f "$errors"' EXIT
set -- check "$head" --base "$base" --format markdown
[ -z "${MAX_INCREASE-}" ] || set -- "$@" --max-increase "$MAX_INCREASE"
[ -z "${MAX_SIZE-}" ] || set -- "$@" --max-size "$MAX_SIZE"
for word in ${FAIL_ON-}; do
    set -- "$@" --fail-on "$word"
done
if [ -n "${PYCLOSURE-}" ]; then
    # shellcheck disable=SC2086 # it may have words of its own
    $PYCLOSURE "$@" > "$comment" 2> "$errors"
else
    nix --extra-experimental-features 'nix-command flakes' run "path:$here" -- "$@" > "$comment" 2> "$errors"
fi
status=$?
cat "$errors" >&2
# without an answer nothing was judged, whatever the program that should have given one says
case "$status" in
    0 | 1) [ -s "$comment" ] || status=3 ;;
    2 | 3) ;;
    *) status=3 ;;
esac
if [ ! -s "$comment" ]; then
    {
        echo '<!-- pyclosure diff -->'
        echo '## `pyclosure` closure diff'
        echo
        echo "No verdict (status $status):"
        echo
        sed 's/^/    /' "$errors" | tail -n 20
    } > "$comment"
fi
if [ -n "${NAME-}" ]; then
    # the first line is what the comment is found again by
    { echo "<!-- pyclosure diff $NAME -->"; tail -n +2 "$comment"; } > "$errors" && cat "$errors" > "$comment"
fi
if [ -n "${GITHUB_STEP_SUMMARY-}" ]; then
    cat "$comment" >> "$GITHUB_STEP_SUMMARY"
fi
if [ -n "${GITHUB_OUTPUT-}" ]; then
    printf 'status=%s\ncomment-file=%s\n' "$status" "$comment" >> "$GITHUB_OUTPUT"
fi
exit "$status"
