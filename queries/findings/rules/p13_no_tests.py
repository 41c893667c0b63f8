"""P13: check inputs that nothing runs, and packages that nobody checks at all."""

from __future__ import annotations

from collections.abc import Iterator

from pyclosure.queries.base.verdicts import Finding, Judged, Verdict
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.rule import Rule
from pyclosure.queries.findings.wording import some
from pyclosure.queries.testing.survey import PackageTests


def _check(context: Context) -> Iterator[Verdict]:
    count = 0
    for one in context.tests.packages:
        if one.ran == "unknown":
            continue
        count += 1
        if one.ran == "vacuous":
            yield _vacuous(one)
        elif one.ran == "not-run" and not one.run.imports and not one.run.residue and not one.subject.testers:
            yield _unchecked(one)
    yield Judged(count, "packages")


def _vacuous(one: PackageTests) -> Finding:
    given = [some_input.distribution or some_input.name for some_input in one.inputs.inputs] if one.inputs else []
    what = f"is given {some(given)} for its tests" if given else "has its test phase switched on"
    return Finding(
        rule=RULE.id,
        severity="warning",
        certainty=one.run.certainty,
        tier=one.inputs.tier if one.inputs is not None else "D",
        title=f"{one.label} {what}, and nothing runs them",
        paths=(one.path,),
        subjects=(one.name,),
        evidence=one.run.evidence,
        remedy="add pytestCheckHook or unittestCheckHook to nativeCheckInputs, or give a checkPhase",
        notes=(f"In the derivation: {one.run.reason}.",),
    )


def _unchecked(one: PackageTests) -> Finding:
    return Finding(
        rule=RULE.id,
        severity="info",
        # passthru.tests is in no derivation
        certainty="probable",
        tier="D",
        title=f"nothing checks {one.label}: no tests, no pythonImportsCheck",
        paths=(one.path,),
        subjects=(one.name,),
        evidence=one.run.evidence,
        remedy="run its tests, or at least set pythonImportsCheck",
        notes=("Tests in passthru.tests are in no derivation; only evaluating the expression shows them.",),
    )


RULE = Rule(
    id="P13",
    name="no-tests",
    title="check inputs that nothing runs, or no check at all",
    severity="warning",
    needs=("derivations",),
    what=(
        "doInstallCheck is on, but neither a hook nor a phase runs tests; or tests are off, no import is tried, and "
        "no other derivation is made for tests."
    ),
    why="The build is green whatever the package does, while its test inputs cost rebuilds.",
    how=(
        "The derivation's hooks (pytestCheckHook, unittestCheckHook and others, and the dontUse… attributes that "
        "switch them off), installCheckPhase and what it does besides calling hooks, pythonImportsCheck, and "
        "derivations made from its test_src or testout output. Whether the source has a Makefile with a target "
        "installcheck, which stdenv would run, is not looked at, hence probable."
    ),
    fix="`pytestCheckHook` or `unittestCheckHook` in `nativeCheckInputs`; at least `pythonImportsCheck`.",
    check=_check,
    judges=lambda context: context.python_paths,
)
