"""What does a Mach-O file ask its loader for? Load commands are read, of every slice of a universal file."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from pyclosure.queries.facts.native.reader import TEXT_BYTES, Damaged, Found, Reader, Role, line_of

MAGIC = {
    b"\xfe\xed\xfa\xce": (">", 28),
    b"\xfe\xed\xfa\xcf": (">", 32),
    b"\xce\xfa\xed\xfe": ("<", 28),
    b"\xcf\xfa\xed\xfe": ("<", 32),
}
"""First bytes → byte order, and bytes of the header."""
UNIVERSAL = {b"\xca\xfe\xba\xbe": struct.Struct(">5I"), b"\xca\xfe\xba\xbf": struct.Struct(">IIQQII")}
"""First bytes → entry of the table of slices, which starts with CPU, subtype and offset."""

_MOST_SLICES = 32
_MOST_COMMANDS = 2048
_COMMAND_BYTES = 256 * 1024
_CPUS = {
    7: "i686",
    12: "arm",
    18: "ppc",
    0x01000007: "x86_64",
    0x0100000C: "aarch64",
    0x01000012: "ppc64",
}
_ROLES: dict[int, Role] = {1: "object", 2: "program"}
"""MH_OBJECT and MH_EXECUTE; all others are loaded by something."""
_ID_DYLIB, _LOAD_DYLINKER, _RPATH, _LOAD_WEAK_DYLIB = 0xD, 0xE, 0x8000001C, 0x80000018
_LOADS = frozenset({0xC, _LOAD_WEAK_DYLIB, 0x8000001F, 0x20, 0x80000023})
"""LC_LOAD_DYLIB, LC_LOAD_WEAK_DYLIB, LC_REEXPORT_DYLIB, LC_LAZY_LOAD_DYLIB, LC_LOAD_UPWARD_DYLIB."""
_WITH_TEXT = _LOADS | {_ID_DYLIB, _LOAD_DYLINKER, _RPATH}


def slices_of(reader: Reader, start: bytes) -> list[tuple[int, int]]:
    """Return CPU and offset of the slices of a universal file; empty when it is none.

    Java classes have the same first bytes, then their version: taken for a count it is 45 or more.
    """
    entry = UNIVERSAL.get(start)
    if entry is None:
        return []
    try:
        count = int.from_bytes(reader.index(4, 4), "big")
        table = reader.index(8, count * entry.size) if count <= _MOST_SLICES else b""
    except (Damaged, OSError):
        return []
    slices = [(cpu, offset) for cpu, _, offset, *_ in entry.iter_unpack(table)]
    return slices if any(8 + len(table) <= offset < reader.size for _, offset in slices) else []


def read_slices(reader: Reader, slices: list[tuple[int, int]], found: Found) -> None:
    """Read the slices of a universal file, each given by its CPU and offset."""
    for cpu, offset in slices:
        found.machines[_cpu(cpu)] = None
        read_slice(reader, offset, found)


def read_slice(reader: Reader, base: int, found: Found) -> None:
    """Read a Mach-O file, or a slice that begins at ``base``; what cannot be read is noted in ``found``."""
    with found.reading("Mach-O header"):
        start = reader.some(base, 28)
        if start.startswith(b"!<arch>\n"):  # a universal static library
            found.role = found.role or "object"
            return
        if start[:4] not in MAGIC or len(start) < 28:
            raise Damaged("it is none, or cut off")
        order, length = MAGIC[start[:4]]
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
    index = 0
    for _ in range(min(count, _MOST_COMMANDS)):
        if index + head.size > len(data):
            raise Damaged(f"{count} do not fit where they should be")
        number, size = head.unpack_from(data, index)
        if size < head.size or index + size > len(data):
            raise Damaged(f"one of them is said to have {size} bytes")
        yield number, data[index : index + size]
        index += size
    if count > _MOST_COMMANDS:
        raise Damaged(f"there are more than {_MOST_COMMANDS}")


def _command_text(command: bytes, order: str) -> bytes:
    """Return the text that a load command points to, which lies in the command itself."""
    offset = int.from_bytes(command[8:12], "little" if order == "<" else "big")
    if not 12 <= offset < len(command):
        raise Damaged("the text of one lies outside it")
    # a text may fill its command to the end, and then has no NUL
    return command[offset : offset + TEXT_BYTES].partition(b"\0")[0]


def _note_command(number: int, text: bytes, found: Found) -> None:
    if number in _LOADS:
        found.add(found.needed, text)
    if number == _LOAD_WEAK_DYLIB:
        found.add(found.optional, text)
    elif number == _RPATH:
        found.add(found.search, text)
    elif number == _ID_DYLIB:
        found.soname = found.soname or line_of(text) or None
    elif number == _LOAD_DYLINKER:
        found.loader = found.loader or line_of(text) or None


def _cpu(number: int) -> str:
    return _CPUS.get(number, f"machine {number}")
