"""Installed distributions: what METADATA and its neighbours tell, and hostile ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyclosure.queries.base.records import Distribution
from pyclosure.queries.facts import dist_info as bounds
from pyclosure.queries.facts.dist_info import distributions_in, read_distribution
from pyclosure.queries.facts.files import StoreFiles
from pyclosure.queries.facts.layout import look
from tests.support.sentences import assert_plain
from tests.support.trees import Link, dist_info, plant
from tests.support.work import at_most

SITE = "lib/python3.11/site-packages"
FOLDER = f"{SITE}/x-1.0.dist-info"


def read_one(tmp_path: Path, tree: dict[str, str | bytes]) -> tuple[Distribution | None, list[str]]:
    """Read the distribution whose dist-info holds the given files."""
    plant(tmp_path / "x", {f"{FOLDER}/{name}": content for name, content in tree.items()})
    files = StoreFiles(str(tmp_path / "x"))
    return read_distribution(files, FOLDER, "python3.11"), files.problems


def read_metadata(tmp_path: Path, metadata: str | bytes) -> tuple[Distribution | None, list[str]]:
    return read_one(tmp_path, {"METADATA": metadata})


def assert_harmless(found: Distribution | None, problems: list[str]) -> None:
    """Nothing that was read can move the cursor."""
    texts = list(problems)
    if found is not None:
        for field in Distribution.__struct_fields__:
            value = getattr(found, field)
            texts += [value] if isinstance(value, str) else list(value or ())
    for text in texts:
        assert_plain(text)


def test_all_that_is_declared_is_read(tmp_path: Path) -> None:
    metadata = (
        "Metadata-Version: 2.4\r\nName: Zope.Interface\r\nVersion: 6.0\r\nSummary: Interfaces — für Python\r\n"
        "License-Expression: ZPL-2.1\r\nRequires-Python: >=3.8\r\nProvides-Extra: test\r\nProvides-Extra: docs\r\n"
        "Requires-Dist: setuptools>=40\r\nRequires-Dist: coverage>=5; extra == 'test'\r\nDynamic: Summary\r\n"
        "\r\nRequires-Dist: this-is-in-the-description\r\n"
    )
    entry_points = "[console_scripts]\nzi = zi:main\n[gui_scripts]\nzig = zi:gui\n[zope.plugins]\nx = y:z\n"
    wheel = "Wheel-Version: 1.0\nTag: cp311-cp311-linux_x86_64\nTag: cp311-abi3-linux_x86_64\n"

    found, problems = read_one(
        tmp_path,
        {
            "METADATA": metadata,
            "entry_points.txt": entry_points,
            "WHEEL": wheel,
            "INSTALLER": "uv\n",
            "top_level.txt": "zope\nzi\n",
        },
    )

    assert found == Distribution(
        name="Zope.Interface",
        normalized="zope-interface",
        version="6.0",
        interpreter="python3.11",
        folder=FOLDER,
        requires_dist=("setuptools>=40", "coverage>=5; extra == 'test'"),
        requires_python=">=3.8",
        extras=("test", "docs"),
        dynamic=("Summary",),
        scripts=("zi", "zig"),
        installer="uv",
        wheel_tags=("cp311-cp311-linux_x86_64", "cp311-abi3-linux_x86_64"),
        top_level=("zope", "zi"),
        license="ZPL-2.1",
        summary="Interfaces — für Python",
    )
    assert problems == []


def test_what_is_not_declared_is_unknown(tmp_path: Path) -> None:
    found, problems = read_metadata(tmp_path, "Name: x\n\n")

    assert found == Distribution("x", "x", "", "python3.11", FOLDER)
    assert (found.installer, found.requires_python, found.license, found.summary) == (None, None, None, None)
    assert problems == []


def test_an_old_license_field_is_taken_where_there_is_no_expression(tmp_path: Path) -> None:
    found, _ = read_metadata(tmp_path, "Name: x\nLicense: MIT\n\n")

    assert found is not None and found.license == "MIT"


def test_egg_info_directories_are_read(tmp_path: Path) -> None:
    folder = f"{SITE}/old-1.0.egg-info"
    plant(
        tmp_path / "x",
        {
            f"{folder}/PKG-INFO": "Metadata-Version: 1.1\nName: old\nVersion: 1.0\n\n",
            f"{folder}/requires.txt": "six>=1.9\n\n[test]\nmock\n",
        },
    )

    found = read_distribution(StoreFiles(str(tmp_path / "x")), folder, "python3.11")

    assert found is not None
    assert (found.name, found.version) == ("old", "1.0")
    assert found.requires_dist == ("six>=1.9", 'mock; extra == "test"')


def test_egg_info_files_of_distutils_are_read(tmp_path: Path) -> None:
    folder = f"{SITE}/ancient-0.1.egg-info"
    plant(tmp_path / "x", {folder: "Metadata-Version: 1.0\nName: ancient\nVersion: 0.1\nSummary: UNKNOWN\n"})

    found = read_distribution(StoreFiles(str(tmp_path / "x")), folder, "python3.11")

    assert found is not None
    assert (found.normalized, found.version, found.requires_dist) == ("ancient", "0.1", ())


# -- hostile files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metadata", "name"),
    [
        ("Name: \x1b[31mred\nVersion: \x1b]0;title\x07\n\n", "\ufffd[31mred"),
        ("Name: [red]x[/red]\nSummary: [link=file:///etc/passwd]x\n\n", "[red]x[/red]"),
        ("Name: gpj.\u202eexe\nRequires-Dist: \u200bx\n\n", "gpj.\ufffdexe"),
        (b"Name: \xff\xfe\x00x\nVersion: \x80\n\n", "\ufffd\ufffd\ufffdx"),
        ("Name: a\n b\n\tc\nVersion: 1\n 2\n\n", "a\ufffd b\ufffd\ufffdc"),
        ("Name: x\nName: y\n\n", "x"),
        ("Name: " + "x" * 100_000 + "\n\n", "x" * 200 + "…"),
        ("Name: x\nVersion: 1\nRequires-Dist: \x1b[31m\nProvides-Extra: \x1b\nSummary: \x9b31m\n\n", "x"),
        ("Name: x\nVersion: =?utf-8?q?=1B[31m?=\n\n", "x"),
    ],
)
def test_hostile_metadata_is_read_harmlessly(tmp_path: Path, metadata: str | bytes, name: str) -> None:
    found, problems = read_metadata(tmp_path, metadata)

    assert found is not None
    assert found.name == name
    assert_harmless(found, problems)


@pytest.mark.parametrize(
    "metadata", ["", "\n\nName: below\n", "Version: 1.0\n\n", "Name:\n\n", "Name:   \n\n", b"\x7fELF\0\0", b"\0" * 5000]
)
def test_metadata_without_a_name_is_noted(tmp_path: Path, metadata: str | bytes) -> None:
    found, problems = read_metadata(tmp_path, metadata)

    assert found is None
    assert problems == [f"{FOLDER}: METADATA has no Name"]


def test_metadata_of_ten_megabytes_is_not_read(tmp_path: Path) -> None:
    found, problems = read_metadata(tmp_path, b"Name: x\n\n" + b"x" * 10_000_000)

    assert found is None
    assert problems and all("METADATA: larger than 4194304 bytes" in problem for problem in problems)


def test_a_description_of_two_megabytes_does_no_harm(tmp_path: Path) -> None:
    found, problems = read_metadata(tmp_path, "Name: x\nVersion: 1\n\n" + "word " * 400_000)

    assert found is not None and found.version == "1"
    assert problems == []


def test_very_many_requirements_are_cut(tmp_path: Path) -> None:
    found, _ = read_metadata(tmp_path, "Name: x\n" + "Requires-Dist: y\n" * 5000 + "\n")

    assert found is not None and len(found.requires_dist) == 1000


@pytest.mark.parametrize(
    "entry_points",
    ["console_scripts", "[console_scripts]\nno equals sign\n", "[console_scripts\nx = y\n", "\0\0", "[]\n=\n"],
)
def test_entry_points_that_do_not_parse_cost_the_scripts_only(tmp_path: Path, entry_points: str) -> None:
    found, problems = read_one(tmp_path, {"METADATA": "Name: x\nVersion: 1\n\n", "entry_points.txt": entry_points})

    assert found is not None
    assert (found.name, found.scripts) == ("x", ())
    assert all("entry_points.txt cannot be parsed" in problem for problem in problems)
    assert_harmless(found, problems)


def test_names_of_scripts_are_shown_harmlessly(tmp_path: Path) -> None:
    found, problems = read_one(
        tmp_path, {"METADATA": "Name: x\n\n", "entry_points.txt": "[console_scripts]\n\x1b[31mred = a:b\n"}
    )

    assert found is not None and found.scripts == ("\ufffd[31mred",)
    assert_harmless(found, problems)


def test_neighbours_of_metadata_are_read_harmlessly(tmp_path: Path) -> None:
    found, problems = read_one(
        tmp_path,
        {
            "METADATA": "Name: x\n\n",
            "INSTALLER": "\x1b[31m" + "u" * 1000,
            "WHEEL": "Tag: \x1b[31m\nTag:\nTag\n",
            "top_level.txt": "\x1b[31m [red] \u202e",
        },
    )

    assert found is not None
    assert found.installer == "\ufffd[31m" + "u" * 35 + "…"
    assert_harmless(found, problems)


def test_metadata_that_is_a_folder_or_a_link_is_none(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("Name: secret\nVersion: 1\n\n")
    plant(
        tmp_path / "x",
        {
            f"{SITE}/a-1.dist-info/METADATA/file": "Name: a\n",
            f"{SITE}/b-1.dist-info/METADATA": Link(str(tmp_path / "secret")),
            f"{SITE}/c-1.dist-info": Link(str(tmp_path)),
        },
    )
    files = StoreFiles(str(tmp_path / "x"))

    found, linked = distributions_in(files, SITE, "python3.11")

    assert found == ()
    assert linked == 2, "b and c are links into other paths"


# -- site-packages ---------------------------------------------------------------------------------------


def test_several_distributions_of_one_path_are_found_in_order(tmp_path: Path) -> None:
    plant(tmp_path / "x", dist_info("zlib-ng", "1.0") | dist_info("attrs", "2.0") | {f"{SITE}/six.py": ""})

    found, linked = distributions_in(StoreFiles(str(tmp_path / "x")), SITE, "python3.11")

    assert [(one.normalized, one.version) for one in found] == [("attrs", "2.0"), ("zlib-ng", "1.0")]
    assert linked == 0


def test_too_many_distributions_are_cut_and_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "_MOST_DISTRIBUTIONS", 3)
    for number in range(5):
        plant(tmp_path / "x", dist_info(f"d{number}", "1"))
    files = StoreFiles(str(tmp_path / "x"))

    found, _ = distributions_in(files, SITE, "python3.11")

    assert len(found) == 3
    assert files.problems == [f"{SITE}: more than 3 distributions"]


def test_a_hostile_folder_name_is_shown_harmlessly(tmp_path: Path) -> None:
    plant(tmp_path / "x", {f"{SITE}/\x1b[31mx\n-1.dist-info/METADATA": "Version: 1\n\n"})
    plant(tmp_path / "x", {f"{SITE}/\x1b[32my-1.dist-info/METADATA": "Name: y\n\n"})

    facts = look(str(tmp_path / "x"))

    assert facts is not None and len(facts.distributions) == 1
    assert_harmless(facts.distributions[0], list(facts.problems))
    assert "METADATA has no Name" in facts.problems[0]


@pytest.mark.parametrize("line", [":\n", "A: b\n", " x\n", "Name: y\n", "Requires-Dist: y\n"])
def test_metadata_of_very_many_lines_is_read_as_far_as_that_is_quick(tmp_path: Path, line: str) -> None:
    with at_most(3_000_000):
        found, problems = read_metadata(tmp_path, "Name: x\n" + line * (3_000_000 // len(line)))

    assert found is not None and found.name.startswith("x")
    assert any("more than 20,000 lines; the rest was not read" in one for one in problems)
