"""The build graph against networkx, on random graphs of plain, fixed-output and content-addressed derivations."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from unittest import mock

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.records import Derivation, Output
from pyclosure.queries.graph import build
from pyclosure.queries.graph.build import BuildEdge, BuildGraph
from tests.support.closures import derivation_of, store_path
from tests.support.sentences import assert_sentence

FIXED = Output(store_path("fixed"), "sha256", "00" * 32, "flat")
ADDRESSED = Output(None, "sha256", None, "nar")
DEFERRED = Output(None)


def drv(name: str) -> str:
    return store_path(f"{name}.drv")


def made(name: str, inputs: Mapping[str, Sequence[str]] | Iterable[str] = (), kind: str = "plain") -> Derivation:
    """Return a derivation with inputs by name, of a kind: plain, multi, fixed, addressed or deferred."""
    used = inputs if isinstance(inputs, Mapping) else dict.fromkeys(inputs, ("out",))
    one = derivation_of(name, outputs=("out", "dev", "lib") if kind == "multi" else ("out",), fixed=kind == "fixed")
    if kind in ("addressed", "deferred"):
        one = replace(one, outputs={"out": ADDRESSED if kind == "addressed" else DEFERRED})
    return replace(one, input_derivations={drv(below): tuple(outputs) for below, outputs in used.items()})


def graph_of(*derivations: Derivation) -> BuildGraph:
    return BuildGraph({one.path: one for one in derivations})


def literal(inputs: Mapping[str, str], fixed: str = "") -> BuildGraph:
    """Return a graph of one-letter names: ``{"b": "a"}`` is b built from a."""
    every = {*inputs, *"".join(inputs.values())}
    kinds = {name: "fixed" if name in fixed else "plain" for name in every}
    return graph_of(*(made(name, inputs.get(name, ""), kinds[name]) for name in sorted(every)))


def named(graph: BuildGraph, positions: Iterable[int]) -> str:
    return "".join(sorted(graph.derivations[one].name for one in positions))


def positions(graph: BuildGraph, names: str) -> list[int]:
    return [graph.position[drv(name)] for name in names]


@st.composite
def derivations(draw: st.DrawFn, largest: int = 12) -> dict[str, Derivation]:
    """Draw derivations in any order; some inputs are not among them."""
    count = draw(st.integers(1, largest))
    every = []
    for index in range(count):
        below = draw(st.sets(st.integers(0, index - 1), max_size=4)) if index else set()
        kind = draw(st.sampled_from(["plain", "plain", "multi", "fixed", "addressed", "deferred"]))
        outputs = st.sampled_from([("out",), ("dev",), ("out", "dev")])
        inputs: dict[str, Sequence[str]] = {f"p{one}": draw(outputs) for one in sorted(below)}
        if draw(st.integers(0, 9)) == 0:
            inputs["unread"] = ("out",)
        every.append(made(f"p{index}", inputs, kind))
    return {one.path: one for one in draw(st.permutations(every))}


def slow_graph(derivations: Mapping[str, Derivation], without: Collection[tuple[str, str]] = ()) -> nx.DiGraph[str]:
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(derivations)
    for user, one in derivations.items():
        graph.add_edges_from(
            (user, below) for below in one.input_derivations if below in derivations and (user, below) not in without
        )
    return graph


def slow_rebuilt(
    derivations: Mapping[str, Derivation], seeds: Iterable[str], without: Collection[tuple[str, str]] = ()
) -> set[str]:
    """What can reach a seed once no fixed output is built from anything."""
    graph = slow_graph(derivations, without)
    graph.remove_edges_from(
        [(user, below) for user, below in graph.edges if any(one.hash for one in derivations[user].outputs.values())]
    )
    seeds = set(seeds)
    return seeds.union(*(nx.ancestors(graph, one) for one in seeds))


def slow_build_closure(
    derivations: Mapping[str, Derivation], roots: Iterable[str], without: Collection[tuple[str, str]] = ()
) -> set[str]:
    graph = slow_graph(derivations, without)
    roots = set(roots)
    return roots.union(*(nx.descendants(graph, one) for one in roots))


def paths(graph: BuildGraph, some: Iterable[int]) -> set[str]:
    return {graph.paths[one] for one in some}


# -- shape -------------------------------------------------------------------------------------------------


@given(derivations())
def test_inputs_come_before_what_is_built_with_them(derivations: dict[str, Derivation]) -> None:
    graph = BuildGraph(derivations)

    assert sorted(graph.paths) == sorted(derivations)
    assert len(graph) == len(derivations)
    for index, path in enumerate(graph.paths):
        assert graph.position[path] == index
        assert graph.derivations[index] is derivations[path]
        assert all(one < index for one in graph.inputs[index])
        assert list(graph.inputs[index]) == sorted(set(graph.inputs[index]))
        assert paths(graph, graph.inputs[index]) == set(derivations[path].input_derivations) & set(derivations)


@given(derivations())
def test_users_are_the_inputs_turned_around(derivations: dict[str, Derivation]) -> None:
    graph = BuildGraph(derivations)
    slow = slow_graph(derivations)

    for index, path in enumerate(graph.paths):
        assert paths(graph, graph.users[index]) == set(slow.predecessors(path))
        assert len(graph.users[index]) == len(set(graph.users[index]))


@given(derivations())
def test_what_nobody_could_read_is_missing(derivations: dict[str, Derivation]) -> None:
    asked = {below for one in derivations.values() for below in one.input_derivations}

    assert BuildGraph(derivations).missing == asked - set(derivations)


@given(derivations())
def test_the_networkx_graph_is_the_same(derivations: dict[str, Derivation]) -> None:
    graph = BuildGraph(derivations)

    assert nx.is_frozen(graph.graph)
    assert {path: graph.graph.nodes[path] for path in graph.graph} == {
        path: {"name": one.name, "system": "x86_64-linux", "fixed": one.fixed} for path, one in derivations.items()
    }
    assert {(user, below): data["outputs"] for user, below, data in graph.graph.edges(data=True)} == {
        (path, below): outputs
        for path, one in derivations.items()
        for below, outputs in one.input_derivations.items()
        if below in derivations
    }


@given(derivations())
def test_outputs_lead_to_their_derivation_and_name(derivations: dict[str, Derivation]) -> None:
    graph = BuildGraph(derivations)

    expected = {
        output.path: (path, name)
        for path, one in derivations.items()
        for name, output in one.outputs.items()
        if output.path is not None
    }
    assert {path: (graph.paths[index], name) for path, (index, name) in graph.by_output.items()} == expected


def test_what_has_no_path_before_it_is_built_is_found_by_none() -> None:
    graph = graph_of(made("a", kind="addressed"), made("b", "a", "deferred"), made("c", kind="multi"))

    assert dict(graph.by_output) == {
        store_path("c"): (graph.position[drv("c")], "out"),
        store_path("c-dev"): (graph.position[drv("c")], "dev"),
        store_path("c-lib"): (graph.position[drv("c")], "lib"),
    }


def test_only_a_known_hash_makes_an_output_fixed() -> None:
    kinds = ("plain", "multi", "fixed", "addressed", "deferred")
    graph = graph_of(*(made(kind, kind=kind) for kind in kinds))

    assert [name for name in kinds if graph.fixed[graph.position[drv(name)]]] == ["fixed"]


def test_nothing_is_a_graph_too() -> None:
    graph = BuildGraph({})

    assert (len(graph), graph.users, dict(graph.by_output), graph.missing) == (0, (), {}, frozenset())
    assert (graph.rebuilt([]), graph.build_closure([]), len(graph.graph)) == (set(), set(), 0)


# -- rebuilds ----------------------------------------------------------------------------------------------


@given(derivations(), st.data())
def test_rebuilt_is_what_reaches_a_seed_without_entering_fixed_outputs(
    derivations: dict[str, Derivation], data: st.DataObject
) -> None:
    graph = BuildGraph(derivations)

    for seed in range(len(graph)):
        assert paths(graph, graph.rebuilt([seed])) == slow_rebuilt(derivations, [graph.paths[seed]])
    seeds = data.draw(st.sets(st.integers(0, len(graph) - 1), max_size=4))
    assert paths(graph, graph.rebuilt(seeds)) == slow_rebuilt(derivations, paths(graph, seeds))


@given(derivations(), st.data())
def test_edges_that_are_taken_away_carry_neither_rebuilds_nor_inputs(
    derivations: dict[str, Derivation], data: st.DataObject
) -> None:
    graph = BuildGraph(derivations)
    edges: list[BuildEdge] = [(user, one) for user in range(len(graph)) for one in graph.inputs[user]]
    # of what is left out, some are no edges at all, or edges the wrong way round
    gone = data.draw(st.sets(st.sampled_from([*edges, *((one, user) for user, one in edges), (0, 0)])))
    named = {(graph.paths[user], graph.paths[one]) for user, one in gone}

    for seed in range(len(graph)):
        path = graph.paths[seed]
        assert paths(graph, graph.rebuilt([seed], gone)) == slow_rebuilt(derivations, [path], named)
        assert paths(graph, graph.build_closure([seed], gone)) == slow_build_closure(derivations, [path], named)


@given(derivations(), st.data())
def test_a_build_closure_is_all_below_fixed_outputs_included(
    derivations: dict[str, Derivation], data: st.DataObject
) -> None:
    graph = BuildGraph(derivations)

    for root in range(len(graph)):
        assert paths(graph, graph.build_closure([root])) == slow_build_closure(derivations, [graph.paths[root]])
    roots = data.draw(st.sets(st.integers(0, len(graph) - 1), max_size=4))
    assert paths(graph, graph.build_closure(roots)) == slow_build_closure(derivations, paths(graph, roots))


@given(derivations(), st.data(), st.sampled_from([1, 3, 16384]))
def test_bitsets_of_all_at_once_say_the_same_whatever_their_length(
    derivations: dict[str, Derivation], data: st.DataObject, bits: int
) -> None:
    graph = BuildGraph(derivations)
    edges = [(user, one) for user in range(len(graph)) for one in graph.inputs[user]]
    gone = data.draw(st.sets(st.sampled_from(edges))) if edges else set()

    with mock.patch.object(build, "_BLOCK", bits):
        counts, without = graph.rebuild_counts(), graph.rebuild_counts(gone)
        users, inputs = positions_in(graph.user_blocks(gone)), positions_in(graph.input_blocks())

    assert counts == [len(graph.rebuilt([index])) - 1 for index in range(len(graph))]
    assert without == [len(graph.rebuilt([index], gone)) - 1 for index in range(len(graph))]
    assert users == {index: found for index in range(len(graph)) if (found := graph.rebuilt([index], gone) - {index})}
    assert inputs == {index: graph.build_closure([index]) for index in range(len(graph))}


def positions_in(blocks: Iterable[tuple[int, list[int]]]) -> dict[int, set[int]]:
    """Return position → the positions in its bitsets, where there are any."""
    found: dict[int, set[int]] = {}
    for start, every in blocks:
        for index, bits in enumerate(every):
            for bit in range(bits.bit_length()):
                if bits >> bit & 1:
                    assert start + bit not in found.setdefault(index, set())
                    found[index].add(start + bit)
    return found


@pytest.mark.parametrize("seed", range(3))
def test_all_of_it_holds_on_larger_graphs_too(seed: int) -> None:
    rng = random.Random(seed)
    every = [made("p0")]
    for index in range(1, 400):
        below = {rng.randrange(index) for _ in range(rng.randrange(5))} | {rng.randrange(min(index, 10))}
        kind = rng.choice(["plain", "multi", "addressed", "fixed"])
        every.append(made(f"p{index}", [f"p{one}" for one in sorted(below)], kind))
    rng.shuffle(every)
    derivations = {one.path: one for one in every}
    graph = BuildGraph(derivations)

    counts = graph.rebuild_counts()
    for index in range(0, len(graph), 9):
        assert counts[index] == len(graph.rebuilt([index])) - 1
        assert paths(graph, graph.rebuilt([index])) == slow_rebuilt(derivations, [graph.paths[index]])
        assert paths(graph, graph.build_closure([index])) == slow_build_closure(derivations, [graph.paths[index]])


def test_a_fixed_output_is_not_built_anew_when_its_fetcher_changes() -> None:
    # fetcher → source (fixed) → package → application
    graph = literal({"s": "f", "p": "sc", "a": "p"}, fixed="s")

    assert named(graph, graph.rebuilt(positions(graph, "f"))) == "f"
    assert named(graph, graph.rebuilt(positions(graph, "c"))) == "acp"


def test_a_fixed_output_that_changes_itself_rebuilds_what_uses_it() -> None:
    graph = literal({"s": "f", "p": "s", "a": "p"}, fixed="s")

    assert named(graph, graph.rebuilt(positions(graph, "s"))) == "aps"
    assert named(graph, graph.rebuilt(positions(graph, "fs"))) == "afps"


def test_a_way_around_a_fixed_output_still_rebuilds() -> None:
    graph = literal({"s": "f", "p": "sf"}, fixed="s")

    assert named(graph, graph.rebuilt(positions(graph, "f"))) == "fp"


def test_any_output_that_an_edge_names_rebuilds() -> None:
    graph = graph_of(made("lib", kind="multi"), made("a", {"lib": ["dev"]}), made("b", {"lib": ["lib", "out"]}))

    assert len(graph.rebuilt([graph.position[drv("lib")]])) == 3


def test_an_edge_that_is_taken_away_leaves_other_ways() -> None:
    graph = literal({"b": "a", "c": "ab"})
    c, b, a = positions(graph, "cba")

    assert named(graph, graph.rebuilt([a], {(c, a)})) == "abc"
    assert named(graph, graph.rebuilt([a], {(c, a), (c, b)})) == "ab"
    assert named(graph, graph.build_closure([c], {(c, a)})) == "abc"
    assert named(graph, graph.build_closure([c], {(c, b)})) == "ac"


def test_a_chain_of_five_thousand_is_no_problem() -> None:
    graph = graph_of(made("p0"), *(made(f"p{index}", [f"p{index - 1}"]) for index in range(1, 5000)))

    assert len(graph.rebuilt([0])) == len(graph.build_closure([4999])) == 5000


def test_ways_beyond_counting_are_no_problem() -> None:
    # each of 60 layers has two derivations, both built with both of the layer below
    layers = [
        made(f"{side}{index}", [f"a{index - 1}", f"b{index - 1}"] if index else [])
        for index in range(60)
        for side in "ab"
    ]
    graph = graph_of(*layers)

    assert len(graph.rebuilt([0])) == 119
    assert len(graph.build_closure([119])) == 119


# -- circles -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("inputs", [{"a": "a"}, {"a": "b", "b": "a"}, {"a": "b", "b": "c", "c": "da", "d": ""}])
def test_inputs_in_a_circle_are_refused_in_a_sentence(inputs: dict[str, str]) -> None:
    with pytest.raises(BadInput) as caught:
        literal(inputs)

    assert_sentence(caught.value, "form a circle", "a.drv → ", kind=BadInput)
    assert "/nix/store" not in str(caught.value)
    shown = circle_in(caught.value)
    assert shown[0] == shown[-1]
    assert set(shown) == set(inputs) - {"d"}


def test_arrows_of_a_circle_point_to_what_something_is_built_from() -> None:
    inputs = {"a": "b", "b": "c", "c": "a"}
    with pytest.raises(BadInput) as caught:
        literal(inputs)

    assert all(inputs[user] == below for user, below in pairwise(circle_in(caught.value)))


def circle_in(error: BadInput) -> list[str]:
    return [one.removesuffix(".drv") for one in str(error).split(": ")[1].split(" → ")]


def test_a_circle_of_hundreds_is_still_one_sentence() -> None:
    with pytest.raises(BadInput) as caught:
        graph_of(
            *(
                made(f"package-with-a-name-{index}", [f"package-with-a-name-{(index + 1) % 300}"])
                for index in range(300)
            )
        )

    assert_sentence(caught.value, "form a circle", kind=BadInput)
    assert str(caught.value).count("→") == 5


@given(derivations(), st.data())
def test_any_edge_back_to_what_is_built_with_it_is_refused(
    derivations: dict[str, Derivation], data: st.DataObject
) -> None:
    graph = BuildGraph(derivations)
    below = data.draw(st.integers(0, len(graph) - 1))
    above = data.draw(st.sampled_from(sorted(slow_above(derivations, graph.paths[below]))))
    one = derivations[graph.paths[below]]
    back = replace(one, input_derivations={**one.input_derivations, above: ("out",)})

    with pytest.raises(BadInput):
        BuildGraph({**derivations, one.path: back})


def slow_above(derivations: Mapping[str, Derivation], path: str) -> set[str]:
    return {path} | set(nx.ancestors(slow_graph(derivations), path))
