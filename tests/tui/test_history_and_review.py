"""``pyclosure history`` over snapshots, and ``pyclosure review`` of what nixpkgs-review left."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.sources.review_folder import before_of, read_review_folder, without_system
from pyclosure.tui.output.history import sparkline
from pyclosure.tui.output.review import BEGIN, END, with_section
from tests.support.sentences import assert_sentence
from tests.tui.commanding import Cli

# -- history ---------------------------------------------------------------------------------------------


def test_a_row_of_closures_with_what_each_step_is_because_of(cli: Cli, pair: tuple[str, str]) -> None:
    row = (pair[0], pair[1], pair[1], pair[0])
    found = cli("history", *row, "--format", "json").json
    out = cli("history", *row).out
    page = cli("history", *row, "--format", "markdown").out

    sizes = [one["closure_size"] for one in found["closures"]]
    assert [one["size_change"] for one in found["closures"]] == [
        None,
        *(after - before for before, after in pairwise(sizes)),
    ]
    assert all(sum(one["groups"].values()) == one["closure_size"] for one in found["closures"])
    assert found["closures"][0]["findings"] < found["closures"][1]["findings"]
    for words in (out, page):
        assert "closure size ▁██▁" in words
        assert "+166.7 MiB msgpack 1.2.4 → gcc-wrapper 14.2.0" in words
        assert "−166.7 MiB msgpack 1.2.4 ↛ gcc-wrapper 14.2.0" in words


def test_the_first_closure_that_has_an_edge_is_named(cli: Cli, pair: tuple[str, str]) -> None:
    row = (pair[0], pair[0], pair[1], pair[0], pair[1])
    found = cli("history", *row, "--edge", "msgpack", "gcc-wrapper", "--format", "json").json["spans"]

    assert [(one["first"], one["last"], one["still"]) for one in found] == [
        (pair[1], pair[1], False),
        (pair[1], pair[1], True),
    ]
    assert found[0]["referrer"].endswith("msgpack-1.2.4") and found[0]["reference"].endswith("gcc-wrapper-14.2.0")
    out = cli("history", *row[:3], "--path", "pytest").out
    assert f"first in {pair[1]}, still there: " in out
    assert "since the first one, still there" in cli("history", *row, "--path", "numpy").out
    assert "none of the 5 closures has it" in cli("history", *row, "--path", "nothing-like-it").out


def test_two_questions_at_a_time_are_refused(cli: Cli, pair: tuple[str, str]) -> None:
    done = cli("history", *pair, "--path", "x", "--edge", "x", "y")

    assert done.status == 2 and "two things" in done.err


@pytest.mark.parametrize(
    ("values", "expected"),
    [([], ""), ([5], "▄"), ([1, 1], "▄▄"), ([0, 7], "▁█"), ([0, 1, 2, 3, 4, 5, 6, 7], "▁▂▃▄▅▆▇█")],
)
def test_a_sparkline_goes_from_the_least_to_the_most(values: list[int], expected: str) -> None:
    assert sparkline(values) == expected


# -- what nixpkgs-review left ----------------------------------------------------------------------------


@pytest.fixture
def built(pair: tuple[str, str], tmp_path: Path) -> tuple[Path, Path]:
    """A folder as newer versions leave it, and one of links from before."""
    folder, before = tmp_path / "pr-7", tmp_path / "before"
    (folder / "results").mkdir(parents=True)
    before.mkdir()
    (folder / "results" / "env-x86_64-linux").symlink_to(pair[1])
    (folder / "results" / "same-x86_64-linux").symlink_to(pair[1])
    (folder / "results" / "gone-x86_64-linux").symlink_to(tmp_path / "nothing")
    (before / "env").symlink_to(pair[0])
    (before / "same").symlink_to(pair[1])
    parts = {"x86_64-linux": {"built": ["env", "same"], "failed": ["broken`|"]}}
    (folder / "report.json").write_text(json.dumps({"pr": 7, "result": parts}))
    (folder / "report.md").write_text("## Result\n\nall of it\n")
    return folder, before


def test_closures_of_what_was_built_are_compared(cli: Cli, built: tuple[Path, Path]) -> None:
    folder, before = built

    found = cli("review", str(folder), "--base", str(before), "--findings", "--format", "json").json
    alone = cli("review", str(folder), "--format", "json").json

    rows = {one["attribute"]: one for one in found["built"]}
    assert found["failed"] == ["broken`|"]
    assert next(one["attribute"] for one in found["built"]) == "env-x86_64-linux"
    assert rows["env-x86_64-linux"]["size_change"] > 0 and len(rows["env-x86_64-linux"]["new_findings"]) == 5
    assert (rows["same-x86_64-linux"]["size_change"], rows["same-x86_64-linux"]["new_findings"]) == (0, [])
    # one that is gone loses no others
    assert rows["gone-x86_64-linux"]["closure_size"] is None and rows["gone-x86_64-linux"]["problem"]
    assert {one["size_change"] for one in alone["built"]} == {None}


def test_the_section_stands_in_the_report_once(cli: Cli, built: tuple[Path, Path]) -> None:
    folder, before = built
    for _ in range(2):
        done = cli("review", str(folder), "--base", str(before), "--write")
        assert done.status == 0 and "wrote the section" in done.err
    report = (folder / "report.md").read_text()

    assert report.startswith("## Result\n\nall of it\n\n" + BEGIN)
    assert report.count(BEGIN) == report.count(END) == 1
    assert "| env-x86\\_64-linux | 444.6 MiB | +171.2 MiB (+62.6 %) |" in report
    assert "1 closure of 2 changed in size" in report.replace("of 3", "of 2")
    assert sorted(path.name for path in folder.iterdir()) == ["report.json", "report.md", "results"]


def test_an_older_folder_is_read_as_well(tmp_path: Path, pair: tuple[str, str]) -> None:
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "env").symlink_to(pair[1])
    (tmp_path / "report.json").write_text(json.dumps({"system": "x86_64-linux", "pr": None, "failed": ["b", "a"]}))

    found = read_review_folder(str(tmp_path))

    assert list(found.results) == ["env"] and found.failed == ("a", "b") and found.pull_request is None
    assert without_system("env-x86_64-linux") == "env" and without_system("env") == "env"


@pytest.mark.parametrize("report", ["{", "[]", "\x00"])
def test_a_damaged_report_is_refused_in_a_sentence(tmp_path: Path, report: str) -> None:
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "env").symlink_to(tmp_path)
    (tmp_path / "report.json").write_text(report)

    with pytest.raises(BadInput) as caught:
        read_review_folder(str(tmp_path))

    assert_sentence(caught.value, "report.json is damaged", kind=BadInput)


def test_a_folder_without_links_is_refused(cli: Cli, tmp_path: Path) -> None:
    for words in ((str(tmp_path),), (str(tmp_path / "nope"),), ("a", "b")):
        done = cli("review", *words)
        assert done.status == 2 and "Traceback" not in done.err


@pytest.mark.parametrize("failed", [None, 3, {"a": 1}, [1, None, "a\x1b[2J"]])
def test_a_report_is_not_trusted(cli: Cli, built: tuple[Path, Path], failed: object) -> None:
    folder, _ = built
    (folder / "report.json").write_text(json.dumps({"result": {"x86_64-linux": {"failed": failed}}}))

    done = cli("review", str(folder))

    assert done.status == 0 and "\x1b" not in done.out
    assert ("not built: a" in done.out) == isinstance(failed, list)


def test_other_systems_are_not_compared() -> None:
    before = {"foo-x86_64-linux": "a", "bar": "b", "baz-x86_64-linux": "c", "baz-aarch64-linux": "d"}

    assert before_of("foo-x86_64-linux", before) == "a" and before_of("foo-aarch64-linux", before) is None
    assert before_of("bar-aarch64-linux", before) == "b" and before_of("foo", before) == "a"
    assert before_of("baz", before) is None and before_of("bar", before) == "b"


def test_nothing_that_could_be_compared_is_told(cli: Cli, built: tuple[Path, Path], tmp_path: Path) -> None:
    folder, before = built
    (before / "other").symlink_to(before / "env")
    assert "only before the change: other" in cli("review", str(folder), "--base", str(before)).err
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "other").symlink_to(before / "env")
    done = cli("review", str(folder), "--base", str(elsewhere))
    assert done.status == 2 and "has the name of one that was built" in done.err
    lost = tmp_path / "lost"
    lost.mkdir()
    (lost / "env").symlink_to(tmp_path / "nothing")
    done = cli("review", str(lost))
    assert done.status == 2 and "no closure could be read" in done.err
    (folder / "report.md.new").mkdir()
    done = cli("review", str(folder), "--write")
    assert done.status == 2 and "cannot write" in done.err and "all of it" in (folder / "report.md").read_text()


def test_growth_is_never_because_of_what_left(cli: Cli, pair: tuple[str, str]) -> None:
    out = cli("history", "tests-have-no-such-file", pair[0])
    assert out.status == 2
    row = cli("history", pair[1], pair[0], pair[1]).out.splitlines()
    assert "−166.7 MiB" in row[3] and "+166.7 MiB" in row[4]


def test_a_name_that_nothing_has_is_told(cli: Cli, pair: tuple[str, str]) -> None:
    assert "no path of any of them is called nonesuch" in cli("history", *pair, "--edge", "nonesuch", "numpy").err
    assert "is called" not in cli("history", *pair, "--edge", "msgpack", "gcc").err


def test_a_section_goes_behind_what_is_there() -> None:
    section = f"{BEGIN}\nnew\n{END}\n"

    assert with_section("", section) == section
    assert with_section("text\n", section) == f"text\n\n{section}"
    assert with_section(f"a\n{BEGIN}\nold\n{END}\nb\n", section) == f"a\n{section}b\n"
    # what only looks like a section stays
    assert with_section(f"{END} {BEGIN}", section).startswith(f"{END} {BEGIN}")
