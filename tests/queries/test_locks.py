"""Lock files of every format: what they list, what an environment needs of it, and what a closure has."""

from __future__ import annotations

import copy
import itertools
import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker
from packaging.specifiers import SpecifierSet

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.markers import NOTHING_KNOWN, Candidates, Judge
from pyclosure.queries.locks import Lock, LockedPackage, Requirement, document, poetry, pylock, read_lock, uv
from pyclosure.queries.locks.compare import Installed, Row, compare
from pyclosure.queries.locks.constraint import allows
from pyclosure.queries.locks.select import Selection, needed
from tests.support.sentences import assert_plain, assert_sentence
from tests.support.work import at_most


def variables(python: str = "3.12.4", platform: str = "linux") -> dict[str, str]:
    """A closure's environment: what only a running machine knows is absent."""
    system = {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}[platform]
    return {
        "implementation_name": "cpython",
        "implementation_version": python,
        "os_name": "nt" if platform == "win32" else "posix",
        "platform_machine": "x86_64",
        "platform_python_implementation": "CPython",
        "platform_system": system,
        "python_full_version": python,
        "python_version": ".".join(python.split(".")[:2]),
        "sys_platform": platform,
    }


def environment(python: str = "3.12.4", platform: str = "linux") -> Candidates:
    return Candidates((variables(python, platform),))


LINUX = environment()


def lock_of(folder: Path, name: str, text: str | bytes) -> Lock:
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_lock(str(folder / name))


def chosen(selection: Selection) -> list[str]:
    return [f"{one.name} {one.version}" for one in selection.chosen]


def filtered(selection: Selection) -> list[tuple[str, str, str]]:
    return [(f"{one.package.name} {one.package.version}", one.reason, one.text) for one in selection.filtered]


def package(lock: Lock, name: str, version: str | None = None) -> LockedPackage:
    found = [one for one in lock.packages if one.name == name and version in (None, one.version)]
    assert len(found) == 1
    return found[0]


# -- pylock.toml -----------------------------------------------------------------------------------------

PYLOCK = """
lock-version = "1.0"
environments = ["sys_platform == 'linux'", "sys_platform == 'darwin'"]
requires-python = ">=3.10"
extras = ["socks"]
dependency-groups = ["dev"]
default-groups = ["default"]
created-by = "example-tool"

[[packages]]
name = "demo"
directory = { path = ".", editable = true }

[[packages]]
name = "requests"
version = "2.32.3"
marker = "'default' in dependency_groups"
index = "https://example.org/simple"
dependencies = [{ name = "urllib3" }]
sdist = { url = "https://example.org/requests-2.32.3.tar.gz", hashes = { sha256 = "aa" } }
wheels = [{ url = "https://example.org/requests-2.32.3-py3-none-any.whl", hashes = { sha256 = "bb" } }]

[[packages]]
name = "pysocks"
version = "1.7.1"
marker = "'socks' in extras"
wheels = [{ url = "https://example.org/PySocks-1.7.1-py3-none-any.whl", hashes = { sha256 = "cc" } }]

[[packages]]
name = "pytest"
version = "8.3.4"
marker = "'dev' in dependency_groups and python_version >= '3.8'"
wheels = [{ url = "https://example.org/pytest-8.3.4-py3-none-any.whl", hashes = { sha256 = "dd" } }]

[[packages]]
name = "numpy"
version = "1.26.4"
marker = "python_full_version < '3.12'"
sdist = { url = "https://example.org/numpy-1.26.4.tar.gz", hashes = { sha256 = "ee" } }

[[packages]]
name = "numpy"
version = "2.2.1"
marker = "python_full_version >= '3.12'"
sdist = { url = "https://example.org/numpy-2.2.1.tar.gz", hashes = { sha256 = "ff" } }

[[packages]]
name = "pywin32"
version = "308"
marker = "sys_platform == 'win32'"
wheels = [{ url = "https://example.org/pywin32-308-cp312-cp312-win32.whl", hashes = { sha256 = "ab" } }]

[[packages]]
name = "tool"
vcs = { type = "git", url = "https://example.org/tool.git", commit-id = "0123456789" }

[[packages]]
name = "packed"
version = "3.0"
archive = { url = "https://example.org/packed-3.0-py3-none-any.whl", hashes = { sha256 = "ac" } }

[[packages]]
name = "local"
directory = { path = "lib/local" }
"""


def test_a_pylock_gives_its_packages_with_their_origins(tmp_path: Path) -> None:
    lock = lock_of(tmp_path, "pylock.toml", PYLOCK)

    assert (lock.file, lock.kind, lock.lock_version, lock.requires_python) == ("pylock.toml", "pylock", "1.0", ">=3.10")
    assert lock.roots == ("demo",)
    assert (lock.groups, lock.extras, lock.default_groups) == (("default", "dev"), ("socks",), ("default",))
    assert [(one.name, one.version, one.origins, one.groups) for one in lock.packages] == [
        ("demo", None, ("editable",), ()),
        ("requests", "2.32.3", ("sdist", "wheel"), ()),
        ("pysocks", "1.7.1", ("wheel",), ("socks",)),
        ("pytest", "8.3.4", ("wheel",), ("dev",)),
        ("numpy", "1.26.4", ("sdist",), ()),
        ("numpy", "2.2.1", ("sdist",), ()),
        ("pywin32", "308", ("wheel",), ()),
        ("tool", None, ("vcs",), ()),
        ("packed", "3.0", ("archive", "wheel"), ()),
        ("local", None, ("directory",), ()),
    ]


def test_a_pylock_is_filtered_by_its_markers_and_says_why(tmp_path: Path) -> None:
    selection = needed(lock_of(tmp_path, "pylock.toml", PYLOCK), LINUX)

    assert chosen(selection) == ["requests 2.32.3", "numpy 2.2.1", "tool None", "packed 3.0", "local None"]
    assert filtered(selection) == [
        ("pysocks 1.7.1", "extra", "socks"),
        ("pytest 8.3.4", "group", "dev"),
        ("numpy 1.26.4", "other version", "2.2.1"),
        ("pywin32 308", "marker", "sys_platform == 'win32'"),
    ]
    assert selection.notes == ()


def test_groups_and_extras_of_a_pylock_are_chosen_when_asked_for(tmp_path: Path) -> None:
    lock = lock_of(tmp_path, "pylock.dev.toml", PYLOCK)

    assert "pytest 8.3.4" in chosen(needed(lock, LINUX, ["Dev"]))
    assert "pysocks 1.7.1" not in chosen(needed(lock, LINUX, ["all"]))
    assert "pysocks 1.7.1" in chosen(needed(lock, LINUX, extras=["socks"]))
    assert needed(lock, LINUX, ["docs"], ["socks"]).notes == ("the lock has no group or extra docs",)


def test_a_marker_that_a_group_or_an_extra_would_fulfil_counts_as_a_group(tmp_path: Path) -> None:
    either = PYLOCK.replace("'socks' in extras", "'socks' in extras or 'dev' in dependency_groups")
    both = PYLOCK.replace("'socks' in extras", "'socks' in extras and 'dev' in dependency_groups")

    for text in (either, both):
        selection = needed(lock_of(tmp_path, "pylock.toml", text), LINUX)
        assert filtered(selection)[0] == ("pysocks 1.7.1", "group", "dev")


def test_a_lock_for_other_environments_says_so(tmp_path: Path) -> None:
    lock = lock_of(tmp_path, "pylock.toml", PYLOCK)

    assert needed(lock, environment("3.9.2", "win32")).notes == (
        "the lock is for Python >=3.10, and the environment has 3.9.2",
        "the lock is for other environments: sys_platform == 'linux', sys_platform == 'darwin'",
    )
    assert needed(lock, NOTHING_KNOWN).notes[-1] == "the lock does not say which version is for this environment: numpy"


def test_a_newer_minor_version_is_read_with_a_note_and_no_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lock = lock_of(tmp_path, "pylock.toml", PYLOCK.replace('lock-version = "1.0"', 'lock-version = "1.7"'))

    assert lock.lock_version == "1.7"
    assert "the lock has the newer version 1.7; what that added to 1.0 is not read" in lock.notes
    assert not caplog.records


@pytest.mark.parametrize(
    ("old", "new", "fact"),
    [
        ('"1.0"', '"2.0"', "lock version 2.0; this pyclosure reads version 1.0"),
        ('"1.0"', "1", "lock-version is not a text"),
        ('"1.0"', '"one"', "PEP 751 in lock-version: "),
        ('name = "requests"', 'name = "Requests"', "in packages[1].name: "),
        ("created-by", "made-by", "in created-by: "),
        ("\"sys_platform == 'win32'\"", '"sys_platform is win32"', "in packages[6].marker: "),
        ("\"sys_platform == 'win32'\"", '"' + "(" * 5000 + '"', "in packages[6].marker: "),
        ('extras = ["socks"]', 'extras = "socks"', "in extras: "),
        ('name = "tool"', 'name = "\\u001b[31mtool"', "in packages[7].name: "),
    ],
)
def test_what_breaks_the_rules_of_pylock_is_refused_with_its_place(
    tmp_path: Path, old: str, new: str, fact: str
) -> None:
    assert old in PYLOCK
    with pytest.raises(BadInput) as caught:
        lock_of(tmp_path, "pylock.toml", PYLOCK.replace(old, new, 1))

    assert_sentence(caught.value, "pylock.toml", fact, kind=BadInput)


def registries(text: str) -> str:
    """Write out the addresses in an uv.lock, which make long lines."""
    return text.replace("SIMPLE", "https://example.org/simple").replace("GPU", "https://example.org/gpu")


# -- uv.lock ---------------------------------------------------------------------------------------------

UV = registries("""
version = 1
revision = 3
requires-python = ">=3.9"
resolution-markers = ["python_full_version >= '3.10'", "python_full_version < '3.10'"]
supported-markers = ["sys_platform != 'emscripten'"]

[[package]]
name = "click"
version = "8.1.8"
source = { registry = "SIMPLE" }
resolution-markers = ["python_full_version < '3.10'"]
dependencies = [{ name = "colorama", marker = "sys_platform == 'win32'" }]
sdist = { url = "https://example.org/click-8.1.8.tar.gz", hash = "sha256:aa", size = 1 }
wheels = [{ url = "https://example.org/click-8.1.8-py3-none-any.whl", hash = "sha256:ab", size = 2 }]

[[package]]
name = "click"
version = "8.3.1"
source = { registry = "SIMPLE" }
resolution-markers = ["python_full_version >= '3.10' and python_full_version < '3.14'", "python_full_version >= '3.14'"]
dependencies = [{ name = "colorama", marker = "sys_platform == 'win32'" }]
wheels = [{ url = "https://example.org/click-8.3.1-py3-none-any.whl", hash = "sha256:ac", size = 2 }]

[[package]]
name = "colorama"
version = "0.4.6"
source = { registry = "SIMPLE" }
sdist = { url = "https://example.org/colorama-0.4.6.tar.gz", hash = "sha256:ad", size = 1 }

[[package]]
name = "demo-app"
version = "0.1.0"
source = { editable = "." }
dependencies = [
    { name = "click", version = "8.1.8", source = { registry = "SIMPLE" }, marker = "python_full_version < '3.10'" },
    { name = "click", version = "8.3.1", source = { registry = "SIMPLE" }, marker = "python_full_version >= '3.10'" },
    { name = "gitlib" },
    { name = "requests", extra = ["socks"] },
]

[package.optional-dependencies]
cli = [{ name = "typer" }]

[package.dev-dependencies]
dev = [{ name = "pytest" }, { name = "ruff" }]
lint = [{ name = "ruff" }]

[package.metadata]
requires-dist = [{ name = "click" }, { name = "typer", marker = "extra == 'cli'" }]
provides-extras = ["cli"]

[[package]]
name = "gitlib"
version = "0.3"
source = { git = "https://example.org/gitlib.git?rev=main#c99478cf59f044a3fd6cbe494a5e035aa4043f6e" }
dependencies = [{ name = "locallib" }]

[[package]]
name = "locallib"
source = { directory = "../locallib" }

[[package]]
name = "pysocks"
version = "1.7.1"
source = { url = "https://example.org/PySocks-1.7.1-py3-none-any.whl" }
wheels = [{ url = "https://example.org/PySocks-1.7.1-py3-none-any.whl", hash = "sha256:ae" }]

[[package]]
name = "pytest"
version = "8.4.2"
source = { registry = "SIMPLE" }
dependencies = [{ name = "colorama", marker = "sys_platform == 'win32'" }]
wheels = [{ url = "https://example.org/pytest-8.4.2-py3-none-any.whl", hash = "sha256:af", size = 2 }]

[[package]]
name = "requests"
version = "2.32.5"
source = { registry = "SIMPLE" }
wheels = [{ url = "https://example.org/requests-2.32.5-py3-none-any.whl", hash = "sha256:ba", size = 2 }]

[package.optional-dependencies]
security = [{ name = "typer" }]
socks = [{ name = "pysocks" }]

[[package]]
name = "ruff"
version = "0.14.1"
source = { registry = "SIMPLE" }
wheels = [{ url = "https://example.org/ruff-0.14.1-py3-none-any.whl", hash = "sha256:bb", size = 2 }]

[[package]]
name = "typer"
version = "0.20.0"
source = { registry = "SIMPLE" }
dependencies = [
    { name = "click", version = "8.1.8", source = { registry = "SIMPLE" }, marker = "python_full_version < '3.10'" },
    { name = "click", version = "8.3.1", source = { registry = "SIMPLE" }, marker = "python_full_version >= '3.10'" },
]
wheels = [{ url = "https://example.org/typer-0.20.0-py3-none-any.whl", hash = "sha256:bc", size = 2 }]
""")


def test_an_uv_lock_gives_its_packages_with_their_origins_and_groups(tmp_path: Path) -> None:
    lock = lock_of(tmp_path, "uv.lock", UV)

    assert (lock.kind, lock.lock_version, lock.requires_python) == ("uv", "1 revision 3", ">=3.9")
    assert (lock.roots, lock.groups, lock.extras) == (("demo-app",), ("dev", "lint"), ("cli",))
    assert lock.environments == ("sys_platform != 'emscripten'",)
    assert [(one.name, one.version, one.origins, one.groups) for one in lock.packages] == [
        ("click", "8.1.8", ("sdist", "wheel"), ()),
        ("click", "8.3.1", ("wheel",), ()),
        ("colorama", "0.4.6", ("sdist",), ()),
        ("demo-app", "0.1.0", ("editable",), ()),
        ("gitlib", "0.3", ("vcs",), ()),
        ("locallib", None, ("directory",), ()),
        ("pysocks", "1.7.1", ("archive", "wheel"), ()),
        ("pytest", "8.4.2", ("wheel",), ("dev",)),
        ("requests", "2.32.5", ("wheel",), ()),
        ("ruff", "0.14.1", ("wheel",), ("dev", "lint")),
        ("typer", "0.20.0", ("wheel",), ("cli",)),
    ]
    assert package(lock, "gitlib").requires == (Requirement(5),)
    assert lock.notes == ()


MAIN = ["click 8.3.1", "gitlib 0.3", "locallib None", "pysocks 1.7.1", "requests 2.32.5"]


def test_what_the_project_requires_is_followed_through_markers_forks_and_extras(tmp_path: Path) -> None:
    selection = needed(lock_of(tmp_path, "uv.lock", UV), LINUX)

    assert chosen(selection) == MAIN
    assert filtered(selection) == [
        ("click 8.1.8", "other version", "8.3.1"),
        ("colorama 0.4.6", "marker", "sys_platform == 'win32'"),
        ("pytest 8.4.2", "group", "dev"),
        ("ruff 0.14.1", "group", "dev, lint"),
        ("typer 0.20.0", "extra", "cli"),
    ]


def test_another_environment_takes_the_other_fork(tmp_path: Path) -> None:
    selection = needed(lock_of(tmp_path, "uv.lock", UV), environment("3.9.20", "win32"))

    assert chosen(selection) == ["click 8.1.8", "colorama 0.4.6", *MAIN[1:]]
    assert filtered(selection)[0] == ("click 8.3.1", "other version", "8.1.8")


@pytest.mark.parametrize(
    ("groups", "extras", "more"),
    [
        (["dev"], [], ["pytest 8.4.2", "ruff 0.14.1"]),
        (["lint"], [], ["ruff 0.14.1"]),
        (["all"], [], ["pytest 8.4.2", "ruff 0.14.1"]),
        ("lint", [], ["ruff 0.14.1"]),
        ([], ["cli"], ["typer 0.20.0"]),
        (["lint"], ["all"], ["ruff 0.14.1", "typer 0.20.0"]),
    ],
)
def test_groups_and_extras_are_chosen_when_asked_for(
    tmp_path: Path, groups: Sequence[str], extras: Sequence[str], more: list[str]
) -> None:
    assert chosen(needed(lock_of(tmp_path, "uv.lock", UV), LINUX, groups, extras)) == sorted([*MAIN, *more])


def test_an_extra_of_another_package_that_nobody_asks_for_is_no_reason_to_install(tmp_path: Path) -> None:
    text = UV.replace('cli = [{ name = "typer" }]', "cli = []")

    assert filtered(needed(lock_of(tmp_path, "uv.lock", text), LINUX))[-1] == (
        "typer 0.20.0",
        "extra",
        "requests[security]",
    )


CONFLICT = registries("""
version = 1
revision = 2
requires-python = ">=3.11"
conflicts = [[{ package = "demo.app", extra = "cpu" }, { package = "demo.app", extra = "gpu" }]]

[[package]]
name = "demo-app"
source = { virtual = "." }
dependencies = [
    { name = "torch", version = "2.4.0", source = { registry = "SIMPLE" }, marker = "extra != 'extra-8-demo-app-gpu'" },
    { name = "torch", version = "2.5.0+cu", source = { registry = "GPU" }, marker = "extra == 'extra-8-demo-app-gpu'" },
]

[package.optional-dependencies]
cpu = [{ name = "torch", version = "2.4.0", source = { registry = "SIMPLE" } }]
gpu = [{ name = "torch", version = "2.5.0+cu", source = { registry = "GPU" } }]

[[package]]
name = "torch"
version = "2.4.0"
source = { registry = "SIMPLE" }
resolution-markers = ["extra != 'extra-8-demo-app-gpu'"]

[[package]]
name = "torch"
version = "2.5.0+cu"
source = { registry = "GPU" }
resolution-markers = ["extra == 'extra-8-demo-app-gpu' and extra != 'extra-8-demo-app-cpu'"]
""")


def test_conflicting_extras_choose_their_own_fork(tmp_path: Path) -> None:
    lock = lock_of(tmp_path, "uv.lock", CONFLICT)

    assert chosen(needed(lock, LINUX)) == ["torch 2.4.0"]
    assert chosen(needed(lock, LINUX, extras=["cpu"])) == ["torch 2.4.0"]
    assert chosen(needed(lock, LINUX, extras=["gpu"])) == ["torch 2.5.0+cu"]
    assert package(lock, "torch", "2.4.0").marker == "'gpu' not in extras"


def test_requirements_name_the_version_and_the_source_that_they_mean(tmp_path: Path) -> None:
    plain = "\n".join(one for one in CONFLICT.splitlines() if not one.startswith("resolution-markers"))

    assert chosen(needed(lock_of(tmp_path, "uv.lock", plain), LINUX)) == ["torch 2.4.0"]
    assert chosen(needed(lock_of(tmp_path, "uv.lock", plain), LINUX, extras=["gpu"])) == ["torch 2.5.0+cu"]
    one_source = lock_of(tmp_path, "uv.lock", plain.replace("org/gpu", "org/simple"))
    assert [one.target for one in one_source.packages[0].requires] == [1, 2, 1, 2]
    same = lock_of(tmp_path, "uv.lock", plain.replace("2.5.0+cu", "2.4.0"))
    assert [one.target for one in same.packages[0].requires] == [1, 2, 1, 2]
    assert len(needed(same, LINUX).chosen) == 1


WORKSPACE = registries("""
version = 1
requires-python = ">=3.11"

[manifest]
members = ["lib", "Root.Project"]

[[package]]
name = "attrs"
version = "25.1.0"
source = { registry = "SIMPLE" }

[[package]]
name = "lib"
source = { editable = "packages/lib" }

[package.optional-dependencies]
fast = [{ name = "attrs" }]

[[package]]
name = "root-project"
version = "1.0"
source = { virtual = "." }
dependencies = [{ name = "lib", extra = ["fast"], marker = "python_version >= '3.13'" }, { name = "gone" }]

[package.dev-dependencies]
test = [{ name = "six" }]

[[package]]
name = "six"
version = "1.17.0"
source = { registry = "SIMPLE" }
""")


def test_the_members_of_a_workspace_are_roots_and_may_ask_for_extras_of_each_other(tmp_path: Path) -> None:
    lock = lock_of(tmp_path, "uv.lock", WORKSPACE)

    assert lock.roots == ("lib", "root-project")
    assert lock.lock_version == "1"
    assert lock.notes == (
        "the lock is for a workspace of 2 projects; all of them are taken as installed",
        "packages that the lock requires and does not list: 1",
    )
    assert chosen(needed(lock, environment("3.13.0"))) == ["attrs 25.1.0"]
    assert filtered(needed(lock, LINUX)) == [
        ("attrs 25.1.0", "marker", "python_version >= '3.13'"),
        ("six 1.17.0", "group", "test"),
    ]


def test_an_extra_that_a_member_asks_for_counts_in_the_markers_of_others(tmp_path: Path) -> None:
    dependency = '{ name = "six", marker = "extra == \'extra-3-lib-fast\'" }'
    lock = lock_of(tmp_path, "uv.lock", WORKSPACE.replace('{ name = "gone" }', dependency))

    assert chosen(needed(lock, environment("3.13.0"))) == ["attrs 25.1.0", "six 1.17.0"]
    assert filtered(needed(lock, LINUX))[1] == ("six 1.17.0", "group", "test")


SCRIPT = registries("""
version = 1
revision = 3
requires-python = ">=3.11"

[manifest]
requirements = [{ name = "rich", marker = "sys_platform == 'linux'", specifier = ">=13" }]

[manifest.dependency-groups]
dev = [{ name = "ruff" }]

[[package]]
name = "rich"
version = "14.0.0"
source = { registry = "SIMPLE" }

[[package]]
name = "ruff"
version = "0.14.1"
source = { registry = "SIMPLE" }
""")


def test_the_lock_of_a_script_starts_from_its_manifest(tmp_path: Path) -> None:
    lock = lock_of(tmp_path, "tool.py.lock", SCRIPT)

    assert (lock.kind, lock.roots) == ("uv", ())
    assert chosen(needed(lock, LINUX)) == ["rich 14.0.0"]
    assert chosen(needed(lock, LINUX, ["dev"])) == ["rich 14.0.0", "ruff 0.14.1"]
    assert filtered(needed(lock, environment(platform="darwin"))) == [
        ("rich 14.0.0", "marker", "sys_platform == 'linux'"),
        ("ruff 0.14.1", "group", "dev"),
    ]


def test_a_lock_without_a_project_is_taken_as_a_whole(tmp_path: Path) -> None:
    lock = lock_of(tmp_path, "uv.lock", SCRIPT.replace("requirements = [", "constraints = [").replace("dev = [", "# ["))

    assert lock.notes == ("the lock names no project; every package is taken as required",)
    assert chosen(needed(lock, LINUX)) == ["rich 14.0.0", "ruff 0.14.1"]


def test_what_nothing_requires_is_not_needed(tmp_path: Path) -> None:
    text = SCRIPT.replace("[manifest.dependency-groups]", "[manifest.other]")

    assert filtered(needed(lock_of(tmp_path, "uv.lock", text), LINUX)) == [("ruff 0.14.1", "unreached", "")]


# -- poetry.lock -----------------------------------------------------------------------------------------

POETRY_21 = """
# This file is automatically @generated by Poetry 2.1.1 and should not be changed by hand.

[[package]]
name = "colorama"
version = "0.4.6"
description = "Cross-platform colored terminal text."
optional = false
python-versions = "!=3.0.*,!=3.1.*,>=2.7"
groups = ["main", "dev"]
files = [{file = "colorama-0.4.6.tar.gz", hash = "sha256:aa"}]
markers = {main = "platform_system == \\"Windows\\"", dev = "sys_platform == \\"win32\\""}

[[package]]
name = "numpy"
version = "1.26.4"
description = ""
optional = false
python-versions = ">=3.9"
groups = ["main"]
markers = "python_version < \\"3.12\\""
files = [{file = "numpy-1.26.4-cp311-cp311-linux_x86_64.whl", hash = "sha256:ab"}]

[[package]]
name = "numpy"
version = "2.2.1"
description = ""
optional = false
python-versions = ">=3.10"
groups = ["main"]
markers = "python_version >= \\"3.12\\""
files = [{file = "numpy-2.2.1-cp312-cp312-linux_x86_64.whl", hash = "sha256:ac"}]

[[package]]
name = "PySocks"
version = "1.7.1"
description = ""
optional = true
python-versions = ">=2.7"
groups = ["main"]
markers = "extra == \\"socks\\""
files = [{file = "PySocks-1.7.1.tar.gz", hash = "sha256:ad"}]

[[package]]
name = "pytest"
version = "8.3.4"
description = ""
optional = false
python-versions = ">=3.8"
groups = ["dev", "Docs_Too"]
files = [{file = "pytest-8.3.4-py3-none-any.whl", hash = "sha256:ae"}]

[package.dependencies]
colorama = {version = "*", markers = "sys_platform == \\"win32\\""}

[package.extras]
dev = ["argcomplete", "attrs (>=19.2)"]

[[package]]
name = "tool"
version = "0.9"
description = ""
optional = false
python-versions = "^3.8"
groups = ["main"]
files = []

[package.source]
type = "git"
url = "https://example.org/tool.git"
reference = "HEAD"
resolved_reference = "0123456789"

[[package]]
name = "unmarked"
version = "1"
description = ""
optional = true
python-versions = "*"
groups = ["main"]
files = []
develop = true

[package.source]
type = "directory"
url = "lib"

[extras]
more = ["unmarked", "PySocks (>=1.5)"]
socks = ["PySocks"]

[metadata]
lock-version = "2.1"
python-versions = "^3.10"
content-hash = "00"
"""


def test_a_poetry_lock_gives_its_packages_with_their_origins_and_groups(tmp_path: Path) -> None:
    lock = lock_of(tmp_path, "poetry.lock", POETRY_21)

    assert (lock.kind, lock.lock_version, lock.requires_python) == ("poetry", "2.1", "^3.10")
    assert (lock.roots, lock.groups, lock.extras) == ((), ("dev", "docs-too"), ("more", "socks"))
    assert [(one.name, one.version, one.origins, one.groups, one.marker) for one in lock.packages] == [
        ("colorama", "0.4.6", ("sdist",), (), None),
        ("numpy", "1.26.4", ("wheel",), (), 'python_version < "3.12"'),
        ("numpy", "2.2.1", ("wheel",), (), 'python_version >= "3.12"'),
        ("PySocks", "1.7.1", ("sdist",), ("socks",), 'extra == "socks"'),
        ("pytest", "8.3.4", ("wheel",), ("dev", "docs-too"), None),
        ("tool", "0.9", ("vcs",), (), None),
        ("unmarked", "1", ("editable",), ("more",), None),
    ]
    assert package(lock, "PySocks").normalized == "pysocks"
    assert lock.notes == ("a poetry.lock does not name the project itself",)


def test_a_poetry_lock_is_filtered_by_groups_extras_and_markers_of_each_group(tmp_path: Path) -> None:
    lock = lock_of(tmp_path, "poetry.lock", POETRY_21)
    selection = needed(lock, LINUX)

    assert chosen(selection) == ["numpy 2.2.1", "tool 0.9"]
    assert filtered(selection) == [
        ("colorama 0.4.6", "marker", 'platform_system == "Windows"'),
        ("numpy 1.26.4", "other version", "2.2.1"),
        ("PySocks 1.7.1", "extra", "socks"),
        ("pytest 8.3.4", "group", "dev, docs-too"),
        ("unmarked 1", "extra", "more"),
    ]
    assert chosen(needed(lock, LINUX, ["docs.too"], ["socks"])) == [
        "numpy 2.2.1",
        "PySocks 1.7.1",
        "pytest 8.3.4",
        "tool 0.9",
    ]
    half = Candidates(({**variables(platform="win32"), "platform_system": "Wine"},))
    assert "colorama 0.4.6" not in chosen(needed(lock, half))
    assert "colorama 0.4.6" in chosen(needed(lock, half, ["dev"]))
    assert needed(lock, environment("4.0.1")).notes[0] == "the lock is for Python ^3.10, and the environment has 4.0.1"


POETRY_20 = """
[[package]]
name = "click"
version = "8.1.8"
optional = false
python-versions = ">=3.7"
files = [{file = "click-8.1.8-py3-none-any.whl", hash = "sha256:aa"}]

[package.dependencies]
colorama = {version = "*", markers = "platform_system == \\"Windows\\""}
importlib-metadata = {version = "*", markers = "python_version < \\"3.8\\""}

[[package]]
name = "colorama"
version = "0.4.6"
optional = false
python-versions = ">=2.7"
files = [{file = "colorama-0.4.6.tar.gz", hash = "sha256:ab"}]

[[package]]
name = "coverage"
version = "7.10.7"
optional = false
python-versions = ">=3.9"
files = [{file = "coverage-7.10.7.tar.gz", hash = "sha256:ac"}]

[package.dependencies]
tomli = {version = "*", optional = true, markers = "python_full_version <= \\"3.11.0a6\\" and extra == \\"toml\\""}

[package.extras]
toml = ["tomli"]

[[package]]
name = "left"
version = "1.0"
optional = false
python-versions = "*"
files = []

[package.dependencies]
right = ">=1"

[[package]]
name = "numpy"
version = "1.26.4"
optional = false
python-versions = ">=3.9,<3.13"
files = [{file = "numpy-1.26.4.tar.gz", hash = "sha256:ad"}]

[[package]]
name = "numpy"
version = "2.2.1"
optional = false
python-versions = ">=3.10"
files = [{file = "numpy-2.2.1.tar.gz", hash = "sha256:ae"}]

[[package]]
name = "pandas"
version = "2.2.3"
optional = false
python-versions = ">=3.9"
files = [{file = "pandas-2.2.3.tar.gz", hash = "sha256:af"}]

[package.dependencies]
numpy = [
    {version = ">=1.22.4,<2", markers = "python_version < \\"3.11\\""},
    {version = "^2.0", markers = "python_version >= \\"3.11\\""},
]

[[package]]
name = "right"
version = "1.0"
optional = false
python-versions = "*"
files = []

[package.dependencies]
left = "*"

[[package]]
name = "shellingham"
version = "1.5.4"
optional = true
python-versions = ">=3.7"
files = [{file = "shellingham-1.5.4.tar.gz", hash = "sha256:ba"}]

[[package]]
name = "tomli"
version = "2.2.1"
optional = false
python-versions = ">=3.8"
files = [{file = "tomli-2.2.1.tar.gz", hash = "sha256:bb"}]

[[package]]
name = "typer"
version = "0.15.1"
optional = true
python-versions = ">=3.7"
files = [{file = "typer-0.15.1.tar.gz", hash = "sha256:bc"}]

[package.dependencies]
click = ">=8.0.0"
shellingham = ">=1.3.0"

[extras]
cli = ["typer"]

[metadata]
lock-version = "2.0"
python-versions = ">=3.9,<4.0"
content-hash = "00"
"""


def test_an_older_poetry_lock_is_followed_from_what_no_package_requires(tmp_path: Path) -> None:
    lock = lock_of(tmp_path, "poetry.lock", POETRY_20)
    selection = needed(lock, LINUX)

    assert lock.lock_version == "2.0"
    assert lock.notes == (
        "a poetry.lock does not name the project itself",
        "before version 2.1 a poetry.lock does not say what the project itself requires: "
        "it is taken to require what no other package does, whatever the environment",
        "this poetry.lock does not tell the packages of development groups from the others",
        "packages that the lock requires and does not list: 1",
    )
    assert chosen(selection) == [
        "click 8.1.8",
        "coverage 7.10.7",
        "left 1.0",
        "numpy 2.2.1",
        "pandas 2.2.3",
        "right 1.0",
    ]
    assert filtered(selection) == [
        ("colorama 0.4.6", "marker", 'platform_system == "Windows"'),
        ("numpy 1.26.4", "other version", "2.2.1"),
        ("shellingham 1.5.4", "extra", "cli"),
        ("tomli 2.2.1", "marker", 'python_full_version <= "3.11.0a6" and extra == "toml"'),
        ("typer 0.15.1", "extra", "cli"),
    ]


def test_an_older_poetry_lock_follows_constraints_extras_and_other_environments(tmp_path: Path) -> None:
    lock = lock_of(tmp_path, "poetry.lock", POETRY_20)
    older = chosen(needed(lock, environment("3.10.2")))

    assert ("numpy 1.26.4" in older, "numpy 2.2.1" in older, "tomli 2.2.1" in older) == (True, False, True)
    assert chosen(needed(lock, LINUX, extras=["cli"]))[-2:] == ["shellingham 1.5.4", "typer 0.15.1"]
    assert "colorama 0.4.6" in chosen(needed(lock, environment(platform="win32")))


POETRY_EXTRAS = """
[[package]]
name = "app"
version = "1"
optional = true
python-versions = "*"

[package.dependencies]
lib = {version = "*", extras = ["Fast"]}

[package.source]
type = "url"
url = "https://example.org/app-1-py3-none-any.whl"

[[package]]
name = "attrs"
version = "25"
optional = true
python-versions = "*"

[[package]]
name = "lib"
version = "2"
optional = true
python-versions = "*"

[package.dependencies]
attrs = {version = "*", optional = true}
six = {version = "*", optional = true, markers = "extra == 'slow'"}

[package.extras]
fast = ["attrs (>=20)"]

[package.source]
type = "file"
url = "lib-2.tar.gz"

[[package]]
name = "six"
version = "1"
optional = true
python-versions = "*"

[extras]
app = ["app"]

[metadata]
lock-version = "2.0"
python-versions = "*"
"""


def test_extras_of_other_packages_are_followed_in_an_older_poetry_lock(tmp_path: Path) -> None:
    lock = lock_of(tmp_path, "poetry.lock", POETRY_EXTRAS)

    assert [(one.name, one.origins, one.groups) for one in lock.packages] == [
        ("app", ("archive", "wheel"), ("app",)),
        ("attrs", (), ("app",)),
        ("lib", ("archive",), ("app",)),
        ("six", (), ()),
    ]
    assert chosen(needed(lock, LINUX)) == []
    assert chosen(needed(lock, LINUX, extras=["app"])) == ["app 1", "attrs 25", "lib 2"]
    assert filtered(needed(lock, LINUX, extras=["app"])) == [("six 1", "extra", "lib[slow]")]


def test_the_only_version_of_a_package_is_chosen_even_where_it_does_not_fit(tmp_path: Path) -> None:
    selection = needed(lock_of(tmp_path, "poetry.lock", POETRY_20), environment("3.8.1"))

    assert "coverage 7.10.7" in chosen(selection)
    assert selection.notes == (
        "the lock is for Python >=3.9,<4.0, and the environment has 3.8.1",
        "the Python of the environment is not supported by coverage, pandas",
    )


POETRY_11 = """
[[package]]
name = "click"
version = "8.1.8"
description = "Composable command line interface toolkit"
category = "main"
optional = false
python-versions = ">=3.7"

[package.dependencies]
colorama = {version = "*", markers = "platform_system == \\"Windows\\""}

[[package]]
name = "colorama"
version = "0.4.6"
description = ""
category = "main"
optional = false
python-versions = ">=2.7"

[[package]]
name = "exceptiongroup"
version = "1.3.0"
description = ""
category = "dev"
optional = false
python-versions = ">=3.7"

[[package]]
name = "old"
version = "2004d"
description = ""
category = "main"
optional = false
python-versions = "*"

[[package]]
name = "pytest"
version = "8.3.4"
description = ""
category = "dev"
optional = false
python-versions = ">=3.8"

[package.dependencies]
click = "*"
exceptiongroup = {version = ">=1.0.0rc8", markers = "python_version < \\"3.11\\""}

[extras]
colour = ["colorama (>=0.4)"]

[metadata]
lock-version = "1.1"
python-versions = "^3.9"
content-hash = "00"

[metadata.files]
click = [
    {file = "click-8.1.8-py3-none-any.whl", hash = "sha256:aa"},
    {file = "click-8.1.8.tar.gz", hash = "sha256:ab"},
]
colorama = []
pytest = [{file = "pytest-8.3.4-py3-none-any.whl", hash = "sha256:ac"}]
"""


def test_categories_and_files_of_the_first_poetry_locks_are_read(tmp_path: Path) -> None:
    lock = lock_of(tmp_path, "poetry.lock", POETRY_11)

    assert (lock.lock_version, lock.groups, lock.extras) == ("1.1", ("dev",), ("colour",))
    assert [(one.name, one.origins, one.groups) for one in lock.packages] == [
        ("click", ("sdist", "wheel"), ()),
        ("colorama", (), ()),
        ("exceptiongroup", (), ("dev",)),
        ("old", (), ()),
        ("pytest", ("wheel",), ("dev",)),
    ]
    assert chosen(needed(lock, LINUX)) == ["click 8.1.8", "old 2004d"]
    assert filtered(needed(lock, LINUX)) == [
        ("colorama 0.4.6", "marker", 'platform_system == "Windows"'),
        ("exceptiongroup 1.3.0", "group", "dev"),
        ("pytest 8.3.4", "group", "dev"),
    ]
    assert chosen(needed(lock, LINUX, ["dev"])) == ["click 8.1.8", "old 2004d", "pytest 8.3.4"]
    assert chosen(needed(lock, environment("3.10.1"), ["all"], ["colour"])) == [
        f"{one.name} {one.version}" for one in lock.packages
    ]


def test_versions_that_stay_open_are_all_chosen_and_noted(tmp_path: Path) -> None:
    text = POETRY_20.replace(POETRY_20[POETRY_20.index("[package.dependencies]\nnumpy") :].split("[[")[0], "\n")
    selection = needed(lock_of(tmp_path, "poetry.lock", text), LINUX)

    assert [one for one in chosen(selection) if "numpy" in one] == ["numpy 1.26.4", "numpy 2.2.1"]
    assert selection.notes == ("the lock does not say which version is for this environment: numpy",)
    assert filtered(needed(lock_of(tmp_path, "poetry.lock", text), environment("3.13.0")))[1] == (
        "numpy 1.26.4",
        "other version",
        "2.2.1",
    )


# -- which format, and what is none ----------------------------------------------------------------------


@pytest.mark.parametrize(("text", "kind"), [(PYLOCK, "pylock"), (UV, "uv"), (SCRIPT, "uv"), (POETRY_11, "poetry")])
@pytest.mark.parametrize("name", ["locked.toml", "uv.lock", "poetry.lock", "pylock.toml"])
def test_the_content_decides_which_format_it_is(tmp_path: Path, name: str, text: str, kind: str) -> None:
    assert lock_of(tmp_path, name, text).kind == kind


@pytest.mark.parametrize(
    ("name", "text", "fact"),
    [
        ("uv.lock", "", "uv.lock has no lock version; this pyclosure reads version 1"),
        ("uv.lock", "version = 2\npackage = []", "uv.lock has lock version 2"),
        ("poetry.lock", '[metadata]\nlock-version = "3.0"', "poetry.lock has lock version 3.0"),
        ("pylock.toml", "", "lock-version is not there"),
        ("other.toml", "", "other.toml is not a lock file of a known format"),
        ("pdm.lock", '[metadata]\nlock_version = "4.5.0"', "pdm.lock is not a lock file of a known format"),
        ("uv.lock", "version = ", "uv.lock is not valid TOML: "),
        ("uv.lock", "<<<<<<< HEAD\nversion = 1", "uv.lock is not valid TOML: "),
        ("uv.lock", b"version = 1\nname = '\xff'", "uv.lock is not valid TOML: byte 20 is not UTF-8"),
        ("uv.lock", "a = " + "[" * 100_000, "nested too deeply"),
        ("uv.lock", "a" + ".a" * 100_000 + " = 1", "more than 100 parts"),
        ("uv.lock", "[" + "'a' . " * 100_000 + "a]", "more than 100 parts"),
        ("uv.lock", "version = " + "9" * 5000, "too many digits"),
        ("uv.lock", "version = 0x" + "f" * 5000 + "\npackage = []", "too many digits"),
        ("uv.lock", 'version = 1\nx = "\\u001b"\ny = "\x1b"', "uv.lock is not valid TOML: "),
        ("uv.lock", "version = 1\npackage = 1", "package is not an array"),
        ("uv.lock", "version = 1\npackage = [1]", "package[0] is not a table"),
        ("uv.lock", "version = 1\n[[package]]\nversion = '1'", "package[0].name is not there"),
        ("uv.lock", "version = 1\n[[package]]\nname = ''", "package[0].name is not a name"),
        ("uv.lock", "version = 1\n[[package]]\nname = 'x'", "package[0].source is not a source that uv knows"),
        ("uv.lock", "version = 1\nrevision = 'x'\npackage = []", "revision is not a number"),
        ("uv.lock", "version = 1" + "0" * 400 + "\npackage = []", "version is not a number of 64 bits"),
        ("uv.lock", "version = -9223372036854775809\npackage = []", "version is not a number of 64 bits"),
        ("uv.lock", UV.replace('{ name = "gitlib" }', "{ name = 1 }"), "package[3].dependencies[2].name is not a text"),
        ("uv.lock", UV.replace('extra = ["socks"]', "extra = [1]"), "dependencies[3].extra is not an array of texts"),
        ("uv.lock", UV.replace("dev = [", "'\x7f\u202e' = 1\ndev = ["), "uv.lock is not valid TOML: "),
        (
            "uv.lock",
            UV.replace("dev = [", "'\u202e' = 1\ndev = ["),
            "package[3].dev-dependencies.\ufffd is not an array",
        ),
        (
            "poetry.lock",
            POETRY_21.replace("optional = true", "optional = 1"),
            "package[3].optional is not true or false",
        ),
        ("poetry.lock", POETRY_21.replace('["dev", "Docs_Too"]', "3"), "package[4].groups is not an array of texts"),
        ("poetry.lock", POETRY_21.replace('version = "0.9"', ""), "package[5].version is not there"),
        (
            "poetry.lock",
            POETRY_20.replace('right = ">=1"', "right = 1"),
            "package[3].dependencies.right is not a table",
        ),
        ("poetry.lock", POETRY_20.replace('right = ">=1"', "right = [1]"), "dependencies.right[0] is not a table"),
        ("poetry.lock", POETRY_20.replace('["typer"]', "[[]]"), "extras.cli is not an array of texts"),
        ("poetry.lock", POETRY_11.replace("colorama = []", "colorama = [{}]"), "metadata.files.colorama[0].file"),
    ],
)
def test_what_is_no_lock_is_refused_in_one_sentence(tmp_path: Path, name: str, text: str | bytes, fact: str) -> None:
    with pytest.raises(BadInput) as caught:
        lock_of(tmp_path, name, text)

    assert_sentence(caught.value, name, fact, kind=BadInput)


def test_files_that_cannot_be_read_are_refused_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe.lock")
    monkeypatch.setattr(document, "LARGEST", 1 << 20)
    (tmp_path / "large.lock").write_bytes(b"#" * ((1 << 20) + 1))
    cases = {
        str(tmp_path / "absent\x1b[31m.lock"): "cannot read absent\ufffd[31m.lock: No such file",
        str(tmp_path): "is not a file",
        str(tmp_path / "pipe.lock"): "pipe.lock is not a file",
        str(tmp_path / "large.lock"): "large.lock is larger than 1 MiB",
        "nul\0.lock": "cannot read nul\ufffd.lock: that is no path",
        "/dev/zero": "zero is not a file",
    }
    for path, fact in cases.items():
        with pytest.raises(BadInput) as caught:
            read_lock(path)
        assert_sentence(caught.value, fact, kind=BadInput)


def test_control_characters_leave_names_versions_and_markers(tmp_path: Path) -> None:
    text = UV.replace('name = "gitlib"', 'name = "git\\u001b[31mlib"').replace('"0.3"', '"0.3\\u202e"')
    text = text.replace("marker = \"sys_platform == 'win32'\"", "marker = \"sys_platform == '\\u001b[2J'\"")
    lock = lock_of(tmp_path, "uv.lock", text)
    selection = needed(lock, LINUX)

    assert "git\ufffd[31mlib 0.3\ufffd" in chosen(selection)
    for one in lock.packages:
        for line in (one.name, one.normalized, one.version or "", one.marker or "", *one.groups):
            assert_plain(line)
    for left in selection.filtered:
        assert_plain(left.text)


# -- markers ---------------------------------------------------------------------------------------------


def test_what_cannot_be_judged_is_chosen_and_noted(tmp_path: Path) -> None:
    windows = "marker = \"sys_platform == 'win32'\""
    for odd in ("platform_release >= '10'", "sys_platform is odd", "(" * 9000, "", "'a' == 'a'", "os_name == "):
        selection = needed(lock_of(tmp_path, "uv.lock", UV.replace(windows, f'marker = "{odd}"')), LINUX)

        assert "colorama 0.4.6" in chosen(selection)
        assert len(selection.notes) == 1
        assert_plain(selection.notes[0])
        assert selection.notes[0].startswith("1 marker could not be judged for this environment, and what they guard")


def test_unknown_parts_of_a_marker_count_only_where_they_decide() -> None:
    judge = Judge(Candidates(({"sys_platform": "linux", "python_version": "3.12"},)), ["socks"], ["dev"])

    assert judge.holds("platform_release > '9' and sys_platform == 'darwin'") is False
    assert judge.holds("platform_release > '9' or sys_platform == 'linux'") is True
    assert judge.holds("platform_release > '9' or sys_platform == 'darwin'") is None
    assert judge.holds("(platform_release > '9' or os.name == 'x') and python_version < '3'") is False
    assert judge.holds("extra == 'Socks' and 'dev' in dependency_groups") is True
    assert judge.holds("extra != 'socks' or 'docs' in dependency_groups or 'dev' in extras") is False
    assert judge.holds("'socks' not in extras") is False
    assert judge.holds("sys_platform == 'linux' sys_platform == 'linux'") is None
    assert judge.holds("sys_platform == 'linux')") is None
    assert judge.holds("()") is None
    assert judge.holds("sys_platform == 'linux' or") is None
    assert judge.holds("sys_platform == 'linux' and (") is None
    assert judge.holds("or") is None
    assert judge.holds("extra in 'socks'") is None
    assert judge.holds("'socks' == extras") is None
    assert judge.holds("python_version < 'not a version'") is False
    assert Judge(NOTHING_KNOWN, settled=True).holds("extra == 'a' and extra == 'b'") is True


ATOMS = st.sampled_from(
    [
        "sys_platform == 'linux'",
        'sys_platform != "linux"',
        "python_version < '3.10'",
        "python_full_version >= '3.12.1'",
        "python_full_version == '3.12.*'",
        "'linux' in sys_platform",
        "python_version not in '3.11 3.12'",
        "os_name == 'posix'",
        "platform_python_implementation == 'PyPy'",
        "'3.9' <= python_version",
        "implementation_name ~= 'x'",
    ]
)
MARKERS = st.recursive(
    ATOMS,
    lambda inner: st.lists(inner, min_size=2, max_size=4).flatmap(
        lambda parts: st.lists(
            st.sampled_from([" and ", " or "]), min_size=len(parts) - 1, max_size=len(parts) - 1
        ).map(lambda words: "(" + parts[0] + "".join(w + p for w, p in zip(words, parts[1:], strict=True)) + ")")
    ),
    max_leaves=12,
)


@given(MARKERS)
def test_with_everything_known_markers_are_judged_as_packaging_does(marker: str) -> None:
    for python, platform in itertools.product(("3.9.2", "3.12.4"), ("linux", "win32")):
        judge = Judge(environment(python, platform))
        if "~=" in marker:
            assert judge.holds(marker) in (True, False, None)
        else:
            assert judge.holds(marker) is Marker(marker).evaluate(variables(python, platform))


@pytest.mark.parametrize(
    ("constraint", "inside", "outside"),
    [
        ("^1.2.3", ["1.2.3", "1.9"], ["1.2.2", "2.0"]),
        ("^0.2.3", ["0.2.3", "0.2.9"], ["0.3"]),
        ("^0.0.3", ["0.0.3"], ["0.0.4"]),
        ("^3", ["3.0", "3.14.1"], ["4"]),
        ("^0", ["0.9"], ["1"]),
        ("~1.2.3", ["1.2.9"], ["1.3"]),
        ("~1", ["1.9"], ["2"]),
        ("~=1.4", ["1.5"], ["2.0"]),
        ("3.*", ["3.11"], ["2.7"]),
        (">=3.7, <3.12 || >=3.13", ["3.11", "3.13.1"], ["3.12.4"]),
        (">=3.7 <3.12", ["3.11"], ["3.12"]),
        ("1.0", ["1.0.0"], ["1.0.1"]),
        ("= 1.0", ["1.0"], ["1.1"]),
        ("*", ["0", "99"], []),
        ("", ["0"], []),
    ],
)
def test_constraints_of_poetry_are_understood(constraint: str, inside: list[str], outside: list[str]) -> None:
    assert [allows(constraint, one) for one in inside] == [True] * len(inside)
    assert [allows(constraint, one) for one in outside] == [False] * len(outside)


@pytest.mark.parametrize("constraint", ["^x", "~", ">", "^^1", "1.0 and 2.0", "§", "^" + "9" * 5000, "x" * 2000])
def test_constraints_that_cannot_be_read_are_unknown(constraint: str) -> None:
    assert allows(constraint, "1.0") is None
    assert allows(">=1", "2004d") is None
    assert allows(None, "2004d") is True
    assert allows(">=3.13", "3.14.0a1") is True


@given(
    st.lists(st.sampled_from(["==", "!=", "<=", ">=", "<", ">", "~="]), max_size=4),
    st.lists(st.sampled_from(["1.0", "1.2", "2.0", "2.1.3"]), min_size=4, max_size=4),
    st.sampled_from(["0.9", "1.0", "1.2.1", "2.0", "2.1.3", "2.1.4", "3"]),
)
def test_specifiers_are_judged_as_packaging_does(operators: list[str], versions: list[str], version: str) -> None:
    text = ",".join(a + b for a, b in zip(operators, versions, strict=False))

    assert allows(text, version) is SpecifierSet(text).contains(version, prereleases=True)


# -- the closure beside the lock -------------------------------------------------------------------------


def rows(lock: Lock, *installed: Installed, **conditions: Any) -> list[Row]:
    return list(compare(needed(lock, LINUX, **conditions), lock, installed).rows)


def verdicts(found: Sequence[Row]) -> dict[str, str]:
    return {one.name: one.verdict for one in found}


def test_a_closure_is_compared_name_by_name(tmp_path: Path) -> None:
    found = rows(
        lock_of(tmp_path, "uv.lock", UV),
        Installed("click", "8.3.1.0", "/s/click"),
        Installed("colorama", "0.4.6", "/s/colorama"),
        Installed("demo-app", "0.1.0", "/s/demo"),
        Installed("gitlib", "0.2", "/s/gitlib"),
        Installed("locallib", "7", "/s/locallib"),
        Installed("pip", "25.0", "/s/pip"),
        Installed("pytest", "8.0", "/s/pytest"),
        Installed("requests", "2.32.5", "/s/requests-a"),
        Installed("requests", "2.32.6", "/s/requests-b"),
        Installed("six", "1.17.0", "/s/six"),
        Installed("typer", "0.20.0", "/s/typer"),
    )

    assert found == [
        Row("click", "same", ("8.3.1",), "8.3.1.0", "/s/click"),
        Row(
            "colorama",
            "filtered",
            ("0.4.6",),
            "0.4.6",
            "/s/colorama",
            "0.4.6 is locked only where sys_platform == 'win32'",
        ),
        Row("demo-app", "same", ("0.1.0",), "0.1.0", "/s/demo", "the project itself"),
        Row("gitlib", "skew", ("0.3",), "0.2", "/s/gitlib", "older than locked"),
        Row("locallib", "same", (), "7", "/s/locallib", "the lock fixes no version (directory)"),
        Row("pip", "extra", (), "25.0", "/s/pip", "belongs to the interpreter or the build, not to a lock"),
        Row("pysocks", "missing", ("1.7.1",), None, None, "it is locked for this environment"),
        Row("pytest", "filtered", ("8.4.2",), "8.0", "/s/pytest", "8.4.2 is locked only with the group dev"),
        Row("requests", "same", ("2.32.5",), "2.32.5", "/s/requests-a"),
        Row("requests", "skew", ("2.32.5",), "2.32.6", "/s/requests-b", "newer than locked"),
        Row("six", "extra", (), "1.17.0", "/s/six", "not in the lock"),
        Row("typer", "filtered", ("0.20.0",), "0.20.0", "/s/typer", "0.20.0 is locked only with the extra cli"),
    ]


def test_a_version_of_another_fork_is_skew_and_says_where_it_is_from(tmp_path: Path) -> None:
    found = rows(lock_of(tmp_path, "uv.lock", UV), Installed("click", "8.1.8", "/s/click"))

    assert found[0] == Row(
        "click", "skew", ("8.3.1",), "8.1.8", "/s/click", "the lock has 8.1.8 for another environment"
    )


def test_the_notes_of_a_comparison_name_all_that_is_not_known(tmp_path: Path) -> None:
    lock = lock_of(tmp_path, "poetry.lock", POETRY_21)
    notes = compare(needed(lock, environment("4.1")), lock, ()).notes

    assert notes[0] == "a poetry.lock does not name the project itself"
    assert notes[1].startswith("the lock is for Python ^3.10")
    assert notes[-1] == "native libraries and build systems are in no lock file"


def one_package(version: str | None, *origins: Any) -> Lock:
    locked = LockedPackage("p", "p", version, origins)
    return Lock("uv.lock", "uv", "1", None, (), (locked,), (Requirement(0),))


@pytest.mark.parametrize(
    ("locked", "installed", "verdict", "detail"),
    [
        ("1.0", "1.0.0", "same", ""),
        ("1.0rc1", "1.0c1", "same", ""),
        ("2.0", "2.0+cpu", "same", "the lock does not name the local part +cpu"),
        ("2.0", "2.0.0+nix", "same", "the lock does not name the local part +nix"),
        ("2.0+cpu", "2.0", "skew", "the lock names the local part +cpu"),
        ("2.0+cpu", "2.0+gpu", "skew", "the lock names the local part +cpu"),
        ("2.0", "2.1+cpu", "skew", "newer than locked"),
        ("2.0", "2.0.post1", "skew", "newer than locked"),
        ("2.0", "1!1.0", "skew", "newer than locked"),
        ("2004d", "2004d", "same", ""),
        ("2004d", "2004e", "skew", ""),
        ("1.0", "", "skew", ""),
        ("9" * 5000, "1", "skew", ""),
        (None, "5", "same", "the lock fixes no version (of unknown origin)"),
    ],
)
def test_versions_are_compared_by_meaning(locked: str | None, installed: str, verdict: str, detail: str) -> None:
    (row,) = rows(one_package(locked), Installed("p", installed, "/s/p"))

    assert (row.verdict, row.detail) == (verdict, detail)


@pytest.mark.parametrize(
    ("origins", "from_source", "verdict", "detail"),
    [
        (("wheel",), True, "origin", "locked as a wheel, and built from source"),
        (("archive", "wheel"), True, "origin", "locked as a wheel, and built from source"),
        (("wheel",), False, "same", ""),
        (("wheel",), None, "same", ""),
        (("sdist", "wheel"), True, "same", ""),
        (("sdist", "wheel"), False, "same", ""),
        (("vcs",), False, "origin", "locked as vcs, and installed from a wheel"),
        (("vcs",), True, "same", ""),
        (("sdist",), False, "origin", "locked as sdist, and installed from a wheel"),
        (("archive",), False, "same", ""),
        ((), True, "same", ""),
    ],
)
def test_an_origin_is_told_only_where_it_is_known(
    origins: tuple[str, ...], from_source: bool | None, verdict: str, detail: str
) -> None:
    (row,) = rows(one_package("1", *origins), Installed("p", "1", "/s/p", from_source))

    assert (row.verdict, row.detail) == (verdict, detail)


def test_projects_are_never_missing(tmp_path: Path) -> None:
    assert verdicts(rows(lock_of(tmp_path, "uv.lock", UV))) == {
        "click": "missing",
        "gitlib": "missing",
        "locallib": "missing",
        "pysocks": "missing",
        "requests": "missing",
    }
    assert rows(one_package("1", "virtual")) == []
    (row,) = [
        one
        for one in rows(lock_of(tmp_path, "uv.lock", UV), Installed("demo-app", "0.2", "/s/demo"))
        if one.name == "demo-app"
    ]
    assert (row.verdict, row.detail) == ("skew", "the project itself; newer than locked")


def test_what_is_missing_from_an_older_poetry_lock_may_be_for_development(tmp_path: Path) -> None:
    lock = lock_of(tmp_path, "poetry.lock", POETRY_20)

    assert rows(lock)[1] == Row(
        "coverage",
        "missing",
        ("7.10.7",),
        None,
        None,
        "it is locked, but the lock does not say whether it is for this environment, or for development only",
    )


def test_the_names_of_tools_can_be_given(tmp_path: Path) -> None:
    lock = one_package("1")
    (_, row) = compare(needed(lock, LINUX), lock, [Installed("uv", "1", "/s/uv")], tools={"uv"}).rows

    assert row.detail == "belongs to the interpreter or the build, not to a lock"


# -- hostile documents -----------------------------------------------------------------------------------


def answer(lock: Lock) -> None:
    """Ask everything of a lock; nothing may fail, and nothing may move a cursor."""
    for groups, extras in (((), ()), (("all",), ("all",))):
        for here in (LINUX, NOTHING_KNOWN):
            selection = needed(lock, here, groups, extras)
            assert len(selection.chosen) + len(selection.filtered) <= len(lock.packages)
            installed = [Installed(one.normalized, one.version or "1", "/s", True) for one in lock.packages]
            comparison = compare(selection, lock, [*installed, Installed("else", "1", "/s")])
            for row in comparison.rows:
                assert_plain(row.name + row.detail + "".join(row.locked))
            for note in comparison.notes:
                assert_plain(note)


SAMPLES: Mapping[str, Any] = {
    name: (module, tomllib.loads(text))
    for name, module, text in (
        ("pylock", pylock, PYLOCK),
        ("uv", uv, UV),
        ("conflict", uv, CONFLICT),
        ("workspace", uv, WORKSPACE),
        ("script", uv, SCRIPT),
        ("poetry 2.1", poetry, POETRY_21),
        ("poetry 2.0", poetry, POETRY_20),
        ("poetry extras", poetry, POETRY_EXTRAS),
        ("poetry 1.1", poetry, POETRY_11),
    )
}
TEXTS = (PYLOCK, UV, CONFLICT, WORKSPACE, SCRIPT, POETRY_21, POETRY_20, POETRY_EXTRAS, POETRY_11)
SCALARS = (
    st.none().map(lambda _: [])
    | st.booleans()
    | st.integers(-3, 10**30)
    | st.floats()
    | st.datetimes()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
    | st.sampled_from(
        [
            *("", ".", "\x1b[31m", "\u202e", "1", "demo-app", "numpy", "pytest", "all", "main", "^", "*", "9" * 5000),
            *("(" * 2000, "os_name == 'x'", "'a' in extras", "extra == 'b'", "python_version > 'x'", 'os_name == "\'"'),
            *("https://[", "x.whl", "-.whl", "extra == 'extra-999-a'", "extra == 'extra-1-a-b'"),
        ]
    )
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "version", "marker", "markers", "source", "extra", "path", "\x1b", "file", ""]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every container with each of its keys, from the top."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    for one in waiting:
        keys: Sequence[Any] = list(one) if isinstance(one, dict) else range(len(one))
        found += [(one, key) for key in keys]
        waiting += [one[key] for key in keys if isinstance(one[key], (dict, list))]
    return found


@pytest.mark.parametrize("name", SAMPLES)
@given(data=st.data())
def test_any_value_in_any_field_is_read_or_refused(name: str, data: st.DataObject) -> None:
    module, sample = SAMPLES[name]
    changed = copy.deepcopy(sample)
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(places(changed)))
        if data.draw(st.booleans()):
            container[key] = data.draw(VALUES)
        elif isinstance(container, dict):
            container[data.draw(st.sampled_from(["", "\x1b[2J", "name", "a.b", "dev"]))] = container.pop(key)
        else:
            container.append(container[data.draw(st.integers(0, len(container) - 1))])
    try:
        lock = module.read(document.Table("the.lock", "", changed))
    except BadInput as error:
        assert_sentence(error, "the.lock", kind=BadInput)
    else:
        answer(lock)


@given(data=st.data())
def test_any_damage_to_the_text_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    text = data.draw(st.sampled_from(TEXTS)).encode()
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text) - 1))
        end = start + data.draw(st.integers(0, 40))
        text = text[:start] + data.draw(st.binary(max_size=6) | st.just(text[end : end + 60])) + text[end:]
        text = text or b"#"
    path = tmp_path_factory.getbasetemp() / "damaged.lock"
    path.write_bytes(text)
    try:
        lock = read_lock(str(path))
    except BadInput as error:
        assert_sentence(error, "damaged.lock", kind=BadInput)
    else:
        answer(lock)


def test_long_chains_and_circles_need_no_recursion(tmp_path: Path) -> None:
    count = 5_000
    packages = "".join(
        f'[[package]]\nname = "p{index}"\nversion = "1"\nsource = {{ registry = "r" }}\n'
        f'dependencies = [{{ name = "p{(index + 1) % count}" }}]\n'
        for index in range(count)
    )
    root = '[[package]]\nname = "root"\nsource = { virtual = "." }\ndependencies = [{ name = "p0" }]\n'
    older = "".join(
        f'[[package]]\nname = "p{index}"\nversion = "1"\n[package.dependencies]\np{(index + 1) % count} = "*"\n'
        for index in range(count)
    )

    chain = needed(lock_of(tmp_path, "uv.lock", "version = 1\n" + root + packages), LINUX)
    circle = lock_of(tmp_path, "poetry.lock", older + '[metadata]\nlock-version = "2.0"\n')

    assert len(chain.chosen) == count
    assert circle.wanted == (Requirement(0),)
    assert len(needed(circle, LINUX).chosen) == count


def test_names_that_are_locked_too_often_are_refused(tmp_path: Path) -> None:
    entry = (
        '[[package]]\nname = "p"\nversion = "{}"\nsource = {{ registry = "r" }}\ndependencies = [{{ name = "p" }}]\n'
    )

    assert len(lock_of(tmp_path, "uv.lock", "version = 1\n" + "".join(map(entry.format, range(64)))).packages) == 64
    with pytest.raises(BadInput) as caught:
        lock_of(tmp_path, "uv.lock", "version = 1\n" + "".join(map(entry.format, range(65))))
    assert_sentence(caught.value, "uv.lock", "lists p 65 times", kind=BadInput)


def test_requirements_that_could_mean_too_much_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyclosure.queries.locks.entries._MOST_AMBIGUOUS", 3)
    text = UV.replace('{ name = "typer" }', '{ name = "typer" }, { name = "click" }')

    with pytest.raises(BadInput) as caught:
        lock_of(tmp_path, "uv.lock", text)
    assert_sentence(caught.value, "lists click 2 times", kind=BadInput)


def test_more_groups_than_anybody_reads_are_left_out_and_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyclosure.queries.locks.graph._MOST_MEMBERSHIPS", 1)
    lock = lock_of(tmp_path, "uv.lock", UV)

    assert lock.notes == ("the lock has too many groups and extras to say of each package to which it belongs",)
    assert chosen(needed(lock, LINUX)) == MAIN


def test_a_package_of_very_many_extras_names_some_of_them_and_soon(tmp_path: Path) -> None:
    count = 3000
    extras = "".join(f"e{number:04} = ['p0']\n" for number in range(count))
    packages = "".join(
        f"[[package]]\nname = 'p{number}'\nversion = '1'\noptional = true\n"
        f"[package.dependencies]\np{number + 1} = '*'\n"
        for number in range(count)
    )
    lock = lock_of(tmp_path, "poetry.lock", f"[metadata]\nlock-version = '2.0'\n[extras]\n{extras}{packages}")
    with at_most(300_000):
        selection = needed(lock, LINUX)

    assert max(len(one.text) for one in selection.filtered) < 200
    assert selection.filtered[0].text.startswith("e0000, e0001, ")
