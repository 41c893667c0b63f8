"""A first look at a store path, on trees laid out like those of real builders."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pyclosure.queries.base.records import FileFacts
from pyclosure.queries.facts.layout import look, magic
from tests.support.closures import store_path
from tests.support.sentences import assert_plain
from tests.support.trees import ELF, MACHO, Link, Program, Tree, dist_info, plant, plant_path

PYTHON = store_path("python3-3.11.9")
SIX = store_path("python3.11-six-1.16.0")


def looked(tmp_path: Path, tree: Tree) -> FileFacts:
    facts = look(str(plant(tmp_path / "x", tree)))
    assert facts is not None
    return facts


def test_an_interpreter_has_a_standard_library_of_its_own(tmp_path: Path) -> None:
    facts = looked(
        tmp_path,
        {
            "bin/python3.11": Program(ELF),
            "bin/python3": Link("python3.11"),
            "lib/python3.11/os.py": "",
            "lib/python3.11/site-packages/sitecustomize.py": "",
            "lib/libpython3.11.so.1.0": ELF,
            "lib/libpython3.11.so": Link("libpython3.11.so.1.0"),
            "include/python3.11/Python.h": "",
            "share/man/man1/python3.1": "",
        },
    )

    assert facts.standard_library == "lib/python3.11"
    assert facts.interpreters == ("python3.11",)
    assert facts.site_hook == "sitecustomize.py"
    assert facts.programs == ("python3.11",)
    assert (facts.linked_programs, facts.links_to) == (0, ())
    assert facts.libraries == ("libpython3.11.so.1.0",)
    assert facts.headers and facts.manuals and not facts.pkg_config
    assert facts.only == ("bin", "include", "lib", "share")


def test_a_package_has_its_distribution_and_what_it_propagates(tmp_path: Path) -> None:
    facts = looked(
        tmp_path,
        {
            **dist_info("requests", "2.31.0"),
            "nix-support/propagated-build-inputs": f" {SIX} {PYTHON}\n{SIX} relative /etc/passwd \x1b[31m\n",
        },
    )

    assert [one.name for one in facts.distributions] == ["requests"]
    assert facts.interpreters == ("python3.11",)
    assert facts.propagated == (SIX, PYTHON)
    assert facts.standard_library is None


def test_an_environment_is_a_farm_of_links(tmp_path: Path) -> None:
    site = "lib/python3.11/site-packages"
    facts = looked(
        tmp_path,
        {
            "bin/python3": Program(ELF),
            "bin/req": Link(f"{SIX}/bin/req"),
            "bin/idle3": Link(f"{PYTHON}/bin/idle3"),
            "bin/pip": Link("../relative/pip"),
            f"{site}/six.py": Link(f"{SIX}/{site}/six.py"),
            f"{site}/six-1.16.0.dist-info": Link(f"{SIX}/{site}/six-1.16.0.dist-info"),
            f"{site}/merged-1.0.dist-info/METADATA": Link(f"{PYTHON}/METADATA"),
            f"{site}/_sitecustomize.py": "",
        },
    )

    assert facts.distributions == ()
    assert facts.linked_distributions == 2
    assert facts.linked_programs == 2
    assert facts.links_to == tuple(sorted((SIX, PYTHON)))
    assert facts.programs == ("python3",)
    assert facts.site_hook == "_sitecustomize.py"


def test_a_virtual_environment_says_where_its_interpreter_is(tmp_path: Path) -> None:
    facts = looked(tmp_path, {"pyvenv.cfg": f"include-system = false\nhome = {PYTHON}/bin\nversion = 3\n"})

    assert facts.pyvenv == f"{PYTHON}/bin"


@pytest.mark.parametrize(
    ("content", "home"), [("nothing = here\n", ""), ("", None), ("home=\x1b[31m\n", "\ufffd[31m"), ("x" * 5000, None)]
)
def test_an_odd_pyvenv_is_read_harmlessly(tmp_path: Path, content: str, home: str | None) -> None:
    assert looked(tmp_path, {"pyvenv.cfg": content}).pyvenv == home


@pytest.mark.parametrize(
    ("tree", "interpreters", "library"),
    [
        ({"lib/pypy3.10/site-packages/x.py": "", "lib/pypy3.10/os.py": ""}, ("pypy3.10",), "lib/pypy3.10"),
        ({"site-packages/x.py": "", "lib-python/2.7/os.py": ""}, ("pypy2.7",), "lib-python/2.7"),
        ({"lib/python3.13t/site-packages/x.py": "", "lib/python3.13t/os.py": ""}, ("python3.13t",), "lib/python3.13t"),
        (
            {"lib/python3.11/site-packages/x.py": "", "lib/python3.12/site-packages/y.py": ""},
            ("python3.11", "python3.12"),
            None,
        ),
        ({"lib/python3.11/site-packages": None, "lib/python3.11/os.py": Link("/x/os.py")}, (), None),
        ({"lib/python3/os.py": ""}, (), "lib/python3"),
        ({"lib/pythonic/site-packages/x.py": ""}, (), None),
    ],
)
def test_every_interpreter_has_its_own_places(
    tmp_path: Path, tree: Tree, interpreters: tuple[str, ...], library: str | None
) -> None:
    facts = looked(tmp_path, tree)

    assert (facts.interpreters, facts.standard_library) == (interpreters, library)


def test_distributions_that_come_with_pypy_lie_beside_its_standard_library(tmp_path: Path) -> None:
    facts = looked(
        tmp_path,
        {
            "bin/pypy3": Program(ELF),
            "lib/pypy3.10/os.py": "",
            "lib/pypy3.10/cffi.dist-info/METADATA": "Name: cffi\nVersion: 1.17.0\n\n",
            "lib/pypy3.10/greenlet.egg-info": "Name: greenlet\nVersion: 0.4.13\n",
            "lib/pypy3.10/site-packages/README": "",
        },
    )

    found = [(one.normalized, one.version, one.interpreter) for one in facts.distributions]
    assert found == [("cffi", "1.17.0", "pypy3.10"), ("greenlet", "0.4.13", "pypy3.10")]


def test_distributions_of_pypy_2_are_found_at_the_top(tmp_path: Path) -> None:
    facts = looked(tmp_path, {"site-packages/six-1.0.dist-info/METADATA": "Name: six\nVersion: 1.0\n\n"})

    assert [(one.name, one.interpreter) for one in facts.distributions] == [("six", "pypy2.7")]


def test_a_wrapped_program_is_one_program(tmp_path: Path) -> None:
    facts = looked(
        tmp_path,
        {
            "bin/sphinx": Program(),
            "bin/.sphinx-wrapped": Program(f"#!{PYTHON}/bin/python3\nimport site;site.addsitedir('/x')\n"),
            "bin/.other-wrapped_": Program("#!/bin/sh\n"),
            "bin/data": "not executable",
        },
    )

    assert facts.programs == ("sphinx",)
    assert facts.wrapped == (".other-wrapped_", ".sphinx-wrapped")
    assert facts.adds_sites


def test_a_wrapped_binary_adds_no_sites(tmp_path: Path) -> None:
    facts = looked(tmp_path, {"bin/x": Program(ELF), "bin/.x-wrapped": Program(ELF)})

    assert facts.wrapped == (".x-wrapped",) and not facts.adds_sites


def test_libraries_are_what_begins_like_one(tmp_path: Path) -> None:
    facts = looked(
        tmp_path,
        {
            "lib/libz.so.1.3.1": ELF,
            "lib/libz.so": Link("libz.so.1.3.1"),
            "lib/libc.so": "/* GNU ld script */",
            "lib/libm.dylib": MACHO,
            "lib/libz.a": b"!<arch>\n",
            "lib/libz.so.backup": ELF,
            "lib/pkgconfig/zlib.pc": "",
            "lib/sub/libhidden.so": ELF,
        },
    )

    assert facts.libraries == ("libm.dylib", "libz.so.1.3.1")
    assert facts.static_libraries == 1
    assert facts.pkg_config


def test_very_many_names_are_cut(tmp_path: Path) -> None:
    tree: dict[str, bytes | Program] = {f"lib/lib{n:03}.so": ELF for n in range(80)}
    tree |= {f"bin/p{n:03}": Program() for n in range(80)} | {f"top{n:03}": b"" for n in range(80)}

    facts = looked(tmp_path, tree)

    assert len(facts.programs) == len(facts.only) == len(facts.libraries) == 64
    assert facts.programs[0] == "p000"


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"\x7fELF", "elf"),
        (MACHO, "macho"),
        (b"PK\x03\x04", "archive"),
        (b"\x1f\x8b\x08", "archive"),
        (b"BZh9", "archive"),
        (b"\xfd7zXZ\0", "archive"),
        (b"\x28\xb5\x2f\xfd", "archive"),
        (b"#!/bin/sh", "script"),
        (b"diff --git", "diff"),
        (b"--- a/x", "diff"),
        (b"text", "other"),
        (b"", "other"),
        (None, "other"),
    ],
)
def test_a_file_is_known_by_its_first_bytes(start: bytes | None, kind: str) -> None:
    assert magic(start) == kind


def test_a_path_that_is_one_file_is_looked_at_by_its_head(tmp_path: Path) -> None:
    path = plant_path(tmp_path, "x-1.0.tar.gz", b"\x1f\x8b\x08 and so on")

    assert look(path) == FileFacts(shape="file", head="archive")


def test_a_path_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    plant(tmp_path / "x", {"bin/secret": Program()})
    (tmp_path / "link").symlink_to(tmp_path / "x")

    assert look(str(tmp_path / "link")) == FileFacts(shape="link")


def test_what_is_gone_or_no_path_at_all_is_no_fact(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    assert look(str(tmp_path / "gone")) is None
    assert look(str(tmp_path / "pipe")) is None


def test_source_trees_are_marked(tmp_path: Path) -> None:
    assert looked(tmp_path, {"pyproject.toml": "", "setup.py": "", "x/y": ""}).source_marks == (
        "pyproject.toml",
        "setup.py",
    )


def test_an_empty_path_is_nothing_of_all_this(tmp_path: Path) -> None:
    assert looked(tmp_path, {}) == FileFacts(shape="directory")


def test_links_in_the_place_of_folders_lead_nowhere(tmp_path: Path) -> None:
    secret = plant(tmp_path / "secret", {"bin/x": Program(), "python3.11/site-packages/y.py": "", "man": None})

    facts = looked(
        tmp_path,
        {
            "bin": Link(str(secret / "bin")),
            "lib": Link(str(secret)),
            "share": Link(str(secret)),
            "nix-support": Link(str(secret)),
            "pyvenv.cfg": Link("/etc/passwd"),
            "include": Link("/usr/include"),
        },
    )

    assert facts == FileFacts(shape="directory", only=facts.only)
    assert facts.problems == ()


def test_names_of_files_are_shown_harmlessly(tmp_path: Path) -> None:
    tree: dict[str, bytes | Program | Link] = {
        "bin/\x1b[31mred\n": Program(),
        "bin/.\x1b[31mred-wrapped": Program(),
        "lib/\u202elib.so": ELF,
        "\udcff": b"",
        "bin/link": Link(f"/\x1b[31m/{SIX[11:]}/x"),
        "nix-support/propagated-build-inputs": b"/\x1b[31m/" + SIX[11:].encode(),
    }

    facts = looked(tmp_path, tree)

    for name in (*facts.programs, *facts.wrapped, *facts.libraries, *facts.only, *facts.links_to, *facts.propagated):
        assert_plain(name)
        name.encode()
    assert (facts.links_to, facts.propagated) == ((), ())
    assert facts.programs == ("\ufffd[31mred\ufffd",)


def test_a_chroot_store_is_looked_at_below_its_root(tmp_path: Path) -> None:
    plant(tmp_path / "mnt" / PYTHON[1:], {"bin/python3": Program()})

    facts = look(PYTHON, str(tmp_path / "mnt"))

    assert facts is not None and facts.programs == ("python3",)
