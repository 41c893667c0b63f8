"""Ten packages of a real package set, judged by their recorded derivations and published metadata.

The derivations are cut down to what tests touch; METADATA is that of the wheels of the same versions. The
derivations that test requests, attrs and zipp apart from their builds were not recorded: they are written here
with the inputs and switches that they were seen to have.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from packaging.utils import canonicalize_name

from pyclosure.queries.base.names import name_of
from pyclosure.queries.base.records import Derivation, Distribution
from pyclosure.queries.base.source_needs import Source
from pyclosure.queries.environment.platform import platform_of
from pyclosure.queries.facts.sources.tree import read_source
from pyclosure.queries.graph.build import BuildGraph
from pyclosure.queries.parse.derivation import parse_derivations
from pyclosure.queries.policy.tests import TestConventions as Conventions
from pyclosure.queries.testing.survey import PackageTests, Subject, survey_of
from pyclosure.queries.testing.world import World

RECORDED = Path(__file__).parents[1] / "data" / "test-gaps.json.gz"
ATTRS = """
[project]
name = "attrs"
[dependency-groups]
tests = [
  'cloudpickle; platform_python_implementation == "CPython"', "hypothesis", "pympler", "pytest",
  "pytest-xdist[psutil]",
]
mypy = [{ include-group = "tests" }, "pytest-mypy-plugins"]
"""
PYELFTOOLS = "from setuptools import setup\nsetup(name='pyelftools', version='0.32', packages=['elftools'])\n"


@cache
def recorded() -> dict[str, Any]:
    with gzip.open(RECORDED) as file:
        return dict(json.load(file))


@cache
def derivations(recording: str) -> dict[str, Derivation]:
    return parse_derivations(json.dumps(recorded()[recording]).encode(), "/nix/store")


def distribution(name: str) -> Distribution:
    entry = next(one for one in recorded()["metadata"] if canonicalize_name(one["name"]) == name)
    return Distribution(
        name=entry["name"],
        normalized=name,
        version=entry["version"],
        interpreter="python3.13",
        folder=f"lib/python3.13/site-packages/{entry['name']}-{entry['version']}.dist-info",
        requires_dist=tuple(entry["requires_dist"]),
        extras=tuple(entry["extras"]),
    )


def derivation(recording: str, name: str) -> Derivation:
    found = [
        one
        for one in derivations(recording).values()
        if one.name.startswith(f"python3.13-{name}-") and one.attribute("nativeBuildInputs").count("/nix/store") > 3
    ]
    assert len(found) == 1, found
    return found[0]


def judged(
    name: str, recording: str, *, source: Source | None = None, apart: Mapping[str, Derivation] | None = None
) -> PackageTests:
    platform = platform_of("python3.13", "3.13.9", None, derivation(recording, name))
    subject = Subject(
        next(iter(derivation(recording, name).outputs.values())).path or "",
        distribution(str(canonicalize_name(name))),
        derivation(recording, name),
        platform,
        source,
    )
    world = World({**derivations(recording), **(apart or {})}, {})
    return survey_of([subject], world, Conventions()).packages[0]


def made_to_test(package: Derivation, output: str, inputs: str, **env: str) -> dict[str, Derivation]:
    """Return a derivation that tests a package apart from its build."""
    path = "/nix/store/00000000000000000000000000000001-" + package.name + "-tests.drv"
    made = Derivation(
        path=path,
        name=f"{package.name}-tests",
        system="x86_64-linux",
        builder="/bin/sh",
        args=(),
        env={"src": package.outputs[output].path or "", "nativeBuildInputs": inputs, **env},
        outputs={},
        input_sources=(),
        input_derivations={package.path: (output, "out")},
    )
    return {path: made}


def path_called(recording: str, name: str) -> str:
    every = (output.path for one in derivations(recording).values() for output in one.outputs.values())
    return next(path for path in every if path and name_of(path).startswith(name))


def test_jinja2_ran_and_declares_nothing_for_tests() -> None:
    one = judged("jinja2", "as-shipped")

    assert (one.ran, one.run.runner, one.verdict) == ("ran", "pytest", "unknown")
    assert not one.declared.known
    assert "dependency groups are not published in wheels" in one.declared.reason
    assert one.gap.undeclared == ("babel",)
    assert one.inputs is not None
    assert [some.name for some in one.inputs.inputs] == ["pytest-check-hook", "python3.13-babel-2.18.0"]


def test_psutil_ran_in_part_which_explains_what_is_missing() -> None:
    one = judged("psutil", "as-shipped")

    assert (one.ran, one.verdict, one.gap.certainty) == ("filtered", "explained", "probable")
    assert one.declared.known
    assert {asked.requirement.name for asked in one.gap.asked} == {
        *("pytest", "pytest-instafail", "pytest-xdist", "setuptools", "pytest-subtests"),
    }
    # instafail only changes how failures are printed, so that it is left out everywhere
    assert one.gap.called("explained") == ("pytest-subtests", "pytest-xdist")
    assert one.gap.called("convention") == ("pytest-instafail",)
    assert one.gap.missing == ()
    limits = {limit.attribute: limit for limit in one.run.limits}
    assert limits["enabledTestPaths"].only
    assert limits["enabledTestPaths"].values == ("…/lib/python3.13/site-packages/psutil/tests/test_system.py",)
    assert len(limits["disabledTests"].values) == 7


def test_pyelftools_runs_its_own_scripts_and_its_source_asks_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "setup.py").write_text(PYELFTOOLS)
    one = judged("pyelftools", "as-shipped", source=read_source(str(tmp_path)))

    assert (one.ran, one.verdict) == ("own-phase", "none")
    assert one.declared.known
    assert one.gap.asked == ()
    assert judged("pyelftools", "as-shipped").verdict == "unknown"


def test_pyopenssl_is_complete_and_not_run_as_shipped() -> None:
    shipped, on = judged("pyopenssl", "as-shipped"), judged("pyopenssl", "tests-on")

    assert (shipped.ran, shipped.verdict, shipped.gap.certainty) == ("not-run", "moot", "certain")
    assert shipped.run.residue
    assert shipped.inputs is not None
    assert shipped.inputs.inputs == ()
    assert (on.ran, on.verdict) == ("filtered", "none")
    assert on.gap.called("provided") == ("pretend", "pytest", "pytest-rerunfailures")
    assert on.gap.undeclared == ()


def test_cryptography_has_no_gap() -> None:
    one = judged("cryptography", "tests-on")

    assert (one.ran, one.verdict) == ("filtered", "none")
    assert set(one.gap.called("convention")) == {"pytest-benchmark", "pytest-cov"}
    assert one.gap.undeclared == ("bcrypt",)
    assert {"certifi", "cryptography-vectors", "pretend", "pytest", "pytest-xdist"} <= set(one.gap.called("provided"))


def test_pillow_has_a_real_gap() -> None:
    one = judged("pillow", "tests-on")

    assert (one.ran, one.verdict, one.gap.certainty) == ("filtered", "real", "probable")
    assert set(one.gap.missing) == {"olefile", "markdown2", "pytest-timeout", "pytest-xdist", "trove-classifiers"}
    assert one.gap.called("accidental") == ("setuptools",)
    # pytest needs it, so that it is there whenever tests are
    packaging = next(asked for asked in one.gap.asked if asked.requirement.name == "packaging")
    assert (packaging.standing, packaging.reason) == ("provided", "propagated: python3.13-pytest-9.1.1")
    assert one.gap.undeclared == ("numpy",)
    assert judged("pillow", "as-shipped").verdict == "moot"


def test_jaraco_classes_lacks_only_what_is_left_out_by_convention() -> None:
    one = judged("jaraco-classes", "tests-on")

    assert (one.ran, one.verdict) == ("ran", "none")
    assert one.gap.called("provided") == ("pytest",)
    assert set(one.gap.called("convention")) == {
        *("pytest-checkdocs", "pytest-cov", "pytest-mypy", "pytest-enabler", "pytest-ruff")
    }


def test_requests_is_tested_apart_from_its_build() -> None:
    package = derivation("as-shipped", "requests")
    # its inputs are those that the build has with tests on
    on = derivation("tests-on", "requests").attribute("nativeBuildInputs").split()[-4:]
    names = [name_of(word) for word in on]
    assert [name.split("-")[0] for name in names] == ["python3.13", "python3.13", "pytest", "python3.13"]
    own = f"{package.outputs['out'].path} {path_called('as-shipped', 'python3-3.13.9')}"
    apart = made_to_test(package, "test_src", f"{own} {' '.join(on)}", doCheck="1", doInstallCheck="1")

    alone = judged("requests", "as-shipped")
    one = judged("requests", "as-shipped", apart={**derivations("tests-on"), **apart})

    assert (alone.ran, alone.verdict, alone.run.residue) == ("not-run", "moot", True)
    assert (one.ran, one.run.runner, one.verdict) == ("separate", "pytest", "unknown")
    assert one.run.separate == tuple(apart)
    assert one.gap.undeclared == ("pysocks", "pytest-mock", "pytest-xdist")
    assert not one.declared.known


def test_attrs_is_not_run_and_what_should_test_it_runs_nothing(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(ATTRS)
    source = read_source(str(tmp_path))
    package = derivation("as-shipped", "attrs")
    apart = made_to_test(package, "testout", package.outputs["out"].path or "", doInstallCheck="")

    alone = judged("attrs", "as-shipped", source=source)
    one = judged("attrs", "as-shipped", source=source, apart=apart)

    assert (alone.ran, alone.verdict) == ("not-run", "moot")
    assert {asked.requirement.name for asked in alone.gap.asked} == {
        *("cloudpickle", "hypothesis", "pympler", "pytest", "pytest-xdist")
    }
    assert (one.ran, one.verdict) == ("vacuous", "moot")
    assert "doInstallCheck is off" in one.run.reason


def test_zipp_gets_inputs_that_nothing_runs() -> None:
    shipped, on = judged("zipp", "as-shipped"), judged("zipp", "tests-on")

    assert (shipped.ran, shipped.verdict) == ("imports-only", "moot")
    assert (on.ran, on.verdict) == ("vacuous", "moot")
    assert on.inputs is not None
    assert [one.distribution for one in on.inputs.inputs] == ["func-timeout", "jaraco-itertools"]
    assert {"jaraco-itertools", "more-itertools"} <= set(on.gap.called("provided"))
    assert {"big-o", "jaraco-functools"} <= set(on.gap.missing)


@pytest.mark.parametrize("recording", ["as-shipped", "tests-on"])
def test_recording_is_a_graph(recording: str) -> None:
    graph = BuildGraph(derivations(recording))

    assert len(graph) == len(derivations(recording))
    assert not graph.missing
    assert msgspec.json.encode(graph.paths)
