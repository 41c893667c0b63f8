"""A real Nix with a store of its own, below a temporary folder: no root, no daemon, no network."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BIN = os.environ.get("PYCLOSURE_TEST_NIX_BIN", "")
"""A folder whose nix is tested, instead of the one on PATH."""
REQUIRED = os.environ.get("PYCLOSURE_REQUIRE_NIX") == "1"
"""Whether a missing nix fails the tests instead of skipping them."""
ENVIRONMENT = Path(__file__).parent.parent / "nix" / "environment.nix"
_CONFIG = """\
experimental-features = nix-command flakes
substituters =
sandbox = false
build-users-group =
flake-registry =
download-attempts = 1
connect-timeout = 2
"""


def path_with_nix() -> str:
    """Return the PATH that finds the nix to be tested."""
    return f"{BIN}:{os.environ['PATH']}" if BIN else os.environ["PATH"]


def nix_is_there() -> bool:
    return shutil.which("nix", path=path_with_nix()) is not None


@contextlib.contextmanager
def private_folder(preferred: Path) -> Iterator[Path]:
    """Give a folder in which every Nix is willing to build, and remove it afterwards.

    Since 2.34 Nix refuses to build below a folder that everybody may write into, as /tmp is; then a folder
    below the home folder is taken.
    """
    base = preferred
    if any(stat.S_IMODE(one.stat().st_mode) & stat.S_IWOTH for one in (preferred, *preferred.resolve().parents)):
        base = Path(os.path.expanduser("~")) / ".cache" / "pyclosure-tests"
    base.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=base)).resolve()
    try:
        yield folder
    finally:
        _remove(folder)


def _remove(folder: Path) -> None:
    """Remove a folder with store paths in it, which are read-only."""
    for place, folders, _ in os.walk(folder):
        for name in folders:
            with contextlib.suppress(OSError):
                if not os.path.islink(os.path.join(place, name)):
                    os.chmod(os.path.join(place, name), 0o700)
    shutil.rmtree(folder, ignore_errors=True)


@dataclass
class PrivateNix:
    """Nix with its store, state, configuration and home below one folder."""

    folder: Path
    env: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        for name in ("home", "etc", "work"):
            (self.folder / name).mkdir()
        keep = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TZ") if name in os.environ}
        self.env = keep | {
            "PATH": path_with_nix(),
            "HOME": str(self.folder / "home"),
            "NIX_STORE_DIR": str(self.store),
            "NIX_STATE_DIR": str(self.folder / "state"),
            "NIX_LOG_DIR": str(self.folder / "log"),
            "NIX_CONF_DIR": str(self.folder / "etc"),
            "NIX_CONFIG": _CONFIG,
        }

    @property
    def store(self) -> Path:
        return self.folder / "store"

    @property
    def work(self) -> Path:
        """Where the user is."""
        return self.folder / "work"

    def run(self, *argv: str, stdin: bytes | None = None, logical: bool = False) -> str:
        """Run a program of Nix and return its stdout.

        Args:
            argv: the command.
            stdin: given to it.
            logical: leave the private store out, for chroot stores with paths in /nix/store.
        """
        done = subprocess.run(
            argv, input=stdin, capture_output=True, env=self.environment(logical), cwd=self.work, timeout=120
        )
        assert done.returncode == 0, f"{argv} failed: {done.stderr.decode()}"
        return done.stdout.decode()

    def environment(self, logical: bool = False) -> dict[str, str]:
        """Return the variables that Nix is run with."""
        return {name: value for name, value in self.env.items() if not (logical and name == "NIX_STORE_DIR")}

    def build(self, attribute: str, link: str) -> Path:
        """Build an attribute of the test's expression; return the link to it."""
        self.run("nix-build", str(ENVIRONMENT), "-A", attribute, "-o", str(self.work / link))
        return self.work / link

    def path_info(self, *paths: str, flags: tuple[str, ...] = (), logical: bool = False) -> dict[str, dict[str, Any]]:
        """Return what ``nix path-info --json`` says, by path; read here in the simplest way."""
        version = self.run("nix", "--version").split()[-1]
        form = ("--json-format", "1") if tuple(map(int, version.split(".")[:2])) >= (2, 33) else ()
        text = self.run("nix", "path-info", "--json", *form, *flags, *paths, logical=logical)
        document = json.loads(text)
        if isinstance(document, list):
            return {item["path"]: item for item in document}
        return dict(document)
