"""All Python packages of a closure with their tests: declared, provided, run, and what lies between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import Version

from pyclosure.queries.base.activity import SILENT, Activity
from pyclosure.queries.base.check_inputs import CheckInputs, Tester
from pyclosure.queries.base.names import name_label, name_of, parse_name
from pyclosure.queries.base.records import Derivation, Distribution
from pyclosure.queries.base.source_needs import Source
from pyclosure.queries.environment.platform import Platform
from pyclosure.queries.environment.requires_dist import Reader
from pyclosure.queries.kinds.by_derivation import is_python_build
from pyclosure.queries.policy.tests import TestConventions
from pyclosure.queries.testing.cost import PackageCost, TestCost, cost_of_tests
from pyclosure.queries.testing.cycles import Cycle, NeedEdge, cycles
from pyclosure.queries.testing.declared import Declared, declared
from pyclosure.queries.testing.gap import Gap, gap
from pyclosure.queries.testing.inputs import check_inputs, runner_of, tester_inputs
from pyclosure.queries.testing.provided import Provided, provided
from pyclosure.queries.testing.running import UNKNOWN, Run, Testers, how_it_ran
from pyclosure.queries.testing.words import CONCERNS, Concern, Ran, Verdict
from pyclosure.queries.testing.world import World

if TYPE_CHECKING:
    from pyclosure.queries.graph.build import BuildGraph


@dataclass(frozen=True, slots=True)
class Subject:
    """One Python package, with what is known of it before any judgement."""

    path: str
    """Its store path; of a package that is only a derivation, the ``.drv``."""
    distribution: Distribution | None
    """None when its files are not known."""
    derivation: Derivation | None
    """None when it is not here."""
    platform: Platform | None = None
    """Where markers are evaluated."""
    source: Source | None = None
    """What its source declares; None when there is none to read."""
    source_path: str = ""
    """Where that source lies."""
    why_no_source: str = ""
    """Why there is none to read."""
    why_no_derivation: str = ""
    """Why the derivation is not here."""
    checks: CheckInputs | None = None
    """Its check inputs by evaluation; None to tell them from the derivation."""
    testers: tuple[Tester, ...] = ()
    """Test derivations that evaluation found beside it (``passthru.tests``)."""


@dataclass(frozen=True)
class PackageTests:
    """The tests of one Python package."""

    subject: Subject
    declared: Declared
    inputs: CheckInputs | None
    """Check inputs of its derivation, or of the one that tests it apart; None without a derivation."""
    given: Provided | None
    run: Run
    gap: Gap
    cost: PackageCost | None = None
    """None without a build graph, and where no input is for tests alone."""
    tester: Derivation | None = None
    """The derivation that runs the tests apart from the build; None when the build does, or nobody."""

    @cached_property
    def path(self) -> str:
        """Its store path, or the ``.drv``."""
        return self.subject.path

    @cached_property
    def name(self) -> str:
        """PEP 503 name of its distribution, as far as that is known."""
        if self.subject.distribution is not None:
            return self.subject.distribution.normalized
        drv = self.subject.derivation
        pname = (drv.attribute("pname") if drv is not None else "") or parse_name(name_of(self.path)).pname
        return str(canonicalize_name(pname))

    @cached_property
    def label(self) -> str:
        """What lists call it: ``pillow 12.3.0``."""
        name = name_of(self.path).removesuffix(".drv")
        if self.subject.distribution is not None:
            return f"{self.subject.distribution.name} {self.subject.distribution.version}"
        return name_label(name)

    @property
    def verdict(self) -> Verdict:
        """Whether there is a gap."""
        return self.gap.verdict

    @property
    def ran(self) -> Ran:
        """What became of its tests."""
        return self.run.ran

    @cached_property
    def concern(self) -> Concern:
        """What is to be said of it first."""
        if self.verdict == "real":
            return "real"
        if self.ran == "vacuous":
            return "vacuous"
        if self.ran in ("not-run", "imports-only"):
            return "not-run"
        if self.ran == "unknown" or (self.verdict == "unknown" and self.subject.distribution is None):
            return "unknown"
        return "explained" if self.verdict == "explained" else "fine"


@dataclass(frozen=True)
class Survey:
    """The tests of all packages."""

    packages: tuple[PackageTests, ...]
    """What matters most first."""
    cost: TestCost | None
    """None without a build graph."""
    why_no_cost: str
    cycles: tuple[Cycle, ...]
    """Circles through test edges, the shortest first."""

    @cached_property
    def _cycles_of(self) -> Mapping[str, list[Cycle]]:
        found: dict[str, list[Cycle]] = {}
        for one in self.cycles:
            for name in one.members:
                found.setdefault(name, []).append(one)
        return found

    def cycles_of(self, name: str) -> Sequence[Cycle]:
        """Return the circles that a distribution (PEP 503 name) is on."""
        return self._cycles_of.get(name, ())

    @cached_property
    def _concerns(self) -> Counter[Concern]:
        return Counter(one.concern for one in self.packages)

    def count(self, concern: Concern) -> int:
        """Return how many packages have a concern."""
        return self._concerns[concern]

    @cached_property
    def ran(self) -> int:
        """How many packages ran tests."""
        return sum(one.run.happened for one in self.packages)

    @cached_property
    def weak(self) -> int:
        """How many real gaps are only weakly believed."""
        return sum(one.verdict == "real" and one.gap.certainty == "weak" for one in self.packages)

    @cached_property
    def undeclared(self) -> int:
        """How many packages give no reason to worry, and do not say what their tests need."""
        return sum(one.concern == "fine" and one.verdict == "unknown" for one in self.packages)


def survey_of(
    subjects: Iterable[Subject],
    world: World,
    conventions: TestConventions,
    *,
    graph: BuildGraph | None = None,
    why_no_cost: str = "the build graph was not read",
    modules: Mapping[str, frozenset[str]] | None = None,
    needs: Iterable[NeedEdge] = (),
    unread: int = 0,
    activity: Activity = SILENT,
) -> Survey:
    """Judge packages.

    Args:
        subjects: the packages.
        world: derivations and files of all that may be on their module paths.
        conventions: what names mean.
        graph: the build graph; None when it was not read.
        why_no_cost: why there is no build graph.
        modules: PEP 503 name → modules that it installs.
        needs: base edges that METADATA knows.
        unread: derivations of the closure that could not be read, so that the build graph lacks them.
        activity: may cancel.
    """
    reader = Reader()
    testers = Testers(world.derivations)
    judged = []
    for one in subjects:
        activity.check()
        judged.append(_package(one, world, conventions, reader, modules or {}, testers))
    sorted_out = {drv.path: check_inputs(drv, world) for drv in world.derivations.values() if is_python_build(drv)}
    sorted_out.update(
        (one.subject.derivation.path, one.subject.checks)
        for one in judged
        if one.subject.checks is not None and one.subject.derivation is not None
    )
    activity.check()
    cost = cost_of_tests(graph, sorted_out, unread) if graph is not None else None
    activity.check()
    packages = tuple(sorted((_with_cost(one, cost) for one in judged), key=_order))
    builds = Counter(_name(world.derivations[path]) for path in sorted_out)
    circles = cycles(_edges(packages, sorted_out, world, needs), builds)
    return Survey(packages, cost, "" if cost is not None else why_no_cost, circles)


def _name(drv: Derivation) -> str:
    return str(canonicalize_name(drv.attribute("pname") or parse_name(drv.name).pname))


def _package(
    subject: Subject,
    world: World,
    conventions: TestConventions,
    reader: Reader,
    modules: Mapping[str, frozenset[str]],
    testers: Testers,
) -> PackageTests:
    stated = declared(
        subject.distribution, subject.source, subject.platform, conventions, reader, subject.why_no_source
    )
    drv = subject.derivation
    own = subject.distribution.normalized if subject.distribution is not None else _name(drv) if drv is not None else ""

    if drv is None:
        run = replace(UNKNOWN, reason=subject.why_no_derivation or UNKNOWN.reason)
        return PackageTests(subject, stated, None, None, run, gap(stated, None, run, conventions, own=own))
    inputs = subject.checks or check_inputs(drv, world)
    tester = None
    run = how_it_ran(drv, inputs)
    if not run.happened:
        apart = testers.of(drv)
        if apart:
            tried = [
                (one, sorted_out, how_it_ran(one, sorted_out)) for one, sorted_out in _with_inputs(apart, drv, world)
            ]
            tester, inputs, told = next((one for one in tried if one[2].happened), tried[0])
            run = _separate(told, run, tester, apart)
        elif subject.testers:
            run, inputs = _by_evaluation(run, inputs, subject.testers)
    elif _finds_nothing(run, subject):
        reason = f"{run.reason}, but the source has no tests, which unittest of this Python takes for a success"
        run = replace(run, ran="vacuous", certainty="probable", reason=reason)
    given = provided(drv, inputs.inputs, inputs.others, world)
    judged = gap(
        stated,
        given,
        run,
        conventions,
        own=own,
        source=subject.source,
        modules=modules,
        certainty=inputs.certainty,
    )
    return PackageTests(subject, stated, inputs, given, run, judged, tester=tester)


def _by_evaluation(run: Run, inputs: CheckInputs, testers: Iterable[Tester]) -> tuple[Run, CheckInputs]:
    """Return what became of tests that ``passthru.tests`` has, and what they are given, as the expression says."""
    named = ", ".join(one.name for one in testers)
    running = [one for one in testers if one.runs and any(runner_of(some.name) for some in one.inputs)]
    if running:
        one = running[0]
        where = f"passthru.tests.{one.name}"
        runner = next(key for some in one.inputs if (key := runner_of(some.name)))
        reason = f"{run.reason}; {where} runs them"
        given = CheckInputs(one.inputs, inputs.others, "certain", "X", f"what {where} is given")
        return replace(run, ran="separate", reason=reason, runner=runner.removesuffix("-check-hook")), given
    # a phase of its own may run them all the same, and evaluation does not tell phases
    return replace(run, reason=f"{run.reason}; passthru.tests has {named}, and what that runs is not known"), inputs


def _finds_nothing(run: Run, subject: Subject) -> bool:
    """Say whether unittest ran without a test: before Python 3.12 that is a success."""
    if run.runner != "unittest" or subject.source is None or subject.source.test_files != 0:
        return False
    python = subject.platform.known.get("python_version", "") if subject.platform is not None else ""
    return bool(python) and Version(python) < Version("3.12")


def _with_inputs(
    testers: Iterable[Derivation], package: Derivation, world: World
) -> Iterator[tuple[Derivation, CheckInputs]]:
    for one in testers:
        yield one, tester_inputs(one, package, world)


def _separate(apart: Run, build: Run, tester: Derivation, testers: Iterable[Derivation]) -> Run:
    """Return what became of tests that another derivation runs: as that one says, if it runs anything."""
    names = tuple(one.path for one in testers)
    evidence = (*build.evidence, *apart.evidence)
    if not apart.happened:
        reason = f"{name_of(tester.path)} is made to run them, but there {apart.reason}"
        ran: Ran = "vacuous" if apart.ran in ("vacuous", "not-run", "imports-only") else "unknown"
        return replace(apart, ran=ran, reason=reason, separate=names, evidence=evidence)
    reason = f"not in its own build: {name_of(tester.path)} runs them ({apart.reason})"
    return replace(apart, ran="separate", reason=reason, separate=names, evidence=evidence)


def _with_cost(one: PackageTests, cost: TestCost | None) -> PackageTests:
    drv = one.subject.derivation
    return replace(one, cost=cost.packages.get(drv.path) if cost is not None and drv is not None else None)


def _order(one: PackageTests) -> tuple[int, bool, int, str, str]:
    saved = one.cost.saved if one.cost is not None else 0
    trace = one.ran == "imports-only"
    weak = one.gap.certainty == "weak"
    return CONCERNS.index(one.concern), weak or trace, -saved - len(one.gap.missing), one.name, one.path


def _edges(
    packages: Iterable[PackageTests], inputs: Mapping[str, CheckInputs], world: World, needs: Iterable[NeedEdge]
) -> Iterator[NeedEdge]:
    """Yield who needs whom by name: what derivations have, what METADATA asks for, and what tests ask for in vain."""
    yield from needs
    for path, sorted_out in inputs.items():
        drv = world.derivations[path]
        own = _name(drv)
        for word in drv.attribute("propagatedBuildInputs").split():
            below = world.distribution_called(word, name_of(word))
            if below is not None:
                yield NeedEdge(own, below, "base", realised=True)
        for name in provided(drv, sorted_out.inputs, (), world).by_name.values():
            if name.how in ("check input", "propagated"):
                yield NeedEdge(own, name.name, "test", realised=True)
        for one in sorted_out.planned:
            if one.distribution is not None:
                how = f"the tests of {own} are off"
                yield NeedEdge(own, one.distribution, "test", realised=False, how=how)
    for package in packages:
        if package.subject.derivation is not None:
            for asked in package.gap.asked:
                if asked.standing not in ("provided", "convention"):
                    how = f"{_how_cut(package)} ({asked.requirement.origin} asks for it)"
                    yield NeedEdge(package.name, asked.requirement.name, "test", realised=False, how=how)


def _how_cut(package: PackageTests) -> str:
    if package.ran == "vacuous":
        return f"nothing runs the tests of {package.name}"
    if package.ran in ("not-run", "imports-only"):
        return f"the tests of {package.name} are off"
    if package.ran == "separate":
        return f"the tests of {package.name} run in a derivation of their own"
    return f"{package.name} leaves it out of its check inputs"
