"""Decisions of the owner: what is read, what is refused, and what a report makes of them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.verdicts import SEVERITIES, Finding, Severity, Unknown, Verdict
from pyclosure.queries.findings import all_rules, known_rules
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.judge import judge
from pyclosure.queries.findings.report import Report
from pyclosure.queries.findings.rule import Rule
from pyclosure.queries.opened.evidence import EvidenceStore
from pyclosure.queries.policy.policy import FAIL_ON, Acceptance, Policy, policy_of
from tests.support.closures import knowledge_of, records_of, store_path
from tests.support.sentences import assert_sentence

WHERE = "pyclosure.toml"


def read(text: str) -> Policy:
    return policy_of(tomllib.loads(text), WHERE, known_rules())


# -- what is read ------------------------------------------------------------------------------------------


def test_an_empty_table_decides_nothing() -> None:
    assert read("") == Policy(origin=WHERE)


def test_everything_that_can_be_decided_is_read() -> None:
    policy = read(
        """
        fail-on = "error"
        wanted = ["pytest", "gcc-*"]
        [rules]
        P17 = "off"
        p02 = "info"
        test-tool-at-runtime = "error"
        [[accept]]
        rule = "requirement-absent"
        subject = "numpy*"
        reason = "  two\\nlines  "
        """
    )

    assert policy == Policy(
        fail_on="error",
        wanted=("pytest", "gcc-*"),
        severities={"P17": "off", "P02": "info", "P10": "error"},
        accepted=(Acceptance("P01", "numpy*", "two lines"),),
        origin=WHERE,
    )


@pytest.mark.parametrize("word", [word for one in all_rules() for word in (one.id, one.id.lower(), one.name)])
def test_a_rule_is_known_by_id_and_name(word: str) -> None:
    policy = read(f'[rules]\n{word} = "off"')

    (rule,) = policy.severities
    assert word.lower() in (rule.lower(), *(one.name for one in all_rules() if one.id == rule))
    assert not policy.asks(rule)


# -- what is refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "facts", "hint"),
    [
        ('fail_on = "error"', ["unknown key 'fail_on'"], "fail-on"),
        ("something = 1", ["unknown key 'something'"], "known:"),
        ('fail-on = "warnings"', ["fail-on is 'warnings'"], "error, warning, info, never"),
        ("fail-on = 1", ["fail-on is '1'"], "one of"),
        ("fail-on = []", ["fail-on is '[]'"], "one of"),
        ('wanted = "pytest"', ["wanted must be a list of names"], "wanted = ["),
        ("wanted = [1]", ["wanted must be a list of names"], "wanted = ["),
        ("gates = 3", ["gates must be a table"], "[gates]"),
        ("[gates]\nmax-sise = '1GB'", ["gates: unknown key 'max-sise'"], "did you mean max-size?"),
        ("[rebuild]\nprofil = 'x'", ["rebuild: unknown key 'profil'"], "did you mean profile?"),
        ('rules = "off"', ["rules must be a table"], "[rules]"),
        ('[rules]\nP99 = "off"', ["no rule 'P99'"], ""),
        ('[rules]\nsomething-else-entirely = "off"', ["no rule"], "--list-rules"),
        ('[rules]\nduplicate-distributions = "off"', ["no rule"], "did you mean duplicate-distribution?"),
        ('[rules]\nP01 = "fatal"', ["rule 'P01' is set to 'fatal'"], "error, warning, info, off"),
        ("[rules]\nP01 = false", ["rule 'P01' is set to 'False'"], "one of"),
        ("[rules]\nP01 = {}", ["rule 'P01' is set to"], "one of"),
        ('[rules]\nP01 = "off"\nrequirement-absent = "error"', ["rule P01 is set twice"], "once"),
        ("accept = 1", ["accept must be a list of tables"], "[[accept]]"),
        ("accept = [1]", ["accept must be a list of tables"], "[[accept]]"),
        ("[accept]\nrule = 'P01'", ["accept must be a list of tables"], "[[accept]]"),
        ("[[accept]]\nrule = 'P01'\nsubject = 'x'", ["accept 1: reason is missing"], "a rule, a subject and a reason"),
        ("[[accept]]\nrule = 'P01'\nreason = 'x'", ["accept 1: subject is missing"], "a reason"),
        ("[[accept]]\nsubject = 'x'\nreason = 'x'", ["accept 1: rule is missing"], "a reason"),
        ("[[accept]]\nrule = 'P01'\nsubject = 'x'\nreason = ' '", ["reason must be a text"], "a reason"),
        ("[[accept]]\nrule = 'P01'\nsubject = 3\nreason = 'x'", ["subject must be a text"], "a subject"),
        ("[[accept]]\nrule = 'P98'\nsubject = 'x'\nreason = 'x'", ["accept 1", "no rule 'P98'"], ""),
        ("[[accept]]\nrules = 'P01'\nsubject = 'x'\nreason = 'x'", ["unknown key 'rules'"], "did you mean rule?"),
        (
            "[[accept]]\nrule = 'P01'\nuntil = 'x'\nreason = 'x'",
            ["unknown key 'until'"],
            "known: rule, subject, reason",
        ),
        ('"a\\u001bb" = 1', ["unknown key"], "known:"),
        (f"wanted = ['{'[' * 20_000}']", ["wanted has a name of 20,000 characters"], "no name has more than 300"),
        (f"[[accept]]\nrule = 'P01'\nsubject = '{'*a' * 200}'\nreason = 'x'", ["subject has a name of 400"], "300"),
    ],
)
def test_what_is_not_understood_is_refused_in_a_sentence(text: str, facts: list[str], hint: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(text)

    assert_sentence(caught.value, WHERE, *facts, kind=BadInput)
    assert hint in caught.value.hint


VALUE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["P01", "off", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["P01", "rule", "subject", "reason", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["fail-on", "wanted", "rules", "accept", "x"]), VALUE, max_size=4))
def test_any_table_is_a_policy_or_a_sentence(table: dict[str, Any]) -> None:
    try:
        policy = policy_of(table, WHERE, known_rules())
    except BadInput as error:
        assert_sentence(error, WHERE, kind=BadInput)
    else:
        assert policy.fail_on in FAIL_ON
        assert all(one.rule and one.subject.strip() and one.reason.strip() for one in policy.accepted)


# -- what a report makes of it -----------------------------------------------------------------------------

FOO = "python3.11-foo-1.0"


def rule_with(*verdicts: Verdict, word: str = "P90", severity: Severity = "warning") -> Rule:
    def check(_: Context) -> Iterator[Verdict]:
        yield from verdicts

    return Rule(word, word, "", severity, ("references",), what="", why="", how="", fix="", check=check)


def found(severity: Severity = "warning", *subjects: str, word: str = "P90") -> Finding:
    path = store_path(FOO)
    return Finding(word, severity, "certain", "R", f"about {subjects}", (path,), subjects, (), "")


def report_of(policy: Policy, *rules: Rule) -> Report:
    knowledge = knowledge_of(records_of({FOO: []}))
    return judge(Context(knowledge, EvidenceStore(knowledge), policy), rules)


@pytest.mark.parametrize("fail_on", FAIL_ON)
@pytest.mark.parametrize("severity", SEVERITIES)
def test_findings_from_the_chosen_severity_on_fail(fail_on: str, severity: Severity) -> None:
    report = report_of(Policy(fail_on=fail_on), rule_with(found(severity)))

    fails = fail_on != "never" and SEVERITIES.index(severity) <= FAIL_ON.index(fail_on)
    assert report.outcome() == ("failed" if fails else "passed")
    assert report.count(severity) == 1


def test_a_severity_that_was_decided_holds_for_all_findings_of_a_rule() -> None:
    rules = rule_with(found("error", "a"), found("info", "b")), rule_with(found("error", word="P91"), word="P91")

    report = report_of(Policy(severities={"P90": "info"}), *rules)

    assert sorted((one.rule, one.severity) for one in report.findings) == [
        ("P90", "info"),
        ("P90", "info"),
        ("P91", "error"),
    ]
    assert report_of(Policy(severities={"P90": "info"}), rules[0]).outcome() == "passed"


def test_a_rule_that_is_off_is_not_asked() -> None:
    report = report_of(Policy(severities={"P90": "off"}), rule_with(found("error")), rule_with(word="P91"))

    assert (report.findings, report.asked, report.outcome()) == ((), ("P91",), "passed")


def test_with_every_rule_off_nothing_passes() -> None:
    assert report_of(Policy(severities={"P90": "off"}), rule_with()).outcome() == "unknown"


def test_only_the_rules_that_were_named_are_asked() -> None:
    report = report_of(Policy(only=("P91",)), rule_with(found("error")), rule_with(word="P91"))

    assert (report.asked, report.outcome()) == (("P91",), "passed")


@pytest.mark.parametrize(
    ("subject", "covered"),
    [("numpy", True), ("num*", True), ("foo", True), (FOO, True), ("*-foo-*", True), ("num", False), ("NUMPY", False)],
)
def test_an_acceptance_covers_subjects_and_the_first_path(subject: str, covered: bool) -> None:
    finding = found("error", "numpy", "foo")
    policy = Policy(accepted=(Acceptance("P90", subject, "because"),))

    report = report_of(policy, rule_with(finding))

    assert [one.reason for one in report.accepted] == ["because"] * covered
    assert len(report.findings) == (not covered)
    assert report.outcome() == ("passed" if covered else "failed")
    assert report.stale == (() if covered else policy.accepted)


def test_an_acceptance_of_another_rule_covers_nothing() -> None:
    policy = Policy(accepted=(Acceptance("P91", "*", "because"),))

    report = report_of(policy, rule_with(found("error", "x")))

    assert len(report.findings) == 1
    # that rule was not asked: whether it would still find something is not known
    assert report.stale == ()


def test_an_acceptance_is_not_stale_while_its_rule_could_not_judge() -> None:
    accepted = Acceptance("P90", "gone", "because")
    unknown = Unknown("P90", "not here", "something")

    assert report_of(Policy(accepted=(accepted,)), rule_with(unknown)).stale == ()
    assert report_of(Policy(accepted=(accepted,)), rule_with()).stale == (accepted,)


def test_an_acceptance_that_covers_several_findings_covers_all() -> None:
    policy = Policy(accepted=(Acceptance("P90", "*", "first"), Acceptance("P90", "a", "second")))

    report = report_of(policy, rule_with(found("error", "a"), found("error", "b")))

    assert [one.reason for one in report.accepted] == ["first", "first"]
    assert report.stale == ()


@pytest.mark.parametrize(("severity", "outcome"), [("error", "unknown"), ("warning", "unknown"), ("info", "passed")])
def test_what_was_not_judged_counts_as_the_rule_would(severity: Severity, outcome: str) -> None:
    rule = next(one for one in all_rules() if one.severity == "error")
    unknown = rule_with(Unknown(rule.id, "not here", "something"), word=rule.id)

    report = report_of(Policy(severities={rule.id: severity}), unknown)

    assert report.outcome() == outcome
    assert report.outcome(allow_unknown=True) == "passed"


def test_wanted_names_may_be_patterns_in_their_own_case() -> None:
    policy = Policy(wanted=("pytest", "gcc-*"))

    assert policy.is_wanted("x", "pytest")
    assert policy.is_wanted("gcc-wrapper")
    assert not policy.is_wanted("pytest-cov", "gcc", "PYTEST")
    assert not Policy().is_wanted("pytest")
