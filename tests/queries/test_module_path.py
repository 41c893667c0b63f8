"""What tests could import: propagation to its end, by derivations, files and names, and the reason it is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pyclosure.queries.base.check_inputs import Input
from pyclosure.queries.base.records import Derivation, Distribution, FileFacts, Output
from pyclosure.queries.testing.provided import Provided, provided
from pyclosure.queries.testing.world import World, output_name, placeholder
from tests.support.closures import derivation_of, store_path

PYTHON = "python3-3.13.9"


def python(name: str) -> str:
    return f"python3.13-{name}-1.0"


def words(names: Iterable[str]) -> str:
    return " ".join(map(store_path, names))


def built(name: str, propagates: Iterable[str] = (), *, outputs: Iterable[str] = ("out",), **env: str) -> Derivation:
    """Return the derivation of a store name; a Python package when it is called like one."""
    hooks = words(["wrap-python-hook"]) if name.startswith("python3.13-") else ""
    lists = {"nativeBuildInputs": hooks, "propagatedBuildInputs": words(propagates)}
    return derivation_of(name, {**lists, **env}, outputs=outputs)


def world_of(*derivations: Derivation, files: Mapping[str, FileFacts] | None = None) -> World:
    by_path = {one.path: one for one in derivations}
    return World(by_path, {store_path(name): facts for name, facts in (files or {}).items()})


def files_of(name: str, propagates: Iterable[str] = ()) -> FileFacts:
    """Return what files say of a distribution."""
    found = Distribution(name, name, "1.0", "python3.13", f"lib/python3.13/site-packages/{name}-1.0.dist-info")
    return FileFacts("directory", distributions=(found,), propagated=tuple(map(store_path, propagates)))


def inputs(*names: str, world: World) -> list[Input]:
    return [
        Input(path := store_path(name), name, "nativeBuildInputs", world.distribution_called(path, name))
        for name in names
    ]


def given_to(
    package: Derivation, world: World, for_tests: Iterable[str] = (), others: Iterable[str] = ()
) -> dict[str, tuple[str, str]]:
    """Return distribution → how it comes, and by what."""
    found = all_given(package, world, for_tests, others)
    return {name: (one.how, one.by) for name, one in found.by_name.items()}


def all_given(package: Derivation, world: World, for_tests: Iterable[str] = (), others: Iterable[str] = ()) -> Provided:
    return provided(package, inputs(*for_tests, world=world), inputs(*others, world=world), world)


DEMO = built(python("demo"))

# -- propagation -------------------------------------------------------------------------------------------


def test_what_inputs_bring_is_followed_to_its_end() -> None:
    chain = [built(f"p{index}", [f"p{index + 1}"]) for index in range(50)]
    world = world_of(*chain, built("p50"))

    found = world.module_path([store_path("p0")])

    assert list(found.by) == [store_path(f"p{index}") for index in range(51)]
    assert found.by[store_path("p0")] == store_path("p0")
    assert found.by[store_path("p50")] == store_path("p49")
    assert found.unknown == frozenset()


def test_all_that_is_propagated_counts_native_or_not() -> None:
    one = built("a", ["b"], propagatedNativeBuildInputs=words(["c"]))
    world = world_of(one, built("b"), built("c"))

    assert world.propagated(store_path("a")) == (store_path("b"), store_path("c"))
    assert set(world.module_path([store_path("a")]).by) == set(map(store_path, "abc"))


def test_every_output_of_a_derivation_brings_what_it_propagates() -> None:
    both = ("out", "dev")
    world = world_of(built("lib-1.0", ["dep-1.0-dev"], outputs=both), built("dep-1.0", outputs=both))

    found = world.module_path([store_path("lib-1.0-dev")])

    assert dict(found.by) == {
        store_path("lib-1.0-dev"): store_path("lib-1.0-dev"),
        store_path("dep-1.0-dev"): store_path("lib-1.0-dev"),
    }
    assert found.unknown == frozenset()


def test_files_tell_what_is_propagated_where_no_derivation_does() -> None:
    world = world_of(built("a", ["b"]), files={"b": files_of("b", ["c"]), "a": files_of("a", ["z"])})

    # a derivation is stronger than the files
    assert world.propagated(store_path("a")) == (store_path("b"),)
    assert world.propagated(store_path("b")) == (store_path("c"),)
    assert world.propagated(store_path("c")) is None
    assert world.module_path([store_path("a")]).unknown == {store_path("c")}


@pytest.mark.parametrize("file", ["propagated-build-inputs", "propagated-native-build-inputs"])
def test_older_hooks_say_in_their_command_what_they_bring(file: str) -> None:
    # makeSetupHook before 2023
    command = f"mkdir -p $out/nix-support\ncp {store_path('x.sh')} $out/nix-support/setup-hook\n"
    command += f"printWords {words([python('pytest'), 'sh'])} > $out/nix-support/{file}\n"
    world = world_of(built("pytest-check-hook", buildCommand=command))

    assert world.propagated(store_path("pytest-check-hook")) == (store_path(python("pytest")), store_path("sh"))


def test_pyproject_nix_keeps_what_a_package_needs_in_an_attribute_of_its_own() -> None:
    deps = ":".join(map(store_path, ("b", "c")))
    one = derivation_of("a", {"NIX_PYPROJECT_DEPS": f"{deps}:", "nativeBuildInputs": words(["pyproject-hook"])})

    assert world_of(one).propagated(store_path("a")) == (store_path("b"), store_path("c"))


def test_words_that_are_no_store_paths_are_not_propagated() -> None:
    one = derivation_of("a", {"propagatedBuildInputs": f"$out /{'1' * 52} {store_path('b')} {store_path('b')}/bin"})

    assert world_of(one).propagated(store_path("a")) == (store_path("b"),)


def test_propagation_in_a_circle_ends() -> None:
    # outputs of one derivation propagate each other
    world = world_of(built("a", ["a-dev", "a"], outputs=("out", "dev")))

    assert set(world.module_path([store_path("a")]).by) == {store_path("a"), store_path("a-dev")}


@st.composite
def propagations(draw: st.DrawFn) -> tuple[dict[str, list[str]], set[str], list[str]]:
    """Draw name → names it propagates, the names that nothing is known of, and inputs."""
    every = [f"p{index}" for index in range(draw(st.integers(1, 9)))]
    some = st.lists(st.sampled_from(every), max_size=3, unique=True)
    return {one: draw(some) for one in every}, set(draw(some)), draw(some)


@given(propagations())
def test_a_module_path_is_what_networkx_reaches(drawn: tuple[dict[str, list[str]], set[str], list[str]]) -> None:
    propagates, unread, wanted = drawn
    world = world_of(*(built(name, below) for name, below in propagates.items() if name not in unread))
    graph: nx.DiGraph[str] = nx.DiGraph({one: [] if one in unread else below for one, below in propagates.items()})

    found = world.module_path(map(store_path, wanted))

    reached = set(wanted).union(*(nx.descendants(graph, one) for one in wanted))
    assert set(found.by) == set(map(store_path, reached))
    assert found.unknown == set(map(store_path, reached & unread))
    levels = nx.multi_source_dijkstra_path_length(graph, set(wanted), weight=None) if wanted else {}
    names = {store_path(one): one for one in propagates}
    for path, by in found.by.items():
        one, bringer = names[path], names[by]
        # what brings it stands one step nearer to the inputs
        assert (one == bringer) if one in wanted else one in propagates[bringer] and bringer not in unread
        assert one in wanted or levels[bringer] == levels[one] - 1


# -- inputs ------------------------------------------------------------------------------------------------


def test_a_word_is_traced_to_the_input_that_it_is_an_output_of() -> None:
    lib, unread = built("lib", outputs=("out", "dev")), store_path("unread.drv")
    user = replace(DEMO, input_derivations={lib.path: ("dev",), unread: ("out",)})
    world = world_of(lib)

    assert world.input_of(store_path("lib-dev"), user) == lib.path
    assert world.input_of(placeholder(unread, "out"), user) == unread
    # an output that it does not use, and one of something that is no input
    assert world.input_of(store_path("lib"), user) is None
    assert world.input_of(store_path("lib-dev"), DEMO) is None
    assert world.input_of(placeholder(unread, "dev"), user) is None


def test_an_output_that_its_derivation_does_not_have_is_nothing() -> None:
    lib = built("lib")

    assert world_of(lib).input_of("x", replace(DEMO, input_derivations={lib.path: ("gone",)})) is None


def test_of_two_derivations_with_one_output_the_input_is_found() -> None:
    one = built("source")
    twins = [replace(one, path=store_path(f"{name}.drv")) for name in ("a", "b", "c")]
    user = replace(DEMO, input_derivations={twins[1].path: ("out",)})

    assert world_of(*twins).input_of(store_path("source"), user) == twins[1].path


# -- names -------------------------------------------------------------------------------------------------


def test_a_distribution_is_known_by_files_then_derivation_then_name() -> None:
    app = built("tox-4.30", [PYTHON], nativeBuildInputs=words(["wrap-python-hook"]), pname="Tox_Runner")
    package = built(python("foo"), [PYTHON], pname="Foo.Bar")
    world = world_of(app, package, files={python("read"): files_of("by-files"), "tox-4.30": FileFacts("directory")})

    def called(name: str) -> str | None:
        return world.distribution_called(store_path(name), name)

    assert called(python("read")) == "by-files"
    assert called("tox-4.30") == "tox-runner"
    assert called(python("foo")) == "foo-bar"
    assert called(python("Zope.Interface")) == "zope-interface"
    assert called(f"{python('foo')}-dist") == "foo"
    assert called("openssl-3.0") is None
    assert called("python3.13-sphinx-hook") is None
    assert called("pytest-check-hook") is None


def test_a_package_of_pyproject_nix_has_no_interpreter_in_its_name() -> None:
    hook = words(["pyproject-hook"])
    world = world_of(
        built("Some.Package-2.0", nativeBuildInputs=hook, pname="Some.Package"),
        built("other_package-2.0", nativeBuildInputs=hook),
        built("neither-2.0", pname="neither"),
    )

    names = ("Some.Package-2.0", "other_package-2.0", "neither-2.0")
    assert [world.distribution_called(store_path(name), name) for name in names] == [
        *("some-package", "other-package", None)
    ]


def test_without_pname_an_application_is_called_by_its_name() -> None:
    world = world_of(built("tox-4.30", [PYTHON], nativeBuildInputs=words(["wrap-python-hook"])))

    assert world.distribution_called(store_path("tox-4.30"), "tox-4.30") == "tox"


def test_an_application_is_none_without_interpreter_or_hook() -> None:
    world = world_of(
        built("a-1", [PYTHON]), built("b-1", nativeBuildInputs=words(["wrap-python-hook"])), built("c-1", ["bash-5.2"])
    )

    assert [world.distribution_called(store_path(name), name) for name in ("a-1", "b-1", "c-1")] == [None] * 3


def test_a_path_with_two_distributions_is_called_by_its_name() -> None:
    two = replace(files_of("one"), distributions=(*files_of("one").distributions, *files_of("two").distributions))

    world = world_of(files={python("both"): two})

    assert world.distribution_called(store_path(python("both")), python("both")) == "both"


@pytest.mark.parametrize(("output", "name"), [("out", "a-1.0"), ("dev", "a-1.0-dev"), ("test_src", "a-1.0-test_src")])
def test_outputs_are_named_as_nix_names_them(output: str, name: str) -> None:
    assert output_name(store_path("a-1.0.drv"), output) == name


# -- what tests are given ----------------------------------------------------------------------------------


def test_the_most_deliberate_reason_counts() -> None:
    world = world_of(
        *(built(python(name)) for name in ("asked", "brought", "needed", "chance", "below")),
        built(python("mock"), [python("brought"), python("below")]),
        built(python("needy"), [python("below"), python("deep")]),
        built(python("deep")),
        built("hook", [python("chance"), python("asked"), python("needed")]),
    )
    demo = built(python("demo"), [python("needed"), python("needy"), python("asked"), python("brought")])

    found = given_to(demo, world, [python("mock"), python("asked")], ["hook", python("mock")])

    assert found == {
        "mock": ("check input", python("mock")),
        "asked": ("check input", python("asked")),
        "brought": ("propagated", python("mock")),
        "below": ("propagated", python("mock")),
        "needed": ("dependency", python("needed")),
        "needy": ("dependency", python("needy")),
        "deep": ("dependency", python("needy")),
        "chance": ("accidental", "hook"),
    }


def test_an_input_that_another_propagates_is_a_check_input_whichever_comes_first() -> None:
    world = world_of(built(python("a"), [python("b")]), built(python("b"), [python("a")]))

    for order in (["a", "b"], ["b", "a"]):
        found = given_to(DEMO, world, map(python, order))
        assert {how for how, _ in found.values()} == {"check input"}


def test_inputs_may_be_any_iterable() -> None:
    world = world_of(built(python("a"), [python("b")]), built(python("b")), built("hook", [python("c")]))

    asked = inputs(python("a"), "pytest-check-hook", world=world)
    others = inputs("hook", "pypa-install-hook", world=world)

    found = provided(DEMO, iter(asked), iter(others), world)

    assert set(found.by_name) == {"a", "b", "c", "installer", "pytest"}


def test_two_outputs_of_one_distribution_are_one_provision() -> None:
    world = world_of(built(python("foo"), outputs=("out", "dist")))

    assert given_to(DEMO, world, [python("foo"), f"{python('foo')}-dist"]) == {"foo": ("check input", python("foo"))}


def test_native_inputs_provide_nothing_but_what_they_propagate() -> None:
    world = world_of(built("openssl-3.0", [python("odd")]), built(python("odd")))

    assert given_to(DEMO, world, ["openssl-3.0"]) == {"odd": ("propagated", "openssl-3.0")}


# -- hooks -------------------------------------------------------------------------------------------------


def test_a_hook_that_nobody_read_brings_what_hooks_of_its_name_bring() -> None:
    found = given_to(DEMO, world_of(), ["pytest-check-hook"], ["pypa-install-hook", "setuptools-build-hook"])

    assert found == {
        "pytest": ("propagated", "pytest-check-hook"),
        "installer": ("accidental", "pypa-install-hook"),
        "setuptools": ("accidental", "setuptools-build-hook"),
        "wheel": ("accidental", "setuptools-build-hook"),
    }
    assert all_given(DEMO, world_of(), ["pytest-check-hook"]).by_name["pytest"].path == ""


@pytest.mark.parametrize(
    ("hook", "brings"),
    [
        ("pytest-check-hook", {"pytest"}),
        ("pytestCheckHook.sh", {"pytest"}),
        ("stestr-check-hook", {"stestr"}),
        ("unittest-check-hook", set()),
        ("pytest-xvfb-hook", {"pytest-xvfb"}),
        ("pypa-install-hook", {"installer"}),
        ("some-hook", set()),
    ],
)
def test_conventions_of_hooks_go_by_their_names(hook: str, brings: set[str]) -> None:
    assert set(given_to(DEMO, world_of(), [hook])) == brings


def test_a_hook_whose_derivation_is_known_brings_pytest_with_its_path() -> None:
    world = world_of(
        built("pytest-check-hook", [python("pytest")]), built(python("pytest"), [python("pluggy")]), built("pluggy")
    )

    found = all_given(DEMO, world, ["pytest-check-hook"]).by_name

    assert (found["pytest"].how, found["pytest"].path) == ("propagated", store_path(python("pytest")))
    assert (found["pluggy"].how, found["pluggy"].by) == ("propagated", python("pytest"))


def test_a_dependency_that_the_runner_is_known_to_bring_is_propagated_for_tests() -> None:
    demo = built(python("demo"), [python("pytest")])

    assert given_to(demo, world_of(), ["pytest-check-hook"])["pytest"] == ("propagated", "pytest-check-hook")


def test_a_hook_whose_derivation_is_known_brings_nothing_else() -> None:
    # as in nixpkgs since 2024: build is substituted into the hook, and only wheel propagated
    world = world_of(built("pypa-build-hook.sh", [python("wheel")]), built(python("wheel")))

    assert set(given_to(DEMO, world, [], ["pypa-build-hook.sh"])) == {"wheel"}


@pytest.mark.parametrize(
    ("hook", "brings"), [("pip-build-hook.sh", {"pip", "wheel"}), ("setuptools-setup-hook", {"setuptools", "wheel"})]
)
def test_hooks_bring_the_same_under_the_names_that_nixpkgs_gives_them(hook: str, brings: set[str]) -> None:
    assert set(given_to(DEMO, world_of(), [], [hook])) == brings


# -- content-addressed inputs ------------------------------------------------------------------------------


def addressed(name: str) -> tuple[Derivation, Input]:
    """Return a derivation whose output has no path yet, and the input that stands for it."""
    drv = replace(built(name), outputs={"out": Output(None, "sha256", None, "nar")})
    called = name.removeprefix("python3.13-").removesuffix("-1.0")
    return drv, Input(placeholder(drv.path, "out"), name, "nativeBuildInputs", called)


def test_an_input_without_a_path_is_provided_by_its_name() -> None:
    drv, mock = addressed(python("mock"))

    found = provided(DEMO, [mock], [], world_of(drv))

    assert found.by_name["mock"].how == "check input"
    assert found.by_name["mock"].by == python("mock")
    # what it propagates is not known
    assert not found.complete


def test_an_input_without_a_path_is_asked_for_though_another_brings_it_too() -> None:
    drv, mock = addressed(python("mock"))
    world = world_of(drv, built(python("tool"), [python("mock")]), built(python("mock")))

    found = provided(DEMO, [*inputs(python("tool"), world=world), mock], [], world)

    assert found.by_name["mock"].how == "check input"


# -- completeness ------------------------------------------------------------------------------------------


def test_it_is_complete_when_all_that_is_meant_tells_what_it_propagates() -> None:
    demo = built(python("demo"), [python("dep")])
    world = world_of(built(python("dep")), built(python("mock")))

    assert all_given(demo, world, [python("mock")]).complete
    assert all_given(DEMO, world_of()).complete


@pytest.mark.parametrize("unread", ["mock", "below", "dep", "deep"])
def test_it_is_not_complete_when_something_meant_does_not_tell(unread: str) -> None:
    every = {"mock": ["below"], "below": [], "dep": ["deep"], "deep": []}
    world = world_of(*(built(python(one), map(python, below)) for one, below in every.items() if one != unread))
    demo = built(python("demo"), [python("dep")])

    assert not all_given(demo, world, [python("mock")]).complete


def test_what_is_there_by_accident_need_not_tell() -> None:
    assert all_given(DEMO, world_of(), [], [python("unread"), "hook"]).complete
    assert not all_given(DEMO, world_of(), [python("unread")], [python("unread")]).complete
