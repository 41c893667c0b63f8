"""Where the owner's decisions are read from: ``pyclosure.toml``, or ``[tool.pyclosure]`` of ``pyproject.toml``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.text import printable
from pyclosure.queries.base.toml_text import BadToml, toml_table

if TYPE_CHECKING:
    from pyclosure.queries.policy.policy import Policy

_LARGEST = 4 * 1024 * 1024
OWN, SHARED = "pyclosure.toml", "pyproject.toml"


def read_policy(named: str | None = None, start: Path | None = None) -> Policy:
    """Return the decisions of a file that the user named, or of the nearest one above a folder.

    Args:
        named: the file; None to look for one.
        start: where to begin looking; the working directory by default. The search ends at the top of a
            repository, at the home folder and at the root.

    Raises:
        BadInput: the file cannot be read, or something in it is not understood.
    """
    from pyclosure.queries.findings import known_rules
    from pyclosure.queries.policy.policy import Policy, policy_of

    if named is not None:
        path = Path(named)
        table = _table(path, _read(path))
        if table is None:
            raise BadInput(
                f"{printable(named, 200)} has no section [tool.pyclosure]", hint="add one, or use pyclosure.toml"
            )
        return policy_of(table, printable(named, 200), known_rules())
    for path in _candidates(start or _here()):
        table = _table(path, _read(path))
        if table is not None:
            return policy_of(table, printable(str(path), 200), known_rules())
    return Policy()


def _here() -> Path:
    """Return the working directory; one that was deleted holds no decisions."""
    try:
        return Path.cwd()
    except OSError:
        return Path("/nonexistent")


def _candidates(start: Path) -> Iterator[Path]:
    """Yield the files that exist, nearest first; a folder that may not be looked into has none."""
    try:
        home = Path.home()
    except RuntimeError:
        home = None
    for folder in (start, *start.parents):
        for name in (OWN, SHARED):
            # os.path says no where pathlib raises
            if os.path.isfile(folder / name):
                yield folder / name
        if os.path.lexists(folder / ".git") or folder == home:
            return


def _read(path: Path) -> dict[str, Any]:
    shown = printable(str(path), 200)
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise BadInput(f"cannot read {shown}: {error.strerror}", hint="name the file with --config") from None
    if len(data) > _LARGEST:
        raise BadInput(f"{shown} is larger than {_LARGEST // 1024**2} MiB and was not read")
    try:
        return toml_table(data.decode("utf-8"))
    except (UnicodeDecodeError, BadToml) as error:
        raise BadInput(f"{shown} is not valid TOML: {printable(str(error), 160)}", hint="correct it") from None


def _table(path: Path, document: dict[str, Any]) -> dict[str, Any] | None:
    """Return our part of a document; None when there is none."""
    if path.name != SHARED:
        return document
    tool = document.get("tool")
    table = tool.get("pyclosure") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise BadInput(f"{printable(str(path), 200)}: tool.pyclosure must be a table")
    return table
