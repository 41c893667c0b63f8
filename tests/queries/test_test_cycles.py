"""Circles through tests: a few that are well known, and random ones against networkx."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from random import Random

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyclosure.queries.testing.cycles import Cycle, EdgeKind, NeedEdge, cycles

Pair = tuple[str, str]


def base(by: str, needs: str, realised: bool = True) -> NeedEdge:
    return NeedEdge(by, needs, "base", realised)


def had(by: str, needs: str) -> NeedEdge:
    """Return a need of tests that a derivation has."""
    return NeedEdge(by, needs, "test", True)


def asked(by: str, needs: str, how: str = "") -> NeedEdge:
    """Return a need of tests that no derivation has."""
    return NeedEdge(by, needs, "test", False, how or f"the tests of {by} are off")


def members(found: Sequence[Cycle]) -> list[tuple[str, ...]]:
    return [one.members for one in found]


# -- well known --------------------------------------------------------------------------------------------


def test_pytest_and_hypothesis_test_with_each_other() -> None:
    (found,) = cycles([asked("pytest", "hypothesis"), had("hypothesis", "pytest")], {"pytest": 1, "hypothesis": 1})

    assert found.members == ("pytest", "hypothesis")
    assert [(one.kind, one.realised) for one in found.edges] == [("test", False), ("test", True)]
    assert (found.how, found.certain) == ("the tests of pytest are off", True)


def test_a_plugin_needs_at_run_time_what_tests_with_it() -> None:
    (found,) = cycles([asked("pytest", "pytest-mock"), base("pytest-mock", "pytest")], {})

    assert [(one.by, one.needs, one.kind) for one in found.edges] == [
        ("pytest", "pytest-mock", "test"),
        ("pytest-mock", "pytest", "base"),
    ]


def test_how_it_was_cut_is_said_by_the_edge_that_is_not_there() -> None:
    (found,) = cycles([asked("a", "b", "a leaves it out of its check inputs"), base("b", "a")], {"a": 2, "b": 2})

    assert found.how == "a leaves it out of its check inputs"
    assert not found.edges[0].realised


def test_two_builds_of_one_distribution_cut_a_circle() -> None:
    edges = [had("pytest", "hypothesis"), base("hypothesis", "attrs"), had("attrs", "pytest")]

    (found,) = cycles(edges, {"pytest": 1, "hypothesis": 1, "attrs": 2})

    assert sorted(found.members) == ["attrs", "hypothesis", "pytest"]
    assert (found.how, found.certain) == ("attrs: built more than once", False)
    assert found.edges[0].kind == "test"


def test_two_builds_of_all_cut_a_circle_too() -> None:
    (found,) = cycles([had("a", "b"), base("b", "a")], {"a": 2, "b": 2})

    assert found.how == "a, b: built more than once"


def test_two_builds_of_another_in_the_same_knot_cut_no_circle() -> None:
    # a and b need each other, and c is on other circles with them
    knot = [had("a", "b"), base("b", "a"), base("b", "c"), base("c", "a")]

    assert cycles(knot, {"a": 1, "b": 1, "c": 2}) == ()


def test_all_that_are_built_twice_are_named() -> None:
    (found,) = cycles([had("a", "b"), base("b", "c"), base("c", "a")], {"a": 2, "b": 1, "c": 3})

    assert found.how == "a, c: built more than once"


@pytest.mark.parametrize("builds", [{}, {"a": 1, "b": 1}, {"c": 5}])
def test_names_alone_make_no_circle_of_what_was_built_once(builds: Mapping[str, int]) -> None:
    assert cycles([had("a", "b"), base("b", "a")], builds) == ()


@pytest.mark.parametrize("realised", [True, False])
def test_circles_without_tests_are_somebody_elses(realised: bool) -> None:
    assert cycles([base("a", "b"), base("b", "a", realised)], {"a": 2, "b": 2}) == ()


def test_a_test_edge_beside_a_circle_is_not_part_of_it() -> None:
    edges = [base("a", "b"), base("b", "a"), asked("a", "c"), asked("c", "d"), asked("e", "a")]

    assert cycles(edges, {}) == ()


def test_nobody_needs_themselves() -> None:
    assert cycles([asked("a", "a"), had("a", "a"), asked("a", "b")], {"a": 2}) == ()


def test_nothing_has_no_circles() -> None:
    assert cycles([], {}) == ()


def test_what_a_derivation_has_counts_whatever_else_asks_for_it() -> None:
    for edges in ([asked("a", "b"), had("a", "b")], [had("a", "b"), asked("a", "b")]):
        assert cycles([*edges, base("b", "a")], {}) == ()
        assert len(cycles([*edges, base("b", "a")], {"a": 2})) == 1
    # a need at run time is one however often tests ask for the same
    for edges in ([base("a", "b"), had("a", "b")], [had("a", "b"), base("a", "b")], [base("a", "b"), asked("a", "b")]):
        assert cycles([*edges, base("b", "a")], {"a": 2}) == ()


def test_it_comes_back_by_what_is_there_even_if_that_is_longer() -> None:
    there = [base("b", "c"), base("c", "d"), base("d", "a")]

    (found,) = cycles([asked("a", "b"), *there, base("b", "a", realised=False)], {})

    assert found.members == ("a", "b", "c", "d")
    assert all(one.realised for one in found.edges[1:])


def test_a_circle_may_be_cut_in_two_places() -> None:
    found = cycles([asked("a", "b"), base("b", "c"), asked("c", "a")], {})

    assert members(found) == [("a", "b", "c")]
    assert [one.realised for one in found[0].edges] == [False, True, False]


def test_one_circle_is_reported_once_whichever_edge_it_is_found_by() -> None:
    edges = [asked("a", "b"), asked("b", "c"), asked("c", "a")]

    assert members(cycles(edges, {})) == members(cycles(reversed(edges), {})) == [("a", "b", "c")]


def test_of_two_ways_back_the_same_is_always_taken() -> None:
    edges = [asked("a", "b"), base("b", "d"), base("d", "a"), base("b", "c"), base("c", "a")]

    assert members(cycles(edges, {})) == members(cycles(reversed(edges), {})) == [("a", "b", "c")]


def test_a_circle_of_many_is_found_whole() -> None:
    many = [f"p{index:04}" for index in range(3000)]

    (found,) = cycles([asked(many[-1], many[0]), *(base(one, other) for one, other in pairwise(many))], {})

    assert found.members == (many[-1], *many[:-1])
    assert len(found.edges) == 3000


def test_shorter_circles_come_first_then_those_that_are_sure() -> None:
    edges = [
        *(had("b", "a"), base("a", "b")),
        *(asked("z", "y"), base("y", "z")),
        *(asked("n", "m"), base("m", "n")),
        *(asked("c", "d"), base("d", "e"), base("e", "c")),
    ]

    found = cycles(edges, {"a": 2})

    assert members(found) == [("n", "m"), ("z", "y"), ("b", "a"), ("c", "d", "e")]


def test_circles_that_share_members_are_each_reported() -> None:
    edges = [
        *(asked("pytest", "hypothesis"), had("hypothesis", "pytest")),
        *(asked("pytest", "attrs"), had("attrs", "pytest"), base("hypothesis", "attrs")),
    ]

    assert members(cycles(edges, {})) == [("pytest", "attrs"), ("pytest", "hypothesis")]


# -- random ones -------------------------------------------------------------------------------------------


@st.composite
def needs(draw: st.DrawFn) -> list[NeedEdge]:
    """Draw needs among few names; between two of them several may stand."""
    every = "abcdef"[: draw(st.integers(2, 6))]
    kinds: st.SearchStrategy[EdgeKind] = st.sampled_from(["base", "test"])
    edge = st.builds(NeedEdge, st.sampled_from(every), st.sampled_from(every), kinds, st.booleans())
    found = draw(st.lists(edge, max_size=16))
    return [
        NeedEdge(one.by, one.needs, one.kind, one.realised, "" if one.realised else f"{one.by}-{one.needs}")
        for one in found
    ]


BUILDS = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 3))


def slow_best(edges: Sequence[NeedEdge]) -> dict[Pair, NeedEdge]:
    """Of all needs between two, one that a derivation has; of those, one at run time."""
    found: dict[Pair, NeedEdge] = {}
    for realised in (False, True):
        for kind in ("test", "base"):
            found |= {
                (one.by, one.needs): one
                for one in edges
                if one.by != one.needs and (one.realised, one.kind) == (realised, kind)
            }
    return found


def slow_graphs(best: Mapping[Pair, NeedEdge]) -> tuple[nx.DiGraph[str], nx.DiGraph[str]]:
    """Return who needs whom, and who needs whom by a derivation."""
    whole: nx.DiGraph[str] = nx.DiGraph()
    there: nx.DiGraph[str] = nx.DiGraph()
    whole.add_edges_from(best)
    there.add_nodes_from(whole)
    there.add_edges_from(pair for pair, edge in best.items() if edge.realised)
    return whole, there


def ways_back(edge: NeedEdge, best: Mapping[Pair, NeedEdge]) -> list[list[str]]:
    """Return all shortest ways from what is needed to who needs it, by what is there if that can be."""
    whole, there = slow_graphs(best)
    for graph in (there, whole) if not edge.realised else (there,):
        if nx.has_path(graph, edge.needs, edge.by):
            return list(nx.all_shortest_paths(graph, edge.needs, edge.by))
    return []


@given(needs(), BUILDS)
def test_every_circle_is_one_and_none_is_reported_twice(edges: list[NeedEdge], builds: dict[str, int]) -> None:
    best = slow_best(edges)

    found = cycles(edges, builds)

    for one in found:
        assert len(set(one.members)) == len(one.edges) >= 2
        assert one.edges[-1].needs == one.edges[0].by
        assert all(edge.needs == other.by for edge, other in pairwise(one.edges))
        assert all(
            (edge.kind, edge.realised) == (best[edge.by, edge.needs].kind, best[edge.by, edge.needs].realised)
            for edge in one.edges
        )
        assert one.edges[0].kind == "test"
    assert len({frozenset(one.members) for one in found}) == len(found)
    assert list(found) == sorted(found, key=lambda one: (len(one.edges), one.edges[0].realised, one.members))


@given(needs(), BUILDS)
def test_every_circle_is_a_shortest_one_through_its_first_edge(edges: list[NeedEdge], builds: dict[str, int]) -> None:
    best = slow_best(edges)

    for one in cycles(edges, builds):
        assert [*one.members[1:], one.members[0]] in ways_back(one.edges[0], best)


@settings(max_examples=400)
@given(needs(), BUILDS)
def test_a_circle_that_is_wholly_there_needs_two_builds_of_somebody(
    edges: list[NeedEdge], builds: dict[str, int]
) -> None:
    for one in cycles(edges, builds):
        twice = [name for name in one.members if builds.get(name, 0) > 1]
        if all(edge.realised for edge in one.edges):
            assert twice and one.how == f"{', '.join(twice)}: built more than once"
            assert not one.certain
        else:
            assert not one.edges[0].realised
            assert one.how == f"{one.members[0]}-{one.members[1]}"
            assert one.certain


@settings(max_examples=400)
@given(needs(), BUILDS)
def test_every_need_of_tests_that_is_part_of_a_circle_is_in_one(edges: list[NeedEdge], builds: dict[str, int]) -> None:
    best = slow_best(edges)
    found = {frozenset(one.members) for one in cycles(edges, builds)}

    for edge in best.values():
        ways = [frozenset(way) for way in ways_back(edge, best)]
        if edge.kind == "test" and edge.realised:
            ways = [way for way in ways if any(builds.get(name, 0) > 1 for name in way)] if one_answer(ways) else []
        if edge.kind == "test" and ways:
            assert found & set(ways)


def one_answer(ways: Sequence[object]) -> bool:
    """Say whether it does not matter which of several shortest ways is looked at."""
    return len(ways) == 1


@given(needs(), BUILDS, st.randoms(use_true_random=False))
def test_the_order_of_needs_does_not_matter(edges: list[NeedEdge], builds: dict[str, int], rng: Random) -> None:
    shuffled = list(edges)
    rng.shuffle(shuffled)

    assert members(cycles(shuffled, builds)) == members(cycles(edges, builds))
