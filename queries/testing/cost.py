"""What do tests cost?

Check inputs are build inputs: touching one rebuilds every package that tests with it, and all that is built with
those packages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pyclosure.queries.graph.build import BuildEdge, BuildGraph
from pyclosure.queries.names import store_paths_in
from pyclosure.queries.records import Derivation
from pyclosure.queries.testing.inputs import LISTS, CheckInputs


@dataclass(frozen=True, slots=True)
class PackageCost:
    """What the tests of one package cost in rebuilds, counted in derivations."""

    only_for_tests: int
    """Derivations in its build closure that are there for its tests alone: changing one rebuilds it."""
    dependants: int
    """Derivations that are rebuilt along with it."""
    touched: int
    """Derivations rebuilt when its check inputs change, now."""
    saved: int
    """How many fewer that would be if its tests moved out, all else as it is."""


@dataclass(frozen=True, slots=True)
class Amplified:
    """A check input, and what touching it rebuilds."""

    derivation: str
    """``.drv`` path."""
    rebuilds: int
    """Derivations, itself not counted."""
    without_tests: int
    """The same if no package had its tests in its own build."""
    packages: tuple[str, ...]
    """Derivations of the packages whose tests use it directly."""

    @property
    def factor(self) -> float | None:
        """How many times more; None when nothing but tests would rebuild."""
        return self.rebuilds / self.without_tests if self.without_tests else None


@dataclass(frozen=True, slots=True)
class TestCost:
    """What all tests of a build graph cost together."""

    __test__ = False

    derivations: int
    """Size of the build graph."""
    edges: int
    """Inputs that are there for tests alone."""
    packages: Mapping[str, PackageCost]
    """``.drv`` path → what its tests cost; packages without such inputs are left out."""
    amplified: tuple[Amplified, ...]
    """Check inputs and the Python packages behind them, the greatest difference first."""
    touched: int
    """Derivations rebuilt when all check inputs change."""
    touched_without: int
    """The same without tests in builds."""
    missing: int
    """Derivations of the graph that could not be read: the counts are lower bounds then."""


def test_edges(graph: BuildGraph, inputs: Mapping[str, CheckInputs]) -> frozenset[BuildEdge]:
    """Return the inputs of derivations that only tests need.

    Args:
        graph: the build graph.
        inputs: ``.drv`` path → its inputs, sorted.
    """
    found = set()
    for path, sorted_out in inputs.items():
        at = graph.position.get(path)
        if at is None or not sorted_out.inputs:
            continue
        drv = graph.derivations[at]
        elsewhere = _mentions(drv, sorted_out)
        for one in sorted_out.inputs:
            target = graph.by_output.get(one.path)
            if target is not None and not any(
                output.path in elsewhere for output in graph.derivations[target[0]].outputs.values() if output.path
            ):
                found.add((at, target[0]))
    return frozenset(found)


def _mentions(drv: Derivation, sorted_out: CheckInputs) -> set[str]:
    """Return the store paths that a derivation names anywhere but at the ends for tests."""
    texts = [text for key, text in drv.env.items() if key not in LISTS]
    texts += [str(value) for key, value in (drv.structured_attrs or {}).items() if key not in LISTS]
    found = {one.path for one in sorted_out.others}
    for text in (*texts, *drv.args, drv.builder):
        found.update(store_paths_in(text))
    return found


def cost_of_tests(graph: BuildGraph, inputs: Mapping[str, CheckInputs]) -> TestCost:
    """Return what tests cost, for each package that has check inputs and for all together.

    Args:
        graph: the build graph.
        inputs: ``.drv`` path → its inputs, sorted; of all derivations that may run tests.
    """
    edges = test_edges(graph, inputs)
    by_package: dict[int, set[BuildEdge]] = {}
    by_target: dict[int, set[int]] = {}
    for at, one in edges:
        by_package.setdefault(at, set()).add((at, one))
        by_target.setdefault(one, set()).add(at)
    return TestCost(
        derivations=len(graph),
        edges=len(edges),
        packages={graph.paths[at]: _package_cost(graph, at, own) for at, own in sorted(by_package.items())},
        amplified=tuple(_amplified(graph, edges, by_target, inputs)),
        touched=_spread(graph, by_target),
        touched_without=_spread(graph, by_target, edges),
        missing=len(graph.missing),
    )


def _spread(graph: BuildGraph, seeds: Iterable[int], without: Iterable[BuildEdge] = ()) -> int:
    """Return how many derivations are built anew beside those that change."""
    start = set(seeds)
    return len(graph.rebuilt(start, frozenset(without)) - start)


def _package_cost(graph: BuildGraph, at: int, own: set[BuildEdge]) -> PackageCost:
    targets = {one for _, one in own}
    touched = _spread(graph, targets)
    only = len(graph.build_closure([at])) - len(graph.build_closure([at], own))
    return PackageCost(only, _spread(graph, [at]), touched, touched - _spread(graph, targets, own))


def _amplified(
    graph: BuildGraph, edges: frozenset[BuildEdge], by_target: Mapping[int, set[int]], inputs: Mapping[str, CheckInputs]
) -> list[Amplified]:
    # pytest stands behind its hook
    behind = {graph.position[path] for path in inputs if path in graph.position} & graph.build_closure(by_target)
    found = [
        Amplified(
            graph.paths[one],
            _spread(graph, [one]),
            _spread(graph, [one], edges),
            tuple(sorted(graph.paths[at] for at in by_target.get(one, ()))),
        )
        for one in by_target.keys() | behind
    ]
    return sorted(found, key=lambda one: (one.without_tests - one.rebuilds, one.derivation))
