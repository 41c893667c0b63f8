"""The name, the version and the extras of a project, as far as static data tell them."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from packaging.utils import canonicalize_name

from pyclosure.queries.base.source_needs import Declaration
from pyclosure.queries.base.text import printable
from pyclosure.queries.facts.dist_info import MOST_LINES
from pyclosure.queries.facts.sources.poetry import poetry_requirements
from pyclosure.queries.facts.sources.project import Project, normalized, table, text_of
from pyclosure.queries.facts.sources.pyproject import FILE, declared, only_texts, texts
from pyclosure.queries.facts.sources.setup import setup_cfg_list, setup_extras, setup_text
from pyclosure.queries.facts.sources.wanted import Wanted, parsed, without_extra

_MOST_VALUES = 2000
_MOST_JOINS = 10_000
_QUOTED = re.compile(r"""["']([^"']*)["']""")
_COMPUTED = re.compile(r"\s*(?:attr|file)\s*:")


class _KeptMetadata(importlib.metadata.Distribution):
    """METADATA or PKG-INFO of a source, with the ``requires.txt`` of its egg-info."""

    def __init__(self, project: Project, file: str, requires: str) -> None:
        self._project, self._file, self._requires = project, file, requires

    def read_text(self, filename: str) -> str | None:
        """Return a file; the metadata without its long description."""
        if filename in ("METADATA", "PKG-INFO"):
            return self._lines(self._file, self._project.text(self._file).split("\n\n", 1)[0]) + "\n\n"
        if filename == "requires.txt" and self._requires:
            return self._lines(self._requires, self._project.text(self._requires))
        return None

    def _lines(self, file: str, text: str) -> str:
        *lines, rest = text.split("\n", MOST_LINES)
        if len(lines) == MOST_LINES and rest.strip():
            self._project.notes.add(file, f"more than {MOST_LINES:,} lines; the rest was not read")
            return "\n".join(lines)
        return text

    def locate_file(self, path: Any) -> Any:
        """Refuse: nothing may be located outside of what was asked for."""
        raise NotImplementedError


class Metadata:
    """What METADATA or PKG-INFO says; empty when there is none."""

    def __init__(self, project: Project) -> None:
        kept = project.files.kept
        self.file = next((one for one in sorted(kept) if one.endswith("METADATA")), "")
        egg = [one for one in sorted(kept) if one.endswith(".egg-info/PKG-INFO")]
        if not self.file:
            self.file = "PKG-INFO" if "PKG-INFO" in kept else egg[0] if len(egg) == 1 else ""
        requires = egg[0].replace("PKG-INFO", "requires.txt") if len(egg) == 1 else ""
        self.name: str | None = None
        self.version: str | None = None
        self.extras: tuple[str, ...] = ()
        self.requires: tuple[str, ...] = ()
        if self.file:
            try:
                self._read(_KeptMetadata(project, self.file, requires if requires in kept else ""))
            except Exception as error:  # the parser meets files of unknown origin
                project.notes.add(self.file, f"cannot be parsed ({type(error).__name__})")

    def _read(self, distribution: _KeptMetadata) -> None:
        metadata: Any = distribution.metadata
        self.name, self.version = text_of(metadata.get("Name", None)), text_of(metadata.get("Version", None))
        extras = [str(one) for one in (metadata.get_all("Provides-Extra") or ())[:_MOST_VALUES]]
        self.extras = tuple(dict.fromkeys(normalized(one) for one in extras))
        self.requires = tuple((distribution.requires or [])[:_MOST_VALUES])


def identity(project: Project, metadata: Metadata) -> tuple[str | None, str | None]:
    """Return the name and the version of a project; None for what no static data tell."""
    tables = [
        table(project.pyproject, *path) for path in (("project",), ("tool", "poetry"), ("tool", "flit", "metadata"))
    ]
    setup = project.ini("setup.cfg")
    configured = [setup.get("metadata", key, fallback=None) for key in ("name", "version")]
    names = [metadata.name, *(text_of(one.get("name")) for one in tables), text_of(configured[0])]
    versions = [metadata.version, *(text_of(one.get("version")) for one in tables)]
    if configured[1] and not _COMPUTED.match(configured[1]):
        versions.append(text_of(configured[1]))
    name = next((one for one in names if one), None) or setup_text(project, "name")
    version = next((one for one in versions if one), None) or setup_text(project, "version")
    return name, version


def extras(project: Project, metadata: Metadata) -> Iterator[Declaration]:
    """Yield the extras of the first place that has any: metadata, pyproject.toml, setup.cfg, setup.py."""
    readers: list[Callable[[], Iterable[Declaration]]] = [
        lambda: _of_metadata(project, metadata),
        lambda: _of_pyproject(project),
        lambda: _of_setup_cfg(project),
        lambda: setup_extras(project),
    ]
    for reader in readers:
        found = iter(reader())
        first = next(found, None)
        if first is not None:
            yield first
            yield from found
            return


def _of_metadata(project: Project, metadata: Metadata) -> Iterator[Declaration]:
    """Yield the extras of metadata; of a source none when only their names stand there, as older tools wrote it."""
    if project.files.kind in ("tree", "archive") and not any("extra" in one for one in metadata.requires):
        return
    lines = {
        normalized(line.partition(":")[2].strip()): number
        for number, line in enumerate(project.text(metadata.file).split("\n\n", 1)[0].split("\n"), 1)
        if line.startswith("Provides-Extra:")
    }
    by_extra = _by_extra(project, metadata)
    for extra in metadata.extras:
        wanted = Wanted(project, metadata.file)
        for one in by_extra.get(extra, ()):
            wanted.add(one)
        yield wanted.declare("extra", extra, lines.get(extra))


def _by_extra(project: Project, metadata: Metadata) -> dict[str, list[str]]:
    """Return extra → requirements, those of no extra left out."""
    found: dict[str, list[str]] = {}
    known, joins = frozenset(metadata.extras), 0
    for text in metadata.requires:
        requirement = parsed(text)
        if requirement is None:
            project.notes.add(metadata.file, f"{printable(text, 200)} is not read as a requirement")
            continue
        quoted = {normalized(one) for one in _QUOTED.findall(str(requirement.marker or ""))}
        for extra in quoted & known:
            # a long marker takes longer
            joins += 1 + len(text) // 200
            if joins > _MOST_JOINS:
                project.notes.add(metadata.file, "more requirements of extras than are read")
                return found
            left = without_extra(requirement, extra)
            if left is not None:
                found.setdefault(extra, []).append(left)
    return found


def _of_pyproject(project: Project) -> Iterator[Declaration]:
    for extra in table(project.pyproject, "project", "optional-dependencies"):
        path = ("project", "optional-dependencies", extra)
        yield declared(project, "extra", normalized(extra), path, texts(project, FILE, path))
    yield from _of_files(project)
    yield from _of_poetry(project)
    for extra in table(project.pyproject, "tool", "flit", "metadata", "requires-extra"):
        flit = ("tool", "flit", "metadata", "requires-extra", extra)
        yield declared(project, "extra", normalized(extra), flit, texts(project, FILE, flit))


def _of_files(project: Project) -> Iterator[Declaration]:
    """Yield extras that setuptools takes from requirements files."""
    place = ("tool", "setuptools", "dynamic", "optional-dependencies")
    for extra, value in table(project.pyproject, *place).items():
        files = table(value).get("file", [])
        wanted = Wanted(project, FILE)
        for file in [files] if isinstance(files, str) else only_texts(project, FILE, extra, files):
            wanted.follow(file, FILE)
        yield wanted.declare("extra", normalized(extra), project.line(FILE, *place, extra))


def _of_poetry(project: Project) -> Iterator[Declaration]:
    """Yield poetry's own extras, which name optional dependencies."""
    poetry = table(project.pyproject, "tool", "poetry")
    known = {canonicalize_name(name): (name, value) for name, value in table(poetry, "dependencies").items()}
    for extra in table(poetry, "extras"):
        path = ("tool", "poetry", "extras", extra)
        names = [one for one in texts(project, FILE, path) if canonicalize_name(one) in known]
        chosen = dict(known[canonicalize_name(one)] for one in names)
        yield declared(project, "extra", normalized(extra), path, poetry_requirements(project, chosen))


def _of_setup_cfg(project: Project) -> Iterator[Declaration]:
    setup = project.ini("setup.cfg")
    section = "options.extras_require"
    for extra in setup.options(section) if setup.has_section(section) else ():
        if normalized(extra):
            yield setup_cfg_list(project, "extra", normalized(extra), section, extra)
