"""``uv.lock`` version 1 of any revision: a universal resolution with the conditions on its requirements."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
from packaging.utils import canonicalize_name

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.text import printable
from pyclosure.queries.locks.document import LONGEST_NAME, Table
from pyclosure.queries.locks.entries import Entries
from pyclosure.queries.locks.graph import Node, memberships, nodes_of, requirements_by_node, walk
from pyclosure.queries.locks.lock import TOO_MANY, Lock, LockedPackage, Origin, Requirement

NAMES = re.compile(r"uv\.lock|.+\.py\.lock")

_SOURCES: dict[str, Origin] = {
    "git": "vcs", "url": "archive", "path": "archive",
    "directory": "directory", "editable": "editable", "virtual": "virtual",
}  # fmt: skip
_PROJECT_SOURCES = ("editable", "virtual", "directory")
# conflicting extras and groups stand in markers as extra-<length of project>-<project>-<extra>
_ENCODED = re.compile(r"extra (==|!=) '(extra|group)-(\d{1,3})-([^']*)'")
_SETS = {"extra": "extras", "group": "dependency_groups"}


def recognises(document: Mapping[str, object]) -> bool:
    """Say whether a document has the shape of this format."""
    return isinstance(document.get("version"), int) and ("package" in document or "requires-python" in document)


def read(document: Table) -> Lock:
    """Read a document.

    Raises:
        BadInput: it is of another version, or a field is not what uv writes.
    """
    version, revision = document.number("version"), document.number("revision")
    if version != 1:
        raise BadInput(
            f"{document.file} has {f'lock version {version}' if version is not None else 'no lock version'}; "
            "this pyclosure reads version 1",
            hint="write it with an uv that makes version 1, or: uv export --format pylock.toml",
        )
    tables = document.tables("package")
    listed = _Listed(document.file, tables)
    packages = tuple(_package(table, listed) for table in tables)
    roots = _roots(document, tables)
    wanted = tuple(_wanted(document, listed, packages, roots))
    notes = _notes(listed, roots, bool(wanted))
    if not wanted:
        wanted = tuple(Requirement(index) for index in range(len(packages)))
    packages, groups, extras, complete = _with_groups(packages, wanted, roots)
    if not complete:
        notes.append(TOO_MANY)
    return Lock(
        file=document.file,
        kind="uv",
        lock_version=f"{version} revision {revision}" if revision else str(version),
        requires_python=document.text("requires-python"),
        roots=tuple(sorted(roots)),
        packages=packages,
        wanted=wanted,
        groups=groups,
        extras=extras,
        environments=document.texts("supported-markers"),
        notes=tuple(notes),
    )


class _Listed:
    """The entries of a lock by name, to find those that a requirement means."""

    def __init__(self, file: str, tables: Sequence[Table]) -> None:
        self.absent = 0
        self._entries = [(one.text("version", LONGEST_NAME), _source_key(one)) for one in tables]
        self._positions = Entries(file, (canonicalize_name(one.name("name")) for one in tables))

    def requirements(self, table: Table, extra: str | None = None, group: str | None = None) -> Iterator[Requirement]:
        """Yield what one dependency means: one entry, or all of the name between which their markers decide."""
        version, source = table.text("version", LONGEST_NAME), _source_key(table)
        found = [
            index
            for index in self._positions.named(canonicalize_name(table.name("name")))
            if (version is None or version == self._entries[index][0])
            and (not source or source == self._entries[index][1])
        ]
        self.absent += not found
        marker, extras = _marker(table.text("marker")), _extras(table)
        for index in found:
            yield Requirement(index, marker, extras, extra, group)


def _source_key(table: Table) -> frozenset[tuple[str, str]]:
    source = table.table("source").values
    return frozenset((key, value) for key, value in source.items() if isinstance(value, str))


def _extras(table: Table) -> tuple[str, ...]:
    key = "extra" if "extra" in table else "extras"
    if isinstance(table.values.get(key), str):
        return (canonicalize_name(table.name(key)),)
    return tuple(canonicalize_name(one) for one in table.texts(key))


def _marker(text: str | None) -> str | None:
    """Write conflicting extras and groups as PEP 751 does.

    >>> _marker("extra == 'extra-4-demo-old' or sys_platform == 'linux'")
    "'old' in extras or sys_platform == 'linux'"
    """
    return None if text is None else _ENCODED.sub(_decoded, text)


def _decoded(found: re.Match[str]) -> str:
    name = found[4][int(found[3]) + 1 :]
    return f"'{name}' {'in' if found[1] == '==' else 'not in'} {_SETS[found[2]]}" if name else found[0]


def _package(table: Table, listed: _Listed) -> LockedPackage:
    name = table.name("name")
    forks = [_marker(one) or "" for one in table.texts("resolution-markers")]
    return LockedPackage(
        name=name,
        normalized=canonicalize_name(name),
        version=table.text("version", LONGEST_NAME),
        origins=tuple(sorted(_origins(table))),
        marker=" or ".join(f"({one})" for one in forks) if len(forks) > 1 else "".join(forks) or None,
        requires=tuple(_requires(table, listed)),
    )


def _origins(table: Table) -> set[Origin]:
    source = table.table("source")
    origins: set[Origin] = {origin for key, origin in _SOURCES.items() if key in source}
    if "archive" in origins and (source.text("path") or source.text("url") or "").endswith(".whl"):
        origins.add("wheel")
    if "registry" in source:
        origins |= {"wheel"} if table.tables("wheels") else set()
        origins |= {"sdist"} if "sdist" in table else set()
    if not origins and "registry" not in source:
        raise table.wrong("source", "a source that uv knows")
    return origins


def _requires(table: Table, listed: _Listed) -> Iterator[Requirement]:
    for one in table.tables("dependencies"):
        yield from listed.requirements(one)
    for extra, dependency in _sections(table, "optional-dependencies"):
        yield from listed.requirements(dependency, extra=extra)
    for group, dependency in _sections(table, "dev-dependencies"):
        yield from listed.requirements(dependency, group=group)


def _sections(table: Table, key: str) -> Iterator[tuple[str, Table]]:
    sections = table.table(key)
    for name in sections.values:
        clean = canonicalize_name(printable(name, LONGEST_NAME))
        yield from ((clean, one) for one in sections.tables(name))


def _roots(document: Table, tables: Iterable[Table]) -> set[str]:
    """Return the names of the projects: the members of the workspace, or what lies beside the lock."""
    members: set[str] = {canonicalize_name(one) for one in document.table("manifest").texts("members")}
    if members:
        return members
    projects = {
        canonicalize_name(one.name("name")): [one.table("source").text(key) for key in _PROJECT_SOURCES]
        for one in tables
    }
    return {name for name, places in projects.items() if "." in places}


def _wanted(
    document: Table, listed: _Listed, packages: Sequence[LockedPackage], roots: set[str]
) -> Iterator[Requirement]:
    yield from (Requirement(index) for index, one in enumerate(packages) if one.normalized in roots)
    manifest = document.table("manifest")
    for one in manifest.tables("requirements"):
        yield from listed.requirements(one)
    for group, one in _sections(manifest, "dependency-groups"):
        yield from listed.requirements(one, group=group)


def _notes(listed: _Listed, roots: set[str], wanted: bool) -> list[str]:
    notes = []
    if len(roots) > 1:
        notes.append(f"the lock is for a workspace of {len(roots)} projects; all of them are taken as installed")
    if not wanted:
        notes.append("the lock names no project; every package is taken as required")
    if listed.absent:
        notes.append(f"packages that the lock requires and does not list: {listed.absent}")
    return notes


def _with_groups(
    packages: tuple[LockedPackage, ...], wanted: Sequence[Requirement], roots: set[str]
) -> tuple[tuple[LockedPackage, ...], tuple[str, ...], tuple[str, ...], bool]:
    """Tell each package the groups and extras of the project that need it; leave out what is needed anyway."""
    requires = requirements_by_node(packages)
    extras: dict[str, list[Node]] = {}
    groups: dict[str, list[Node]] = {}
    for index, package in enumerate(packages):
        for one in package.requires if package.normalized in roots else ():
            if one.extra is not None:
                extras.setdefault(one.extra, []).append((index, one.extra))
            elif one.group is not None:
                groups.setdefault(one.group, []).extend(nodes_of(one))
    for one in wanted:
        if one.group is not None:
            groups.setdefault(one.group, []).extend(nodes_of(one))
    main = walk(
        requires,
        ((node, "") for one in wanted if one.group is None for node in nodes_of(one)),
        lambda _node, one: one.group is None,
    )
    of_extras, complete = memberships(requires, extras, main)
    of_groups, complete_too = memberships(requires, groups, main)
    done = tuple(
        msgspec.structs.replace(one, groups=tuple(sorted(of_extras.get(index, set()) | of_groups.get(index, set()))))
        for index, one in enumerate(packages)
    )
    return done, tuple(sorted(groups)), tuple(sorted(extras)), complete and complete_too
