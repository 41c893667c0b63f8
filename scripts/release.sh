#!/bin/sh
# Check that everything is ready for a release, build it, try the wheel where nothing else is installed, and set the tag.
# Builds stay in dist/; nothing is uploaded or pushed.
#   release.sh            sets the tag
#   release.sh --dry-run  everything but the tag
set -eu
cd "$(dirname "$0")/.."

give_up() { echo "release: $1" >&2; exit 1; }
say() { echo "release: $1" >&2; }

dry=
case ${1:-} in
'') ;;
--dry-run) dry=yes ;;
*) echo "release.sh [--dry-run]" >&2; exit 2 ;;
esac
python=${VENV:-.venv}/bin/python

# -- what can be said at once --
version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' pyclosure/__init__.py)
case $version in
[0-9]*.[0-9]*.[0-9]*) ;;
*) give_up "pyclosure/__init__.py has no version of three numbers, but '$version'" ;;
esac
[ -z "$(git status --porcelain)" ] || give_up "the tree is not clean: commit or remove what git status shows"
! git rev-parse -q --verify "refs/tags/v$version" >/dev/null || give_up "there is a tag v$version already: set a new version in pyclosure/__init__.py"
grep -Eq "^## $version, [0-9]{4}-[0-9]{2}-[0-9]{2}\$" CHANGELOG.md ||
    give_up "CHANGELOG.md has no heading '## $version, YYYY-MM-DD'"
[ -x "$python" ] || give_up "there is no $python: run make setup"

say "checks"
make check || give_up "the checks failed"

say "builds"
rm -rf dist
"$python" -m hatchling build -d dist
wheel=dist/pyclosure-$version-py3-none-any.whl
archive=dist/pyclosure-$version.tar.gz
for file in "$wheel" "$archive"; do [ -f "$file" ] || give_up "$file was not built"; done

say "the wheel, with its dependencies from constraints.txt"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -m venv "$work/venv"
sed '/^# --- only for development/q' constraints.txt > "$work/pins.txt"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$work/pins.txt"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps "$wheel"
program=$work/venv/bin/pyclosure
# from elsewhere: what lies in the checkout must not help
said=$(cd "$work" && "$program" --version)
[ "$said" = "pyclosure $version" ] || give_up "the wheel says '$said', not 'pyclosure $version'"
(cd "$work" && "$program" report demo: --format markdown) > "$work/report" || give_up "the wheel cannot report on demo:"
[ -s "$work/report" ] || give_up "the wheel reports nothing on demo:"

[ -z "$(git status --porcelain)" ] || give_up "the checks or builds changed the tree: see git status"
if [ -n "$dry" ]; then
    say "ready: git tag v$version would follow"
else
    git tag -a "v$version" -m "pyclosure $version"
    say "tagged v$version; $wheel and $archive are built"
fi
