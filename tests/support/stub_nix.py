"""A nix of a few lines of shell with a small store on disk, which can be told to behave badly at each command."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from pyclosure.queries.base.names import name_of
from tests.support.closures import records_of, store_path
from tests.support.programs import alive

SOURCE_ROOT = Path(__file__).parent.parent.parent
NAMES = {"app-1.0": ("lib-1.0", "data-1.0"), "lib-1.0": ("libc-1.0",)}
KILLED, CRASHED = "kill -9 $$", "ulimit -c 0; kill -11 $$"
HANGS = "while :; do /bin/sleep 0.05; done"
FAMILY = f"""
/bin/sh -c 'trap "" TERM INT HUP; echo $$ >> "$0"; {HANGS}' "$stub/pids" &
"""
"""A child that ends for nobody; what follows is done beside it."""
_NIX = """#!/bin/sh
stub={stub}
echo $$ >> "$stub/pids"
case "$*" in
  --version) command=version ;;
  *path-info*) command=path-info ;;
  *derivation*show*|*show-derivation*) command=derivation ;;
  *why-depends*) command=why-depends ;;
  *eval*) command=eval ;;
  *--check-validity*) command=validity ;;
  *--requisites*) command=requisites ;;
  *) echo "error: unrecognised command" >&2; exit 1 ;;
esac
echo "$command" >> "$stub/asked"
. "$stub/$command"
"""


class StubNix:
    """A folder for PATH with ``nix`` and ``nix-store``, and a store of four paths with their derivations.

    Args:
        folder: where it lies; only the file of its own behaviour is on PATH.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = folder / "store"
        self.bin = folder / "bin"
        for one in (self.store, self.bin):
            one.mkdir(parents=True)
        self.root = self.path("app-1.0")
        records = records_of(NAMES, store_dir=str(self.store))
        for info in records.paths:
            place = Path(info.path)
            (place / "lib").mkdir(parents=True)
            (place / "lib" / "data").write_text(" ".join(info.references) + "\n" + "x" * 500)
        names = [name_of(info.path) for info in records.paths]
        drvs = {name: self.path(f"{name}.drv") for name in names}
        for place_of in drvs.values():
            Path(place_of).write_text("Derive")
        document = [
            {
                "path": info.path,
                "narHash": "sha256:" + "0" * 52,
                "narSize": 1000 * (index + 1),
                "references": list(info.references),
                "deriver": drvs[name_of(info.path)],
                "valid": True,
            }
            for index, info in enumerate(records.paths)
        ]
        (folder / "document").write_text(json.dumps(document))
        shown = {
            drvs[name]: {
                "outputs": {"out": {"path": self.path(name)}},
                "inputSrcs": [],
                "inputDrvs": {drvs[one]: ["out"] for one in NAMES.get(name, ())},
                "system": "x86_64-linux",
                "builder": "/bin/sh",
                "args": [],
                "env": {"name": name, "out": self.path(name)},
            }
            for name in names
        }
        (folder / "derivations").write_text(json.dumps(shown))
        self.does("version", 'echo "nix (Nix) 2.18.1"')
        self.does("path-info", '/bin/cat "$stub/document"')
        self.does("derivation", '/bin/cat "$stub/derivations"')
        self.does("validity", ":")
        self.does("requisites", f"printf '%s\\n' {' '.join(drvs.values())}")
        self.does("why-depends", "echo 'why it depends'")
        self.does("eval", "echo null")
        for program in ("nix", "nix-store"):
            place = self.bin / program
            place.write_text(_NIX.format(stub=folder))
            place.chmod(0o755)

    def path(self, name: str) -> str:
        """Return the store path of a name."""
        return store_path(name, str(self.store))

    def does(self, command: str, script: str) -> None:
        """Let a command do something else: lines of a shell script without any program on PATH."""
        (self.folder / command).write_text(script + "\n")

    def family(self) -> list[int]:
        """Return the process numbers of all that was started, children too."""
        file = self.folder / "pids"
        return [int(word) for word in file.read_text().split()] if file.exists() else []

    def still_running(self) -> list[int]:
        """Return who of them still runs."""
        return [pid for pid in self.family() if alive(pid) and self._is_ours(pid)]

    def _is_ours(self, pid: int) -> bool:
        """Whether a number was not given to another process meanwhile."""
        try:
            return str(self.folder) in Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        except OSError:
            return not Path("/proc/self").exists()

    def asked(self) -> list[str]:
        """Return the commands that were asked, in their order."""
        file = self.folder / "asked"
        return file.read_text().split() if file.exists() else []

    def environment(self, home: Path, **more: str) -> dict[str, str]:
        """Return all variables of a program that finds this nix and no other."""
        return {
            "PATH": str(self.bin),
            "NIX_STORE_DIR": str(self.store),
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_STATE_HOME": str(home / "state"),
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "PYTHONPATH": os.pathsep.join([str(SOURCE_ROOT)]),
            "PYTHONDONTWRITEBYTECODE": "1",
        } | more


PROGRAM = (sys.executable, "-m", "pyclosure")
