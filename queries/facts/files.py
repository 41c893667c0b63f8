"""Bounded reading below one store path; no link is ever followed.

Every directory and file is opened relative to its parent with ``O_NOFOLLOW``: a link, wherever it leads,
is an entry of its own and never a way to other files.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Literal

from pyclosure.queries.base.text import printable

MOST_ENTRIES = 20_000
"""Entries of one directory that are looked at; more are counted as a problem."""

EntryKind = Literal["directory", "file", "link", "other"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a directory."""

    name: str
    kind: EntryKind
    executable: bool = False


class StoreFiles:
    """The files of one store path.

    Args:
        path: the store path.
        root: what stands before it on this machine; empty for the local store.
    """

    def __init__(self, path: str, root: str = "") -> None:
        self.path = path
        self._real = root + path
        self.problems: list[str] = []
        """What could not be read and why; filled while reading."""

    def shape(self) -> EntryKind | None:
        """Return what the store path itself is; None when it is not there (collected, or not readable)."""
        try:
            return _kind(os.lstat(self._real).st_mode)
        except OSError as error:
            self.note("", error.strerror)
            return None

    def entries(self, folder: str = "") -> tuple[Entry, ...]:
        """Return the entries of a folder, sorted by name; empty when it is not a real directory here."""
        with self.folder(folder) as handle:
            if handle is None:
                return ()
            found: list[Entry] = []
            try:
                with os.scandir(handle) as scan:
                    for item in scan:
                        if len(found) == MOST_ENTRIES:
                            self.note(folder, f"more than {MOST_ENTRIES} entries; the rest was not looked at")
                            break
                        found.append(_entry(item))
            except OSError as error:
                self.note(folder, error.strerror)
            return tuple(sorted(found, key=lambda entry: entry.name))

    def read(self, file: str, limit: int, *, start_only: bool = False) -> bytes | None:
        """Return the bytes of a regular file; None when there is none, or it is larger than ``limit``.

        Args:
            file: name below the store path; empty for a store path that is one file.
            limit: bytes to read at most.
            start_only: return the first ``limit`` bytes of a larger file instead of None.
        """
        with self.open(file) as opened:
            if opened is None:
                return None
            try:
                data = opened.read(limit + (not start_only))
            except OSError as error:
                self.note(file, error.strerror)
                return None
        if len(data) > limit:
            self.note(file, f"larger than {limit} bytes; not read")
            return None
        return data

    def read_at(self, file: str, start: int, size: int) -> bytes:
        """Return some bytes of a regular file from an offset; empty when there are none."""
        with self.open(file) as opened:
            if opened is None:
                return b""
            try:
                opened.seek(start)
                return opened.read(size)
            except OSError as error:
                self.note(file, error.strerror)
                return b""

    @contextlib.contextmanager
    def open(self, file: str) -> Iterator[IO[bytes] | None]:
        """Open a regular file for as long as the context lasts; None when there is none."""
        folder, _, name = file.rpartition("/")
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with self.folder(folder) if file else contextlib.nullcontext() as handle:
            descriptor = -1
            try:
                if handle is not None or not file:
                    descriptor = os.open(name, flags, dir_fd=handle) if file else os.open(self._real, flags)
            except OSError as error:
                if not isinstance(error, FileNotFoundError) and error.errno != errno.ELOOP:
                    self.note(file, error.strerror)
            # a directory can be opened like a file, but not read
            if descriptor >= 0 and not stat.S_ISREG(os.fstat(descriptor).st_mode):
                os.close(descriptor)
                descriptor = -1
            if descriptor < 0:
                yield None
                return
            with os.fdopen(descriptor, "rb") as opened:
                yield opened

    def link_target(self, file: str) -> str | None:
        """Return what a link says, unresolved; None when it is no link."""
        folder, _, name = file.rpartition("/")
        with self.folder(folder) as handle:
            if handle is None:
                return None
            try:
                return os.readlink(name, dir_fd=handle)
            except OSError:
                return None

    @contextlib.contextmanager
    def folder(self, folder: str) -> Iterator[int | None]:
        """Open a folder for as long as the context lasts; None when it is no real directory here."""
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = -1
        try:
            if ".." in folder.split("/"):  # no name of a file says so, but a snapshot may
                raise FileNotFoundError
            handle = os.open(self._real, flags)
            for part in filter(None, folder.split("/")):
                below = os.open(part, flags, dir_fd=handle)
                os.close(handle)
                handle = below
        except OSError as error:
            if isinstance(error, PermissionError):
                self.note(folder, error.strerror)
            if handle >= 0:
                os.close(handle)
            handle = -1
        try:
            yield handle if handle >= 0 else None
        finally:
            if handle >= 0:
                os.close(handle)

    def note(self, where: str, why: str | None) -> None:
        """Note a problem, once; after sixteen of them nobody reads more."""
        text = f"{printable(where, 300) or 'the path'}: {why}"
        if len(self.problems) < 16 and text not in self.problems:
            self.problems.append(text)


def _kind(mode: int) -> EntryKind:
    if stat.S_ISDIR(mode):
        return "directory"
    if stat.S_ISREG(mode):
        return "file"
    return "link" if stat.S_ISLNK(mode) else "other"


def _entry(item: os.DirEntry[str]) -> Entry:
    try:
        mode = item.stat(follow_symlinks=False).st_mode
    except OSError:
        return Entry(item.name, "other")
    return Entry(item.name, _kind(mode), bool(mode & 0o111))
