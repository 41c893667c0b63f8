"""Findings as text, JSON, markdown and SARIF; the screen shows the same ones in the same order."""

from __future__ import annotations

import os
import shutil
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import IO, Any
from urllib.parse import quote

from pyclosure import __version__
from pyclosure.queries.base.names import name_label, name_of, without_digests
from pyclosure.queries.base.records import TIER_WORDS
from pyclosure.queries.base.text import printable
from pyclosure.queries.base.verdicts import SEVERITIES, CostMeaning, Finding, Proof, Unknown, worst_first
from pyclosure.queries.findings import all_rules, find_rule
from pyclosure.queries.findings.report import Accepted, Report
from pyclosure.queries.findings.rule import Rule
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.tui.output.formats import markdown_code, markdown_table, markdown_text, write_json
from pyclosure.tui.words.units import Labels, count, labels, size

SHOWN = 5
"""Pieces of evidence of one finding that text shows; JSON holds all."""
_MARKDOWN_MOST, _MARKDOWN_CELL = 50, 90
_SEVERITY_TITLES = {"error": "errors", "warning": "warnings", "info": "only mentioned"}
_MARKDOWN_HEADER = (
    ("rule", "name"),
    ("finding", "name"),
    ("bytes", "right"),
    ("evidence", "name"),
    ("what to do", "name"),
)
SIGNS = {"error": "✘", "warning": "▲", "info": "·"}
_COLOURS = {"error": ";31", "warning": ";33", "info": ""}
_INDENT = " " * 14
_COST_WORDS: dict[CostMeaning, str] = {"saved": "saves {}", "added": "adds {}", "nar": "{}", "files": "{} of files"}
_SARIF_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """Something that some rules could not judge, for one and the same reason."""

    rules: tuple[str, ...]
    reason: str
    tells: str
    paths: tuple[str, ...]

    @property
    def who(self) -> str:
        """The rules in words: ``P16``, ``P04, P15 and 7 more``."""
        more = f" and {len(self.rules) - 4} more" if len(self.rules) > 5 else ""
        return ", ".join(self.rules[:4] if more else self.rules) + more

    @property
    def why(self) -> str:
        """The reason, and the paths that it is about."""
        named = ", ".join(name_of(path) for path in self.paths[:3])
        more = f" and {len(self.paths) - 3} more" if len(self.paths) > 3 else ""
        return printable(f"{self.reason}{': ' + named + more if named else ''}", 600)


@dataclass(frozen=True)
class Findings:
    """A report with what its reader asked to see of it."""

    knowledge: Knowledge
    report: Report
    sort: str = "severity"
    filter: str = ""
    allow_unknown: bool = False
    by: str | None = None
    """What findings are grouped by in text; None for no groups."""

    @cached_property
    def shown(self) -> list[Finding]:
        """The findings that match the filter, in the chosen order."""
        words = self.filter.lower().split()
        found = [one for one in self.report.findings if all(word in _searched(one) for word in words)]
        return ordered(found, self.sort)

    @cached_property
    def open_questions(self) -> list[OpenQuestion]:
        """What could not be judged, told once for all rules that lack the same."""
        together: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
        for one in self.report.unknown:
            paths = () if len(one.paths) == len(self.knowledge.closure) else one.paths
            together.setdefault((one.reason, one.tells, paths), []).append(one.rule)
        return [OpenQuestion(tuple(dict.fromkeys(rules)), *what) for what, rules in together.items()]

    @property
    def found(self) -> str:
        """How many findings there are: ``1 error · 2 warnings``."""
        report = self.report
        return _counted(
            (report.count("error"), "error", "errors"),
            (report.count("warning"), "warning", "warnings"),
            (report.count("info"), "info", "info"),
        )

    @property
    def headline(self) -> str:
        """How many there are of what: ``1 error · 2 warnings · 3 rules unknown``."""
        unknown, accepted = len({one.rule for one in self.report.unknown}), len(self.report.accepted)
        rest = _counted((unknown, "rule unknown", "rules unknown"), (accepted, "accepted", "accepted"))
        return " · ".join(part for part in (self.found, rest) if part) or "nothing found"


def _counted(*parts: tuple[int, str, str]) -> str:
    return " · ".join(f"{number:,} {one if number == 1 else many}" for number, one, many in parts if number)


def ordered(findings: Iterable[Finding], by: str) -> list[Finding]:
    """Return findings by ``severity``, ``cost`` or ``rule``; ties as severity has them."""
    found = sorted(findings, key=worst_first)
    if by == "cost":
        found.sort(key=lambda one: -(one.cost or 0))
    elif by == "rule":
        found.sort(key=lambda one: one.rule)
    return found


@dataclass(frozen=True, slots=True)
class Group:
    """Findings that have something in common."""

    title: str
    findings: tuple[Finding, ...]

    @property
    def size(self) -> int | None:
        """Bytes of all of them; None where they cannot be added up, as savings cannot."""
        return sum(one.cost or 0 for one in self.findings) if self._adds_up else None

    @property
    def _adds_up(self) -> bool:
        return all(one.cost is not None and one.cost_meaning == "files" for one in self.findings)


def grouped(findings: Iterable[Finding], by: str) -> list[Group]:
    """Return findings in groups by ``severity``, ``rule`` or ``path``, in the order in which they first come."""
    groups: dict[str, list[Finding]] = {}
    for one in findings:
        groups.setdefault(_group_title(one, by), []).append(one)
    return [Group(title, tuple(some)) for title, some in groups.items()]


def _group_title(finding: Finding, by: str) -> str:
    if by == "severity":
        return _SEVERITY_TITLES[finding.severity]
    if by == "path":
        return name_label(name_of(finding.paths[0])) if finding.paths else "the whole closure"
    rule = find_rule(finding.rule)
    return f"{finding.rule} {rule.name.replace('-', ' ')}" if rule else finding.rule


def _searched(finding: Finding) -> str:
    rule = find_rule(finding.rule)
    parts = (finding.rule, rule.name if rule else "", finding.severity, finding.title, *finding.subjects)
    return " ".join((*parts, *map(name_of, finding.paths))).lower()


def cost_words(finding: Finding) -> str:
    """Return what a finding costs: ``saves 170.0 MiB``; empty where bytes are not the point."""
    return _COST_WORDS[finding.cost_meaning].format(size(finding.cost)) if finding.cost is not None else ""


def sure_words(finding: Finding) -> str:
    """Return how sure a finding is, and by what."""
    return f"{finding.certainty}, by {TIER_WORDS[finding.tier]}"


def proof_words(proof: Proof) -> str:
    """Return evidence on one line: ``lib/x.py:23: a constant``."""
    where = proof.file or name_of(proof.path)
    line = f":{proof.line}" if proof.line is not None else ""
    return without_digests(printable(f"{where}{line}: {proof.detail}", 600))


def write_findings(shown: Findings, form: str, out: IO[str], *, fine: bool = False) -> None:
    """Write findings in one of the formats."""
    if form == "json":
        write_json(findings_json(shown), out)
    elif form == "sarif":
        write_json(sarif(shown), out)
    elif form == "markdown":
        _write_markdown(shown, out)
    else:
        _write_text(shown, out, fine)


# -- text ------------------------------------------------------------------------------------------------


def _bold(text: str, out: IO[str], colour: str = "") -> str:
    """Return a text that stands out on a terminal; unchanged for a pipe, and where colours are not wanted."""
    plain = not out.isatty() or "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    return text if plain else f"\x1b[1{colour}m{text}\x1b[0m"


def _folded(words: str, out: IO[str]) -> str:
    """Return a long text in lines of the terminal, below its indentation; unchanged for a pipe."""
    if not out.isatty():
        return f"{_INDENT}{words}\n"
    width = max(40, shutil.get_terminal_size().columns - 1)
    return textwrap.fill(words, width, initial_indent=_INDENT, subsequent_indent=_INDENT + "  ") + "\n"


def _write_text(shown: Findings, out: IO[str], fine: bool) -> None:
    report = shown.report
    label = labels(shown.knowledge)
    out.write(f"{shown.knowledge.closure.records.label}: {shown.headline}\n")
    for title, findings in _parts(shown):
        out.write(f"\n{title} ({len(findings):,})\n" if title else "")
        for one in findings:
            _write_finding(shown, one, label, out)
    if shown.filter and len(shown.shown) < len(report.findings):
        out.write(f"\n{len(report.findings) - len(shown.shown):,} others do not match {shown.filter!r}.\n")
    if fine:
        _write_fine(report, out)
    _write_rest(shown, out)


def _parts(shown: Findings) -> list[tuple[str, Sequence[Finding]]]:
    if shown.by is None:
        return [("", shown.shown)]
    return [(group.title, group.findings) for group in grouped(shown.shown, shown.by)]


def _write_finding(shown: Findings, one: Finding, label: Labels, out: IO[str]) -> None:
    cost = cost_words(one)
    severity = _bold(f"{one.severity:<8}", out, _COLOURS[one.severity])
    title = _bold(printable(one.title, 400), out)
    out.write(f"\n{severity} {one.rule}  {title}{'   ' + cost if cost else ''}\n")
    lines = [sure_words(one), *(proof_words(proof) for proof in one.evidence[:SHOWN])]
    if len(one.evidence) > SHOWN:
        lines.append(f"… {len(one.evidence) - SHOWN:,} more; all of them: --format json")
    lines += [printable(note, 600) for note in one.notes]
    if len(one.chain) > 1:
        position = shown.knowledge.closure.position
        lines.append("chain: " + " → ".join(label[position[path]] for path in one.chain))
    lines.append(f"do: {printable(one.remedy, 600)}")
    for line in lines:
        out.write(_folded(line, out))


def _write_fine(report: Report, out: IO[str]) -> None:
    for rule, judged in report.judged.items():
        if judged.fine:
            out.write(f"\nin order  {rule}  {count(len(judged.fine), judged.things.rstrip('s'))}\n")
        for proof in judged.fine:
            out.write(f"              {name_of(proof.path)} {proof_words(proof)}\n")


def _write_rest(shown: Findings, out: IO[str]) -> None:
    report = shown.report
    for one in shown.open_questions:
        rules = ", ".join(one.rules)
        out.write(f"\nunknown  {rules}  {one.why}\n              to know: {printable(one.tells, 300)}\n")
    for accepted in report.accepted:
        out.write(f"\naccepted {accepted.finding.rule}  {printable(accepted.finding.title, 400)}\n")
        out.write(f"              because {printable(accepted.reason, 400)}\n")
    for stale in report.stale:
        out.write(f"\nnote: {stale.rule} of {printable(stale.subject, 100)} is accepted, but is no more: drop it.\n")
    if report.unmatched:
        out.write(f"\nnote: wanted, but nothing is called so: {printable(', '.join(report.unmatched), 300)}\n")
    out.write(f"\n{closing_words(shown)}\n")


def judged_text(report: Report, rule: str) -> str:
    """Return how much a rule looked at here, and what of it is in order, in lines; empty when it did not say."""
    judged = report.judged.get(rule)
    if judged is None:
        return ""
    lines = ["", "Here", f"  {judged.count:,} {judged.things} looked at"]
    if judged.fine:
        lines.append(f"  {len(judged.fine):,} of them in order:")
    lines += [f"    {name_of(proof.path)} {proof_words(proof)}" for proof in judged.fine]
    return "\n".join(lines) + "\n"


def closing_words(shown: Findings) -> str:
    """Return what was asked of what, and how it ended."""
    report, closure = shown.report, shown.knowledge.closure
    outcome = report.outcome(allow_unknown=shown.allow_unknown)
    asked = f"{count(len(report.asked), 'rule')} asked of {count(len(closure), 'path')}"
    failing = sum(report.policy.fails(one.severity) for one in report.findings)
    ends = {
        "failed": f"failed: {count(failing, 'finding')} of severity {report.policy.fail_on} or worse",
        "unknown": "not passed: not everything could be judged",
        "passed": "passed",
    }
    policy = f"; decisions of {report.policy.origin}" if report.policy.origin else ""
    return f"{asked}{policy}: {ends[outcome]}"


# -- JSON ------------------------------------------------------------------------------------------------


def finding_lines(finding: Finding) -> Iterator[tuple[str, str]]:
    """Yield a finding as headings and lines: how bad and how sure, evidence, what to do, how it got there."""
    yield (
        finding.rule,
        " · ".join(part for part in (finding.severity, sure_words(finding), cost_words(finding)) if part),
    )
    heading = "evidence"
    for proof in finding.evidence[:SHOWN]:
        yield heading, proof_words(proof)
        heading = ""
    yield from (("note", note) for note in finding.notes)
    yield "do", finding.remedy
    if len(finding.chain) > 1:
        yield "chain", " → ".join(name_label(name_of(path)) for path in finding.chain)


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


# -- markdown --------------------------------------------------------------------------------------------


def _write_markdown(shown: Findings, out: IO[str]) -> None:
    report, records = shown.report, shown.knowledge.closure.records
    total = size(shown.knowledge.real_sizes.total)
    out.write("<!-- pyclosure check -->\n## `pyclosure` findings\n\n")
    out.write(f"{markdown_code(records.label)}, {total}: {shown.headline}\n\n")
    for severity in SEVERITIES:
        found = [one for one in shown.shown if one.severity == severity]
        if not found:
            continue
        title = f"{len(found):,} {_SEVERITY_TITLES[severity]}"
        folded = severity == "info"
        out.write(f"<details><summary>{title}</summary>\n\n" if folded else f"### {title}\n\n")
        markdown_table(_MARKDOWN_HEADER, (_markdown_row(one) for one in found[:_MARKDOWN_MOST]), out)
        if len(found) > _MARKDOWN_MOST:
            out.write(f"\n{len(found) - _MARKDOWN_MOST:,} more: `pyclosure check --format json`\n")
        out.write("\n</details>\n\n" if folded else "\n")
    for question in shown.open_questions:
        out.write(f"- unknown ({', '.join(question.rules)}): {markdown_text(question.why)}\n")
    for accepted in report.accepted:
        words = f"{accepted.finding.rule}: {accepted.finding.title}, because {accepted.reason}"
        out.write(f"- accepted: {markdown_text(words)}\n")
    roots = " ".join(records.roots[:3]) + (" …" if len(records.roots) > 3 else "")
    out.write(f"\n{markdown_text(closing_words(shown))}\nCommand: `pyclosure check {roots}`\n")


def _markdown_row(one: Finding) -> Sequence[str]:
    first = markdown_code(_shortened(proof_words(one.evidence[0]))) if one.evidence else ""
    more = f" and {len(one.evidence) - 1} more" if len(one.evidence) > 1 else ""
    sure = "" if one.certainty == "certain" else f" ({one.certainty})"
    title = f"{SIGNS[one.severity]} {markdown_text(one.title)}{sure}"
    return one.rule, title, cost_words(one), first + more, markdown_text(one.remedy)


def _shortened(words: str) -> str:
    """Keep a table from scrolling sideways: the end of a file name and what stands there tell most."""
    return words if len(words) <= _MARKDOWN_CELL else "…" + words[1 - _MARKDOWN_CELL :]


# -- SARIF -----------------------------------------------------------------------------------------------


def sarif(shown: Findings) -> dict[str, Any]:
    """Return a SARIF 2.1.0 log: findings, accepted ones as suppressed; what is unknown as notifications."""
    report = shown.report
    rules = [rule for rule in all_rules() if rule.id in report.asked]
    index = {rule.id: at for at, rule in enumerate(rules)}
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
