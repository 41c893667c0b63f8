"""What tests cost in rebuilds, against graphs from which their edges were removed and that were walked again."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from unittest import mock

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pyclosure.queries.base.check_inputs import CheckInputs, Input
from pyclosure.queries.base.records import Derivation, Output
from pyclosure.queries.graph import build
from pyclosure.queries.graph.build import BuildGraph
from pyclosure.queries.testing.cost import Amplified, TestCost, cost_of_tests
from pyclosure.queries.testing.cost import test_edges as edges_for_tests
from pyclosure.queries.testing.world import placeholder
from tests.support.closures import derivation_of, store_path

PLACES = ("native head", "native tail", "target head", "target tail", "text", "argument", "builder", "structured")
"""Where a derivation may mention an input; the tails are for tests."""
TAILS = ("native tail", "target tail")


@dataclass
class Made:
    """A derivation in the making: which output of which input is mentioned where."""

    name: str
    mentions: list[tuple[str, str, str]] = field(default_factory=list)
    """Input, output, place."""
    fixed: bool = False
    tested: bool = True
    """Whether somebody sorted its inputs."""
    outputs: tuple[str, ...] = ("out", "dev")

    def words(self, place: str) -> list[str]:
        return [path_of(name, output) for name, output, where in self.mentions if where == place]

    def derivation(self) -> Derivation:
        env = {
            "nativeBuildInputs": " ".join(self.words("native head") + self.words("native tail")),
            "buildInputs": " ".join(self.words("target head") + self.words("target tail")),
            "postPatch": "".join(f"substitute x --replace sh {word}/bin/sh\n" for word in self.words("text")),
        }
        drv = derivation_of(self.name, env, outputs=self.outputs, fixed=self.fixed)
        deep = [f"-I{word}/include" for word in self.words("structured")]
        used: dict[str, set[str]] = {}
        for name, output, _ in self.mentions:
            used.setdefault(drv_of(name), set()).add(output)
        return replace(
            drv,
            builder=f"{(self.words('builder') or ['/bin'])[0]}/sh",
            args=("-e", *(f"{word}/builder.sh" for word in self.words("argument"))),
            structured_attrs={"deep": {"list": deep}} if deep else None,
            input_derivations={path: tuple(sorted(outputs)) for path, outputs in used.items()},
        )

    def sorted_out(self) -> CheckInputs:
        def inputs(*places: str) -> tuple[Input, ...]:
            return tuple(
                Input(path_of(name, output), name, where, None)
                for name, output, where in self.mentions
                if where in places
            )

        return CheckInputs(inputs(*TAILS), inputs("native head", "target head"), "probable", "D", "")


def path_of(name: str, output: str = "out") -> str:
    return store_path(name if output == "out" else f"{name}-{output}")


def drv_of(name: str) -> str:
    return store_path(f"{name}.drv")


def made(name: str, heads: str = "", tails: str = "", *, fixed: bool = False) -> Made:
    """Return a derivation with one-letter inputs: those of the build, and those of its tests."""
    mentions = [(one, "out", "native head") for one in heads] + [(one, "out", "native tail") for one in tails]
    return Made(name, mentions, fixed=fixed)


def graph_of(every: Iterable[Made]) -> BuildGraph:
    return BuildGraph({drv.path: drv for drv in (one.derivation() for one in every)})


def inputs_of(every: Iterable[Made]) -> dict[str, CheckInputs]:
    return {drv_of(one.name): one.sorted_out() for one in every if one.tested}


def cost_of(*every: Made) -> TestCost:
    return cost_of_tests(graph_of(every), inputs_of(every))


def found_edges(*every: Made) -> set[tuple[str, str]]:
    graph = graph_of(every)
    return {
        (graph.derivations[user].name, graph.derivations[one].name)
        for user, one in edges_for_tests(graph, inputs_of(every))
    }


def name(path: str) -> str:
    return path.rpartition("/")[2][33:].removesuffix(".drv")


# -- which edges are for tests -----------------------------------------------------------------------------


@pytest.mark.parametrize("tail", TAILS)
def test_an_input_that_only_the_ends_of_lists_name_is_for_tests(tail: str) -> None:
    assert found_edges(Made("a"), Made("b", [("a", "out", tail)])) == {("b", "a")}
    assert found_edges(Made("a"), Made("b", [("a", "dev", tail), ("a", "out", tail)])) == {("b", "a")}


@pytest.mark.parametrize("place", sorted(set(PLACES) - set(TAILS)))
@pytest.mark.parametrize("output", ["out", "dev"])
@pytest.mark.parametrize("tail", TAILS)
def test_an_input_that_is_mentioned_elsewhere_is_not(place: str, output: str, tail: str) -> None:
    assert found_edges(Made("a"), Made("b", [("a", "out", tail), ("a", output, place)])) == set()


@pytest.mark.parametrize("key", ["depsBuildBuild", "propagatedBuildInputs", "NIX_CFLAGS_COMPILE"])
def test_any_other_attribute_counts(key: str) -> None:
    drv = made("b", tails="a").derivation()
    other = replace(drv, env={**drv.env, key: f"-I{path_of('a', 'dev')}/include -O2"})
    plain = made("a").derivation()

    def edges(one: Derivation) -> int:
        graph = BuildGraph({plain.path: plain, one.path: one})
        return len(edges_for_tests(graph, inputs_of([made("b", tails="a")])))

    assert (edges(drv), edges(other)) == (1, 0)


def test_structured_lists_of_inputs_are_no_other_mention() -> None:
    plain, drv = made("a").derivation(), made("b", tails="a").derivation()
    lists: dict[str, object] = {"nativeBuildInputs": [path_of("a")], "buildInputs": []}
    typed = replace(drv, env={}, structured_attrs=lists)
    graph = BuildGraph({plain.path: plain, drv.path: typed})

    assert len(edges_for_tests(graph, inputs_of([made("b", tails="a")]))) == 1


def test_another_path_whose_name_goes_on_is_another_path() -> None:
    assert found_edges(made("a"), made("ab"), Made("c", [("a", "out", "native tail"), ("ab", "out", "text")])) == {
        ("c", "a")
    }


@pytest.mark.parametrize("ending", [".", "-wrapped", "=1"])
def test_a_mention_is_one_whatever_follows_it(ending: str) -> None:
    plain, drv = made("a").derivation(), made("b", tails="a").derivation()
    mentions = replace(drv, env={**drv.env, "postPatch": f"echo {path_of('a')}{ending}"})
    graph = BuildGraph({plain.path: plain, drv.path: mentions})

    assert edges_for_tests(graph, inputs_of([made("b", tails="a")])) == frozenset()


def test_inputs_that_are_not_in_the_graph_are_left_out() -> None:
    # neither the check input nor the package
    assert found_edges(made("b", tails="a")) == set()
    graph = graph_of([made("a")])
    every = [made("a"), made("b", tails="a")]
    cost = cost_of_tests(graph_of(every), inputs_of([*every, made("elsewhere", tails="a")]))
    assert [name(path) for path in cost.packages] == ["b"]
    assert edges_for_tests(graph, inputs_of([made("b", tails="a")])) == frozenset()


def test_of_two_derivations_with_one_output_path_the_input_is_meant() -> None:
    # a source fetched in two ways, or what is built from it: 37 paths of a real build graph are such
    one, user = made("a").derivation(), made("b", tails="a").derivation()
    twins = {path: replace(one, path=path) for path in (store_path("0.drv"), store_path("a.drv"), store_path("z.drv"))}
    graph = BuildGraph({**twins, user.path: user})

    (edge,) = edges_for_tests(graph, inputs_of([made("b", tails="a")]))

    assert edge == (graph.position[user.path], graph.position[store_path("a.drv")])


def test_what_a_derivation_is_not_built_from_costs_it_nothing() -> None:
    # evaluation may name what the derivation at hand does not have
    told = {drv_of("b"): made("b", tails="a").sorted_out()}

    assert cost_of_tests(graph_of([made("a"), made("b")]), told).edges == 0


@pytest.mark.parametrize(("text", "edges"), [("", 1), ("-I{}/include", 0), ("{}", 0), ("cp {}.", 0)])
def test_inputs_without_a_path_cost_as_much(text: str, edges: int) -> None:
    tool = replace(made("a").derivation(), outputs={"out": Output(None, "sha256", None, "nar")})
    word = placeholder(tool.path, "out")
    env = {"nativeBuildInputs": word, "postPatch": text.format(word)}
    user = replace(made("b", tails="a").derivation(), env=env)
    told = CheckInputs((Input(word, "a", "nativeBuildInputs", None),), (), "probable", "D", "")

    assert cost_of_tests(BuildGraph({tool.path: tool, user.path: user}), {user.path: told}).edges == edges


# -- what they cost ----------------------------------------------------------------------------------------


def test_one_package_that_tests_with_a_tool() -> None:
    # tool ← lib of the tool; package tests with the tool; application uses the package
    every = [made("l"), made("t", "l"), made("p", "c", "t"), made("c"), made("a", "p")]

    cost = cost_of(*every)

    assert (cost.derivations, cost.edges, cost.missing) == (5, 1, 0)
    (package,) = cost.packages.values()
    assert (package.only_for_tests, package.dependants) == (2, 1)
    assert (package.touched, package.saved) == (2, 2)
    assert (cost.touched, cost.touched_without) == (2, 0)
    assert {name(one.derivation): (one.rebuilds, one.without_tests, one.factor) for one in cost.amplified} == {
        "t": (2, 0, None),
        "l": (3, 1, 3.0),
    }


def test_what_the_build_needs_too_is_not_only_for_tests() -> None:
    # the package is built with the tool's library
    (package,) = cost_of(made("l"), made("t", "l"), made("p", "l", "t")).packages.values()

    assert (package.only_for_tests, package.touched, package.saved) == (1, 1, 1)


def test_moving_out_the_tests_of_one_saves_nothing_where_others_keep_theirs() -> None:
    cost = cost_of(made("t"), made("p", "", "t"), made("q", "p", "t"))

    by_name = {name(path): one for path, one in cost.packages.items()}
    # q is rebuilt with p or with its own tests, whichever of them stays
    assert (by_name["p"].touched, by_name["p"].saved) == (2, 1)
    assert (by_name["q"].touched, by_name["q"].saved) == (2, 0)
    assert (cost.touched, cost.touched_without) == (2, 0)


def test_a_fixed_output_is_not_rebuilt_with_the_tools_of_its_fetcher() -> None:
    cost = cost_of(made("t"), made("f", "", "t"), made("s", "f", fixed=True), made("a", "s"))

    assert {name(path): one.dependants for path, one in cost.packages.items()} == {"f": 0}
    assert cost.touched == 1


def test_a_fixed_output_saves_nothing_without_its_tests() -> None:
    (package,) = cost_of(made("t"), made("s", "", "t", fixed=True), made("a", "s")).packages.values()

    assert (package.touched, package.saved, package.dependants) == (0, 0, 1)


def test_fetchers_and_what_they_need_leave_with_the_tests_too() -> None:
    (package,) = cost_of(made("f"), made("s", "f", fixed=True), made("t", "s"), made("p", "", "t")).packages.values()

    assert (package.only_for_tests, package.saved) == (3, 1)


def test_packages_without_tests_cost_nothing() -> None:
    cost = cost_of(made("t"), made("p", "t"), Made("q", [("t", "out", "native tail")], tested=False))

    assert (cost.edges, cost.packages, cost.amplified, cost.touched) == (0, {}, (), 0)


def test_what_could_not_be_read_is_counted() -> None:
    assert cost_of(made("p", "xy", "t"), made("t", "z")).missing == 3


def test_the_greatest_difference_comes_first_and_the_runners_packages_behind_it() -> None:
    every = [
        *(made("i"), made("t", "i"), made("h", "t")),
        *(made("p", "", "h"), made("q", "", "h"), made("m"), made("r", "", "m"), made("u")),
    ]

    cost = cost_of(*every)

    packages = {name(one.derivation): set(map(name, one.packages)) for one in cost.amplified}
    assert packages == {"h": {"p", "q"}, "i": set(), "t": set(), "m": {"r"}}
    differences = [one.rebuilds - one.without_tests for one in cost.amplified]
    assert differences == sorted(differences, reverse=True) == [2, 2, 2, 1]


# -- random graphs -----------------------------------------------------------------------------------------


@st.composite
def worlds(draw: st.DrawFn, largest: int = 9) -> list[Made]:
    """Draw derivations whose inputs are mentioned in one place or several; of some nobody sorted the inputs."""
    found: list[Made] = []
    for index in range(draw(st.integers(1, largest))):
        one = Made(f"p{index}", fixed=draw(st.integers(0, 4)) == 0, tested=draw(st.integers(0, 4)) > 0)
        for below in sorted(draw(st.sets(st.integers(0, index - 1), max_size=4))) if index else []:
            # mostly one place, and mostly an end
            places = st.one_of(st.sampled_from(TAILS), st.sampled_from(TAILS), st.sampled_from(PLACES))
            for place in draw(st.lists(places, min_size=1, max_size=2)):
                output = draw(st.sampled_from(["out", "dev"]))
                if place != "builder" or not one.words("builder"):
                    one.mentions.append((f"p{below}", output, place))
        found.append(one)
    return found


def slow_edges(every: Iterable[Made]) -> set[tuple[str, str]]:
    """Inputs of which every mention is at an end."""
    found = set()
    for one in every:
        for below in {name for name, _, _ in one.mentions}:
            places = {place for name, _, place in one.mentions if name == below}
            if one.tested and places <= set(TAILS):
                found.add((one.name, below))
    return found


def slow_graph(every: Iterable[Made], without: Collection[tuple[str, str]] = ()) -> nx.DiGraph[str]:
    graph: nx.DiGraph[str] = nx.DiGraph()
    for one in every:
        graph.add_node(one.name)
        graph.add_edges_from((one.name, below) for below, _, _ in one.mentions if (one.name, below) not in without)
    return graph


def slow_spread(every: list[Made], seeds: Collection[str], without: Collection[tuple[str, str]] = ()) -> int:
    """How many derivations beside the seeds reach one of them without passing a fixed output."""
    graph = slow_graph(every, without)
    graph.remove_edges_from([edge for one in every if one.fixed for edge in list(graph.out_edges(one.name))])
    return len({one for seed in seeds for one in nx.ancestors(graph, seed)} - set(seeds))


@settings(max_examples=200)
@given(worlds())
def test_edges_for_tests_are_those_that_only_ends_mention(every: list[Made]) -> None:
    assert found_edges(*every) == slow_edges(every)


@settings(max_examples=200)
@given(worlds(), st.sampled_from([1, 3, 16384]))
def test_costs_are_those_of_graphs_without_the_edges(every: list[Made], bits: int) -> None:
    edges = slow_edges(every)
    with mock.patch.object(build, "_BLOCK", bits):
        cost = cost_of(*every)

    assert (cost.derivations, cost.edges, cost.missing) == (len(every), len(edges), 0)
    targets = {below for _, below in edges}
    assert cost.touched == slow_spread(every, targets)
    assert cost.touched_without == slow_spread(every, targets, edges)
    assert {name(path) for path in cost.packages} == {user for user, _ in edges}
    for path, package in cost.packages.items():
        user = name(path)
        own = {edge for edge in edges if edge[0] == user}
        inputs = {below for _, below in own}
        whole = nx.descendants(slow_graph(every), user)
        left = nx.descendants(slow_graph(every, own), user)
        assert package.only_for_tests == len(whole - left)
        assert package.dependants == slow_spread(every, [user])
        assert package.touched == slow_spread(every, inputs)
        assert package.saved == slow_spread(every, inputs) - slow_spread(every, inputs, own)


@settings(max_examples=200)
@given(worlds())
def test_amplification_is_that_of_the_graph_without_any_tests(every: list[Made]) -> None:
    edges = slow_edges(every)
    targets = {below for _, below in edges}
    graph = slow_graph(every)
    behind = targets.union(*(nx.descendants(graph, one) for one in targets))

    amplified = cost_of(*every).amplified

    assert {name(one.derivation) for one in amplified} == targets | (behind & {one.name for one in every if one.tested})
    for one in amplified:
        tool = name(one.derivation)
        assert one.rebuilds == slow_spread(every, [tool])
        assert one.without_tests == slow_spread(every, [tool], edges)
        assert one.packages == tuple(sorted(drv_of(user) for user, below in edges if below == tool))
        assert one.factor == (one.rebuilds / one.without_tests if one.without_tests else None)
    assert list(amplified) == sorted(amplified, key=by_difference)


def by_difference(one: Amplified) -> tuple[int, str]:
    return one.without_tests - one.rebuilds, one.derivation


@given(worlds())
def test_tests_never_make_it_cheaper(every: list[Made]) -> None:
    cost = cost_of(*every)

    assert cost.touched >= cost.touched_without
    for package in cost.packages.values():
        assert 0 <= package.saved <= package.touched <= cost.derivations
        assert package.only_for_tests >= 0


def test_names_of_inputs_say_nothing() -> None:
    one = Input(path_of("t"), "something else", "buildInputs", "something-else")
    told = {drv_of("p"): CheckInputs((one,), (), "certain", "X", "")}

    assert cost_of_tests(graph_of([made("t"), made("p", "", "t")]), told).edges == 1
