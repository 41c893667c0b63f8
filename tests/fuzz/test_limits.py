"""docs/limits.md says what the code does: each limit is compared with its constant."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.facts.calls.sites import call_sites
from pyclosure.queries.facts.carriers import explain
from pyclosure.queries.facts.dist_info import read_distribution
from pyclosure.queries.facts.files import StoreFiles
from pyclosure.queries.facts.inspect import inspect
from pyclosure.queries.facts.scan import MOST_SPOTS, scan
from pyclosure.queries.facts.sources.tree import read_source
from pyclosure.queries.nix.process import _STDERR_LIMIT, Command, SystemRunner, run
from pyclosure.queries.sources.review_folder import read_review_folder
from pyclosure.queries.testing import phases
from pyclosure.queries.testing.phases import commands_of
from pyclosure.tui.app.theming import users_own
from pyclosure.tui.session.policy_file import read_policy
from tests.support.closures import store_path
from tests.support.sentences import assert_sentence
from tests.support.trees import Link, plant, plant_path

ROWS = re.compile(r"^\| (?P<what>[^|]+) \| (?P<limit>[\d,]+)(?: (?P<unit>[KMG]iB))? \| `(?P<constant>[\w.]+)` \|", re.M)
UNITS = {"": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
TEXT = (Path(__file__).parents[2] / "docs" / "limits.md").read_text("utf-8")
LIMITS = [match.groupdict(default="") for match in ROWS.finditer(TEXT)]


def test_every_row_of_the_tables_is_understood() -> None:
    rows = [line for line in TEXT.splitlines() if (line.startswith("| ") and "`queries." in line) or "`tui." in line]

    assert len(LIMITS) == len(rows) > 40


@pytest.mark.parametrize("row", LIMITS, ids=lambda row: row["constant"])
def test_a_limit_is_what_the_code_says(row: dict[str, str]) -> None:
    module, _, name = row["constant"].rpartition(".")

    value = getattr(importlib.import_module(f"pyclosure.{module}"), name)

    assert value == int(row["limit"].replace(",", "")) * UNITS[row["unit"]], row["what"]


# -- what happens at limits that no other test reaches ---------------------------------------------------


def test_the_end_of_what_nix_says_is_kept() -> None:
    script = f"for i in range({_STDERR_LIMIT} // 4): print('abc', file=sys.stderr)"
    done = run(
        SystemRunner(), Command((sys.executable, "-c", f"import sys\n{script}\nprint('the end', file=sys.stderr)"))
    )

    assert len(done.stderr) == _STDERR_LIMIT
    assert done.stderr.endswith("the end\n")


def test_a_report_that_is_too_large_is_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyclosure.queries.sources.review_folder._LARGEST", 10)
    plant(tmp_path, {"report.json": '{"pr": 1234567}', "six": Link("/nix/store/none")})

    with pytest.raises(BadInput) as caught:
        read_review_folder(str(tmp_path))
    assert_sentence(caught.value, "report.json is damaged", kind=BadInput)


def test_metadata_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyclosure.queries.facts.dist_info._LARGEST_FILE", 50)
    files = StoreFiles(str(plant(tmp_path, {"a.dist-info/METADATA": "Name: a\nSummary: " + "x" * 50})))

    assert read_distribution(files, "a.dist-info", "python3.11") is None
    assert files.problems == ["a.dist-info/METADATA: larger than 50 bytes; not read"]


def test_a_python_file_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyclosure.queries.facts.inspect._PYTHON_BYTES", 20)
    found = inspect(str(plant(tmp_path, {"a.py": "import six  # and more", "b.py": "import attrs"})))

    assert found is not None
    assert found.imports == ("attrs",)
    assert found.problems == ("a.py: larger than 20 bytes; not read",)


def test_python_of_too_many_words_is_searched_line_by_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyclosure.queries.facts.calls.sites._MOST_NODES", 5)
    sites, problem = call_sites(b"import ctypes\nctypes.CDLL('libz.so')\nx = 1\n", "a.py")

    assert [one.names for one in sites] == [("libz.so",)]
    assert problem == "too large to parse; searched line by line"


def test_python_of_a_source_with_too_many_words_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyclosure.queries.facts.sources.project._MOST_NODES", 5)
    source = read_source(
        str(plant(tmp_path, {"setup.py": "from setuptools import setup\nsetup(name='a', version='1')"}))
    )

    assert source is not None and source.name is None
    assert source.problems == ("setup.py: does not parse as Python; not read",)


def test_more_lines_of_requirements_than_are_read_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyclosure.queries.facts.sources.project.MOST_LINES", 2)
    source = read_source(str(plant(tmp_path, {"requirements-test.txt": "a\nb\nc\nd\n", "setup.py": ""})))

    assert source is not None
    assert [one.requirements for one in source.declarations] == [("a", "b")]
    assert source.problems == ("requirements-test.txt: more lines of requirements than are read",)


def test_literals_that_take_too_many_steps_count_as_computed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyclosure.queries.facts.sources.literals._MOST_STEPS", 5)
    text = "setup(tests_require=['a', 'b', 'c', 'd', 'e'])"
    source = read_source(str(plant(tmp_path, {"setup.py": text})))

    assert source is not None and source.declarations == ()
    assert source.problems == ("setup.py: tests_require is computed; not known",)


def test_of_many_places_of_a_reference_some_are_kept_and_all_counted(tmp_path: Path) -> None:
    path = plant_path(tmp_path, "a", {"x": f"{store_path('b')}\n" * (MOST_SPOTS + 5)})

    (spot,) = scan(path, [store_path("b")]).spots[store_path("b")]
    assert (len(spot.offsets), spot.count) == (MOST_SPOTS, MOST_SPOTS + 5)


def test_a_text_that_is_too_long_is_shown_as_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyclosure.queries.facts.carriers._TEXT_BYTES", 5000)
    path = plant_path(tmp_path, "a", {"x": "\n" * 5000 + store_path("b")})

    (found,) = explain(StoreFiles(path), scan(path, [store_path("b")]).spots[store_path("b")])
    assert (found.lines, found.carrier, len(found.offsets)) == ((), "binary", 1)


def test_the_beginning_of_a_long_phase_is_looked_at() -> None:
    blanks = " " * phases._LONGEST

    assert [one.runner for one in commands_of(f"pytest\n{blanks}\nmake check")] == ["pytest"]


def test_a_file_of_decisions_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyclosure.tui.session.policy_file._LARGEST", 1024 * 1024)
    (tmp_path / "pyclosure.toml").write_text("#" * (1024 * 1024 + 1))

    with pytest.raises(BadInput) as caught:
        read_policy(str(tmp_path / "pyclosure.toml"))
    assert_sentence(caught.value, "larger than 1 MiB", kind=BadInput, hint=False)


def test_themes_after_the_first_hundred_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr("pyclosure.tui.app.theming._MOST", 2)
    theme = 'name = "{}"\nprimary = "#000"\nbackground = "#000"\nforeground = "#fff"\n'
    plant(tmp_path / "pyclosure" / "themes", {f"{name}.toml": theme.format(name) for name in "cab"})

    assert [one.name for one in users_own()[0]] == ["a", "b"]
