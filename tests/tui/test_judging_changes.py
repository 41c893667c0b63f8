"""Gates, the comment for a pull request, and the scripts that CI runs, from two snapshots."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.records import ClosureRecords, PathInfo
from pyclosure.queries.diff.gates import judge_change
from pyclosure.queries.diff.review import Review, review
from pyclosure.queries.findings import known_rules
from pyclosure.queries.opened.knowledge import Knowledge, know
from pyclosure.queries.opened.opened import Opened
from pyclosure.queries.policy.gates import Gates, checked, gates_of, size_in
from pyclosure.tui.output.diff_markdown import LARGEST, MARKER, write_markdown
from pyclosure.tui.words.diff import Shown, change_of
from tests.support.sentences import assert_sentence
from tests.tui.commanding import ROOT, Cli
from tests.tui.driving import demo
from tests.tui.two_graphs import demo_before


@pytest.fixture(scope="module")
def leak() -> Review:
    return review(demo_before(), demo())


# -- the command -----------------------------------------------------------------------------------------


def test_the_command_prints_the_same_three_ways(cli: Cli, pair: tuple[str, str]) -> None:
    found = cli("diff", *pair, "--format", "json").json
    text = cli("diff", *pair).out
    page = cli("diff", *pair, "--format", "markdown").out

    assert found["size_change"] == sum(one["size_change"] for one in found["causes"])
    assert found["size_change"] == sum(one["size_change"] for one in found["classes"])
    assert found["old"]["closure_size"] + found["size_change"] == found["new"]["closure_size"]
    assert found["counts"]["added"] == 22 and found["counts"]["version"] == 1
    first = found["causes"][0]
    assert first["kind"] == "brings" and len(first["paths"]) == 18
    assert first["edges"][0]["evidence"][0]["file"] == "share/msgpack/build.ini"
    assert [one["rule"] for one in found["findings"]["new"]][:2] == ["P18", "P10"]
    version = next(one for one in found["classes"] if one["class"] == "version")
    assert (version["name"], version["old_version"], version["new_version"], version["direction"]) == (
        "idna",
        "3.7",
        "3.20",
        "up",
    )
    for words in (text, page):
        assert "msgpack 1.2.4 → gcc-wrapper 14.2.0" in words and "+166.7 MiB" in words
    assert page.startswith(MARKER) and page.rstrip().splitlines()[-1].startswith(
        "Closure size change +62.6 % (+171.2 MiB)."
    )
    assert any("old: derivations not known" in line for line in found["lacking"])


def test_without_findings_nothing_is_judged(cli: Cli, pair: tuple[str, str]) -> None:
    found = cli("diff", *pair, "--no-findings", "--format", "json").json

    assert found["findings"] is None and found["test_gaps"] is None and found["causes"]


@pytest.mark.parametrize("words", [("a",), ("a", "b", "c")])
def test_two_sides_are_asked_for(cli: Cli, words: tuple[str, ...]) -> None:
    done = cli("diff", *words)

    assert done.status == 2 and "diff compares two closures" in done.err


# -- gates -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "status", "states"),
    [
        (["--max-increase", "100%"], 0, {"max-increase": "passed"}),
        (["--max-increase", "5%"], 1, {"max-increase": "breached"}),
        (["--max-increase", "200MiB"], 0, {"max-increase": "passed"}),
        (["--max-increase", "100MB"], 1, {"max-increase": "breached"}),
        (["--max-size", "500MiB", "--max-paths", "73"], 0, {"max-size": "passed", "max-paths": "passed"}),
        (["--max-size", "400MiB"], 1, {"max-size": "breached"}),
        (["--max-paths", "72"], 1, {"max-paths": "breached"}),
        (["--fail-on", "new:leak"], 1, {"new:leak": "breached"}),
        (["--fail-on", "new:P18"], 1, {"new:P18": "breached"}),
        (["--fail-on", "new:P07"], 0, {"new:P07": "passed"}),
        # the old side has no derivations: nobody knows whether gaps of tests are new
        (["--fail-on", "new:P12"], 2, {"new:P12": "no data"}),
        (["--fail-on", "new:P12", "--allow-unknown"], 0, {"new:P12": "no data"}),
        (["--max-increase", "1%", "--fail-on", "new:P12"], 1, {"max-increase": "breached", "new:P12": "no data"}),
    ],
)
def test_each_limit_is_judged_by_itself(
    cli: Cli, pair: tuple[str, str], limits: list[str], status: int, states: dict[str, str]
) -> None:
    words = (
        [*limits] if any(word.startswith(("--max-i", "--fail")) for word in limits) else [*limits, "--fail-on", "never"]
    )
    done = cli("check", pair[1], "--base", pair[0], *words, "--format", "json")

    assert done.status == status
    gates = json.loads(done.out)["gates"]
    assert {one["gate"]: one["state"] for one in gates} == states
    if any(word.startswith("--max-increase") for word in limits):
        assert cli("check", *pair, *limits, "--format", "json").status == status


def test_by_default_new_warnings_stop_a_change(cli: Cli, pair: tuple[str, str]) -> None:
    done = cli("check", pair[1], "--base", pair[0])

    assert done.status == 1
    assert done.out.startswith("✘ new:warning: breached: 5 new\n    ▲ P18 compiler at runtime")
    same = cli("check", pair[1], "--base", pair[1], "--fail-on", "new:leak")
    assert same.status == 0 and same.out.startswith("✔ new:leak: passed: none\n")


def test_limits_may_stand_in_a_file(cli: Cli, pair: tuple[str, str], tmp_path: Path) -> None:
    config = tmp_path / "pyclosure.toml"
    config.write_text('[gates]\nmax-increase = "5%"\nmax-size = "1GiB"\nmax-paths = 100\nnew = ["P07"]\n')

    done = cli("check", pair[1], "--base", pair[0], "--config", str(config), "--format", "json")

    assert done.status == 1
    assert {one["gate"]: one["state"] for one in json.loads(done.out)["gates"]} == {
        "max-size": "passed",
        "max-paths": "passed",
        "max-increase": "breached",
        "new:P07": "passed",
    }
    # one closure alone has only a size
    alone = cli("check", pair[1], "--config", str(config), "--fail-on", "never", "--allow-unknown")
    assert alone.status == 0 and "max-size 1GiB: passed" in alone.err and "max-increase" not in alone.err
    assert cli("check", pair[1], "--max-size", "1MiB", "--fail-on", "never", "--allow-unknown").status == 1


def test_two_sources_and_a_limit_are_old_and_new(cli: Cli, pair: tuple[str, str], tmp_path: Path) -> None:
    config = tmp_path / "pyclosure.toml"
    config.write_text('[gates]\nmax-increase = "1%"\nnew = ["any"]\n')

    limits = cli("check", *pair, "--config", str(config), "--format", "json")
    size = cli("check", *pair, "--max-size", "444MiB", "--format", "json")

    assert limits.status == 1 and {one["gate"] for one in json.loads(limits.out)["gates"]} == {
        "max-increase",
        "new:any",
    }
    # of the new closure, not of both together
    assert [one["value"] for one in json.loads(size.out)["gates"]] == ["444.6 MiB"]
    alone = cli("check", pair[1], "--config", str(config), "--allow-unknown", "--fail-on", "never")
    assert alone.status == 0 and "limits of a change are not asked" in alone.err
    assert "3 were named" in cli("check", *pair, "demo:", "--max-increase", "5%").err


@pytest.mark.parametrize(
    "words",
    [
        ["--fail-on", "new:P25"],
        ["--fail-on", "new:leak", "--ignore", "P18,P10"],
        ["--fail-on", "new:leak", "--rule", "P16"],
    ],
)
def test_a_rule_that_nobody_asked_has_no_data(cli: Cli, pair: tuple[str, str], words: list[str]) -> None:
    done = cli("check", pair[1], "--base", pair[0], *words)

    assert done.status == 2 and "was not asked" in done.out


def test_a_severity_that_is_named_counts_beside_limits(cli: Cli, pair: tuple[str, str]) -> None:
    done = cli("check", *pair, "--max-increase", "500%", "--fail-on", "warning", "--format", "json")

    assert done.status == 1
    assert {one["gate"]: one["state"] for one in json.loads(done.out)["gates"]} == {
        "max-increase": "passed",
        "new:warning": "breached",
    }
    assert cli("check", pair[1], "--base", pair[0], "--fail-on", "never").status == 0


def test_gaps_of_tests_that_nobody_knew_are_not_new(leak: Review) -> None:
    assert leak.gaps is not None
    # the old side has no derivations, so that only what came with the change is new for sure
    here = {one.name for one in leak.gaps.new}
    assert here <= {"pytest", "pytest-cov", "iniconfig", "pluggy", "coverage"}
    assert {one.name for one in leak.gaps.unsure} >= {"humanize", "pandas"}


@pytest.mark.parametrize(
    ("words", "fact"),
    [
        (["--base", "demo:", "--max-increase", "9" * 400 + "%"], "is not a percentage"),
        (["--base", "demo:", "--max-size", "9" * 400 + "GiB"], "is not a size"),
        (["--base", "demo:", "--max-increase", ""], "is not a size"),
        (["--max-increase", "5%"], "nothing to compare with"),
        (["--fail-on", "new:leak"], "nothing to compare with"),
        (["--base", "demo:", "--max-increase", "5"], "'5' has no unit\n  write 5% or 5MiB"),
        (["--base", "demo:", "--max-increase", "five%"], "is not a percentage"),
        (["--base", "demo:", "--max-size", "1 parsec"], "is not a size"),
        (["--base", "demo:", "--fail-on", "new:nonsense"], "neither a severity nor a rule"),
        (["--fail-on", "nonsense"], "--fail-on nonsense"),
        (["--fail-on", "error", "--fail-on", "info"], "--fail-on error info"),
        (["--base", "demo:", "--format", "sarif"], "is for one closure"),
        (["--base", "./nope"], "nope"),
    ],
)
def test_bad_limits_are_refused_in_a_sentence(cli: Cli, words: list[str], fact: str) -> None:
    done = cli("check", "demo:", *words)

    assert done.status == 2 and fact in done.err and "Traceback" not in done.err


@pytest.mark.parametrize(
    ("table", "fact"),
    [
        ({"max": 1}, "gates: unknown key 'max'"),
        ({"new": "leak"}, "new must be a list"),
        ({"max-paths": "1"}, "max-paths must be a whole number"),
        ({"max-paths": True}, "max-paths must be a whole number"),
        ({"max-paths": 2**63}, "max-paths must be a whole number"),
        ({"max-size": 400}, "max-size must be a text"),
        ({"max-size": "400"}, "has no unit"),
        ({"new": ["nope"]}, "neither a severity nor a rule"),
    ],
)
def test_a_file_with_bad_limits_is_refused_in_a_sentence(table: Any, fact: str) -> None:
    with pytest.raises(BadInput) as caught:
        gates_of(table, "pyclosure.toml", known_rules())

    assert_sentence(caught.value, "pyclosure.toml", fact, kind=BadInput)


@pytest.mark.parametrize(
    ("text", "expected"), [("1B", 1), ("1 KiB", 1024), ("1.5kb", 1500), ("2MiB", 2 << 20), ("3 GB", 3 * 10**9)]
)
def test_sizes_have_units(text: str, expected: int) -> None:
    assert size_in(text, "x") == expected


def test_a_limit_that_is_just_met_is_kept(leak: Review) -> None:
    change = leak.diff.size_change
    for limit, state in ((change, "passed"), (change - 1, "breached")):
        (gate,) = judge_change(checked(Gates(max_increase=f"{limit}B"), "x", known_rules()), leak, change_of)
        assert gate.state == state


# -- the comment -----------------------------------------------------------------------------------------


def test_a_renderer_sees_tables_folds_and_nothing_else(leak: Review) -> None:
    out = io.StringIO()
    write_markdown(Shown(leak, ("a", "b"), "pyclosure diff a b", None), out)
    page = out.getvalue()

    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(page)

    assert html.count("<table>") == len(re.findall(r"^\|(?:---:?\|)+$", page, re.M)) >= 4
    assert "<h2>" in html
    assert html.count("<details>") == html.count("</details>") == page.count("<details>")
    # what looks like a table is one: no line of it is left as text
    assert not re.search(r"<p>\s*\|", html)
    assert "\x1b" not in page


def large(count: int, version: str) -> Knowledge:
    """Open a closure of many packages, each of a version."""

    def path(index: int) -> str:
        digest = f"{index:x}{version.replace('.', '')}".rjust(32, "0")
        return f"/nix/store/{digest}-python3.11-package-{index}-{version}"

    root = f"/nix/store/{version.replace('.', '').rjust(32, '1')}-root"
    infos = [PathInfo(path(index), 1000 + index, ()) for index in range(count)]
    top = PathInfo(root, 1, tuple(sorted(info.path for info in infos)))
    return know(Opened(ClosureRecords("/nix/store", (root,), (*infos, top), "x", "x"), None))


def test_the_largest_difference_is_a_comment_that_github_takes() -> None:
    found = review(large(2500, "1.0"), large(2600, "2.0"), judged=False)
    assert len(found.diff.changes) > 2500
    shown = Shown(found, ("a", "b"), "pyclosure diff a b", None)
    sizes = []
    for largest in (LARGEST, 20_000, 3_000, 100):
        out = io.StringIO()
        write_markdown(shown, out, largest)
        page = out.getvalue()
        sizes.append(len(page.encode()))
        assert page.startswith(MARKER) and "Left out, for length:" in page
        assert page.rstrip().splitlines()[-1].startswith("Closure size change")
    assert sizes[0] <= LARGEST and sizes[1] <= 20_000 and sizes[2] <= 3_000
    # what cannot be shortened further is still whole
    assert sizes[3] == sizes[2] or sizes[3] < 3_000


def test_names_cannot_write_markdown(leak: Review) -> None:
    out = io.StringIO()
    evil = replace(leak, requirements=())
    write_markdown(Shown(evil, ("a", "b"), "pyclosure diff `a` <b>|@everyone", None), out)

    assert "<b>|" not in out.getvalue().replace("`pyclosure diff 'a' <b>\\|", "")
    assert "`pyclosure diff 'a' <b>\\|@everyone`" in out.getvalue()


# -- what CI runs ----------------------------------------------------------------------------------------


def judged(folder: Path, base: str, head: str, **limits: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {
        "BASE": base,
        "HEAD": head,
        "PYCLOSURE": f"{sys.executable} -m pyclosure",
        "PYTHONPATH": str(ROOT),
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
        **limits,
    }
    argv = ["sh", str(ROOT / "scripts" / "judge_change.sh")]
    return subprocess.run(argv, env=env, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def test_the_steps_of_the_action_run_as_a_script(pair: tuple[str, str], tmp_path: Path) -> None:
    breach = judged(tmp_path, *pair, MAX_INCREASE="5%", FAIL_ON="new:leak new:P07")

    assert breach.returncode == 1, breach.stderr
    comment = (tmp_path / "pyclosure-comment.md").read_text()
    assert comment.startswith(MARKER)
    assert "| :x: breached | `max-increase` | 5% | +171.2 MiB (+62.6 %) |" in comment
    assert "| :x: breached | `new:leak` |" in comment and "| :white_check_mark: passed | `new:P07` |" in comment
    assert (tmp_path / "output").read_text() == "status=1\ncomment-file=pyclosure-comment.md\n"
    assert (tmp_path / "summary").read_text() == comment

    assert judged(tmp_path, *pair, MAX_INCREASE="90%").returncode == 0
    assert judged(tmp_path, pair[1], pair[1], FAIL_ON="new:leak").returncode == 0


@pytest.mark.parametrize(("command", "status"), [("false", 3), ("sh ./fault", 3), ("no-such-program-here", 3)])
def test_a_program_that_gives_no_answer_breached_nothing(
    pair: tuple[str, str], tmp_path: Path, command: str, status: int
) -> None:
    (tmp_path / "fault").write_text("exit 70\n")

    done = judged(tmp_path, *pair, PYCLOSURE=command, NAME="env")

    assert done.returncode == status
    comment = (tmp_path / "pyclosure-comment.md").read_text()
    assert comment.startswith("<!-- pyclosure diff env -->\n## ") and f"No verdict (status {status})" in comment


def test_no_data_is_no_pass_and_the_comment_says_why(pair: tuple[str, str], tmp_path: Path) -> None:
    lost = judged(tmp_path, "./nope.snapshot", pair[1], MAX_INCREASE="5%")

    assert lost.returncode == 2
    comment = (tmp_path / "pyclosure-comment.md").read_text()
    assert comment.startswith(MARKER) and "No verdict (status 2)" in comment and "nope.snapshot" in comment
    unknown = judged(tmp_path, *pair, FAIL_ON="new:P12")
    assert unknown.returncode == 2
    assert ":grey_question: no data | `new:P12`" in (tmp_path / "pyclosure-comment.md").read_text()


GH = """#!/bin/sh
echo "$@" >> calls
case "$*" in *--paginate*) cat known 2>/dev/null || true ;; esac
"""


def test_a_comment_is_updated_and_not_repeated(tmp_path: Path) -> None:
    gh = tmp_path / "gh"
    gh.write_text(GH)
    gh.chmod(0o755)
    (tmp_path / "page.md").write_text("<!-- pyclosure diff -->\ntext\n")
    env = os.environ | {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "REPOSITORY": "example/repo",
        "PULL_REQUEST": "7",
        "COMMENT_FILE": "page.md",
    }

    def run() -> str:
        (tmp_path / "calls").write_text("")
        subprocess.run(["sh", str(ROOT / "scripts" / "comment.sh")], env=env, cwd=tmp_path, check=True, timeout=30)
        return (tmp_path / "calls").read_text().splitlines()[-1]

    assert run() == "api --silent -X POST repos/example/repo/issues/7/comments -F body=@page.md"
    (tmp_path / "known").write_text("41\n42\n")
    assert run() == "api --silent -X PATCH repos/example/repo/issues/comments/41 -F body=@page.md"


def test_the_action_runs_those_scripts() -> None:
    text = (ROOT / "action.yml").read_text()

    for name in re.findall(r"scripts/(\w+\.sh)", text):
        assert (ROOT / "scripts" / name).is_file()
    used = set(re.findall(r"inputs\.([\w-]+)", text))
    declared = set(re.findall(r"^  ([\w-]+):$", text.split("outputs:")[0], re.M))
    assert used == declared


# -- a recorded change -----------------------------------------------------------------------------------


def test_a_recorded_change_has_every_class_cause_and_sum(cli: Cli) -> None:
    """A requests bump and httpx with what it needs, built by Nix from the packages of an index."""
    folder = ROOT / "tests" / "data"
    found = cli("diff", str(folder / "pr-base.snapshot"), str(folder / "pr-head.snapshot"), "--format", "json").json

    def name(path: str | None) -> str:
        return "" if path is None else path[44:].removeprefix("python3.11-")

    assert {key: count for key, count in found["counts"].items() if count} == {
        "added": 5,
        "version": 1,
        "rebuilt": 1,
        "unchanged": 30,
    }
    assert {(one["class"], name(one["old"]), name(one["new"]), one["size_change"]) for one in found["classes"]} == {
        ("added", "", "anyio-4.16.0", 1_401_872),
        ("added", "", "httpx-0.27.2", 704_984),
        ("added", "", "httpcore-1.0.9", 670_024),
        ("added", "", "h11-0.16.0", 202_856),
        ("added", "", "sniffio-1.3.1", 37_976),
        ("version", "requests-2.31.0", "requests-2.32.3", 18_328),
        ("rebuilt", "python3-3.11.2-env", "python3-3.11.2-env", 17_976),
    }
    assert [
        (one["kind"], name(one["target"]), one["direct"], len(one["paths"]), one["size_change"])
        for one in found["causes"]
    ] == [
        ("brings", "httpx-0.27.2", True, 5, 3_017_712),
        ("changes", "requests-2.32.3", True, 1, 18_328),
        ("changes", "python3-3.11.2-env", True, 1, 17_976),
    ]
    assert found["size_change"] == 3_054_016 == 3_017_712 + 18_328 + 17_976
    assert (found["paths_added"], found["paths_removed"]) == (7, 2)
    assert (found["findings"]["new"], found["findings"]["gone"], found["findings"]["kept"]) == ([], [], 2)
    assert found["requirements"] == [
        {"distribution": "requests", "added": [], "removed": [], "requires_python": {"old": ">=3.7", "new": ">=3.8"}}
    ]
    back = cli("diff", str(folder / "pr-head.snapshot"), str(folder / "pr-base.snapshot"), "--format", "json").json
    assert back["size_change"] == -found["size_change"]
    assert [-one["size_change"] for one in back["causes"]] == [one["size_change"] for one in found["causes"]]
    same = cli("diff", str(folder / "pr-base.snapshot"), str(folder / "pr-base.snapshot"), "--format", "json").json
    assert (same["classes"], same["causes"], same["size_change"]) == ([], [], 0)
