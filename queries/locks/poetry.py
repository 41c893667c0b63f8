"""``poetry.lock`` of the versions 1.x, 2.0 and 2.1.

Since 2.1 each package carries its groups and markers. Before, only the requirements between packages have
markers, and what the project itself requires stands in its ``pyproject.toml`` alone: it is taken to require
every package that no other one requires.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
from packaging.utils import canonicalize_name

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.text import printable
from pyclosure.queries.locks.constraint import allows
from pyclosure.queries.locks.document import LONGEST_NAME, Table
from pyclosure.queries.locks.entries import Entries
from pyclosure.queries.locks.graph import Node, memberships, requirements_by_node, walk
from pyclosure.queries.locks.lock import TOO_MANY, Lock, LockedPackage, Origin, Requirement

NAMES = re.compile(r"poetry\.lock")

_SOURCES: dict[str, Origin] = {"git": "vcs", "url": "archive", "file": "archive", "directory": "directory"}
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_EXTRA = re.compile(r"""\bextra\s*==\s*(["'])([^"']*)\1""")


def recognises(document: Mapping[str, object]) -> bool:
    """Say whether a document has the shape of this format."""
    metadata = document.get("metadata")
    return isinstance(metadata, dict) and ("lock-version" in metadata or "content-hash" in metadata)


def read(document: Table) -> Lock:
    """Read a document.

    Raises:
        BadInput: it is of another version, or a field is not what poetry writes.
    """
    metadata = document.table("metadata")
    version = metadata.text("lock-version", LONGEST_NAME) or "1.0"
    if version.split(".", 1)[0] not in ("1", "2"):
        raise BadInput(
            f"{document.file} has lock version {version}; this pyclosure reads versions 1.0 to 2.1",
            hint="export it: poetry export --format pylock.toml",
        )
    entries = [_Entry(table, metadata) for table in document.tables("package")]
    extras = {name: texts for name, texts in _extras(document.table("extras"))}
    says_groups = any(one.groups is not None for one in entries)
    lock = _with_groups(entries, extras) if says_groups else _Older(document.file, entries, extras).lock()
    return msgspec.structs.replace(
        lock,
        file=document.file,
        lock_version=version,
        requires_python=metadata.text("python-versions"),
        extras=tuple(sorted(extras)),
    )


class _Entry:
    """One ``[[package]]``, with what both eras say of it."""

    def __init__(self, table: Table, metadata: Table) -> None:
        self.table = table
        name, version = table.name("name"), table.name("version")
        self.optional = table.flag("optional")
        self.category = table.text("category", LONGEST_NAME) or "main"
        self.groups = (
            tuple(dict.fromkeys(canonicalize_name(one) for one in table.texts("groups"))) if "groups" in table else None
        )
        self.markers = _markers(table)
        self.package = LockedPackage(
            name=name,
            normalized=canonicalize_name(name),
            version=version,
            origins=tuple(sorted(_origins(table, metadata))),
            requires_python=table.text("python-versions"),
        )


def _markers(table: Table) -> dict[str, str]:
    """Return markers by group; that of the empty group is for all of them."""
    if not isinstance(table.values.get("markers"), dict):
        text = table.text("markers")
        return {} if text is None else {"": text}
    markers = table.table("markers")
    return {canonicalize_name(printable(key, LONGEST_NAME)): markers.text(key) or "" for key in markers.values}


def _origins(table: Table, metadata: Table) -> set[Origin]:
    source = table.table("source")
    kind = source.text("type", LONGEST_NAME) or "legacy"
    if kind in _SOURCES:
        origin = _SOURCES[kind]
        if origin == "archive" and (source.text("url") or "").endswith(".whl"):
            return {"archive", "wheel"}
        return {"editable"} if origin == "directory" and table.flag("develop") else {origin}
    # up to version 1.1 the files of all packages stand together at the end
    older = metadata.table("files")
    files = table.tables("files") if "files" in table else older.tables(table.name("name"))
    return {"wheel" if one.name("file").endswith(".whl") else "sdist" for one in files}


def _extras(table: Table) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield extras with the normalized names of what they add."""
    for extra in table.values:
        found = [_NAME.match(one.lstrip()) for one in table.texts(extra)]
        names = tuple(canonicalize_name(one[0]) for one in found if one is not None)
        yield canonicalize_name(printable(extra, LONGEST_NAME)), names


def _new_lock(packages: Sequence[LockedPackage], wanted: Iterable[Requirement], notes: Sequence[str]) -> Lock:
    wants = tuple(wanted)
    return Lock(
        file="",
        kind="poetry",
        lock_version="",
        requires_python=None,
        roots=(),
        packages=tuple(packages),
        wanted=wants,
        groups=tuple(sorted({one.group for one in wants if one.group is not None})),
        notes=("a poetry.lock does not name the project itself", *notes),
    )


# -- since 2.1 -------------------------------------------------------------------------------------------


def _with_groups(entries: Sequence[_Entry], extras: Mapping[str, tuple[str, ...]]) -> Lock:
    by_name = _extras_by_name(extras)
    packages = [_grouped(one, by_name.get(one.package.normalized, ())) for one in entries]
    return _new_lock(
        packages, (one for index, entry in enumerate(entries) for one in _wants(index, entry, by_name)), ()
    )


def _extras_by_name(extras: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for extra, names in extras.items():
        for name in names:
            found.setdefault(name, []).append(extra)
    return found


def _grouped(entry: _Entry, extras: Sequence[str]) -> LockedPackage:
    groups = entry.groups or ()
    named: set[str] = {canonicalize_name(one[2]) for text in entry.markers.values() for one in _EXTRA.finditer(text)}
    others: set[str] = {one for one in groups if one != "main"}
    if "main" in groups and not entry.optional:
        others = set()
    elif entry.optional:
        others |= named or set(extras)
    marker = _one_marker(entry.markers, groups)
    return msgspec.structs.replace(entry.package, groups=tuple(sorted(others)), marker=marker)


def _one_marker(markers: Mapping[str, str], groups: Sequence[str]) -> str | None:
    """Return the marker that holds in every group; None where they differ, as requirements then carry them."""
    if "" in markers:
        return markers[""]
    return markers[groups[0]] if len(groups) == 1 and groups[0] in markers else None


def _wants(index: int, entry: _Entry, extras: Mapping[str, Sequence[str]]) -> Iterator[Requirement]:
    for group in entry.groups or ():
        marker = entry.markers.get(group, entry.markers.get(""))
        if group != "main":
            yield Requirement(index, marker, group=group)
        elif entry.optional and not (marker and _EXTRA.search(marker)):
            names = extras.get(entry.package.normalized, ())
            yield from (Requirement(index, marker, extra=one) for one in names)
        else:
            yield Requirement(index, marker)


# -- before 2.1 ------------------------------------------------------------------------------------------


class _Older:
    """A lock that says what packages require of each other, and nothing of what the project requires."""

    def __init__(self, file: str, entries: Sequence[_Entry], extras: Mapping[str, tuple[str, ...]]) -> None:
        self.entries = entries
        self.extras = extras
        self.absent = 0
        self.positions = Entries(file, (one.package.normalized for one in entries))
        self.packages = [
            msgspec.structs.replace(entry.package, requires=tuple(self._requires(entry))) for entry in entries
        ]

    def lock(self) -> Lock:
        """Return the lock, with what the project presumably requires."""
        requires = requirements_by_node(self.packages)
        main = [index for index, one in enumerate(self.entries) if not one.optional and one.category == "main"]
        starts = self._unrequired(main, requires)
        wanted = [Requirement(index) for index in starts]
        wanted += [
            Requirement(index, extra=extra) for extra, names in self.extras.items() for index in self._named(names)
        ]
        by_category: dict[str, list[int]] = {}
        for index, one in enumerate(self.entries):
            if one.category != "main":
                by_category.setdefault(canonicalize_name(one.category), []).append(index)
        for group, members in by_category.items():
            wanted += [Requirement(index, group=group) for index in self._unrequired(members, requires)]
        packages, complete = self._labelled(by_category)
        notes = [*self._notes(bool(by_category)), *([] if complete else [TOO_MANY])]
        lock = _new_lock(packages, wanted, notes)
        return msgspec.structs.replace(lock, presumed=True)

    def _requires(self, entry: _Entry) -> Iterator[Requirement]:
        own = _extras_by_name(dict(_extras(entry.table.table("extras"))))
        dependencies = entry.table.table("dependencies")
        for name, value in dependencies.values.items():
            clean = canonicalize_name(printable(name, LONGEST_NAME))
            for place, one in dependencies.items_of(name) if isinstance(value, list) else [(name, value)]:
                spec = {"version": one} if isinstance(one, str) else one
                yield from self._one(entry, clean, dependencies.within(place, spec), own.get(clean, ()))

    def _one(self, entry: _Entry, name: str, spec: Table, extras: Sequence[str]) -> Iterator[Requirement]:
        marker, constraint = spec.text("marker" if "marker" in spec else "markers"), spec.text("version")
        asked = tuple(canonicalize_name(one) for one in spec.texts("extras"))
        targets = [
            index
            for index in self.positions.named(name)
            if allows(constraint, self.entries[index].package.version or "") is not False
        ]
        optional = spec.flag("optional")
        self.absent += not targets and not optional
        named = extras or [canonicalize_name(one[2]) for one in _EXTRA.finditer(marker or "")]
        for index in targets:
            target = self.entries[index]
            if not optional or (not target.optional and target.category == entry.category):
                # an optional package that is locked as needed is so because somebody asks for the extra
                yield Requirement(index, marker, asked)
            else:
                yield from (Requirement(index, marker, asked, extra=extra) for extra in named)

    def _named(self, names: Iterable[str]) -> Iterator[int]:
        return (index for name in names for index in self.positions.named(name))

    def _unrequired(self, members: Sequence[int], requires: Mapping[Node, Sequence[Requirement]]) -> list[int]:
        """Return members that no other one requires, and one of each circle that is left."""
        inside = set(members)
        required = {
            one.target
            for index in members
            for one in self.packages[index].requires
            if one.extra is None and one.target in inside and one.target != index
        }
        starts = [index for index in members if index not in required]
        reached: dict[Node, int] = {}
        for index in [*starts, *members]:
            if (index, "") not in reached:
                found = walk(requires, [((index, ""), index)], lambda _node, one: one.extra is None, skip=reached)
                reached.update(found)
                if index in required:
                    starts.append(index)
        return starts

    def _labelled(self, by_category: Mapping[str, Sequence[int]]) -> tuple[list[LockedPackage], bool]:
        groups = {index: {group} for group, members in by_category.items() for index in members}
        starts = {extra: [(index, "") for index in self._named(names)] for extra, names in self.extras.items()}
        belongs, complete = memberships(requirements_by_node(self.packages), starts, ())
        for index, extras in belongs.items():
            if self.entries[index].optional:
                groups.setdefault(index, set()).update(extras)
        return [
            msgspec.structs.replace(one, groups=tuple(sorted(groups[index]))) if index in groups else one
            for index, one in enumerate(self.packages)
        ], complete

    def _notes(self, says_groups: bool) -> list[str]:
        notes = [
            "before version 2.1 a poetry.lock does not say what the project itself requires: "
            "it is taken to require what no other package does, whatever the environment"
        ]
        if not says_groups:
            notes.append("this poetry.lock does not tell the packages of development groups from the others")
        if self.absent:
            notes.append(f"packages that the lock requires and does not list: {self.absent}")
        return notes
