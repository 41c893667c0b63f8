"""Findings as a SARIF 2.1.0 log, for code scanning."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from pyclosure import __version__
from pyclosure.queries.base.records import TIER_WORDS
from pyclosure.queries.base.verdicts import Finding, Proof, Unknown
from pyclosure.queries.findings import all_rules
from pyclosure.queries.findings.report import Accepted, Report
from pyclosure.queries.findings.rule import Rule
from pyclosure.tui.words.findings import Findings

_SARIF_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif(shown: Findings) -> dict[str, Any]:
    """Return a SARIF 2.1.0 log: findings, accepted ones as suppressed; what is unknown as notifications."""
    report = shown.report
    rules = [rule for rule in all_rules() if rule.id in report.asked]
    index = {rule.id: number for number, rule in enumerate(rules)}
    results = [
        *(_sarif_result(one, index) for one in shown.shown),
        *(_sarif_accepted(one, index) for one in report.accepted),
    ]
    driver = {
        "name": "pyclosure",
        "version": __version__,
        "rules": [_sarif_rule(rule, report) for rule in rules],
    }
    invocation = {
        "executionSuccessful": True,
        "toolExecutionNotifications": [_sarif_unknown(one, index) for one in report.unknown],
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [invocation],
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return {"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}


def _sarif_rule(rule: Rule, report: Report) -> dict[str, Any]:
    help_text = f"{rule.why} {rule.fix}"
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.what},
        "help": {"text": help_text, "markdown": f"{rule.why}\n\n{rule.how}\n\n**What to do.** {rule.fix}"},
        "defaultConfiguration": {"level": _SARIF_LEVELS[report.policy.severity(rule.id, rule.severity)]},
    }


def _sarif_result(one: Finding, index: dict[str, int]) -> dict[str, Any]:
    notes = " ".join((one.title + ".", *one.notes, f"What to do: {one.remedy}."))
    return {
        "ruleId": one.rule,
        "ruleIndex": index[one.rule],
        "level": _SARIF_LEVELS[one.severity],
        "message": {"text": notes},
        "locations": [_sarif_location(proof) for proof in one.evidence[:1]] or [_sarif_path(one.paths[0])],
        "relatedLocations": [
            {**_sarif_location(proof), "message": {"text": proof.detail}} for proof in one.evidence[1:100]
        ],
        "partialFingerprints": {"pyclosureKey/v1": one.key},
        "properties": {
            "certainty": one.certainty,
            "evidence": TIER_WORDS[one.tier],
            "bytes": one.cost,
            "bytesMeaning": one.cost_meaning if one.cost is not None else None,
            "storePaths": list(one.paths),
        },
    }


def _sarif_accepted(one: Accepted, index: dict[str, int]) -> dict[str, Any]:
    suppression = {"kind": "external", "justification": one.reason}
    return {**_sarif_result(one.finding, index), "suppressions": [suppression]}


def _sarif_unknown(one: Unknown, index: dict[str, int]) -> dict[str, Any]:
    # no result: code scanning refuses results that lie nowhere
    return {
        "associatedRule": {"id": one.rule, "index": index[one.rule]},
        "level": "warning",
        "message": {"text": f"Not known: {one.reason}. To know: {one.tells}."},
        "locations": [_sarif_path(path) for path in one.paths[:10]],
    }


def _sarif_location(proof: Proof) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(proof.path, proof.file)}}
    if proof.line is not None:
        physical["region"] = {"startLine": proof.line}
    return {"physicalLocation": physical}


def _sarif_path(path: str) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(path, "")}}}


def _uri(path: str, file: str) -> str:
    return "file://" + quote(f"{path}/{file}" if file else path)
