"""The files that hold a reference, in trees laid out like real outputs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from pyclosure.queries.base.activity import Silent
from pyclosure.queries.base.errors import Cancelled
from pyclosure.queries.base.names import digest_of
from pyclosure.queries.base.records import Evidence
from pyclosure.queries.facts import scan as scanning
from pyclosure.queries.facts.carriers import carrier, carriers, explain
from pyclosure.queries.facts.files import StoreFiles
from pyclosure.queries.facts.preview import preview
from pyclosure.queries.facts.scan import scan
from tests.support.closures import store_path
from tests.support.trees import Link, Program, Tree, plant_path

LIB = store_path("zlib-1.3.1")
OTHER = store_path("openssl-3.0.13")
SITE = "lib/python3.11/site-packages"


def evidence(tmp_path: Path, tree: Tree, reference: str = LIB, *, environment: bool = False) -> dict[str, Evidence]:
    path = plant_path(tmp_path, "app-1.0", tree)
    found = scan(path, [reference])
    return {one.file: one for one in explain(StoreFiles(path), found.spots[reference], environment=environment)}


def test_all_files_that_hold_a_digest_are_found_links_and_names_too(tmp_path: Path) -> None:
    tree = {
        "bin/tool": Program(f"#!/bin/sh\nexec {LIB}/bin/z\n"),
        "lib/data": b"\0\1" + LIB.encode() + b"\0" + LIB.encode(),
        "share/link": Link(f"{LIB}/share"),
        f"share/{digest_of(LIB)}.txt": "nothing inside",
        "share/free": "no digest here",
    }
    path = plant_path(tmp_path, "app-1.0", tree)

    found = scan(path, [LIB, OTHER])

    assert {(spot.file, spot.where, spot.count) for spot in found.spots[LIB]} == {
        ("bin/tool", "content", 1),
        ("lib/data", "content", 2),
        ("share/link", "link", 1),
        (f"share/{digest_of(LIB)}.txt", "name", 1),
    }
    assert found.spots[OTHER] == []
    assert found.problems == []


def test_a_digest_without_its_store_directory_counts_as_nix_counts_it(tmp_path: Path) -> None:
    found = evidence(tmp_path, {"share/hash.txt": f"built from {digest_of(LIB)}\n"})

    assert found["share/hash.txt"].count == 1


@pytest.mark.parametrize("index", [0, 60, 90, 100, 128 - 16, 127])
def test_a_digest_across_the_edge_of_a_window_is_found_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, index: int
) -> None:
    monkeypatch.setattr(scanning, "_WINDOW", 64)
    path = plant_path(tmp_path, "app-1.0", {"lib/big": b"x" * index + digest_of(LIB).encode() + b"x" * 200})

    (spot,) = scan(path, [LIB]).spots[LIB]

    assert (spot.offsets, spot.count) == ((index,), 1)


def test_a_path_that_is_one_file_or_one_link_is_scanned(tmp_path: Path) -> None:
    file = plant_path(tmp_path, "script", f"#!{LIB}/bin/z\n".encode())
    link = store_path("link", str(tmp_path))
    os.symlink(LIB, link)

    assert [spot.file for spot in scan(file, [LIB]).spots[LIB]] == [""]
    assert [(spot.file, spot.where) for spot in scan(link, [LIB]).spots[LIB]] == [("", "link")]


def test_links_are_not_followed_and_pipes_are_not_opened(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text(LIB)
    path = plant_path(tmp_path, "app-1.0", {"lib/out": Link(str(outside)), "lib/loop": Link(".")})
    os.mkfifo(f"{path}/pipe")

    found = scan(path, [LIB])

    assert found.spots[LIB] == []


def test_scanning_stops_when_it_is_cancelled(tmp_path: Path) -> None:
    path = plant_path(tmp_path, "app-1.0", {f"lib/{number}": "x" for number in range(20)})
    watch = Silent()
    watch.cancelled.set()

    with pytest.raises(Cancelled):
        scan(path, [LIB], activity=watch)


def test_deep_folders_are_no_problem(tmp_path: Path) -> None:
    path = plant_path(tmp_path, "app-1.0", {"/".join(["d"] * 150) + "/file": LIB})

    assert len(scan(path, [LIB]).spots[LIB]) == 1


@pytest.mark.parametrize(
    ("file", "content", "expected"),
    [
        ("nix-support/propagated-build-inputs", f"{LIB} {OTHER}\n", "propagated"),
        ("nix-support/setup-hook", f"export X={LIB}\n", "nix-support"),
        ("bin/x", f"#!/bin/sh\nexport PATH={LIB}/bin:$PATH\nexec x\n", "wrapper"),
        ("bin/y", f"#!{LIB}/bin/python\nimport y\n", "shebang"),
        ("bin/.x-wrapped", f"#!/bin/python\nimport site;site.addsitedir('{LIB}/{SITE}')\n", "site-dirs"),
        (f"{SITE}/numpy/__config__.py", f"cc = '{LIB}/bin/cc'\n", "build-config"),
        ("lib/python3.11/_sysconfigdata__linux.py", f"x = '{LIB}'\n", "sysconfig"),
        ("lib/python3.11/config-3.11-linux/Makefile", f"CC={LIB}\n", "sysconfig"),
        ("lib/pkgconfig/z.pc", f"prefix={LIB}\n", "pkg-config"),
        ("lib/libz.la", f"libdir='{LIB}'\n", "pkg-config"),
        ("include/z.h", f'#define P "{LIB}"\n', "header"),
        (f"{SITE}/z.pth", f"{LIB}/{SITE}\n", "path-file"),
        (f"{SITE}/z.py", f"LIB = '{LIB}/lib/libz.so'\n", "python"),
        ("share/doc/z/README", f"see {LIB}\n", "documentation"),
        ("etc/z.conf", f"lib = {LIB}\n", "text"),
        ("lib/libz.a", b"!<arch>\n\0" + LIB.encode(), "archive"),
        ("share/blob", b"\0\1\2" + LIB.encode(), "binary"),
    ],
)
def test_each_carrier_is_told_by_the_file_it_is(tmp_path: Path, file: str, content: str | bytes, expected: str) -> None:
    found = evidence(tmp_path, {file: content})

    assert found[file].carrier == expected
    assert carrier(expected).meaning
    assert carrier(expected).remedy


def test_lines_are_counted_from_one_and_all_of_them_are_named(tmp_path: Path) -> None:
    found = evidence(tmp_path, {"etc/z.conf": f"a\nb = {LIB}\nc\nd = {LIB}\n"})

    one = found["etc/z.conf"]
    assert (one.lines, one.count) == ((2, 4), 2)
    assert one.excerpt == f"b = {LIB}"


def test_a_link_is_a_member_in_an_environment_and_a_link_elsewhere(tmp_path: Path) -> None:
    tree = {f"{SITE}/z": Link(f"{LIB}/{SITE}/z")}

    assert evidence(tmp_path / "a", tree, environment=True)[f"{SITE}/z"].carrier == "member"
    assert evidence(tmp_path / "b", tree)[f"{SITE}/z"].carrier == "link"


def test_bytecode_names_the_python_file_that_holds_the_reference_as_well(tmp_path: Path) -> None:
    tree = {
        f"{SITE}/numpy/__config__.py": f"cc = '{LIB}/bin/cc'\n",
        f"{SITE}/numpy/__pycache__/__config__.cpython-311.pyc": b"\xa7\r\r\n\0\0" + LIB.encode(),
        f"{SITE}/numpy/__pycache__/gone.cpython-311.pyc": b"\xa7\r\r\n\0\0" + LIB.encode(),
    }

    found = evidence(tmp_path, tree)

    twin = found[f"{SITE}/numpy/__pycache__/__config__.cpython-311.pyc"]
    assert (twin.carrier, twin.twin) == ("bytecode", f"{SITE}/numpy/__config__.py")
    assert found[f"{SITE}/numpy/__pycache__/gone.cpython-311.pyc"].twin is None


def test_the_section_of_a_program_tells_the_loader_from_a_constant(tmp_path: Path) -> None:
    program = Path(sys.executable).resolve().read_bytes()
    path = plant_path(tmp_path, "app-1.0", {"lib/libapp.so": program + LIB.encode()})
    found = scan(path, [LIB])

    (one,) = explain(StoreFiles(path), found.spots[LIB])

    assert one.carrier == "constant"
    assert LIB in one.excerpt


@pytest.mark.parametrize("cut", [16, 64, 200, 1000])
def test_a_damaged_program_is_a_constant_and_no_fault(tmp_path: Path, cut: int) -> None:
    program = Path(sys.executable).resolve().read_bytes()[:cut]
    path = plant_path(tmp_path, "app-1.0", {"lib/libapp.so": b"\x7fELF" + program[4:] + LIB.encode()})

    (one,) = explain(StoreFiles(path), scan(path, [LIB]).spots[LIB])

    assert one.carrier == "constant"


def test_what_a_file_says_cannot_upset_a_terminal(tmp_path: Path) -> None:
    found = evidence(tmp_path, {"etc/z": f"\x1b[31m[red]{LIB}\x07\n", "share/b": b"\0\x1b[31m" + LIB.encode()})

    assert "\x1b" not in found["etc/z"].excerpt
    assert "[red]" in found["etc/z"].excerpt
    assert "\x1b" not in found["share/b"].excerpt


def test_a_preview_shows_the_lines_around_with_their_numbers(tmp_path: Path) -> None:
    lines = [f"line {number}" for number in range(1, 21)]
    lines[11] = f"cc = '{LIB}'"
    path = plant_path(tmp_path, "app-1.0", {"x.py": "\n".join(lines)})
    (one,) = explain(StoreFiles(path), scan(path, [LIB]).spots[LIB])

    shown = preview(path, one, around=2)

    assert (shown.language, shown.first_line, shown.marked) == ("python", 10, 2)
    assert shown.lines == ("line 10", "line 11", f"cc = '{LIB}'", "line 13", "line 14")


def test_a_preview_of_bytes_shows_offsets_hex_and_text(tmp_path: Path) -> None:
    path = plant_path(tmp_path, "app-1.0", {"blob": b"\0" * 40 + LIB.encode() + b"\0" * 40})
    (one,) = explain(StoreFiles(path), scan(path, [LIB]).spots[LIB])

    shown = preview(path, one, around=1)

    marked = shown.lines[shown.marked or 0]
    assert shown.first_line == 0
    assert marked.startswith(f"{one.offsets[0] // 16 * 16:08x}")
    assert "\1" not in "".join(shown.lines)


def test_every_carrier_has_words_a_role_a_meaning_and_a_remedy() -> None:
    roles = {"declared", "flattened", "member", "linked", "path", "record", "twin"}

    for one in carriers().values():
        assert one.words and one.meaning and one.remedy
        assert one.role in roles


def test_of_what_cannot_be_looked_at_some_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "MOST_DEPTH", 0)
    most = scanning.MOST_PROBLEMS

    path = plant_path(tmp_path, "app-1.0", {f"f{number:03}/x": "x" for number in range(most + 20)})

    assert len(scan(path, [path]).problems) == most
