"""The files of a Python source that tell what it needs, the same for a tree and an archive of it.

All names are listed; the content of few small files is kept. What is kept depends on its name alone, because
an archive is read once and in its own order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Literal

from pyclosure.queries.base.activity import Activity
from pyclosure.queries.facts.files import StoreFiles
from pyclosure.queries.facts.sources import archives as source_archives
from pyclosure.queries.facts.sources.archives import DAMAGE, Cut, Member, walk_archive
from pyclosure.queries.facts.sources.notes import Notes

LARGEST_FILE = 1024 * 1024
"""Bytes of a file that is read; configuration and tests are far smaller."""
MOST_PYTHON = 4000
"""Python files of the tests that are kept."""
MOST_OTHER = 1000
"""Other files that are kept."""
MOST_KEPT = 48 * 1024 * 1024
"""Bytes of all that is kept."""
MOST_DEPTH = 40
_TOO_DEEP = f"more than {MOST_DEPTH} folders deep; not all was looked at"

_CONFIGURATION = frozenset(
    """
    pyproject.toml setup.cfg setup.py PKG-INFO tox.ini tox.toml hatch.toml noxfile.py
    pytest.toml .pytest.toml pytest.ini .pytest.ini
    """.split()  # noqa: SIM905
)
_MARKS = ("pyproject.toml", "setup.py", "setup.cfg", "PKG-INFO", "tox.ini")
_EGG_INFO = frozenset({"PKG-INFO", "requires.txt"})
_REQUIREMENTS = re.compile(r"req|dep|constraint|test|dev|ci", re.IGNORECASE)
_TEST = re.compile(r"(?:test_.*|.*_test|tests)\.py", re.DOTALL)
_SKIPPED = frozenset(
    """
    .git .hg .svn .bzr CVS _darcs .tox .nox .venv venv .eggs .mypy_cache .ruff_cache .pytest_cache __pycache__
    node_modules __MACOSX
    """.split()  # noqa: SIM905
)
TEST_FOLDERS = frozenset({"test", "tests", "testing", "Tests", "Test", "unittests", "testsuite"})

Kind = Literal["tree", "archive", "wheel", "metadata"]


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a project."""

    kind: Kind
    top: str
    """What lies around the project and is left out of all names; empty when nothing does."""
    names: frozenset[str]
    kept: dict[str, bytes]
    complete: bool
    """Whether ``names`` are all."""


def is_test(path: str) -> bool:
    """Say whether a file has the name of a test, as pytest, unittest and Django know them; hidden folders have none.

    >>> [is_test(one) for one in ("tests/test_a.py", "a/b_test.py", "a/tests.py", "tests/conftest.py", ".x/test_a.py")]
    [True, True, True, False, False]
    """
    return bool(_TEST.fullmatch(path.rpartition("/")[2])) and not path.startswith(".") and "/." not in path


def read_files(path: str, root: str, folder: str, notes: Notes, activity: Activity) -> Files | None:
    """List a source and keep what tells something; None when there is neither a tree, an archive nor METADATA.

    Args:
        path: a folder or file.
        root: what stands before it on this machine.
        folder: where the project lies below the top of the source; empty for the top itself.
        notes: what could not be read is put there.
        activity: may cancel.
    """
    files = StoreFiles(path, root)
    shape = files.shape()
    if shape == "directory":
        listing = _Listing(folder, notes)
        listing.fill(_walk_tree(path, root, notes, activity))
        return listing.files("tree")
    if shape != "file":
        return None
    with files.open("") as opened:
        if opened is None:
            return None
        return _from_file(opened, folder, notes, activity)


def _from_file(opened: IO[bytes], folder: str, notes: Notes, activity: Activity) -> Files | None:
    try:
        members = walk_archive(opened, activity)
        if members is None:
            opened.seek(0)
            start = opened.read(LARGEST_FILE)
            return Files("metadata", "", frozenset({"METADATA"}), {"METADATA": start}, True)
    except OSError as error:
        notes.add("", error.strerror or "cannot be read")
        return None
    listing = _Listing(folder, notes)
    listing.fill(members)
    return listing.files("archive")


def _walk_tree(path: str, root: str, notes: Notes, activity: Activity) -> Iterator[Member]:
    listed, read = StoreFiles(path, root), StoreFiles(path, root)
    stack = [""]
    count = 0
    while stack:
        activity.check()
        folder = stack.pop()
        below = []
        for entry in listed.entries(folder):
            name = f"{folder}/{entry.name}" if folder else entry.name
            count += 1
            if count > source_archives.MOST_MEMBERS:
                raise source_archives.too_many()
            if entry.kind == "file":
                yield Member(name, lambda size, name=name: read.read(name, size, start_only=True) or b"")  # type: ignore[misc]
            elif entry.kind == "directory" and entry.name not in _SKIPPED:
                if name.count("/") == MOST_DEPTH:
                    raise Cut(_TOO_DEEP)
                below.append(name)
        stack += reversed(below)
    for problem in (*listed.problems, *read.problems):
        notes.add("", problem)
    if listed.problems:
        raise Cut("not all folders could be listed")


class _Listing:
    """What was found so far."""

    def __init__(self, folder: str, notes: Notes) -> None:
        self._folder = folder.strip("/")
        self._notes = notes
        self._names: set[str] = set()
        self._kept: dict[str, bytes] = {}
        self._unread: list[tuple[str, str]] = []
        self._complete = True
        self._left = {"python": MOST_PYTHON, "other": MOST_OTHER}
        self._bytes = 0

    def fill(self, members: Iterator[Member]) -> None:
        """Take all members, as far as they can be read."""
        try:
            for member in members:
                parts = member.path.split("/")
                if parts[-1].startswith("._") or not _SKIPPED.isdisjoint(parts[:-1]):
                    continue
                if len(parts) > MOST_DEPTH + 1:
                    raise Cut(_TOO_DEEP)
                self._names.add(member.path)
                sort = self._sort(member.path)
                if sort is not None:
                    self._keep(member, sort)
        except Cut as cut:
            self._complete = False
            self._notes.add("", str(cut))

    def _sort(self, path: str) -> str | None:
        """Return what a file that is kept is counted as; None for all others."""
        folder, _, name = path.rpartition("/")
        if folder.endswith(".egg-info"):
            return "other" if name in _EGG_INFO and folder.count("/") - self._folder.count("/") <= 3 else None
        if name in _CONFIGURATION:
            return "other" if self._at_project(folder) else None
        if name == "METADATA" and folder.endswith(".dist-info"):
            return "other" if "/" not in folder else None
        if name.endswith(".py"):
            tests = is_test(path) or name == "conftest.py" or not TEST_FOLDERS.isdisjoint(folder.split("/"))
            return "python" if tests else None
        listed = name.endswith((".txt", ".in", ".pip")) and path.count("/") <= 6
        return "other" if listed and _REQUIREMENTS.search("/".join(path.split("/")[-2:])) else None

    def _at_project(self, folder: str) -> bool:
        """Say whether a folder is the project's, with or without one around it."""
        if self._folder:
            return folder == self._folder or folder.partition("/")[2] == self._folder
        return "/" not in folder

    def _keep(self, member: Member, sort: str) -> None:
        if self._left[sort] == 0 or self._bytes >= MOST_KEPT:
            self._notes.add("", f"more {'Python files of tests' if sort == 'python' else 'files'} than are read")
            return
        start_only = member.path.endswith(("PKG-INFO", "METADATA"))
        try:
            data = member.read(LARGEST_FILE + 1)
        except DAMAGE as error:
            self._unread.append((member.path, f"cannot be read ({type(error).__name__})"))
            return
        if len(data) > LARGEST_FILE and not start_only:
            self._unread.append((member.path, f"larger than {LARGEST_FILE >> 10} KiB; not read"))
            return
        self._left[sort] -= 1
        self._bytes += len(data)
        self._kept[member.path] = data

    def files(self, kind: Kind) -> Files:
        """Return all of it, with names below the project."""
        if kind == "archive" and any(name.endswith(".dist-info/METADATA") for name in self._kept):
            kind = "wheel"
        top = self._top()
        for name, why in sorted(self._unread):
            self._notes.add(name.removeprefix(top), why)
        return Files(
            kind,
            top.rstrip("/"),
            frozenset(name.removeprefix(top) for name in self._names if name.startswith(top)),
            {name.removeprefix(top): data for name, data in sorted(self._kept.items()) if name.startswith(top)},
            self._complete,
        )

    def _top(self) -> str:
        """Return what stands before all names of the project."""
        below = f"{self._folder}/" if self._folder else ""
        firsts = {name.partition("/")[0] for name in self._names}
        first = next(iter(firsts), "")
        around = f"{first}/{below}"
        if len(firsts) == 1 and any(f"{around}{mark}" in self._names for mark in _MARKS):
            return around
        return below
