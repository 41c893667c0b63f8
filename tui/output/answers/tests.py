"""Tests of Python packages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pyclosure.queries.base.records import TIER_WORDS
from pyclosure.queries.testing.words import CONCERNS, RAN_WORDS, VERDICT_WORDS
from pyclosure.tui.output.answers import Answer
from pyclosure.tui.words.tests import Shown, lines_of

if TYPE_CHECKING:
    from pyclosure.queries.base.check_inputs import CheckInputs, Input
    from pyclosure.queries.testing import cost, cycles, gap
    from pyclosure.queries.testing.survey import PackageTests, Survey


class Requirement(Answer, frozen=True):
    """Something that tests are declared to need."""

    name: str
    requirement: str
    """as it is written"""
    origin: str
    """which group, extra or environment asks"""
    file: str
    line: int | None
    applies: bool | None
    """whether its marker holds"""
    weak: bool
    standing: str
    """`provided`, `version` (there, in a version that is not asked for), `accidental`, `convention`, `explained`,
    `missing` or `unknown`"""
    reason: str


class CheckInput(Answer, frozen=True):
    """An input of the build that is for tests."""

    path: str
    name: str
    attribute: str
    distribution: str | None


class InputsKnown(Answer, frozen=True):
    """How check inputs were told from others."""

    certainty: str
    evidence: str
    reason: str


class Limit(Answer, frozen=True):
    """What was left out, or with `only` all that ran."""

    attribute: str
    only: bool
    values: Sequence[str]


class CircleEdge(Answer, frozen=True):
    """One package needs another."""

    by: str
    needs: str
    kind: str
    """`test` when only tests need it"""
    realised: bool
    """whether a derivation has it"""


class Circle(Answer, frozen=True):
    """Packages that need each other; the first edge is the one that is cut."""

    members: Sequence[str]
    edges: Sequence[CircleEdge]
    cut: str
    certain: bool


class RunEvidence(Answer, frozen=True):
    """Where it stands what ran."""

    path: str
    file: str
    detail: str


class PackageCost(Answer, frozen=True):
    """What the tests of one package cost, in derivations."""

    only_for_tests: int
    """built or fetched for its tests alone"""
    dependants: int
    """rebuilt with it"""
    touched: int
    """rebuilt when its check inputs are touched"""
    saved: int
    """fewer of those if its tests moved to `passthru.tests`"""


class PackageAnswer(Answer, frozen=True):
    """The tests of one package. [tests.md](tests.md) has the words."""

    path: str
    distribution: str | None
    """PEP 503 name"""
    version: str | None
    """of METADATA"""
    derivation: str | None
    verdict: str
    """`real`, `explained`, `none`, `moot` (no tests ran) or `unknown`"""
    certainty: str
    """of the verdict: `certain`, `probable`, `weak`, `unknown`"""
    reason: str
    """why the verdict is so"""
    declared: Sequence[Requirement] | None
    """null when it is not known what tests need"""
    declared_unknown: str | None
    """why that is not known"""
    source: str | None
    """the source that was read besides METADATA"""
    provided: Sequence[CheckInput] | None
    """check inputs; null without a derivation"""
    planned: Sequence[CheckInput]
    """what the expression would add if tests ran; only known by evaluation"""
    check_inputs: InputsKnown | None
    missing: Sequence[str] | None
    """names; null while the verdict is `unknown`"""
    undeclared: Sequence[str] | None
    """names"""
    concern: str
    """what it is about: `real`, `vacuous`, `not-run`, `explained`, `unknown` or `fine`"""
    ran: str
    """`ran`, `filtered`, `own-phase`, `vacuous`, `imports-only`, `separate`, `not-run` or `unknown`"""
    ran_certainty: str
    ran_reason: str
    runner: str | None
    limits: Sequence[Limit]
    imports: Sequence[str]
    """modules that were imported"""
    separate: Sequence[str]
    """derivations that test it apart"""
    cycles: Sequence[Circle]
    """circles that it is on"""
    findings: Sequence[str]
    """rules that speak of it"""
    tells: Sequence[str]
    """what would make the answer surer"""
    evidence: Sequence[RunEvidence]
    cost: PackageCost | None


class Counts(Answer, frozen=True):
    """How many packages there are of what."""

    packages: int
    ran: Mapping[str, int]
    verdict: Mapping[str, int]
    concern: Mapping[str, int]


class TestFinding(Answer, frozen=True):
    """A test tool where no test needs it."""

    rule: str
    title: str
    paths: Sequence[str]
    subjects: Sequence[str]


class AmplifiedInput(Answer, frozen=True):
    """A check input whose rebuilds tests multiply."""

    derivation: str
    rebuilds: int
    without_tests: int
    packages: Sequence[str]


class CostAnswer(Answer, frozen=True):
    """What all tests cost together, in derivations."""

    derivations: int
    missing: int
    """derivations that could not be read"""
    test_edges: int
    """inputs of packages that are for tests"""
    inputs: int
    """distinct ones"""
    packages: int
    """packages that have some"""
    touched: int
    """rebuilt when all of them are touched"""
    touched_without: int
    """the same without tests in builds"""
    amplified: Sequence[AmplifiedInput]


class TestsAnswer(Answer, frozen=True):
    """The tests of all Python packages."""

    label: str
    roots: Sequence[str]
    command: str | None
    """what asks the same again"""
    counts: Counts
    packages: Sequence[PackageAnswer]
    reverse: Sequence[TestFinding]
    """findings P10 and P11"""
    cycles: Sequence[Circle]
    """circles that tests close"""
    cost: CostAnswer | None
    cost_unknown: str | None
    """why `cost` is null"""
    notes: Sequence[str]
    """how this was worked out, in sentences"""


def tests_answer(shown: Shown) -> TestsAnswer:
    """Return the tests of all packages that are shown."""
    survey, records = shown.survey, shown.knowledge.closure.records
    return TestsAnswer(
        label=records.label,
        roots=records.roots,
        command=shown.command or None,
        counts=_counts(survey),
        packages=[package_answer(one, shown) for one in shown.packages],
        reverse=[TestFinding(one.rule, one.title, one.paths, one.subjects) for one in shown.reverse],
        cycles=[_circle(one) for one in survey.cycles],
        cost=_cost(survey.cost),
        cost_unknown=survey.why_no_cost or None,
        notes=shown.notes,
    )


def _counts(survey: Survey) -> Counts:
    ran: dict[str, int] = dict.fromkeys(RAN_WORDS, 0)
    verdicts: dict[str, int] = dict.fromkeys(VERDICT_WORDS, 0)
    for one in survey.packages:
        ran[one.ran] += 1
        verdicts[one.verdict] += 1
    return Counts(len(survey.packages), ran, verdicts, {one: survey.count(one) for one in CONCERNS})


def package_answer(one: PackageTests, shown: Shown) -> PackageAnswer:
    """Return one package; what is not known is null."""
    drv, inputs, run, gap = one.subject.derivation, one.inputs, one.run, one.gap
    known = one.declared.known
    return PackageAnswer(
        path=one.path,
        distribution=one.name or None,
        version=one.subject.distribution.version if one.subject.distribution is not None else None,
        derivation=drv.path if drv is not None else None,
        verdict=gap.verdict,
        certainty=gap.certainty,
        reason=gap.reason,
        declared=[_requirement(asked) for asked in gap.asked] if known else None,
        declared_unknown=one.declared.reason or None,
        source=one.subject.source_path if one.subject.source is not None else None,
        provided=[_input(some) for some in inputs.inputs] if inputs is not None else None,
        planned=[_input(some) for some in inputs.planned] if inputs is not None else [],
        check_inputs=_known(inputs),
        missing=gap.missing if gap.verdict != "unknown" and known else None,
        undeclared=gap.undeclared if known else None,
        concern=one.concern,
        ran=run.ran,
        ran_certainty=run.certainty,
        ran_reason=run.reason,
        runner=run.runner,
        limits=[Limit(limit.attribute, limit.only, limit.values) for limit in run.limits],
        imports=run.imports,
        separate=run.separate,
        cycles=[_circle(cycle) for cycle in shown.survey.cycles_of(one.name)],
        findings=[f"{finding.rule} {finding.title}" for finding in shown.findings_of(one)],
        tells=[line for heading, line in lines_of(one, shown) if heading == "to know"],
        evidence=[RunEvidence(proof.path, proof.file, proof.detail) for proof in run.evidence],
        cost=(
            PackageCost(one.cost.only_for_tests, one.cost.dependants, one.cost.touched, one.cost.saved)
            if one.cost is not None
            else None
        ),
    )


def _requirement(asked: gap.Asked) -> Requirement:
    one = asked.requirement
    return Requirement(
        name=one.name,
        requirement=one.text,
        origin=one.origin,
        file=one.file,
        line=one.line,
        applies=one.applies,
        weak=one.weak,
        standing=asked.standing,
        reason=asked.reason,
    )


def _input(one: Input) -> CheckInput:
    return CheckInput(one.path, one.name, one.attribute, one.distribution)


def _known(inputs: CheckInputs | None) -> InputsKnown | None:
    return InputsKnown(inputs.certainty, TIER_WORDS[inputs.tier], inputs.reason) if inputs is not None else None


def _circle(one: cycles.Cycle) -> Circle:
    edges = [CircleEdge(edge.by, edge.needs, edge.kind, edge.realised) for edge in one.edges]
    return Circle(one.members, edges, one.how, one.certain)


def _cost(found: cost.TestCost | None) -> CostAnswer | None:
    if found is None:
        return None
    return CostAnswer(
        derivations=found.derivations,
        missing=found.missing,
        test_edges=found.edges,
        inputs=found.inputs,
        packages=len(found.packages),
        touched=found.touched,
        touched_without=found.touched_without,
        amplified=[
            AmplifiedInput(one.derivation, one.rebuilds, one.without_tests, one.packages)
            for one in found.amplified
            if one.rebuilds > one.without_tests
        ],
    )


PRINTED = {
    "pyclosure tests SOURCE… --format json": TestsAnswer,
    "pyclosure tests SOURCE… --package NAME --format json": PackageAnswer,
}
