"""Which findings and test gaps are new, gone, or as they were?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pyclosure.queries.base.names import name_of, parse_name
from pyclosure.queries.base.verdicts import SEVERITIES, Finding, worst_first
from pyclosure.queries.findings.report import Report
from pyclosure.queries.testing.survey import PackageTests, Survey


@dataclass(frozen=True, slots=True)
class FindingsDiff:
    """Findings of both closures."""

    new: tuple[Finding, ...]
    gone: tuple[Finding, ...]
    kept: tuple[Finding, ...]
    """As the new closure has them."""
    unsure: tuple[Finding, ...]
    """In the new closure, where the old one could not be judged: whether they are new is not known."""
    unjudged: tuple[str, ...]
    """Ids of rules that could not judge all of both closures: nothing new of them may be nothing seen."""


@dataclass(frozen=True, slots=True)
class GapsDiff:
    """Packages whose tests lack something, or run in vain, by the names of their distributions."""

    new: tuple[PackageTests, ...]
    gone: tuple[PackageTests, ...]
    unsure: tuple[PackageTests, ...] = ()
    """In the new closure, where nobody knows what the tests of the old one were."""


_GAPS = ("real", "vacuous", "not-run")


def findings_diff(old: Report, new: Report) -> FindingsDiff:
    """Compare what rules found, whatever versions and digests are.

    Accepted findings are left out on both sides.
    """
    blind = sorted({one.rule for report in (old, new) for one in report.unknown})
    new_ones = _surplus(new.findings, old.findings)
    keys = Counter(map(_key, new.findings))
    gone = [one for one in old.findings if not _taken(keys, _key(one))]
    fresh = {id(one) for one in new_ones}
    return FindingsDiff(
        tuple(one for one in new_ones if not _was_blind(old, one)),
        tuple(one for one in gone if not _was_blind(new, one)),
        tuple(one for one in new.findings if id(one) not in fresh),
        tuple(one for one in new_ones if _was_blind(old, one)),
        tuple(blind),
    )


def _taken(left: Counter[tuple[str, ...]], key: tuple[str, ...]) -> bool:
    """Say whether one of a key is left, and take it."""
    left[key] -= 1
    return left[key] >= 0


def _was_blind(report: Report, finding: Finding) -> bool:
    """Say whether a rule could not judge a closure, or not the paths called like the one of a finding."""
    names = {parse_name(name_of(path)).pname for path in finding.paths[:1]}
    return any(
        one.rule == finding.rule
        and (not one.paths or not names or any(parse_name(name_of(path)).pname in names for path in one.paths))
        for one in report.unknown
    )


def gaps_diff(old: Survey, new: Survey) -> GapsDiff:
    """Compare gaps of tests by distribution and what they are about; what left the closure took its gaps along.

    What the tests of a distribution were has to be known on the other side, unless it was not there at all.
    """
    before = {(one.name, one.concern): one for one in old.packages if one.concern in _GAPS}
    after = {(one.name, one.concern): one for one in new.packages if one.concern in _GAPS}
    unknown_before = {one.name for one in old.packages if one.concern == "unknown"}
    here = {one.name for one in new.packages if one.concern != "unknown"}
    surplus = [one for key, one in after.items() if key not in before]
    return GapsDiff(
        tuple(one for one in surplus if one.name not in unknown_before),
        tuple(one for key, one in before.items() if key not in after and one.name in here),
        tuple(one for one in surplus if one.name in unknown_before),
    )


def _key(finding: Finding) -> tuple[str, ...]:
    """Return what a finding is recognised by: the rule, what it is about, and the package it is in."""
    return (finding.rule, *finding.subjects, *(parse_name(name_of(path)).pname for path in finding.paths[:1]))


def _surplus(findings: Sequence[Finding], others: Sequence[Finding]) -> list[Finding]:
    """Return findings that the others do not have, or have only milder."""
    known: dict[tuple[str, ...], list[int]] = {}
    for one in others:
        known.setdefault(_key(one), []).append(SEVERITIES.index(one.severity))
    found = []
    for one in sorted(findings, key=worst_first):
        severities = known.get(_key(one), [])
        same = min(severities, default=None)
        if same is None or SEVERITIES.index(one.severity) < same:
            found.append(one)
        if same is not None:
            severities.remove(same)
    return found
