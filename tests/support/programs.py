"""Stub programs on a PATH of their own: small scripts that behave as badly as real ones do."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

PATIENCE = 120.0
"""Seconds after which a test gives up waiting: it hangs. Nothing is judged by it, and nothing sleeps that long."""

SHELL = "#!/bin/sh\n"
PYTHON = f"#!{sys.executable} -S\n"


class Programs:
    """A folder of stub programs, the only one on PATH besides the system's own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, *, system: bool = True) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin" if system else str(folder))

    def add(self, name: str, script: str, *, python: bool = False, mode: int = 0o755) -> Path:
        """Add a program: the lines of a shell script, or of a Python one."""
        place = self.folder / name
        place.write_text((PYTHON if python else SHELL) + script + "\n")
        place.chmod(mode)
        return place


def alive(pid: int) -> bool:
    """Say whether a process still runs; one that waits to be collected does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    except OSError:
        os.kill(pid, 0)
        return True
    return state not in "ZX"


def wait_until(condition: object, seconds: float = PATIENCE) -> bool:
    """Wait until a callable says yes, but not for ever."""
    assert callable(condition)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.005)
    return bool(condition())
