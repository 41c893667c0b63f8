"""Rebuilds between derivations that the real Nix instantiated, and of what it built."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyclosure.queries.base.names import parse_name
from pyclosure.queries.graph.build import BuildGraph
from pyclosure.queries.nix.process import SystemRunner
from pyclosure.queries.rebuild.compare import Comparison
from pyclosure.queries.rebuild.edges import attributes_of_inputs
from pyclosure.queries.rebuild.impact import impact
from pyclosure.queries.rebuild.select import select_derivations
from pyclosure.queries.sources.graphs import open_graph
from pyclosure.queries.sources.request import Request
from pyclosure.queries.sources.resolve import resolve
from tests.support.private_nix import PrivateNix

pytestmark = pytest.mark.nix

HERE = Path(__file__).parent
WHOLE = {"lib", "core", "app", "python3-env"}


@pytest.fixture
def variants(nix_env: PrivateNix, monkeypatch: pytest.MonkeyPatch) -> PrivateNix:
    for name, value in nix_env.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(nix_env.work)
    return nix_env


def drv(nix: PrivateNix, attribute: str) -> str:
    return nix.run("nix-instantiate", str(HERE / "rebuild.nix"), "-A", attribute).strip()


def graph(nix: PrivateNix, attribute: str) -> BuildGraph:
    return open_graph(resolve(Request((drv(nix, attribute),), derivation=True)), SystemRunner()).graph


def outputs(nix: PrivateNix, attribute: str) -> set[str]:
    """Return what nix says that all derivations of a variant make."""
    every = [path for path in nix.run("nix-store", "-qR", drv(nix, attribute)).split() if path.endswith(".drv")]
    return set(nix.run("nix-store", "-q", "--outputs", *every).split())


def names(graph: BuildGraph, some: object) -> set[str]:
    return {parse_name(graph.derivations[index].name).pname for index in some}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("variant", "rebuilt", "causes"),
    [
        ("base", set(), {}),
        ("input", WHOLE, {"lib": ["flag"]}),
        ("mirror", set(), {}),
        ("content", {"lib.tar.gz", *WHOLE}, {"lib.tar.gz": ["(outputs)", "outputHash"]}),
        ("test", {"pytest", "pytest-check-hook", "core", "app", "python3-env"}, {"pytest": ["testFlag"]}),
        ("patch", {"core", "app", "python3-env"}, {"core": ["(sources)", "patches"]}),
    ],
)
def test_what_is_built_anew_is_what_nix_has_no_output_of(
    variants: PrivateNix, variant: str, rebuilt: set[str], causes: dict[str, list[str]]
) -> None:
    base, head = graph(variants, "base"), graph(variants, variant)

    found = Comparison(base, head)

    named = {parse_name(name.removesuffix(".tar.gz")).pname + (".tar.gz" if name.endswith(".gz") else "") for name in (
        head.derivations[index].name for index in found.rebuilt
    )}  # fmt: skip
    assert named == rebuilt
    new = outputs(variants, variant) - outputs(variants, "base")
    assert {output.path for index in found.rebuilt for output in head.derivations[index].outputs.values()} == new
    told = {
        head.derivations[one.head].name.removesuffix("-1.0").replace("-1.0", ""): [d.attribute for d in one.differences]
        for one in found.causes
    }
    assert {name.removeprefix("python3.11-"): keys for name, keys in told.items()} == causes
    assert found.added == found.removed == ()
    if variant == "mirror":
        assert (found.changed_drv_paths, len(found.churned)) == (5, 5)


@pytest.mark.parametrize(
    ("variant", "rebuilt", "cause"),
    [("version", WHOLE, "lib-1.1"), ("python", {"pytest", "pytest-check-hook", "core", "app"}, "python3-3.12.2")],
)
def test_another_version_is_the_one_cause_of_all_that_follows(
    variants: PrivateNix, variant: str, rebuilt: set[str], cause: str
) -> None:
    found = Comparison(graph(variants, "base"), graph(variants, variant))

    assert [found.head.derivations[one.head].name for one in found.causes] == [cause]
    assert rebuilt <= names(found.head, found.rebuilt)
    assert found.causes[0].rebuilds == len(found.rebuilt) - 1
    assert found.added == found.removed == ()
    new = outputs(variants, variant) - outputs(variants, "base")
    assert {output.path for index in found.rebuilt for output in found.head.derivations[index].outputs.values()} == new


def test_inputs_are_there_by_the_attributes_of_the_expression(variants: PrivateNix) -> None:
    base = graph(variants, "base")
    (core,) = select_derivations(base, "core")

    found = attributes_of_inputs(base, core)

    assert {parse_name(base.derivations[index].name).pname: words for index, words in found.items()} == {
        "lib": ("buildInputs",),
        "python3": ("nativeBuildInputs", "propagatedBuildInputs"),
        "pytest-check-hook": ("nativeBuildInputs",),
        **dict.fromkeys(("wrap-python-hook", "python-imports-check-hook.sh"), ("nativeBuildInputs",)),
        "python-output-dist-hook": ("nativeBuildInputs",),
    }


def test_the_old_graph_foretells_what_a_touched_test_tool_rebuilds(variants: PrivateNix) -> None:
    base = graph(variants, "base")

    found = impact(base, select_derivations(base, "pytest"))

    assert {base.derivations[index].name for index in found.rebuilt} == {
        graph(variants, "test").derivations[index].name for index in Comparison(base, graph(variants, "test")).rebuilt
    }


def test_a_saved_graph_is_that_of_the_store(variants: PrivateNix, tmp_path: Path) -> None:
    version = variants.run("nix", "--version").split()[-1]
    words = ("derivation", "show") if tuple(map(int, version.split(".")[:2])) >= (2, 15) else ("show-derivation",)
    file = tmp_path / "graph.json"
    file.write_text(variants.run("nix", *words, "-r", drv(variants, "input")))

    saved = open_graph(resolve(Request((str(file),))), SystemRunner())

    assert saved.knowledge is None
    assert dict(zip(saved.graph.paths, saved.graph.derivations, strict=True)) == dict(
        zip(graph(variants, "input").paths, graph(variants, "input").derivations, strict=True)
    )
    assert saved.reason == ""


def test_a_graph_saved_in_part_says_so(variants: PrivateNix, tmp_path: Path) -> None:
    version = variants.run("nix", "--version").split()[-1]
    words = ("derivation", "show") if tuple(map(int, version.split(".")[:2])) >= (2, 15) else ("show-derivation",)
    file = tmp_path / "graph.json"
    file.write_text(variants.run("nix", *words, drv(variants, "input")))

    saved = open_graph(resolve(Request((str(file),))), SystemRunner())

    assert len(saved.graph) == 1
    assert "are not in it: was it made with -r?" in saved.reason
