"""Lock files of Python projects: what they list, what of it an environment needs, and what a closure has of it.

A format is a module with ``NAMES`` (of its files), ``recognises`` (its documents) and ``read``.
"""

from __future__ import annotations

import os
from types import ModuleType

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.locks import poetry, pylock, uv
from pyclosure.queries.locks.document import Table, read_toml
from pyclosure.queries.locks.lock import Kind, Lock, LockedPackage, Origin, Requirement

__all__ = ["Kind", "Lock", "LockedPackage", "Origin", "Requirement", "read_lock"]

_FORMATS = (pylock, uv, poetry)


def read_lock(path: str) -> Lock:
    """Read a lock file: ``pylock.toml``, ``uv.lock`` or ``poetry.lock``, whatever it is called.

    The content decides; where it fits no format, the name does, so that the error says what is wrong in it.

    Raises:
        BadInput: it cannot be read, or is no lock file of a known format and version.
    """
    document = read_toml(path)
    name = os.path.basename(path)
    fitting = [one for one in _FORMATS if one.recognises(document.values)]
    named = [one for one in _FORMATS if one.NAMES.fullmatch(name)]
    candidates = [one for one in fitting if one in named] or fitting or named
    if not candidates:
        raise _unknown(document)
    return _read(candidates[0], document)


def _read(module: ModuleType, document: Table) -> Lock:
    lock: Lock = module.read(document)
    return lock


def _unknown(document: Table) -> BadInput:
    return BadInput(
        f"{document.file} is not a lock file of a known format",
        hint="pyclosure reads pylock.toml, uv.lock and poetry.lock; other tools can export a pylock.toml",
    )
