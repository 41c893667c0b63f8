"""How findings are said: their order, groups, costs and evidence, on screens and in commands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from pyclosure.queries.base.names import name_label, name_of, without_digests
from pyclosure.queries.base.records import TIER_WORDS
from pyclosure.queries.base.text import first_of, printable
from pyclosure.queries.base.verdicts import CostMeaning, Finding, Proof, worst_first
from pyclosure.queries.findings import find_rule
from pyclosure.queries.findings.report import Report
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.tui.words.units import count, size

SHOWN = 5
"""Pieces of evidence of one finding that text shows; JSON holds all."""
SEVERITY_TITLES = {"error": "errors", "warning": "warnings", "info": "only mentioned"}
SIGNS = {"error": "✘", "warning": "▲", "info": "·"}
_COST_WORDS: dict[CostMeaning, str] = {"saved": "saves {}", "added": "adds {}", "nar": "{}", "files": "{} of files"}


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
        # the last one takes no more room than to say that there is one more
        return first_of(self.rules, 4 if len(self.rules) > 5 else 5)

    @property
    def why(self) -> str:
        """The reason, and the paths that it is about."""
        named = first_of(self.paths, 3, name_of)
        return printable(f"{self.reason}{': ' + named if named else ''}", 600)


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
        return SEVERITY_TITLES[finding.severity]
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
