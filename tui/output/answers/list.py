"""Paths of a closure, a row each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET, UnsetType, defstruct
from msgspec.structs import fields

from pyclosure.queries.answers.rows import CONTRACT, row
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.tui.output.answers import Answer


class PathRow(Answer, frozen=True):
    """One store path. `--columns` chooses other keys and their order; those from `references` on come only so.

    Kinds: `source`, `patch`, `system`, `python-env`, `interpreter`, `toolchain`, `hook`, `python-bootstrap`,
    `python-dev`, `extra-output`, `docs`, `dev`, `python-package`, `python-app`, `native-library`, `native-tool`,
    `data`, `derivation`, `unknown`.
    """

    path: str | UnsetType = UNSET
    """store path"""
    name: str | UnsetType = UNSET
    """the path without directory and digest"""
    kind: str | UnsetType = UNSET
    """one of the kinds above"""
    output: str | UnsetType = UNSET
    """output of its derivation: `out`, `lib`, `dev` …"""
    distribution: str | UnsetType | None = UNSET
    """PEP 503 name of the Python distribution that it holds, or null"""
    version: str | UnsetType | None = UNSET
    """version, or null when there is none or it cannot be told"""
    interpreter: str | UnsetType | None = UNSET
    """ABI that it belongs to, such as `python3.11`, `python3.13t`, `pypy3.10`; null for native paths"""
    nar_size: int | UnsetType = UNSET
    """bytes of the path"""
    closure_size: int | UnsetType | None = UNSET
    """bytes with everything it needs"""
    added_size: int | UnsetType = UNSET
    """bytes that would leave the closure of all roots without it"""
    referrers: int | UnsetType = UNSET
    """number of paths in the closure that reference it"""
    depth: int | UnsetType = UNSET
    """fewest references from a root; 0 for roots"""
    references: int | UnsetType = UNSET
    """number of paths that it references"""
    pname: str | UnsetType = UNSET
    """package name"""
    producer: str | UnsetType | None = UNSET
    """tool that made a Python path"""
    tier: str | UnsetType = UNSET
    """evidence for the kind: `D` derivation, `F` files, `N` name"""
    certainty: str | UnsetType = UNSET
    """how sure the kind is"""
    deriver: str | UnsetType | None = UNSET
    """derivation that built it, here or not"""


def path_rows(knowledge: Knowledge, positions: Sequence[int], keys: Sequence[str] = CONTRACT) -> Sequence[Answer]:
    """Return paths as rows with the fields that are asked for, in the order of ``keys``."""
    types = {field.name: field.type for field in fields(PathRow)}
    chosen: Any = defstruct("PathRow", [(key, types[key]) for key in dict.fromkeys(keys)], bases=(Answer,), frozen=True)
    return [chosen(**row(knowledge, index, keys)) for index in positions]


PRINTED = {"pyclosure list SOURCE… --format json": list[PathRow]}
