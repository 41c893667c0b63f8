"""Which derivations rebuild most when they are touched, and how much of it is only because of tests?"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyclosure.queries.graph.build import BuildEdge, BuildGraph


@dataclass(frozen=True, slots=True)
class Ranked:
    """One derivation with what touching it rebuilds."""

    derivation: int
    """Position."""
    rebuilds: int
    """Derivations, itself not counted."""
    without_tests: int
    """The same if no package had its tests in its own build."""
    python: bool
    """Whether it builds a Python package or application."""
    fixed: bool
    """Whether it is a fixed-output derivation: it rebuilds its users only when its content changes."""

    @property
    def factor(self) -> float | None:
        """How many times more tests make it; None when nothing but tests would rebuild."""
        return self.rebuilds / self.without_tests if self.without_tests else None


SORTS = ("rebuilds", "without-tests", "factor", "name")
"""By what it rebuilds, by what without tests, by how much tests add, by name."""


def in_order(rows: Iterable[Ranked], by: str, names: Mapping[int, str]) -> list[Ranked]:
    """Return derivations in one of :data:`SORTS`; ``names`` are by position, and decide between equals."""
    keys: dict[str, Callable[[Ranked], int]] = {
        "rebuilds": lambda one: -one.rebuilds,
        "without-tests": lambda one: -one.without_tests,
        # what only tests lead to is amplified without bound; the greater difference first
        "factor": lambda one: one.without_tests - one.rebuilds,
        "name": lambda one: 0,
    }
    return sorted(rows, key=lambda one: (keys[by](one), names[one.derivation], one.derivation))


def ranking(graph: BuildGraph, tests: Collection[BuildEdge] = ()) -> tuple[Ranked, ...]:
    """Return all derivations, the one that rebuilds most first; exact, by bitsets in blocks."""
    # imported here: screens know the orders before any graph is there
    from pyclosure.queries.kinds.by_derivation import is_python_build

    counts = graph.rebuild_counts()
    without = graph.rebuild_counts(tests) if tests else counts
    rows = [
        Ranked(index, counts[index], without[index], is_python_build(drv), graph.fixed[index])
        for index, drv in enumerate(graph.derivations)
    ]
    return tuple(sorted(rows, key=lambda one: (-one.rebuilds, graph.derivations[one.derivation].name, one.derivation)))
