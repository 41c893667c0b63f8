"""Slow obvious twins of the fast algorithms, and random closures to compare them on."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

import networkx as nx
from hypothesis import strategies as st

from pyclosure.queries.base.records import ClosureRecords
from pyclosure.queries.graph.closure import Closure
from tests.support.closures import records_of

VIRTUAL = "virtual root"


@st.composite
def random_records(draw: st.DrawFn, largest: int = 14) -> ClosureRecords:
    """Draw a DAG with shared subtrees, self references, zero sizes, several roots and unreachable paths."""
    count = draw(st.integers(1, largest))
    graph: dict[str, list[str]] = {}
    for index in range(count):
        below = draw(st.sets(st.integers(0, index - 1), max_size=4)) if index else set()
        graph[str(index)] = [str(one) for one in sorted(below)] + ([str(index)] if draw(st.booleans()) else [])
    sizes = {
        str(index): draw(st.one_of(st.just(0), st.integers(0, 5), st.integers(0, 2**50))) for index in range(count)
    }
    roots = draw(st.lists(st.sampled_from([str(index) for index in range(count)]), min_size=1, max_size=4, unique=True))
    return records_of(graph, sizes, roots)


def reached(graph: nx.DiGraph[str], starts: Iterable[str], without: str | None = None) -> set[str]:
    """Return what can be reached, as if one path were not there."""
    found: set[str] = set()
    stack = [start for start in starts if start != without]
    while stack:
        path = stack.pop()
        if path not in found:
            found.add(path)
            stack += [reference for reference in graph[path] if reference != without]
    return found


def size_of(graph: nx.DiGraph[str], paths: Iterable[str]) -> int:
    return sum(graph.nodes[path]["nar_size"] for path in paths)


def slow_closure_size(graph: nx.DiGraph[str], path: str) -> int:
    """The path with everything it needs."""
    return size_of(graph, nx.descendants(graph, path) | {path})


def slow_added_size(graph: nx.DiGraph[str], roots: Sequence[str], path: str) -> int:
    """What leaves when the path is removed and the rest is traversed again."""
    return size_of(graph, reached(graph, roots) - reached(graph, roots, without=path))


def with_virtual_root(closure: Closure) -> nx.DiGraph[str]:
    """Return the closure's graph with one node above all roots."""
    graph: nx.DiGraph[str] = nx.DiGraph(closure.graph)
    graph.add_edges_from((VIRTUAL, root) for root in closure.records.roots)
    return graph


def slow_dominators(closure: Closure) -> dict[str, str]:
    """Return path → immediate dominator; networkx 3.4 also gives the virtual root, 3.6 does not."""
    found = dict(nx.immediate_dominators(with_virtual_root(closure), VIRTUAL))
    found.pop(VIRTUAL, None)
    return found


def wide_records(count: int, seed: int) -> ClosureRecords:
    """Return a larger closure with the shape of real ones: few roots, much sharing, some hubs."""
    rng = random.Random(seed)
    graph: dict[str, list[str]] = {}
    for index in range(count):
        below = {rng.randrange(index) for _ in range(rng.randrange(6))} if index else set()
        hubs = {rng.randrange(min(index, 20)) for _ in range(rng.randrange(3))} if index else set()
        graph[f"p{index}"] = [f"p{one}" for one in sorted(below | hubs)] + ([f"p{index}"] if rng.random() < 0.1 else [])
    sizes = {name: rng.choice((0, rng.randrange(10**3), rng.randrange(10**9))) for name in graph}
    return records_of(graph, sizes)
