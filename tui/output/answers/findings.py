"""What is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyclosure.queries.base import verdicts
from pyclosure.queries.findings import find_rule
from pyclosure.tui.output.answers import Answer
from pyclosure.tui.output.answers.references import Reference
from pyclosure.tui.words.findings import Findings


class Evidence(Answer, frozen=True):
    """One piece of evidence."""

    path: str
    file: str
    """below `path`; empty when the path as a whole is meant"""
    line: int | None
    detail: str
    """what stands there"""


class FindingAnswer(Answer, frozen=True):
    """One fault."""

    rule: str
    """id of the rule"""
    name: str | None
    """its name"""
    severity: str
    """`error`, `warning` or `info`"""
    certainty: str
    """`certain`, `probable`, `weak` or `unknown`"""
    tier: str
    """the weakest evidence: `N` name, `R` references, `F` files, `D` derivation"""
    title: str
    """what is wrong with what, in a line"""
    paths: Sequence[str]
    """what it is about; the first is where to look"""
    subjects: Sequence[str]
    """names by which an accepted finding is recognised"""
    evidence: Sequence[Evidence]
    cost: int | None
    """bytes, or null where bytes are not the point"""
    cost_meaning: str | None
    """what they are: `saved` by cutting `edges`, `added` size, `nar` size, or size of `files`"""
    remedy: str
    """what to do"""
    notes: Sequence[str]
    """what else is worth knowing, a sentence each"""
    chain: Sequence[str]
    """from a root to the first of `paths`, or to the reference to cut"""
    edges: Sequence[Reference]
    """references to cut"""
    key: str
    """stays the same when everything is rebuilt"""


class AcceptedAnswer(FindingAnswer, frozen=True):
    """A finding that the policy accepts."""

    reason: str
    """why it is accepted"""


class UnknownAnswer(Answer, frozen=True):
    """Something that could not be judged."""

    rule: str
    reason: str
    tells: str
    """what would tell"""
    paths: Sequence[str]


class StaleAnswer(Answer, frozen=True):
    """An accepted finding that is no more."""

    rule: str
    subject: str
    reason: str


class JudgedAnswer(Answer, frozen=True):
    """What a rule looked at."""

    count: int
    things: str
    """what was counted, in words"""
    fine: Sequence[Evidence]
    """what was in order, where that is worth a list"""


class CheckAnswer(Answer, frozen=True):
    """What is wrong.

    `--format sarif` is SARIF 2.1.0 instead: findings as results (accepted ones suppressed), what is unknown as tool
    notifications.
    """

    outcome: str
    """`passed`, `failed` or `unknown`: the exit statuses 0, 1 and 2"""
    fail_on: str
    """mildest severity that fails: `error`, `warning`, `info`, `never`"""
    policy: str | None
    """the file that decisions were read from, or null"""
    asked: Sequence[str]
    """ids of the rules that were asked"""
    findings: Sequence[FindingAnswer]
    """the worst first, then the costliest"""
    unknown: Sequence[UnknownAnswer]
    """what could not be judged, why, and what would tell"""
    accepted: Sequence[AcceptedAnswer]
    """findings that the policy accepts, each with its `reason`"""
    unmatched: Sequence[str]
    """names that the policy wants and that nothing in the closure has"""
    stale: Sequence[StaleAnswer]
    """accepted findings that are no more"""
    judged: Mapping[str, JudgedAnswer]
    """rule id → how much it looked at"""


def check_answer(shown: Findings) -> CheckAnswer:
    """Return all of a report."""
    report = shown.report
    return CheckAnswer(
        outcome=report.outcome(allow_unknown=shown.allow_unknown),
        fail_on=report.policy.fail_on,
        policy=report.policy.origin or None,
        asked=report.asked,
        findings=[finding_answer(one) for one in shown.shown],
        unknown=[UnknownAnswer(one.rule, one.reason, one.tells, one.paths) for one in report.unknown],
        accepted=[
            AcceptedAnswer(**_fields(one.finding), reason=one.reason)  # type: ignore[arg-type]
            for one in report.accepted
        ],
        unmatched=report.unmatched,
        stale=[StaleAnswer(one.rule, one.subject, one.reason) for one in report.stale],
        judged={
            rule: JudgedAnswer(one.count, one.things, [_evidence(proof) for proof in one.fine])
            for rule, one in report.judged.items()
        },
    )


def finding_answer(one: verdicts.Finding) -> FindingAnswer:
    """Return one finding."""
    return FindingAnswer(**_fields(one))  # type: ignore[arg-type]


def _fields(one: verdicts.Finding) -> dict[str, object]:
    rule = find_rule(one.rule)
    return {
        "rule": one.rule,
        "name": rule.name if rule else None,
        "severity": one.severity,
        "certainty": one.certainty,
        "tier": one.tier,
        "title": one.title,
        "paths": one.paths,
        "subjects": one.subjects,
        "evidence": [_evidence(proof) for proof in one.evidence],
        "cost": one.cost,
        "cost_meaning": one.cost_meaning if one.cost is not None else None,
        "remedy": one.remedy,
        "notes": one.notes,
        "chain": one.chain,
        "edges": [Reference(*edge) for edge in one.edges],
        "key": one.key,
    }


def _evidence(proof: verdicts.Proof) -> Evidence:
    return Evidence(proof.path, proof.file, proof.line, proof.detail)


PRINTED = {"pyclosure check SOURCE… --format json": CheckAnswer}
