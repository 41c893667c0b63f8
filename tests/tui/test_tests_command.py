"""``pyclosure tests``: text, JSON and markdown, and what it says to bad input."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.commanding import Cli


def test_text_begins_with_what_matters(cli: Cli) -> None:
    done = cli("tests", "demo:")

    assert done.status == 0
    head, titles, first, second, third, fourth, *_ = done.out.splitlines()
    assert head == (
        "python3-3.11.2-env: 31 packages · 7 ran · 2 real gaps · 1 weak gap · 1 nothing ran · 23 not run · 4 undeclared"
    )
    assert titles.split() == ["package", "ran", "asked", "given", "missing,", "or", "why", "saves", "sure"]
    assert first.split()[:3] == ["▲", "humanize", "4.17.0"]
    assert second.split() == ["▲", "pandas", "2.2.3", "ran", "in", "part", "3", "2", "hypothesis", "0", "probable"]
    assert third.split()[1] == "idna" and third.split()[-1] == "weak"
    assert "NOTHING RAN" in fourth
    assert "\nCircles that tests close (1)\n" in done.out
    assert "\nTest tools where no test needs them\n  P10 " in done.out
    assert "changing pytest 8.3.3 rebuilds 16 instead of 7, ×2.3" in done.out


def test_one_package_is_told_line_by_line(cli: Cli) -> None:
    out = cli("tests", "demo:", "--package", "Pandas").out

    assert out.startswith("pandas 2.2.3   /nix/store/")
    assert '  missing      hypothesis>=6.46.1; extra == "test"   extra test asks for it\n' in out
    assert "python3.11-pandas-2.2.3.drv: disabledTestPaths = pandas/tests/io" in out
    assert "to know      evaluate the expression" in out


def test_json_counts_packages_and_has_costs_and_circles(cli: Cli) -> None:
    found = cli("tests", "demo:", "--format", "json").json

    assert found["counts"]["packages"] == len(found["packages"]) == 31
    assert found["counts"]["verdict"] == {"real": 3, "explained": 0, "none": 0, "moot": 24, "unknown": 4}
    assert sum(found["counts"]["ran"].values()) == 31
    assert [one["members"] for one in found["cycles"]] == [["pytest", "requests"]]
    assert [one["rule"] for one in found["reverse"]] == ["P10"]
    cost = found["cost"]
    assert (cost["derivations"], cost["test_edges"], cost["touched"], cost["touched_without"]) == (225, 11, 11, 0)
    assert all(one["rebuilds"] > one["without_tests"] for one in cost["amplified"])
    unknown = next(one for one in found["packages"] if one["distribution"] == "numpy")
    assert unknown["declared"] is None
    assert unknown["missing"] is None
    assert "no extra for tests" in unknown["declared_unknown"]


def test_markdown_folds_what_matters_less(cli: Cli) -> None:
    out = cli("tests", "demo:", "--format", "markdown").out

    assert out.startswith("<!-- pyclosure tests -->\n## `pyclosure` tests\n")
    table, _, rest = out.partition("<details>")
    assert "| ▲ pandas 2.2.3 | ran in part | 3 | 2 | hypothesis | 0 | probable |" in table
    assert "numpy 1.26.4" not in table and "| numpy 1.26.4 |" in rest
    assert out.count("<details>") == out.count("</details>") == 4
    assert out.rstrip().splitlines()[-1] == "Command: `pyclosure tests demo:`"


def test_a_source_tells_what_wheels_do_not(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "numpy"\nversion = "1.26.4"\n'
        '[dependency-groups]\ntest = ["pytest", "hypothesis", "meson; sys_platform == \'win32\'", "mypy", "charset"]\n'
    )

    one = cli("tests", "demo:", "--source", f"numpy={tmp_path}", "--package", "numpy", "--format", "json").json

    assert {asked["name"]: asked["standing"] for asked in one["declared"]} == {
        "charset": "missing",
        "hypothesis": "provided",
        "mypy": "convention",
        "pytest": "provided",
    }
    assert (one["verdict"], one["missing"]) == ("real", ["charset"])
    assert one["declared"][0]["file"] == "pyproject.toml"


def test_a_source_of_another_version_is_weak(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "numpy"\nversion = "2.0"\n[dependency-groups]\ntest = ["charset"]\n'
    )

    one = cli("tests", "demo:", "--source", f"numpy={tmp_path}", "--package", "numpy", "--format", "json").json

    assert (one["verdict"], one["certainty"]) == ("real", "weak")


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--source", "numpy"), "--source numpy names no package and source"),
        (("--source", "numpy=/nowhere"), "there is nothing at /nowhere"),
        (("--source", "pandas={tmp}"), "is the source of numpy, not of pandas"),
        (("--source", "numpy={tmp}", "--source", "NumPy={tmp}"), "--source names numpy twice"),
        (("--source", "numpy={tmp}/empty"), "holds no Python project"),
        (("--source", "other={tmp}/other"), "no package of the closure is called other"),
        (("--source", "numpy=/dev/null"), "/dev/null is no folder, archive, wheel or METADATA"),
        (("--package", ""), "--package names nothing"),
        (("--from", ""), "--from names no expression"),
        (("--package", "panda"), "no Python package of the closure is called panda"),
        (("--attr", "python3Packages"), "--attr names an attribute, but of no expression"),
        (("--from", "/nowhere/default.nix"), "there is no Nix expression at /nowhere/default.nix"),
    ],
)
def test_bad_words_get_one_sentence_and_status_2(cli: Cli, tmp_path: Path, words: tuple[str, ...], part: str) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "numpy"\n')
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "pyproject.toml").write_text('[project]\nname = "other"\n')

    done = cli("tests", "demo:", *(word.format(tmp=tmp_path) for word in words))

    assert done.status == 2
    assert part in done.err
    assert done.err.startswith("pyclosure: ") and "Traceback" not in done.err
    assert done.out == ""


def test_near_names_are_offered(cli: Cli) -> None:
    assert "did you mean pandas?" in cli("tests", "demo:", "--package", "panda").err


def test_a_saved_closure_cannot_be_evaluated(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "default.nix"
    file.write_text("{ }\n")

    done = cli("tests", "demo:", "--from", str(file))

    assert done.status == 0
    assert "not evaluated: a saved file is open, and nothing was asked of nix" in done.out


def test_without_derivations_it_says_what_would_bring_them(cli: Cli) -> None:
    done = cli("tests", "demo:", "--filter", "no such package")

    assert "nothing matches 'no such package'" in done.out


def test_the_owner_decides_what_is_left_out(cli: Cli, tmp_path: Path) -> None:
    config = tmp_path / "pyclosure.toml"
    config.write_text('[tests]\nleft-out = ["hypothesis", "freezegun"]\n')

    found = cli("tests", "demo:", "--config", str(config), "--format", "json").json

    assert found["counts"]["verdict"]["real"] == 0
    assert found["counts"]["verdict"]["none"] == 2


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('[tests]\nleftout = ["a"]\n', "did you mean left-out?"),
        ('[tests]\nextras = "test"\n', "extras must be a list of names"),
        ('tests = ["a"]\n', "tests must be a table"),
    ],
)
def test_a_config_that_is_not_understood_is_refused(cli: Cli, tmp_path: Path, text: str, part: str) -> None:
    config = tmp_path / "pyclosure.toml"
    config.write_text(text)

    done = cli("tests", "demo:", "--config", str(config))

    assert done.status == 2
    assert part in done.err
