"""Frozen values for what a lock file says, whatever tool wrote it. No IO here.

A lock is a graph: what the project wants, and what each locked package requires. Requirements lead to
positions in :attr:`Lock.packages`, so that two locked versions of one name stay apart.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from pyclosure.queries.base.records import Line

Kind = Literal["pylock", "uv", "poetry"]

Origin = Literal["wheel", "sdist", "vcs", "directory", "archive", "editable", "virtual"]
"""From what a package may be installed; ``virtual`` is a project that is never installed itself."""

TOO_MANY = "the lock has too many groups and extras to say of each package to which it belongs"
"""The note of a reader that stopped telling :attr:`LockedPackage.groups`."""


class Requirement(msgspec.Struct, frozen=True, gc=False):
    """One package that the project or another package requires, if its conditions hold."""

    target: int
    """Position of the required package in :attr:`Lock.packages`."""
    marker: Line | None = None
    """Condition as PEP 508 text; None when there is none."""
    extras: tuple[Line, ...] = ()
    """Extras of the required package that are asked for."""
    extra: Line | None = None
    """Only with this extra of the requiring package (or of the project); None for always."""
    group: Line | None = None
    """Only with this dependency group of the project; None for always."""


class LockedPackage(msgspec.Struct, frozen=True, gc=False):
    """One package that a lock file lists; a name has several when the lock has a version for each environment."""

    name: Line
    """As the lock spells it."""
    normalized: Line
    """The PEP 503 form, for comparing."""
    version: Line | None
    """None when the lock fixes none: directories, and projects that find out their version while building."""
    origins: tuple[Origin, ...]
    """Sorted; empty when the lock does not say."""
    marker: Line | None = None
    """Condition under which this entry is the one to install, as PEP 508 text; None when there is none."""
    groups: tuple[Line, ...] = ()
    """Dependency groups and extras of the project without which it is not needed; empty for the main ones."""
    requires_python: Line | None = None
    """Python versions that it supports, as the lock writes them; None when the lock does not say."""
    requires: tuple[Requirement, ...] = ()
    """What it requires; empty in locks whose markers say all."""


class Lock(msgspec.Struct, frozen=True):
    """One lock file."""

    file: Line
    """Its name without folders, for titles and errors."""
    kind: Kind
    lock_version: Line
    """Version of the format: ``1.0``, or ``1 revision 3`` as uv counts."""
    requires_python: Line | None
    """Python versions that the lock is for, as written; None when it does not say."""
    roots: tuple[Line, ...]
    """Normalized names of the projects themselves: nobody expects them in the closure as locked."""
    packages: tuple[LockedPackage, ...]
    """In the order of the file."""
    wanted: tuple[Requirement, ...] = ()
    """What installing starts from."""
    groups: tuple[Line, ...] = ()
    """Dependency groups of the project, normalized and sorted."""
    extras: tuple[Line, ...] = ()
    """Extras of the project, normalized and sorted."""
    default_groups: tuple[Line, ...] = ()
    """Groups that belong to every installation."""
    environments: tuple[Line, ...] = ()
    """Markers of the environments that the lock is for; one of them holds. Empty for all environments."""
    presumed: bool = False
    """Whether :attr:`wanted` is presumed, as before poetry 2.1: the lock has only what packages require of each other.
    ``extra`` in a marker is then the requiring package's own, which :attr:`Requirement.extra` has settled."""
    notes: tuple[Line, ...] = ()
    """What the lock cannot say, one sentence each."""
