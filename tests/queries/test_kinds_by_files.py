"""What a path is by its files: real trees, laid out as nixpkgs, uv2nix, poetry2nix and dream2nix do."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyclosure.queries.base.records import FileFacts
from pyclosure.queries.facts.layout import look
from pyclosure.queries.kinds.identify import identify
from pyclosure.queries.kinds.identity import Identity
from tests.support.closures import derivation_of, store_path
from tests.support.trees import ELF, Leaf, Link, Program, Tree, dist_info, plant_path

SITE = "lib/python3.11/site-packages"
PYTHON = store_path("python3-3.11.9")
SIX = store_path("python3.11-six-1.16.0")
PROPAGATED: dict[str, Leaf] = {"nix-support/propagated-build-inputs": f"{SIX} {PYTHON}"}
INTERPRETER: dict[str, Leaf] = {
    "bin/python3.11": Program(ELF),
    "bin/python3": Link("python3.11"),
    "lib/python3.11/os.py": "",
    f"{SITE}/README.txt": "",
    "lib/libpython3.11.so.1.0": ELF,
    "include/python3.11/Python.h": "",
}
FARM: dict[str, Leaf] = {
    "bin/python3": Program(ELF),
    "bin/python": Program(ELF),
    f"{SITE}/six.py": Link(f"{SIX}/{SITE}/six.py"),
    f"{SITE}/six-1.16.0.dist-info": Link(f"{SIX}/{SITE}/six-1.16.0.dist-info"),
}
VENV: dict[str, Leaf] = {
    "pyvenv.cfg": f"home = {PYTHON}/bin\n",
    "bin/activate": "",
    "bin/python3": Program(ELF),
    f"{SITE}/six.py": Link(f"{SIX}/{SITE}/six.py"),
    f"{SITE}/six-1.16.0.dist-info": Link(f"{SIX}/six-1.16.0.dist-info"),
}
ADDS_SITES = f"#!{PYTHON}/bin/python3\nimport sys;import site;import functools;site.addsitedir('/x')\n"


def identified(tmp_path: Path, name: str, tree: Tree | bytes) -> Identity:
    path = plant_path(tmp_path / "store", name, tree)
    facts = look(path)
    assert facts is not None
    return identify(path, None, facts)


@pytest.mark.parametrize(
    ("name", "tree", "kind"),
    [
        pytest.param("x-1.0", b"\x1f\x8b\x08", "source", id="archive"),
        pytest.param("x-1.0", {"pyproject.toml": "", "src/x.py": ""}, "source", id="Python source tree"),
        pytest.param("x-1.0", {"configure": "", "Makefile": ""}, "source", id="native source tree"),
        pytest.param("fix", b"--- a/x\n+++ b/x\n", "patch", id="diff"),
        pytest.param("demo-env", FARM, "python-env", id="farm of links"),
        pytest.param("project-env", VENV, "python-env", id="virtual environment"),
        pytest.param("python3-3.11.9", INTERPRETER, "interpreter", id="CPython"),
        pytest.param(
            "anything-1.0",
            {"bin/python3.13t": Program(ELF), "lib/python3.13t/os.py": "", "lib/python3.13t/site-packages/x": ""},
            "interpreter",
            id="free-threaded CPython",
        ),
        pytest.param(
            "pypy3.10-7.3.19",
            {"bin/pypy3.10": Program(ELF), "lib/pypy3.10/os.py": "", "lib/pypy3.10/site-packages/README": ""},
            "interpreter",
            id="PyPy 3",
        ),
        pytest.param(
            "pypy-7.3.19",
            {"bin/pypy": Program(ELF), "lib-python/2.7/os.py": "", "site-packages/README": ""},
            "interpreter",
            id="PyPy 2",
        ),
        pytest.param(
            "gcc-14.3.0",
            {"bin/gcc": Program(ELF), "bin/g++": Program(ELF), "lib/libcc1.so": ELF, "include/x.h": ""},
            "toolchain",
            id="gcc",
        ),
        pytest.param(
            "cross-tools-1.0", {"bin/aarch64-unknown-linux-gnu-gcc": Program(ELF)}, "toolchain", id="cross compiler"
        ),
        pytest.param("gcc-14.3.0-lib", {"lib/libstdc++.so.6": ELF}, "native-library", id="gcc lib"),
        pytest.param("gcc-14.3.0-libgcc", {"lib/libgcc_s.so.1": ELF}, "native-library", id="gcc libgcc"),
        pytest.param("x-setup", {"nix-support/setup-hook": ""}, "hook", id="hook"),
        pytest.param(
            "python3.11-pyopenssl-25.3.0-dev",
            {"nix-support/propagated-build-inputs": PYTHON},
            "python-dev",
            id="Python dev output",
        ),
        pytest.param(
            "python3.11-numpy-2.0-dev",
            {"nix-support/propagated-build-inputs": PYTHON, "include/numpy.h": ""},
            "python-dev",
            id="Python dev output with headers",
        ),
        pytest.param("x-1.0-wheels", {"x-1.0-py3-none-any.whl": b"PK\x03\x04"}, "extra-output", id="wheel"),
        pytest.param("x-1.0-text", {"share/doc/x": ""}, "docs", id="documentation"),
        pytest.param("x-1.0", {"include/x.h": "", "lib/pkgconfig/x.pc": ""}, "dev", id="headers"),
        pytest.param("x-1.0", {"share/pkgconfig/x.pc": ""}, "dev", id="pkg-config alone"),
        pytest.param("python3.11-six-1.16.0", dist_info("six", "1.16.0") | PROPAGATED, "python-package", id="nixpkgs"),
        pytest.param("six-1.16.0", dist_info("six", "1.16.0", INSTALLER="uv\n"), "python-package", id="pyproject.nix"),
        pytest.param(
            "black-24.0",
            dist_info("black", "24.0", INSTALLER="uv\n") | {"bin/black": Program()},
            "python-package",
            id="pyproject.nix with a script",
        ),
        pytest.param(
            "python3.11-black-24.0",
            dist_info("black", "24.0") | {"bin/black": Program(), "bin/.black-wrapped": Program(ADDS_SITES)},
            "python-package",
            id="library with a script",
        ),
        pytest.param(
            "httpie-3.2.2",
            dist_info("httpie", "3.2.2") | {"bin/http": Program(), "bin/.http-wrapped": Program(ADDS_SITES)},
            "python-app",
            id="wrapped application",
        ),
        pytest.param(
            "tool-1.0", dist_info("tool", "1.0") | {"bin/tool": Program()}, "python-app", id="plain console script"
        ),
        pytest.param("openssl-3.6.0", {"lib/libssl.so.3": ELF, "etc/x": ""}, "native-library", id="library"),
        pytest.param(
            "zlib-1.3", {"lib/libz.so.1": ELF, "include/zlib.h": "", "bin/x": Program()}, "native-library", id="whole"
        ),
        pytest.param("jq-1.7", {"bin/jq": Program(ELF)}, "native-tool", id="tool"),
        pytest.param("tools", {"bin/jq": Link(f"{PYTHON}/bin/jq")}, "native-tool", id="tool of links"),
        pytest.param("run-it", b"#!/bin/sh\n", "native-tool", id="script"),
        pytest.param("x-1.0", {"lib/libx.a": b"!<arch>\n"}, "dev", id="static library"),
        pytest.param("words-1.0", {"share/dict/words": ""}, "data", id="data"),
        pytest.param("app.conf", b"a = 1\n", "data", id="one file of text"),
        pytest.param("mystery-1.0", {"lib/what": ""}, "unknown", id="nothing known"),
        pytest.param("empty-1.0", {}, "unknown", id="empty"),
    ],
)
def test_files_show_a_kind(tmp_path: Path, name: str, tree: Tree | bytes, kind: str) -> None:
    identity = identified(tmp_path, name, tree)

    assert identity.kind.value == kind
    if kind == "unknown":
        assert identity.kind.evidence == "its derivation would tell"
    else:
        assert identity.kind.tier in ("F", "N") and identity.kind.evidence


def test_files_are_stronger_than_the_name_and_weaker_than_the_derivation(tmp_path: Path) -> None:
    path = plant_path(tmp_path, "python3-3.11.9-env", INTERPRETER)
    facts = look(path)

    by_files = identify(path, None, facts)
    by_derivation = identify(path, derivation_of("x", {"postBuild": "NIX_PYTHONPREFIX"}), facts)

    assert (by_files.kind.value, by_files.kind.tier, by_files.kind.certainty) == ("interpreter", "F", "certain")
    assert (by_derivation.kind.value, by_derivation.kind.tier) == ("python-env", "D")


def test_the_evidence_names_the_file(tmp_path: Path) -> None:
    assert identified(tmp_path, "jq-1.7", {"bin/jq": Program(ELF)}).kind.evidence == "bin/jq"


@pytest.mark.parametrize(
    ("name", "tree", "pname", "version", "distribution", "count"),
    [
        (
            "python3.11-zope-interface-6.0",
            dist_info("Zope.Interface", "6.0.post1"),
            "Zope.Interface",
            "6.0.post1",
            "zope-interface",
            1,
        ),
        ("python3.11-two-1.0", dist_info("one", "1.1") | dist_info("two", "1.2"), "two", "1.2", "two", 2),
        ("python3.11-other-1.0", dist_info("one", "1.1") | dist_info("two", "1.2"), "one", "1.1", "one", 2),
        ("python3.11-none-1.0", {f"{SITE}/none.py": ""}, "none", "1.0", None, 0),
        ("demo-env", FARM, "demo-env", "", None, 0),
        ("python3-3.11.9", INTERPRETER, "python3", "3.11.9", None, 0),
    ],
)
def test_metadata_names_the_distribution(
    tmp_path: Path, name: str, tree: Tree, pname: str, version: str, distribution: str | None, count: int
) -> None:
    identity = identified(tmp_path, name, tree)

    assert (identity.pname, identity.version) == (pname, version)
    assert (identity.distribution, identity.distributions) == (distribution, count)


@pytest.mark.parametrize(
    ("name", "tree", "interpreter", "tier"),
    [
        ("python3.11-six-1.16.0", dist_info("six", "1.16.0"), "python3.11", "F"),
        ("six-1.16.0", dist_info("six", "1.16.0", "python3.13t"), "python3.13t", "F"),
        ("python3-3.11.9", INTERPRETER, "python3.11", "F"),
        (
            "python3-3.13.9",
            {"bin/python3.13": Program(ELF), "lib/python3.13t/os.py": ""},
            "python3.13t",
            "F",
        ),
        (
            "pypy-7.3.19",
            {"bin/pypy": Program(ELF), "lib-python/2.7/os.py": "", "site-packages/README": ""},
            "pypy2.7",
            "F",
        ),
        ("demo-env", FARM, "python3.11", "F"),
        ("python3.11-pyopenssl-25.3.0-dev", {"nix-support/x": ""}, "python3.11", "N"),
        ("jq-1.7", {"bin/jq": Program(ELF)}, None, ""),
    ],
)
def test_the_interpreter_is_where_the_modules_lie(
    tmp_path: Path, name: str, tree: Tree, interpreter: str | None, tier: str
) -> None:
    found = identified(tmp_path, name, tree).interpreter

    assert (found.value if found else None) == interpreter
    assert found is None or found.tier == tier


@pytest.mark.parametrize(
    ("name", "tree", "producer"),
    [
        ("python3.11-six-1.16.0", dist_info("six", "1.16.0") | PROPAGATED, "nixpkgs"),
        ("python3.11-six-1.16.0", dist_info("six", "1.16.0"), None),
        ("demo-env", FARM, "nixpkgs"),
        ("project-env", VENV, "pyproject.nix"),
        ("six-1.16.0", dist_info("six", "1.16.0", INSTALLER="uv\n"), "pyproject.nix"),
        ("python3.11-pip-24.0", dist_info("pip", "24.0", INSTALLER="pip\n"), None),
        ("demo-env", FARM | {f"{SITE}/_sitecustomize.py": ""}, "dream2nix"),
        (
            "httpie-3.2.2",
            dist_info("httpie", "3.2.2") | {"bin/http": Program(), "bin/.http-wrapped": Program(ADDS_SITES)},
            "nixpkgs",
        ),
        ("jq-1.7", {"bin/jq": Program(ELF)}, None),
    ],
)
def test_files_tell_who_made_a_python_path(tmp_path: Path, name: str, tree: Tree, producer: str | None) -> None:
    found = identified(tmp_path, name, tree).producer

    assert (found.value if found else None) == producer
    assert found is None or (found.tier, found.certainty) == ("F", "probable")


def test_nothing_known_at_all_says_what_would_tell() -> None:
    identity = identify(store_path("mystery-1.0"), None, FileFacts(shape="directory", only=("lib",)))

    assert identity.kind.evidence == "its derivation would tell"
    both = identify(store_path("mystery-1.0"), derivation_of("mystery-1.0"), FileFacts(shape="directory"))
    assert both.kind.evidence == "nothing here is of a known kind"
