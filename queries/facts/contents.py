"""What does a path contain? Its files by size, as a tree and by what they are for."""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from pyclosure.queries.base.activity import SILENT, Activity, Progress
from pyclosure.queries.data import load

MOST_DEPTH = 200
MOST_ENTRIES = 1_000_000
"""Files and folders of a path that are listed; the largest sources that people build have half of that."""
MOST_PROBLEMS = 100


@dataclass(slots=True)
class Entry:
    """A file or folder below a store path."""

    name: str
    """Last part of its path; empty for the store path itself."""
    path: str
    """Below the store path."""
    kind: str
    """``folder``, ``file``, ``link`` or ``other``."""
    size: int = 0
    """Bytes of the file; of a folder, of all files below. Links count as the length of their target."""
    files: int = 0
    """Files and links, one for a file."""
    group: str = ""
    """Group of a file, key in ``contents.toml``; of a folder, the group of most of its bytes."""
    children: list[Entry] = field(default_factory=list)
    """Largest first."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one group weighs."""

    group: str
    files: int
    size: int


@dataclass(frozen=True, slots=True)
class Contents:
    """The files of one store path."""

    path: str
    top: Entry
    parts: tuple[Part, ...]
    """Largest first; every file is in exactly one."""
    problems: tuple[str, ...] = ()
    """What could not be read, and why."""

    @property
    def size(self) -> int:
        """Bytes of all files; the NAR size is a little more, for names and padding."""
        return self.top.size

    @property
    def files(self) -> int:
        """Number of files and links."""
        return self.top.files


def contents(path: str, root: str = "", activity: Activity = SILENT) -> Contents | None:
    """Look at all files of a store path; None when it is not there.

    Args:
        path: the store path.
        root: what stands before store paths on this machine.
        activity: told how far it is; may cancel.

    Only names and sizes are read, and no link is followed.
    """
    problems: list[str] = []
    real = root + path
    try:
        status = os.lstat(real)
    except OSError:
        return None
    top = _entry("", "", status)
    if top.kind == "folder":
        _fill(top, real, problems, activity)
    sizes: Counter[str] = Counter()
    files: Counter[str] = Counter()
    for entry in walk(top):
        if entry.kind != "folder":
            sizes[entry.group] += entry.size
            files[entry.group] += 1
    parts = sorted(
        (Part(group, files[group], sizes[group]) for group in files), key=lambda part: (-part.size, part.group)
    )
    return Contents(path, top, tuple(parts), tuple(problems))


def walk(top: Entry) -> Iterator[Entry]:
    """Yield an entry and everything below it, folders before what they hold."""
    stack = [top]
    while stack:
        entry = stack.pop()
        yield entry
        stack.extend(reversed(entry.children))


def group_words(key: str) -> str:
    """Return a group in words."""
    return next((str(one["words"]) for one in load("contents")["group"] if one["key"] == key), key)


@cache
def _groups() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((str(one["key"]), re.compile(one["pattern"])) for one in load("contents")["group"])


def group_of(path: str) -> str:
    """Return the group of a file by its path below the store path."""
    return next(key for key, pattern in _groups() if pattern.search(path))


def _entry(name: str, path: str, status: os.stat_result) -> Entry:
    if stat.S_ISDIR(status.st_mode):
        return Entry(name, path, "folder")
    kind = "file" if stat.S_ISREG(status.st_mode) else "link" if stat.S_ISLNK(status.st_mode) else "other"
    size = status.st_size if kind in ("file", "link") else 0
    return Entry(name, path, kind, size, 1, group_of(path or name))


def _note(problems: list[str], where: str, why: str) -> None:
    if len(problems) < MOST_PROBLEMS:
        problems.append(f"{where or 'the path'}: {why}")


def _fill(top: Entry, real: str, problems: list[str], activity: Activity) -> None:
    """List all folders below, then add sizes up from the bottom; deep trees are no problem."""
    folders = [(top, 0)]
    left = MOST_ENTRIES
    for folder, depth in folders:
        activity.check()
        if len(folders) % 64 == 0:
            activity.report(Progress("listing files", len(folders), None, "folders"))
        try:
            with os.scandir(os.path.join(real, folder.path)) as entries:
                for item in entries:
                    if not left:
                        _note(problems, folder.path, f"more than {MOST_ENTRIES:,} files; the rest is not counted")
                        break
                    left -= 1
                    path = f"{folder.path}/{item.name}" if folder.path else item.name
                    entry = _entry(item.name, path, item.stat(follow_symlinks=False))
                    folder.children.append(entry)
                    if entry.kind == "folder" and depth < MOST_DEPTH:
                        folders.append((entry, depth + 1))
        except OSError as error:
            _note(problems, folder.path, error.strerror or "cannot be read")
    for folder, _ in reversed(folders):
        weights: Counter[str] = Counter()
        for entry in folder.children:
            folder.size += entry.size
            folder.files += entry.files
            weights[entry.group] += entry.size
        folder.children.sort(key=lambda entry: (-entry.size, entry.name))
        folder.group = max(weights, key=lambda group: (weights[group], group), default="")


def levels(top: Entry, depth: int | None) -> Iterator[tuple[int, Entry]]:
    """Yield what lies below a folder with its level, folders before what they hold, largest first."""
    stack = [(0, entry) for entry in reversed(top.children)]
    while stack:
        level, entry = stack.pop()
        yield level, entry
        if depth is None or level + 1 < depth:
            stack.extend((level + 1, one) for one in reversed(entry.children))
