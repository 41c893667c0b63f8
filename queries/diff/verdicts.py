"""Which findings and test gaps are new, gone, or as they were?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pyclosure.queries.findings.finding import Finding
from pyclosure.queries.findings.judge import Report
from pyclosure.queries.names import name_of, parse_name
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


_GAPS = ("real", "vacuous", "not-run")


def findings_diff(old: Report, new: Report) -> FindingsDiff:
    """Compare what rules found, whatever versions and digests are.

    Accepted findings are left out on both sides.
    """
    before, after = Counter(map(_key, old.findings)), Counter(map(_key, new.findings))
    blind = sorted({one.rule for report in (old, new) for one in report.unknown})
    new_ones, gone = list(_surplus(new.findings, before)), list(_surplus(old.findings, after))
    return FindingsDiff(
        tuple(one for one in new_ones if not _was_blind(old, one)),
        tuple(one for one in gone if not _was_blind(new, one)),
        tuple(_matched(new.findings, before)),
        tuple(one for one in new_ones if _was_blind(old, one)),
        tuple(blind),
    )


def _was_blind(report: Report, finding: Finding) -> bool:
    """Say whether a rule could not judge a closure, or not the paths called like the one of a finding."""
    names = {parse_name(name_of(path)).pname for path in finding.paths[:1]}
    return any(
        one.rule == finding.rule
        and (not one.paths or not names or any(parse_name(name_of(path)).pname in names for path in one.paths))
        for one in report.unknown
    )


def gaps_diff(old: Survey, new: Survey) -> GapsDiff:
    """Compare gaps of tests by distribution and what they are about; what left the closure took its gaps along."""
    before = {(one.name, one.concern): one for one in old.packages if one.concern in _GAPS}
    after = {(one.name, one.concern): one for one in new.packages if one.concern in _GAPS}
    here = {one.name for one in new.packages}
    return GapsDiff(
        tuple(one for key, one in after.items() if key not in before),
        tuple(one for key, one in before.items() if key not in after and one.name in here),
    )


def _key(finding: Finding) -> tuple[str, ...]:
    """Return what a finding is recognised by: the rule, what it is about, and the package it is in."""
    return (finding.rule, *finding.subjects, *(parse_name(name_of(path)).pname for path in finding.paths[:1]))


def _surplus(findings: Sequence[Finding], others: Counter[tuple[str, ...]]) -> Iterable[Finding]:
    left = Counter(others)
    for one in findings:
        if left[_key(one)] > 0:
            left[_key(one)] -= 1
        else:
            yield one


def _matched(findings: Sequence[Finding], others: Counter[tuple[str, ...]]) -> Iterable[Finding]:
    surplus = {id(one) for one in _surplus(findings, others)}
    return (one for one in findings if id(one) not in surplus)
