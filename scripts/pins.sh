#!/bin/sh
# Write constraints.txt anew from pyproject.toml.  `make pins` calls it; constraints.txt says how to use it.
# UPGRADE=1 takes the newest versions, TEXTUAL=X.Y.Z moves textual, VENV is where uv is looked for and put.
set -eu
cd "$(dirname "$0")/.."

textual=${TEXTUAL:-$(sed -n 's/^textual==\([^ ]*\).*/\1/p' constraints.txt)}
uv=$(command -v uv || echo "$VENV/bin/uv")
[ -x "$uv" ] || "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check uv

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "textual==$textual" > "$work/textual"
sed -n 's/^requires = \[\(.*\)\]/\1/p' pyproject.toml | tr -d '" ' | tr ',' '\n' > "$work/build"

compile() { # OUTPUT UV-ARGUMENT...   what OUTPUT holds already is kept where it still fits
    output=$1; shift
    "$uv" --no-config pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
        --no-annotate --no-emit-index-url --no-emit-find-links --output-file "$output" "$@"
}

cp constraints.txt "$work/all"
compile "$work/all" ${UPGRADE:+--upgrade} --constraint "$work/textual" --group dev pyproject.toml
compile "$work/run" --constraint "$work/all" pyproject.toml "$work/build"

{
    sed -n '/^#/!q; /^# ---/q; p' constraints.txt
    cat "$work/run"
    echo "# --- only for development"
    awk 'FNR == NR { if (/^[a-z0-9]/) seen[$1] = 1; next }  /^[a-z0-9]/ { known = $1 in seen }  !known' "$work/run" "$work/all"
} > "$work/constraints.txt"
cp "$work/constraints.txt" constraints.txt
