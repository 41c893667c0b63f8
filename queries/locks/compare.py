"""Does the closure hold what the lock chose: the same versions, nothing missing, nothing else?"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Literal

import msgspec
from packaging.version import Version

from pyclosure.queries.base.records import Line
from pyclosure.queries.base.text import first_of
from pyclosure.queries.data import load
from pyclosure.queries.locks.lock import Lock, LockedPackage
from pyclosure.queries.locks.select import Filtered, Selection

TOOLS = frozenset(load("conventions")["python"]["installers"])
"""Normalized names that come with an interpreter or a build, and seldom from a lock."""

Verdict = Literal["same", "skew", "missing", "extra", "filtered", "origin"]

_NATIVE = "native libraries and build systems are in no lock file"
_SOURCES = frozenset({"sdist", "vcs", "directory", "editable", "virtual"})


class Installed(msgspec.Struct, frozen=True, gc=False):
    """A distribution of the closure."""

    normalized: Line
    """The PEP 503 form of its name."""
    version: Line
    path: Line
    """Store path that holds it."""
    from_source: bool | None = None
    """Whether it was built from source, and not installed from a wheel somebody else made; None when not known."""


class Row(msgspec.Struct, frozen=True, gc=False):
    """One distribution of the closure beside what is locked, or one locked package that the closure lacks."""

    name: Line
    """Normalized."""
    verdict: Verdict
    """``same``: as locked. ``skew``: another version. ``missing``: not in the closure. ``extra``: not in the lock.
    ``filtered``: in the lock, but not for this environment. ``origin``: as locked, but not made from what is."""
    locked: tuple[Line, ...]
    """Versions that were chosen (or filtered, by that verdict); without those that the lock leaves open."""
    installed: Line | None
    """None when it is missing."""
    path: Line | None
    """None when it is missing."""
    detail: Line = ""
    """What there is to say, as one sentence; may be empty."""


class Comparison(msgspec.Struct, frozen=True):
    """A closure beside a lock."""

    rows: tuple[Row, ...]
    """By name, then path."""
    notes: tuple[Line, ...]
    """What the lock cannot say, and what could not be judged."""


def compare(
    selection: Selection, lock: Lock, installed: Sequence[Installed], tools: Collection[str] = TOOLS
) -> Comparison:
    """Answer how a closure differs from what a lock chose for it.

    Args:
        selection: what :func:`needed` chose from the lock.
        lock: the same lock.
        installed: the distributions of the closure; several of one name get a row each.
        tools: normalized names that are not missed in a lock.
    """
    sides = _Sides(selection, lock, tools)
    present = {one.normalized for one in installed}
    rows = [sides.row(one) for one in installed]
    rows += [
        _missing(name, chosen, lock) for name, chosen in sides.chosen.items() if name not in present and _due(chosen)
    ]
    rows.sort(key=lambda one: (one.name, one.path or "", one.installed or ""))
    return Comparison(tuple(rows), (*lock.notes, *selection.notes, _NATIVE))


class _Sides:
    """What the lock says of each name."""

    def __init__(self, selection: Selection, lock: Lock, tools: Collection[str]) -> None:
        self.tools = tools
        self.roots: dict[str, list[LockedPackage]] = {name: [] for name in lock.roots}
        for one in lock.packages:
            if one.normalized in self.roots:
                self.roots[one.normalized].append(one)
        self.chosen: dict[str, list[LockedPackage]] = {}
        for one in selection.chosen:
            self.chosen.setdefault(one.normalized, []).append(one)
        self.filtered: dict[str, list[Filtered]] = {}
        for left in selection.filtered:
            self.filtered.setdefault(left.package.normalized, []).append(left)

    def row(self, one: Installed) -> Row:
        """Return the row of a distribution of the closure."""
        name = one.normalized
        if name in self.roots:
            return _beside(one, self.roots[name], (), "the project itself")
        if name in self.chosen:
            return _beside(one, self.chosen[name], self.filtered.get(name, ()))
        if name in self.filtered:
            versions = _versions(left.package for left in self.filtered[name])
            return Row(name, "filtered", versions, one.version, one.path, _why_filtered(self.filtered[name]))
        detail = "belongs to the interpreter or the build, not to a lock" if name in self.tools else "not in the lock"
        return Row(name, "extra", (), one.version, one.path, detail)


def _beside(one: Installed, locked: Sequence[LockedPackage], others: Sequence[Filtered], remark: str = "") -> Row:
    versions = _versions(locked)
    for package in locked:
        same, said = _same(package, one.version)
        if same:
            origin = _origin(package, one)
            details = [part for part in (remark, said, origin) if part]
            verdict: Verdict = "origin" if origin else "same"
            return Row(one.normalized, verdict, versions, one.version, one.path, "; ".join(details))
    elsewhere = [left for left in others if _same(left.package, one.version)[0]]
    details = [remark] if remark else []
    if elsewhere:
        details.append(f"the lock has {one.version} for another environment")
    elif len(versions) == 1 and (direction := _direction(versions[0], one.version)):
        details.append(direction)
    return Row(one.normalized, "skew", versions, one.version, one.path, "; ".join(details))


def _versions(packages: Sequence[LockedPackage] | Iterator[LockedPackage]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.version for one in packages if one.version is not None))


def _same(package: LockedPackage, version: str) -> tuple[bool, str]:
    """Say whether a version is the locked one, and what there is to say about it."""
    if package.version is None:
        return True, f"the lock fixes no version ({', '.join(package.origins) or 'of unknown origin'})"
    if package.version == version:
        return True, ""
    try:
        locked, found = Version(package.version), Version(version)
    except ValueError:  # InvalidVersion, and numbers of too many digits
        return False, ""
    if locked == found:
        return True, ""
    if locked.local is None and found.local is not None and locked == Version(found.public):
        return True, f"the lock does not name the local part +{found.local}"
    return False, ""


def _direction(locked: str, installed: str) -> str:
    """Say in words how a version differs from the locked one; empty when they cannot be ordered."""
    try:
        wanted, found = Version(locked), Version(installed)
    except ValueError:
        return ""
    if wanted.public == found.public:
        return f"the lock names the local part +{wanted.local}"
    return "newer than locked" if found > wanted else "older than locked"


def _origin(package: LockedPackage, one: Installed) -> str:
    """Return in words how the way it was made differs from what is locked; empty when not, or not known."""
    origins = frozenset(package.origins)
    if one.from_source is None or not origins:
        return ""
    if one.from_source and "wheel" in origins and not origins & _SOURCES:
        return "locked as a wheel, and built from source"
    if not one.from_source and "wheel" not in origins and origins & _SOURCES:
        return f"locked as {' and '.join(sorted(origins))}, and installed from a wheel"
    return ""


def _due(locked: Sequence[LockedPackage]) -> bool:
    return any("virtual" not in one.origins for one in locked)


def _missing(name: str, locked: Sequence[LockedPackage], lock: Lock) -> Row:
    detail = f"{'one of these versions' if len(locked) > 1 else 'it'} is locked for this environment"
    if lock.presumed:
        detail = "it is locked, but the lock does not say whether it is for this environment, or for development only"
    return Row(name, "missing", _versions(locked), None, None, detail)


def _why_filtered(left: Sequence[Filtered]) -> str:
    return first_of(list(dict.fromkeys(map(_why, left))))


def _why(left: Filtered) -> str:
    version = left.package.version or "it"
    if left.reason == "marker":
        return f"{version} is locked only where {left.text}"
    if left.reason in ("group", "extra"):
        return f"{version} is locked only with the {left.reason} {left.text}"
    return f"{version} is locked, but nothing in the lock requires it"
