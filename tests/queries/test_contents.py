"""What a path contains, by size and by what its files are for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pyclosure.queries.base.activity import Silent
from pyclosure.queries.base.errors import Cancelled
from pyclosure.queries.facts.contents import contents, group_of, walk
from tests.support.trees import Link, plant_path

SITE = "lib/python3.11/site-packages"
TREE = {
    f"{SITE}/pandas/core.py": "x" * 100,
    f"{SITE}/pandas/__pycache__/core.cpython-311.pyc": "x" * 50,
    f"{SITE}/pandas/tests/test_core.py": "x" * 300,
    f"{SITE}/pandas/tests/__pycache__/test_core.pyc": "x" * 200,
    f"{SITE}/pandas/_libs.so": "x" * 1000,
    f"{SITE}/pandas.libs/libz.so.1": "x" * 70,
    "lib/link": Link("12345678"),
    "include/p.h": "x" * 10,
}


def test_sizes_and_counts_add_up_to_what_lies_on_disk(tmp_path: Path) -> None:
    found = contents(plant_path(tmp_path, "pandas-2.0", TREE))

    assert found is not None
    assert (found.size, found.files) == (1738, 8)
    assert sum(part.size for part in found.parts) == found.size
    assert sum(part.files for part in found.parts) == found.files
    for entry in walk(found.top):
        if entry.kind == "folder":
            assert entry.size == sum(child.size for child in entry.children)
            assert [child.size for child in entry.children] == sorted(
                (child.size for child in entry.children), reverse=True
            )


def test_every_file_is_in_exactly_one_group(tmp_path: Path) -> None:
    found = contents(plant_path(tmp_path, "pandas-2.0", TREE))

    assert found is not None
    assert {part.group: (part.files, part.size) for part in found.parts} == {
        "libraries": (1, 1000),
        "tests": (2, 500),
        "python": (1, 100),
        "bundled": (1, 70),
        "bytecode": (1, 50),
        "headers": (1, 10),
        "other": (1, 8),
    }


@pytest.mark.parametrize(
    ("file", "group"),
    [
        (f"{SITE}/numpy/testing/utils.py", "python"),
        (f"{SITE}/numpy/tests/a.py", "tests"),
        (f"{SITE}/a.dist-info/METADATA", "metadata"),
        ("lib/libz.a", "static"),
        ("lib/pkgconfig/z.pc", "build"),
        ("lib/debug/.build-id/ab/cd.debug", "debug"),
        ("share/locale/de/LC_MESSAGES/x.mo", "locales"),
        ("share/doc/x/README", "docs"),
        ("lib/libz.so.1.3.1", "libraries"),
        ("bin/z", "programs"),
        ("share/zoneinfo/UTC", "other"),
    ],
)
def test_groups_are_told_by_the_name(file: str, group: str) -> None:
    assert group_of(file) == group


def test_links_and_pipes_are_counted_but_not_followed(tmp_path: Path) -> None:
    path = plant_path(tmp_path, "app-1.0", {"loop": Link("."), "out": Link("/etc")})
    os.mkfifo(f"{path}/pipe")

    found = contents(path)

    assert found is not None
    assert sorted((entry.name, entry.kind) for entry in found.top.children) == [
        ("loop", "link"),
        ("out", "link"),
        ("pipe", "other"),
    ]


def test_a_path_that_is_one_file_is_its_own_content(tmp_path: Path) -> None:
    found = contents(plant_path(tmp_path, "setup.sh", b"echo hi"))

    assert found is not None
    assert (found.size, found.files, found.top.children) == (7, 1, [])


def test_a_collected_path_has_no_contents(tmp_path: Path) -> None:
    assert contents(str(tmp_path / "gone")) is None


def test_listing_stops_when_it_is_cancelled(tmp_path: Path) -> None:
    watch = Silent()
    watch.cancelled.set()

    with pytest.raises(Cancelled):
        contents(plant_path(tmp_path, "app-1.0", TREE), activity=watch)


def test_of_very_many_files_the_first_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyclosure.queries.facts.contents.MOST_ENTRIES", 5)

    found = contents(plant_path(tmp_path, "app-1.0", {f"{folder}/{name}": "x" for folder in "ab" for name in "cdefg"}))

    assert found is not None
    assert len([*walk(found.top)]) == 1 + 5
    assert any("more than 5 files; the rest is not counted" in one for one in found.problems)
