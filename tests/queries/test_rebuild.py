"""What a change rebuilds: against a real package set, and against slow obvious algorithms on random graphs."""

from __future__ import annotations

import gzip
import json
import tomllib
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.names import name_of
from pyclosure.queries.base.records import ClosureRecords, Derivation, Output, PathInfo
from pyclosure.queries.findings import known_rules
from pyclosure.queries.graph.build import BuildEdge, BuildGraph
from pyclosure.queries.graph.closure import Closure
from pyclosure.queries.kinds.by_derivation import is_python_build
from pyclosure.queries.policy.policy import policy_of
from pyclosure.queries.policy.rebuild import Profiles, weigh
from pyclosure.queries.rebuild.amplifiers import amplified, amplifiers
from pyclosure.queries.rebuild.attributes import changed_attributes, parse_attributes
from pyclosure.queries.rebuild.compare import Comparison
from pyclosure.queries.rebuild.edges import attributes_of_inputs
from pyclosure.queries.rebuild.impact import Impact, impact
from pyclosure.queries.rebuild.ranking import ranking
from pyclosure.queries.rebuild.select import select_derivations
from pyclosure.queries.testing.cost import test_edges as edges_of_tests
from pyclosure.queries.testing.inputs import check_inputs
from pyclosure.queries.testing.world import World, placeholder
from tests.support.sentences import assert_sentence

RECORDED = Path(__file__).parents[1] / "data" / "build-graphs.json.gz"
COUNTS = """
flit-core          312 203  312 203  301 198  301 198
installer          311 202  311 202  300 197  300 197
wheel              306 199  306 199  295 194  295 194
packaging          304 198  304 198  293 193  293 193
pyproject-hooks    303 198  303 198  292 193  292 193
build              302 197  302 197  291 192  291 192
setuptools         279 179  265 166  260 164  259 163
typing-extensions  233 154  168  92  174  98  164  89
setuptools-scm     232 153  164  88  171  95  160  85
calver             228 150  149  74  160  85  145  71
pathspec           227 149  150  75  161  86  146  72
trove-classifiers  227 149  148  73  159  84  144  70
pluggy             227 149  148  73  159  84  144  70
editables          227 149  148  73  159  84  144  70
hatchling          226 148  147  72  158  83  143  69
pygments           223 145  118  44  131  57  114  41
iniconfig          221 145   41  19  128  56   39  17
pytest             220 144   40  18  127  55   38  16
six                140  71   12  11   11  10   11  10
cython             138  67  109  42  108  42  105  39
"""
"""Dependants rebuilt, and how many of them are Python packages; counted by somebody else.

Tests on; on, edges of tests removed; as the set is shipped; as shipped, edges of tests removed.
"""
ROWS = {name: tuple(map(int, counts)) for name, *counts in map(str.split, COUNTS.split("\n")[1:-1])}


# -- a real package set ----------------------------------------------------------------------------------


@cache
def recording() -> dict[str, Any]:
    with gzip.open(RECORDED) as file:
        return dict(json.load(file))


@cache
def recorded(which: str) -> BuildGraph:
    """Return a graph of 1,171 derivations: names, outputs, inputs and the lists of inputs are as they were."""
    paths = [f"/nix/store/{path}" for path in recording()["paths"]]

    def words(text: str) -> str:
        return " ".join(paths[int(word)] if word.isdigit() else word for word in text.split())

    found = {}
    for key, one in recording()[which].items():
        path = paths[int(key)]
        found[path] = Derivation(
            path=path,
            name=name_of(path).removesuffix(".drv"),
            system="x86_64-linux",
            builder="/bin/sh",
            args=(),
            env={name: words(text) if name.endswith("Inputs") else text for name, text in one["e"].items()},
            outputs={
                name: Output(paths[index], hash="x" if fixed else None) for name, (index, *fixed) in one["o"].items()
            },
            input_sources=(),
            input_derivations={paths[int(index)]: tuple(used) for index, used in one["i"].items()},
        )
    return BuildGraph(found)


@cache
def edges_only_for_tests(which: str) -> frozenset[BuildEdge]:
    graph = recorded(which)
    world = World(dict(zip(graph.paths, graph.derivations, strict=True)), {})
    return edges_of_tests(
        graph, {one.path: check_inputs(one, world) for one in graph.derivations if is_python_build(one)}
    )


def test_touching_openssl_rebuilds_342_derivations_and_renames_949() -> None:
    base, head = recorded("base"), recorded("openssl")

    found = Comparison(base, head)

    assert (len(base), len(found.rebuilt), found.changed_drv_paths) == (1171, 342, 949)
    assert (found.added, found.removed) == ((), ())
    assert len(found.churned) == 949 - 342
    causes = [(head.derivations[one.head].name, one.differences[0].attribute, one.rebuilds) for one in found.causes]
    assert causes == [("openssl-3.6.0", "dummyChange", 338), ("openssl-3.6.0", "dummyChange", 2)]
    assert all((one.differences[0].old, one.differences[0].new) == (None, "1") for one in found.causes)
    assert sum(one.nearest for one in found.causes) == 340


def test_the_old_graph_alone_foretells_it() -> None:
    base, head = recorded("base"), recorded("openssl")
    seeds = select_derivations(base, "openssl", every=True)

    found = impact(base, seeds, edges_only_for_tests("base"))

    assert len(seeds) == 2
    assert (len(found.rebuilt), found.outputs) == (342, 764)
    assert sorted(base.derivations[index].name for index in found.rebuilt) == sorted(
        head.derivations[index].name for index in Comparison(base, head).rebuilt
    )


@cache
def known_by_comparing() -> frozenset[BuildEdge]:
    """Return the edges of tests of the set with tests on: inputs that the same package lacks without."""
    on, off = recorded("tests"), recorded("base")
    inputs = {
        drv.name: {off.derivations[one].name for one in off.inputs[index]} for index, drv in enumerate(off.derivations)
    }
    return edges_only_for_tests("tests") | {
        (index, one)
        for index, drv in enumerate(on.derivations)
        if drv.name.startswith("python3.13-") and drv.name in inputs
        for one in on.inputs[index]
        if on.derivations[one].name not in inputs[drv.name]
    }


@pytest.mark.parametrize("name", ROWS)
def test_counts_agree_with_those_made_by_somebody_else(name: str) -> None:
    on, shipped = recorded("tests"), recorded("base")

    found = counts_of(name, on, known_by_comparing()) + counts_of(name, shipped, edges_only_for_tests("base"))

    assert found == ROWS[name]


def counts_of(name: str, graph: BuildGraph, tests: frozenset[BuildEdge]) -> tuple[int, ...]:
    """Return derivations and Python packages that are rebuilt, with and without the edges of tests."""
    (seed,) = (index for index, drv in enumerate(graph.derivations) if of_package(drv.name) == name)
    with_tests = impact(graph, [seed], tests)
    without = impact(graph, [seed], tests, with_tests=False)
    (row,) = (one for one in ranking(graph, tests) if one.derivation == seed)
    assert (row.rebuilds, row.without_tests) == (with_tests.derivations, without.derivations)
    return tuple(count for one in (with_tests, without) for count in (one.derivations, named_after_python(one)))


def named_after_python(found: Impact) -> int:
    """Return how many dependants are packages of the set: applications and a hook were not counted as such."""
    drvs = [found.graph.derivations[index] for index in found.rebuilt.difference(found.seeds)]
    packages = [drv for drv in drvs if drv.name.startswith("python3.13-") and not drv.name.endswith("-hook")]
    assert all(is_python_build(drv) for drv in packages)
    others = {drv.name.rpartition("-")[0] for drv in drvs if is_python_build(drv) and drv not in packages}
    assert others <= {"asciidoc", "gi-docgen", "gtk-doc", "meson"}
    return len(packages)


def of_package(name: str) -> str:
    prefix, _, rest = name.partition("python3.13-")
    return "" if prefix else rest.rpartition("-")[0]


def test_the_heuristic_misses_one_edge_that_counts() -> None:
    graph = recorded("tests")
    missed = known_by_comparing() - edges_only_for_tests("tests")

    names = {
        (of_package(graph.derivations[index].name), of_package(graph.derivations[one].name)) for index, one in missed
    }
    assert names == {
        ("hatch-fancy-pypi-readme", "build"),
        ("tomlkit", "poetry-core"),
        ("meson-python", "cython"),
        ("cleo", "poetry-core"),
    }
    rows = {name: counts_of(name, graph, edges_only_for_tests("tests")) for name in ROWS}
    # a build tool that stands before the first test tool; nothing but the expression tells what it is for
    assert {name for name, counts in rows.items() if counts != ROWS[name][:4]} == {"cython"}
    assert rows["cython"] == (138, 67, 110, 43)


def test_tests_lead_from_the_compiler_of_rust_to_pytest() -> None:
    graph = recorded("base")
    (pytest_drv,) = select_derivations(graph, "pytest")
    (rustc,) = select_derivations(graph, "rustc")

    found = impact(graph, [pytest_drv], edges_only_for_tests("base"))

    assert found.reasons[rustc] == "test"
    way = found.way(rustc)
    assert sum(step.test for step in way) == 1
    assert way[0].derivation == rustc and way[-1].input == pytest_drv
    assert len(found.rebuilt) == 128 and len(found.without_tests) == 39


# -- random graphs ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Made:
    """A derivation before it has a path."""

    name: str
    inputs: tuple[int, ...]
    """Those made before it."""
    content: str = ""
    fixed: str = ""
    """What it fetches; empty for what is built."""
    floating: bool = False
    """Whether its output is addressed by its content."""
    outputs: tuple[str, ...] = ("out",)


def instantiate(made: list[Made]) -> dict[str, Derivation]:
    """Give derivations paths as Nix does: by content of what is built, by hash alone of what is fetched."""
    found: list[Derivation] = []
    # what an input counts for in the hash of an output
    marks: list[str] = []
    unknown: list[bool] = []
    for one in made:
        below = [found[index] for index in one.inputs]
        text = f"{one.name} {one.content} {sorted(marks[index] for index in one.inputs)}"
        mark = f"fixed {one.name} {one.fixed}" if one.fixed else text
        unknown.append(not one.fixed and (one.floating or any(unknown[index] for index in one.inputs)))
        env = {"content": one.content, "buildInputs": " ".join(_path(drv) for drv in below)}
        drv_path = f"/nix/store/{_digest(f'{one} {[drv.path for drv in below]}')}-{one.name}.drv"
        outputs = {
            name: Output(
                None if unknown[-1] else f"/nix/store/{_digest(f'{mark} {name}')}-{one.name}",
                hash=one.fixed or None,
            )
            for name in one.outputs
        }
        found.append(
            Derivation(
                drv_path,
                one.name,
                "x86_64-linux",
                "/bin/sh",
                (),
                env,
                outputs,
                (),
                {drv.path: ("out",) for drv in below},
            )
        )
        marks.append(mark if not unknown[-1] else drv_path)
    return {drv.path: drv for drv in found}


def _path(drv: Derivation) -> str:
    return drv.outputs["out"].path or "/nothing"


def _digest(text: str) -> str:
    alphabet = "0123456789abcdfghijklmnpqrsvwxyz"
    return "".join(alphabet[byte % 32] for byte in sha256(text.encode()).digest())


@st.composite
def graphs(draw: st.DrawFn, floating: bool = False) -> list[Made]:
    count = draw(st.integers(1, 12))
    made = []
    for index in range(count):
        fixed = draw(st.sampled_from(["", "", "", "sha"]))
        inputs = draw(st.sets(st.integers(0, index - 1), max_size=4)) if index else set()
        outputs = ("out",) if fixed else draw(st.sampled_from([("out",), ("out", "dev")]))
        is_floating = floating and not fixed and draw(st.booleans())
        made.append(
            Made(f"p{index}-1.0", tuple(sorted(inputs)), "a", fixed and f"{fixed}{index}", is_floating, outputs)
        )
    return made


def slow(graph: BuildGraph, without: set[BuildEdge]) -> nx.DiGraph[int]:
    """Return who is rebuilt because of whom: an arrow from what changes to what is built with it."""
    arrows: nx.DiGraph[int] = nx.DiGraph()
    arrows.add_nodes_from(range(len(graph)))
    for index, below in enumerate(graph.inputs):
        for one in below:
            if not graph.fixed[index] and (index, one) not in without:
                arrows.add_edge(one, index)
    return arrows


def slow_rebuilt(graph: BuildGraph, seeds: set[int], without: set[BuildEdge]) -> set[int]:
    arrows = slow(graph, without)
    return seeds.union(*(nx.descendants(arrows, seed) for seed in seeds))


@settings(max_examples=200)
@given(graphs(floating=True), st.data())
def test_impact_is_that_of_a_slow_walk(made: list[Made], data: st.DataObject) -> None:
    graph = BuildGraph(instantiate(made))
    seeds = data.draw(st.sets(st.integers(0, len(graph) - 1), min_size=1, max_size=3))
    every = [(index, one) for index, below in enumerate(graph.inputs) for one in below]
    tests = frozenset(data.draw(st.sets(st.sampled_from(every), max_size=4))) if every else frozenset()

    found = impact(graph, seeds, tests)

    assert found.rebuilt == slow_rebuilt(graph, seeds, set())
    assert found.without_tests == slow_rebuilt(graph, seeds, set(tests))
    arrows = slow(graph, set())
    shortest = {index: min(_distance(arrows, seed, index) for seed in seeds) for index in found.rebuilt}
    assert found.by_depth == tuple(
        sum(far == level for far in shortest.values()) for level in range(max(shortest.values()) + 1)
    )
    part = arrows.subgraph(found.rebuilt)
    assert len(found.longest) == nx.dag_longest_path_length(part) + 1
    assert all(part.has_edge(one, other) for one, other in pairwise(found.longest))
    assert found.upper_bound == any(
        output.path is None and not output.hash
        for index in found.rebuilt
        for output in graph.derivations[index].outputs.values()
    )
    _check_ways(found, slow(graph, set(tests)), seeds)


def _distance(arrows: nx.DiGraph[int], start: int, end: int) -> float:
    return nx.shortest_path_length(arrows, start, end) if nx.has_path(arrows, start, end) else float("inf")


def _check_ways(found: Impact, calm: nx.DiGraph[int], seeds: set[int]) -> None:
    for index in found.rebuilt:
        way = found.way(index)
        assert (not way) == (index in seeds)
        if not way:
            assert found.reasons[index] == "touched"
            continue
        assert way[0].derivation == index and way[-1].input in seeds
        assert all(one.input == other.derivation for one, other in pairwise(way))
        assert [step.test for step in way] == [(step.derivation, step.input) in found.tests for step in way]
        if index in found.without_tests:
            # a way without tests is preferred, and is as short as any of them
            assert not any(step.test for step in way)
            assert len(way) == min(_distance(calm, seed, index) for seed in seeds)
            assert found.reasons[index] == "build"
        else:
            assert any(step.test for step in way)
            assert found.reasons[index] == "test"


@settings(max_examples=200)
@given(graphs())
def test_every_rank_is_that_of_a_slow_walk(made: list[Made]) -> None:
    graph = BuildGraph(instantiate(made))

    rows = {one.derivation: one for one in ranking(graph)}

    assert {index: one.rebuilds for index, one in rows.items()} == {
        index: len(slow_rebuilt(graph, {index}, set())) - 1 for index in range(len(graph))
    }
    assert [one.rebuilds for one in ranking(graph)] == sorted((one.rebuilds for one in rows.values()), reverse=True)


@settings(max_examples=300)
@given(graphs(), st.data())
def test_causes_are_what_was_changed_and_all_else_follows(made: list[Made], data: st.DataObject) -> None:
    changed = data.draw(st.sets(st.integers(0, len(made) - 1), max_size=3))
    other = [replace(one, content="b") if index in changed else one for index, one in enumerate(made)]
    base, head = BuildGraph(instantiate(made)), BuildGraph(instantiate(other))

    found = Comparison(base, head)

    names = {head.derivations[index].name for index in found.rebuilt}
    seeds = {index for index in changed if not made[index].fixed}
    expected = slow_rebuilt(base, {base.position[path] for path in _paths(made, seeds)}, set()) if seeds else set()
    assert names == {base.derivations[index].name for index in expected}
    assert {head.derivations[one.head].name for one in found.causes} == {made[index].name for index in seeds}
    assert all([d.attribute for d in one.differences] == ["content"] for one in found.causes)
    assert found.added == found.removed == ()
    assert len(found.churned) + len(found.rebuilt) == found.changed_drv_paths
    for one in found.causes:
        assert one.rebuilds == len(slow_rebuilt(head, {one.head}, set())) - 1


def _paths(made: list[Made], some: set[int]) -> list[str]:
    names = {made[index].name for index in some}
    return [path for path, drv in instantiate(made).items() if drv.name in names]


@given(graphs())
def test_a_graph_differs_in_nothing_from_itself(made: list[Made]) -> None:
    graph = BuildGraph(instantiate(made))
    found = Comparison(graph, graph)

    assert (found.rebuilt, found.causes, found.churned, found.added, found.removed) == (
        frozenset(),
        (),
        frozenset(),
        (),
        (),
    )


def test_another_way_to_fetch_the_same_renames_and_rebuilds_nothing() -> None:
    made = [Made("src.tar.gz", (), "mirror one", "sha"), Made("lib-1.0", (0,), "x"), Made("app-1.0", (1,), "x")]
    other = [replace(made[0], content="mirror two"), *made[1:]]

    found = Comparison(BuildGraph(instantiate(made)), BuildGraph(instantiate(other)))

    assert (len(found.rebuilt), found.changed_drv_paths, len(found.churned), found.causes) == (0, 3, 3, ())


def test_other_content_is_a_cause_though_the_fetcher_is_the_same() -> None:
    made = [Made("src.tar.gz", (), "mirror", "sha"), Made("lib-1.0", (0,), "x")]
    other = [replace(made[0], fixed="other sha"), made[1]]

    found = Comparison(BuildGraph(instantiate(made)), BuildGraph(instantiate(other)))

    (cause,) = found.causes
    assert found.head.derivations[cause.head].name == "src.tar.gz"
    assert [one.attribute for one in cause.differences] == ["(outputs)"]
    assert cause.rebuilds == 1


def test_what_is_new_and_gone_is_named() -> None:
    made = [Made("lib-1.0", (), "x"), Made("app-1.0", (0,), "x")]
    other = [Made("fork-2.0", (), "x"), Made("app-1.0", (0,), "x")]
    base, head = BuildGraph(instantiate(made)), BuildGraph(instantiate(other))

    found = Comparison(base, head)

    assert [head.derivations[index].name for index in found.added] == ["fork-2.0"]
    assert [base.derivations[index].name for index in found.removed] == ["lib-1.0"]
    # what is new is no cause: its user has an input more
    (app,) = found.causes
    assert head.derivations[app.head].name == "app-1.0"
    assert {one.attribute for one in app.differences} == {"(inputs)", "buildInputs"}


def test_another_version_of_an_input_is_a_cause_and_its_users_are_none() -> None:
    made = [Made("src-1.0.tar.gz", (), "", "one"), Made("lib-1.0", (0,), "x"), Made("app-1.0", (1,), "x")]
    other = [Made("src-2.0.tar.gz", (), "", "two"), Made("lib-2.0", (0,), "y"), Made("app-1.0", (1,), "x")]
    base, head = BuildGraph(instantiate(made)), BuildGraph(instantiate(other))

    found = Comparison(base, head)

    assert (found.added, found.removed, len(found.rebuilt)) == ((), (), 3)
    causes = {head.derivations[one.head].name: one for one in found.causes}
    assert causes.keys() == {"src-2.0.tar.gz", "lib-2.0"}
    # that the source has another name follows; what lib itself says does not
    assert [one.attribute for one in causes["lib-2.0"].differences] == ["content"]
    assert causes["lib-2.0"].rebuilds == 1


def test_another_interpreter_is_one_cause_of_everything_that_is_for_it() -> None:
    def built(version: str) -> BuildGraph:
        abi = f"python{version}"
        return BuildGraph(
            instantiate(
                [
                    Made(f"python3-{version}.1", (), version),
                    Made(f"{abi}-a-1.0", (0,), f"lib/{abi}/site-packages"),
                    Made(f"{abi}-b-1.0", (0, 1), "x"),
                ]
            )
        )

    base, head = built("3.12"), built("3.13")

    found = Comparison(base, head)

    assert [head.derivations[one.head].name for one in found.causes] == ["python3-3.13.1"]
    assert (found.causes[0].rebuilds, found.added, found.removed) == (2, (), ())


# -- whose tests multiply it -----------------------------------------------------------------------------


def test_tests_of_one_package_make_most_of_what_pytest_rebuilds() -> None:
    graph, tests = recorded("base"), edges_only_for_tests("base")

    found = amplifiers(impact(graph, select_derivations(graph, "pytest"), tests))

    assert (found.rebuilds, found.without_tests, found.packages) == (127, 38, 7)
    first = found.sets[0]
    assert [name_of(graph.paths[index]) for index in first.packages] == ["python3.13-jinja2-3.1.6.drv"]
    assert (first.left, first.saves) == (50, 77)


def test_few_tests_carry_six_to_everything() -> None:
    graph, tests = recorded("tests"), edges_only_for_tests("tests")

    found = amplifiers(impact(graph, select_derivations(graph, "six"), tests))

    assert (found.rebuilds, found.without_tests) == (140, 12)
    assert [name_of(graph.paths[index])[11:].rpartition("-")[0] for index in found.sets[0].packages] == [
        "zipp",
        "babel",
        "sphinx",
    ]
    assert found.sets[0].left == 22


@settings(max_examples=200)
@given(graphs(), st.data())
def test_what_sets_of_tests_save_is_what_a_walk_without_their_edges_says(made: list[Made], data: st.DataObject) -> None:
    graph = BuildGraph(instantiate(made))
    seeds = data.draw(st.sets(st.integers(0, len(graph) - 1), min_size=1, max_size=3))
    every = [(index, one) for index, below in enumerate(graph.inputs) for one in below]
    tests = frozenset(data.draw(st.sets(st.sampled_from(every), max_size=8))) if every else frozenset()

    found = amplifiers(impact(graph, seeds, tests))

    def left(without: set[BuildEdge]) -> int:
        return len(slow_rebuilt(graph, seeds, without)) - len(seeds)

    assert (found.rebuilds, found.without_tests) == (left(set()), left(set(tests)))
    gone: set[BuildEdge] = set()
    before = found.rebuilds
    pays = float("inf")
    for one in found.sets:
        assert {user for user, _ in one.edges} == set(one.packages)
        gone.update(edge for edge in tests if edge[0] in one.packages)
        assert (one.left, one.saves) == (left(gone), before - left(gone))
        # no set pays more a package than the one before it, and each pays
        assert 0 < one.saves / len(one.packages) <= pays
        pays = one.saves / len(one.packages)
        before = one.left
    assert before == found.without_tests
    # none is named in vain: with the tests of any one of them back, more is rebuilt
    named = [index for one in found.sets for index in one.packages]
    direct = [
        index
        for index in named
        if any(edge[1] in slow_rebuilt(graph, seeds, set(tests)) for edge in tests if edge[0] == index)
    ]
    for index in direct:
        assert left({edge for edge in gone if edge[0] != index}) > found.without_tests


def test_the_tests_that_are_worth_asking_about_are_those_that_double_an_impact() -> None:
    graph, tests = recorded("base"), edges_only_for_tests("base")
    rows = ranking(graph, tests)

    chosen = amplified(rows, tests)

    assert {name_of(graph.paths[index]).removesuffix(".drv") for index in chosen} == {
        "pytest-check-hook",
        "python3.13-aiohttp-3.13.2",
        "python3.13-gevent-26.5.0",
    }


def test_of_very_many_packages_only_some_are_weighed_and_counts_stay_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyclosure.queries.rebuild.amplifiers.MOST", 2)
    graph, tests = recorded("base"), edges_only_for_tests("base")
    (seed,) = select_derivations(graph, "pytest")

    found = amplifiers(impact(graph, [seed], tests))

    gone = {edge for edge in tests for one in found.sets if edge[0] in one.packages}
    assert found.packages == 7 and sum(len(one.packages) for one in found.sets) <= 2
    assert found.sets[-1].left == len(graph.rebuilt([seed], gone)) - 1 > found.without_tests


# -- edges -----------------------------------------------------------------------------------------------


def test_an_input_is_there_by_every_attribute_that_mentions_it() -> None:
    made = [Made("tool-1.0", ()), Made("lib-1.0", (), outputs=("out", "dev")), Made("quiet-1.0", ())]
    made.append(Made("app-1.0", (0, 1, 2)))
    derivations = instantiate(made)
    app = next(drv for drv in derivations.values() if drv.name == "app-1.0")
    path = {(drv.name, name): one.path for drv in derivations.values() for name, one in drv.outputs.items()}
    env = {
        "nativeBuildInputs": f"{path['tool-1.0', 'out']} {path['lib-1.0', 'dev']}",
        "buildInputs": path["lib-1.0", "out"] or "",
        "NIX_CFLAGS": f"-I{path['lib-1.0', 'dev']}/include",
    }
    changed = msgspec.structs.replace(
        app,
        env=env,
        builder=f"{path['tool-1.0', 'out']}/bin/sh",
        args=("-e", f"{path['lib-1.0', 'out']}/x"),
        structured_attrs={"deep": {"er": [path["tool-1.0", "out"]]}},
    )
    graph = BuildGraph({**derivations, app.path: changed})

    found = attributes_of_inputs(graph, graph.position[app.path])

    assert {graph.derivations[index].name: names for index, names in found.items()} == {
        "tool-1.0": ("builder", "deep", "nativeBuildInputs"),
        "lib-1.0": ("NIX_CFLAGS", "arguments", "buildInputs", "nativeBuildInputs"),
        "quiet-1.0": (),
    }


def test_an_output_without_a_path_is_recognised_by_its_placeholder() -> None:
    made = [Made("lib-1.0", (), floating=True), Made("app-1.0", (0,))]
    derivations = instantiate(made)
    lib, app = derivations.values()
    changed = msgspec.structs.replace(app, env={"buildInputs": placeholder(lib.path, "out")})
    graph = BuildGraph({lib.path: lib, app.path: changed})

    assert attributes_of_inputs(graph, graph.position[app.path]) == {graph.position[lib.path]: ("buildInputs",)}


# -- joined with a closure, and with words ---------------------------------------------------------------


def test_what_runs_and_what_is_fetched_again_comes_from_the_closure() -> None:
    made = [Made("lib-1.0", ()), Made("tool-1.0", (0,)), Made("app-1.0", (0, 1)), Made("root-1.0", (2,))]
    graph = BuildGraph(instantiate(made))
    path = {drv.name: _path(drv) for drv in graph.derivations}
    infos = (
        PathInfo(path["lib-1.0"], 1, ()),
        PathInfo(path["app-1.0"], 10, (path["lib-1.0"],)),
        PathInfo(path["root-1.0"], 100, (path["app-1.0"],)),
    )
    closure = Closure(ClosureRecords("/nix/store", (path["root-1.0"],), infos, "x", "x"))

    found = impact(graph, select_derivations(graph, "lib"), closure=closure)

    assert {graph.derivations[index].name: reason for index, reason in found.reasons.items()} == {
        "lib-1.0": "touched",
        "tool-1.0": "build",
        "app-1.0": "runtime",
        "root-1.0": "runtime",
    }
    assert (len(found.paths), found.nar_size) == (3, 111)
    (root,) = select_derivations(graph, "root")
    (tool,) = select_derivations(graph, "tool")
    chain = [closure.path(index) for index in found.references(root)]
    assert chain == [path["root-1.0"], path["app-1.0"], path["lib-1.0"]]
    assert found.references(tool) == ()


def _built_with(graph: BuildGraph, path: str) -> list[str]:
    inputs = graph.inputs[graph.by_output[path][0]]
    return [one for one in sorted(graph.by_output) if graph.by_output[one][0] in inputs]


@settings(max_examples=100)
@given(graphs(), st.data())
def test_chains_of_references_are_as_short_as_a_slow_walk_finds_them(made: list[Made], data: st.DataObject) -> None:
    graph = BuildGraph(instantiate(made))
    outputs = sorted(graph.by_output)
    # references are some of the inputs, as in a real closure
    references = {
        path: data.draw(st.sets(st.sampled_from(below))) if below else set()
        for path, below in ((path, _built_with(graph, path)) for path in outputs)
    }
    infos = tuple(PathInfo(path, 1, tuple(sorted(references[path]))) for path in outputs)
    closure = Closure(ClosureRecords("/nix/store", tuple(outputs), infos, "x", "x"))
    seed = data.draw(st.integers(0, len(graph) - 1))

    found = impact(graph, [seed], closure=closure)

    arrows: nx.DiGraph[str] = nx.DiGraph([(path, one) for path in outputs for one in references[path]])
    arrows.add_nodes_from(outputs)
    ends = [path for path in outputs if graph.by_output[path][0] == seed]
    for index in range(len(graph)):
        own = [path for path in outputs if graph.by_output[path][0] == index]
        shortest = min(
            (nx.shortest_path_length(arrows, one, end) for one in own for end in ends if nx.has_path(arrows, one, end)),
            default=None,
        )
        chain = [closure.path(one) for one in found.references(index)]
        assert (len(chain) - 1 if chain else None) == shortest
        assert all(other in references[one] for one, other in pairwise(chain))


def test_names_are_listed_not_guessed() -> None:
    graph = recorded("base")

    with pytest.raises(BadInput, match="openssl is the name of 2 derivations") as failure:
        select_derivations(graph, "openssl")
    assert "--every" in failure.value.hint
    with pytest.raises(BadInput, match="no derivation of the build graph is called opensl"):
        select_derivations(graph, "opensl")
    one = select_derivations(graph, "openssl", every=True)[0]
    drv = graph.derivations[one]
    for word in (drv.path, drv.outputs["out"].path or "", drv.path.rsplit("/", 1)[-1][:12]):
        assert select_derivations(graph, word) == (one,)
    assert select_derivations(graph, "Trove_Classifiers") == select_derivations(graph, "trove-classifiers")


@pytest.mark.parametrize(
    ("count", "labels", "branch"),
    [
        (0, ["0"], "master"),
        (1, ["1", "1-10"], "master"),
        (342, ["101-500"], "master"),
        (500, ["101-500"], "master or staging"),
        (700, ["501-1000", "501+"], "master or staging"),
        (1000, ["501-1000", "501+"], "staging"),
        (6000, ["501+", "5001+"], "staging"),
    ],
)
def test_labels_and_branches_are_those_of_nixpkgs(count: int, labels: list[str], branch: str) -> None:
    found = weigh(count, ["x86_64-linux", "builtin"], Profiles().named(None))

    assert list(found.labels) == [f"10.rebuild-linux: {label}" for label in labels]
    assert found.branch == branch
    assert not found.as_the_project


def test_no_profile_ever_names_staging_next() -> None:
    for count in range(0, 30_000, 250):
        for profile in ("nixpkgs", "ekala"):
            assert "next" not in weigh(count, ["x86_64-linux", "aarch64-darwin"], Profiles().named(profile)).branch


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(BadInput, match="there is no profile nope"):
        Profiles().named("nope")


MINE = """
[rebuild]
profile = "mine"

[rebuild.profiles.mine]
counted = "attributes"
label = "{bucket} on {kernel}"
buckets = [["few", 0, 10], ["many", 11, -1]]
source = "the handbook"
branches = [{ from = 0, branch = "main", rule = "small" }, { from = 11, branch = "next", rule = "large" }]
"""


def own(text: str) -> Profiles:
    return policy_of(tomllib.loads(text), "pyclosure.toml", known_rules()).rebuilds


def test_own_profiles_are_used_and_the_others_are_still_there() -> None:
    profiles = own(MINE)

    few, many = (weigh(count, ["x86_64-linux"], profiles.named(None), "attributes") for count in (10, 11))

    assert (few.profile, few.labels, few.branch, few.rule) == ("mine", ("few on linux",), "main", "small")
    assert (many.labels, many.branch, many.source) == (("many on linux",), "next", "the handbook")
    assert few.as_the_project and not weigh(1, [], profiles.named(None)).as_the_project
    assert weigh(10, ["x86_64-linux"], profiles.named("nixpkgs")).labels == ("10.rebuild-linux: 1-10",)
    assert own("").chosen == "nixpkgs"


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("rebuild = 1", ["rebuild must be a table"]),
        ("[rebuild]\nprofil = 'x'", ["rebuild: unknown key 'profil'"]),
        ("[rebuild]\nprofile = 'x'", ["no profile x"]),
        ("[rebuild]\nprofile = 3", ["no profile 3"]),
        ("[rebuild]\nprofiles = 3", ["rebuild: profiles must be a table"]),
        ("[rebuild.profiles]\nx = 3", ["rebuild profile x", "object"]),
        (MINE.replace("label =", "labels ="), ["profile mine", "labels"]),
        (MINE.replace('"attributes"', '"paths"'), ["profile mine", "paths"]),
        (MINE.replace("10]", '"ten"]'), ["profile mine", "buckets"]),
        (MINE.replace("from = 0", "from = 1"), ["no branch is for 0 rebuilds"]),
        (MINE.replace('"next"', '"staging-next"'), ["staging-next is for fixes"]),
    ],
)
def test_a_profile_that_is_not_understood_is_refused_in_a_sentence(text: str, facts: list[str]) -> None:
    with pytest.raises(BadInput) as caught:
        own(text)

    assert_sentence(caught.value, "pyclosure.toml", *facts, kind=BadInput)


# -- attributes ------------------------------------------------------------------------------------------


def test_attributes_are_counted_where_the_set_is_known() -> None:
    graph = BuildGraph(instantiate([Made("lib-1.0", ()), Made("app-1.0", (0,)), Made("other-1.0", ())]))
    drv = {one.name: one.path for one in graph.derivations}
    jobs = [
        {"attr": "lib", "drvPath": drv["lib-1.0"], "name": "lib-1.0", "system": "x86_64-linux"},
        {"attr": "app", "drvPath": drv["app-1.0"]},
        {"attr": "appAlias", "drvPath": drv["app-1.0"]},
        {"attr": "other", "drvPath": drv["other-1.0"]},
        {"attr": "far", "drvPath": "/nix/store/" + "a" * 32 + "-far.drv"},
        {"attr": "broken", "error": "it throws"},
    ]
    lines = b"\n".join(json.dumps(job).encode() for job in jobs) + b"\n"
    found = impact(graph, select_derivations(graph, "lib"))

    for document in (lines, json.dumps({job["attr"]: job["drvPath"] for job in jobs[:5]}).encode()):
        answer = changed_attributes(parse_attributes(document, "jobs.json"), graph, found.rebuilt)
        assert (answer.changed, answer.of, answer.elsewhere) == (("app", "appAlias", "lib"), 4, 1)


@pytest.mark.parametrize("text", [b"[]", b"{", b'{"attr": 1}', b'{"a": 1}', b"\xff", b'{"attr": "x"}\n{'])
def test_attributes_that_are_not_understood_are_refused_in_a_sentence(text: bytes) -> None:
    with pytest.raises(BadInput) as caught:
        parse_attributes(text, "jobs.json")

    assert_sentence(caught.value, "jobs.json is not what nix-eval-jobs prints", kind=BadInput)
