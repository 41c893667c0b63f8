#!/bin/sh
# Try pyclosure with the oldest versions that pyproject.toml allows, or with the newest, in an environment of its own.
#   bounds.sh lowest|newest [TEST...]     by default a choice of tests that use every dependency, without pictures
set -eu
cd "$(dirname "$0")/.."
end=$1; shift

case $end in
lowest) resolution=lowest-direct ;;
newest) resolution=highest ;;
*) echo "bounds.sh lowest|newest [TEST...]" >&2; exit 2 ;;
esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=$work/venv/bin/python

"${PYTHON:-python3}" -m venv "$work/venv"
"$python" -m pip install --quiet --disable-pip-version-check uv ||
    { echo "uv could not be installed; nothing was tried with the $end versions." >&2; exit 1; }
install() { "$work/venv/bin/uv" --no-config pip install --quiet --python "$python" --only-binary :all: "$@"; }
# the tools are those of constraints.txt: only what pyclosure itself needs is tried
install --resolution "$resolution" --requirement pyproject.toml &&
    install $(grep -oE '^(hatchling|hypothesis|pytest|pytest-asyncio|pytest-xdist)==[^ ]*' constraints.txt) ||
    { echo "The $end versions could not be installed; nothing was tried with them." >&2; exit 1; }
echo "The $end versions: $("$work/venv/bin/uv" --no-config pip freeze --quiet --python "$python" | tr '\n' ' ')"

# each dependency is used by one of these; pictures are of one textual only
few="tests/queries/test_closure.py tests/queries/test_native.py tests/queries/test_requirements.py
    tests/queries/test_snapshot.py tests/tui/test_command_line.py tests/tui/test_why_and_what_if.py"
more="tests/queries/test_chains_and_cuts.py tests/queries/test_derivation_show.py tests/queries/test_locks.py
    tests/queries/test_path_info.py tests/queries/test_versions.py tests/tui/test_sorting.py tests/tui/test_tree.py"
if [ $# -eq 0 ]; then
    set -- $few
    [ "$end" = newest ] || set -- $few $more
fi
"$python" -m pytest -q -n auto -p no:cacheprovider "$@"
