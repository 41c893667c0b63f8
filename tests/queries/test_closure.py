"""A closure as a graph: what it keeps, what it drops, what it refuses."""

from __future__ import annotations

import msgspec
import networkx as nx
import pytest
from hypothesis import given

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.records import ClosureRecords
from pyclosure.queries.graph.closure import Closure
from tests.support.closures import closure_of, index, names, records_of, store_path
from tests.support.sentences import assert_sentence
from tests.support.slow import random_records, reached

#  app → lib → libc        lib and libc mention themselves
#  app → data → libc
SMALL = {"app": ["lib", "data"], "lib": ["lib", "libc"], "data": ["libc"], "libc": ["libc"]}
SIZES = {"app": 1, "lib": 10, "data": 100, "libc": 1000}


def test_references_come_before_their_referrers() -> None:
    closure = closure_of(SMALL, SIZES)

    for position, references in enumerate(closure.references):
        assert all(reference < position for reference in references)
    assert closure.name(len(closure) - 1) == "app"
    assert sorted(names(closure, closure.references[index(closure, "app")])) == ["data", "lib"]


def test_referrers_are_references_the_other_way_round() -> None:
    closure = closure_of(SMALL)

    assert sorted(names(closure, closure.referrers[index(closure, "libc")])) == ["data", "lib"]
    assert closure.referrers[index(closure, "app")] == ()


def test_self_references_are_no_edges() -> None:
    closure = closure_of(SMALL)

    assert sorted(names(closure, closure.self_references)) == ["lib", "libc"]
    assert index(closure, "lib") not in closure.references[index(closure, "lib")]


def test_positions_names_and_paths_fit_together() -> None:
    closure = closure_of(SMALL, SIZES)

    assert len(closure) == 4
    for path, position in closure.position.items():
        assert closure.path(position) == path == closure.infos[position].path
    assert closure.name(index(closure, "libc")) == "libc"
    assert closure.nar_sizes[index(closure, "libc")] == 1000
    assert closure.store_dir == "/nix/store"


def test_requisites_are_the_path_and_all_below_it() -> None:
    closure = closure_of(SMALL)

    assert names(closure, closure.requisites([index(closure, "data")])) == ["libc", "data"]
    both = closure.requisites([index(closure, "lib"), index(closure, "data")])
    assert sorted(names(closure, both)) == ["data", "lib", "libc"] and both == sorted(both)
    assert closure.requisites([]) == []


def test_dependants_are_all_from_which_a_path_is_reached() -> None:
    closure = closure_of({**SMALL, "other": ["libz"]})

    assert sorted(names(closure, closure.dependants([index(closure, "lib")]))) == ["app", "lib"]
    assert closure.dependants([]) == set()


def test_what_no_root_reaches_is_dropped() -> None:
    closure = closure_of(SMALL, roots=["lib"])

    assert sorted(names(closure, range(len(closure)))) == ["lib", "libc"]


def test_a_root_may_be_below_another() -> None:
    closure = closure_of(SMALL, roots=["libc", "app"])

    assert names(closure, closure.roots) == ["libc", "app"]
    assert len(closure) == 4


def test_name_ranks_order_by_name_and_then_by_path() -> None:
    closure = closure_of({"b": ["a"], "c": ["b"]})

    assert [closure.name_ranks[index(closure, name)] for name in "abc"] == [0, 1, 2]


def test_a_chain_of_any_depth_is_no_problem() -> None:
    depth = 20_000
    closure = closure_of({str(one): [str(one + 1)] for one in range(depth)})

    assert len(closure) == depth + 1
    assert closure.name(0) == str(depth)


# -- the networkx graph ----------------------------------------------------------------------------------


def test_the_graph_has_the_documented_attributes() -> None:
    records = records_of(SMALL, SIZES, derivers={"lib": "lib.drv"})
    graph = Closure(records).graph

    assert graph.nodes[store_path("lib")] == {"nar_size": 10, "name": "lib", "deriver": store_path("lib.drv")}
    assert graph.nodes[store_path("app")]["deriver"] is None
    assert set(graph.edges) == {
        (store_path(one), store_path(other))
        for one, other in [("app", "lib"), ("app", "data"), ("lib", "libc"), ("data", "libc")]
    }
    assert graph.graph["roots"] == (store_path("app"),)
    assert graph.graph["store_dir"] == "/nix/store"
    assert sorted(graph.graph["self_references"]) == sorted([store_path("lib"), store_path("libc")])


def test_the_graph_is_frozen_and_made_once() -> None:
    closure = closure_of(SMALL)

    assert nx.is_frozen(closure.graph)
    assert closure.graph is closure.graph
    with pytest.raises(nx.NetworkXError):
        closure.graph.add_edge(store_path("libc"), store_path("app"))
    with pytest.raises(nx.NetworkXError):
        closure.graph.remove_node(store_path("app"))


@given(random_records())
def test_the_graph_is_what_the_roots_reach(records: ClosureRecords) -> None:
    everything: nx.DiGraph[str] = nx.DiGraph()
    everything.add_nodes_from(info.path for info in records.paths)
    everything.add_edges_from((info.path, one) for info in records.paths for one in info.references)

    closure = Closure(records)

    assert set(closure.graph) == reached(everything, records.roots) == set(closure.position)
    assert set(closure.graph.edges) == set(everything.subgraph(closure.graph).edges)
    assert nx.is_directed_acyclic_graph(closure.graph)
    for start in closure.position:
        assert {closure.path(one) for one in closure.requisites([closure.position[start]])} == reached(
            everything, [start]
        )
        assert {closure.path(one) for one in closure.dependants([closure.position[start]])} == nx.ancestors(
            closure.graph, start
        ) | {start}


# -- refusals --------------------------------------------------------------------------------------------


def refusal(records: ClosureRecords) -> BadInput:
    with pytest.raises(BadInput) as caught:
        Closure(records)
    return caught.value


def test_a_cycle_is_refused_and_shown() -> None:
    error = refusal(records_of({"app": ["a"], "a": ["b"], "b": ["c"], "c": ["a"]}, roots=["app"]))

    assert_sentence(error, "a → b → c → a", kind=BadInput)


def test_a_long_cycle_is_shown_by_its_beginning() -> None:
    ring = {f"n{one}": [f"n{(one + 1) % 100}"] for one in range(100)}

    error = refusal(records_of(ring, roots=["n0"]))

    assert_sentence(error, "n0 → n1 → n2 → n3 → … 96 more … → n0", kind=BadInput)


def test_a_missing_reference_is_named_with_its_referrer() -> None:
    whole = records_of({"app": ["lib"]})
    torn = msgspec.structs.replace(whole, paths=tuple(one for one in whole.paths if one.path == store_path("app")))

    assert_sentence(refusal(torn), "app references", store_path("lib"), "missing", kind=BadInput)


def test_a_missing_root_is_named() -> None:
    records = msgspec.structs.replace(records_of({"app": []}), roots=(store_path("other"),))

    assert_sentence(refusal(records), store_path("other"), kind=BadInput, hint=False)


def test_a_closure_without_roots_is_refused() -> None:
    assert_sentence(refusal(records_of({"app": []}, roots=[])), "none was named", kind=BadInput, hint=False)


def test_a_closure_of_too_many_paths_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyclosure.queries.graph.closure.MOST_PATHS", 3)

    assert len(closure_of({"a": ["b", "c"]})) == 3
    with pytest.raises(BadInput) as caught:
        closure_of({"a": ["b", "c"], "c": ["d"]})
    assert_sentence(caught.value, "4 paths", "3 at most", kind=BadInput)
