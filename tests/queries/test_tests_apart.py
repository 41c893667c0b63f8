"""Tests that other derivations run: found by name, by output, by source; and what they were given."""

from __future__ import annotations

from pyclosure.queries.base.records import Derivation, Output
from pyclosure.queries.base.source_needs import Declaration, Source
from pyclosure.queries.policy.tests import TestConventions as Conventions
from pyclosure.queries.testing.survey import PackageTests, Subject, survey_of
from pyclosure.queries.testing.world import World
from tests.support.closures import store_path

HOOK = store_path("pyproject-hook")


def drv(name: str, inputs: tuple[str, ...] = (), **env: str) -> Derivation:
    path = store_path(name)
    return Derivation(
        path=f"{path}.drv",
        name=name,
        system="x86_64-linux",
        builder="/bin/sh",
        args=(),
        env=env,
        outputs={"out": Output(path)},
        input_sources=(),
        input_derivations={f"{store_path(one)}.drv": ("out",) for one in inputs},
    )


def wheel(name: str, **env: str) -> Derivation:
    """Return a package as pyproject.nix builds it."""
    return drv(f"{name}-1.0", nativeBuildInputs=HOOK, pname=name, src=store_path(f"{name}-src"), **env)


def judged(*others: Derivation, groups: tuple[str, ...] = ("pytest", "hypothesis")) -> PackageTests:
    package = wheel("app")
    every = {one.path: one for one in (package, *others)}
    source = Source("tree", name="app", declarations=(Declaration("group", "test", "pyproject.toml", 3, groups),))
    subject = Subject(store_path("app-1.0"), None, package, None, source)
    return survey_of([subject], World(every, {}), Conventions()).packages[0]


def environment(*members: str) -> Derivation:
    paths = ":".join(store_path(f"{one}-1.0") for one in members)
    return drv("app-env", tuple(f"{one}-1.0" for one in members), NIX_PYPROJECT_DEPS=paths, mkVirtualenvFlags="")


def test_a_wheel_of_pyproject_nix_is_built_without_tests_and_says_so() -> None:
    one = judged()

    assert (one.ran, one.verdict) == ("not-run", "moot")
    assert "pyproject.nix builds without tests" in one.run.reason


def test_tests_of_uv2nix_run_on_the_same_source_with_an_environment() -> None:
    members = [wheel(name) for name in ("pytest", "hypothesis")]
    tests = drv(
        "test",
        ("app-env",),
        src=store_path("app-src"),
        nativeBuildInputs=store_path("app-env"),
        buildPhase="runHook preBuild\npytest -k 'not slow'\nrunHook postBuild",
    )

    one = judged(*members, environment("app", "pytest", "hypothesis"), tests)

    assert (one.ran, one.run.runner, one.verdict) == ("separate", "pytest", "none")
    assert one.run.separate == (tests.path,)
    assert [limit.values for limit in one.run.limits] == [("-k not slow",)]
    assert one.gap.called("provided") == ("hypothesis", "pytest")


def test_what_their_environment_lacks_is_a_gap() -> None:
    tests = drv(
        "test",
        ("app-env",),
        src=store_path("app-src"),
        nativeBuildInputs=store_path("app-env"),
        checkPhase="pytest",
        doCheck="1",
    )

    one = judged(wheel("pytest"), environment("app", "pytest"), tests)

    assert (one.ran, one.verdict, one.gap.missing) == ("separate", "real", ("hypothesis",))


def test_another_use_of_the_source_is_no_test() -> None:
    docs = drv("docs", src=store_path("app-src"), buildPhase="sphinx-build docs $out")
    other = drv("test", src=store_path("other-src"), buildPhase="pytest")

    assert judged(docs, other).ran == "not-run"
