"""Which inputs are for tests, told from derivations as builders of several years wrote them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pyclosure.queries.base.check_inputs import CheckInputs, Input
from pyclosure.queries.base.records import Derivation, Output
from pyclosure.queries.parse.derivation import parse_derivations
from pyclosure.queries.testing.inputs import LISTS, check_inputs, inputs_of, is_builder_hook, runner_of, runs_tests
from pyclosure.queries.testing.inputs import tester_inputs as inputs_of_tester
from pyclosure.queries.testing.world import World, placeholder
from tests.support.closures import derivation_of, store_path

HOOKS = (
    *("python3-3.13.9", "wrap-python-hook", "ensure-newer-sources-hook", "python-remove-tests-dir-hook"),
    *("pypa-build-hook.sh", "python-runtime-deps-check-hook.sh", "python-imports-check-hook.sh"),
    "python-output-dist-hook",
)
"""What the builder puts first, nowadays."""
OLD_HOOKS = (
    *("python3-3.9.6", "wrap-python-hook", "ensure-newer-sources-hook", "python-remove-tests-dir-hook"),
    *("python-catch-conflicts-hook", "setuptools-setup-hook", "pipInstallHook", "python-imports-check-hook.sh"),
)
NOBODY = World({}, {})


def python(name: str) -> str:
    """Return the store name of a Python package: ``mock`` for python3.13-mock-1.0."""
    return f"python3.13-{name}-1.0"


def words(names: Iterable[str]) -> str:
    return " ".join(map(store_path, names))


def package(
    native: Iterable[str] = (),
    target: Iterable[str] = (),
    *,
    hooks: Iterable[str] = HOOKS,
    name: str = "demo",
    **env: str,
) -> Derivation:
    """Return a package whose tests are on, with inputs by store name."""
    lists = {"nativeBuildInputs": words([*hooks, *native]), "buildInputs": words(target)}
    return derivation_of(python(name), {"doInstallCheck": "1", **lists, **env})


def names(inputs: Iterable[Input]) -> list[str]:
    return [one.name for one in inputs]


def tail(drv: Derivation, world: World = NOBODY) -> list[str]:
    """Return the check inputs, after a look at whether they and the others are all inputs in their order."""
    found = check_inputs(drv, world)
    for key in LISTS:
        both = [one for one in (*found.others, *found.inputs) if one.attribute == key]
        assert tuple(both) == inputs_of(drv, key, world)
    assert (found.certainty, found.tier, found.planned) == ("probable", "D", ())
    return names(found.inputs)


def reason(drv: Derivation) -> str:
    return check_inputs(drv, NOBODY).reason


# -- where check inputs begin ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("build", "tests", "why"),
    [
        ([python("flit-core")], ["pytest-check-hook", python("babel")], "pytest-check-hook runs tests"),
        ([python("flit-core")], ["unittest-check-hook"], "unittest-check-hook runs tests"),
        ([python("setuptools")], [python("mock"), "unittest-check-hook"], "mock is a test tool"),
        ([], [python("pytest-xdist"), python("numpy")], "pytest-xdist is a test tool"),
        (["cmake-4.1", python("setuptools")], ["cmake-4.1", "pytest-check-hook"], "cmake-4.1 comes twice"),
        (["wrap-python-hook", "cmake-4.1"], ["cmake-4.1", "x"], "cmake-4.1 comes twice"),
        ([python("setuptools")], [python("setuptools"), python("six")], f"{python('setuptools')} comes twice"),
        ([], ["python3-3.13.9", python("six")], "python3-3.13.9 comes twice"),
        ([python("hatchling"), python("cython")], [python("defusedxml")], "defusedxml is no build tool"),
        ([python("setuptools")], ["git-minimal-2.51.2", "pytest-check-hook"], "git-minimal-2.51.2 follows the build"),
        (["git-minimal-2.51.2", python("setuptools-scm")], ["redis-8.2"], "redis-8.2 follows the build system"),
        (["git-minimal-2.51.2", "glibc-locales-2.40"], ["pytest-check-hook"], "pytest-check-hook runs tests"),
        ([python("setuptools"), "cmake-4.1"], ["pytest-check-hook"], "pytest-check-hook runs tests"),
        ([python("setuptools"), "pkg-config-wrapper-0.29.2"], [], "nothing after the build system"),
        ([], [], "nothing after the build system"),
    ],
)
def test_the_first_that_no_build_asks_for_begins_the_check_inputs(build: list[str], tests: list[str], why: str) -> None:
    drv = package([*build, *tests])

    assert tail(drv) == tests
    assert reason(drv).startswith(why)


def test_what_the_package_propagates_may_be_needed_to_build_it() -> None:
    both = [python("numpy"), python("scipy")]
    drv = package([python("setuptools"), *both, "pytest-check-hook"], propagatedBuildInputs=words(both[:1]))

    assert tail(drv) == [python("scipy"), "pytest-check-hook"]
    assert reason(drv) == "scipy is no build tool"


def test_helpers_follow_a_build_system_only_where_there_was_one() -> None:
    numpy = python("numpy")
    before, after = [numpy, "git-2.51", python("setuptools")], [numpy, python("setuptools"), "git-2.51"]

    assert tail(package(before, propagatedBuildInputs=words([numpy]))) == []
    assert tail(package(after, propagatedBuildInputs=words([numpy]))) == ["git-2.51"]


def test_what_is_propagated_and_listed_twice_is_for_tests_the_second_time() -> None:
    numpy = python("numpy")
    drv = package([numpy, python("setuptools"), numpy], propagatedBuildInputs=words([numpy]))

    assert tail(drv) == [numpy]


def test_a_test_tool_that_is_propagated_begins_them_all_the_same() -> None:
    mock = python("mock")

    assert tail(package([python("setuptools"), mock], propagatedBuildInputs=words([mock]))) == [mock]


def test_an_applications_distribution_is_known_by_its_derivation() -> None:
    # without an interpreter prefix the name alone is that of a native package
    hooks = words(["wrap-python-hook"])
    interpreter = words(["python3-3.13.9"])
    app = derivation_of("tox-4.30", {"pname": "tox", "nativeBuildInputs": hooks, "propagatedBuildInputs": interpreter})
    drv = package([python("setuptools"), "tox-4.30", "git-2.51"])

    assert tail(drv) == ["git-2.51"]
    assert tail(drv, World({app.path: app}, {})) == ["tox-4.30", "git-2.51"]


# -- buildInputs -------------------------------------------------------------------------------------------


def test_in_build_inputs_only_what_is_for_tests_beyond_doubt_begins_them() -> None:
    libraries = ["openssl-3.0-dev", python("numpy"), "git-2.51"]

    assert tail(package(target=libraries)) == []
    assert tail(package(target=[*libraries, python("pytest"), "redis-8"])) == [python("pytest"), "redis-8"]
    assert tail(package(target=[*libraries, "unittest-check-hook"])) == ["unittest-check-hook"]


def test_check_inputs_of_both_lists_come_in_their_order() -> None:
    drv = package([python("setuptools"), "pytest-check-hook"], ["zlib-1.3", python("mock")])

    found = check_inputs(drv, NOBODY)

    assert [(one.name, one.attribute) for one in found.inputs] == [
        ("pytest-check-hook", "nativeBuildInputs"),
        (python("mock"), "buildInputs"),
    ]
    assert names(found.others) == [*HOOKS, python("setuptools"), "zlib-1.3"]


def test_tests_in_build_inputs_alone_are_found_though_the_reason_speaks_of_the_other_list() -> None:
    drv = package([python("setuptools")], [python("pytest")])

    assert tail(drv) == [python("pytest")]


@pytest.mark.parametrize("name", ["pytest-asyncio", "nose2", "hypothesis"])
def test_a_test_tool_takes_others_as_build_inputs_on_purpose(name: str) -> None:
    target = [python("pytest"), python("attrs")]

    assert tail(package(target=target, name=name)) == []
    assert tail(package(target=[*target, "pytest-check-hook"], name=name)) == ["pytest-check-hook"]
    # but not as tools at the end of the native ones
    assert tail(package([python("hypothesis")], name=name)) == [python("hypothesis")]


# -- switches ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("switches", [{"doInstallCheck": ""}, {"doInstallCheck": "0"}, {"doInstallCheck": "true"}])
def test_with_tests_off_there_are_none_for_certain(switches: Mapping[str, str]) -> None:
    drv = package([python("setuptools"), "pytest-check-hook"], [python("pytest")], **switches)

    found = check_inputs(drv, NOBODY)

    assert not runs_tests(drv)
    assert (found.inputs, found.certainty, found.tier) == ((), "certain", "D")
    assert names(found.others) == [*HOOKS, python("setuptools"), "pytest-check-hook", python("pytest")]
    assert "doInstallCheck is off" in found.reason


def test_the_check_phase_of_stdenv_runs_tests_too() -> None:
    drv = package(["pytest-check-hook"], doInstallCheck="", doCheck="1")

    assert runs_tests(drv)
    assert tail(drv) == ["pytest-check-hook"]


# -- structured attributes, and builders of other years ----------------------------------------------------


@pytest.mark.parametrize(("switch", "on"), [(True, True), (False, False), ("1", True), ("", False), (None, False)])
def test_structured_attributes_are_lists_and_switches(switch: object, on: bool) -> None:
    native = [store_path(name) for name in (*HOOKS, python("setuptools"), "pytest-check-hook")]
    structured = {"doInstallCheck": switch, "nativeBuildInputs": native, "buildInputs": [store_path(python("mock"))]}
    drv = derivation_of(python("demo"), structured=structured)

    assert runs_tests(drv) is on
    if on:
        assert tail(drv) == ["pytest-check-hook", python("mock")]
    else:
        assert check_inputs(drv, NOBODY).inputs == ()


def test_structured_attributes_in_the_old_json_are_read_alike() -> None:
    native = [store_path(name) for name in (*HOOKS, "pytest-check-hook")]
    item = {
        "outputs": {"out": {"path": store_path(python("demo"))}},
        "inputSrcs": [],
        "inputDrvs": {},
        "system": "x86_64-linux",
        "builder": "/bin/sh",
        "args": [],
        "env": {"__json": json.dumps({"doInstallCheck": True, "nativeBuildInputs": native})},
    }
    path = store_path(f"{python('demo')}.drv")

    drv = parse_derivations(json.dumps({path: item}).encode(), "/nix/store")[path]

    assert tail(drv) == ["pytest-check-hook"]


def test_hooks_of_older_builders_are_known() -> None:
    drv = package(["setuptools-check-hook", "pytestcheckhook", python("mock")], hooks=OLD_HOOKS)

    assert tail(drv) == ["setuptools-check-hook", "pytestcheckhook", python("mock")]
    assert reason(drv) == "setuptools-check-hook runs tests"


def test_before_hooks_had_names_only_what_is_for_tests_beyond_doubt_begins_them() -> None:
    hooks = ["python3-3.7.4", "hook", python("setuptools")]

    assert tail(package([python("six"), python("setuptools"), python("mock")], hooks=hooks)) == [python("mock")]
    assert tail(package([python("six"), "git-2.20"], hooks=hooks)) == []
    assert tail(package([python("mock"), "git-2.20"], hooks=())) == [python("mock"), "git-2.20"]


def test_a_builder_hook_alone_is_enough_to_see_where_the_packages_own_inputs_begin() -> None:
    assert tail(package([python("six")], hooks=["pipInstallHook"])) == [python("six")]


@pytest.mark.parametrize("name", sorted({*HOOKS, *OLD_HOOKS} - {"python3-3.13.9", "python3-3.9.6"}))
def test_hooks_of_the_builder_run_no_tests(name: str) -> None:
    assert is_builder_hook(name)
    assert runner_of(name) is None


BUILDERS = (
    *("conda-install-hook", "conda-unpack-hook", "flit-build-hook", "pip-install-hook", "pypa-build-hook.sh"),
    *("pypa-install-hook", "python-catch-conflicts-hook", "python-imports-check-hook.sh", "python-namespaces-hook.sh"),
    *("python-output-dist-hook", "python-output-test-src-hook", "python-relax-deps-hook", "wrap-python-hook"),
    *("python-remove-bin-bytecode-hook", "python-remove-tests-dir-hook", "python-runtime-deps-check-hook.sh"),
    *("setuptools-build-hook", "wheel-unpack-hook.sh", "ensure-newer-sources-hook"),
    *("egg-build-hook.sh", "egg-install-hook.sh", "egg-unpack-hook.sh", "pip-build-hook.sh", "setuptools-setup-hook"),
    "python-recompile-bytecode-hook",
)


@pytest.mark.parametrize("name", BUILDERS)
def test_hooks_as_nixpkgs_calls_them_are_the_builders(name: str) -> None:
    assert is_builder_hook(name)


@pytest.mark.parametrize("name", ["pytest-check-hook", "cmake-4.1", "python3.13-sphinx-hook", "autoreconf-hook", ""])
def test_what_a_package_asks_for_is_no_hook_of_the_builder(name: str) -> None:
    assert not is_builder_hook(name)


@pytest.mark.parametrize(
    ("name", "runner"),
    [
        ("pytest-check-hook", "pytest-check-hook"),
        ("pytest-check-hook.sh", "pytest-check-hook"),
        ("pytestcheckhook", "pytestcheckhook"),
        ("pytestCheckHook", "pytestcheckhook"),
        ("unittest-check-hook", "unittest-check-hook"),
        ("stestr-check-hook", "stestr-check-hook"),
        ("setuptoolsCheckHook", "setuptoolscheckhook"),
        ("setuptools-check-hook", "setuptools-check-hook"),
        ("python-imports-check-hook.sh", None),
        ("python3.13-pytest-check-hook-1.0", None),
        ("version-check-hook", None),
        ("cargo-check-hook.sh", None),
        (python("pytest"), None),
        ("", None),
    ],
)
def test_hooks_that_run_tests_are_known_by_their_names(name: str, runner: str | None) -> None:
    assert runner_of(name) == runner


# -- random lists ------------------------------------------------------------------------------------------

BUILD = st.lists(
    st.sampled_from([*map(python, ("setuptools", "cython", "hatchling", "wheel")), "cmake-4.1", "swig-4", "zlib-1.3"]),
    unique=True,
)
LATER = st.lists(st.sampled_from([*map(python, ("mock", "six", "flask", "setuptools")), "git-2.51", "redis-8", "x"]))
CERTAIN = st.sampled_from(["pytest-check-hook", "unittest-check-hook", python("hypothesis"), python("numpy")])


@given(st.sampled_from([HOOKS, OLD_HOOKS]), BUILD, st.one_of(st.none(), CERTAIN), LATER, st.lists(CERTAIN, max_size=1))
def test_all_after_the_first_check_input_are_check_inputs(
    hooks: tuple[str, ...], build: list[str], first: str | None, later: list[str], target: list[str]
) -> None:
    tests = [first, *later] if first is not None else []
    target = [one for one in target if one != python("numpy")]
    drv = package([*build, *tests], ["openssl-3.0", *target], hooks=hooks)

    assert tail(drv) == [*tests, *target]


# -- content-addressed inputs ------------------------------------------------------------------------------

# what nix 2.26.3 and 2.8.0 made of two derivations called so, the second built with the first
ADDRESSED = "/nix/store/d3ar96myc86wj93xf40yp8nknsavlcdq-python3.13-pretend-1.0.9.drv"
DEFERRED = "/nix/store/3xmhnz7lkwhg9p1j36lx4k892n91fgkd-python3.13-nose-1.3.7.drv"
PLACEHOLDERS = {
    (ADDRESSED, "out"): "/1cwa250ql22p6bb6dm67iiqkg7fqdpx0hdsacmqicpsjpm54whr5",
    (ADDRESSED, "dist"): "/0bd8zg446b4yq0jfn2d8ahjan87g19v0cw5in3gz4l9mhlls1269",
    (DEFERRED, "dev"): "/0sw0wf08zjs2w42yr3mw0dd7cs1v9cgk1sghc54sr0kqzjl1782n",
    (DEFERRED, "out"): "/1f1phm7v0dg27jm5hys6yww5kirdp9507mj1wjb6sqbv2lslwmrn",
}


def addressed(*tests: str) -> Derivation:
    drv = package([python("setuptools")])
    native = drv.env["nativeBuildInputs"] + "".join(f" {one}" for one in tests)
    inputs = {ADDRESSED: ("dist", "out"), DEFERRED: ("dev", "out")}
    return replace(drv, env={**drv.env, "nativeBuildInputs": native}, input_derivations=inputs)


@pytest.mark.parametrize(("drv", "output"), PLACEHOLDERS)
def test_placeholders_are_those_of_nix(drv: str, output: str) -> None:
    assert placeholder(drv, output) == PLACEHOLDERS[drv, output]


def test_inputs_without_a_path_are_named_by_their_placeholders() -> None:
    pretend, nose = PLACEHOLDERS[ADDRESSED, "out"], PLACEHOLDERS[DEFERRED, "dev"]

    found = check_inputs(addressed(pretend, nose), NOBODY)

    assert found.inputs == (
        Input(pretend, "python3.13-pretend-1.0.9", "nativeBuildInputs", "pretend"),
        Input(nose, "python3.13-nose-1.3.7-dev", "nativeBuildInputs", "nose"),
    )
    assert found.reason == "pretend is a test tool"


def test_a_placeholder_is_explained_by_the_derivation_that_uses_it_alone() -> None:
    word = PLACEHOLDERS[ADDRESSED, "out"]
    drv = replace(addressed(word), input_derivations={})
    world = World({}, {})

    assert [one.name for one in inputs_of(drv, "nativeBuildInputs", world)][-1] == ""
    assert tail(drv, world) == []
    # another derivation explains the same word, asked later
    other = replace(addressed(word), path=store_path("other.drv"))
    assert tail(other, world) == ["python3.13-pretend-1.0.9"]


@pytest.mark.parametrize("word", ["/" + "1" * 52, "$out/bin", "relative", "/usr/bin/env", store_path("x") + "/bin/x"])
def test_words_that_are_no_inputs_have_no_name(word: str) -> None:
    (found,) = inputs_of(derivation_of("x", {"nativeBuildInputs": word}), "nativeBuildInputs", NOBODY)

    assert found == Input(word, "", "nativeBuildInputs", None)


# -- derivations that only test ----------------------------------------------------------------------------


def made_to_test(native: Iterable[str], target: Iterable[str] = ()) -> Derivation:
    lists = {"nativeBuildInputs": words(native), "buildInputs": words(target)}
    return derivation_of("demo-tests", {"doInstallCheck": "1", **lists})


def apart(drv: Derivation, built: Derivation) -> CheckInputs:
    return inputs_of_tester(drv, built, World({built.path: built}, {}))


def test_all_that_a_tester_is_given_besides_the_package_is_for_tests() -> None:
    own = python("demo")
    built = derivation_of(own, outputs=("out", "test_src"))
    given = ["git-2.51", python("six"), "pytest-check-hook"]
    head = ["python3-3.13.9", "wrap-python-hook", own]

    found = apart(made_to_test([*head, *given], [f"{own}-test_src", "zlib-1.3"]), built)

    assert names(found.inputs) == [*given, "zlib-1.3"]
    assert names(found.others) == [*head, f"{own}-test_src"]
    assert (found.certainty, found.tier) == ("probable", "D")


def test_another_package_of_the_same_name_is_for_tests() -> None:
    built = derivation_of(python("demo"))

    assert names(apart(made_to_test([python("demo"), "python3.13-demo-2.0"]), built).inputs) == ["python3.13-demo-2.0"]


@pytest.mark.parametrize("interpreter", ["python3-3.13.9", "python-2.7.18", "python3-minimal-3.12.1", "pypy3-7.3"])
def test_an_interpreter_is_not_for_tests(interpreter: str) -> None:
    assert apart(made_to_test([interpreter]), derivation_of(python("demo"))).inputs == ()


def test_pypy_with_a_version_in_its_name_is_not_for_tests() -> None:
    assert apart(made_to_test(["pypy3.10-7.3.19"]), derivation_of(python("demo"))).inputs == ()


def test_an_environment_is_for_tests() -> None:
    environment = "python3-3.13.9-env"

    assert names(apart(made_to_test([environment]), derivation_of(python("demo"))).inputs) == [environment]


def test_a_package_without_a_path_is_not_for_its_own_tests() -> None:
    package = replace(derivation_of("python3.13-pretend-1.0.9"), path=ADDRESSED, outputs={"out": Output(None)})
    words = f"{PLACEHOLDERS[ADDRESSED, 'out']} {store_path('pytest-check-hook')}"
    drv = derivation_of("pretend-tests", {"doInstallCheck": "1", "nativeBuildInputs": words})

    found = apart(replace(drv, input_derivations={ADDRESSED: ("out",)}), package)

    assert names(found.inputs) == ["pytest-check-hook"]
