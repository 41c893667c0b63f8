"""Which files of a path hold a reference, and where? The same question as nix's reference scanner answers.

A reference exists because 32 characters of a digest occur somewhere in the NAR: in the bytes of a file, in the
target of a link, or in a name. All files are looked at, not just the first that holds it.
"""

from __future__ import annotations

import mmap
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pyclosure.queries.base.activity import SILENT, Activity, Progress
from pyclosure.queries.base.names import digest_of

_WINDOW = 4 * 1024 * 1024
"""Bytes searched at a time: a search holds the interpreter, and a key must not wait for it."""
_SMALL = 256 * 1024
"""Files up to this size are read at once; larger ones are mapped."""
_DIGEST = 32
MOST_SPOTS = 50
"""Places in one file that are kept; more are counted."""
MOST_DEPTH = 200
MOST_PROBLEMS = 100

Where = Literal["content", "link", "name"]


@dataclass(frozen=True, slots=True)
class Spot:
    """A file that holds a reference."""

    file: str
    """Below the store path; empty for a path that is one file or link."""
    where: Where
    """In the bytes of a regular file, in the target of a link, or in the name itself."""
    size: int
    """Bytes of the file; of a link, the length of its target."""
    offsets: tuple[int, ...]
    """Where the digest begins, in bytes, ascending; at most :data:`MOST_SPOTS`. Empty for names."""
    count: int
    """How often it occurs in all."""


@dataclass(slots=True)
class Scan:
    """What a look through all files of one store path found."""

    path: str
    spots: dict[str, list[Spot]] = field(default_factory=dict)
    """Referenced store path → files that hold it, in the order of their names."""
    files: int = 0
    """Regular files and links looked at."""
    size: int = 0
    """Bytes of regular files looked at."""
    problems: list[str] = field(default_factory=list)
    """What could not be read, and why."""


def scan(path: str, references: Iterable[str], root: str = "", activity: Activity = SILENT) -> Scan:
    """Look through all files of a store path for digests of its references.

    Args:
        path: the store path.
        references: store paths to look for; itself may be among them.
        root: what stands before store paths on this machine.
        activity: told how far it is; may cancel.

    Nothing is followed, executed or kept open; what cannot be read is named in ``problems``.
    """
    needles = {digest_of(reference).encode(): reference for reference in references}
    found = Scan(path, {reference: [] for reference in needles.values()})
    look = _Look(root + path, needles, found)
    for folder, depth in look.folders():
        activity.check()
        activity.report(Progress("scanning files", found.files, None, "files"))
        look.folder(folder, depth)
    for spots in found.spots.values():
        spots.sort(key=lambda spot: spot.file)
    return found


class _Look:
    """Goes through the folders of a path, and through what each of them holds."""

    def __init__(self, top: str, needles: Mapping[bytes, str], found: Scan) -> None:
        self._top, self._needles, self._found = top, needles, found
        self._stack: list[tuple[str, int]] = []

    def folders(self) -> Iterator[tuple[str, int]]:
        """Yield folders as they are found; a path that is one file or link is looked at here."""
        if os.path.isdir(self._top) and not os.path.islink(self._top):
            self._stack.append((self._top, 0))
        else:
            self._file(self._top, "", os.path.islink(self._top))
        while self._stack:
            yield self._stack.pop()

    def folder(self, folder: str, depth: int) -> None:
        """Look at everything in one folder."""
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    name = entry.path[len(self._top) + 1 :]
                    if len(entry.name) >= _DIGEST:
                        self._name(entry.name, name)
                    if entry.is_dir(follow_symlinks=False):
                        self._deeper(entry.path, name, depth)
                    elif entry.is_symlink() or entry.is_file(follow_symlinks=False):
                        self._file(entry.path, name, entry.is_symlink())
        except OSError as error:
            self._note_problem(f"{folder[len(self._top) + 1 :] or 'the path'}: {error.strerror}")

    def _deeper(self, path: str, name: str, depth: int) -> None:
        if depth == MOST_DEPTH:
            self._note_problem(f"{name}: more than {MOST_DEPTH} folders deep; not looked at")
        else:
            self._stack.append((path, depth + 1))

    def _note_problem(self, text: str) -> None:
        if len(self._found.problems) < MOST_PROBLEMS:
            self._found.problems.append(text)

    def _name(self, last: str, name: str) -> None:
        encoded = os.fsencode(last)
        for needle, reference in self._needles.items():
            count = encoded.count(needle)
            if count:
                self._found.spots[reference].append(Spot(name, "name", len(encoded), (), count))

    def _file(self, path: str, name: str, link: bool) -> None:
        self._found.files += 1
        try:
            if link:
                target = os.fsencode(os.readlink(path))
                self._note(name, "link", len(target), _in_bytes(target, self._needles))
            else:
                size, hits = _in_file(path, self._needles)
                self._found.size += size
                self._note(name, "content", size, hits)
        except OSError as error:
            self._note_problem(f"{name or 'the path'}: {error.strerror}")

    def _note(self, name: str, where: Where, size: int, hits: _Hits) -> None:
        for needle, (offsets, count) in hits.items():
            if count:
                self._found.spots[self._needles[needle]].append(Spot(name, where, size, offsets, count))


_Hits = Mapping[bytes, tuple[tuple[int, ...], int]]
"""Digest → where it begins (the first of them), and how often it occurs."""
_NONE: _Hits = {}


def _in_file(path: str, needles: Mapping[bytes, str]) -> tuple[int, _Hits]:
    """Return the size of a regular file and what is found in it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        data = os.read(descriptor, _SMALL)
        if len(data) < _SMALL:
            return len(data), _in_bytes(data, needles)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return 0, _NONE
        with mmap.mmap(descriptor, status.st_size, access=mmap.ACCESS_READ) as mapped:
            return status.st_size, _find_in_windows(mapped, status.st_size, needles)
    finally:
        os.close(descriptor)


def _in_bytes(data: bytes, needles: Mapping[bytes, str]) -> _Hits:
    if len(data) < _DIGEST:
        return _NONE
    return {needle: _find_all(data, needle) for needle in needles if needle in data}


def _find_in_windows(
    mapped: mmap.mmap, size: int, needles: Mapping[bytes, str]
) -> dict[bytes, tuple[tuple[int, ...], int]]:
    offsets: dict[bytes, list[int]] = {needle: [] for needle in needles}
    counts: dict[bytes, int] = dict.fromkeys(needles, 0)
    for start in range(0, size, _WINDOW):
        end = min(size, start + _WINDOW + _DIGEST - 1)
        for needle in needles:
            index = mapped.find(needle, start, end)
            while index != -1:
                counts[needle] += 1
                if len(offsets[needle]) < MOST_SPOTS:
                    offsets[needle].append(index)
                index = mapped.find(needle, index + 1, end)
    return {needle: (tuple(offsets[needle]), counts[needle]) for needle in needles}


def _find_all(data: bytes, needle: bytes) -> tuple[tuple[int, ...], int]:
    offsets: list[int] = []
    index = data.find(needle)
    count = 0
    while index != -1:
        count += 1
        if len(offsets) < MOST_SPOTS:
            offsets.append(index)
        index = data.find(needle, index + 1)
    return tuple(offsets), count
