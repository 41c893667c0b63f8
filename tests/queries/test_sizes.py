"""Sizes against slow obvious twins and networkx, on random closures."""

from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyclosure.queries.base.activity import Silent
from pyclosure.queries.base.errors import Cancelled
from pyclosure.queries.base.records import ClosureRecords
from pyclosure.queries.graph.closure import Closure
from pyclosure.queries.graph.dominators import ROOT, immediate_dominators, subtree_sums
from pyclosure.queries.graph.reach import reachable_sums
from pyclosure.queries.graph.sizes import added_sizes, added_within, all_sizes, depths, with_closure_sizes
from tests.support.closures import closure_of, index
from tests.support.slow import (
    VIRTUAL,
    random_records,
    reached,
    size_of,
    slow_added_size,
    slow_closure_size,
    slow_dominators,
    wide_records,
    with_virtual_root,
)

#         app (1)
#        /   \
#   lib (10)  tool (100)
#        \   /    \
#     libc (1000)  data (10000)
DIAMOND = {"app": ["lib", "tool"], "lib": ["libc"], "tool": ["libc", "data"], "libc": ["libc"]}
SIZES = {"app": 1, "lib": 10, "tool": 100, "libc": 1000, "data": 10000}


def by_name(closure: Closure, values: tuple[int, ...]) -> dict[str, int]:
    return {closure.name(position): value for position, value in enumerate(values)}


def test_a_closure_size_counts_a_shared_path_once() -> None:
    closure = closure_of(DIAMOND, SIZES)

    sizes = all_sizes(closure)

    assert sizes.closure is not None
    assert by_name(closure, sizes.closure) == {
        "app": 11111,
        "lib": 1010,
        "tool": 11100,
        "libc": 1000,
        "data": 10000,
    }
    assert sizes.total == 11111


def test_an_added_size_leaves_out_what_others_need() -> None:
    closure = closure_of(DIAMOND, SIZES)

    sizes = added_sizes(closure)

    assert by_name(closure, sizes.added) == {"app": 11111, "lib": 10, "tool": 10100, "libc": 1000, "data": 10000}
    assert sizes.closure is None
    assert sizes.dominators[index(closure, "libc")] == index(closure, "app"), "neither lib nor tool alone holds libc"
    assert sizes.dominators[index(closure, "data")] == index(closure, "tool")
    assert sizes.dominators[index(closure, "app")] == ROOT


def test_what_is_a_root_itself_is_added_by_nobody_else() -> None:
    closure = closure_of(DIAMOND, SIZES, roots=["app", "tool"])

    sizes = added_sizes(closure)

    assert by_name(closure, sizes.added)["app"] == 11
    assert sizes.dominators[index(closure, "tool")] == ROOT
    assert sizes.dominators[index(closure, "libc")] == ROOT


def test_a_depth_is_the_shortest_way_from_any_root() -> None:
    closure = closure_of({"app": ["a"], "a": ["b"], "b": ["c"], "env": ["c"]})

    assert by_name(closure, depths(closure)) == {"app": 0, "env": 0, "a": 1, "b": 2, "c": 1}


def test_added_within_counts_what_others_share() -> None:
    closure = closure_of(DIAMOND, SIZES)

    within = added_within(closure, index(closure, "tool"))

    assert {closure.name(one): size for one, size in within.items()} == {"tool": 11100, "libc": 1000, "data": 10000}


def test_empty_paths_have_no_size() -> None:
    closure = closure_of({"app": ["lib"]}, {"app": 0, "lib": 0})

    sizes = all_sizes(closure)

    assert (sizes.total, sizes.closure, sizes.added) == (0, (0, 0), (0, 0))


@given(random_records())
def test_every_closure_size_is_the_sum_over_its_descendants(records: ClosureRecords) -> None:
    closure = Closure(records)

    sizes = all_sizes(closure)

    assert sizes.closure is not None
    for position, size in enumerate(sizes.closure):
        assert size == slow_closure_size(closure.graph, closure.path(position))
    assert sizes.total == size_of(closure.graph, reached(closure.graph, records.roots))


@given(random_records())
def test_every_added_size_is_what_leaves_when_the_path_is_removed(records: ClosureRecords) -> None:
    closure = Closure(records)

    sizes = added_sizes(closure)

    for position, size in enumerate(sizes.added):
        assert size == slow_added_size(closure.graph, records.roots, closure.path(position))


@given(random_records())
def test_immediate_dominators_are_those_of_networkx(records: ClosureRecords) -> None:
    closure = Closure(records)

    idom = immediate_dominators(closure.references, closure.roots)

    found = {closure.path(one): VIRTUAL if above == ROOT else closure.path(above) for one, above in enumerate(idom)}
    assert found == slow_dominators(closure)


@given(random_records())
def test_every_depth_is_a_shortest_path_from_the_virtual_root(records: ClosureRecords) -> None:
    closure = Closure(records)

    lengths = nx.single_source_shortest_path_length(with_virtual_root(closure), VIRTUAL)

    assert depths(closure) == tuple(lengths[closure.path(one)] - 1 for one in range(len(closure)))


@given(random_records(), st.data())
def test_added_within_is_what_leaves_the_closure_of_one_path(records: ClosureRecords, data: st.DataObject) -> None:
    closure = Closure(records)
    referrer = data.draw(st.integers(0, len(closure) - 1))
    start = closure.path(referrer)

    within = added_within(closure, referrer)

    assert {closure.path(one) for one in within} == reached(closure.graph, [start])
    for one, size in within.items():
        assert size == slow_added_size(closure.graph, [start], closure.path(one))


@pytest.mark.parametrize("seed", range(3))
def test_all_of_it_holds_on_larger_closures_too(seed: int) -> None:
    closure = Closure(wide_records(400, seed))
    roots = closure.records.roots

    sizes = all_sizes(closure)

    assert sizes.closure is not None
    for position in range(0, len(closure), 7):
        path = closure.path(position)
        assert sizes.closure[position] == slow_closure_size(closure.graph, path)
        assert sizes.added[position] == slow_added_size(closure.graph, roots, path)
    dominators = slow_dominators(closure)
    for position, above in enumerate(sizes.dominators):
        assert dominators[closure.path(position)] == (VIRTUAL if above == ROOT else closure.path(above))


def test_a_path_adds_at_least_itself_and_at_most_its_closure() -> None:
    closure = Closure(wide_records(1500, 9))

    sizes = all_sizes(closure)

    assert sizes.closure is not None
    for nar, added, whole in zip(sizes.nar, sizes.added, sizes.closure, strict=True):
        assert nar <= added <= whole <= sizes.total


def test_closure_sizes_are_found_whatever_way_the_bits_are_counted() -> None:
    # a path whose references share little: far more than the few bits that are counted one by one
    graph = {f"leaf{one}": [] for one in range(300)}
    graph["left"] = [f"leaf{one}" for one in range(200)]
    graph["right"] = [f"leaf{one}" for one in range(100, 300)]
    graph["top"] = ["left", "right"]
    closure = closure_of(graph, {name: number for number, name in enumerate(graph)})

    sizes = all_sizes(closure)

    assert sizes.closure is not None
    assert by_name(closure, sizes.closure)["top"] == sum(range(303))
    assert by_name(closure, sizes.closure)["left"] == sum(range(200)) + 300


@settings(max_examples=30)
@given(random_records(), st.integers(0, 2**62))
def test_sums_grow_with_the_weights(records: ClosureRecords, factor: int) -> None:
    closure = Closure(records)
    ones = [1] * len(closure)

    counts = reachable_sums(closure.references, ones)

    assert counts == [len(closure.requisites([one])) for one in range(len(closure))]
    assert reachable_sums(closure.references, [factor] * len(closure)) == [factor * count for count in counts]


def test_summing_can_be_cancelled() -> None:
    closure = closure_of({str(one): [str(one + 1)] for one in range(3000)})
    silent = Silent()
    silent.cancelled.set()

    with pytest.raises(Cancelled):
        with_closure_sizes(added_sizes(closure), closure, silent)


def test_nothing_has_no_sums() -> None:
    assert reachable_sums([], []) == []
    assert immediate_dominators([], []) == []
    assert subtree_sums([], []) == []
