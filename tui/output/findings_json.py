"""Findings as JSON."""

from __future__ import annotations

from typing import Any

from pyclosure.queries.base.verdicts import Finding, Proof
from pyclosure.queries.findings import find_rule
from pyclosure.tui.words.findings import Findings


def findings_json(shown: Findings) -> dict[str, Any]:
    """Return all of a report."""
    report = shown.report
    return {
        "outcome": report.outcome(allow_unknown=shown.allow_unknown),
        "fail_on": report.policy.fail_on,
        "policy": report.policy.origin or None,
        "asked": list(report.asked),
        "findings": [finding_json(one) for one in shown.shown],
        "unknown": [
            {"rule": one.rule, "reason": one.reason, "tells": one.tells, "paths": list(one.paths)}
            for one in report.unknown
        ],
        "accepted": [{**finding_json(one.finding), "reason": one.reason} for one in report.accepted],
        "unmatched": list(report.unmatched),
        "stale": [{"rule": one.rule, "subject": one.subject, "reason": one.reason} for one in report.stale],
        "judged": {
            rule: {"count": one.count, "things": one.things, "fine": [_proof_json(proof) for proof in one.fine]}
            for rule, one in report.judged.items()
        },
    }


def finding_json(one: Finding) -> dict[str, Any]:
    """Return one finding; ``cost`` is in bytes, null where bytes are not the point."""
    rule = find_rule(one.rule)
    return {
        "rule": one.rule,
        "name": rule.name if rule else None,
        "severity": one.severity,
        "certainty": one.certainty,
        "tier": one.tier,
        "title": one.title,
        "paths": list(one.paths),
        "subjects": list(one.subjects),
        "evidence": [_proof_json(proof) for proof in one.evidence],
        "cost": one.cost,
        "cost_meaning": one.cost_meaning if one.cost is not None else None,
        "remedy": one.remedy,
        "notes": list(one.notes),
        "chain": list(one.chain),
        "edges": [{"referrer": referrer, "reference": reference} for referrer, reference in one.edges],
        "key": one.key,
    }


def _proof_json(proof: Proof) -> dict[str, Any]:
    return {"path": proof.path, "file": proof.file, "line": proof.line, "detail": proof.detail}
