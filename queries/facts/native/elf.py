"""What does an ELF file ask its loader for? Program headers, the dynamic segment and notes are read."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import Any

import msgspec

from pyclosure.queries.facts.native.reader import TEXT_BYTES, Damaged, Found, Reader, Role, line_of, until_nul

MAGIC = b"\x7fELF"
_MOST_HEADERS = 512
_MOST_TAGS = 2048
_MOST_NOTE_SEGMENTS = 16
_MOST_NOTES = 1024
_NOTE_BYTES = 64 * 1024
_SEARCH_BYTES = 64 * 1024
"""A RUNPATH is one text with all directories: sixty of the store are more than 4096 bytes."""
_ELF_ROLES: dict[str, Role] = {"ET_REL": "object", "ET_EXEC": "program"}
"""Those that the type alone tells."""
_HEADER, _TELLING = 64, 20
"""Bytes of a header, and those of them that tell class, byte order, type and machine."""
_DF_1_PIE = 0x08000000
_DLOPEN_NOTE = (b"FDO\0", 0x407C0C0A)
"""Owner and type, by https://systemd.io/ELF_DLOPEN_METADATA"""


def read_elf(reader: Reader, found: Found) -> None:
    """Read an ELF file; what cannot be read is noted in ``found``."""
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

    def __init__(self, shapes: Any, start: bytes, reader: Reader, found: Found) -> None:
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
                    raw = self._reader.some(segment["p_offset"], min(segment["p_filesz"], TEXT_BYTES))
                    self._found.loader = line_of(until_nul(raw)) or None

    def _read_program_headers(self) -> None:
        shape = self._shapes.Elf_Phdr
        first, count, step = self._header["e_phoff"], self._header["e_phnum"], self._header["e_phentsize"]
        if count and step < shape.sizeof():
            raise Damaged(f"they have {step} bytes each")
        for number in range(min(count, _MOST_HEADERS)):
            self._segments.append(shape.parse(self._reader.index(first + number * step, shape.sizeof())))
        if count > _MOST_HEADERS:
            raise Damaged(f"there are more than {_MOST_HEADERS}")

    def _of_type(self, kind: str) -> list[Any]:
        return [segment for segment in self._segments if segment["p_type"] == kind]

    def read_dynamic(self) -> None:
        """Read the dynamic segment, and tell the role by it."""
        with self._found.reading("dynamic segment"):
            for segment in self._of_type("PT_DYNAMIC")[:1]:
                self._read_tags(segment["p_offset"], segment["p_filesz"])
        with self._found.reading("own name"):
            if "DT_SONAME" in self._tags:
                self._found.soname = line_of(self._text(self._tags["DT_SONAME"])) or None
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
            entry = shape.parse(self._reader.index(first + number * step, step))
            if entry.d_tag == "DT_NULL":
                return
            if entry.d_tag == "DT_NEEDED":
                self._needed.append(entry.d_val)
            else:
                self._tags[entry.d_tag] = entry.d_val  # of several, glibc takes the last as well
        if size:
            raise Damaged("it has no end")

    def _search(self) -> list[bytes]:
        index = self._tags.get("DT_RUNPATH", self._tags.get("DT_RPATH"))
        return [] if index is None else self._text(index, _SEARCH_BYTES).split(b":")

    def _text(self, offset: int, most: int = TEXT_BYTES) -> bytes:
        size = self._tags.get("DT_STRSZ", self._reader.size)
        if offset >= size:
            raise Damaged("a text lies outside the string table")
        return until_nul(self._reader.some(self._string_table + offset, min(size - offset, most + 1)))

    @cached_property
    def _string_table(self) -> int:
        """Return where the string table is in the file; its tag says where it is in memory."""
        address = self._tags.get("DT_STRTAB", -1)
        for segment in self._of_type("PT_LOAD"):
            if 0 <= address - segment["p_vaddr"] < segment["p_filesz"]:
                return int(address - segment["p_vaddr"] + segment["p_offset"])
        raise Damaged("the string table lies in no segment")

    def _role(self) -> Role:
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
    index = 0
    for _ in range(_MOST_NOTES):
        if index + 12 > len(data):
            return
        owner_size, size, kind = struct.unpack_from(f"{order}3I", data, index)
        begin = _aligned(index + 12 + owner_size, align)
        if begin + size > len(data):
            raise Damaged("one of them ends outside its segment")
        yield data[index + 12 : index + 12 + owner_size], kind, data[begin : begin + size]
        index = _aligned(begin + size, align)
    raise Damaged(f"there are more than {_MOST_NOTES}")


def _aligned(offset: int, align: int) -> int:
    return -(-offset // align) * align


def _elf_machine(shapes: Any, reader: Reader) -> str:
    """Name the CPU as ``uname -m`` does; the number is read again, for pyelftools gives names of its own."""
    number = int.from_bytes(reader.index(18, 2), "little" if shapes.little_endian else "big")
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
