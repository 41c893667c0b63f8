"""Why, cuts and what-if against networkx and slow obvious twins, on random closures."""

from __future__ import annotations

import random
from itertools import islice, pairwise

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyclosure.queries.answers.chains import chains_in_order, why
from pyclosure.queries.answers.cuts import MOST_EDGES, dominated, saved_by_edge, saving_of, smallest_cut
from pyclosure.queries.answers.structure import Structure
from pyclosure.queries.answers.whatif import what_if
from pyclosure.queries.base.records import ClosureRecords
from pyclosure.queries.graph.closure import Closure
from pyclosure.queries.graph.sizes import added_sizes
from tests.support.closures import closure_of, index, names
from tests.support.slow import VIRTUAL, random_records, with_virtual_root

CLOSURES = random_records()


def edges_of(closure: Closure) -> list[tuple[int, int]]:
    return [(referrer, one) for referrer in range(len(closure)) for one in closure.references[referrer]]


def slow_chains(closure: Closure, target: int) -> set[tuple[int, ...]]:
    """All simple paths from every root, which only a small closure can afford."""
    graph, path = closure.graph, closure.path
    found: set[tuple[int, ...]] = set()
    for root in closure.roots:
        if root == target:
            found.add((root,))
            continue
        for chain in nx.all_simple_paths(graph, path(root), path(target)):
            found.add(tuple(closure.position[one] for one in chain))
    return found


def left_without(closure: Closure, cut: set[tuple[int, int]], dropped: set[int] = frozenset()) -> set[int]:  # type: ignore[assignment]
    """What is still reached when references and paths are gone, by walking again."""
    found: set[int] = set()
    stack = [root for root in closure.roots if root not in dropped]
    while stack:
        here = stack.pop()
        if here not in found:
            found.add(here)
            stack += [one for one in closure.references[here] if (here, one) not in cut and one not in dropped]
    return found


def size(closure: Closure, positions: set[int]) -> int:
    return sum(closure.nar_sizes[one] for one in positions)


@given(CLOSURES)
def test_chains_are_counted_and_ordered_as_if_they_were_enumerated(records: ClosureRecords) -> None:
    closure = Closure(records)

    for target in range(len(closure)):
        answer, slow = why(closure, target), slow_chains(closure, target)
        in_order = list(chains_in_order(closure, target))

        assert answer.chains == len(slow)
        assert set(in_order) == slow
        assert len(in_order) == len(slow)
        assert [len(chain) for chain in in_order] == sorted(len(chain) for chain in slow)
        assert answer.chain == in_order[0]


@given(CLOSURES)
def test_what_every_chain_passes_is_the_intersection_of_all_chains(records: ClosureRecords) -> None:
    closure = Closure(records)

    for target in range(len(closure)):
        answer, slow = why(closure, target), slow_chains(closure, target)

        assert set(answer.must_pass) == set.intersection(*map(set, slow)) - {target}
        assert set(answer.must_pass_edges) == set.intersection(*(set(pairwise(chain)) for chain in slow))
        assert answer.members == set().union(*map(set, slow))
        for edge in ((above, one) for above, some in enumerate(closure.references) for one in some):
            assert answer.through(edge) == sum(edge in set(pairwise(chain)) for chain in slow)


def test_ten_to_the_eighteenth_chains_are_counted_without_walking_them() -> None:
    #  each of 60 layers has two paths, both of which reference both of the next layer
    layers = {f"{side}{level}": [f"a{level + 1}", f"b{level + 1}"] for level in range(60) for side in "ab"}
    closure = closure_of({"root": ["a0", "b0"], **layers, "a60": ["leaf"], "b60": ["leaf"]})

    answer = why(closure, index(closure, "leaf"))

    assert answer.chains == 2**61
    assert len(answer.chain) == 63
    assert len(list(islice(chains_in_order(closure, index(closure, "leaf")), 5))) == 5


def test_a_chain_of_two_thousand_is_no_problem() -> None:
    closure = closure_of({f"p{level}": [f"p{level + 1}"] for level in range(2000)})

    answer = why(closure, index(closure, "p2000"))

    assert (answer.chains, len(answer.chain), len(answer.must_pass)) == (1, 2001, 2000)
    cut = smallest_cut(closure, index(closure, "p2000"))
    assert cut is not None
    assert [names(closure, edge) for edge in cut.edges] == [["p0", "p1"]]


def test_why_a_root_is_there_is_itself() -> None:
    closure = closure_of({"app": ["lib"]})

    answer = why(closure, index(closure, "app"))

    assert names(closure, answer.chain) == ["app"]
    assert answer.chains == 1
    assert answer.must_pass_edges == ()


@given(CLOSURES)
def test_what_each_reference_saves_is_what_a_walk_without_it_misses(records: ClosureRecords) -> None:
    closure = Closure(records)
    sizes = added_sizes(closure)

    for edge in edges_of(closure):
        assert saved_by_edge(closure, sizes, edge) == sizes.total - size(closure, left_without(closure, {edge}))


@given(CLOSURES)
def test_what_leaves_with_a_path_is_what_a_walk_without_it_misses(records: ClosureRecords) -> None:
    closure = Closure(records)
    leaving = dominated(added_sizes(closure))

    for here in range(len(closure)):
        assert set(leaving[here]) == set(range(len(closure))) - left_without(closure, set(), {here})


@given(CLOSURES, st.randoms(use_true_random=False))
def test_several_cuts_save_what_a_walk_without_them_misses(records: ClosureRecords, rng: random.Random) -> None:
    closure = Closure(records)
    edges = edges_of(closure)
    cut = set(rng.sample(edges, min(len(edges), rng.randrange(5))))
    dropped = set(rng.sample(range(len(closure)), rng.randrange(min(3, len(closure)))))

    saving = saving_of(closure, cut, dropped)

    left = left_without(closure, cut, dropped)
    assert set(saving.paths) == set(range(len(closure))) - left
    assert saving.size == sum(closure.nar_sizes) - size(closure, left)


@given(CLOSURES, st.randoms(use_true_random=False))
def test_a_smallest_cut_is_as_small_as_that_of_networkx_and_drops_the_path(
    records: ClosureRecords, rng: random.Random
) -> None:
    closure = Closure(records)
    edges = edges_of(closure)
    keep = {edge for edge in edges if rng.random() < 0.25}
    graph = with_virtual_root(closure)
    for referrer, one in edges:
        if (referrer, one) not in keep:
            graph[closure.path(referrer)][closure.path(one)]["capacity"] = 1

    for target in range(len(closure)):
        cut = smallest_cut(closure, target, keep)
        try:
            smallest = nx.minimum_cut_value(graph, VIRTUAL, closure.path(target))
        except nx.NetworkXUnbounded:
            assert cut is None
            continue

        assert cut is not None
        assert len(cut.edges) == smallest
        assert not set(cut.edges) & keep
        left = left_without(closure, set(cut.edges))
        assert target not in left
        assert cut.saving.size == sum(closure.nar_sizes) - size(closure, left)


def test_a_cut_of_very_many_references_is_no_plan() -> None:
    closure = closure_of({"app": [f"p{n}" for n in range(MOST_EDGES + 1)], **{f"p{n}": ["libc"] for n in range(65)}})

    assert smallest_cut(closure, index(closure, "libc")) is None


@given(CLOSURES, st.randoms(use_true_random=False))
def test_every_size_of_a_what_if_is_that_of_what_is_left(records: ClosureRecords, rng: random.Random) -> None:
    closure = Closure(records)
    edges = edges_of(closure)
    cut = set(rng.sample(edges, min(len(edges), rng.randrange(5))))
    dropped = set(rng.sample(range(len(closure)), rng.randrange(min(3, len(closure)))))

    answer = what_if(closure, Structure(closure, frozenset(), frozenset()), cut, dropped)

    left = left_without(closure, cut, dropped)
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(left)
    graph.add_edges_from(edge for edge in edges if edge not in cut and set(edge) <= left)
    assert answer.sizes.total == size(closure, left)
    assert answer.sizes.total + answer.saving.size == sum(closure.nar_sizes)
    for here in range(len(closure)):
        if here not in left:
            assert (answer.sizes.closure or ())[here] == answer.sizes.added[here] == 0
            continue
        assert (answer.sizes.closure or ())[here] == size(closure, nx.descendants(graph, here) | {here})
        without = left_without(closure, cut, dropped | {here})
        assert answer.sizes.added[here] == answer.sizes.total - size(closure, without)


def test_links_of_an_environment_vanish_when_nothing_propagates_the_path() -> None:
    #  env → humanize → pytest, and the environment links to pytest because humanize propagates it
    closure = closure_of({"env": ["humanize", "pytest"], "humanize": ["pytest"]}, {"pytest": 100})
    env, humanize, pytest_ = (index(closure, name) for name in ("env", "humanize", "pytest"))
    follows = frozenset({(env, pytest_)})
    structure = Structure(closure.without(follows), follows, frozenset({(env, humanize)}))

    answer = what_if(closure, structure, {(humanize, pytest_)})

    assert answer.saving.size == 100
    assert answer.followed == follows


@pytest.mark.parametrize("kept", [True, False])
def test_a_link_that_somebody_chose_keeps_the_path(kept: bool) -> None:
    closure = closure_of({"env": ["humanize", "pytest"], "humanize": ["pytest"]}, {"pytest": 100})
    env, humanize, pytest_ = (index(closure, name) for name in ("env", "humanize", "pytest"))
    follows = frozenset() if kept else frozenset({(env, pytest_)})

    answer = what_if(closure, Structure(closure.without(follows), follows, frozenset()), {(humanize, pytest_)})

    assert answer.saving.size == (0 if kept else 100)


@given(CLOSURES, st.integers(1, 4))
def test_a_limit_leaves_out_larger_cuts_and_changes_no_smaller_one(records: ClosureRecords, most: int) -> None:
    closure = Closure(records)

    for target in range(len(closure)):
        cut, limited = smallest_cut(closure, target), smallest_cut(closure, target, (), most)
        assert limited == (cut if cut is not None and len(cut.edges) <= most else None)
