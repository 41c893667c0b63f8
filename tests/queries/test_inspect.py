"""A thorough look through all files of a store path: what it tells, and that no closure harms who looks."""

from __future__ import annotations

import json
import os
import py_compile
import resource
import socket
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyclosure.queries.base.activity import Silent
from pyclosure.queries.base.errors import Cancelled
from pyclosure.queries.base.inspection import (
    CallSite,
    Inspection,
    LibraryLink,
    Module,
    NativeFile,
    OutsidePath,
    Wrapper,
)
from pyclosure.queries.base.records import Derivation, Output
from pyclosure.queries.facts import inspect as bounds
from pyclosure.queries.facts.inspect import inspect
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.judge import judge
from pyclosure.queries.opened.enrich import enrich
from pyclosure.queries.opened.evidence import EvidenceStore
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.queries.policy.policy import Acceptance, Policy
from tests.support.binaries import elf, macho
from tests.support.closures import knowledge_of, records_of, store_path
from tests.support.sentences import assert_plain
from tests.support.trees import Link, Program, Tree, dist_info, plant, plant_path
from tests.support.work import at_most

SITE = "lib/python3.11/site-packages"
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""Where thousands of files cost nothing; None for the usual place."""
SECRET = "the secret of another folder"
"""Seconds that no 4 MiB may need, on a machine that does other things too; most need 0.2."""


def look(tmp_path: Path, tree: Tree | bytes, name: str = "python3.11-pkg-1.0") -> Inspection:
    """Inspect a planted store path."""
    found = inspect(plant_path(tmp_path, name, tree))
    assert found is not None
    assert_sound(found)
    return found


def assert_sound(found: Inspection) -> None:
    """Check that a value may be saved, and that no text in it moves a cursor; ``Line`` refuses such."""
    encoded = msgspec.json.encode(found)
    assert msgspec.json.decode(encoded, type=Inspection) == found
    for text in _texts(msgspec.json.decode(encoded)):
        assert_plain(text)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for one in value if isinstance(value, list) else value.values():
            yield from _texts(one)


# -- native files and links ------------------------------------------------------------------------------


def test_native_files_are_read_wherever_they_lie(tmp_path: Path) -> None:
    library, program, thing = elf(needed=["libz.so.1"], runpath="/x"), elf(kind="program", pad=9), elf(kind="object")
    mac = macho(arch=["x86_64", "arm64"])
    tree: Tree = {
        "lib/libb.so": library,
        "bin/a": Program(program),
        "x/c.o": thing,
        f"{SITE}/m/_m.so": mac,
        "d.txt": "\x7fEL",
    }

    assert look(tmp_path, tree).native == (
        NativeFile("bin/a", "elf", "program", ("x86_64",), size=len(program)),
        NativeFile(
            "lib/libb.so", "elf", "library", ("x86_64",), needed=("libz.so.1",), search=("/x",), size=len(library)
        ),
        NativeFile(f"{SITE}/m/_m.so", "mach-o", "library", ("x86_64", "aarch64"), size=len(mac)),
        NativeFile("x/c.o", "elf", "object", ("x86_64",), size=len(thing)),
    )


def test_a_store_path_can_be_one_file(tmp_path: Path) -> None:
    data = elf(soname="liba.so")

    found = look(tmp_path, data, "liba.so")

    assert [(one.file, one.soname) for one in found.native] == [("", "liba.so")]
    assert (found.files, found.size) == (1, len(data))


def test_links_that_the_loader_may_follow_are_kept_as_they_are(tmp_path: Path) -> None:
    tree: Tree = {
        "lib/libz.so.1": Link("libz.so.1.3"),
        "lib/liba.dylib": Link("/nix/store/x/liba.dylib"),
        "lib/libz.so": Link("../../../etc/passwd"),
        "lib64": Link("lib"),
        "lib/libz.a": Link("x"),
        "lib/sophia": Link("x"),
        "share/lib": Link("../lib"),
    }

    found = look(tmp_path, tree)

    assert found.libraries == (
        LibraryLink("lib64", "lib"),
        LibraryLink("lib/liba.dylib", "/nix/store/x/liba.dylib"),
        LibraryLink("lib/libz.so", "../../../etc/passwd"),
        LibraryLink("lib/libz.so.1", "libz.so.1.3"),
        LibraryLink("share/lib", "../lib"),
    )
    assert found.files == len(tree)


# -- Python ----------------------------------------------------------------------------------------------


def test_call_sites_carry_the_file_and_line(tmp_path: Path) -> None:
    code = "import ctypes\nctypes.CDLL('libz.so.1')\n"
    tree: Tree = {f"{SITE}/a/b.py": code, f"{SITE}/a/b.txt": code, "bin/.a-wrapped": Program(f"#!/x/python3\n{code}")}

    found = look(tmp_path, tree)

    site = CallSite(f"{SITE}/a/b.py", 2, "ctypes.CDLL", ("libz.so.1",))
    assert found.call_sites == (msgspec.structs.replace(site, file="bin/.a-wrapped", line=3), site)


def test_the_standard_library_is_not_looked_through(tmp_path: Path) -> None:
    code = "import ctypes, secretmodule\nctypes.CDLL('libz.so.1')\n"
    places = ("lib/python3.11", "lib/pypy3.10", "lib-python/2.7", "lib/python3.13t/ctypes")

    found = look(tmp_path, {f"{place}/a.py": code for place in places})

    assert (found.call_sites, found.imports, found.files) == ((), (), 4)


def test_modules_are_told_by_what_python_would_import(tmp_path: Path) -> None:
    tree: Tree = {
        f"{SITE}/package/__init__.py": "x = 1\n",
        f"{SITE}/module.py": "",
        f"{SITE}/_ext.cpython-311-x86_64-linux-gnu.so": elf(),
        f"{SITE}/_abi.abi3.so": elf(),
        f"{SITE}/spaces/sub/a.py": "",
        f"{SITE}/flat/a.py": "",
        f"{SITE}/legacy/__init__.py": "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n",
        f"{SITE}/older/__init__.py": "__import__('pkg_resources').declare_namespace(__name__)\n",
        f"{SITE}/data/x.txt": "",
        f"{SITE}/__pycache__/module.pyc": "",
        f"{SITE}/pkg-1.0.dist-info/METADATA": "",
        f"{SITE}/pkg.libs/libz.so": elf(),
        f"{SITE}/with-dash/__init__.py": "",
        f"{SITE}/linked": Link("package"),
        f"{SITE}/linked.py": Link("module.py"),
        f"{SITE}/x.pth": "",
        f"{SITE}/hollow/__init__.py/a.py": "",
        f"{SITE}/shared/__init__.py": Link("../package/__init__.py"),
        f"{SITE}/package/nested/__init__.py": "",
        "share/package/__init__.py": "",
    }

    assert {(one.name, one.kind) for one in look(tmp_path, tree).modules} == {
        ("package", "package"),
        ("module", "module"),
        ("_ext", "extension"),
        ("_abi", "extension"),
        ("spaces", "namespace"),
        ("flat", "namespace"),
        ("legacy", "legacy-namespace"),
        ("older", "legacy-namespace"),
        ("hollow", "namespace"),
        ("shared", "package"),
    }


def test_modules_name_the_site_packages_that_they_lie_in(tmp_path: Path) -> None:
    tree: Tree = {
        "lib/python3.11/site-packages/a.py": "",
        "lib/pypy3.10/site-packages/b.py": "",
        "site-packages/c.py": "",
    }

    assert look(tmp_path, tree).modules == (
        Module("b", "module", "lib/pypy3.10/site-packages"),
        Module("a", "module", "lib/python3.11/site-packages"),
        Module("c", "module", "site-packages"),
    )


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("import a", "a"),
        ("import a.b.c as d, e as f,g", "a e g"),
        ("from a.b import c", "a"),
        ("from a import (\n  b,\n)", "a"),
        ("from . import a\nfrom .b import c\nfrom ..d import e", ""),
        ("    import a  # import b", "a"),
        ("import a; import b;from c import d", "a b c"),
        ("try: import a\nexcept ImportError: import b", "a b"),
        ("import a, \\\n  b", "a b"),
        ("import a, \\\r\n  b\r\nimport c\r\n", "a b c"),
        ("importlib.import_module('a.b')\n__import__( \"c\")", "a c"),
        ("important = 1\nfromage = 2\nimport_a = 3", ""),
        ("x = '''\nimport a\n'''", "a"),
        ("import 1a, b", "b"),
        ("", ""),
    ],
)
def test_imports_are_top_level_modules(tmp_path: Path, code: str, names: str) -> None:
    assert look(tmp_path, {f"{SITE}/x.py": code.encode()}).imports == tuple(names.split())


def test_imports_of_programs_count_too(tmp_path: Path) -> None:
    tree: Tree = {"bin/a": Program("#!/nix/store/x-python3/bin/python3.11\nimport six\n"), "bin/b": "import seven\n"}

    assert look(tmp_path, tree).imports == ("six",)


# -- paths outside ---------------------------------------------------------------------------------------


def test_what_leads_outside_the_store_is_told_from_what_stays(tmp_path: Path) -> None:
    store = "/nix/store/00000000000000000000000000000000-x"
    direct = {
        "editable": {"url": "file:///home/me/x", "dir_info": {"editable": True}},
        "local": {"url": "file:///build/x", "dir_info": {}},
        "archive": {"url": "https://example.org/x.zip", "archive_info": {"hash": "sha256=00"}},
        "vcs": {"url": "https://example.org/x", "vcs_info": {"vcs": "git", "commit_id": "0"}},
        "stored": {"url": f"file://{store}", "dir_info": {"editable": True}},
    }
    tree: Tree = {
        f"{SITE}/home.pth": f"# /home/comment\n\n/home/me/src\n  /opt/x  \nrelative\n{store}/lib\n",
        f"{SITE}/x-nspkg.pth": "import sys, types, os;p = os.path.join('/home', 'x')\n",
        f"{SITE}/__editable___x_finder.pth": "import __editable___x_finder; __editable___x_finder.install()\n",
        f"{SITE}/torch/model.pth": b"/weights\n\x00\xff",
        "share/x.pth": "/home/me\n",
        **{f"{SITE}/{name}-1.0.dist-info/direct_url.json": json.dumps(value) for name, value in direct.items()},
        f"{SITE}/pip/tests/direct_url.json": json.dumps(direct["editable"]),
    }

    assert look(tmp_path, tree).outside == (
        OutsidePath(
            f"{SITE}/__editable___x_finder.pth",
            "import __editable___x_finder; __editable___x_finder.install()",
            1,
        ),
        OutsidePath(f"{SITE}/home.pth", "/home/me/src", 3),
        OutsidePath(f"{SITE}/home.pth", "/opt/x", 4),
        OutsidePath(f"{SITE}/editable-1.0.dist-info/direct_url.json", "file:///home/me/x"),
    )


# -- wrappers --------------------------------------------------------------------------------------------


def made(sets: str) -> bytes:
    """A compiled wrapper, with the text that makeBinaryWrapper puts into it."""
    text = f"\n\nmakeCWrapper '/x/bin/y' \\\n    --inherit-argv0 \\\n    {sets}\n\n# (Use `nix-shell -p …`)\n"
    return elf(kind="program", soname=text)


def test_wrappers_tell_the_variables_that_they_set(tmp_path: Path) -> None:
    shell = "#! /nix/store/x-bash/bin/bash -e\nexport PYTHONNOUSERSITE='true'\nPATH=x\nexport PATH\n"
    tree: Tree = {
        "bin/shelled": Program(f'{shell}exec -a "$0" "/x" "$@"\n'),
        "bin/typed": Program("#!/bin/sh\n  declare -x A=1\n# export B\nexec x\n"),
        "bin/made": Program(made("--set 'A' 'x' \\\n    --prefix 'B' ':' '--set' \\\n    --set-default C d")),
        "bin/plain": Program(elf(kind="program")),
        "bin/script": Program("#!/bin/sh\nexport A=1\necho\n"),
        "bin/nothing": Program("#!/bin/sh\nexec x\n"),
        "libexec/deep": Program("#!/bin/sh\nexport D=1\nexec x\n"),
        "share/doc": Program("#!/bin/sh\nexport E=1\nexec x\n"),
    }

    assert look(tmp_path, tree).wrappers == (
        Wrapper("bin/made", ("A", "B", "C")),
        Wrapper("bin/shelled", ("PATH", "PYTHONNOUSERSITE")),
        Wrapper("bin/typed", ("A",)),
        Wrapper("libexec/deep", ("D",)),
    )


def test_a_wrapper_starts_python_when_it_hides_a_python_script(tmp_path: Path) -> None:
    python, export = Program("#!/x/bin/python3\n"), "#!/bin/sh\nexport {}=1\nexec x\n"
    tree: Tree = {
        "bin/.a-wrapped": python,
        "bin/a": Program(export.format("A")),
        "bin/.b-wrapped": Program("#!/bin/sh\n"),
        "bin/b": Program(export.format("B")),
        # wrapped twice: the second wrapper hides the first one
        "bin/.c-wrapped": python,
        "bin/.c-wrapped_": Program(export.format("PYTHONNOUSERSITE")),
        "bin/c": Program(made("--set 'C' 'x'")),
        "libexec/.d-wrapped": python,
        "bin/d": Program(export.format("D")),
    }

    assert look(tmp_path, tree).wrappers == (
        Wrapper("bin/.c-wrapped_", ("PYTHONNOUSERSITE",)),
        Wrapper("bin/a", ("A",), True),
        Wrapper("bin/b", ("B",)),
        Wrapper("bin/c", ("C", "PYTHONNOUSERSITE"), True),
        Wrapper("bin/d", ("D",)),
    )


# -- sizes -----------------------------------------------------------------------------------------------


def test_sizes_are_those_of_regular_files(tmp_path: Path) -> None:
    tree: Tree = {
        f"{SITE}/a/__init__.py": b"1" * 10,
        f"{SITE}/a/__pycache__/__init__.cpython-311.pyc": b"2" * 200,
        f"{SITE}/a/tests/data": b"3" * 3000,
        f"{SITE}/a/test/__pycache__/x.pyc": b"4" * 40_000,
        f"{SITE}/tests/x.pyo": b"5" * 500_000,
        f"{SITE}/a/testing/x": b"6",
        f"{SITE}/a/contest/x": b"7",
        f"{SITE}/a/tests.py": b"8",
        "share/tests/x": b"9",
        "link": Link("share/tests/x"),
        "empty": None,
    }

    found = look(tmp_path, tree)

    assert (found.files, found.size) == (10, 543_214)
    assert found.tests_size == 543_000
    assert found.bytecode_size == 540_200
    assert found.problems == ()


def test_what_is_not_there_is_none(tmp_path: Path) -> None:
    assert inspect(str(tmp_path / "gone")) is None


def test_files_of_a_chroot_store_lie_below_its_root(tmp_path: Path) -> None:
    plant(tmp_path / "mnt/nix/store/x", {f"{SITE}/a.py": "import b\n"})

    found = inspect("/nix/store/x", str(tmp_path / "mnt"))

    assert found is not None and found.imports == ("b",)


# -- hostile closures: links, pipes, depths --------------------------------------------------------------


def test_no_link_is_followed(tmp_path: Path) -> None:
    outside = plant(tmp_path / "outside", {"secret": SECRET, "a.py": "import secretmodule\n", "libs.so": elf()})
    tree: Tree = {
        f"{SITE}/a.py": Link(str(outside / "a.py")),
        f"{SITE}/b/__init__.py": Link(str(outside / "a.py")),
        f"{SITE}/folder": Link(str(outside)),
        f"{SITE}/x.pth": Link("/etc/passwd"),
        f"{SITE}/x-1.dist-info/direct_url.json": Link(str(outside / "secret")),
        "lib/libs.so": Link(str(outside / "libs.so")),
        "lib/libpasswd.so": Link("/etc/passwd"),
        "bin/a": Link(str(outside / "secret")),
        "loop": Link("loop"),
        "ring-a": Link("ring-b"),
        "ring-b": Link("ring-a"),
        "up": Link(".."),
        "etc": Link("/etc"),
        "lib64": Link("/etc"),
    }

    found = look(tmp_path / "store", tree)

    assert (found.native, found.imports, found.outside, found.wrappers) == ((), (), (), ())
    assert (found.files, found.size, found.problems) == (len(tree), 0, ())
    text = msgspec.json.encode(found).decode()
    assert "secret" not in text.replace(str(outside), "") and "root:" not in text
    # nor when the path itself is one
    (tmp_path / "linked").symlink_to(outside)
    assert inspect(str(tmp_path / "linked")) == Inspection()


def test_pipes_sockets_and_devices_are_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(plant_path(tmp_path, "x", {f"{SITE}/a/x.py": "", "bin/b": ""}))
    for name in (f"{SITE}/a/__init__.py", f"{SITE}/pipe.py", f"{SITE}/x.pth", "lib.so", "bin/pipe"):
        os.mkfifo(path / name)
    monkeypatch.chdir(path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.py")
        try:
            os.mknod("zero.py", 0o666 | stat.S_IFCHR, os.makedev(1, 5))
        except PermissionError:
            os.mkfifo("zero.py")
        found = inspect(str(path))

    assert found is not None
    assert_sound(found)
    assert (found.files, found.size, found.problems) == (2, 0, ())
    assert found.modules == (Module("a", "namespace", SITE),), "Python opens no pipe either"


def test_a_path_that_is_a_pipe_is_empty(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    assert inspect(str(tmp_path / "pipe")) == Inspection()


@pytest.fixture
def bottomless() -> Iterator[Path]:
    """A folder five thousand folders deep, which only ``rm`` removes again."""
    top = Path(tempfile.mkdtemp(dir=MEMORY))
    handle = os.open(top, os.O_RDONLY)
    for _ in range(5000):
        os.mkdir("d", dir_fd=handle)
        below = os.open("d", os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = below
    os.close(os.open("a.py", os.O_CREAT, dir_fd=handle))
    os.close(handle)
    yield top
    subprocess.run(["rm", "-rf", str(top)], check=True)


def test_folders_have_a_bottom(bottomless: Path) -> None:
    (bottomless / "d" / "b.py").write_text("import b\n")

    found = inspect(str(bottomless))

    assert found is not None
    assert_sound(found)
    assert (found.files, found.imports) == (1, ("b",))
    assert found.problems == ("/".join(["d"] * 100) + ": more than 100 folders deep; not looked at",)


def test_a_hundred_folders_are_no_problem(tmp_path: Path) -> None:
    found = look(tmp_path, {"/".join(["d"] * 100) + "/a.py": "import b\n"})

    assert (found.imports, found.problems) == (("b",), ())


def test_a_wide_folder_takes_no_handles() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else soft
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        path = plant(Path(folder), {f"{SITE}/z.py": "import z\n"})
        for number in range(30_000):
            os.mkdir(f"{folder}/{SITE}/d{number}")
        (path / SITE / "d29999" / "__init__.py").touch()

        resource.setrlimit(resource.RLIMIT_NOFILE, (min(before + 20, soft), hard))
        try:
            found = inspect(folder)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert found is not None
    assert (found.imports, found.problems) == (("z",), ())
    assert [one.name for one in found.modules] == ["d29999", "z"]


def test_no_file_handle_is_left_open(tmp_path: Path) -> None:
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("needs /proc")
    tree: Tree = {f"{SITE}/a/__init__.py": "", f"{SITE}/b/c.py": "", f"{SITE}/c/__init__.py": None, "bin/d": Program()}
    path = plant_path(tmp_path, "x", tree)
    before = len(os.listdir("/proc/self/fd"))

    for _ in range(3):
        inspect(path)

    assert len(os.listdir("/proc/self/fd")) == before


# -- hostile closures: sizes -----------------------------------------------------------------------------


def test_huge_files_are_not_read_whole(tmp_path: Path) -> None:
    path = Path(plant_path(tmp_path, "x", dist_info("x", "1.0")))
    starts: Mapping[str, bytes] = {
        f"{SITE}/x-1.0.dist-info/METADATA": b"Name: x\n",
        f"{SITE}/x-1.0.dist-info/direct_url.json": b"{",
        f"{SITE}/huge.py": b"import a\n",
        f"{SITE}/huge.pth": b"/home/me\n",
        f"{SITE}/huge.so": elf(needed=["libz.so.1"]),
        "bin/shelled": b"#!/bin/sh\nexport A=1\nexec x\n",
        "bin/python": b"#!/x/python\nimport b\n",
        "bin/native": elf(kind="program"),
    }
    for name, start in starts.items():
        (path / name).parent.mkdir(exist_ok=True)
        with open(path / name, "wb") as file:
            file.write(start)
            file.truncate(200 * 1024 * 1024)

    with at_most(100_000):
        found = inspect(str(path))

    assert found is not None
    assert_sound(found)
    assert found.size == 8 * 200 * 1024 * 1024
    assert found.problems == (
        "bin/python: larger than 4194304 bytes; not read",
        f"{SITE}/huge.py: larger than 4194304 bytes; not read",
        f"{SITE}/x-1.0.dist-info/direct_url.json: is not such a document",
    )
    assert [(one.file, one.needed) for one in found.native] == [
        ("bin/native", ()),
        (f"{SITE}/huge.so", ("libz.so.1",)),
    ]
    assert found.wrappers == (Wrapper("bin/shelled", ("A",)),)
    assert found.outside == (OutsidePath(f"{SITE}/huge.pth", "/home/me", 1),)


def test_ten_megabytes_of_python_are_named_and_not_read(tmp_path: Path) -> None:
    found = look(tmp_path, {f"{SITE}/a.py": b"import a\n" + b"#" * 10_000_000, f"{SITE}/b.py": "import b\n"})

    assert found.imports == ("b",)
    assert found.problems == (f"{SITE}/a.py: larger than 4194304 bytes; not read",)


_MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("start", "part"),
    [
        (b"", b"import a,"),
        (b"import ", b"a,"),
        (b"import ", b"a."),
        (b"import ", b"a"),
        (b"from ", b"a"),
        (b"from ", b"a."),
        (b"from", b" "),
        (b"from a", b" "),
        (b"", b" "),
        (b"", b": "),
        (b"", b"; from a"),
        (b"", b"\\"),
        (b"import a", b"\\\n"),
        (b"import_module(", b" "),
        (b"", b"import_module("),
        (b"", b"\t\n"),
        (b"", b"\0"),
        (b"", b"\r\n"),
        (b"", b"import a\n"),
    ],
)
def test_a_huge_line_takes_no_longer_than_its_length(tmp_path: Path, start: bytes, part: bytes) -> None:
    code = (start + part * (_MIB // len(part)))[:_MIB]

    with at_most(12_000_000):
        found = look(tmp_path, {f"{SITE}/a.py": code})

    assert set(found.imports) <= {"a", "import"}
    assert found.problems == ()


@pytest.mark.parametrize("sign", [b"-", b"--set ", b"--set\\\n", b"makeCWrapper --set '", b"export ", b"exec "])
def test_a_huge_wrapper_takes_no_longer_than_its_length(tmp_path: Path, sign: bytes) -> None:
    tree: Tree = {
        "bin/made": Program(elf(kind="program") + b"makeCWrapper" + sign * (_MIB // len(sign))),
        "bin/shelled": Program(b"#!/bin/sh\nexport A=1\nexec " + sign * (_MIB // len(sign))),
        f"{SITE}/a.pth": b"/" + b"a/" * 40_000,
        f"{SITE}/b.pth": b"/0123456789abcdfghijklmnpqrsvwxyz" * 2000,
    }

    with at_most(150_000):
        look(tmp_path, tree)


def test_a_name_that_is_too_long_is_no_module(tmp_path: Path) -> None:
    long = "a" * 5000

    found = look(tmp_path, {f"{SITE}/a.py": f"import {long}, b\nfrom {long} import c\n__import__('{long}')\n"})

    assert found.imports == ("b",)


def test_of_each_sort_only_so_many_are_kept_and_the_rest_is_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "_MOST", 2)
    monkeypatch.setattr(bounds, "_MOST_IMPORTS", 2)
    each: Tree = {
        f"{SITE}/m{{}}.py": "import ctypes\nimport a{}\nctypes.CDLL('lib{}.so')\n",
        "lib/lib{}.so": elf(),
        "lib/lib{}.so.1": Link("x"),
        "bin/w{}": Program("#!/bin/sh\nexport A=1\nexec x\n"),
        f"{SITE}/p{{}}.pth": "/home/me\n",
    }
    tree = {
        name.format(number): leaf.format(number, number) if isinstance(leaf, str) else leaf
        for name, leaf in each.items()
        for number in range(4)
    }

    found = look(tmp_path, tree)

    kept = (
        found.native,
        found.libraries,
        found.call_sites,
        found.modules,
        found.imports,
        found.outside,
        found.wrappers,
    )
    assert [len(one) for one in kept] == [2] * 7
    assert set(found.problems) == {
        "the path: imports of more than 2 modules; the rest was not kept",
        *(
            f"the path: more than 2 values of one sort ({sort}); the rest was not kept"
            for sort in ("NativeFile", "LibraryLink", "CallSite", "Module", "OutsidePath", "Wrapper")
        ),
    }


# -- hostile closures: what may not be read --------------------------------------------------------------


def test_what_the_system_refuses_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = plant_path(
        tmp_path,
        "x",
        {"refused": "x", "locked/x": "x", "lib/libz.so": Link("x"), "b.py": "import b\n", f"{SITE}/locked/x.py": ""},
    )
    real = os.open

    def refuse(name: str, flags: int, **rest: int) -> int:
        if name in ("refused", "locked"):
            raise PermissionError(13, "Permission denied")
        return real(name, flags, **rest)

    def unreadable(name: str, **_: int) -> str:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr(os, "readlink", unreadable)
    found = inspect(path)

    assert found is not None
    assert_sound(found)
    assert found.imports == ("b",)
    assert set(found.problems) == {
        "refused: Permission denied",
        "locked: Permission denied",
        "lib/libz.so: Input/output error",
        f"{SITE}/locked: Permission denied",
    }


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable_files_and_folders_are_noted(tmp_path: Path) -> None:
    path = Path(plant_path(tmp_path, "x", {"refused": "x", "locked/x": "x", "listed/libz.so": Link("x")}))
    (path / "refused").chmod(0)
    (path / "locked").chmod(0)
    (path / "listed").chmod(0o400)

    found = inspect(str(path))
    (path / "locked").chmod(0o700)
    (path / "listed").chmod(0o700)

    assert found is not None
    assert set(found.problems) == {
        "refused: Permission denied",
        "locked: Permission denied",
        "listed/libz.so: Permission denied",
    }


def test_a_disk_that_fails_while_reading_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(bounds._Look, "_content", fail)

    assert look(tmp_path, {"a": "x", "b.py": "x"}).problems == ("a: Input/output error", "b.py: Input/output error")


def test_problems_are_few(tmp_path: Path) -> None:
    found = look(tmp_path, {f"{SITE}/x{number}-1.dist-info/direct_url.json": "{" for number in range(40)})

    assert len(found.problems) == 16


# -- hostile closures: names and contents ----------------------------------------------------------------

NAMES = (
    b"\x1b[31mred",
    b"new\nline",
    b"car\rriage",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    "\u202eesrever".encode(),
    "\u200binvisible".encode(),
    "\u2028separated".encode(),
    b"\x07\x08\x7f",
    "\x9b31m".encode(),
    b"[bold red]",
    b"$(touch x)",
    b"-rf",
    b"*?[",
    b"x" * 240,
    b"$PACKAGE",
)


@pytest.mark.parametrize("name", NAMES, ids=repr)
def test_no_name_of_a_file_reaches_a_terminal(tmp_path: Path, name: bytes) -> None:
    word = os.fsdecode(name)
    code = "import ctypes\nctypes.CDLL('libz.so.1')\n"
    tree: Tree = {
        f"{SITE}/{word}.py": code,
        f"{SITE}/{word}/__init__.py": code,
        f"{word}/x.py": code + "(",
        f"lib/{word}.so": elf(),
        f"lib/{word}.so.1": Link(word),
        f"lib/to-{word[:200]}.so.1": Link(word),
        f"bin/{word}": Program("#!/bin/sh\nexport A=1\nexec x\n"),
        f"bin/.{word[:200]}-wrapped": Program("#!/x/python\n"),
        f"{SITE}/{word}.pth": "/home/me\n",
        f"{SITE}/{word[:200]}.dist-info/direct_url.json": "{",
    }

    found = look(tmp_path, tree)

    assert (found.files, len(found.native), len(found.libraries)) == (10, 1, 2)
    assert (len(found.call_sites), len(found.outside), len(found.wrappers)) == (3, 1, 1)
    assert len(found.problems) == 2
    assert found.wrappers[0].python == (len(word) < 200)


@pytest.mark.parametrize("name", NAMES, ids=repr)
def test_nothing_that_a_file_says_reaches_a_terminal(tmp_path: Path, name: bytes) -> None:
    text = name.decode("utf-8", "surrogateescape")
    raw = name.replace(b"\n", b"").replace(b"\r", b"")
    shown = repr(name.decode("utf-8", "replace"))
    tree: Tree = {
        "lib/a.so": elf(needed=[text.encode("utf-8", "replace").decode()], soname="a\x1b[31m", runpath="/\u202ex"),
        "lib/b.dylib": macho(needed=["/\x1b[31m"], rpath=["\u2028"], id="\x07"),
        f"{SITE}/a.py": f"import ctypes\nctypes.CDLL({shown})\nctypes.CDLL(x[{shown}])\n"
        f"import os\nctypes.CDLL(os.environ[{shown}])\n",
        f"{SITE}/b.py": b"import " + name + b"\nfrom " + name + b" import x\n__import__('" + name + b"')\n",
        f"{SITE}/a.pth": b"/home/" + raw + b"\n",
        f"{SITE}/a.dist-info/direct_url.json": json.dumps({"url": text, "dir_info": {"editable": True}}),
        "bin/a": Program(b"#!/bin/sh\nexport A" + name + b"=1\nexec x\n"),
        "bin/b": Program(b"#!/" + name + b" python\nimport a\n"),
        "bin/c": Program(made(f"--set '{'A' + shown}' 'x'")),
    }

    found = look(tmp_path, tree)

    assert len(found.native) == 3
    assert {one.file for one in found.outside} >= {f"{SITE}/a.pth"}
    assert len(found.call_sites) == 3


MALFORMED: Mapping[str, tuple[bytes, ...]] = {
    "lib/x.so": (
        b"\x7fELF",
        b"\x7fELF\x02\x01\x01" + b"\xff" * 200,
        b"\xcf\xfa\xed\xfe" + b"\xff" * 99,
        b"\xca\xfe\xba\xbe",
    ),
    f"{SITE}/x.py": (
        b"\xff\xfe\x00",
        b"# -*- coding: nonsense -*-\nctypes.CDLL('a')",
        b"\0" * 100 + b"dlopen",
        b"ctypes.CDLL(\0'a')",
        b"ctypes.CDLL('a'",
        b"def" * 1000 + b"dlopen",
        b"dlopen" + b"(" * 3000,
        b"ctypes.CDLL(" + b"-" * 3000 + b"1)",
        b"ctypes.CDLL(b'\xff')\n",
    ),
    f"{SITE}/__pycache__/x.cpython-311.pyc": (b"", b"\xa7\r\r\n", b"\xff" * 99),
    f"{SITE}/x.dist-info/direct_url.json": (
        b"",
        b"null",
        b"[]",
        b'"x"',
        b"[" * 100_000,
        b'{"url": 1}',
        b'{"dir_info": []}',
        b'{"dir_info": {"editable": "yes"}}',
        b'{"url": "\xff", "dir_info": {"editable": true}}',
        b'{"url": "\\ud800", "dir_info": {"editable": true}}',
        b"\xef\xbb\xbf{}",
    ),
    f"{SITE}/x.pth": (b"\xff/\n/\xff", b"\0/x\n", b"/\n/\n/", b"\r/\x85/\x0b/x", b"/" * 70_000, b"/\n" * 5000),
    "bin/x": (
        b"#!",
        b"#!\n",
        b"#!python",
        b"#!\xff\nexport \xffexec ",
        b"\x7fELFmakeCWrapper",
        b"#!/bin/sh\nexport =\nexec ",
    ),
    "pyproject.toml": (b"[" * 10_000, b"a = 1\na = 2\n", b"\xff"),
    f"{SITE}/x.dist-info/METADATA": (b"", b"\xff" * 99, b"Requires-Dist: \x1b[31m\n" * 1000),
}


@pytest.mark.parametrize("file", MALFORMED)
def test_what_is_malformed_is_at_most_a_problem(tmp_path: Path, file: str) -> None:
    for number, data in enumerate(MALFORMED[file]):
        found = look(tmp_path / str(number), {file: data, "lib/good.so": elf(), f"{SITE}/good.py": "import good\n"})

        assert found.files == 3
        assert "good" in found.imports and "lib/good.so" in {one.file for one in found.native}
        assert len(found.problems) <= 1


def test_bytecode_is_counted_and_never_loaded(tmp_path: Path) -> None:
    source = plant(tmp_path / "source", {"a.py": f"open({str(tmp_path / 'mark')!r}, 'w')\n"})
    bytecode = py_compile.compile(str(source / "a.py"), cfile=str(source / "a.pyc"))
    assert bytecode
    data = Path(bytecode).read_bytes()

    found = look(tmp_path / "store", {f"{SITE}/a.pyc": data, f"{SITE}/__pycache__/a.cpython-311.pyc": data})

    assert (found.bytecode_size, found.problems) == (2 * len(data), ())
    assert not (tmp_path / "mark").exists()


def test_nothing_is_executed_or_imported(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    code = f"open({str(mark)!r}, 'w').close()\nimport ctypes\nctypes.CDLL('libz.so.1')\n"
    touch = f"#!/bin/sh\nexport A=1\ntouch {mark}\nexec true\n"
    tree: Tree = {
        f"{SITE}/a/__init__.py": code,
        f"{SITE}/sitecustomize.py": code,
        f"{SITE}/usercustomize.py": code,
        f"{SITE}/a.pth": f"import a; open({str(mark)!r}, 'w')\n",
        f"{SITE}/conftest.py": code,
        "bin/a": Program(touch),
        "bin/.a-wrapped": Program(f"#!/usr/bin/env python3\n{code}"),
        "nix-support/setup-hook": touch,
    }
    exec(code.splitlines()[0])
    assert mark.exists(), "this is what importing it does"
    mark.unlink()

    found = look(tmp_path / "store", tree)

    assert not mark.exists()
    assert len(found.call_sites) == 5


# -- cancelling ------------------------------------------------------------------------------------------


def test_looking_stops_when_it_is_cancelled(tmp_path: Path) -> None:
    activity = Silent()
    activity.cancelled.set()

    with pytest.raises(Cancelled):
        inspect(plant_path(tmp_path, "x", {"a": ""}), "", activity)


def test_looking_stops_between_two_files_of_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    activity, seen = Silent(), []
    real = bounds._Look.file

    def file(self: bounds._Look, opened: object, name: str) -> None:
        seen.append(name)
        activity.cancelled.set()
        real(self, opened, name)  # type: ignore[arg-type]

    monkeypatch.setattr(bounds._Look, "file", file)

    with pytest.raises(Cancelled):
        inspect(plant_path(tmp_path, "x", {"a": "", "b": "", "c": ""}), "", activity)
    assert seen == ["a"]


# -- any tree at all -------------------------------------------------------------------------------------

FOLDERS = (
    *("", "bin/", "lib/", "lib64/", "libexec/", "nix-support/", "lib/python3.11/", "\udcff/", "\x1b[31m/"),
    *(f"{SITE}/", f"{SITE}/pkg/", f"{SITE}/pkg/tests/", f"{SITE}/pkg-1.0.dist-info/", f"{SITE}/pkg.libs/"),
)
FILES = (
    *("a.py", "__init__.py", "_n.so", "libz.so.1", "libz.dylib", "x.pth", "direct_url.json", "METADATA", "RECORD"),
    *("os.py", "python3.11", ".x-wrapped", "x", "x.pyc", "propagated-build-inputs", "pyvenv.cfg", "pyproject.toml"),
    *("top_level.txt", "WHEEL", "entry_points.txt", "\udcff.py", "a\nb.so", "\u202e.py", "gcc", "setup-hook"),
)
WORDS = (
    *(
        b"import ",
        b"from a import b\n",
        b"ctypes",
        b".CDLL(",
        b"find_library(",
        b"dlopen(",
        b"'libz.so.1'",
        b")",
        b"(",
        b"\n",
    ),
    *(
        b"#!/bin/sh\n",
        b"#!/x/python\n",
        b"export PYTHONPATH=x\n",
        b"exec ",
        b"makeCWrapper --set 'A' 'x'",
        b"if x is None: ",
    ),
    *(
        b"/home/me\n",
        b"\x7fELF\x02\x01\x01",
        b"\xcf\xfa\xed\xfe",
        b"\xca\xfe\xba\xbe",
        b"\0" * 64,
        b"\xff",
        b"\x1b[31m",
    ),
    *(b"Name: x\n", b"Version: 1.0\n", b"Version: x y\n", b"Requires-Dist: ", b"a[b]>=1; extra == 'b'\n", b"*?[\n"),
    *(b"Provides-Extra: b\n", b"sys_platform == \n", b"a (>1,\n", b"; python_version > 'x'\n", b"Name: \xff\n"),
    *(b'{"url": "file:///x", "dir_info": {"editable": true}}', b"[", b"import os, sys; "),
)
content = st.one_of(
    st.binary(max_size=200),
    st.lists(st.sampled_from(WORDS) | st.binary(max_size=8), max_size=14).map(b"".join),
    st.sampled_from(
        (
            elf(needed=["libz.so.1", "*?["], runpath="$ORIGIN:/usr/lib:"),
            elf(kind="program", interp="/lib64/ld.so", machine="aarch64"),
            macho(
                needed=["@rpath/x", "/usr/lib/libSystem.B.dylib", "\x1b"],
                rpath=["@loader_path"],
                arch=["arm64", "x86_64"],
            ),
        )
    ),
)
leaves = st.one_of(content, st.sampled_from(("..", "/etc/passwd", "libz.so.1", "x", "\udcff", "../../../..")).map(Link))
trees = st.dictionaries(st.tuples(st.sampled_from(FOLDERS), st.sampled_from(FILES)).map("".join), leaves, max_size=10)


def planted(store: Path, name: str, tree: Tree) -> str:
    """Plant a tree as far as it can be: a name may be a folder and a link at once."""
    path = store_path(name, str(store))
    os.makedirs(path)
    for file, leaf in tree.items():
        try:
            plant(Path(path), {file: leaf})
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            continue
    return path


@given(trees)
@settings(max_examples=400)
def test_any_tree_ends_in_an_inspection(tree: Tree) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        found = inspect(planted(Path(folder), "x", tree))

    assert isinstance(found, Inspection)
    assert_sound(found)


NODES = (
    "python3.11-pkg-1.0",
    "python3-3.11.9",
    "python3-3.11.9-env",
    "zlib-1.3",
    "gcc-13.2.0",
    "zlib-1.3-dev",
    "app-1.0",
)
ATTRIBUTES = (
    *("pname", "version", "propagatedBuildInputs", "nativeBuildInputs", "buildInputs", "impureEnvVars", "pkgs"),
    *("doInstallCheck", "pythonRelaxDeps", "pythonRemoveDeps", "ignoreCollisions", "postBuild", "__noChroot"),
    *("cargoDeps", "pyproejct", "*?[", "\u202e", "EDITABLE_ROOT", "catchConflicts", "pytestFlags"),
)
attributes = st.dictionaries(
    st.sampled_from(ATTRIBUTES),
    st.one_of(
        st.text(max_size=12),
        st.sampled_from(("1", "*?[", "NIX_PYTHONPREFIX", *(store_path(one) for one in NODES), store_path("x-vendor"))),
    ),
    max_size=8,
)


def known(folder: Path, made_of: list[tuple[Tree, dict[str, str], set[int]]]) -> Knowledge:
    """Open a closure of planted paths with derivations, each referencing some of those before it."""
    graph = {NODES[index]: [NODES[one] for one in below if one < index] for index, (_, _, below) in enumerate(made_of)}
    records = records_of(graph, store_dir=str(folder), derivers={name: f"{name}.drv" for name in graph})
    for index, (tree, _, _) in enumerate(made_of):
        planted(folder, NODES[index], tree)
    knowledge = knowledge_of(msgspec.structs.replace(records, files_root=""))
    enrich(knowledge, derivations=False, inspections=True)
    for index, (_, env, _) in enumerate(made_of):
        drv, output = store_path(f"{NODES[index]}.drv", str(folder)), Output(store_path(NODES[index], str(folder)))
        knowledge.learn_derivations(
            {drv: Derivation(drv, NODES[index], "x86_64-linux", "/bin/sh", (), env, {"out": output}, (), {})}
        )
    return knowledge


@given(st.lists(st.tuples(trees, attributes, st.sets(st.integers(0, 6))), min_size=1, max_size=len(NODES)))
@settings(max_examples=250)
def test_any_closure_ends_in_findings_and_unknowns(made_of: list[tuple[Tree, dict[str, str], set[int]]]) -> None:
    policy = Policy(fail_on="info", wanted=("*?[", "[", "z*"), accepted=(Acceptance("P16", "*?[", "x"),))
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        knowledge = known(Path(folder), made_of)

        report = judge(Context(knowledge, EvidenceStore(knowledge), policy))

    for finding in report.findings:
        assert_plain(finding.title)
        for proof in finding.evidence:
            assert_plain(proof.detail)
        assert finding.paths and finding.subjects and finding.remedy
    assert report.outcome() in ("passed", "failed", "unknown")
