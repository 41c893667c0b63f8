#!/usr/bin/env bash
# newer-nix.sh SUITE DIR      e.g. newer-nix.sh trixie ~/.cache/nix-trixie
# Takes nix-bin and the libraries it needs from another Debian release, installing nothing: unpacks them under DIR/root and
# puts commands that run from there into DIR/bin, to be tested with PYCLOSURE_TEST_NIX_BIN=DIR/bin.  Packages come from the
# mirror that this machine's apt uses anyway; apt's own sources and state stay as they are.  DIR can't be moved afterwards.
# Does nothing when DIR/bin/nix runs already.
set -euo pipefail
[ $# -eq 2 ] || { sed -n 2,7p "$0" >&2; exit 2; }
suite=$1
mkdir -p "$2"
dir=$(cd "$2" && pwd -P)
if "$dir/bin/nix" --version 2>/dev/null; then exit 0; fi
for tool in apt-get dpkg-deb awk; do command -v "$tool" >/dev/null || { echo "no $tool here" >&2; exit 1; }; done

# A private apt: one source, its own lists, and an empty record of what is installed, so that all libraries count as missing.
mirror=$(apt-get indextargets --format '$(SITE)|$(ORIGIN)|$(LABEL)|$(COMPONENT)' | awk -F'|' '$2 $3 $4 == "DebianDebianmain" && !found++ { print $1 }')
[ -n "$mirror" ] || { echo "apt knows no Debian mirror here (has apt-get update run?)" >&2; exit 1; }
mkdir -p "$dir/apt/lists/partial" "$dir/apt/archives/partial" "$dir/debs"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" > "$dir/apt/sources.list"
: > "$dir/apt/status"
apt() {
    apt-get -qq -o Dir::Etc::sourcelist="$dir/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::Etc::preferencesparts=/dev/null -o Dir::State="$dir/apt" -o Dir::State::status="$dir/apt/status" \
        -o Dir::Cache="$dir/apt" -o APT::Sandbox::User=root "$@"
}
apt update
# Libraries, nix and patchelf; perl and what a login needs would only be carried along.
packages=$(apt -s install --no-install-recommends nix-bin patchelf | sed -nE 's/^Inst ([^ ]+) \(([^ ]+) .*/\1=\2/p' |
    grep -E '^(lib|nix-bin=|patchelf=|zlib1g)' | grep -vE '^lib([^=]*-perl|perl[0-9]|pam|semanage|audit|deb)')
(cd "$dir/debs" && rm -f ./*.deb && apt download $packages)

# Unpack; in this layout /lib and the like are links into /usr.
rm -rf "$dir/root" "$dir/bin"
mkdir -p "$dir"/root/usr/{bin,sbin,lib,lib64} "$dir/bin"
for name in bin sbin lib lib64; do ln -s "usr/$name" "$dir/root/$name"; done
for deb in "$dir"/debs/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink --no-same-owner -C "$dir/root"
done
rm -rf "$dir/debs" "$dir/apt"

# The program's interpreter and library path must lead into DIR, and no variable may: children would inherit it.
# patchelf comes from the newer release too, so the newer loader runs it.  DT_RPATH also serves the libraries' own libraries.
loader=$(echo "$dir"/root/usr/lib/*-linux-gnu*/ld-linux-*.so.*)
libraries=$(dirname "$loader")
cp "$dir/root/usr/bin/nix" "$dir/bin/nix.new"
chmod u+w "$dir/bin/nix.new"
"$loader" --library-path "$libraries" "$dir/root/usr/bin/patchelf" \
    --set-interpreter "$loader" --force-rpath --set-rpath "$libraries" "$dir/bin/nix.new"
for command in "$dir"/root/usr/bin/nix-*; do ln -s nix "$dir/bin/$(basename "$command")"; done
mv "$dir/bin/nix.new" "$dir/bin/nix"
"$dir/bin/nix" --version
