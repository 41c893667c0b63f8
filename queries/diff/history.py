"""How did a closure grow, and since when does one path reference another?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pyclosure.queries.diff.causes import Attribution, Cause
from pyclosure.queries.diff.match import ClosureDiff
from pyclosure.queries.findings.report import Report
from pyclosure.queries.kinds.identity import group_of
from pyclosure.queries.opened.knowledge import Knowledge


@dataclass(frozen=True, slots=True)
class Moment:
    """One closure of a row."""

    label: str
    knowledge: Knowledge
    total: int
    """Closure size in bytes."""
    groups: dict[str, int]
    """``interpreter``, ``python``, ``native`` and ``other`` → bytes."""
    distributions: int
    report: Report | None
    """What rules found; None when nobody asked."""


@dataclass(frozen=True, slots=True)
class Step:
    """The way from one closure of a row to the next."""

    diff: ClosureDiff
    causes: tuple[Cause, ...]
    """The greatest first."""


@dataclass(frozen=True, slots=True)
class EdgeSpan:
    """A reference, or a path, while it was there."""

    first: int
    """Place of the first closure that has it."""
    last: int
    """Place of the last closure in a row that has it."""
    referrer: str
    """Store path in the first of them; empty when a path was looked for."""
    reference: str


def moment(label: str, knowledge: Knowledge, report: Report | None = None) -> Moment:
    """Return one closure of a row."""
    closure = knowledge.closure
    groups: dict[str, int] = {}
    for index, size in enumerate(closure.nar_sizes):
        group = group_of(knowledge.identity(index).kind.value)
        groups[group] = groups.get(group, 0) + size
    distributions = sum(knowledge.identity(index).distributions for index in range(len(closure)))
    return Moment(label, knowledge, knowledge.real_sizes.total, groups, distributions, report)


def steps(moments: Sequence[Moment]) -> tuple[Step, ...]:
    """Return the ways between neighbours."""
    found = []
    for one, other in pairwise(moments):
        diff = ClosureDiff(one.knowledge, other.knowledge)
        found.append(Step(diff, Attribution(diff).causes))
    return tuple(found)


def spans(moments: Sequence[Moment], reference: str, referrer: str | None = None) -> tuple[EdgeSpan, ...]:
    """Return when a path was there, or when another one referenced it.

    Args:
        moments: closures in their order.
        reference: name of the path: pname, distribution, or name with version.
        referrer: name of the path that references it; None for any or no reference.

    Every closure is looked at: what came and went in between is told, too.
    """
    held = [next(_edges(one.knowledge, reference, referrer), None) for one in moments]
    found: list[EdgeSpan] = []
    for index, edge in enumerate(held):
        if edge is None:
            continue
        if found and found[-1].last == index - 1:
            found[-1] = EdgeSpan(found[-1].first, index, found[-1].referrer, found[-1].reference)
        else:
            found.append(EdgeSpan(index, index, *edge))
    return tuple(found)


def strangers(moments: Sequence[Moment], words: Sequence[str]) -> list[str]:
    """Return the names that no path of any closure has."""
    return [
        word
        for word in words
        if not any(
            _is_called(one.knowledge, index, word) for one in moments for index in range(len(one.knowledge.closure))
        )
    ]


def _edges(knowledge: Knowledge, reference: str, referrer: str | None) -> Iterator[tuple[str, str]]:
    closure = knowledge.closure
    for index in range(len(closure) - 1, -1, -1):
        if not _is_called(knowledge, index, reference):
            continue
        if referrer is None:
            yield "", closure.path(index)
        for user in closure.referrers[index] if referrer is not None else ():
            if _is_called(knowledge, user, referrer or ""):
                yield closure.path(user), closure.path(index)


def _is_called(knowledge: Knowledge, index: int, word: str) -> bool:
    identity = knowledge.identity(index)
    names = (identity.pname, identity.distribution, knowledge.closure.name(index), knowledge.closure.path(index))
    return word in names
