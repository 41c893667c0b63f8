"""How a closure grew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyclosure.queries.diff import history
from pyclosure.tui.output.answers import Answer


class MomentAnswer(Answer, frozen=True):
    """One closure."""

    label: str
    roots: Sequence[str]
    closure_size: int
    size_change: int | None
    """since the one before; null for the first"""
    paths: int
    distributions: int
    groups: Mapping[str, int]
    """group → bytes"""
    findings: int | None
    """null when rules were not asked"""
    unjudged: Sequence[str] | None
    """rules that could not judge everything"""


class SpanAnswer(Answer, frozen=True):
    """From when to when something was there."""

    first: str
    """label of the first closure that has it"""
    last: str
    still: bool
    """the last closure of all has it"""
    referrer: str | None
    """null when a path was looked for, and not a reference"""
    reference: str


class HistoryAnswer(Answer, frozen=True):
    """Closures in their order."""

    closures: Sequence[MomentAnswer]
    spans: Sequence[SpanAnswer] | None
    """null without `--path` and `--edge`"""


def history_answer(
    moments: Sequence[history.Moment], ways: Sequence[history.Step], spans: Sequence[history.EdgeSpan] | None
) -> HistoryAnswer:
    """Return closures in their order, and when what was looked for was there."""
    return HistoryAnswer(
        closures=[_moment(one, ways[index - 1] if index else None) for index, one in enumerate(moments)],
        spans=(
            [
                SpanAnswer(
                    first=moments[one.first].label,
                    last=moments[one.last].label,
                    still=one.last == len(moments) - 1,
                    referrer=one.referrer or None,
                    reference=one.reference,
                )
                for one in spans
            ]
            if spans is not None
            else None
        ),
    )


def _moment(one: history.Moment, way: history.Step | None) -> MomentAnswer:
    closure, report = one.knowledge.closure, one.report
    return MomentAnswer(
        label=one.label,
        roots=[closure.path(index) for index in closure.roots],
        closure_size=one.total,
        size_change=way.diff.size_change if way is not None else None,
        paths=len(closure),
        distributions=one.distributions,
        groups=one.groups,
        findings=len(report.findings) if report is not None else None,
        unjudged=sorted({each.rule for each in report.unknown}) if report is not None else None,
    )


PRINTED = {"pyclosure history SOURCE… --format json": HistoryAnswer}
