"""What do tests cost?

Check inputs are build inputs: touching one rebuilds every package that tests with it, and all that is built with
those packages.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush

from pyclosure.queries.base.check_inputs import CheckInputs
from pyclosure.queries.base.names import STORE_PATH, digest_of, digests_in
from pyclosure.queries.base.records import Derivation
from pyclosure.queries.graph.build import BuildEdge, BuildGraph
from pyclosure.queries.testing.inputs import LISTS
from pyclosure.queries.testing.world import PLACEHOLDER, placeholder


@dataclass(frozen=True, slots=True)
class PackageCost:
    """What the tests of one package cost in rebuilds, counted in derivations."""

    only_for_tests: int
    """Derivations in its build closure, fetchers included, that are there for its tests alone."""
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
    """Pairs of a package and an input that only its tests need."""
    inputs: int
    """Different inputs among them."""
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
        index = graph.position.get(path)
        if index is None or not sorted_out.inputs:
            continue
        drv = graph.derivations[index]
        elsewhere = _mentions(drv, sorted_out)
        names = {below: _mentioned_as(graph.derivations[below]) for below in graph.inputs[index]}
        for one in sorted_out.inputs:
            # two fetchers may have one output: the input is meant
            target = next((below for below, known in names.items() if one.path in known), None)
            if target is not None and not elsewhere & {_mark(name) for name in names[target]}:
                found.add((index, target))
    return frozenset(found)


def _mentioned_as(drv: Derivation) -> set[str]:
    """Return how a derivation's outputs are mentioned: by path, or by placeholder before that is known."""
    return {output.path or placeholder(drv.path, name) for name, output in drv.outputs.items()}


def _mark(mention: str) -> str:
    """Return what tells a mention of an output in any text: the digest, or the placeholder as a whole."""
    return digest_of(mention) if STORE_PATH.fullmatch(mention) else mention


def _mentions(drv: Derivation, sorted_out: CheckInputs) -> set[str]:
    """Return the marks of all outputs that a derivation mentions anywhere but at the ends for tests."""
    texts = [text for key, text in drv.env.items() if key not in LISTS]
    texts += [str(value) for key, value in (drv.structured_attrs or {}).items() if key not in LISTS]
    found = {_mark(one.path) for one in sorted_out.others}
    for text in (*texts, *drv.args, drv.builder):
        found.update(digests_in(text))
        found.update(PLACEHOLDER.findall(text))
    return found


def cost_of_tests(graph: BuildGraph, inputs: Mapping[str, CheckInputs], unread: int = 0) -> TestCost:
    """Return what tests cost, for each package that has check inputs and for all together.

    Args:
        graph: the build graph.
        inputs: ``.drv`` path → its inputs, sorted; of all derivations that may run tests.
        unread: derivations that the graph lacks without anybody mentioning them.
    """
    edges = test_edges(graph, inputs)
    by_package: dict[int, set[int]] = {}
    by_target: dict[int, set[int]] = {}
    for index, one in edges:
        by_package.setdefault(index, set()).add(one)
        by_target.setdefault(one, set()).add(index)
    now = graph.rebuild_counts()
    return TestCost(
        derivations=len(graph),
        edges=len(edges),
        inputs=len(by_target),
        packages=_package_costs(graph, by_package, now),
        amplified=tuple(_amplified(graph, edges, by_target, inputs, now)),
        touched=_spread(graph, by_target),
        touched_without=_spread(graph, by_target, edges),
        missing=len(graph.missing) + unread,
    )


def _spread(graph: BuildGraph, seeds: Iterable[int], without: Collection[BuildEdge] = ()) -> int:
    """Return how many derivations are built anew beside those that change."""
    start = set(seeds)
    return len(graph.rebuilt(start, without) - start)


def _package_costs(graph: BuildGraph, by_package: Mapping[int, set[int]], now: list[int]) -> dict[str, PackageCost]:
    only = _only_for_tests(graph, by_package)
    # packages tend to have the same inputs for their tests
    touched: dict[frozenset[int], set[int]] = {}
    found = {}
    for index, targets in sorted(by_package.items()):
        key = frozenset(targets)
        if key not in touched:
            touched[key] = graph.rebuilt(targets)
        rebuilt = touched[key]
        saved = _lost(graph, index, targets, rebuilt)
        found[graph.paths[index]] = PackageCost(only[index], now[index], len(rebuilt - targets), saved)
    return found


def _only_for_tests(graph: BuildGraph, by_package: Mapping[int, set[int]]) -> dict[int, int]:
    """Return package → how many derivations leave its build closure with its tests."""
    found = dict.fromkeys(by_package, 0)
    for _, bits in graph.input_blocks():
        for index, targets in by_package.items():
            left = 0
            for one in graph.inputs[index]:
                if one not in targets:
                    left |= bits[one]
            # it stays itself: neither part of what it is built from has it
            gone = bits[index] & ~left
            found[index] += gone.bit_count()
    return {index: count - 1 for index, count in found.items()}


def _lost(graph: BuildGraph, index: int, targets: set[int], rebuilt: set[int]) -> int:
    """Return how many derivations are built anew only because a package tests with what changes."""
    if index not in rebuilt or any(one in rebuilt for one in graph.inputs[index] if one not in targets):
        return 0
    lost = {index}
    # inputs come before what is built with them, so that one pass in that order decides each once
    waiting = [user for user in graph.users[index] if user in rebuilt]
    seen = set(waiting)
    while waiting:
        user = heappop(waiting)
        if any(one in rebuilt and one not in lost for one in graph.inputs[user]):
            continue
        lost.add(user)
        for one in graph.users[user]:
            if one in rebuilt and one not in seen:
                seen.add(one)
                heappush(waiting, one)
    return len(lost)


def _amplified(
    graph: BuildGraph,
    edges: frozenset[BuildEdge],
    by_target: Mapping[int, set[int]],
    inputs: Mapping[str, CheckInputs],
    now: list[int],
) -> list[Amplified]:
    without = graph.rebuild_counts(edges)
    # pytest stands behind its hook
    behind = {graph.position[path] for path in inputs if path in graph.position} & graph.build_closure(by_target)
    found = [
        Amplified(
            graph.paths[one],
            now[one],
            without[one],
            tuple(sorted(graph.paths[index] for index in by_target.get(one, ()))),
        )
        for one in by_target.keys() | behind
    ]
    return sorted(found, key=lambda one: (one.without_tests - one.rebuilds, one.derivation))
