"""Tests of packages that the real Nix built: declared, provided, run, and how sure that is."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pyclosure.queries.base.names import name_of
from pyclosure.queries.findings import find_rule, known_rules
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.judge import judge
from pyclosure.queries.findings.report import Report
from pyclosure.queries.nix.process import SystemRunner
from pyclosure.queries.opened.enrich import enrich
from pyclosure.queries.opened.evidence import EvidenceStore
from pyclosure.queries.opened.knowledge import Knowledge, know
from pyclosure.queries.policy.policy import Policy, policy_of
from pyclosure.queries.sources.read import read_source
from pyclosure.queries.sources.request import Request
from pyclosure.queries.sources.resolve import resolve
from pyclosure.queries.testing.evaluated import learn_evaluation
from pyclosure.queries.testing.evaluation import Expression
from pyclosure.queries.testing.survey import PackageTests, Survey
from tests.support.private_nix import PrivateNix, private_folder

pytestmark = pytest.mark.nix

GAPS = Path(__file__).parent / "gaps.nix"
HOOK, HYPOTHESIS = "pytest-check-hook", "hypothesis"
TOOLS = {
    *("setuptools", "iniconfig", "pytest", "pytest-xdist", "pytest-timeout", "hypothesis", "mock", "coverage"),
    "pytest-cov",
}


@dataclass(frozen=True)
class Case:
    """What is expected of a package."""

    declared: tuple[str, ...] | None
    """None when nothing tells."""
    given: tuple[str, ...]
    """Check inputs: distributions, or names of hooks."""
    ran: str
    runner: str | None
    verdict: str
    certainty: str
    missing: tuple[str, ...] = ()


EXPECTED = {
    "complete": Case(("hypothesis", "pytest"), (HOOK, HYPOTHESIS), "ran", "pytest", "none", "probable"),
    "missing-one": Case(
        ("hypothesis", "pytest", "pytest-timeout"),
        (HOOK, HYPOTHESIS),
        "ran",
        "pytest",
        "real",
        "probable",
        ("pytest-timeout",),
    ),
    "structured": Case(
        ("hypothesis", "pytest", "pytest-timeout"),
        (HOOK, HYPOTHESIS),
        "ran",
        "pytest",
        "real",
        "probable",
        ("pytest-timeout",),
    ),
    "tests-off": Case(("hypothesis", "pytest"), (), "not-run", None, "moot", "certain", ("hypothesis", "pytest")),
    "imports-only": Case(("pytest",), (), "imports-only", None, "moot", "certain", ("pytest",)),
    "deselected": Case(("pytest", "pytest-xdist"), (HOOK,), "filtered", "pytest", "explained", "probable"),
    "own-phase": Case(None, (), "own-phase", None, "unknown", "unknown"),
    "vacuous": Case(("hypothesis", "pytest"), (HYPOTHESIS,), "vacuous", None, "moot", "probable", ("pytest",)),
    "dont-use": Case(("pytest",), (HOOK,), "vacuous", None, "moot", "probable"),
    "self-extra": Case(
        ("hypothesis", "pytest", "pytest-cov"), (HOOK,), "ran", "pytest", "real", "probable", ("hypothesis",)
    ),
    "convention": Case(("mypy", "pytest", "pytest-cov", "ruff"), (HOOK,), "ran", "pytest", "none", "probable"),
    "old-style": Case(None, (HOOK, "mock"), "ran", "pytest", "unknown", "unknown"),
    "accidental": Case(("pytest", "setuptools"), (HOOK,), "ran", "pytest", "explained", "probable"),
    "leaky": Case(None, (HOOK,), "ran", "pytest", "unknown", "unknown"),
    "misplaced": Case(None, (), "not-run", None, "moot", "certain"),
    "no-extra": Case(None, (HOOK,), "ran", "pytest", "unknown", "unknown"),
    "with-source": Case(("hypothesis", "pytest"), (HOOK,), "ran", "pytest", "real", "probable", ("hypothesis",)),
    "separate": Case(("pytest",), (), "not-run", None, "moot", "certain", ("pytest",)),
    "ping": Case(("pong", "pytest"), (HOOK, "pong"), "ran", "pytest", "none", "probable"),
    "pong": Case(("ping", "pytest"), (), "not-run", None, "moot", "certain", ("ping", "pytest")),
}


@dataclass
class Built:
    """The environment of all packages, in a store of its own."""

    nix: PrivateNix
    env: str
    separate_tests: str

    def opened(self, *sources: str, files: bool = True, derivations: bool = True, closure: bool = False) -> Knowledge:
        """Open the environment, or something else, with all that is known."""
        request = Request(sources or (self.env,), derivation=closure)
        knowledge = know(read_source(resolve(request), SystemRunner()))
        enrich(knowledge, files=files, derivations=derivations, tests=True)
        return knowledge


@pytest.fixture(scope="module")
def set_built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    with private_folder(tmp_path_factory.mktemp("gaps")) as folder:
        nix = PrivateNix(folder)
        nix.run("nix-build", str(GAPS), "-A", "env", "-o", str(nix.work / "env"))
        nix.run("nix-build", str(GAPS), "-A", "pkgs.separate-tests", "-o", str(nix.work / "separate-tests"))
        yield Built(nix, os.readlink(nix.work / "env"), os.readlink(nix.work / "separate-tests"))


@pytest.fixture
def built(set_built: Built, monkeypatch: pytest.MonkeyPatch) -> Built:
    for name, value in set_built.nix.environment().items():
        monkeypatch.setenv(name, value)
    return set_built


def context(knowledge: Knowledge, policy: Policy | None = None) -> Context:
    return Context(knowledge, EvidenceStore(knowledge), policy or Policy())


def survey(knowledge: Knowledge) -> Survey:
    return context(knowledge).tests


def by_name(found: Survey) -> dict[str, PackageTests]:
    return {one.name: one for one in found.packages}


def case_of(one: PackageTests) -> Case:
    asked = one.gap.asked
    inputs = one.inputs.inputs if one.inputs is not None else ()
    return Case(
        tuple(some.requirement.name for some in asked) if one.declared.known else None,
        tuple(some.distribution or some.name for some in inputs),
        one.ran,
        one.run.runner,
        one.verdict,
        one.gap.certainty,
        one.gap.missing,
    )


def findings(knowledge: Knowledge, *ids: str, policy: Policy | None = None) -> Report:
    rules = [rule for one in ids if (rule := find_rule(one)) is not None]
    return judge(context(knowledge, policy), rules)


def test_every_package_is_judged_by_what_was_built(built: Built) -> None:
    found = by_name(survey(built.opened()))

    assert set(found) == {*EXPECTED, *TOOLS}
    assert {name: case_of(found[name]) for name in EXPECTED} == EXPECTED
    assert {found[name].ran for name in TOOLS} == {"not-run"}
    assert [path.endswith(f"python3.11-{name}-1.0") for name in EXPECTED for path in [found[name].path]] == [
        True
    ] * len(EXPECTED)


def test_evaluation_makes_it_certain_and_says_what_is_planned(built: Built) -> None:
    knowledge = built.opened()

    notes = learn_evaluation(knowledge, [Expression("pkgs", str(GAPS))])
    found = by_name(survey(knowledge))

    assert notes == [f"check inputs of {len(found)} packages are exact, by evaluation"]
    sure = {"ran": "certain", "filtered": "probable"}
    for name, case in EXPECTED.items():
        one = found[name]
        assert one.inputs is not None
        assert (one.inputs.tier, one.inputs.certainty) == ("X", "certain"), name
        if name in ("accidental", "separate") or case.verdict in ("unknown", "moot", "explained"):
            continue
        assert (one.verdict, one.gap.certainty, one.gap.missing) == (case.verdict, sure[one.ran], case.missing), name
    planned = {name: one.inputs.planned for name, one in found.items() if one.inputs is not None and one.inputs.planned}
    assert {name: [some.distribution or some.name for some in inputs] for name, inputs in planned.items()} == {
        "tests-off": [HOOK, HYPOTHESIS],
        "pong": [HOOK, "ping"],
    }


def test_evaluation_finds_the_tests_apart_from_the_build(built: Built) -> None:
    knowledge = built.opened()
    learn_evaluation(knowledge, [Expression("pkgs", str(GAPS))])

    one = by_name(survey(knowledge))["separate"]

    assert (one.ran, one.run.runner, one.verdict, one.gap.certainty) == ("separate", "pytest", "none", "certain")
    assert "passthru.tests.python" in one.run.reason


def test_another_build_of_the_expression_is_not_used(built: Built) -> None:
    knowledge = built.opened()
    changed = built.nix.work / "changed.nix"
    changed.write_text(
        f"let gaps = import {GAPS} {{ }}; in {{ no-extra = gaps.pkgs.no-extra.overridePythonAttrs"
        " (old: { nativeCheckInputs = old.nativeCheckInputs ++ [ gaps.pkgs.mock ]; }); }\n"
    )

    notes = learn_evaluation(knowledge, [Expression("", str(changed))])
    one = by_name(survey(knowledge))["no-extra"]

    assert one.inputs is not None
    assert one.inputs.tier == "D"
    assert any("no-extra" in note and "another build" in note for note in notes)


def test_test_derivations_are_joined_with_what_they_test(built: Built) -> None:
    found = by_name(survey(built.opened(built.env, built.separate_tests)))

    one = found["separate"]

    assert (one.ran, one.run.runner, one.verdict) == ("separate", "pytest", "none")
    assert [name_of(path) for path in one.run.separate] == ["python3.11-separate-1.0-tests.drv"]
    assert one.gap.called("provided") == ("pytest",)


def test_without_derivations_what_is_declared_is_still_there(built: Built) -> None:
    found = by_name(survey(built.opened(derivations=False)))

    for name, case in EXPECTED.items():
        one = found[name]
        assert (one.ran, one.verdict, one.gap.certainty, one.inputs) == ("unknown", "unknown", "unknown", None)
        assert one.run.reason == "derivations were not asked for"
        if name != "with-source":
            assert one.declared.known == (case.declared is not None)
            assert tuple(asked.requirement.name for asked in one.gap.asked) == (case.declared or ())
            assert {asked.standing for asked in one.gap.asked} <= {"unknown"}


def test_without_files_nothing_is_declared_but_what_ran_is_known(built: Built) -> None:
    found = by_name(survey(built.opened(files=False)))

    assert {name: found[name].ran for name in EXPECTED} == {name: case.ran for name, case in EXPECTED.items()}
    assert not any(found[name].declared.known for name in EXPECTED)
    assert {found[name].verdict for name in EXPECTED} == {"unknown", "moot"}


def test_a_package_whose_derivation_was_collected_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with private_folder(tmp_path) as folder:
        nix = PrivateNix(folder)
        nix.run("nix-build", str(GAPS), "-A", "env", "-o", str(nix.work / "env"))
        nix.run("nix-store", "--gc", "--option", "keep-derivations", "false")
        for name, value in nix.environment().items():
            monkeypatch.setenv(name, value)
        found = survey(Built(nix, os.readlink(nix.work / "env"), "").opened())

    assert found.cost is None
    assert "no derivation of these paths is in the store" in found.why_no_cost
    one = by_name(found)["missing-one"]
    assert (one.ran, one.verdict, one.inputs) == ("unknown", "unknown", None)
    assert one.run.reason == "the derivation is not here"
    assert one.declared.known


def test_a_package_that_nobody_recorded_a_derivation_of(built: Built, tmp_path: Path) -> None:
    orphan = tmp_path / "python3.11-orphan-1.0"
    info = orphan / "lib/python3.11/site-packages/orphan-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: orphan\nVersion: 1.0\nProvides-Extra: test\n"
        'Requires-Dist: pytest; extra == "test"\n'
    )
    path = built.nix.run("nix-store", "--add", str(orphan)).strip()

    one = by_name(survey(built.opened(path)))["orphan"]

    assert (one.ran, one.verdict) == ("unknown", "unknown")
    assert one.run.reason == "nobody recorded which derivation built it"
    assert [asked.requirement.name for asked in one.gap.asked] == ["pytest"]


def test_the_build_closure_has_what_only_builds_need(built: Built) -> None:
    found = survey(built.opened(closure=True))

    names = [one.name for one in found.packages]
    assert set(names) == {*EXPECTED, *TOOLS}
    assert all(one.path.endswith(".drv") for one in found.packages)
    assert {name: by_name(found)[name].ran for name in EXPECTED} == {name: case.ran for name, case in EXPECTED.items()}
    assert found.cost is not None
    assert found.cost.missing == 0


def test_costs_are_what_taking_the_tests_out_really_saves(built: Built) -> None:
    """Instantiate the set with the tests of one package off, and count what hashes change no longer."""
    found = survey(built.opened())
    assert found.cost is not None
    ping = next(cost for path, cost in found.cost.packages.items() if "-ping-" in path)

    def outputs(expression: str) -> set[str]:
        file = built.nix.work / "cost.nix"
        file.write_text(f"let gaps = import {GAPS} {{ }}; in {expression}\n")
        drv = built.nix.run("nix-instantiate", str(file)).split()
        every = [path for path in built.nix.run("nix-store", "-qR", *drv).split() if path.endswith(".drv")]
        return set(every)

    with_tests = outputs("gaps.pkgs.ping")
    without = outputs("gaps.pkgs.ping.overridePythonAttrs { doCheck = false; }")
    assert ping.only_for_tests == len(with_tests - without) - 1
    assert ping.dependants == 1
    assert found.cost.missing == 0


def test_circles_show_which_test_is_cut(built: Built) -> None:
    (circle,) = survey(built.opened()).cycles

    assert circle.members == ("pong", "ping")
    assert [(edge.kind, edge.realised) for edge in circle.edges] == [("test", False), ("test", True)]
    assert circle.how == "the tests of pong are off (extra test asks for it)"


def test_rules_find_gaps_and_what_nothing_runs(built: Built) -> None:
    knowledge = built.opened()
    report = findings(knowledge, "P10", "P11", "P12", "P13", "P14")

    assert sorted((one.rule, one.severity, one.title) for one in report.findings if one.severity != "info") == [
        ("P10", "warning", "test tool at runtime: pytest 8.4.1, by leaky 1.0"),
        ("P11", "warning", "misplaced 1.0 is built with pytest, though no test runs"),
        ("P12", "warning", "missing-one 1.0 was tested without pytest-timeout"),
        ("P12", "warning", "self-extra 1.0 was tested without hypothesis"),
        ("P12", "warning", "structured 1.0 was tested without pytest-timeout"),
        ("P12", "warning", "with-source 1.0 was tested without hypothesis"),
        ("P13", "warning", "dont-use 1.0 is given pytest-check-hook for its tests, and nothing runs them"),
        ("P13", "warning", "vacuous 1.0 is given hypothesis for its tests, and nothing runs them"),
    ]
    assert {one.rule for one in report.findings if one.severity == "info"} == {"P13"}
    assert report.unknown == ()
    source = next(one for one in report.findings if "with-source" in one.title)
    assert [(name_of(proof.path), proof.file) for proof in source.evidence[:1]] == [("source", "pyproject.toml")]
    assert "tests/test_x.py:1" in source.evidence[0].detail


def test_rules_without_derivations_are_unknown(built: Built) -> None:
    report = findings(built.opened(derivations=False), "P12", "P13", "P14")

    assert report.findings == ()
    assert {one.rule for one in report.unknown} == {"P12", "P13", "P14"}
    assert report.outcome() == "unknown"


def test_an_owner_says_what_is_left_out_and_what_extras_are_for_tests(built: Built) -> None:
    table = {"tests": {"left-out": ["pytest-timeout", "!mypy"], "extras": ["cov"]}}
    knowledge = built.opened()

    report = findings(knowledge, "P12", policy=policy_of(table, "here", known_rules()))

    titles = [one.title for one in report.findings]
    assert "convention 1.0 was tested without mypy" in titles
    assert not any("pytest-timeout" in title for title in titles)


def test_nothing_of_a_source_is_run(built: Built, tmp_path: Path) -> None:
    """The source of with-source would leave a file if anything in it were imported."""
    marked = tmp_path / "ran"
    source = tmp_path / "source"
    shutil.copytree(Path(built.env).parent / _source_name(built), source)
    for folder, _, files in os.walk(source):
        os.chmod(folder, 0o700)
        for name in files:
            os.chmod(os.path.join(folder, name), 0o600)
    for name in ("setup.py", "noxfile.py", "tests/conftest.py", "with_source/__init__.py"):
        (source / name).write_text(f"open({str(marked)!r}, 'w').close()\n")
    from pyclosure.queries.facts.sources.tree import read_source as read

    found = read(str(source))

    assert found is not None
    assert found.name == "with-source"
    assert not marked.exists()


def _source_name(built: Built) -> str:
    drvs = built.opened().derivations.values()
    src = next(one.attribute("src") for one in drvs if one.attribute("pname") == "with-source")
    return src.rsplit("/", 1)[-1]
