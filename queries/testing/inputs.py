"""Which inputs of a derivation are there for its tests?

A derivation never says. nixpkgs appends check inputs to the ends of ``nativeBuildInputs`` and ``buildInputs``
when tests run, without a mark where they begin: from a derivation alone the answer is probable, never certain.
Evaluating the expression tells exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from packaging.utils import canonicalize_name

from pyclosure.queries.base.check_inputs import CheckInputs, Input
from pyclosure.queries.base.names import STORE_PATH, name_of, parse_name
from pyclosure.queries.base.records import Derivation
from pyclosure.queries.data import load
from pyclosure.queries.kinds.by_derivation import is_interpreter_name
from pyclosure.queries.policy.conventions import (
    is_native_build_tool,
    is_one_of,
    is_python_build_tool,
    is_test_tool,
)
from pyclosure.queries.testing.world import World

LISTS = ("nativeBuildInputs", "buildInputs")
"""Attributes whose ends hold the check inputs."""


def runs_tests(derivation: Derivation) -> bool:
    """Say whether a derivation has a test phase switched on at all."""
    return "1" in (derivation.attribute("doInstallCheck"), derivation.attribute("doCheck"))


def check_inputs(derivation: Derivation, world: World) -> CheckInputs:
    """Return the check inputs of a derivation as far as it tells them.

    Args:
        derivation: of a Python package.
        world: names placeholders, and knows Python packages without an interpreter prefix.
    """
    lists = {key: inputs_of(derivation, key, world) for key in LISTS}
    if not runs_tests(derivation):
        others = tuple(one for some in lists.values() for one in some)
        return CheckInputs((), others, "certain", "D", "doInstallCheck is off: check inputs are left out")
    own = parse_name(derivation.name).pname
    carried = set(derivation.attribute("propagatedBuildInputs").split())
    native, reason = _native_start(lists["nativeBuildInputs"], carried)
    target = _target_start(lists["buildInputs"], str(canonicalize_name(own)))
    if native == len(lists["nativeBuildInputs"]) and target < len(lists["buildInputs"]):
        reason = f"{_certainly_test(lists['buildInputs'][target])}, in buildInputs"
    tail = (*lists["nativeBuildInputs"][native:], *lists["buildInputs"][target:])
    head = (*lists["nativeBuildInputs"][:native], *lists["buildInputs"][:target])
    return CheckInputs(tail, head, "probable", "D", reason)


def tester_inputs(derivation: Derivation, package: Derivation, world: World) -> CheckInputs:
    """Return the inputs of a derivation that tests a package apart from its build: all that is not the package.

    Args:
        derivation: the one that runs the tests.
        package: the one that builds what is tested.
        world: as for :func:`check_inputs`.
    """
    every = [one for key in LISTS for one in inputs_of(derivation, key, world)]
    others = [
        one
        for one in every
        if is_builder_hook(one.name)
        or _is_interpreter(one)
        or world.input_of(one.path, derivation) == package.path
        or world.derivation_of(one.path) is package
    ]
    inputs = tuple(one for one in every if one not in others)
    reason = "it only tests, so all that it is given besides the package is for tests"
    return CheckInputs(inputs, tuple(others), "probable", "D", reason)


def _is_interpreter(one: Input) -> bool:
    return one.distribution is None and is_interpreter_name(one.name)


def is_builder_hook(name: str) -> bool:
    """Say whether the builder adds an input of that name by itself, ahead of what the package asks for."""
    return is_one_of(name, "testing", "builder-hooks")


def runner_of(name: str) -> str | None:
    """Return the key in the conventions of a hook that runs tests; None for anything else."""
    lowered = name.lower().removesuffix(".sh")
    runners: Mapping[str, Sequence[str]] = load("conventions")["testing"]["runners"]
    return next((runner for runner in runners if fnmatchcase(lowered, runner)), None)


def inputs_of(derivation: Derivation, key: str, world: World) -> tuple[Input, ...]:
    """Return the inputs that one list of a derivation names, in its order."""
    found = []
    for word in derivation.attribute(key).split():
        path = world.resolve(word, derivation)
        name = name_of(path) if STORE_PATH.fullmatch(path) else path if path != word else ""
        found.append(Input(word, name, key, world.distribution_called(word, name)))
    return tuple(found)


def _native_start(inputs: Sequence[Input], carried: set[str]) -> tuple[int, str]:
    """Return where check inputs begin in ``nativeBuildInputs``, and why."""
    first = max((index + 1 for index, one in enumerate(inputs) if is_builder_hook(one.name)), default=0)
    after_builder = first > 0
    seen = {one.path for one in inputs[:first]}
    backend = False
    for index in range(first, len(inputs)):
        one = inputs[index]
        reason = _certainly_test(one) or (
            f"{one.name} comes twice" if one.path in seen and after_builder else _hardly_build(one, carried, backend)
        )
        if reason and (after_builder or _certainly_test(one)):
            return index, reason
        backend = backend or (one.distribution is not None and _is_build_tool(one.distribution))
        seen.add(one.path)
    return len(inputs), "nothing after the build system looks like a check input"


def _target_start(inputs: Sequence[Input], own: str) -> int:
    """Return where check inputs begin in ``buildInputs``: there only what is for tests beyond doubt counts."""
    # a plugin takes pytest as a build input on purpose
    return next(
        (
            index
            for index, one in enumerate(inputs)
            if _certainly_test(one) and not (is_test_tool(own) and one.distribution)
        ),
        len(inputs),
    )


def _certainly_test(one: Input) -> str:
    if runner_of(one.name):
        return f"{one.name} runs tests"
    if one.distribution is not None and is_test_tool(one.distribution):
        return f"{one.distribution} is a test tool"
    return ""


def _hardly_build(one: Input, carried: set[str], after_backend: bool) -> str:
    """Return why something after the builder's hooks is no build input; empty when it may be one."""
    if one.distribution is not None:
        # what it propagates may be listed for building, too
        if one.path in carried or _is_build_tool(one.distribution):
            return ""
        return f"{one.distribution} is no build tool"
    pname = parse_name(one.name).pname
    if after_backend and is_one_of(pname, "testing", "helpers") and not is_native_build_tool(pname):
        return f"{one.name} follows the build system, and is for tests as a rule"
    return ""


def _is_build_tool(distribution: str) -> bool:
    return is_python_build_tool(distribution) or is_one_of(distribution, "testing", "also-build")
