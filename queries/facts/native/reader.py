"""Bounded reading of headers, and what they say, for ELF and Mach-O files alike."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Literal

from pyclosure.queries.base.inspection import NativeFile
from pyclosure.queries.base.text import printable

_MOST_BYTES = 16 * 1024 * 1024
_MOST_READS = 20_000
_MOST_NAMES = 512
"""Needed libraries, optional ones and directories to search, each."""
TEXT_BYTES = 4096
_SHOWN = 300

Role = Literal["program", "library", "object"]


class Damaged(Exception):
    """A file that is not what its headers say, or more than is read."""


class Reader:
    """Reads parts of a file that lie in it, until the bytes and reads for one file are used up."""

    def __init__(self, opened: IO[bytes], size: int) -> None:
        self.size = size
        self._opened = opened
        self._bytes, self._reads = _MOST_BYTES, _MOST_READS

    def index(self, offset: int, count: int) -> bytes:
        """Return exactly so many bytes from an offset."""
        if count < 0 or offset + count > self.size:
            raise Damaged("beyond the end of the file")
        self._bytes -= count
        self._reads -= 1
        if self._bytes < 0 or self._reads < 0:
            raise Damaged("too much is to be read")
        self._opened.seek(offset)
        data = self._opened.read(count)
        if len(data) < count:
            raise Damaged("the file is shorter than expected")
        return data

    def some(self, offset: int, most: int) -> bytes:
        """Return bytes from an offset, up to the end of the file."""
        if offset > self.size:
            raise Damaged("beyond the end of the file")
        return self.index(offset, min(most, self.size - offset))


@dataclass(slots=True)
class Found:
    """What was read so far; names are keys, for their order and to have each once."""

    form: Literal["elf", "mach-o"]
    role: Role | None = None
    machines: dict[str, None] = field(default_factory=dict)
    needed: dict[str, None] = field(default_factory=dict)
    search: dict[str, None] = field(default_factory=dict)
    optional: dict[str, None] = field(default_factory=dict)
    soname: str | None = None
    loader: str | None = None
    problem: str | None = None
    names_left: int = 4 * _MOST_NAMES
    """How many are taken from the file at most, those that it repeats included."""

    @contextlib.contextmanager
    def reading(self, part: str) -> Iterator[None]:
        """Note the first part that cannot be read, and why."""
        try:
            yield
        except Exception as error:  # pyelftools meets files of unknown origin, and raises what it likes
            why = str(error) or type(error).__name__
            self.problem = self.problem or printable(f"cannot read its {part}: {why}", _SHOWN)

    def add(self, names: dict[str, None], raw: bytes) -> None:
        """Add a name to one of the fields; a name that is there already costs time as well."""
        if len(names) == _MOST_NAMES:
            raise Damaged(f"there are more than {_MOST_NAMES}")
        if not self.names_left:
            raise Damaged("too many names in all")
        self.names_left -= 1
        if raw:
            names[line_of(raw)] = None

    def value(self, file: str) -> NativeFile:
        """Return it frozen."""
        return NativeFile(
            file=printable(file),
            form=self.form,
            role=self.role or "library",
            machines=tuple(self.machines),
            needed=tuple(self.needed),
            search=tuple(self.search),
            soname=self.soname,
            loader=self.loader,
            optional=tuple(self.optional),
            problem=self.problem,
        )


def line_of(raw: bytes) -> str:
    """Return a name from a file, safe to show."""
    return printable(raw.decode("utf-8", "replace"), _SHOWN)


def until_nul(data: bytes) -> bytes:
    """Return a text without the NUL that ends it; raise :class:`Damaged` where none does."""
    text, end, _ = data.partition(b"\0")
    if not end:
        raise Damaged(f"a text has no end within {len(data)} bytes")
    return text
