"""The closures of everything that a change builds."""

from __future__ import annotations

from collections.abc import Sequence

from pyclosure.tui.output.answers import Answer
from pyclosure.tui.output.review import Built


class BuiltAnswer(Answer, frozen=True):
    """One attribute that was built."""

    attribute: str
    closure_size: int | None
    """null when its closure could not be read"""
    paths: int | None
    size_change: int | None
    """null without the other side"""
    new_findings: Sequence[str] | None
    """their keys"""
    problem: str | None


class ReviewAnswer(Answer, frozen=True):
    """What a change builds."""

    command: str
    failed: Sequence[str]
    """attributes that were not built"""
    built: Sequence[BuiltAnswer]


def review_answer(built: Sequence[Built], failed: Sequence[str], command: str) -> ReviewAnswer:
    """Return the closures of what was built."""
    return ReviewAnswer(command, failed, [_built(one) for one in built])


def _built(one: Built) -> BuiltAnswer:
    found = one.review.findings if one.review is not None else None
    return BuiltAnswer(
        attribute=one.attribute,
        closure_size=one.knowledge.real_sizes.total if one.knowledge is not None else None,
        paths=len(one.knowledge.closure) if one.knowledge is not None else None,
        size_change=one.review.diff.size_change if one.review is not None else None,
        new_findings=[each.key for each in found.new] if found is not None else None,
        problem=one.problem or None,
    )


PRINTED = {"pyclosure review FOLDER --format json": ReviewAnswer}
