#!/bin/sh
# Make $VENV hold what constraints.txt pins, and this project itself, editable.  Quick when it does so already.
#   setup.sh run   what pyclosure needs to run          setup.sh dev   what its tests and tools need as well
set -eu
cd "$(dirname "$0")/.."
part=$1
venv=${VENV:-.venv}

give_up() { echo "$1" >&2; exit 1; }
fits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

# The stamp tells what was installed, from what, and where: a checkout that moved is set up again.
key="$part $(cat constraints.txt pyproject.toml scripts/setup.sh | cksum) $(pwd)"
fits "$venv/bin/python" || rm -f "$venv/.stamp"
for enough in "$key" "dev ${key#* }"; do
    [ "$(cat "$venv/.stamp" 2>/dev/null)" != "$enough" ] || exit 0
done

if ! fits "$venv/bin/python"; then
    python=
    for name in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        if fits "$name"; then python=$name; break; fi
    done
    [ -n "$python" ] || give_up "pyclosure needs Python 3.11 or newer and found none: install one, or name it, as in 'make demo PYTHON=python3.12'."
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        give_up "$python cannot make virtual environments: install its venv module (on Debian and Ubuntu: apt-get install python3-venv)."
    "$python" -m venv --clear "$venv"
fi

pip() { "$venv/bin/python" -m pip --disable-pip-version-check --no-input "$@"; }
pins=constraints.txt
if [ "$part" = run ]; then
    pins=$venv/pins.txt
    sed '/^# --- only for development/q' constraints.txt > "$pins"
fi
rm -f "$venv/.stamp"
echo "Installing what constraints.txt pins into $venv ..." >&2
pip install --quiet --require-hashes -r "$pins" || give_up "pip could not install the pinned packages; its words are above."
pip install --quiet --no-deps --no-build-isolation --editable .
echo "$key" > "$venv/.stamp"
