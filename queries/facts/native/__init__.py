"""What does an ELF or Mach-O file ask its loader for: which libraries, sought where, under which own name?

Only headers are read, never code, and nothing is loaded. The files are of unknown origin: every count, size
and offset in them is checked against a bound before it is used.
"""

from __future__ import annotations

from typing import IO

from pyclosure.queries.base.inspection import NativeFile
from pyclosure.queries.facts.native import elf, mach_o
from pyclosure.queries.facts.native.reader import Damaged, Found, Reader


def is_native(start: bytes) -> bool:
    """Tell by the first four bytes whether :func:`read_native` is worth calling; Java classes look like it too."""
    return start[:4] == elf.MAGIC or start[:4] in mach_o.MAGIC or start[:4] in mach_o.UNIVERSAL


def read_native(opened: IO[bytes], size: int, file: str) -> NativeFile | None:
    """Return what the headers of an ELF or Mach-O file say; None when it is neither.

    Args:
        opened: the file; where it stands does not matter.
        size: bytes of the file.
        file: its name below the store path.

    No content makes it raise: what is damaged, or beyond a bound, is named in ``problem``, and the other fields
    hold what was read nevertheless. Names are in the order of the file, each once.
    """
    reader = Reader(opened, size)
    try:
        start = reader.index(0, 4)
    except (Damaged, OSError):
        return None
    if start == elf.MAGIC:
        found = Found("elf")
        elf.read_elf(reader, found)
    elif start in mach_o.MAGIC:
        found = Found("mach-o")
        mach_o.read_slice(reader, 0, found)
    else:
        slices = mach_o.slices_of(reader, start)
        if not slices:
            return None
        found = Found("mach-o")
        mach_o.read_slices(reader, slices, found)
    return found.value(file)
