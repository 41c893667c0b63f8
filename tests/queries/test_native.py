"""What ELF and Mach-O files ask their loader for, in files of the system, made ones and damaged ones."""

from __future__ import annotations

import io
import os
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pyclosure.queries.base.inspection import NativeFile
from pyclosure.queries.facts.native import is_native, read_native, reader
from tests.support import binaries
from tests.support.binaries import elf, macho, universal
from tests.support.sentences import assert_plain
from tests.support.work import at_most

FOLDER = "/nix/store/s66mzxpvicwk07gjbjfw9izjfa797vsw-zlib-1.3.1/lib"
LOADER = "/nix/store/s66mzxpvicwk07gjbjfw9izjfa797vsw-glibc-2.40/lib/ld-linux-x86-64.so.2"
PYTHON = Path(sys.executable).resolve()
LIBRARIES = Path("/usr/lib/x86_64-linux-gnu")
MOST_CALLS = 500_000
"""Seconds that no file may need; on an idle machine none of them needs 0.2."""

needs_readelf = pytest.mark.skipif(not shutil.which("readelf"), reason="no binutils here")
needs_objdump = pytest.mark.skipif(not shutil.which("llvm-objdump"), reason="no LLVM here")


def read(data: bytes, file: str = "lib/liba.so") -> NativeFile:
    found = read_native(io.BytesIO(data), len(data), file)
    assert found is not None
    return found


def valid(found: NativeFile) -> bool:
    """Tell whether a value is what its type says; ``Line`` refuses control characters."""
    return msgspec.json.decode(msgspec.json.encode(found), type=NativeFile) == found


def patched(data: bytes, index: int, shape: str, *values: int) -> bytes:
    packed = struct.pack(shape, *values)
    return data[:index] + packed + data[index + len(packed) :]


# ELF


def test_a_library_tells_what_it_needs_where_and_its_name() -> None:
    data = elf(needed=["libz.so.1", "libc.so.6"], runpath=f"{FOLDER}:$ORIGIN/../lib", soname="liba.so.2")

    assert read(data) == NativeFile(
        file="lib/liba.so",
        form="elf",
        role="library",
        machines=("x86_64",),
        needed=("libz.so.1", "libc.so.6"),
        search=(FOLDER, "$ORIGIN/../lib"),
        soname="liba.so.2",
    )


@pytest.mark.parametrize("pie", [True, False])
def test_a_program_has_a_loader(pie: bool) -> None:
    found = read(elf(kind="program", interp=LOADER, needed=["libc.so.6"], pie=pie), "bin/a")

    assert (found.role, found.loader, found.needed, found.soname) == ("program", LOADER, ("libc.so.6",), None)
    assert found.problem is None


@pytest.mark.parametrize(
    ("words", "role"),
    [
        ({}, "library"),
        ({"soname": "liba.so"}, "library"),
        ({"soname": "libc.so.6", "interp": LOADER}, "library"),
        ({"interp": LOADER}, "program"),
        ({"kind": "program", "interp": LOADER, "soname": "a"}, "program"),
        ({"kind": "program"}, "program"),
        ({"kind": "program", "pie": False}, "program"),
        ({"kind": "program", "pie": False, "soname": "a"}, "program"),
        ({"kind": "object"}, "object"),
    ],
)
def test_the_role_follows_from_type_loader_name_and_flags(words: dict[str, Any], role: str) -> None:
    found = read(elf(**words))

    assert (found.role, found.problem) == (role, None)


@pytest.mark.parametrize(
    ("machine", "bits", "big_endian", "expected"),
    [
        ("x86_64", None, None, "x86_64"),
        ("i686", None, None, "i686"),
        ("aarch64", None, None, "aarch64"),
        ("aarch64", None, True, "aarch64_be"),
        ("arm", None, None, "arm"),
        ("riscv64", None, None, "riscv64"),
        ("riscv64", 32, None, "riscv32"),
        ("ppc64", None, None, "ppc64"),
        ("ppc64le", None, None, "ppc64le"),
        (20, 32, True, "ppc"),
        ("s390x", None, None, "s390x"),
        ("s390x", 32, None, "s390"),
        ("loongarch64", None, None, "loongarch64"),
        ("loongarch64", 32, None, "loongarch32"),
        (8, 64, True, "mips64"),
        (8, 32, False, "mips"),
        (247, 64, False, "machine 247"),
        (65535, 32, True, "machine 65535"),
    ],
)
def test_each_machine_has_its_usual_name(
    machine: str | int, bits: int | None, big_endian: bool | None, expected: str
) -> None:
    data = elf(
        machine=machine,
        bits=bits,
        big_endian=big_endian,
        needed=["libz.so.1"],
        runpath=FOLDER,
        interp=LOADER,
        soname="liba.so",
        dlopen_notes=[{"soname": ["libdl.so.2"]}],
    )

    assert read(data) == NativeFile(
        file="lib/liba.so",
        form="elf",
        role="library",
        machines=(expected,),
        needed=("libz.so.1",),
        search=(FOLDER,),
        soname="liba.so",
        loader=LOADER,
        optional=("libdl.so.2",),
    )


def test_rpath_counts_only_without_runpath_as_for_the_loader() -> None:
    assert read(elf(rpath="/old:/older")).search == ("/old", "/older")
    assert read(elf(rpath="/old", runpath="/new")).search == ("/new",)
    assert read(elf(rpath="/old", runpath="")).search == ()


def test_empty_and_repeated_directories_are_dropped() -> None:
    found = read(elf(runpath=":/b::/a:/b:"))

    assert (found.search, found.problem) == (("/b", "/a"), None)


def test_a_run_path_of_a_hundred_store_paths_is_read_whole() -> None:
    folders = [f"{FOLDER}{number}" for number in range(100)]

    assert read(elf(runpath=":".join(folders))).search == tuple(folders)


def test_dlopen_notes_name_optional_libraries_required_ones_too() -> None:
    notes: list[dict[str, object] | bytes] = [
        {"soname": ["libb.so.2", "libb.so.1"], "feature": "b", "description": "b", "priority": "recommended"},
        {"soname": ["libc.so.1"], "priority": "required"},
        {"soname": ["libd.so.1"]},
        b'[{"soname": ["libe.so.1"]}, {"soname": ["libd.so.1"]}]\0\0, no more',
    ]

    found = read(elf(needed=["libz.so.1"], dlopen_notes=notes))

    assert found.optional == ("libb.so.2", "libb.so.1", "libc.so.1", "libd.so.1", "libe.so.1")
    assert (found.needed, found.problem) == (("libz.so.1",), None)


def test_notes_of_other_owners_and_types_are_no_dlopen_notes() -> None:
    data = elf(dlopen_notes=[{"soname": ["liba.so"]}])

    for other in (data.replace(b"FDO\0", b"GNU\0"), data.replace(b"\x0a\x0c\x7c\x40", b"\x7e\x1a\xfe\xca")):
        assert other != data
        assert (read(other).optional, read(other).problem) == ((), None)


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b'["liba.so"]', b'[{"soname": "liba.so"}]', b"[" * 5000, b'[{"soname": ["\\ud800"]}]', b"\xff"],
)
def test_a_broken_note_is_a_problem_and_the_rest_is_kept(content: bytes) -> None:
    found = read(elf(needed=["libz.so.1"], dlopen_notes=[{"soname": ["libb.so"]}, content]))

    assert (found.needed, found.optional) == (("libz.so.1",), ("libb.so",))
    assert found.problem is not None
    assert found.problem.startswith("cannot read its notes: ")


def test_notes_of_segments_aligned_to_eight_are_found_as_well() -> None:
    first = b"GNU\0" + b"x" * 4
    content = b'[{"soname": ["liba.so"]}]\0'
    notes = struct.pack("<3I", 4, len(first) - 4, 5) + first
    notes += bytes(-len(notes) % 8) + struct.pack("<3I", 4, len(content), 0x407C0C0A) + b"FDO\0" + content
    data = elf(dlopen_notes=[bytes(len(notes))])
    index = data.index(b"FDO\0") - 12
    note_header = 64 + 56  # behind the PT_LOAD
    data = data[:index] + notes + data[index + len(notes) :]

    found = read(patched(patched(data, note_header + 32, "<Q", len(notes)), note_header + 48, "<Q", 8))

    assert (found.optional, found.problem) == (("liba.so",), None)


def test_texts_are_safe_to_show_and_cut() -> None:
    found = read(elf(needed=["lib\x1b[31m\n.so", "l" * 4000], soname="größe\u202e", runpath="/a\0"))

    assert found.needed == ("lib\ufffd[31m\ufffd.so", "l" * 300 + "…")
    assert found.soname == "größe\ufffd"
    assert valid(found)


def test_text_that_is_not_utf_8_is_replaced() -> None:
    assert read(elf(needed=["libXY.so"]).replace(b"XY", b"\xff\xfe")).needed == ("lib\ufffd\ufffd.so",)


def test_the_name_of_the_file_is_made_safe() -> None:
    assert read(elf(), "lib/a\udcff\n.so").file == "lib/a\ufffd\ufffd.so"


# Mach-O


def test_a_dylib_tells_what_it_needs_where_and_its_install_name() -> None:
    data = macho(
        needed=["/usr/lib/libSystem.B.dylib"],
        weak=["@rpath/libweak.dylib"],
        reexport=["/r.dylib"],
        lazy=["/l.dylib"],
        upward=["/u.dylib"],
        rpath=[FOLDER, "@loader_path/../lib"],
        id=f"{FOLDER}/liba.1.dylib",
        arch="arm64",
    )

    assert read(data, "lib/liba.1.dylib") == NativeFile(
        file="lib/liba.1.dylib",
        form="mach-o",
        role="library",
        machines=("aarch64",),
        needed=("/usr/lib/libSystem.B.dylib", "@rpath/libweak.dylib", "/r.dylib", "/l.dylib", "/u.dylib"),
        search=(FOLDER, "@loader_path/../lib"),
        soname=f"{FOLDER}/liba.1.dylib",
        optional=("@rpath/libweak.dylib",),
    )


@pytest.mark.parametrize(
    ("kind", "role", "loader"),
    [
        ("execute", "program", "/usr/lib/dyld"),
        ("dylib", "library", None),
        ("bundle", "library", None),
        ("object", "object", None),
    ],
)
def test_the_role_follows_from_the_file_type(kind: str, role: str, loader: str | None) -> None:
    found = read(macho(kind=kind, needed=["/a.dylib"]))

    assert (found.role, found.loader, found.needed, found.problem) == (role, loader, ("/a.dylib",), None)


@pytest.mark.parametrize(
    ("arch", "expected"),
    [
        ("x86_64", "x86_64"),
        ("arm64", "aarch64"),
        ("i386", "i686"),
        ("arm", "arm"),
        ("ppc", "ppc"),
        ("ppc64", "ppc64"),
        (0x0200000C, "machine 33554444"),
    ],
)
def test_both_sizes_and_byte_orders_are_read(arch: str | int, expected: str) -> None:
    found = read(macho(arch=arch, needed=["/a.dylib"], weak=["/w.dylib"], rpath=["/r"], id="/i.dylib"))

    assert found.machines == (expected,)
    assert (found.needed, found.optional) == (("/a.dylib", "/w.dylib"), ("/w.dylib",))
    assert (found.search, found.soname, found.problem) == (("/r",), "/i.dylib", None)


@pytest.mark.parametrize("wide", [False, True])
def test_a_universal_file_is_the_union_of_its_slices(wide: bool) -> None:
    old = macho(arch="ppc", needed=["/a.dylib", "/b.dylib"], rpath=["/r"], id="/i.dylib", kind="dylib")
    new = macho(arch="arm64", needed=["/c.dylib", "/a.dylib"], weak=["/w.dylib"], rpath=["/s", "/r"], id="/j.dylib")

    found = read(universal([((18, 0), old), ((0x0100000C, 0), new)], wide=wide))

    assert found == NativeFile(
        file="lib/liba.so",
        form="mach-o",
        role="library",
        machines=("ppc", "aarch64"),
        needed=("/a.dylib", "/b.dylib", "/c.dylib", "/w.dylib"),
        search=("/r", "/s"),
        soname="/i.dylib",
        optional=("/w.dylib",),
    )


@pytest.mark.parametrize(("kinds", "role"), [(("execute", "dylib"), "program"), (("bundle", "execute"), "library")])
def test_a_universal_file_has_the_role_of_its_first_slice(kinds: tuple[str, str], role: str) -> None:
    slices = [((0x01000007, 3), macho(kind=kind)) for kind in kinds]

    assert read(universal(slices)).role == role


def test_architectures_given_to_the_writer_make_a_universal_file() -> None:
    data = macho(arch=["x86_64", "arm64"], kind="execute", needed=["/a.dylib"])

    assert data.startswith(b"\xca\xfe\xba\xbe")
    assert (read(data).machines, read(data).role) == (("x86_64", "aarch64"), "program")


def test_a_universal_static_library_is_for_linking() -> None:
    archive = b"!<arch>\n" + b"x" * 100

    found = read(universal([((0x01000007, 3), archive), ((0x0100000C, 0), archive)]))

    assert (found.role, found.machines, found.problem) == ("object", ("x86_64", "aarch64"), None)


def test_a_slice_that_is_something_else_is_a_problem_and_the_others_are_read() -> None:
    found = read(universal([((7, 3), b"\0" * 64), ((12, 9), macho(arch="arm", needed=["/a.dylib"]))]))

    assert (found.machines, found.needed) == (("i686", "arm"), ("/a.dylib",))
    assert found.problem == "cannot read its Mach-O header: it is none, or cut off"


def test_a_text_that_fills_its_command_needs_no_end() -> None:
    data = macho(rpath=["/1234567"], needed=["/a.dylib"])
    index = data.index(b"/1234567") - 12
    number, size, offset = struct.unpack_from("<3I", data, index)
    assert (number, size, offset) == (0x8000001C, 24, 12)

    found = read(data.replace(b"/1234567\0\0\0\0", b"/1234567890a"))

    assert (found.search, found.problem) == (("/1234567890a",), None)


# neither


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x7fEL",
        b"\xca\xfe\xba",
        b"#!/bin/sh\necho\n",
        b"MZ\x90\0" + bytes(200),
        b"!<arch>\n" + bytes(100),
        b"PK\x03\x04" + bytes(100),
        bytes(1000),
    ],
)
def test_other_files_are_neither(data: bytes) -> None:
    assert read_native(io.BytesIO(data), len(data), "a") is None
    assert not is_native(data)


@pytest.mark.parametrize("version", [45, 50, 52, 61, 65, 69])
def test_a_java_class_is_no_universal_file(version: int) -> None:
    data = b"\xca\xfe\xba\xbe" + struct.pack(">HH", 0, version) + b"\0\x1d\x0a\0\x06" * 500

    assert is_native(data)
    assert read_native(io.BytesIO(data), len(data), "A.class") is None


@pytest.mark.parametrize("magic", [b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf"])
@pytest.mark.parametrize("count", [0, 33, 2**31, 2**32 - 1])
def test_an_unlikely_number_of_slices_is_no_universal_file(magic: bytes, count: int) -> None:
    data = magic + struct.pack(">I", count) + macho() * 100

    assert read_native(io.BytesIO(data), len(data), "a") is None


def test_32_slices_are_a_universal_file_and_33_are_none() -> None:
    slices = [((number, 0), macho(arch="i386")) for number in range(33)]

    assert len(read(universal(slices[:32])).machines) == 32
    data = universal(slices)
    assert read_native(io.BytesIO(data), len(data), "a") is None


@pytest.mark.parametrize("offset", [0, 27, 2**31, 2**32 - 1])
def test_slices_at_impossible_offsets_are_no_universal_file(offset: int) -> None:
    data = patched(universal([((7, 3), macho(arch="i386"))]), 16, ">I", offset)

    assert read_native(io.BytesIO(data), len(data), "a") is None


def test_the_first_four_bytes_tell_whether_reading_is_worth_it() -> None:
    assert is_native(elf()[:4])
    for arch in ("x86_64", "i386", "ppc", "ppc64"):
        assert is_native(macho(arch=arch)[:4])
    assert is_native(macho(fat64=True)[:4])
    assert not is_native(elf()[:3])


# damaged files

FULL_ELF = elf(
    needed=["libz.so.1", "libc.so.6"],
    runpath=f"{FOLDER}:/x",
    soname="liba.so",
    interp=LOADER,
    dlopen_notes=[{"soname": ["libb.so"]}],
)
FULL_ELF_32 = elf(needed=["libz.so.1"], rpath="/x:/y", machine="arm", dlopen_notes=[{"soname": ["libb.so"]}])
FULL_MACHO = macho(needed=["/a.dylib"], weak=["/w.dylib"], rpath=["/r", "/s"], id="/i.dylib", kind="dylib")
FULL_FAT = macho(needed=["/a.dylib"], weak=["/w.dylib"], rpath=["/r"], arch=["ppc", "arm64"], kind="execute")
SAMPLES = (FULL_ELF, FULL_ELF_32, FULL_MACHO, FULL_FAT)


def _segment(data: bytes, kind: int) -> int:
    """Return where a program header of a 64-bit little-endian file is."""
    count = struct.unpack_from("<H", data, 56)[0]
    places = [64 + 56 * number for number in range(count)]
    return next(index for index in places if struct.unpack_from("<I", data, index)[0] == kind)


def _tag(data: bytes, tag: int) -> int:
    """Return where the value of a dynamic tag is."""
    first, _, _, size = struct.unpack_from("<4Q", data, _segment(data, 2) + 8)
    places = range(first, first + size, 16)
    return next(index + 8 for index in places if struct.unpack_from("<Q", data, index)[0] == tag)


def test_the_samples_are_whole() -> None:
    for data in SAMPLES:
        assert read(data).problem is None
        assert read(data).needed
        assert read(data).optional


@pytest.mark.parametrize("data", SAMPLES, ids=["elf", "elf-32", "mach-o", "universal"])
def test_a_file_cut_anywhere_gives_a_part_of_what_it_says(data: bytes) -> None:
    whole = read(data)
    for length in range(len(data)):
        found = read_native(io.BytesIO(data[:length]), length, "lib/liba.so")
        if found is None:
            assert length < 4 or data[:2] == b"\xca\xfe"
            continue
        assert valid(found)
        for field in ("machines", "needed", "search", "optional"):
            part = getattr(found, field)
            assert part == getattr(whole, field)[: len(part)]
        assert found.soname in (None, whole.soname)
        assert found.problem is not None or found.needed == whole.needed


def test_a_file_that_is_shorter_than_was_said_is_a_problem() -> None:
    found = read_native(io.BytesIO(FULL_ELF[:100]), len(FULL_ELF), "a")

    assert found is not None
    assert found.problem == "cannot read its program headers: the file is shorter than expected"
    assert read_native(io.BytesIO(b""), 100, "a") is None


class _Broken(io.BytesIO):
    """A file on a disk that gives only its first bytes."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() >= 64:
            raise OSError(5, "Input/output error")
        return super().read(size)


def test_a_file_that_cannot_be_read_on_is_a_problem() -> None:
    found = read_native(_Broken(FULL_ELF), len(FULL_ELF), "a")

    assert found is not None
    assert (found.machines, found.needed) == (("x86_64",), ())
    assert found.problem == "cannot read its program headers: [Errno 5] Input/output error"


@pytest.mark.parametrize(
    ("index", "value"), [(4, 0), (4, 3), (5, 0), (5, 3)], ids=["no class", "class 3", "no byte order", "byte order 3"]
)
def test_a_header_of_no_known_form_is_a_problem(index: int, value: int) -> None:
    found = read(patched(FULL_ELF, index, "B", value))

    assert found.problem is not None
    assert found.problem.startswith("cannot read its ELF header: ")
    assert (found.machines, found.role, found.needed) == ((), "library", ())


def test_more_program_headers_than_any_file_has_are_not_read() -> None:
    found = read(patched(FULL_ELF, 56, "<H", 0xFFFF) + bytes(100_000))

    assert found.problem == "cannot read its program headers: there are more than 512"
    assert (found.needed, found.loader) == (("libz.so.1", "libc.so.6"), LOADER)


@pytest.mark.parametrize("size", [0, 1, 55])
def test_program_headers_of_an_impossible_size_are_not_read(size: int) -> None:
    found = read(patched(FULL_ELF, 54, "<H", size))

    assert found.problem == f"cannot read its program headers: they have {size} bytes each"
    assert found.needed == ()


@pytest.mark.parametrize("offset", [2**64 - 1, 2**63, 2**63 - 1, 2**64 - 56, 2**40])
def test_offsets_that_could_be_negative_are_outside_the_file(offset: int) -> None:
    found = read(patched(FULL_ELF, 32, "<Q", offset))
    assert found.problem == "cannot read its program headers: beyond the end of the file"

    found = read(patched(FULL_ELF, _segment(FULL_ELF, 2) + 8, "<Q", offset))
    assert found.problem == "cannot read its dynamic segment: beyond the end of the file"
    assert (found.loader, found.optional) == (LOADER, ("libb.so",))


@pytest.mark.parametrize("beyond", [0, 1, 2**32, 2**63])
def test_a_text_behind_the_string_table_is_a_problem(beyond: int) -> None:
    size = struct.unpack_from("<Q", FULL_ELF, _tag(FULL_ELF, 10))[0]

    found = read(patched(FULL_ELF, _tag(FULL_ELF, 14), "<Q", size + beyond))

    assert found.problem == "cannot read its own name: a text lies outside the string table"
    assert (found.soname, found.needed) == (None, ("libz.so.1", "libc.so.6"))


def test_a_dynamic_segment_without_an_end_is_read_to_where_the_segment_ends() -> None:
    count = struct.unpack_from("<Q", FULL_ELF, _segment(FULL_ELF, 2) + 32)[0]

    found = read(patched(FULL_ELF, _segment(FULL_ELF, 2) + 32, "<Q", count - 16))

    assert found.problem == "cannot read its dynamic segment: it has no end"
    assert (found.needed, found.soname) == (("libz.so.1", "libc.so.6"), "liba.so")


def test_a_dynamic_segment_of_the_whole_address_space_ends_with_the_file() -> None:
    data = patched(FULL_ELF, _tag(FULL_ELF, 0) - 8, "<Q", 7)
    endless = patched(data, _segment(data, 2) + 32, "<Q", 2**64 - 1)[: _tag(FULL_ELF, 0) + 8]

    found = read(endless)

    assert found.problem == "cannot read its dynamic segment: beyond the end of the file"
    assert found.needed == ("libz.so.1", "libc.so.6")


@pytest.mark.parametrize("address", [2**64 - 1, 2**63, 0x10000000])
def test_a_string_table_in_no_segment_is_a_problem(address: int) -> None:
    found = read(patched(FULL_ELF, _tag(FULL_ELF, 5), "<Q", address))

    assert found.problem == "cannot read its own name: the string table lies in no segment"
    assert (found.needed, found.soname, found.loader) == ((), None, LOADER)
    assert found.role == "library"


def test_a_string_table_outside_the_file_is_a_problem() -> None:
    index = _segment(FULL_ELF, 1)
    data = patched(FULL_ELF, index + 8, "<3Q", 2**40, 0, 0)

    assert read(data).problem == "cannot read its own name: beyond the end of the file"


def test_a_huge_text_without_an_end_is_not_read() -> None:
    data = elf(needed=["libz.so.1", "LONG" + "x" * 5000, "libc.so.6"])
    endless = patched(data, _tag(data, 10), "<Q", 2**60).replace(b"LONG", b"long")

    found = read(endless)

    assert found.problem == "cannot read its needed libraries: a text has no end within 4097 bytes"
    assert found.needed == ("libz.so.1",)
    assert read(elf(needed=["x" * 4096])).needed == ("x" * 300 + "…",)


def test_a_loader_without_an_end_is_a_problem() -> None:
    index = _segment(FULL_ELF, 3)

    found = read(patched(FULL_ELF, index + 32, "<Q", 20))

    assert (found.problem, found.loader) == ("cannot read its loader: a text has no end within 20 bytes", None)
    assert found.needed == ("libz.so.1", "libc.so.6")


def test_a_note_that_ends_outside_its_segment_is_a_problem() -> None:
    index = FULL_ELF.index(b"FDO\0") - 8

    found = read(patched(FULL_ELF, index, "<I", 2**32 - 1))

    assert (found.problem, found.optional) == ("cannot read its notes: one of them ends outside its segment", ())


@pytest.mark.parametrize(
    ("make", "field", "part"),
    [
        (lambda names: elf(needed=names), "needed", "needed libraries"),
        (lambda names: elf(runpath=":".join(names)), "search", "search path"),
        (lambda names: elf(dlopen_notes=[{"soname": names}]), "optional", "notes"),
        (lambda names: macho(needed=names), "needed", "load commands"),
        (lambda names: macho(rpath=names), "search", "load commands"),
    ],
)
def test_512_names_are_read_and_no_more(make: Callable[[list[str]], bytes], field: str, part: str) -> None:
    names = [f"lib{number}.so" for number in range(513)]

    found = read(make(names))
    assert (getattr(found, field), found.problem) == (
        tuple(names[:512]),
        f"cannot read its {part}: there are more than 512",
    )

    found = read(make(names[:512]))
    assert (getattr(found, field), found.problem) == (tuple(names[:512]), None)


@pytest.mark.parametrize("size", [0, 1, 7, 2**31, 2**32 - 1])
def test_a_load_command_of_an_impossible_size_stops_the_reading(size: int) -> None:
    data = macho(needed=["/a.dylib", "/b.dylib"], rpath=["/r"])
    second = data.index(b"/b.dylib") - 24

    found = read(patched(patched(data, 16, "<I", 2**32 - 1), second + 4, "<I", size))

    assert found.problem == f"cannot read its load commands: one of them is said to have {size} bytes"
    assert (found.needed, found.search, found.machines) == (("/a.dylib",), (), ("x86_64",))


def test_more_load_commands_than_there_is_room_for_stop_the_reading() -> None:
    data = macho(needed=["/a.dylib"], rpath=["/r"])

    found = read(patched(data, 16, "<I", 2**32 - 1))

    assert found.problem == "cannot read its load commands: 4294967295 do not fit where they should be"
    assert (found.needed, found.search) == (("/a.dylib",), ("/r",))


def test_load_commands_are_counted() -> None:
    small = struct.pack("<II", 0, 8)
    named = macho(rpath=["/r"])[32 + 24 :]
    data = patched(macho()[:32], 16, "<II", 3000, 2999 * 8 + len(named)) + small * 2048 + named + small * 951

    found = read(data)

    assert (found.search, found.problem) == ((), "cannot read its load commands: there are more than 2048")


@pytest.mark.parametrize("offset", [0, 11, 48, 2**31, 2**32 - 1])
def test_a_text_outside_its_load_command_is_a_problem(offset: int) -> None:
    data = macho(needed=["/a.dylib", "/b.dylib"])
    second = data.index(b"/b.dylib") - 24

    found = read(patched(data, second + 8, "<I", offset))

    assert (found.needed, found.problem) == (
        ("/a.dylib",),
        "cannot read its load commands: the text of one lies outside it",
    )


def test_load_commands_beyond_the_file_are_a_problem() -> None:
    data = macho(needed=["/a.dylib", "/b.dylib"])[:-20]

    found = read(data)

    assert (found.needed, found.problem) == (
        ("/a.dylib",),
        "cannot read its load commands: one of them is said to have 40 bytes",
    )


def test_a_slice_outside_the_file_is_a_problem_and_the_others_are_read() -> None:
    found = read(patched(FULL_FAT, 8 + 20 + 8, ">I", 2**32 - 1))

    assert (found.machines, found.needed) == (("ppc", "aarch64"), ("/a.dylib", "/w.dylib"))
    assert found.problem == "cannot read its Mach-O header: beyond the end of the file"


def _bounded(data: bytes) -> NativeFile | None:
    with at_most(MOST_CALLS):
        return read_native(io.BytesIO(data), len(data), "a")


def _elf_of(segments: list[tuple[int, int, int, int]], rest: bytes) -> bytes:
    """Return a 64-bit ELF file with segments (type, offset, address, size), and bytes behind the headers."""
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    header = struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0, 0, 64, 56, len(segments), 64, 0, 0)
    table = b"".join(
        struct.pack("<IIQQQQQQ", kind, 6, index, to, to, size, size, 4) for kind, index, to, size in segments
    )
    return ident + header + table + rest


def _worst_elf() -> bytes:
    """All bounds at once: headers, tags, names, a search path and notes that name the same again and again."""
    first = 64 + 512 * 56
    tags = [(1, 3 * (number % 500)) for number in range(2040)] + [(5, 1 << 40), (29, 4096)]
    names = b"".join(b"%c%c\0" % (97 + number % 26, 97 + number // 26 % 26) for number in range(5000))
    table = names[:4096] + b"a\x01:" * 20_000 + b"\0" + b"y" * 10_000
    content = b'[{"soname":[' + b",".join(b'"a%d"' % (number % 10) for number in range(10_000)) + b"]}]\0"
    note = struct.pack("<3I", 4, len(content), 0x407C0C0A) + b"FDO\0" + content
    strings = first + 16 * len(tags)
    segments = [(2, first, first, 16 * len(tags))]
    segments += [(4, strings + len(table), 0, len(note))] * 16
    segments += [(1, 0, 0, 0)] * (510 - len(segments))
    segments += [(1, strings, 1 << 40, len(table))] * 2
    return _elf_of(segments, b"".join(struct.pack("<QQ", *tag) for tag in tags) + table + note)


def _worst_universal() -> bytes:
    """Thirty-two slices that are the same two thousand load commands, which name the same again and again."""
    commands = b"".join(struct.pack("<3I", 0x8000001C, 16, 12) + b"/%03d" % (number % 500) for number in range(2048))
    one = struct.pack("<8I", 0xFEEDFACF, 7, 3, 6, 2048, len(commands), 0, 0) + commands
    table = b"".join(struct.pack(">5I", 7, 3, 4096, len(one), 12) for _ in range(32))
    return (b"\xca\xfe\xba\xbe" + struct.pack(">I", 32) + table).ljust(4096, b"\0") + one


@pytest.mark.parametrize("make", [_worst_elf, _worst_universal])
def test_a_file_made_to_take_long_does_not(make: Callable[[], bytes]) -> None:
    found = _bounded(make())

    assert found is not None
    assert found.problem is not None
    assert found.problem.endswith(("it has no end", "too many names in all"))
    assert len(found.needed or found.search) == 500


def test_a_file_of_300_mib_of_nothing_is_read_at_once(tmp_path: Path) -> None:
    file = tmp_path / "large.so"
    nothing = _elf_of([(1, 0, 0, 300 << 20), (2, 4096, 4096, 290 << 20), (3, 4096, 0, 2**50), (4, 4096, 0, 2**50)], b"")
    file.write_bytes(nothing)
    os.truncate(file, 300 << 20)
    assert file.stat().st_blocks < 1000

    with file.open("rb") as opened, at_most(MOST_CALLS):
        found = read_native(opened, 300 << 20, "large.so")

    assert found is not None
    assert (found.form, found.role, found.machines, found.needed) == ("elf", "program", ("x86_64",), ())
    assert found.problem == "cannot read its notes: there are more than 1024"


def test_of_several_loaders_the_first_counts() -> None:
    names = b"/first\0/second\0"
    index = 64 + 2 * 56
    two = [((0x01000007, 3), macho(kind="execute", loader=loader)) for loader in ("/first", "/second")]

    assert read(_elf_of([(3, index, 0, 7), (3, index + 7, 0, 8)], names)).loader == "/first"
    assert read(universal(two)).loader == "/first"


@pytest.mark.parametrize(("bound", "most"), [("_MOST_READS", 4), ("_MOST_BYTES", 4 + 64 + 2 + 56)])
def test_reading_ends_when_its_budget_is_spent(monkeypatch: pytest.MonkeyPatch, bound: str, most: int) -> None:
    monkeypatch.setattr(reader, bound, most)

    found = read(FULL_ELF)

    assert found.problem == "cannot read its program headers: too much is to be read"
    assert (found.machines, found.loader, found.needed) == (("x86_64",), None, ())


def test_no_more_is_read_than_the_bounds_allow() -> None:
    class Counting(io.BytesIO):
        total = 0

        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            self.total += len(data)
            return data

    for data in (_worst_elf(), _worst_universal()):
        opened = Counting(data)
        read_native(opened, len(data), "a")
        assert 0 < opened.total <= 16 << 20


MUTATIONS = st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from((0, 1, 0x7F, 0x80, 0xFF)) | st.integers(0, 255)))


@given(st.sampled_from(SAMPLES), MUTATIONS, st.integers(0, 10_000))
@example(FULL_ELF, [], 10_000)
@settings(max_examples=400)
def test_no_damage_raises_or_takes_long(data: bytes, mutations: list[tuple[int, int]], cut: int) -> None:
    damaged = bytearray(data)
    for index, value in mutations:
        # the headers, where numbers are, are hit as often as all the rest
        damaged[index % min(len(data), 512) if index % 2 else index % len(data)] = value

    found = _bounded(bytes(damaged[:cut]))

    if found is not None:
        assert valid(found)
        if found.problem is not None:
            assert_plain(found.problem)


@given(st.sampled_from((b"\x7fELF\x02\x01", b"\x7fELF\x01\x02", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")), st.binary())
def test_no_content_behind_the_first_bytes_raises(start: bytes, rest: bytes) -> None:
    found = read_native(io.BytesIO(start + rest), len(start + rest), "a")

    assert found is None or valid(found)


# against other readers


def _start(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(4)


def _read_file(file: Path) -> NativeFile | None:
    with file.open("rb") as opened:
        return read_native(opened, file.stat().st_size, file.name)


def _readelf(file: Path) -> tuple[tuple[str, ...], tuple[str, ...], str | None]:
    """Return NEEDED, RUNPATH or RPATH, and SONAME, as binutils read them."""
    shown = subprocess.run(["readelf", "-dW", str(file)], capture_output=True, text=True, check=True).stdout

    def texts(tag: str) -> list[str]:
        return re.findall(rf"\({tag}\) .*: \[(.*)\]$", shown, re.MULTILINE)

    search = (texts("RUNPATH") or texts("RPATH") or [""])[0]
    return tuple(texts("NEEDED")), tuple(filter(None, search.split(":"))), next(iter(texts("SONAME")), None)


def _system_files() -> list[Path]:
    libraries = sorted(one for one in LIBRARIES.glob("*.so*") if not one.is_symlink() and is_native(_start(one)))
    named = [one.resolve() for one in (LIBRARIES / "libc.so.6", LIBRARIES / "ld-linux-x86-64.so.2") if one.exists()]
    return [PYTHON, *libraries[:30], *named]


@needs_readelf
@pytest.mark.skipif(not LIBRARIES.is_dir() or _start(PYTHON) != b"\x7fELF", reason="no Debian here")
def test_libraries_of_the_system_are_read_as_readelf_reads_them() -> None:
    for file in _system_files():
        found = _read_file(file)
        assert found is not None
        assert (found.needed, found.search, found.soname) == _readelf(file), file
        assert (found.problem, found.machines) == (None, ("x86_64",))


@pytest.mark.skipif(not (LIBRARIES / "libc.so.6").exists(), reason="no glibc here")
def test_the_libc_of_the_system_is_a_library_with_a_loader() -> None:
    found = _read_file((LIBRARIES / "libc.so.6").resolve())

    assert found is not None
    assert (found.role, found.soname) == ("library", "libc.so.6")
    assert found.loader is not None
    assert found.loader.endswith("/ld-linux-x86-64.so.2")


@pytest.mark.skipif(_start(PYTHON) != b"\x7fELF", reason="this Python is no ELF file")
def test_this_python_is_a_program() -> None:
    found = _read_file(PYTHON)

    assert found is not None
    assert (found.form, found.role, found.problem) == ("elf", "program", None)
    assert found.loader
    assert found.needed


@needs_readelf
@pytest.mark.parametrize("machine", ["x86_64", "i686", "aarch64", "arm", "riscv64", "ppc64", "ppc64le", "s390x"])
def test_what_the_writer_makes_is_what_readelf_reads(tmp_path: Path, machine: str) -> None:
    file = tmp_path / "a"
    for kind, pie in (("library", True), ("program", True), ("program", False)):
        file.write_bytes(
            elf(needed=["libz.so.1", "b"], runpath="/a:/b", soname="liba", machine=machine, kind=kind, pie=pie, pad=9)
        )
        assert _readelf(file) == (("libz.so.1", "b"), ("/a", "/b"), "liba")
        found = _read_file(file)
        assert found is not None
        assert (found.needed, found.search, found.soname) == _readelf(file)


@pytest.mark.parametrize("machine", ["x86_64", "arm", "ppc64"])
def test_what_the_writer_makes_is_what_pyelftools_reads_by_sections(machine: str) -> None:
    from elftools.elf.elffile import ELFFile

    data = elf(needed=["libz.so.1"], runpath="/a", machine=machine, dlopen_notes=[{"soname": ["libb.so"]}])
    file: Any = ELFFile(io.BytesIO(data))

    names = [section.name for section in file.iter_sections()]
    assert names == ["", ".note.dlopen", ".dynstr", ".dynamic", ".shstrtab"]
    tags = file.get_section_by_name(".dynamic").iter_tags()
    assert [getattr(tag, "needed", None) or getattr(tag, "runpath", None) for tag in tags][:2] == ["libz.so.1", "/a"]
    (note,) = file.get_section_by_name(".note.dlopen").iter_notes()
    assert (note["n_name"], note["n_type"], note["n_desc"]) == ("FDO", 0x407C0C0A, b'[{"soname": ["libb.so"]}]\0')


@needs_objdump
@pytest.mark.parametrize("arch", ["x86_64", "arm64", "i386", "ppc"])
def test_what_the_writer_makes_is_what_llvm_reads(tmp_path: Path, arch: str) -> None:
    file = tmp_path / "a.dylib"
    file.write_bytes(macho(needed=["/a.dylib"], weak=["/w.dylib"], rpath=["/r"], id="/i.dylib", arch=arch))

    words = ["llvm-objdump", "--macho", "--private-headers", str(file)]
    shown = subprocess.run(words, capture_output=True, text=True, check=True).stdout

    assert re.findall(r"cmd (LC_\w+)", shown)[1:] == ["LC_ID_DYLIB", "LC_LOAD_DYLIB", "LC_LOAD_WEAK_DYLIB", "LC_RPATH"]
    assert re.findall(r"(?:name|path) (\S+) \(", shown) == ["/i.dylib", "/a.dylib", "/w.dylib", "/r"]


def _script(*words: str) -> None:
    subprocess.run([sys.executable, "-I", "-S", str(Path(binaries.__file__)), *words], check=True)


def test_the_writer_is_a_script_that_needs_nothing(tmp_path: Path) -> None:
    file = tmp_path / "lib" / "a"

    _script(
        *("elf", str(file), "--needed", "libz.so.1", "--needed", "b", "--runpath", f"{FOLDER}:/b", "--soname", "x"),
        *("--machine", "aarch64", "--interp", LOADER, "--kind", "program", "--dlopen", "c", "--pad", "100"),
    )
    expected = elf(
        needed=["libz.so.1", "b"],
        runpath=f"{FOLDER}:/b",
        soname="x",
        machine="aarch64",
        interp=LOADER,
        kind="program",
        dlopen_notes=[{"soname": ["c"], "priority": "recommended"}],
        pad=100,
    )
    assert file.read_bytes() == expected
    assert FOLDER.encode() in expected
    assert os.access(file, os.X_OK)

    _script(
        *("macho", str(file), "--needed", "/a.dylib", "--rpath", "/r", "--id", "/i.dylib"),
        *("--arch", "x86_64", "--arch", "arm64", "--kind", "bundle"),
    )
    assert file.read_bytes() == macho(
        needed=["/a.dylib"], rpath=["/r"], id="/i.dylib", arch=["x86_64", "arm64"], kind="bundle"
    )


def test_importing_the_reader_does_not_import_the_parser() -> None:
    words = [sys.executable, "-c", "import sys, pyclosure.queries.facts.native; print(*sys.modules)"]
    shown = subprocess.run(words, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]).stdout

    assert "pyclosure.queries.facts.native" in shown.split()
    assert "elftools" not in shown.split()
