"""Archives as streams of small files: nothing is unpacked, links are left out, and every read has a bound.

``tarfile`` and ``zipfile`` do the parsing, over readers that refuse what no source needs: headers of
megabytes, dictionaries of gigabytes, a gigabyte of zeros in a kilobyte.
"""

from __future__ import annotations

import bz2
import itertools
import lzma
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from pyclosure.queries.base.activity import Activity

MOST_BYTES = 512 * 1024 * 1024
"""Bytes of an archive, as it lies there and unpacked; reading stops where either is reached."""
MOST_MEMBERS = 50_000
"""Members of an archive, of whatever sort."""
_LARGEST_HEADER = 32 * 1024
_MOST_HEADERS = 96 * 1024 * 1024
_LARGEST_DIRECTORY = 8 * 1024 * 1024
_MOST_MEMORY = 256 * 1024 * 1024
_MOST_STREAMS = 10_000
_CHUNK = 64 * 1024
# some versions of tarfile take quadratic time for many digits in a row; the fields of a header are 57 at most
_MANY_DIGITS = re.compile(rb"(?<!\d)\d{64}")
_LONGEST_PATH = 4096


class Cut(Exception):
    """The listing ends before its end; the text says why."""


@dataclass(frozen=True, slots=True)
class Member:
    """A regular file."""

    path: str
    """Below the top, without ``.`` and ``..``."""
    read: Callable[[int], bytes]
    """Returns at most so many bytes from its start; only before the next member is asked for."""


def too_many() -> Cut:
    """Return what ends a listing that is too long."""
    return Cut(f"more than {MOST_MEMBERS} files; the rest was not looked at")


def safe_path(name: str) -> str | None:
    """Return the path of a member below the top; None when it leads elsewhere.

    >>> safe_path("./a//b"), safe_path("a/../../b"), safe_path("/etc/passwd")
    ('a/b', None, None)
    """
    parts = [part for part in name.split("/") if part not in ("", ".")]
    bad = name.startswith("/") or ".." in parts or len(name) > _LONGEST_PATH or "\0" in name
    return None if bad or not parts else "/".join(parts)


def walk_archive(opened: IO[bytes], activity: Activity) -> Iterator[Member] | None:
    """Yield the regular files of an archive; None when it is none. The iterator raises :class:`Cut`."""
    opened.seek(0)
    start = opened.read(512)
    opened.seek(0)
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _guarded(_zip(opened, activity))
    for magic, engine in _ENGINES:
        if start.startswith(magic):
            return _guarded(_tar(_Forward(_Stream(opened, engine).read), activity))
    if start[257:262] == b"ustar":
        return _guarded(_tar(_Forward(opened.read), activity))
    return None


def _guarded(members: Iterator[Member]) -> Iterator[Member]:
    """Turn whatever a parser raises for a damaged archive into one sentence."""
    while True:
        try:
            member = next(members)
        except StopIteration:
            return
        except DAMAGE as error:
            raise Cut(f"the archive cannot be read to its end ({type(error).__name__})") from None
        yield member


DAMAGE: tuple[type[Exception], ...] = (
    *(OSError, EOFError, ValueError, KeyError, IndexError, AttributeError, TypeError, OverflowError, MemoryError),
    *(RuntimeError, tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError),
)
"""What the parsers of the standard library raise for damaged archives."""


# -- tar -------------------------------------------------------------------------------------------------


class _Gzip:
    """zlib with the interface of the other decompressors."""

    def __init__(self) -> None:
        self._engine = zlib.decompressobj(31)

    def decompress(self, data: bytes, most: int) -> bytes:
        return self._engine.decompress(self._engine.unconsumed_tail + data, most)

    @property
    def needs_input(self) -> bool:
        return not self._engine.unconsumed_tail

    @property
    def eof(self) -> bool:
        return self._engine.eof

    @property
    def unused_data(self) -> bytes:
        return self._engine.unused_data


_ENGINES: tuple[tuple[bytes, Callable[[], Any]], ...] = (
    (b"\x1f\x8b", _Gzip),
    (b"BZh", bz2.BZ2Decompressor),
    (b"\xfd7zXZ", lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MOST_MEMORY)),
)


class _Stream:
    """Decompressed bytes; like the classes of the standard library, but with bounds on memory and streams."""

    def __init__(self, raw: IO[bytes], engine: Callable[[], Any]) -> None:
        self._raw, self._new = raw, engine
        self._engine = engine()
        self._streams = 1
        self._taken = 0
        self._ended = False

    def read(self, size: int) -> bytes:
        """Return exactly so many bytes, fewer at the end."""
        out = bytearray()
        while len(out) < size and not self._ended:
            out += self._some(size - len(out))
        return bytes(out)

    def _some(self, size: int) -> bytes:
        if self._engine.eof:
            rest = self._engine.unused_data or self._take()
            # zeros, or what else stands behind the last stream, are nothing
            if not rest.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ")) or self._streams == _MOST_STREAMS:
                self._ended = True
                return b""
            self._engine = self._new()
            self._streams += 1
            return bytes(self._engine.decompress(rest, size))
        data = self._take() if self._engine.needs_input else b""
        if self._engine.needs_input and not data:
            raise Cut("the archive ends too early")
        return bytes(self._engine.decompress(data, size))

    def _take(self) -> bytes:
        data = self._raw.read(_CHUNK)
        self._taken += len(data)
        if self._taken > MOST_BYTES:
            raise Cut(f"the archive is larger than {MOST_BYTES >> 20} MiB")
        return data


class _Forward:
    """What ``tarfile`` reads from: goes forward only, and what is read of headers is bounded."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._at = 0
        self._headers = 0
        self.in_header = True
        self.last = b""
        """What was read last; at the end of a whole archive zeros or nothing."""

    def tell(self) -> int:
        return self._at

    def seek(self, position: int) -> int:
        if position < self._at:
            raise Cut("the archive has a header that leads backwards")
        while self._at < position:
            skipped = self._bounded(min(_CHUNK, position - self._at))
            if not skipped:
                raise Cut("the archive ends too early")
        return self._at

    def read(self, size: int = -1) -> bytes:
        if self.in_header:
            self._headers += size
            if not 0 <= size <= _LARGEST_HEADER or self._headers > _MOST_HEADERS:
                raise Cut("the archive has headers that are too large")
        self.last = self._bounded(size)
        if self.in_header and _MANY_DIGITS.search(self.last):
            raise Cut("the archive has a header that cannot be read")
        return self.last

    def _bounded(self, size: int) -> bytes:
        if self._at + size > MOST_BYTES:
            raise Cut(f"more than {MOST_BYTES >> 20} MiB would have to be unpacked")
        data = self._read(size)
        self._at += len(data)
        return data


def _tar(stream: _Forward, activity: Activity) -> Iterator[Member]:
    archive = tarfile.TarFile(fileobj=stream)  # type: ignore[arg-type]
    for number in itertools.count():
        activity.check()
        if number == MOST_MEMBERS:
            raise too_many()
        stream.in_header = True
        info = archive.next()
        stream.in_header = False
        if info is None:
            break
        # they would pile up: nobody asks for an earlier one again
        archive.members.clear()  # type: ignore[attr-defined]
        path = safe_path(info.name)
        if path is not None and info.isreg() and not info.issparse():
            yield Member(path, _tar_reader(archive, info))
    if stream.last.strip(b"\0"):
        raise Cut("the archive has a header that cannot be read")


def _tar_reader(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Callable[[int], bytes]:
    def read(size: int) -> bytes:
        opened = archive.extractfile(info)
        return b"" if opened is None else opened.read(size)

    return read


# -- zip -------------------------------------------------------------------------------------------------


class _Seekable:
    """What ``zipfile`` reads from: a directory of a million members is refused."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self.seek, self.tell, self.seekable = raw.seek, raw.tell, raw.seekable

    def read(self, size: int = -1) -> bytes:
        data = self._raw.read(_LARGEST_DIRECTORY + 1 if size < 0 else min(size, _LARGEST_DIRECTORY + 1))
        if len(data) > _LARGEST_DIRECTORY:
            raise Cut("the archive has a directory that is too large")
        return data


def _zip(opened: IO[bytes], activity: Activity) -> Iterator[Member]:
    archive = zipfile.ZipFile(_Seekable(opened))
    for number, info in enumerate(archive.infolist()):
        activity.check()
        if number == MOST_MEMBERS:
            raise too_many()
        path = safe_path(info.filename)
        mode = info.external_attr >> 16
        regular = not info.is_dir() and (not mode or not stat.S_IFMT(mode) or stat.S_ISREG(mode))
        if path is not None and regular:
            yield Member(path, _zip_reader(archive, info))


def _zip_reader(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[int], bytes]:
    def read(size: int) -> bytes:
        # the others unpack without a bound
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise NotImplementedError
        with archive.open(info) as member:
            return member.read(size)

    return read
