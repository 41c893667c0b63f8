"""The settings that pytest would take from a source: options and names tell of the plugins that a run needs."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pyclosure.queries.base.text import printable
from pyclosure.queries.facts.sources.project import LONGEST_NAME, Project, table
from pyclosure.queries.facts.sources.wanted import Wanted

_MOST = 200
_LONGEST = 10_000
_MOST_PATTERNS = 20


@dataclass(frozen=True, slots=True)
class PytestSettings:
    """Where they stand and what they say; the file is None and the rest empty when there are none."""

    file: str | None = None
    options: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    """``python_files``: what names the files of tests have; some hold folders too."""
    roots: tuple[str, ...] = ()
    """``pythonpath``: folders of the project that modules are imported from."""


def pytest_settings(project: Project) -> PytestSettings:
    """Return the settings of the first file that has any, in the order in which pytest looks."""
    readers: list[tuple[str, Callable[[str], Mapping[str, object] | None]]] = [
        ("pytest.toml", lambda file: table(project.toml(file), "pytest") if project.has(file) else None),
        (".pytest.toml", lambda file: table(project.toml(file), "pytest") if project.has(file) else None),
        ("pytest.ini", lambda file: _section(project, file, "pytest")),
        (".pytest.ini", lambda file: _section(project, file, "pytest")),
        ("pyproject.toml", lambda file: _pyproject(project)),
        ("tox.ini", lambda file: _section(project, file, "pytest")),
        ("setup.cfg", lambda file: _section(project, file, "tool:pytest")),
    ]
    for file, read in readers:
        found = read(file)
        if found is not None:
            wanted = Wanted(project, file)
            for one in _words(found.get("required_plugins")):
                wanted.add(one)
            return PytestSettings(
                file=file,
                options=tuple(printable(one, LONGEST_NAME) for one in _words(found.get("addopts"))),
                settings=tuple(sorted(printable(one, LONGEST_NAME) for one in list(found)[:_MOST])),
                patterns=tuple(one[:LONGEST_NAME] for one in _words(found.get("python_files"))[:_MOST_PATTERNS]),
                roots=tuple(_words(found.get("pythonpath"))[:_MOST_PATTERNS]),
                plugins=wanted.declare("requirements", file, None).requirements,
            )
    return PytestSettings()


def _pyproject(project: Project) -> Mapping[str, object] | None:
    tool = table(project.pyproject, "tool", "pytest")
    if "ini_options" in tool:
        return table(tool, "ini_options")
    return tool or None


def _section(project: Project, file: str, section: str) -> Mapping[str, object] | None:
    if not project.has(file):
        return None
    if not project.ini(file).has_section(section):
        # pytest stops at a file of its own name, empty or not
        return {} if file.endswith("pytest.ini") else None
    return dict(project.ini(file).items(section))


def _words(value: object) -> list[str]:
    """Return the words of a setting that is a text or an array of texts."""
    if isinstance(value, list):
        return [one for one in value[:_MOST] if isinstance(one, str)]
    if not isinstance(value, str):
        return []
    value = value[:_LONGEST]
    try:
        return shlex.split(value)[:_MOST]
    except ValueError:  # a quotation mark without its twin
        return value.split()[:_MOST]
