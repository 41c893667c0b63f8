"""What does a Python source say that its tests need? Read from a tree, an archive, a wheel or METADATA.

Nothing is executed or imported, no link is followed, and everything has a bound; what could not be read is
noted. The formats are in the modules beside this one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from itertools import chain, islice

import msgspec
from packaging.utils import canonicalize_name

from pyclosure.queries.base.activity import SILENT, Activity
from pyclosure.queries.base.source_needs import Declaration, Source, TestImport
from pyclosure.queries.base.text import printable
from pyclosure.queries.facts.sources.extras import Metadata, extras, identity
from pyclosure.queries.facts.sources.files import Files, is_test, read_files
from pyclosure.queries.facts.sources.imports import imports_of_tests
from pyclosure.queries.facts.sources.notes import Notes
from pyclosure.queries.facts.sources.nox import nox_declarations
from pyclosure.queries.facts.sources.project import LONGEST_NAME, Project
from pyclosure.queries.facts.sources.pyproject import build_requires, pyproject_declarations
from pyclosure.queries.facts.sources.pytest import pytest_settings
from pyclosure.queries.facts.sources.requirements import requirements_files
from pyclosure.queries.facts.sources.setup import tests_require
from pyclosure.queries.facts.sources.tox import tox_declarations

__all__ = ["MOST_DECLARATIONS", "Declaration", "Source", "TestImport", "read_source"]

MOST_DECLARATIONS = 500
"""Lists of requirements that are kept of a source."""

_READERS: tuple[Callable[[Project], Iterable[Declaration]], ...] = (
    pyproject_declarations,
    tox_declarations,
    nox_declarations,
    tests_require,
    requirements_files,
)


def read_source(path: str, root: str = "", *, folder: str = "", activity: Activity = SILENT) -> Source | None:
    """Return what a source declares; None when nothing is there, or nothing that a Python source could be.

    Args:
        path: a folder, an archive (tar, tar.gz, tar.bz2, tar.xz, zip), a wheel, or a METADATA or PKG-INFO file;
            told by its content. A link is not followed.
        root: what stands before it on this machine.
        folder: where the project lies below the top of the source, as ``sourceRoot`` says; empty for the top.
        activity: may cancel.

    Of a wheel and of METADATA only the name, the version and the extras are read. A source that is no
    project of Python's, or a damaged one, is one without a name; ``problems`` say what is wrong with it.
    """
    notes = Notes()
    files = read_files(path, root, folder, notes, activity)
    if files is None:
        return None
    project = Project(files, notes)
    metadata = Metadata(project)
    if files.kind == "metadata" and metadata.name is None:
        return None
    name, version = identity(project, metadata)
    project.name = str(canonicalize_name(name)) if name else None
    source = Source(
        kind=files.kind,
        name=name,
        version=version,
        top=printable(files.top, LONGEST_NAME),
        declarations=_declarations(project, metadata),
    )
    if files.kind in ("tree", "archive"):
        source = _with_tests(source, project, activity)
    return msgspec.structs.replace(source, problems=notes.all())


def _declarations(project: Project, metadata: Metadata) -> tuple[Declaration, ...]:
    readers = _READERS if project.files.kind in ("tree", "archive") else ()
    found = chain(extras(project, metadata), *(reader(project) for reader in readers))
    declarations = tuple(islice(found, MOST_DECLARATIONS + 1))
    if len(declarations) > MOST_DECLARATIONS:
        project.notes.add("", f"more than {MOST_DECLARATIONS} lists of requirements; the rest was not read")
    return declarations[:MOST_DECLARATIONS]


def _with_tests(source: Source, project: Project, activity: Activity) -> Source:
    files = project.files
    pytest = pytest_settings(project)
    tests = _tests(files, pytest.patterns)
    return msgspec.structs.replace(
        source,
        build_requires=build_requires(project),
        test_files=len(tests) if files.complete else None,
        imports=imports_of_tests(files, tests, pytest.roots, project.notes, activity),
        pytest_config=pytest.file,
        pytest_options=pytest.options,
        pytest_settings=pytest.settings,
        pytest_plugins=pytest.plugins,
    )


def _tests(files: Files, patterns: Sequence[str]) -> list[str]:
    """Return the files with the name of a test, by custom or by what the project tells pytest."""
    found = []
    for file in files.names:
        name = file.rpartition("/")[2]
        if is_test(file):
            found.append(file)
        elif name.endswith(".py") and name not in ("__init__.py", "conftest.py"):
            found += [file] if any(fnmatchcase(file if "/" in one else name, one) for one in patterns) else []
    return found
