"""``pyclosure check``: formats, exit statuses, decisions of one's own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from pyclosure.queries.demo import demo_snapshot
from pyclosure.queries.findings import all_rules
from pyclosure.queries.opened.snapshot import Snapshot, write_snapshot
from pyclosure.tui.output.rules import rules_page
from tests.tui.closures import dump_of
from tests.tui.commanding import ROOT, Cli, Done

KEYS = {
    *("rule", "name", "severity", "certainty", "tier", "title", "paths", "subjects", "evidence", "cost"),
    *("cost_meaning", "remedy", "notes", "chain", "edges", "key"),
}
GCC = "compiler at runtime: gcc-wrapper 14.2.0, by msgpack 1.2.4"
DIGEST = re.compile(r"/nix/store/[0-9a-z]{32}-")


@pytest.fixture
def check(cli: Cli) -> Callable[..., Done]:
    """Checks the demo."""
    return lambda *words: cli("check", "demo:", *words)


Check = Callable[..., Done]


def report(check: Check, *words: str) -> dict[str, Any]:
    """Return the report as JSON, whatever it ends in."""
    return dict(json.loads(check("--format", "json", *words).out))


def titles(document: dict[str, Any]) -> list[str]:
    return [one["title"] for one in document["findings"]]


# -- what is found ---------------------------------------------------------------------------------------


def test_every_finding_has_all_keys_evidence_and_a_chain_from_the_root(check: Check) -> None:
    document = report(check)
    root = demo_snapshot().records.roots[0]
    known = {info.path for info in demo_snapshot().records.paths}

    assert len(document["findings"]) >= 10
    for one in document["findings"]:
        assert set(one) == KEYS
        assert one["evidence"] and one["remedy"] and one["subjects"]
        assert set(one["paths"]) <= known
        assert one["chain"][0] == root and set(one["chain"]) <= known
        assert one["cost"] is None or (type(one["cost"]) is int and one["cost_meaning"])


def test_the_leaked_compiler_is_found_with_the_file_that_holds_it_and_what_it_saves(check: Check, cli: Cli) -> None:
    (leak,) = [one for one in report(check, "--rule", "P18")["findings"]]
    saved = cli("cuts", "demo:", "gcc-wrapper", "--format", "json").json[0]["saved_size"]

    assert leak["title"] == GCC
    assert (leak["severity"], leak["certainty"], leak["tier"]) == ("warning", "certain", "F")
    assert leak["cost"] == saved and leak["cost_meaning"] == "saved"
    assert [(one["file"], one["line"]) for one in leak["evidence"]] == [("share/msgpack/build.ini", 1)]
    assert [edge["reference"][44:] for edge in leak["edges"]] == ["gcc-wrapper-14.2.0"]


def test_the_worst_come_first_and_then_the_costliest(check: Check) -> None:
    found = report(check)["findings"]
    order = [(["error", "warning", "info"].index(one["severity"]), -(one["cost"] or 0)) for one in found]

    assert order == sorted(order)
    costs = [one["cost"] or 0 for one in report(check, "--sort", "cost")["findings"]]
    assert costs == sorted(costs, reverse=True)
    rules = [one["rule"] for one in report(check, "--sort", "rule")["findings"]]
    assert rules == sorted(rules)


def test_a_filter_keeps_findings_that_mention_every_word_and_counts_the_others(check: Check) -> None:
    assert titles(report(check, "--filter", "compiler MSGPACK")) == [GCC]
    text = check("--filter", "compiler msgpack").out
    assert "others do not match 'compiler msgpack'" in text
    assert check("--filter", "compiler msgpack").status == 1


def test_text_says_what_where_how_sure_how_much_and_what_to_do(check: Check) -> None:
    lines = check("--rule", "P18").out.splitlines()

    assert lines[0] == "python3-3.11.2-env: 1 warning"
    assert lines[2] == f"warning  P18  {GCC}   saves 166.7 MiB"
    assert lines[3].strip() == "certain, by files"
    assert lines[4].strip() == "share/msgpack/build.ini:1: text file: cc = …-gcc-wrapper-14.2.0/bin/gcc"
    assert any(line.strip().startswith("do: ") and "disallowedReferences" in line for line in lines)
    assert any(line.strip() == "chain: python3-3.11.2-env → msgpack 1.2.4 → gcc-wrapper 14.2.0" for line in lines)
    assert lines[-1] == "1 rule asked of 73 paths: failed: 1 finding of severity warning or worse"


def test_text_in_groups_has_every_finding_once_below_its_heading(check: Check) -> None:
    plain = [line for line in check().out.splitlines() if re.match(r"(error|warning|info) ", line)]
    for by in ("severity", "rule", "path"):
        lines = check("--by", by).out.splitlines()
        headings = [index for index, line in enumerate(lines) if re.search(r"^\S.* \(\d+\)$", line)]
        assert sorted(line for line in lines if line in plain) == sorted(plain)
        for start, end in zip(headings, [*headings[1:], len(lines)], strict=True):
            inside = [line for line in lines[start:end] if line in plain]
            assert lines[start].endswith(f"({len(inside)})")


def test_text_and_markdown_show_names_of_paths_without_digests(check: Check) -> None:
    for form in ("text", "markdown"):
        assert not DIGEST.search(check("--format", form).out.partition("\nCommand: ")[0])


def test_markdown_folds_what_is_only_mentioned(check: Check) -> None:
    text = check("--format", "markdown").out

    before, _, folded = text.partition("<details>")
    assert text.startswith("<!-- pyclosure check -->\n## ") and "### 1 error\n" in text.replace("errors", "error")
    assert text.rstrip().splitlines()[-1].startswith("Command: `pyclosure check /nix/store/")
    assert "compiler at runtime" in before and "ships its tests" not in before
    assert "ships its tests" in folded and "</details>" in folded
    assert len(re.findall(r"^\|---", text, re.MULTILINE)) == 3


def test_fine_lists_what_was_found_in_order(check: Check) -> None:
    assert "in order" not in check().out
    text = check("--fine", "--rule", "P15").out
    assert re.search(r"in order  P15  \d+ call site", text)


# -- exit statuses ---------------------------------------------------------------------------------------


def test_the_severity_that_fails_is_chosen(check: Check) -> None:
    leaks = ("--rule", "P18", "--rule", "P10")

    assert check(*leaks).status == 1
    assert check(*leaks, "--fail-on", "error").status == 0
    assert check(*leaks, "--fail-on", "never").status == 0
    assert check("--rule", "P26").status == 0
    assert check("--rule", "P26", "--fail-on", "info").status == 1


def test_without_data_nothing_passes(cli: Cli, tmp_path: Path) -> None:
    dump = tmp_path / "dump.json"
    dump.write_bytes(dump_of({"app-1.0": ["lib-1.0"]}))

    done = cli("check", dump, "--rule", "P01")
    assert done.status == 2
    assert "not everything could be judged: P01" in done.err
    assert "unknown  P01" in done.out and "to know:" in done.out
    assert "not passed" in done.out

    allowed = cli("check", dump, "--rule", "P01", "--allow-unknown")
    assert allowed.status == 0
    assert "unknown  P01" in allowed.out


def test_a_breach_is_a_breach_although_something_is_unknown(cli: Cli, tmp_path: Path) -> None:
    # names alone tell the compiler, not what files would
    dump = tmp_path / "dump.json"
    dump.write_bytes(dump_of({"python3-3.11.9-env": ["python3.11-app-1.0"], "python3.11-app-1.0": ["gcc-13.2.0"]}))

    done = cli("check", dump)
    assert done.status == 1
    assert "compiler at runtime: gcc 13.2.0" in done.out
    assert "probable, by name" in done.out


def test_a_snapshot_without_a_thorough_look_says_what_would_tell(cli: Cli, tmp_path: Path) -> None:
    whole = demo_snapshot()
    file = tmp_path / "old.pyclosure"
    write_snapshot(Snapshot(whole.records, whole.derivations, whole.files), str(file))

    document = json.loads(cli("check", file, "--format", "json").out)
    assert {one["rule"] for one in document["unknown"]} >= {"P15", "P16", "P17", "P22", "P26"}
    assert all("--evidence" in one["tells"] for one in document["unknown"] if one["rule"] == "P16")
    assert "P18" in {one["rule"] for one in document["findings"]}


# -- decisions -------------------------------------------------------------------------------------------


def write(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_the_nearest_policy_is_found_above_the_working_directory(
    check: Check, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = home / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    write(home, "pyproject.toml", '[tool.pyclosure]\nfail-on = "never"\n')
    assert check().status == 0
    assert report(check)["policy"] == str(home / "pyproject.toml")

    # a pyproject.toml without our section is passed over, a nearer file wins
    write(below, "pyproject.toml", "[tool.other]\n")
    assert check().status == 0
    write(home / "a", "pyclosure.toml", 'fail-on = "info"\n')
    assert report(check)["fail_on"] == "info"
    assert check("--no-config", "--rule", "P26").status == 0


def test_severities_and_rules_that_are_off(check: Check, home: Path) -> None:
    write(home, "pyclosure.toml", '[rules]\nP18 = "info"\ntest-tool-at-runtime = "error"\nP26 = "off"\n')
    found = {one["rule"]: one["severity"] for one in report(check)["findings"]}

    assert found["P18"] == "info" and found["P10"] == "error" and "P26" not in found


def test_accepted_findings_need_a_reason_and_stale_ones_are_named(check: Check, home: Path) -> None:
    entry = '[[accept]]\nrule = "{}"\nsubject = "{}"\nreason = "it is so"\n'
    write(home, "pyclosure.toml", entry.format("P18", "gcc-wr*") + entry.format("P18", "clang"))
    done = check("--rule", "P18")

    assert done.status == 0
    assert f"accepted P18  {GCC}" in done.out and "because it is so" in done.out
    assert "note: P18 of clang is accepted, but is no more: drop it." in done.out


def test_what_is_wanted_is_no_leak(check: Check, home: Path) -> None:
    write(home, "pyclosure.toml", 'wanted = ["gcc-wrapper", "pytest*"]\n')
    assert titles(report(check, "--rule", "P18", "--rule", "P10")) == []


@pytest.mark.parametrize(
    ("text", "sentence", "hint"),
    [
        ("fail_on = 1", "unknown key 'fail_on'", "did you mean fail-on?"),
        ('fail-on = "always"', "fail-on is 'always'", "one of error, warning, info, never"),
        ('[rules]\nP118 = "off"', "there is no rule 'P118'", "did you mean P18?"),
        ('[rules]\nP18 = "on"', "rule 'P18' is set to 'on'", "one of error"),
        ('[[accept]]\nrule = "P18"\nsubject = "x"', "accept 1: reason is missing", "a rule, a subject and a reason"),
        ("wanted = 3", "wanted must be a list of names", ""),
        ("= nonsense", "is not valid TOML", "correct it"),
        ("fail-on = " + "9" * 5000, "is not valid TOML: a number has too many digits", "correct it"),
        ("fail-on = 0x" + "9" * 5000, "is not valid TOML: a number has too many digits", "correct it"),
        ("a." * 50_000 + "b = 1", "is not valid TOML: a key has more than 100 parts", "correct it"),
    ],
)
def test_a_policy_that_is_not_understood_is_one_sentence(
    check: Check, home: Path, text: str, sentence: str, hint: str
) -> None:
    write(home, "pyclosure.toml", text)
    done = check()

    assert done.status == 2 and done.out == ""
    assert done.err.startswith("pyclosure: ") and "pyclosure.toml" in done.err
    assert sentence in done.err and hint in done.err
    assert "Traceback" not in done.err


def test_a_policy_file_that_is_named_must_be_there_and_hold_our_section(check: Check, home: Path) -> None:
    assert "cannot read nowhere.toml: No such file" in check("--config", "nowhere.toml").err
    write(home, "pyproject.toml", "[tool.other]\n")
    assert "has no section [tool.pyclosure]" in check("--config", str(home / "pyproject.toml")).err
    assert check("--config", str(home / "pyproject.toml")).status == 2


def test_a_rule_that_does_not_exist_is_named(check: Check) -> None:
    done = check("--rule", "P99x")
    assert done.status == 2
    assert "--rule: there is no rule 'P99x'" in done.err
    assert check("--ignore", "not-for-runing").err.count("did you mean not-for-running?") == 1


# -- SARIF -----------------------------------------------------------------------------------------------


def test_sarif_names_rules_places_and_fingerprints(check: Check, home: Path) -> None:
    write(home, "pyclosure.toml", '[[accept]]\nrule = "P10"\nsubject = "humanize"\nreason = "for now"\n')
    (run,) = json.loads(check("--format", "sarif").out)["runs"]
    rules = run["tool"]["driver"]["rules"]

    assert [rule["id"] for rule in rules] == [
        rule.id for rule in all_rules() if rule.id in {one["id"] for one in rules}
    ]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        for place in result["locations"]:
            assert place["physicalLocation"]["artifactLocation"]["uri"].startswith("file:///nix/store/")
    (leak,) = [one for one in run["results"] if one["ruleId"] == "P18"]
    location = leak["locations"][0]["physicalLocation"]
    assert unquote(location["artifactLocation"]["uri"]).endswith("-msgpack-1.2.4/share/msgpack/build.ini")
    assert location["region"] == {"startLine": 1}
    assert leak["level"] == "warning"
    assert not re.search(r"[0-9a-z]{32}-", leak["partialFingerprints"]["pyclosureKey/v1"])
    (accepted,) = [one for one in run["results"] if one["ruleId"] == "P10"]
    assert accepted["suppressions"] == [{"kind": "external", "justification": "for now"}]


def test_sarif_tells_what_is_unknown_as_notifications(cli: Cli, tmp_path: Path) -> None:
    dump = tmp_path / "dump.json"
    dump.write_bytes(dump_of({"python3.11-app-1.0": []}))
    (run,) = json.loads(cli("check", dump, "--format", "sarif", "--rule", "P16").out)["runs"]

    assert run["results"] == []
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert note["associatedRule"]["id"] == "P16" and note["level"] == "warning"
    assert note["message"]["text"].startswith("Not known: ")


# -- help ------------------------------------------------------------------------------------------------


def test_rules_are_listed_and_explained(cli: Cli) -> None:
    listing = cli("check", "--list-rules").out.splitlines()
    assert [line.split()[0] for line in listing] == [rule.id for rule in all_rules()]

    text = cli("check", "--explain", "not-for-running").out
    assert text.startswith("P18 not-for-running: ")
    assert all(part in text for part in ("What\n", "Why\n", "How it is found\n", "What to do\n"))
    wrong = cli("check", "--explain", "P1")
    assert wrong.status == 2 and "there is no rule 'P1'" in wrong.err


def test_the_page_of_rules_is_that_of_the_code() -> None:
    assert (ROOT / "docs" / "rules.md").read_text("utf-8") == rules_page(), "run: make rules"


def test_rules_have_distinct_ids_and_names_and_say_everything() -> None:
    rules = all_rules()

    assert len({rule.id for rule in rules}) == len({rule.name for rule in rules}) == len(rules) >= 20
    for rule in rules:
        assert re.fullmatch(r"P\d\d", rule.id) and re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)
        assert rule.needs and all(len(text) > 20 for text in (rule.title, rule.what, rule.why, rule.how, rule.fix))


# -- readers that leave ----------------------------------------------------------------------------------


def test_a_gate_stays_shut_although_its_reader_has_seen_enough(program: Callable[..., Done]) -> None:
    code = (
        "import os, sys\n"
        "reading, writing = os.pipe()\n"
        "os.close(reading)\n"
        "os.dup2(writing, 1)\n"
        "from pyclosure.tui.cli.main import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    for form in ("text", "json"):
        assert program("check", "demo:", "--no-config", "--format", form, code=code).status == 1
    assert program("check", "demo:", "--no-config", "--fail-on", "never", code=code).status == 0


def test_rules_with_commas_those_that_are_off_and_those_that_need_a_lock(check: Check, home: Path) -> None:
    assert {one["rule"] for one in report(check, "--rule", "P18,P10")["findings"]} == {"P18", "P10"}
    write(home, "pyclosure.toml", '[rules]\nP18 = "off"\n')
    assert titles(report(check, "--rule", "P18")) == [GCC]
    assert "nothing is left to ask: P18" in check("--rule", "P18", "--ignore", "P18").err
    done = check("--rule", "P25")
    assert done.status == 2 and "P25 needs --lock" in done.err


def test_what_is_wanted_in_vain_is_named(check: Check, home: Path) -> None:
    write(home, "pyclosure.toml", 'wanted = ["gcc-wraper", "pytest"]\n')
    assert "note: wanted, but nothing is called so: gcc-wraper" in check().out
    assert report(check)["unmatched"] == ["gcc-wraper"]


# -- locks -----------------------------------------------------------------------------------------------

LOCK = """version = 1
[[package]]
name = "demo"
version = "1"
source = { virtual = "." }
[package.dev-dependencies]
dev = [{ name = "six" }]
[[package]]
name = "six"
version = "1"
source = { registry = "https://example.org/simple" }
"""


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        (
            LOCK.replace("version = 1\n", "version = 2\n"),
            (),
            "uv.lock has lock version 2; this pyclosure reads version 1",
        ),
        ("[[package]\n", (), "uv.lock is not valid TOML"),
        (LOCK, ("--group", "test"), "uv.lock has no group test\n  known: dev"),
        (LOCK, ("--extra", "dev"), "uv.lock has no extra dev\n  it has no extras at all"),
    ],
)
def test_a_bad_lock_and_a_group_that_it_lacks_are_told_in_one_sentence(
    check: Check, tmp_path: Path, text: str, words: tuple[str, ...], said: str
) -> None:
    lock = tmp_path / "uv.lock"
    lock.write_text(text)

    done = check("--lock", lock, *words)

    assert (done.status, done.out) == (2, "")
    assert done.err.startswith(f"pyclosure: {said}")
    assert done.err.count("\n") <= 2


def test_a_group_of_the_lock_is_compared_when_it_is_asked_for(check: Check, tmp_path: Path) -> None:
    lock = tmp_path / "uv.lock"
    lock.write_text(LOCK)

    words = ("--rule", "P25", "--lock", str(lock))

    without, with_group = report(check, *words), report(check, *words, "--group", "Dev")

    assert not any("uv.lock has 1" in title for title in titles(without))
    assert any(title.startswith("six ") and title.endswith("but uv.lock has 1") for title in titles(with_group))


def test_many_other_versions_are_one_thing_to_know_where_they_are_the_norm(check: Check, tmp_path: Path) -> None:
    package = '[[package]]\nname = "{}"\nversion = "0.1"\nsource = {{ registry = "https://example.org/simple" }}\n'
    names = ["numpy", "pandas", "six", "pytz", "msgpack"]
    wanted = ", ".join(f'{{ name = "{name}" }}' for name in names)
    demo = '[[package]]\nname = "demo"\nversion = "1"\nsource = { virtual = "." }\n'
    head = f"version = 1\n{demo}dependencies = [{wanted}]\n"
    lock = tmp_path / "uv.lock"
    lock.write_text(head + "".join(map(package.format, names)))

    found = report(check, "--rule", "P25", "--lock", str(lock))["findings"]
    (skews,) = [one for one in found if "other versions" in one["title"]]
    assert skews["title"].startswith("5 distributions at other versions than uv.lock has: ")
    assert skews["severity"] == "info"
    assert "numpy 1.26.4, locked 0.1: newer than locked" in [proof["detail"] for proof in skews["evidence"]]


def test_groups_and_extras_are_those_of_a_lock(check: Check) -> None:
    for option in ("--group", "--extra"):
        done = check(option, "dev")
        assert done.status == 2 and "are of a lock, and there is none" in done.err
