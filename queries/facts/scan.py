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

from pyclosure.queries.activity import SILENT, Activity, Progress
from pyclosure.queries.names import digest_of

_WINDOW = 4 * 1024 * 1024
"""Bytes searched at a time: a search holds the interpreter, and a key must not wait for it."""
_DIGEST = 32
MOST_SPOTS = 50
"""Places in one file that are kept; more are counted."""
MOST_DEPTH = 200

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
    for place in _walk(root + path, found.problems):
        activity.check()
        _look(place, root + path, needles, found)
        if found.files % 256 == 0:
            activity.report(Progress("scanning files", found.files, None, "files"))
    for spots in found.spots.values():
        spots.sort(key=lambda spot: spot.file)
    return found


def _walk(top: str, problems: list[str]) -> Iterator[str]:
    """Yield every file and link below a path, the path itself when it is one."""
    if not os.path.isdir(top) or os.path.islink(top):
        yield top
        return
    stack = [(top, 0)]
    while stack:
        folder, depth = stack.pop()
        try:
            with os.scandir(folder) as entries:
                below = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            problems.append(f"{_below(folder, top)}: {error.strerror}")
            continue
        for entry in below:
            yield entry.path
            if entry.is_dir(follow_symlinks=False):
                if depth == MOST_DEPTH:
                    problems.append(f"{_below(entry.path, top)}: more than {MOST_DEPTH} folders deep; not looked at")
                else:
                    stack.append((entry.path, depth + 1))


def _look(place: str, top: str, needles: Mapping[bytes, str], found: Scan) -> None:
    name = _below(place, top)
    try:
        status = os.lstat(place)
        _look_at_name(place, name, top, needles, found)
        if stat.S_ISLNK(status.st_mode):
            found.files += 1
            target = os.fsencode(os.readlink(place))
            for needle, reference in needles.items():
                offsets, count = _find_all(target, needle)
                if count:
                    found.spots[reference].append(Spot(name, "link", len(target), offsets, count))
        elif stat.S_ISREG(status.st_mode):
            found.files += 1
            found.size += status.st_size
            for reference, (offsets, count) in _search(place, status.st_size, needles).items():
                found.spots[reference].append(Spot(name, "content", status.st_size, offsets, count))
    except OSError as error:
        found.problems.append(f"{name or 'the path'}: {error.strerror}")


def _look_at_name(place: str, name: str, top: str, needles: Mapping[bytes, str], found: Scan) -> None:
    if place == top:
        return
    last = os.fsencode(os.path.basename(place))
    if len(last) < _DIGEST:
        return
    for needle, reference in needles.items():
        count = last.count(needle)
        if count:
            found.spots[reference].append(Spot(name, "name", len(last), (), count))


def _search(place: str, size: int, needles: Mapping[bytes, str]) -> dict[str, tuple[tuple[int, ...], int]]:
    if size < _DIGEST:
        return {}
    descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        if size <= _WINDOW:
            data = file.read(_WINDOW)
            hits = {needle: _find_all(data, needle) for needle in needles if needle in data}
        else:
            with mmap.mmap(descriptor, size, access=mmap.ACCESS_READ) as mapped:
                hits = _find_in_windows(mapped, size, needles)
    return {needles[needle]: hit for needle, hit in hits.items() if hit[1]}


def _find_in_windows(
    mapped: mmap.mmap, size: int, needles: Mapping[bytes, str]
) -> dict[bytes, tuple[tuple[int, ...], int]]:
    offsets: dict[bytes, list[int]] = {needle: [] for needle in needles}
    counts: dict[bytes, int] = dict.fromkeys(needles, 0)
    for start in range(0, size, _WINDOW):
        end = min(size, start + _WINDOW + _DIGEST - 1)
        for needle in needles:
            at = mapped.find(needle, start, end)
            while at != -1:
                counts[needle] += 1
                if len(offsets[needle]) < MOST_SPOTS:
                    offsets[needle].append(at)
                at = mapped.find(needle, at + 1, end)
    return {needle: (tuple(offsets[needle]), counts[needle]) for needle in needles}


def _find_all(data: bytes, needle: bytes) -> tuple[tuple[int, ...], int]:
    offsets: list[int] = []
    at = data.find(needle)
    count = 0
    while at != -1:
        count += 1
        if len(offsets) < MOST_SPOTS:
            offsets.append(at)
        at = data.find(needle, at + 1)
    return tuple(offsets), count


def _below(place: str, top: str) -> str:
    return place[len(top) + 1 :]
