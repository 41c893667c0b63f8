"""May a change pass? Limits of size and of new findings, each judged by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from pyclosure.queries.base.verdicts import SEVERITIES, Finding, Severity
from pyclosure.queries.findings import known_rules
from pyclosure.queries.policy.gates import Gates, increase_in, rules_meant, size_in

if TYPE_CHECKING:
    from pyclosure.queries.diff.review import Review
    from pyclosure.queries.findings.report import Report
    from pyclosure.queries.opened.knowledge import Knowledge

State = Literal["passed", "breached", "no data"]


@dataclass(frozen=True, slots=True)
class Gate:
    """One limit, judged."""

    name: str
    """``max-increase``, ``new:leak`` …"""
    limit: str
    value: str
    """What was measured, in words."""
    state: State
    findings: tuple[Finding, ...] = ()
    """Those that breach it, or may do so."""


def judge_size(gates: Gates, knowledge: Knowledge, shown: Callable[[int], str]) -> Iterator[Gate]:
    """Judge the limits that need nothing to compare with.

    Args:
        gates: the limits.
        knowledge: the new closure.
        shown: makes bytes readable.
    """
    if gates.max_size is not None:
        total, limit = knowledge.real_sizes.total, size_in(gates.max_size, "max-size")
        yield Gate("max-size", gates.max_size, shown(total), "passed" if total <= limit else "breached")
    if gates.max_paths is not None:
        count = len(knowledge.closure)
        state: State = "passed" if count <= gates.max_paths else "breached"
        yield Gate("max-paths", f"{gates.max_paths:,}", f"{count:,}", state)


def judge_change(gates: Gates, review: Review, shown: Callable[[int], str]) -> Iterator[Gate]:
    """Judge the limits of a change.

    Args:
        gates: the limits.
        review: the change.
        shown: makes a number of bytes readable, with its sign.
    """
    if gates.max_increase is not None:
        before, change = review.diff.old.real_sizes.total, review.diff.size_change
        limit = increase_in(gates.max_increase, before, "max-increase")
        percent = f" ({100 * change / before:+.1f} %)" if before else ""
        yield Gate(
            "max-increase", gates.max_increase, f"{shown(change)}{percent}", "passed" if change <= limit else "breached"
        )
    for word in gates.new:
        yield _judge_new(word, review)


def _judge_new(word: str, review: Review) -> Gate:
    name = f"new:{word}"
    if review.findings is None or review.reports is None:
        return Gate(name, "none", "findings were not asked for", "no data")
    rules, mildest = rules_meant(word, name, known_rules())
    unasked = sorted(rules - (set(review.reports[0].asked) & set(review.reports[1].asked))) if _is_exact(word) else []
    if unasked:
        return Gate(name, "none", f"{', '.join(unasked)} was not asked: it is off, ignored, or needs a lock", "no data")
    worst = SEVERITIES[: SEVERITIES.index(mildest) + 1]

    def counted(some: Iterable[Finding]) -> tuple[Finding, ...]:
        return tuple(one for one in some if one.rule in rules and one.severity in worst)

    found = counted(review.findings.new)
    if found:
        return Gate(name, "none", f"{len(found):,} new", "breached", found)
    unsure = counted(review.findings.unsure)
    if unsure:
        words = f"{len(unsure):,} may be new: the old closure could not be judged"
        return Gate(name, "none", words, "no data", unsure)
    blind = _blind(review.reports[1], rules)
    if blind:
        return Gate(name, "none", f"{', '.join(sorted(blind))} could not judge all of the new closure", "no data")
    return Gate(name, "none", "none", "passed")


def _is_exact(word: str) -> bool:
    """Say whether a word names rules, each of which has to be asked, and not all that there are."""
    return word != "any" and word not in get_args(Severity)


def _blind(report: Report, rules: frozenset[str]) -> frozenset[str]:
    """Return rules that could not judge all of a closure."""
    return frozenset(one.rule for one in report.unknown if one.rule in rules)
