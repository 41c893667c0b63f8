"""Which few packages multiply a rebuild by testing in their own build, and what is left when their tests move out?

Tests lead from what would rebuild anyway to packages that nothing else leads to, and from there on by ordinary
builds. One package alone seldom saves much while another leads to the same place: the answer is a row of sets.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from pyclosure.queries.graph.build import BuildEdge
from pyclosure.queries.rebuild.impact import Impact
from pyclosure.queries.rebuild.ranking import Ranked

MOST = 128
"""Packages that are weighed against each other; of more, those that the most is built with."""
_TWICE = 2.0


@dataclass(frozen=True, slots=True)
class Amplifier:
    """Packages whose tests move out together, after those of the sets before: each set pays less a package."""

    packages: tuple[int, ...]
    """Positions."""
    edges: tuple[BuildEdge, ...]
    """Their test-only inputs that lead to something rebuilt."""
    left: int
    """Derivations still rebuilt, seeds not counted, once these and all before have their tests elsewhere."""
    saves: int
    """How many fewer that is than with the sets before alone."""


@dataclass(frozen=True, slots=True)
class Amplifiers:
    """How tests multiply a rebuild."""

    rebuilds: int
    """Derivations, seeds not counted."""
    without_tests: int
    """The same if no package had its tests in its own build."""
    packages: int
    """Packages whose tests multiply it."""
    sets: tuple[Amplifier, ...]
    """In the order in which moving tests out pays; all together leave :attr:`without_tests`, unless there were too
    many packages to weigh. Counts are exact; that no other order pays sooner is not proven."""


def quick_amplifiers(impact: Impact) -> Amplifiers | None:
    """Return the same where it takes no time; None where there are too many packages for that."""
    every = frozenset(impact.graph.rebuilt(impact.seeds))
    edges = _leading_on(impact, every)
    return _weighed(impact, every, edges) if len(edges) <= MOST else None


def amplifiers(impact: Impact) -> Amplifiers:
    """Return which packages' tests multiply a rebuild, in sets that pay together.

    Of more than :data:`MOST` packages some are weighed, against what all the others lead to anyway.
    """
    every = frozenset(impact.graph.rebuilt(impact.seeds))
    return _weighed(impact, every, _leading_on(impact, every))


def _weighed(impact: Impact, every: frozenset[int], edges: dict[int, list[BuildEdge]]) -> Amplifiers:
    graph, calm = impact.graph, impact.without_tests
    rest = len(calm) - len(impact.seeds)
    if len(edges) <= MOST:
        state = _State(impact, sorted(every - calm), edges)
        sets = _sets(_order(state, list(edges), rest), edges)
        return Amplifiers(len(every) - len(impact.seeds), rest, len(edges), tuple(sets))
    counts = graph.rebuild_counts(impact.tests)
    chosen = sorted(edges, key=lambda one: (-counts[one], one))[:MOST]
    few = {index: edges[index] for index in chosen}
    order, _ = _order(_State(impact, sorted(every - calm), few), chosen, rest)
    # the order is that of the chosen ones among themselves; what is left is counted with all the others
    gone: set[BuildEdge] = set()
    left = [len(every) - len(impact.seeds)]
    for one in order:
        gone.update(few[one])
        left.append(len(graph.rebuilt(impact.seeds, gone)) - len(impact.seeds))
    return Amplifiers(left[0], rest, len(edges), tuple(_sets((order, left), edges)))


def _leading_on(impact: Impact, every: frozenset[int]) -> dict[int, list[BuildEdge]]:
    """Return package → its test-only inputs that lead from something rebuilt to what only tests lead to."""
    found: dict[int, list[BuildEdge]] = {}
    for edge in sorted(impact.tests):
        if edge[0] in every and edge[0] not in impact.without_tests and edge[1] in every:
            found.setdefault(edge[0], []).append(edge)
    return found


def amplified(rows: Iterable[Ranked], tests: Iterable[BuildEdge]) -> tuple[int, ...]:
    """Return the inputs of tests whose impact tests at least double: what is worth asking about all together."""
    inputs = {edge[1] for edge in tests}
    return tuple(
        sorted(
            one.derivation
            for one in rows
            if one.derivation in inputs
            and one.rebuilds > one.without_tests
            and (one.factor is None or one.factor >= _TWICE)
        )
    )


class _State:
    """What tests lead to, as a bitset, while packages get their tests back one after the other."""

    def __init__(self, impact: Impact, only: list[int], edges: dict[int, list[BuildEdge]]) -> None:
        self._bit = {index: number for number, index in enumerate(only)}
        self._impact = impact
        self._edges = edges
        self._below: dict[int, int] = {}
        self.found = 0
        self._waiting: set[int] = set()

    def _reach(self, package: int) -> int:
        """Return what is rebuilt with a package by anything but tests."""
        if package not in self._below:
            found = self._impact.graph.rebuilt([package], self._impact.tests)
            self._below[package] = sum(1 << self._bit[index] for index in found if index in self._bit)
        return self._below[package]

    def _fires(self, package: int, found: int) -> bool:
        return any(one not in self._bit or found >> self._bit[one] & 1 for _, one in self._edges[package])

    def keep(self, packages: Iterable[int]) -> None:
        """Let packages have their tests."""
        self._waiting.update(packages)
        self.found, self._waiting = self._settled(self.found, self._waiting)

    def with_tests_of(self, package: int) -> int:
        """Return what tests would lead to if one more package had them."""
        return self._settled(self.found, self._waiting | {package})[0]

    def _settled(self, found: int, waiting: set[int]) -> tuple[int, set[int]]:
        while fired := {one for one in waiting if self._fires(one, found)}:
            for one in fired:
                found |= self._reach(one)
            waiting = waiting - fired
        return found, waiting


def _order(state: _State, chosen: list[int], rest: int) -> tuple[list[int], list[int]]:
    """Give tests back, the cheapest first; the other way around that is the order in which moving them out pays.

    Returns the order, and what is left after none, one, two … of it.
    """
    counts = [rest + state.found.bit_count()]
    order: list[int] = []
    left = list(chosen)
    while left:
        best = min(left, key=lambda one: (state.with_tests_of(one).bit_count(), one))
        left.remove(best)
        state.keep([best])
        order.append(best)
        counts.append(rest + state.found.bit_count())
    return order[::-1], counts[::-1]


def _sets(ordered: tuple[list[int], list[int]], edges: dict[int, list[BuildEdge]]) -> list[Amplifier]:
    order, counts = ordered
    return [
        Amplifier(
            tuple(order[a:b]),
            tuple(edge for one in order[a:b] for edge in edges[one]),
            counts[b],
            counts[a] - counts[b],
        )
        for a, b in pairwise(_knees(counts))
        if counts[b] < counts[a]
    ]


def _knees(counts: list[int]) -> list[int]:
    """Return after how many packages to stop and look: where each package more begins to pay less (a convex hull)."""
    found: list[int] = []
    for index, count in enumerate(counts):
        while len(found) > 1 and _is_above(found[-2], found[-1], index, counts):
            found.pop()
        if not found or count < counts[found[-1]]:
            found.append(index)
    return found


def _is_above(before: int, middle: int, after: int, counts: list[int]) -> bool:
    """Say whether a point lies above the line between its neighbours: it pays less than what comes after it."""
    return (counts[before] - counts[middle]) * (after - before) < (counts[before] - counts[after]) * (middle - before)
