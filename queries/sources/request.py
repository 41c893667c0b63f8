"""What the user asked to open, before anything was looked at."""

from __future__ import annotations

import os
from dataclasses import dataclass, field


def working_directory() -> str:
    """Return the working directory; in a deleted one relative names lead nowhere, but full paths still do."""
    try:
        return os.getcwd()
    except OSError:
        return "/"


@dataclass(frozen=True, slots=True)
class Request:
    """The words of the command line that name a closure."""

    sources: tuple[str, ...]
    """Result links, store paths, installables, ``.drv`` files, dumps, snapshots, or ``-`` for stdin."""
    store: str | None = None
    """``--store``: a store URL or a directory; None for the default store."""
    derivation: bool = False
    """``--derivation``: open the build closure instead of the runtime closure."""
    file: str | None = None
    """``--file``: a Nix expression; ``sources`` are then attribute paths in it."""
    impure: bool = False
    """``--impure``: let an installable read the environment."""
    cwd: str = field(default_factory=working_directory)
    """What relative names are relative to."""
