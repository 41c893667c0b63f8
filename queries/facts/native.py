"""What does an ELF or Mach-O file ask its loader for: which libraries, sought where, under which own name?

Only headers are read, never code, and nothing is loaded. The files are of unknown origin: every count, size
and offset in them is checked against a bound before it is used.
"""

from __future__ import annotations

import contextlib
import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import IO, Any, Literal

import msgspec

from pyclosure.queries.base.inspection import NativeFile
from pyclosure.queries.base.text import printable

_MOST_BYTES = 16 * 1024 * 1024
_MOST_READS = 20_000
_MOST_NAMES = 512
"""Needed libraries, optional ones and directories to search, each."""
_MOST_HEADERS = 512
_MOST_TAGS = 2048
_MOST_NOTE_SEGMENTS = 16
_MOST_NOTES = 1024
_NOTE_BYTES = 64 * 1024
_MOST_SLICES = 32
_MOST_COMMANDS = 2048
_COMMAND_BYTES = 256 * 1024
_TEXT_BYTES = 4096
_SEARCH_BYTES = 64 * 1024
"""A RUNPATH is one text with all directories: sixty of the store are more than 4096 bytes."""
_SHOWN = 300

_Role = Literal["program", "library", "object"]

_ELF = b"\x7fELF"
_MACHO = {
    b"\xfe\xed\xfa\xce": (">", 28),
    b"\xfe\xed\xfa\xcf": (">", 32),
    b"\xce\xfa\xed\xfe": ("<", 28),
    b"\xcf\xfa\xed\xfe": ("<", 32),
}
"""First bytes → byte order, and bytes of the header."""
_UNIVERSAL = {b"\xca\xfe\xba\xbe": struct.Struct(">5I"), b"\xca\xfe\xba\xbf": struct.Struct(">IIQQII")}
"""First bytes → entry of the table of slices, which starts with CPU, subtype and offset."""


def is_native(start: bytes) -> bool:
    """Tell by the first four bytes whether :func:`read_native` is worth calling; Java classes look like it too."""
    return start[:4] == _ELF or start[:4] in _MACHO or start[:4] in _UNIVERSAL


def read_native(opened: IO[bytes], size: int, file: str) -> NativeFile | None:
    """Return what the headers of an ELF or Mach-O file say; None when it is neither.

    Args:
        opened: the file; where it stands does not matter.
        size: bytes of the file.
        file: its name below the store path.

    No content makes it raise: what is damaged, or beyond a bound, is named in ``problem``, and the other fields
    hold what was read nevertheless. Names are in the order of the file, each once.
    """
    reader = _Reader(opened, size)
    try:
        start = reader.at(0, 4)
    except (_Damaged, OSError):
        return None
    if start == _ELF:
        found = _Found("elf")
        _read_elf(reader, found)
    elif start in _MACHO:
        found = _Found("mach-o")
        _read_slice(reader, 0, found)
    else:
        slices = _slices(reader, start)
        if not slices:
            return None
        found = _Found("mach-o")
        _read_slices(reader, slices, found)
    return found.value(file)


class _Damaged(Exception):
    """A file that is not what its headers say, or more than is read."""


class _Reader:
    """Reads parts of a file that lie in it, until the bytes and reads for one file are used up."""

    def __init__(self, opened: IO[bytes], size: int) -> None:
        self.size = size
        self._opened = opened
        self._bytes, self._reads = _MOST_BYTES, _MOST_READS

    def at(self, offset: int, count: int) -> bytes:
        """Return exactly so many bytes from an offset."""
        if count < 0 or offset + count > self.size:
            raise _Damaged("beyond the end of the file")
        self._bytes -= count
        self._reads -= 1
        if self._bytes < 0 or self._reads < 0:
            raise _Damaged("too much is to be read")
        self._opened.seek(offset)
        data = self._opened.read(count)
        if len(data) < count:
            raise _Damaged("the file is shorter than expected")
        return data

    def some(self, offset: int, most: int) -> bytes:
        """Return bytes from an offset, up to the end of the file."""
        if offset > self.size:
            raise _Damaged("beyond the end of the file")
        return self.at(offset, min(most, self.size - offset))


@dataclass(slots=True)
class _Found:
    """What was read so far; names are keys, for their order and to have each once."""

    form: Literal["elf", "mach-o"]
    role: _Role | None = None
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
            raise _Damaged(f"there are more than {_MOST_NAMES}")
        if not self.names_left:
            raise _Damaged("too many names in all")
        self.names_left -= 1
        if raw:
            names[_line(raw)] = None

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


def _line(raw: bytes) -> str:
    return printable(raw.decode("utf-8", "replace"), _SHOWN)


def _until_nul(data: bytes) -> bytes:
    text, end, _ = data.partition(b"\0")
    if not end:
        raise _Damaged(f"a text has no end within {len(data)} bytes")
    return text


# ELF

_ELF_ROLES: dict[str, _Role] = {"ET_REL": "object", "ET_EXEC": "program"}
"""Those that the type alone tells."""
_HEADER, _TELLING = 64, 20
"""Bytes of a header, and those of them that tell class, byte order, type and machine."""
_DF_1_PIE = 0x08000000
_DLOPEN_NOTE = (b"FDO\0", 0x407C0C0A)
"""Owner and type, by https://systemd.io/ELF_DLOPEN_METADATA"""


def _read_elf(reader: _Reader, found: _Found) -> None:
    with found.reading("ELF header"):
        # its own readers are not bounded: pyelftools is given the header alone, and its shapes are used for the rest
        start = reader.some(0, _HEADER)
        elf = _Elf(_shapes(start[:_TELLING]), start, reader, found)
        elf.read_segments()
        elf.read_dynamic()
        elf.read_notes()


@lru_cache(maxsize=64)
def _shapes(start: bytes) -> Any:
    """Return what pyelftools knows of files that begin alike; working that out takes longer than reading one."""
    from elftools.elf.elffile import ELFFile

    return ELFFile(io.BytesIO(start.ljust(_HEADER, b"\0"))).structs


class _Elf:
    """Reads an ELF file by its segments, as loaders do: section headers may be missing or wrong."""

    def __init__(self, shapes: Any, start: bytes, reader: _Reader, found: _Found) -> None:
        self._shapes, self._reader, self._found = shapes, reader, found
        self._header = header = shapes.Elf_Ehdr.parse(start)
        self._segments: list[Any] = []
        self._needed: list[int] = []
        self._tags: dict[str | int, int] = {}
        found.machines[_elf_machine(shapes, reader)] = None
        found.role = _ELF_ROLES.get(header["e_type"])

    def read_segments(self) -> None:
        """Read the program headers and the loader."""
        with self._found.reading("program headers"):
            self._read_program_headers()
        with self._found.reading("loader"):
            for segment in self._of_type("PT_INTERP")[:1]:
                if segment["p_filesz"]:
                    raw = self._reader.some(segment["p_offset"], min(segment["p_filesz"], _TEXT_BYTES))
                    self._found.loader = _line(_until_nul(raw)) or None

    def _read_program_headers(self) -> None:
        shape = self._shapes.Elf_Phdr
        first, count, step = self._header["e_phoff"], self._header["e_phnum"], self._header["e_phentsize"]
        if count and step < shape.sizeof():
            raise _Damaged(f"they have {step} bytes each")
        for number in range(min(count, _MOST_HEADERS)):
            self._segments.append(shape.parse(self._reader.at(first + number * step, shape.sizeof())))
        if count > _MOST_HEADERS:
            raise _Damaged(f"there are more than {_MOST_HEADERS}")

    def _of_type(self, kind: str) -> list[Any]:
        return [segment for segment in self._segments if segment["p_type"] == kind]

    def read_dynamic(self) -> None:
        """Read the dynamic segment, and tell the role by it."""
        with self._found.reading("dynamic segment"):
            for segment in self._of_type("PT_DYNAMIC")[:1]:
                self._read_tags(segment["p_offset"], segment["p_filesz"])
        with self._found.reading("own name"):
            if "DT_SONAME" in self._tags:
                self._found.soname = _line(self._text(self._tags["DT_SONAME"])) or None
        with self._found.reading("needed libraries"):
            for offset in self._needed:
                self._found.add(self._found.needed, self._text(offset))
        with self._found.reading("search path"):
            for folder in self._search():
                self._found.add(self._found.search, folder)
        self._found.role = self._found.role or self._role()

    def _read_tags(self, first: int, size: int) -> None:
        shape = self._shapes.Elf_Dyn
        step = shape.sizeof()
        for number in range(min(size // step, _MOST_TAGS)):
            entry = shape.parse(self._reader.at(first + number * step, step))
            if entry.d_tag == "DT_NULL":
                return
            if entry.d_tag == "DT_NEEDED":
                self._needed.append(entry.d_val)
            else:
                self._tags[entry.d_tag] = entry.d_val  # of several, glibc takes the last as well
        if size:
            raise _Damaged("it has no end")

    def _search(self) -> list[bytes]:
        at = self._tags.get("DT_RUNPATH", self._tags.get("DT_RPATH"))
        return [] if at is None else self._text(at, _SEARCH_BYTES).split(b":")

    def _text(self, offset: int, most: int = _TEXT_BYTES) -> bytes:
        size = self._tags.get("DT_STRSZ", self._reader.size)
        if offset >= size:
            raise _Damaged("a text lies outside the string table")
        return _until_nul(self._reader.some(self._string_table + offset, min(size - offset, most + 1)))

    @cached_property
    def _string_table(self) -> int:
        """Return where the string table is in the file; its tag says where it is in memory."""
        address = self._tags.get("DT_STRTAB", -1)
        for segment in self._of_type("PT_LOAD"):
            if 0 <= address - segment["p_vaddr"] < segment["p_filesz"]:
                return int(address - segment["p_vaddr"] + segment["p_offset"])
        raise _Damaged("the string table lies in no segment")

    def _role(self) -> _Role:
        """Tell programs that can be loaded anywhere from libraries; glibc's libc has a loader and a name."""
        if self._tags.get("DT_FLAGS_1", 0) & _DF_1_PIE:
            return "program"
        return "program" if self._of_type("PT_INTERP") and "DT_SONAME" not in self._tags else "library"

    def read_notes(self) -> None:
        """Read which libraries the file says that it opens when it runs."""
        with self._found.reading("notes"):
            for segment in self._of_type("PT_NOTE")[:_MOST_NOTE_SEGMENTS]:
                data = self._reader.some(segment["p_offset"], min(segment["p_filesz"], _NOTE_BYTES))
                align = 8 if segment["p_align"] == 8 else 4
                for owner, kind, content in _notes(data, align, "<" if self._shapes.little_endian else ">"):
                    if (owner, kind) == _DLOPEN_NOTE:
                        self._add_opened(content)

    def _add_opened(self, content: bytes) -> None:
        for opened in _OPENED_LIST.decode(content.partition(b"\0")[0]):
            for name in opened.soname:
                self._found.add(self._found.optional, name.encode())


class _Opened(msgspec.Struct, gc=False):
    """A library that a file opens itself; whether it must be there is for the file to say at run time."""

    soname: list[str]


_OPENED_LIST = msgspec.json.Decoder(list[_Opened])


def _notes(data: bytes, align: int, order: str) -> Iterator[tuple[bytes, int, bytes]]:
    """Yield owner, type and content of the notes of a segment."""
    at = 0
    for _ in range(_MOST_NOTES):
        if at + 12 > len(data):
            return
        owner_size, size, kind = struct.unpack_from(f"{order}3I", data, at)
        begin = _aligned(at + 12 + owner_size, align)
        if begin + size > len(data):
            raise _Damaged("one of them ends outside its segment")
        yield data[at + 12 : at + 12 + owner_size], kind, data[begin : begin + size]
        at = _aligned(begin + size, align)
    raise _Damaged(f"there are more than {_MOST_NOTES}")


def _aligned(offset: int, align: int) -> int:
    return -(-offset // align) * align


def _elf_machine(shapes: Any, reader: _Reader) -> str:
    """Name the CPU as ``uname -m`` does; the number is read again, for pyelftools gives names of its own."""
    number = int.from_bytes(reader.at(18, 2), "little" if shapes.little_endian else "big")
    wide, little = shapes.elfclass == 64, shapes.little_endian
    names = {
        3: "i686",
        8: "mips64" if wide else "mips",
        20: "ppc",
        21: "ppc64le" if little else "ppc64",
        22: "s390x" if wide else "s390",
        40: "arm",
        62: "x86_64",
        183: "aarch64" if little else "aarch64_be",
        243: "riscv64" if wide else "riscv32",
        258: "loongarch64" if wide else "loongarch32",
    }
    return names.get(number, f"machine {number}")


# Mach-O

_CPUS = {
    7: "i686",
    12: "arm",
    18: "ppc",
    0x01000007: "x86_64",
    0x0100000C: "aarch64",
    0x01000012: "ppc64",
}
_ROLES: dict[int, _Role] = {1: "object", 2: "program"}
"""MH_OBJECT and MH_EXECUTE; all others are loaded by something."""
_ID_DYLIB, _LOAD_DYLINKER, _RPATH, _LOAD_WEAK_DYLIB = 0xD, 0xE, 0x8000001C, 0x80000018
_LOADS = frozenset({0xC, _LOAD_WEAK_DYLIB, 0x8000001F, 0x20, 0x80000023})
"""LC_LOAD_DYLIB, LC_LOAD_WEAK_DYLIB, LC_REEXPORT_DYLIB, LC_LAZY_LOAD_DYLIB, LC_LOAD_UPWARD_DYLIB."""
_WITH_TEXT = _LOADS | {_ID_DYLIB, _LOAD_DYLINKER, _RPATH}


def _slices(reader: _Reader, start: bytes) -> list[tuple[int, int]]:
    """Return CPU and offset of the slices of a universal file; empty when it is none.

    Java classes have the same first bytes, then their version: taken for a count it is 45 or more.
    """
    entry = _UNIVERSAL.get(start)
    if entry is None:
        return []
    try:
        count = int.from_bytes(reader.at(4, 4), "big")
        table = reader.at(8, count * entry.size) if count <= _MOST_SLICES else b""
    except (_Damaged, OSError):
        return []
    slices = [(cpu, offset) for cpu, _, offset, *_ in entry.iter_unpack(table)]
    return slices if any(8 + len(table) <= offset < reader.size for _, offset in slices) else []


def _read_slices(reader: _Reader, slices: list[tuple[int, int]], found: _Found) -> None:
    for cpu, offset in slices:
        found.machines[_cpu(cpu)] = None
        _read_slice(reader, offset, found)


def _read_slice(reader: _Reader, base: int, found: _Found) -> None:
    with found.reading("Mach-O header"):
        start = reader.some(base, 28)
        if start.startswith(b"!<arch>\n"):  # a universal static library
            found.role = found.role or "object"
            return
        if start[:4] not in _MACHO or len(start) < 28:
            raise _Damaged("it is none, or cut off")
        order, length = _MACHO[start[:4]]
        cpu, _, kind, count, size = struct.unpack_from(f"{order}5I", start, 4)
        found.machines[_cpu(cpu)] = None
        found.role = found.role or _ROLES.get(kind, "library")
        with found.reading("load commands"):
            commands = reader.some(base + length, min(size, _COMMAND_BYTES))
            for number, command in _commands(commands, order, count):
                if number in _WITH_TEXT:
                    _note_command(number, _command_text(command, order), found)


def _commands(data: bytes, order: str, count: int) -> Iterator[tuple[int, bytes]]:
    """Yield number and bytes of each load command."""
    head = struct.Struct(f"{order}2I")
    at = 0
    for _ in range(min(count, _MOST_COMMANDS)):
        if at + head.size > len(data):
            raise _Damaged(f"{count} do not fit where they should be")
        number, size = head.unpack_from(data, at)
        if size < head.size or at + size > len(data):
            raise _Damaged(f"one of them is said to have {size} bytes")
        yield number, data[at : at + size]
        at += size
    if count > _MOST_COMMANDS:
        raise _Damaged(f"there are more than {_MOST_COMMANDS}")


def _command_text(command: bytes, order: str) -> bytes:
    """Return the text that a load command points to, which lies in the command itself."""
    offset = int.from_bytes(command[8:12], "little" if order == "<" else "big")
    if not 12 <= offset < len(command):
        raise _Damaged("the text of one lies outside it")
    # a text may fill its command to the end, and then has no NUL
    return command[offset : offset + _TEXT_BYTES].partition(b"\0")[0]


def _note_command(number: int, text: bytes, found: _Found) -> None:
    if number in _LOADS:
        found.add(found.needed, text)
    if number == _LOAD_WEAK_DYLIB:
        found.add(found.optional, text)
    elif number == _RPATH:
        found.add(found.search, text)
    elif number == _ID_DYLIB:
        found.soname = found.soname or _line(text) or None
    elif number == _LOAD_DYLINKER:
        found.loader = found.loader or _line(text) or None


def _cpu(number: int) -> str:
    return _CPUS.get(number, f"machine {number}")
