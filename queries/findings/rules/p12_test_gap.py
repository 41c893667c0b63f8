"""P12: tests ran without something that they are declared to need."""

from __future__ import annotations

from collections.abc import Iterator

from pyclosure.queries.base.verdicts import Finding, Judged, Proof, Severity, Verdict
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.rule import Rule
from pyclosure.queries.findings.wording import some
from pyclosure.queries.testing.survey import PackageTests


def _check(context: Context) -> Iterator[Verdict]:
    count = 0
    for one in context.tests.packages:
        if not one.run.happened:
            continue
        # who declares nothing has no gap that anybody could know of
        count += one.declared.known
        if one.verdict == "real":
            yield _finding(one)
    yield Judged(count, "tested packages that declare what their tests need")


def _finding(one: PackageTests) -> Finding:
    gap, inputs = one.gap, one.inputs
    assert inputs is not None
    severity: Severity = "info" if gap.certainty == "weak" else "warning"
    notes = []
    if inputs.tier == "D":
        notes.append("Check inputs are told from the derivation; evaluating the expression would make sure of them.")
    skipped = [asked for asked in gap.asked if asked.standing == "missing" and "skip themselves" in asked.reason]
    if skipped:
        names = some(asked.requirement.name for asked in skipped)
        notes.append(f"Tests that need {names} skip themselves: they never ran.")
    return Finding(
        rule=RULE.id,
        severity=severity,
        certainty=gap.certainty,
        tier=inputs.tier,
        title=f"{one.label} was tested without {some(gap.missing)}",
        paths=(one.path,),
        subjects=(one.name, *gap.missing),
        evidence=(*_declared(one), *one.run.evidence),
        remedy="add it to nativeCheckInputs, or deselect what needs it and say why",
        notes=tuple(notes),
    )


def _declared(one: PackageTests) -> Iterator[Proof]:
    folder = one.subject.distribution.folder if one.subject.distribution is not None else ""
    for asked in one.gap.asked:
        if asked.standing == "missing":
            requirement = asked.requirement
            published = requirement.file == "METADATA"
            yield Proof(
                one.path if published else one.subject.source_path,
                f"{folder}/METADATA" if published else requirement.file,
                f"{requirement.origin}: {requirement.text}; {asked.reason}",
                requirement.line,
            )


RULE = Rule(
    id="P12",
    name="test-dependency-gap",
    title="tests ran without something that they need by their own word",
    severity="warning",
    needs=("files", "derivations"),
    what="An extra, dependency group or tox environment for tests asks for a distribution that no check input brings.",
    why="What needs it is skipped, deselected or never collected, so that green tests prove less than they seem to.",
    how=(
        "Declared are the extras for tests in METADATA, and what the source says where it can be read; provided is "
        "what check inputs bring along, and the package's own dependencies. Linters, coverage, runners and the like "
        "are left out by convention (see [tests] in pyclosure.toml), and so is what only deselected tests need. "
        "Packages whose tests did not run have no gap, nor have those that declare nothing: they are counted apart "
        "by `pyclosure tests`."
    ),
    fix="Add it to `nativeCheckInputs`, or deselect what needs it, with a comment.",
    check=_check,
    judges=lambda context: context.python_paths,
)
