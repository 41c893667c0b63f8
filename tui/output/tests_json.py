"""Tests of Python packages as JSON: all that the screen has, and more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyclosure.queries.base.records import TIER_WORDS
from pyclosure.queries.testing.words import CONCERNS, RAN_WORDS, VERDICT_WORDS, Ran
from pyclosure.tui.words.tests import Shown, lines_of

if TYPE_CHECKING:
    from pyclosure.queries.base.check_inputs import CheckInputs, Input
    from pyclosure.queries.testing.cost import TestCost
    from pyclosure.queries.testing.cycles import Cycle
    from pyclosure.queries.testing.survey import PackageTests, Survey


def tests_json(shown: Shown) -> dict[str, Any]:
    """Return all of it."""
    survey, records = shown.survey, shown.knowledge.closure.records
    return {
        "label": records.label,
        "roots": list(records.roots),
        "command": shown.command or None,
        "counts": _counts(survey),
        "packages": [package_json(one, shown) for one in shown.packages],
        "reverse": [
            {"rule": one.rule, "title": one.title, "paths": list(one.paths), "subjects": list(one.subjects)}
            for one in shown.reverse
        ],
        "cycles": [_cycle_json(one) for one in survey.cycles],
        "cost": _cost_json(survey.cost),
        "cost_unknown": survey.why_no_cost or None,
        "notes": list(shown.notes),
    }


def _counts(survey: Survey) -> dict[str, Any]:
    ran: dict[Ran, int] = dict.fromkeys(RAN_WORDS, 0)
    verdicts = dict.fromkeys(VERDICT_WORDS, 0)
    for one in survey.packages:
        ran[one.ran] += 1
        verdicts[one.verdict] += 1
    concerns = {one: survey.count(one) for one in CONCERNS}
    return {"packages": len(survey.packages), "ran": ran, "verdict": verdicts, "concern": concerns}


def package_json(one: PackageTests, shown: Shown) -> dict[str, Any]:
    """Return one package; what is not known is null."""
    drv, inputs, run, gap = one.subject.derivation, one.inputs, one.run, one.gap
    return {
        "path": one.path,
        "distribution": one.name or None,
        "version": one.subject.distribution.version if one.subject.distribution is not None else None,
        "derivation": drv.path if drv is not None else None,
        "verdict": gap.verdict,
        "certainty": gap.certainty,
        "reason": gap.reason,
        "declared": [_asked_json(asked) for asked in gap.asked] if one.declared.known else None,
        "declared_unknown": one.declared.reason or None,
        "source": one.subject.source_path if one.subject.source is not None else None,
        "provided": [_input_json(some) for some in inputs.inputs] if inputs is not None else None,
        "planned": [_input_json(some) for some in inputs.planned] if inputs is not None else [],
        "check_inputs": _inputs_json(inputs),
        "missing": list(gap.missing) if gap.verdict != "unknown" and one.declared.known else None,
        "undeclared": list(gap.undeclared) if one.declared.known else None,
        "concern": one.concern,
        "ran": run.ran,
        "ran_certainty": run.certainty,
        "ran_reason": run.reason,
        "runner": run.runner,
        "limits": [
            {"attribute": limit.attribute, "only": limit.only, "values": list(limit.values)} for limit in run.limits
        ],
        "imports": list(run.imports),
        "separate": list(run.separate),
        "cycles": [_cycle_json(cycle) for cycle in shown.survey.cycles_of(one.name)],
        "findings": [f"{finding.rule} {finding.title}" for finding in shown.findings_of(one)],
        "tells": [line for heading, line in lines_of(one, shown) if heading == "to know"],
        "evidence": [{"path": proof.path, "file": proof.file, "detail": proof.detail} for proof in run.evidence],
        "cost": (
            {
                "only_for_tests": one.cost.only_for_tests,
                "dependants": one.cost.dependants,
                "touched": one.cost.touched,
                "saved": one.cost.saved,
            }
            if one.cost is not None
            else None
        ),
    }


def _asked_json(asked: Any) -> dict[str, Any]:
    requirement = asked.requirement
    return {
        "name": requirement.name,
        "requirement": requirement.text,
        "origin": requirement.origin,
        "file": requirement.file,
        "line": requirement.line,
        "applies": requirement.applies,
        "weak": requirement.weak,
        "standing": asked.standing,
        "reason": asked.reason,
    }


def _input_json(one: Input) -> dict[str, Any]:
    return {"path": one.path, "name": one.name, "attribute": one.attribute, "distribution": one.distribution}


def _inputs_json(inputs: CheckInputs | None) -> dict[str, Any] | None:
    if inputs is None:
        return None
    return {"certainty": inputs.certainty, "evidence": TIER_WORDS[inputs.tier], "reason": inputs.reason}


def _cycle_json(one: Cycle) -> dict[str, Any]:
    edges = [{"by": edge.by, "needs": edge.needs, "kind": edge.kind, "realised": edge.realised} for edge in one.edges]
    return {"members": list(one.members), "edges": edges, "cut": one.how, "certain": one.certain}


def _cost_json(cost: TestCost | None) -> dict[str, Any] | None:
    if cost is None:
        return None
    return {
        "derivations": cost.derivations,
        "missing": cost.missing,
        "test_edges": cost.edges,
        "inputs": cost.inputs,
        "packages": len(cost.packages),
        "touched": cost.touched,
        "touched_without": cost.touched_without,
        "amplified": [
            {
                "derivation": one.derivation,
                "rebuilds": one.rebuilds,
                "without_tests": one.without_tests,
                "packages": list(one.packages),
            }
            for one in cost.amplified
            if one.rebuilds > one.without_tests
        ],
    }
