#!/bin/sh
# Install Nix where it is missing and can be had from the system: Debian and Ubuntu package it.
set -eu
! command -v nix >/dev/null || exit 0
how="Nix is missing, and the tests run the real one: install it (https://nixos.org/download), or run 'make setup check' instead."
sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
for program in apt-get $sudo; do
    command -v "$program" >/dev/null || { echo "$how" >&2; exit 1; }
done
echo "Installing nix-bin with ${sudo:+$sudo }apt-get ..." >&2
$sudo apt-get -qq update && $sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq install nix-bin </dev/null >/dev/null ||
    { echo "$how" >&2; exit 1; }
command -v nix >/dev/null || { echo "$how" >&2; exit 1; }
