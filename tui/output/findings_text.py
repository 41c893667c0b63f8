"""Findings as text for a terminal or a pipe."""

from __future__ import annotations

import os
import shutil
import textwrap
from collections.abc import Sequence
from typing import IO

from pyclosure.queries.base.names import name_of
from pyclosure.queries.base.text import printable
from pyclosure.queries.base.verdicts import Finding
from pyclosure.queries.findings.report import Report
from pyclosure.tui.words.findings import SHOWN, Findings, closing_words, cost_words, grouped, proof_words, sure_words
from pyclosure.tui.words.units import Labels, count, labels

_COLOURS = {"error": ";31", "warning": ";33", "info": ""}
_INDENT = " " * 14


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


def write_text(shown: Findings, out: IO[str], fine: bool) -> None:
    """Write findings with their evidence; with ``fine`` also what was in order."""
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
