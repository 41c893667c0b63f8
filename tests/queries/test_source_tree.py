"""What a Python source says that its tests need: every format, trees and archives alike, and hostile ones."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import tarfile
import threading
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement

from pyclosure.queries.base.activity import Silent
from pyclosure.queries.base.errors import Cancelled
from pyclosure.queries.facts.sources import archives as source_archives
from pyclosure.queries.facts.sources import files as source_files
from pyclosure.queries.facts.sources import imports as source_imports
from pyclosure.queries.facts.sources import tree as source_tree
from pyclosure.queries.facts.sources.poetry import poetry_requirement
from pyclosure.queries.facts.sources.project import parse
from pyclosure.queries.facts.sources.tree import Declaration, Source, read_source
from pyclosure.queries.facts.sources.wanted import without_extra
from tests.support.sentences import assert_plain
from tests.support.trees import Link, Tree, plant
from tests.support.work import at_most

PROJECT = '[project]\nname = "Proj"\nversion = "1.0"\n'


def texts_in(value: object) -> list[str]:
    """Return all texts of a structure, however deep."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, (list, tuple)):
        return [text for one in value for text in texts_in(one)]
    return [text for one in value.values() for text in texts_in(one)] if isinstance(value, dict) else []


def checked(source: Source | None) -> Source:
    """Return a source after a look at what must hold for all of them."""
    assert source is not None
    for text in texts_in(msgspec.to_builtins(source)):
        assert_plain(text)
    assert len(source.problems) <= 32
    # the types hold: a snapshot with it can be read again
    assert msgspec.json.decode(msgspec.json.encode(source), type=Source) == source
    return source


def read(tmp_path: Path, tree: Tree, **options: str) -> Source:
    return checked(read_source(str(plant(tmp_path / "source", tree)), **options))


def pyproject(tmp_path: Path, text: str, **others: str) -> Source:
    files = {name.replace("__", "."): content for name, content in others.items()}
    return read(tmp_path, {"pyproject.toml": PROJECT + text, **files})


def found(source: Source, kind: str) -> dict[str, Declaration]:
    return {one.group: one for one in source.declarations if one.kind == kind}


def requirements(source: Source, kind: str) -> dict[str, tuple[str, ...]]:
    return {group: one.requirements for group, one in found(source, kind).items()}


def modules(source: Source) -> dict[str, bool]:
    """Return module → whether all imports of it are guarded."""
    names = {one.module for one in source.imports}
    return {name: all(one.guarded for one in source.imports if one.module == name) for name in names}


def tar_of(files: Mapping[str, bytes | str | Link], *, prefix: str = "") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(prefix + name)
            if isinstance(content, Link):
                info.type, info.linkname = tarfile.SYMTYPE, content.target
                archive.addfile(info)
                continue
            data = content.encode() if isinstance(content, str) else content
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def zip_of(files: Mapping[str, bytes | str | Link], *, prefix: str = "", method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(prefix + name)
            info.compress_type = method
            if isinstance(content, Link):
                info.external_attr = 0o120777 << 16
                content = content.target
            archive.writestr(info, content)
    return out.getvalue()


PACKINGS: dict[str, Callable[[Mapping[str, bytes | str | Link]], bytes]] = {
    "tar": lambda files: tar_of(files, prefix="proj-1.0/"),
    "tar.gz": lambda files: gzip.compress(tar_of(files, prefix="proj-1.0/")),
    "tar.bz2": lambda files: bz2.compress(tar_of(files, prefix="./proj-1.0/")),
    "tar.xz": lambda files: lzma.compress(tar_of(files, prefix="proj-1.0/")),
    "zip": lambda files: zip_of(files, prefix="proj-1.0/"),
}


def packed(tmp_path: Path, data: bytes, name: str = "x-1.0.tar.gz") -> Source:
    (tmp_path / name).write_bytes(data)
    return checked(read_source(str(tmp_path / name)))


# -- identity --------------------------------------------------------------------------------------------

PKG_INFO = """\
Metadata-Version: 2.1
Name: Proj
Version: 1.2
Provides-Extra: Test_All
Provides-Extra: docs
Provides-Extra: empty
Requires-Dist: attrs>=20
Requires-Dist: pytest>=7; extra == "test-all"
Requires-Dist: mock; python_version < "3.9" and extra == "test-all"
Requires-Dist: both; extra == "docs" or extra == "test-all"
Requires-Dist: cond; (sys_platform == "linux" or os_name == "nt") and extra == 'docs'
Requires-Dist: proj[docs]; extra == "test-all"
Requires-Dist: far @ https://example.org/far.zip ; extra == "docs"

Requires-Dist: this-is-the-description; extra == "docs"
"""


def test_pkg_info_goes_before_pyproject_and_loses_the_extra_of_its_markers(tmp_path: Path) -> None:
    other = '[project]\nname = "other"\nversion = "9"\n[project.optional-dependencies]\nx = ["y"]\n'

    source = read(tmp_path, {"PKG-INFO": PKG_INFO, "pyproject.toml": other})

    assert (source.name, source.version) == ("Proj", "1.2")
    assert requirements(source, "extra") == {
        "test-all": ("pytest>=7", 'mock; python_version < "3.9"', "both"),
        "docs": (
            "both",
            'cond; sys_platform == "linux" or os_name == "nt"',
            "far @ https://example.org/far.zip",
        ),
        "empty": (),
    }
    assert found(source, "extra")["test-all"].self_extras == ("docs",)
    assert (found(source, "extra")["docs"].file, found(source, "extra")["docs"].line) == ("PKG-INFO", 5)
    assert source.problems == ()


def test_operators_that_python_has_not_leave_the_marker_whole(tmp_path: Path) -> None:
    text = "Name: p\nProvides-Extra: t\nRequires-Dist: a; python_version ~= '3.9' and extra == 't'\n\n"

    source = read(tmp_path, {"PKG-INFO": text})

    assert requirements(source, "extra") == {"t": ('a; python_version ~= "3.9" and extra == "t"',)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", None),
        ("a; python_version < '3'", None),
        ("a; extra == 'x'", "a"),
        ("a; 'X' == extra", "a"),
        ("a; extra == 'y'", None),
        ("a; extra == 'y' or extra == 'z'", None),
        ("a; extra == 'x' and extra != 'y'", "a"),
        ("a; os_name == 'nt' and (extra == 'y' or extra == 'z')", None),
        ("a; os_name == 'nt' or extra == 'x'", "a"),
        ("a; os_name == 'nt' or extra == 'y'", "a; os_name == 'nt'"),
        ("a; (os_name == 'nt' or os_name == 'x') and extra == 'x'", "a; os_name == 'nt' or os_name == 'x'"),
        ("a @ https://x.org/a.zip ; os_name == 'nt' and extra == 'x'", "a @ https://x.org/a.zip ; os_name == 'nt'"),
        ("a; python_version ~= '3.9' and extra == 'y'", 'a; python_version ~= "3.9" and extra == "y"'),
    ],
)  # fmt: skip
def test_what_is_said_of_an_extra_is_decided(text: str, expected: str | None) -> None:
    assert without_extra(Requirement(text), "x") == expected


def test_names_of_extras_alone_are_no_reason_to_look_no_further(tmp_path: Path) -> None:
    cfg = "[options.extras_require]\ntest = pytest\n"

    source = read(tmp_path, {"PKG-INFO": "Name: p\nProvides-Extra: test\nRequires-Dist: six\n\n", "setup.cfg": cfg})

    assert requirements(source, "extra") == {"test": ("pytest",)}


def test_older_pkg_info_takes_its_extras_from_the_egg_info(tmp_path: Path) -> None:
    old = "Metadata-Version: 1.2\nName: Proj\nVersion: 1\nProvides-Extra: test\n\n"
    requires = 'six\n\n[:python_version < "3"]\nenum34\n\n[test]\npytest\n\n[test:os_name == "nt"]\ncolorama\n'

    tree = {"PKG-INFO": old, "src/proj.egg-info/PKG-INFO": old, "src/proj.egg-info/requires.txt": requires}
    source = read(tmp_path, tree)

    assert requirements(source, "extra") == {"test": ("pytest", 'colorama; os_name == "nt"')}
    assert found(source, "requirements") == {}, "requires.txt is no file for pip, though its folder may say test"


@pytest.mark.parametrize(
    ("tree", "name", "version"),
    [
        ({"pyproject.toml": '[project]\nname = "a"\nversion = "1"'}, "a", "1"),
        ({"pyproject.toml": '[project]\nname = "a"\ndynamic = ["version"]'}, "a", None),
        ({"pyproject.toml": '[tool.poetry]\nname = "b"\nversion = "2"'}, "b", "2"),
        ({"setup.cfg": "[metadata]\nname = c\nversion = 3"}, "c", "3"),
        ({"setup.cfg": "[metadata]\nname = c\nversion = attr: c.__version__"}, "c", None),
        ({"setup.cfg": "[metadata]\nname = c\nversion = file:VERSION"}, "c", None),
        ({"setup.py": 'import setuptools\nV = "4"\nsetuptools.setup(name="d", version=V)'}, "d", "4"),
        ({"setup.py": "setup(name=get_name(), version=open('V').read())"}, None, None),
        ({"pyproject.toml": '[build-system]\nrequires = ["x"]', "setup.cfg": "[metadata]\nname = e"}, "e", None),
        ({"README": "nothing"}, None, None),
    ],
)
def test_name_and_version_come_from_static_data_alone(
    tmp_path: Path, tree: Tree, name: str | None, version: str | None
) -> None:
    source = read(tmp_path, tree)

    assert (source.name, source.version) == (name, version)


def test_metadata_alone_tells_name_and_extras(tmp_path: Path) -> None:
    (tmp_path / "METADATA").write_text(PKG_INFO)

    source = checked(read_source(str(tmp_path / "METADATA")))

    assert (source.kind, source.name, source.version, source.test_files) == ("metadata", "Proj", "1.2", None)
    assert list(found(source, "extra")) == ["test-all", "docs", "empty"]
    assert source.build_requires is None


def test_a_wheel_tells_name_and_extras_and_nothing_of_the_tests_in_it(tmp_path: Path) -> None:
    files = {
        "proj/__init__.py": "",
        "proj/tests/test_a.py": "import numpy",
        "proj-1.2.dist-info/METADATA": PKG_INFO.replace("\n", "\r\n"),
        "proj-1.2.dist-info/RECORD": "",
        "requirements-test.txt": "nose",
    }

    source = packed(tmp_path, zip_of(files), "proj-1.2-py3-none-any.whl")

    assert (source.kind, source.name, source.version) == ("wheel", "Proj", "1.2")
    assert {one.kind for one in source.declarations} == {"extra"}
    assert len(source.declarations) == 3
    assert (source.imports, source.test_files, source.top) == ((), None, "")


@pytest.mark.parametrize("content", [b"", b"#!/bin/sh\n", b"\x7fELF", b"\0" * 2000, b"Just: a header\n\n"])
def test_a_file_that_is_nothing_of_this_is_no_source(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)

    assert read_source(str(tmp_path / "x")) is None


def test_what_is_not_there_or_a_link_or_a_pipe_is_no_source(tmp_path: Path) -> None:
    plant(tmp_path / "real", {"setup.cfg": "[metadata]\nname = x"})
    (tmp_path / "link").symlink_to(tmp_path / "real")
    os.mkfifo(tmp_path / "pipe")

    assert read_source(str(tmp_path / "gone")) is None
    assert read_source(str(tmp_path / "link")) is None
    assert read_source(str(tmp_path / "pipe")) is None


# -- pyproject.toml --------------------------------------------------------------------------------------


def test_extras_of_pyproject(tmp_path: Path) -> None:
    source = pyproject(
        tmp_path,
        "[project.optional-dependencies]\ndocs = []\n"
        'Test_X = ["pytest >= 7 ; python_version>\'3\'", "PROJ[docs,cli]"]\n',
    )

    extra = found(source, "extra")["test-x"]
    assert extra.requirements == ('pytest>=7; python_version > "3"',)
    assert extra.self_extras == ("cli", "docs")
    assert (extra.file, extra.line) == ("pyproject.toml", 6)
    assert found(source, "extra")["docs"].requirements == ()


def test_extras_that_setuptools_takes_from_files(tmp_path: Path) -> None:
    text = (
        '[tool.setuptools.dynamic.optional-dependencies]\ntest = { file = ["requirements-test.txt"] }\n'
        'docs = { file = "req/docs.in" }\nlost = { file = ["gone.txt"] }\n'
    )

    source = pyproject(tmp_path, text, **{"requirements-test__txt": "pytest\nmock", "req/docs__in": "sphinx"})

    assert requirements(source, "extra") == {"test": ("pytest", "mock"), "docs": ("sphinx",), "lost": ()}
    assert source.problems == ("pyproject.toml: the file gone.txt was not found or not read",)


def test_extras_of_older_tools(tmp_path: Path) -> None:
    flit = '[tool.flit.metadata]\nmodule = "x"\n[tool.flit.metadata.requires-extra]\ntest = ["pytest"]\n'
    poetry = (
        '[tool.poetry]\nname = "p"\n[tool.poetry.dependencies]\npython = "^3.9"\nPy_Test = {version = "^7.1", '
        'optional = true}\nother = "*"\n[tool.poetry.extras]\ntest = ["py-test", "not-there"]\n'
    )

    assert requirements(read(tmp_path / "1", {"pyproject.toml": flit}), "extra") == {"test": ("pytest",)}
    assert requirements(read(tmp_path / "2", {"pyproject.toml": poetry}), "extra") == {"test": ("Py_Test<8,>=7.1",)}


def test_groups_include_others_once_and_in_their_order(tmp_path: Path) -> None:
    source = pyproject(
        tmp_path,
        '[dependency-groups]\nbase = ["a"]\n"Te.St" = ["b", {include-group = "BASE"}, "c", {include-group = "base"}]\n'
        'dev = [{include-group = "te-st"}, "proj[x]"]\n',
    )

    assert requirements(source, "group") == {"base": ("a",), "te-st": ("b", "a", "c"), "dev": ("b", "a", "c")}
    assert found(source, "group")["dev"].self_extras == ("x",)
    assert found(source, "group")["dev"].line == 7
    assert found(source, "group")["te-st"].line == 6
    assert source.problems == ()


def test_groups_that_include_each_other_end(tmp_path: Path) -> None:
    source = pyproject(
        tmp_path,
        '[dependency-groups]\na = ["x", {include-group = "b"}]\nb = [{include-group = "a"}, "y"]\n'
        'c = [{include-group="c"}]',
    )

    assert requirements(source, "group") == {"a": ("x", "y"), "b": ("x", "y"), "c": ()}


def test_groups_with_what_does_not_belong_there(tmp_path: Path) -> None:
    source = pyproject(
        tmp_path,
        '[dependency-groups]\na = ["x", 3, {include-group = "gone"}, {other = 1}, "not a requirement"]\nb = "text"\n'
        'A = ["twice"]\n',
    )

    assert requirements(source, "group") == {"a": ("x",), "b": ()}
    assert source.problems == (
        "pyproject.toml: the group a is there twice",
        "pyproject.toml: the group a holds something else than requirements and groups",
        "pyproject.toml: the group a includes gone, which is not there",
        "pyproject.toml: not a requirement is not read as a requirement",
        "pyproject.toml: the group b holds something else than requirements and groups",
    )


def test_poetry_groups_of_both_ages(tmp_path: Path) -> None:
    source = read(
        tmp_path,
        {
            "pyproject.toml": '[tool.poetry]\nname = "p"\n[tool.poetry.dev-dependencies]\npytest = "^7"\n'
            '[tool.poetry.group.Test_X.dependencies]\npython = "*"\n'
            'mock = {version = "~4.1", extras = ["b"], markers = "os_name == \'nt\' or os_name == \'posix\'"}\n'
            'multi = [{version = "<2", python = "<3.9"}, {version = ">=2", python = ">=3.9"}]\n'
            'alt = "^1 || ^2"\nfar = {git = "https://example.org/x.git"}\nbad = 3\np = {path = ".", extras = ["cli"]}\n'
        },
    )

    assert requirements(source, "poetry-group") == {
        "test-x": (
            'mock[b]<4.2,>=4.1; os_name == "nt" or os_name == "posix"',
            'multi<2; python_version < "3.9"',
            'multi>=2; python_version >= "3.9"',
            "alt",
            "far",
        ),
        "dev": ("pytest<8,>=7",),
    }
    assert found(source, "poetry-group")["test-x"].self_extras == ("cli",)
    assert found(source, "poetry-group")["dev"].line == 3
    assert source.problems == ("pyproject.toml: bad is not what poetry writes",)


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ("^0.3", "a>=0.3,<0.4"),
        ("^0.0.3", "a>=0.0.3,<0.0.4"),
        ("^0", "a>=0,<1"),
        ("~1", "a>=1,<2"),
        ("1.2.*", "a==1.2.*"),
        ("1.2", "a==1.2"),
        (">=1, <2", "a>=1,<2"),
        ("!= 1.5", "a!=1.5"),
        ("*", "a"),
        ("^x", "a"),
        ("^" + "9" * 5000, "a"),
    ],
)
def test_constraints_of_poetry_become_those_of_pep_440(constraint: str, expected: str) -> None:
    assert poetry_requirement("a", constraint) == expected


def test_the_lists_of_uv_pdm_and_hatch(tmp_path: Path) -> None:
    source = pyproject(
        tmp_path,
        '[tool.uv]\ndev-dependencies = ["ruff"]\n[tool.pdm.dev-dependencies]\nTest = ["pytest", "-e file:///x#egg=y"]\n'
        '[tool.hatch.envs.test]\nfeatures = ["Cli"]\ndependencies = ["pytest"]\nextra-dependencies = ["mock"]\n'
        'dependency-groups = ["Dev"]\n[tool.hatch.envs.lint]\ndetached = true\n',
        hatch__toml='[envs.ci]\ndependencies = ["coverage"]\n',
    )

    assert requirements(source, "uv-dev") == {"dev": ("ruff",)}
    assert requirements(source, "pdm-dev") == {"test": ("pytest", "y @ file:///x#egg=y")}
    assert requirements(source, "hatch-env") == {"test": ("pytest", "mock"), "lint": (), "ci": ("coverage",)}
    environment = found(source, "hatch-env")["test"]
    assert (environment.self_extras, environment.groups, environment.line) == (("cli",), ("dev",), 8)
    assert found(source, "hatch-env")["ci"].file == "hatch.toml"


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({"pyproject.toml": '[build-system]\nrequires = ["setuptools >= 61", "wheel"]'}, ("setuptools>=61", "wheel")),
        ({"pyproject.toml": "[tool.x]\ny = 1"}, ()),
        ({"pyproject.toml": "[broken"}, None),
        ({"setup.py": ""}, None),
    ],
)
def test_what_is_needed_to_build(tmp_path: Path, tree: Tree, expected: tuple[str, ...] | None) -> None:
    assert read(tmp_path, tree).build_requires == expected


# -- tox -------------------------------------------------------------------------------------------------

TOX = """\
[tox]
envlist = py311

[base]
deps =
    six
    {[more]deps}

[more]
deps = attrs

[testenv]
deps =
    {[base]deps}
    pytest>=7  # a comment
    -r{toxinidir}/requirements/test.txt
    -c constraints.txt
    py311: mock==4
    py{39,310}-django{32,40},!pypy: django[argon2]>=3.2,<3.3
    x: {[more]deps}
    {env:EXTRA_DEP:nose}
    {posargs}
    .[cli]
extras =
    Test_A
    py311: b, c
dependency_groups = dev

[testenv:lint]
skip_install = true
deps = ruff

[testenv:nothing]
commands = true
"""


def test_environments_of_tox_ini(tmp_path: Path) -> None:
    source = read(
        tmp_path, {"tox.ini": TOX, "requirements/test.txt": "hypothesis\n-r more.txt", "requirements/more.txt": "x"}
    )

    environment = found(source, "tox")["testenv"]
    assert environment.requirements == (
        "six",
        "attrs",
        "pytest>=7",
        "hypothesis",
        "x",
        "mock",
        "django[argon2]",
        "nose",
    )
    assert environment.self_extras == ("cli", "test-a", "b", "c")
    assert environment.groups == ("dev",)
    assert (environment.file, environment.line) == ("tox.ini", 12)
    assert requirements(source, "tox")["lint"] == ("ruff",)
    assert "nothing" not in found(source, "tox")
    assert source.problems == ()


def test_references_that_go_round_or_double_end(tmp_path: Path) -> None:
    ring = (
        "[a]\ndeps = {[b]deps}\n[b]\ndeps =\n    x\n    {[a]deps}\n"
        "[testenv]\ndeps =\n    {[a]deps}\n    {[testenv]deps}\n"
    )
    doubling = "".join(f"[s{i}]\ndeps =\n    {{[s{i + 1}]deps}}\n    {{[s{i + 1}]deps}}\n" for i in range(60))
    with at_most(50_000):
        assert requirements(read(tmp_path / "1", {"tox.ini": ring}), "tox") == {"testenv": ("x",)}
        read(tmp_path / "2", {"tox.ini": f"{doubling}[s60]\ndeps = y\n[testenv]\ndeps = {{[s0]deps}}\n"})


def test_tox_in_setup_cfg_and_pyproject(tmp_path: Path) -> None:
    legacy = '[tool.tox]\nlegacy_tox_ini = """\n[testenv:old]\ndeps = a\n"""\n'
    source = pyproject(tmp_path, legacy, setup__cfg="[tox:tox]\nenvlist = x\n[testenv]\ndeps = b\n")

    assert {name: (one.requirements, one.file) for name, one in found(source, "tox").items()} == {
        "testenv": (("b",), "setup.cfg"),
        "old": (("a",), "pyproject.toml"),
    }


def test_tox_in_toml_of_its_own(tmp_path: Path) -> None:
    native = (
        'env_run_base = { deps = ["pytest", "-r req-test.txt"], extras = ["cli"], dependency_groups = ["dev"] }\n'
        '[env.type]\ndeps = ["mypy", { replace = "ref", of = ["env_run_base", "deps"], extend = true }, '
        '{ replace = "ref", env = "loop", key = "deps" }, { replace = "posargs" }]\n'
        '[env.loop]\ndeps = [{ replace = "ref", env = "loop", key = "deps" }, "z"]\n[env.none]\nskip_install = true\n'
    )
    inside = "[tool.tox]\n[tool.tox.env.lint]\ndeps = ['ruff']\n"

    source = pyproject(tmp_path, inside, tox__toml=native, **{"req-test__txt": "mock"})

    assert requirements(source, "tox") == {
        "lint": ("ruff",),
        "testenv": ("pytest", "mock"),
        "type": ("mypy", "pytest", "mock", "z"),
        "loop": ("z",),
    }
    base = found(source, "tox")["testenv"]
    assert (base.self_extras, base.groups, base.file) == (("cli",), ("dev",), "tox.toml")
    assert (found(source, "tox")["lint"].line, found(source, "tox")["type"].line) == (5, 2)


# -- nox, setup.cfg, setup.py ----------------------------------------------------------------------------

NOX = """
import nox
DEPS = ["pytest", "mock>=4"]
PYPROJECT = nox.project.load_toml()

@nox.session(python=["3.11"], name="unit")
def tests(session: nox.Session) -> None:
    session.install(*DEPS, "-r", "requirements-x.txt", "-c", "constraints.txt", f"x=={VERSION}")
    session.install("-e", ".[cli,Web]", "--upgrade", silent=False)
    session.install("-e.[more]", "--group", "g1", "--group=g2")
    session.install(*nox.project.dependency_groups(PYPROJECT, "dev", "test"))
    session.install(*PYPROJECT["dependency-groups"]["sub"], *PYPROJECT["project"]["optional-dependencies"]["opt"])
    session.run("pip", "install", "attrs")
    session.run("pytest", "install")
    other.install("not-this")

@session
def lint(s):
    s.conda_install("ruff", channel="x")

@nox.session
def nothing(session):
    session.run("true")

def helper(session):
    session.install("not-that")
"""


def test_sessions_of_nox(tmp_path: Path) -> None:
    source = read(tmp_path, {"noxfile.py": NOX, "requirements-x.txt": "six"})

    unit = found(source, "nox")["unit"]
    assert unit.requirements == ("pytest", "mock>=4", "six", "attrs")
    assert unit.self_extras == ("cli", "web", "more", "opt")
    assert unit.groups == ("g1", "g2", "dev", "test", "sub")
    assert (unit.file, unit.line) == ("noxfile.py", 7)
    assert requirements(source, "nox") == {"unit": unit.requirements, "lint": ("ruff",)}
    assert source.problems == ()


def test_lists_of_setup_cfg(tmp_path: Path) -> None:
    cfg = (
        "[options]\ntests_require =\n    pytest\n    # a comment\n    mock; python_version < '3'\n"
        "[options.extras_require]\ntest = %(nothing)s; nose\nfiles = file: req-a.txt, req-b.txt\n"
        "docs =\n    sphinx\n    proj[test]\n"
    )

    source = read(tmp_path, {"setup.cfg": "[metadata]\nname=proj\n" + cfg, "req-a.txt": "a", "req-b.txt": "b"})

    assert requirements(source, "tests-require") == {"tests_require": ("pytest", 'mock; python_version < "3"')}
    assert found(source, "tests-require")["tests_require"].line == 4
    assert requirements(source, "extra") == {"test": ("nose",), "files": ("a", "b"), "docs": ("sphinx",)}
    assert found(source, "extra")["docs"].self_extras == ("test",)
    assert source.problems == ("setup.cfg: %(nothing)s is not read as a requirement",)


def test_literals_of_setup_py(tmp_path: Path) -> None:
    setup = (
        "from setuptools import setup\nTESTS = ['pytest', 'mock']\nMORE: list = ['x']\n"
        "EXTRA = dict(test=TESTS + ('y',))\n"
        "AGAIN = ['1']\nAGAIN += ['z']\n"
        "setup(\n    name='proj',\n    tests_require=[*TESTS, 'z'],\n"
        "    extras_require={'a': 'one\\ntwo', 'b:os_name==\"nt\"': ['c'], ':x': ['base'], 'd': computed(), K: ['k'],\n"
        "        'e': MORE, 'f': AGAIN, **EXTRA},\n)\n"
    )

    source = read(tmp_path, {"setup.py": setup})

    assert requirements(source, "tests-require") == {"tests_require": ("pytest", "mock", "z")}
    assert requirements(source, "extra") == {"a": ("one", "two"), "b": ('c; os_name == "nt"',), "e": ("x",)}
    assert found(source, "extra")["a"].line == 10
    assert source.problems == (
        "setup.py: d is computed; not known",
        "setup.py: the name of an extra is computed; not known",
        "setup.py: f is computed; not known",
    )


def test_setup_py_is_never_run(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    code = f"open({str(mark)!r}, 'w')\nimport setuptools\nsetuptools.setup(name='x', **{{'tests_require': ['y']}})\n"

    source = read(tmp_path, {"setup.py": code, "noxfile.py": code, "tests/conftest.py": code, "tests/test_a.py": code})

    assert not mark.exists()
    assert requirements(source, "tests-require") == {"tests_require": ("y",)}


# -- requirements files ----------------------------------------------------------------------------------


def test_requirements_files_are_read_as_pip_reads_them(tmp_path: Path) -> None:
    text = (
        "# first\n--index-url https://example.org\n-c constraints.txt\n\npytest >= 7 # why\n"
        "attrs==1 \\\n    --hash=sha256:ab \\\n"
        "    --hash=sha256:cd\n-e git+https://example.org/x.git#egg=far\nwheels/six-1.16.0-py2.py3-none-any.whl\n"
        "-r base.txt\n-r ../../etc/passwd\n-r /etc/passwd\n-r gone.txt\n-e .[cli]\n./local\n-rrequirements/base.txt\n"
    )

    source = read(
        tmp_path,
        {"requirements-test.txt": text, "base.txt": "x", "requirements/base.txt": "mock\n-r ../requirements-test.txt"},
    )

    declared = found(source, "requirements")["requirements-test.txt"]
    assert declared.requirements == (
        "pytest>=7",
        "attrs==1",
        "far @ git+https://example.org/x.git#egg=far",
        "six==1.16.0",
        "mock",
    )
    assert declared.self_extras == ("cli",)
    assert declared.line is None
    assert source.problems == (
        "requirements-test.txt: the file base.txt was not found or not read",
        "requirements-test.txt: the file ../../etc/passwd lies outside of the source",
        "requirements-test.txt: the file /etc/passwd lies outside of the source",
        "requirements-test.txt: the file gone.txt was not found or not read",
        "requirements-test.txt: ./local is not read as a requirement",
    )


def test_only_files_for_tests_and_developing_are_taken(tmp_path: Path) -> None:
    names = [
        "requirements-dev.txt", "test-requirements.txt", "requirements/test.in", "requirements/test.txt",
        "tests/requirements.txt", "requirements_ci.txt", "reqs/py3/testing.txt",
        "requirements.txt", "docs/requirements.txt", "tests/data/words.txt", "requirements/prod.txt", "latest-req.txt",
        "a/b/c/requirements-test.txt",
    ]  # fmt: skip

    source = read(tmp_path, dict.fromkeys(names, "x"))

    assert sorted(found(source, "requirements")) == [
        "reqs/py3/testing.txt",
        "requirements-dev.txt",
        "requirements/test.in",
        "requirements_ci.txt",
        "test-requirements.txt",
        "tests/requirements.txt",
    ]


def test_a_long_chain_of_files_is_cut(tmp_path: Path) -> None:
    tree = {f"req-{i}.txt": f"-r req-{i + 1}.txt\np{i}" for i in range(500)}

    source = read(tmp_path, {"requirements-test.txt": "-r req-0.txt", **tree})

    assert len(found(source, "requirements")["requirements-test.txt"].requirements) == 49
    assert source.problems == ("requirements-test.txt: names more than 50 files; the rest was not read",)


# -- pytest ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tree", "file", "options", "settings", "plugins"),
    [
        (
            {"pyproject.toml": "[tool.pytest.ini_options]\naddopts = \"-n auto --cov='a b'\"\nrequired_plugins = "
             "['pytest-cov>=2']\nasyncio_mode = 'auto'"},
            "pyproject.toml", ("-n", "auto", "--cov=a b"), ("addopts", "asyncio_mode", "required_plugins"),
            ("pytest-cov>=2",),
        ),
        (
            {"pyproject.toml": "[tool.pytest]\naddopts = ['-n', 'auto']"},
            "pyproject.toml", ("-n", "auto"), ("addopts",), (),
        ),
        (
            {"pytest.ini": "[pytest]\naddopts =\n  --timeout=5\n  -q", "tox.ini": "[pytest]\naddopts = no"},
            "pytest.ini", ("--timeout=5", "-q"), ("addopts",), (),
        ),
        ({"pytest.ini": "", "setup.cfg": "[tool:pytest]\naddopts = no"}, "pytest.ini", (), (), ()),
        (
            {"tox.ini": "[pytest]\nrequired_plugins = pytest-a pytest-b"},
            "tox.ini", (), ("required_plugins",), ("pytest-a", "pytest-b"),
        ),
        ({"setup.cfg": "[tool:pytest]\naddopts = 'open"}, "setup.cfg", ("'open",), ("addopts",), ()),
        ({"setup.cfg": "[pytest]\naddopts = x"}, None, (), (), ()),
    ],
)  # fmt: skip
def test_what_pytest_is_told(
    tmp_path: Path,
    tree: Tree,
    file: str | None,
    options: tuple[str, ...],
    settings: tuple[str, ...],
    plugins: tuple[str, ...],
) -> None:
    source = read(tmp_path, tree)

    assert source.pytest_config == file
    assert (source.pytest_options, source.pytest_settings, source.pytest_plugins) == (options, settings, plugins)


# -- tests and imports -----------------------------------------------------------------------------------


def test_files_are_counted_by_their_names_and_by_what_pytest_is_told(tmp_path: Path) -> None:
    names = [
        "tests/test_a.py", "src/p/b_test.py", "app/tests.py", "tests/conftest.py", "tests/__init__.py",
        "tests/helper.py",
        "tests/test_a.txt", "tests/check_c.py", ".hidden/test_d.py", "node_modules/test_e.py", "latest_test.pyc",
    ]  # fmt: skip
    tree = dict.fromkeys(names, "")

    assert read(tmp_path / "1", tree).test_files == 3
    told = {**tree, "pytest.ini": "[pytest]\npython_files = check_*.py tests/h*.py"}
    assert read(tmp_path / "2", told).test_files == 5


IMPORTS = """
from __future__ import annotations
import os, numpy.linalg as np, json
import proj, beside, tomli_w
from . import sibling
from proj.core import x
from scipy import stats
try:
    import lxml
except (ValueError, ImportError):
    import fallback
else:
    import afterwards
finally:
    import always
try:
    import unguarded
except KeyError:
    pass
if TYPE_CHECKING:
    import typed
with contextlib.suppress(ImportError):
    import suppressed
def test():
    import lazy
    pytest.importorskip("skipped.sub", reason="x")
if __name__ == "__main__":
    import main_only
import distutils, StringIO
import numpy
"""


def test_imports_of_modules_from_elsewhere(tmp_path: Path) -> None:
    tree = {
        "src/proj/__init__.py": "",
        "tests/beside.py": "",
        "tests/test_a.py": IMPORTS,
        "src/proj/core.py": "import far",
    }

    source = read(tmp_path, {"pyproject.toml": PROJECT, **tree})

    assert modules(source) == {
        "numpy": False,
        "tomli_w": False,
        "scipy": False,
        "lxml": True,
        "fallback": True,
        "afterwards": True,
        "always": False,
        "unguarded": False,
        "typed": True,
        "suppressed": True,
        "lazy": False,
        "skipped": True,
        "main_only": False,
    }
    assert [(one.file, one.line) for one in source.imports if one.module == "numpy"] == [("tests/test_a.py", 3)]


def test_an_import_without_a_guard_goes_before_an_earlier_one_with_it(tmp_path: Path) -> None:
    code = "try:\n    import a\nexcept ImportError:\n    pass\nimport b\nimport a\nimport a\n"

    source = read(tmp_path, {"test_a.py": code})

    assert [(one.module, one.line, one.guarded) for one in source.imports] == [("b", 5, False), ("a", 6, False)]


def test_helpers_of_tests_are_followed_and_other_files_are_not(tmp_path: Path) -> None:
    tree = {
        "tests/unit/test_a.py": "from ..helper import x\nfrom tests.other import y\nimport beside\n",
        "tests/__init__.py": "import in_package",
        "tests/unit/__init__.py": "",
        "tests/helper.py": "import in_helper\nfrom . import deep",
        "tests/deep.py": "import in_deep",
        "tests/other/__init__.py": "import in_other",
        "tests/conftest.py": "import in_conftest\npytest_plugins = ['pytester', 'plug.in']",
        "tests/data/sample.py": "import in_data",
        "tests/unit/beside.py": "import in_beside",
        "docs/example.py": "import in_docs",
        "more/tests/__init__.py": "import in_more",
        "more/tests/test_b.py": "",
    }

    assert sorted(modules(read(tmp_path, tree))) == [
        "in_beside", "in_conftest", "in_deep", "in_helper", "in_more", "in_other", "in_package", "plug",
    ]  # fmt: skip


def test_folders_of_tests_do_not_pass_for_modules_of_the_same_name(tmp_path: Path) -> None:
    tree = {
        "tests/__init__.py": "",
        "tests/numpy/__init__.py": "",
        "tests/numpy/test_a.py": "import numpy",
        "check/redis/test_b.py": "import redis",
        "check/redis/test_c.py": "from helpers.x import y\nfrom told import z",
        "check/helpers/x.py": "",
        "extra/told.py": "",
        "pytest.ini": "[pytest]\npythonpath = extra/ .",
    }

    assert sorted(modules(read(tmp_path, tree))) == ["numpy", "redis"]


def test_namespaces_are_shared_with_others(tmp_path: Path) -> None:
    tests = "import jaraco.classes.x\nfrom jaraco import text\nfrom jaraco.test import y\nimport own.missing, flat.gone"
    tree = {"jaraco/classes/__init__.py": "", "src/own/__init__.py": "", "src/flat/a.py": "", "tests/test_a.py": tests}

    assert sorted(modules(read(tmp_path, tree))) == ["jaraco.test", "jaraco.text"]


def test_extension_modules_are_of_the_source(tmp_path: Path) -> None:
    tree = {"_fast.cpython-311-x86_64-linux-gnu.so": "", "slow.pyx": "", "test_a.py": "import _fast, slow, other"}

    assert sorted(modules(read(tmp_path, tree))) == ["other"]


def test_tests_that_do_not_parse_are_told_together(tmp_path: Path) -> None:
    tree = {
        "test_a.py": "print 'old'",
        "test_b.py": "(" * 500,
        "test_c.py": "x = '\0'",
        "test_d.py": b"\xff",
        "test_e.py": "import ok",
    }

    source = read(tmp_path, tree)

    assert list(modules(source)) == ["ok"]
    assert source.problems == ("test_a.py: does not parse as Python, like 3 more; its imports are not known",)


# -- trees and archives alike ----------------------------------------------------------------------------

ALL: dict[str, bytes | str] = {
    "pyproject.toml": PROJECT + '[build-system]\nrequires = ["flit"]\n[dependency-groups]\ntest = ["pytest"]\n',
    "PKG-INFO": PKG_INFO,
    "tox.ini": TOX,
    "noxfile.py": NOX,
    "setup.cfg": "[options]\ntests_require = nose\n[tool:pytest]\naddopts = -n 2\n",
    "requirements/test.txt": "hypothesis",
    "requirements-x.txt": "six",
    "src/proj/__init__.py": "",
    "tests/test_ä.py": IMPORTS,
    "tests/conftest.py": "import in_conftest",
    "tests/test_broken.py": b"\xff\xfe",
    "tests/test_large.py": b"#" * (source_files.LARGEST_FILE + 1),
    ".git/test_x.py": "import no",
    "node_modules/x/test_y.py": "import neither",
    "deep/" * 10 + "test_deep.py": "import deepest",
}


@pytest.mark.parametrize("packing", PACKINGS)
def test_an_archive_says_what_its_tree_says(tmp_path: Path, packing: str) -> None:
    tree = read(tmp_path, ALL)
    archive = packed(tmp_path, PACKINGS[packing](ALL))

    assert (archive.kind, archive.top) == ("archive", "proj-1.0")
    assert msgspec.structs.replace(archive, kind="tree", top="") == tree
    assert tree.test_files == 4
    assert {one.kind for one in tree.declarations} == {"extra", "group", "tox", "nox", "tests-require", "requirements"}
    assert set(tree.problems) == {
        "tests/test_large.py: larger than 1024 KiB; not read",
        "tests/test_broken.py: does not parse as Python; its imports are not known",
    }


def test_a_tree_below_one_folder_and_a_project_below_a_tree(tmp_path: Path) -> None:
    plain = read(
        tmp_path / "1",
        {"python/setup.cfg": "[metadata]\nname = p", "python/test_a.py": "", "other/x.py": ""},
        folder="python",
    )
    below = read(
        tmp_path / "2", {"p-1/python/setup.cfg": "[metadata]\nname = p", "p-1/python/test_a.py": ""}, folder="python/"
    )
    around = read(tmp_path / "3", {"p-1/setup.cfg": "[metadata]\nname = p", "p-1/tests/test_a.py": ""})
    no_project = read(tmp_path / "4", {"tests/test_a.py": "import x"})

    assert [(one.name, one.top, one.test_files) for one in (plain, below, around)] == [
        ("p", "python", 1),
        ("p", "p-1/python", 1),
        ("p", "p-1", 1),
    ]
    assert (no_project.top, no_project.imports[0].file) == ("", "tests/test_a.py")


def test_a_source_of_another_root(tmp_path: Path) -> None:
    plant(tmp_path / "mnt" / "nix" / "x", {"setup.cfg": "[metadata]\nname = p"})

    assert checked(read_source("/nix/x", str(tmp_path / "mnt"))).name == "p"


def test_reading_stops_when_it_is_cancelled(tmp_path: Path) -> None:
    watch = Silent()
    watch.cancelled.set()
    (tmp_path / "x.tar").write_bytes(tar_of({"setup.py": ""}))
    plant(tmp_path / "tree", {"setup.py": ""})

    for name in ("x.tar", "tree"):
        with pytest.raises(Cancelled):
            read_source(str(tmp_path / name), activity=watch)


# -- hostile ---------------------------------------------------------------------------------------------


def test_no_link_of_a_tree_is_followed(tmp_path: Path) -> None:
    secret = plant(tmp_path / "secret", {"pyproject.toml": PROJECT, "test_a.py": "import secret", "req.txt": "secret"})
    tree: Tree = {
        "pyproject.toml": Link(str(secret / "pyproject.toml")),
        "tests": Link(str(secret)),
        "requirements-test.txt": "-r req-test.txt",
        "req-test.txt": Link(str(secret / "req.txt")),
        "loop": Link("."),
        "setup.py": Link("/dev/zero"),
    }

    source = read(tmp_path, tree)

    assert (source.name, source.test_files, source.imports) == (None, 0, ())
    assert "secret" not in repr(source)


@pytest.mark.parametrize("pack", [tar_of, zip_of])
def test_links_and_ways_out_of_an_archive_are_left_out(tmp_path: Path, pack: Callable[..., bytes]) -> None:
    files = {
        "pyproject.toml": Link("/etc/passwd"),
        "tests/test_a.py": Link("../../../etc/passwd"),
        "../test_b.py": "import out",
        "/test_c.py": "import absolute",
        "a/../../test_d.py": "import up",
        "setup.cfg": "[metadata]\nname = p",
    }

    source = packed(tmp_path, pack(files))

    assert (source.name, source.test_files, source.imports, source.build_requires) == ("p", 0, (), None)


def test_pipes_in_a_tree_and_an_archive_block_nobody(tmp_path: Path) -> None:
    plant(tmp_path / "source", {"setup.cfg": "[metadata]\nname = p"})
    os.mkfifo(tmp_path / "source" / "pyproject.toml")
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo("setup.py")
        info.type = tarfile.FIFOTYPE
        archive.addfile(info)
    results: list[str | None] = []
    thread = threading.Thread(
        target=lambda: results.append(checked(read_source(str(tmp_path / "source"))).name), daemon=True
    )

    thread.start()
    thread.join(10)

    assert results == ["p"]
    assert packed(tmp_path, out.getvalue()).name is None


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress, bytes])
def test_bombs_are_walked_for_a_while_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compress: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr(source_archives, "MOST_BYTES", 4 << 20)
    data = tar_of({"setup.cfg": "[metadata]\nname = p", "big": bytes(8 << 20), "test_a.py": "import after"})

    source = packed(tmp_path, compress(data))

    assert (source.name, source.test_files, source.imports) == ("p", None, ())
    assert source.problems == ("more than 4 MiB would have to be unpacked",)


def test_an_archive_that_is_large_as_it_lies_there_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # empty blocks: they unpack to nothing
    monkeypatch.setattr(source_archives, "MOST_BYTES", 1 << 20)

    source = packed(tmp_path, gzip.compress(b"")[:10] + b"\0\0\0\xff\xff" * 500_000)

    assert source.problems == ("the archive is larger than 1 MiB",)


def test_files_of_a_zip_are_unpacked_up_to_a_bound(tmp_path: Path) -> None:
    files = {"setup.cfg": "[metadata]\nname = p", "test_a.py": bytes(64 << 20), "test_b.py": "import b"}

    source = packed(tmp_path, zip_of(files))

    assert (source.test_files, list(modules(source))) == (2, ["b"])
    assert source.problems == ("test_a.py: larger than 1024 KiB; not read",)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packings_without_a_bound_are_not_unpacked(tmp_path: Path, method: int) -> None:
    source = packed(tmp_path, zip_of({"setup.cfg": "[metadata]\nname = p"}, method=method))

    assert source.name is None
    assert source.problems == ("setup.cfg: cannot be read (NotImplementedError)",)


@pytest.mark.parametrize("size", [1 << 20, 1 << 40])
def test_headers_of_a_tar_are_bounded(tmp_path: Path, size: int) -> None:
    info = tarfile.TarInfo("././@PaxHeader")
    info.type, info.size = tarfile.XHDTYPE, size
    data = tar_of({"setup.cfg": "[metadata]\nname = p"})[:1024] + info.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20)

    source = packed(tmp_path, data)

    assert (source.name, source.test_files) == ("p", None)
    assert source.problems == ("the archive has headers that are too large",)


def test_headers_that_some_versions_of_tarfile_take_quadratic_time_for(tmp_path: Path) -> None:
    body = b"1" * (16 << 10)
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, len(body)
    data = tar_of({"setup.cfg": "[metadata]\nname = p"})[:1024] + info.tobuf(tarfile.GNU_FORMAT) + body
    with at_most(5_000):
        source = packed(tmp_path, data)

    assert source.problems == ("the archive has a header that cannot be read",)


def test_a_dictionary_of_gigabytes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_archives, "_MOST_MEMORY", 1 << 20)

    source = packed(tmp_path, lzma.compress(tar_of({"setup.py": ""})))

    assert source.problems == ("the archive cannot be read to its end (LZMAError)",)


def test_a_directory_of_a_million_members_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_archives, "_LARGEST_DIRECTORY", 10_000)

    source = packed(tmp_path, zip_of({f"file-{i}": "" for i in range(1000)}))

    assert source.problems == ("the archive has a directory that is too large",)


@pytest.mark.parametrize("pack", [tar_of, zip_of])
def test_thousands_of_members_are_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Callable[..., bytes]
) -> None:
    monkeypatch.setattr(source_archives, "MOST_MEMBERS", 100)
    files = {"setup.cfg": "[metadata]\nname = p", **{f"test_{i}.py": "" for i in range(200)}}

    archive = packed(tmp_path, pack(files))
    tree = read(tmp_path, files)

    for source in (archive, tree):
        assert (source.name, source.test_files) == ("p", None)
        assert source.problems == ("more than 100 files; the rest was not looked at",)


def test_deep_folders_are_cut(tmp_path: Path) -> None:
    files = {"setup.cfg": "[metadata]\nname = p", "d/" * 60 + "test_a.py": ""}

    for source in (read(tmp_path, files), packed(tmp_path, tar_of(files))):
        assert (source.name, source.test_files) == ("p", None)
        assert source.problems == ("more than 40 folders deep; not all was looked at",)


def test_what_is_kept_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_files, "MOST_PYTHON", 3)
    tests = {f"test_{i}.py": f"import m{i}" for i in range(6)}

    source = read(tmp_path / "1", tests)

    assert sorted(modules(source)) == ["m0", "m1", "m2"]
    assert source.test_files == 6, "their names were all seen"
    assert source.problems == ("more Python files of tests than are read",)

    monkeypatch.setattr(source_files, "MOST_PYTHON", 100)
    monkeypatch.setattr(source_files, "MOST_KEPT", 12)
    assert sorted(modules(read(tmp_path / "2", tests))) == ["m0", "m1"]


def test_files_that_are_parsed_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_imports, "MOST_FILES", 2)

    source = read(tmp_path, {f"test_{i}.py": f"import m{i}" for i in range(4)})

    assert sorted(modules(source)) == ["m0", "m1"]
    assert source.problems == ("more tests than are read; what the rest imports is not known",)


def test_declarations_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_tree, "MOST_DECLARATIONS", 5)
    groups = "".join(f"g{i} = []\n" for i in range(9))

    source = pyproject(tmp_path, f"[dependency-groups]\n{groups}")

    assert len(source.declarations) == 5
    assert source.problems == ("more than 5 lists of requirements; the rest was not read",)


def test_requirements_are_bounded(tmp_path: Path) -> None:
    source = read(tmp_path, {"requirements-test.txt": "".join(f"p{i}\n" for i in range(1500))})

    assert len(found(source, "requirements")["requirements-test.txt"].requirements) == 1000
    assert source.problems == ("requirements-test.txt: more than 1000 requirements; the rest was not kept",)


BLANKS = " " * 300_000
EXTRAS = [f"e{i}" for i in range(90)]
DEEP = {
    "toml-arrays": {"pyproject.toml": "x = " + "[" * 100_000},
    "toml-key": {"pyproject.toml": "a." * 100_000 + "b = 1"},
    "toml-digits": {"pyproject.toml": "x = " + "9" * 10_000},
    "ini-blanks": {"setup.cfg": f"[options]\ntests_require = a\nx{BLANKS}y\n", "tox.ini": f"[testenv]\n{BLANKS}x"},
    "ini-no-section": {"tox.ini": "deps = x\n"},
    "ini-broken": {"setup.cfg": "[options\n[]\n=\n:\n[x]\n  y\n"},
    "py-minus": {"setup.py": "-" * 100_000 + "1", "noxfile.py": "a" + "+a" * 100_000},
    "py-dots": {"tests/test_a.py": "x" + ".x" * 100_000},
    "py-names": {"setup.py": "a = b\nb = a\nsetup(tests_require=a, extras_require={'x': a, **d})\nd = {**d}"},
    "py-sum": {"setup.py": "".join(f"a{i} = a{i + 1} + a{i + 1}\n" for i in range(40)) + "setup(tests_require=a0)"},
    "py-nothing": {
        "setup.py": "".join(f"a{i} = a{i + 1} + a{i + 1}\n" for i in range(40))
        + "a40 = []\nsetup(extras_require={" + "".join(f"'x{i}': a0, " for i in range(500)) + "})"
    },
    "py-from": {"tests/" + "d/" * 30 + "test_a.py": "from x import " + ", ".join(f"a{i}" for i in range(90_000))},
    "ini-wrong": {"setup.cfg": "[x]\n" + "=\n" * 300_000},
    "ini-many": {
        "tox.ini": "".join(f"[testenv:{i}]\ndeps = -r req.txt\n" for i in range(490)),
        "req.txt": "a\n" * 400_000,
    },
    "eggs": {"requirements-test.txt": "git:#egg=a[" * 90_000},
    "names": {"req" * 60 + "/" + "req" * 80 + ".tx": ""},
    "groups": {"pyproject.toml": "[dependency-groups]\na = [" + "'x', " * 1000 + "]\n"
               + "".join(f"b{i} = [{{include-group = 'a'}}]\n" for i in range(400))},
    "extras": {
        "PKG-INFO": "Name: x\n"
        + "".join(f"Provides-Extra: e{i}\n" for i in range(2000))
        + f"Requires-Dist: a; {' or '.join(f'extra == {i!r}' for i in EXTRAS)}\n" * 400,
    },
    "marker": {"requirements-test.txt": "a; " + "(" * 900 + "os_name == 'x'" + ")" * 900},
    "version": {"requirements-test.txt": "a==" + "1" * 1900 + "\na==" + "1" * 9000},
    "metadata": {"PKG-INFO": "Name: x\nRequires-Dist: " + "(" * 10_000 + "\nProvides-Extra: y\n\n"},
    "nested-else": {"test_a.py": "if a: import b\n" + "elif a: import b\n" * 3000},
    "patterns": {"pytest.ini": "[pytest]\npython_files = " + "*a" * 90, "a" * 200 + "b.py": ""},
}  # fmt: skip


@pytest.mark.parametrize("name", DEEP)
def test_what_is_deep_or_slow_for_a_parser_ends_soon(tmp_path: Path, name: str) -> None:
    with at_most(40_000_000):
        read(tmp_path, DEEP[name])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[project]\nname = ", "pyproject.toml: is not valid TOML: Invalid value (at end of document)"),
        ("x = " + "[" * 5000, "pyproject.toml: is not valid TOML: its values are nested too deeply"),
        ("a." * 200 + "b = 1", "pyproject.toml: is not valid TOML: a key has more than 100 parts"),
        (
            "[dependency-groups]\nx = 1\n",
            "pyproject.toml: the group x holds something else than requirements and groups",
        ),
        ("[tool.uv]\ndev-dependencies = 'x'", "pyproject.toml: dev-dependencies is not an array of at most 1000 texts"),
        ("[project]\noptional-dependencies = 3\ndependency-groups = 4\n[tool]\npoetry = 1\nhatch = []", None),
    ],
)
def test_broken_toml_is_told_in_a_sentence(tmp_path: Path, text: str, problem: str | None) -> None:
    assert read(tmp_path, {"pyproject.toml": text}).problems == ((problem,) if problem else ())


@pytest.mark.parametrize("file", ["tox.ini", "setup.cfg"])
def test_what_stands_before_the_line_that_breaks_an_ini_file_is_read(tmp_path: Path, file: str) -> None:
    # the parser of the standard library stumbles over a key without a value that goes on, and leaves lists behind
    text = "[metadata]\nname = demo\nversion = 1\n[testenv]\ndeps =\n  pytest\n  six>1\nkey\n  goes on\n"

    source = read(tmp_path, {file: text})

    assert source.problems == (f"{file}: is not a valid INI file",)
    assert requirements(source, "tox") == {"testenv": ("pytest", "six>1")}
    assert source.name == ("demo" if file == "setup.cfg" else None)


def test_bytes_that_are_not_utf_8_are_told(tmp_path: Path) -> None:
    source = read(
        tmp_path,
        {"tox.ini": b"[testenv]\n# \xff\ndeps = pytest\n", "pyproject.toml": b"\xef\xbb\xbf[project]\nname='p'"},
    )

    assert requirements(source, "tox") == {"testenv": ("pytest",)}
    assert source.name == "p", "a byte order mark is nothing wrong"
    assert source.problems == ("tox.ini: byte 12 is not UTF-8",)


def test_names_cannot_colour_the_screen(tmp_path: Path) -> None:
    evil = "\\u001b[31m\\u202e"
    source = read(
        tmp_path,
        {
            "pyproject.toml": f'[project]\nname = "{evil}"\nversion = "{evil}"\n'
            f'[project.optional-dependencies]\n"{evil}" = ["{evil}"]\n'
            f'[dependency-groups]\n"{evil}" = [{{include-group = "{evil}x"}}]\n'
            f'[tool.hatch.envs."{evil}"]\nfeatures = ["{evil}"]\n'
            f'[tool.pytest.ini_options]\n"{evil}" = 1\naddopts = "{evil}"\n',
            "tox.ini": "[testenv:\x1b[31m]\ndeps = \x1b[31m\n-r\x1b[31m",
            "tests/test_\x1b[31m\n.py": "import numpy\nimport \u202e",
            "tests/test_\udcff.py".encode("utf-8", "surrogateescape").decode(
                "utf-8", "surrogateescape"
            ): "import \uff4eumpy2",
            "requirements-test-\x1b.txt": "\x1b[0m",
        },
    )

    assert source.name is not None and "[31m" in source.name
    assert len(source.problems) >= 4


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_torn_archive_is_told(tmp_path: Path, packing: str) -> None:
    whole = PACKINGS[packing]({"setup.cfg": "[metadata]\nname = p", "noise": os.urandom(50_000), "test_a.py": ""})

    source = packed(tmp_path, whole[: len(whole) // 2])

    assert source.test_files is None
    assert len(source.problems) == 1


def test_a_header_of_a_tar_that_is_spoilt_ends_the_listing(tmp_path: Path) -> None:
    data = bytearray(tar_of({"setup.cfg": "[metadata]\nname = p", "test_a.py": ""}))
    data[1024 + 150] ^= 1

    source = packed(tmp_path, bytes(data))

    assert (source.name, source.test_files) == ("p", None)
    assert source.problems == ("the archive has a header that cannot be read",)


def test_archives_of_several_streams_are_read_to_their_end(tmp_path: Path) -> None:
    data = tar_of({"setup.cfg": "[metadata]\nname = p", "test_a.py": "import a"})

    for compress in (gzip.compress, bz2.compress, lzma.compress):
        source = packed(tmp_path, compress(data[:1500]) + compress(b"") + compress(data[1500:]) + bytes(100))
        assert (source.name, source.test_files, source.problems) == ("p", 1, ())


# -- anything --------------------------------------------------------------------------------------------

WORDS = st.sampled_from(
    [
        *(
            "[testenv]",
            "[options]",
            "[project]",
            "deps",
            "extras",
            "name",
            "=",
            ":",
            "\n",
            "\n    ",
            '"',
            "'",
            "{",
            "}",
        ),
        *("[", "]", "{[testenv]deps}", "-r ", "requirements-test.txt", ".[x]", "pytest", ">=", "1", ";", "\\\n", "#"),
        *("\0", "\x1b[31m", "\ud800", "import a", "try:", "except:", "def f(session):", "@nox.session", "setup("),
        *("session.install(", ")", ",", "Provides-Extra: x", "Requires-Dist: a; extra == 'x'", "[dependency-groups]"),
        *("include-group", "tool.tox", "^1.2"),
    ]
)
NAMES = st.sampled_from(
    [
        *("pyproject.toml", "tox.ini", "tox.toml", "hatch.toml", "setup.cfg", "setup.py", "noxfile.py", "PKG-INFO"),
        *("pytest.ini", "requirements-test.txt", "tests/test_a.py", "tests/conftest.py"),
        *("x.egg-info/requires.txt", "x.egg-info/PKG-INFO"),
    ]
)
CONTENT = st.one_of(
    st.binary(max_size=200),
    st.lists(WORDS, max_size=25).map(lambda words: " ".join(words).encode("utf-8", "replace")),
    st.lists(WORDS, max_size=25).map(lambda words: "".join(words).encode("utf-8", "surrogatepass")),
)


@settings(max_examples=150)
@given(files=st.dictionaries(NAMES, CONTENT, min_size=1, max_size=5))
def test_nothing_in_a_source_raises_and_all_packings_agree(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    plain = read(folder, files)

    assert msgspec.structs.replace(packed(folder, tar_of(files)), kind="tree") == plain
    assert msgspec.structs.replace(packed(folder, zip_of(files)), kind="tree") == plain


@settings(max_examples=150)
@given(data=st.data(), packing=st.sampled_from(sorted(PACKINGS)))
def test_no_damage_to_an_archive_raises(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, packing: str
) -> None:
    whole = bytearray(PACKINGS[packing]({"setup.cfg": "[metadata]\nname = p", "test_a.py": "import a", "x": "y" * 600}))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("any") / "x"
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])

    source = read_source(str(path))

    assert source is None or checked(source).kind in ("archive", "metadata")


@given(
    source=st.one_of(st.binary(max_size=100), st.text(max_size=100).map(lambda text: text.encode("utf-8", "replace")))
)
def test_parsing_python_never_raises(source: bytes) -> None:
    parse(source)
