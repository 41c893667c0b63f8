"""Frozen values for what a Python source says that its tests need. No IO here.

Everything in them comes from files of unknown origin: text is made safe for one line where it is read, and
``problems`` names what could not be read. Nothing is judged: which extras, groups and environments are for
tests is for the caller to say.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from pyclosure.queries.base.records import Line

DeclarationKind = Literal[
    "extra",
    "group",
    "poetry-group",
    "uv-dev",
    "pdm-dev",
    "hatch-env",
    "tox",
    "nox",
    "tests-require",
    "requirements",
]


class Declaration(msgspec.Struct, frozen=True, gc=False):
    """One list of requirements that a source declares besides those that it needs to run."""

    kind: DeclarationKind
    """What declares it: ``group`` is a PEP 735 group, ``requirements`` a file that pip reads."""
    group: Line
    """The extra or group (as PEP 503 spells it), or the environment, section, session or file as it is written."""
    file: Line
    """Where it stands, below the project."""
    line: int | None
    """Line in that file, from 1; None when it cannot be told, and for whole files."""
    requirements: tuple[Line, ...] = ()
    """PEP 508 texts, each once, in their order; markers are kept, without what they say of the extra."""
    self_extras: tuple[Line, ...] = ()
    """Extras of the project itself that it asks for, as PEP 503 spells them."""
    groups: tuple[Line, ...] = ()
    """Dependency groups of the project that a tox or hatch environment or a nox session asks for, likewise.
    A group's own includes are in ``requirements`` already."""


class TestImport(msgspec.Struct, frozen=True, gc=False):
    """A module from elsewhere that one file of the tests imports."""

    __test__ = False

    module: Line
    """Its top-level name; ``jaraco.text`` where the source holds another part of the namespace ``jaraco``."""
    file: Line
    """Below the project."""
    line: int
    """The first line that imports it, of those without a guard if there are any."""
    guarded: bool
    """Whether the tests may do without it: a failure is caught, ``pytest.importorskip`` asks, or an ``if``
    decides (``TYPE_CHECKING``, a version, a platform)."""


class Source(msgspec.Struct, frozen=True, gc=False):
    """What an unpacked source, an archive of one, a wheel or a METADATA file says; nothing was executed."""

    kind: Literal["tree", "archive", "wheel", "metadata"]
    name: Line | None = None
    """Of the project, as it is spelt there; None when no static data tell."""
    version: Line | None = None
    top: Line = ""
    """The folder around the project that paths here leave out: ``attrs-26.1.0`` of an sdist; empty without one."""
    declarations: tuple[Declaration, ...] = ()
    build_requires: tuple[Line, ...] | None = None
    """PEP 508 texts of ``[build-system] requires``, empty when pyproject.toml names none; None when there is no
    readable pyproject.toml."""
    test_files: int | None = None
    """Files with the name of a test; None when not all files were listed, or for a wheel or METADATA file."""
    imports: tuple[TestImport, ...] = ()
    """What tests, ``conftest.py`` and the modules beside them that they import need; by file and line."""
    pytest_config: Line | None = None
    """The file that pytest would take its settings from; None when there is none."""
    pytest_options: tuple[Line, ...] = ()
    """The words of ``addopts``, in their order."""
    pytest_settings: tuple[Line, ...] = ()
    """Names of all settings there, sorted: ``asyncio_mode`` tells of a plugin too."""
    pytest_plugins: tuple[Line, ...] = ()
    """PEP 508 texts of ``required_plugins``."""
    problems: tuple[Line, ...] = ()
    """What could not be read, and why; at most thirty-two."""
