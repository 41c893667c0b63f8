"""Findings as markdown, for a comment or a job summary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO

from pyclosure.queries.base.verdicts import SEVERITIES, Finding
from pyclosure.tui.output.formats.markdown import markdown_code, markdown_table, markdown_text
from pyclosure.tui.words.findings import SEVERITY_TITLES, SIGNS, Findings, closing_words, cost_words, proof_words
from pyclosure.tui.words.units import size

_MARKDOWN_MOST, _MARKDOWN_CELL = 50, 90
_MARKDOWN_HEADER = (
    ("rule", "name"),
    ("finding", "name"),
    ("bytes", "right"),
    ("evidence", "name"),
    ("what to do", "name"),
)


def write_markdown(shown: Findings, out: IO[str]) -> None:
    """Write findings by severity, then what is unknown or accepted."""
    report, records = shown.report, shown.knowledge.closure.records
    total = size(shown.knowledge.real_sizes.total)
    out.write("<!-- pyclosure check -->\n## `pyclosure` findings\n\n")
    out.write(f"{markdown_code(records.label)}, {total}: {shown.headline}\n\n")
    for severity in SEVERITIES:
        found = [one for one in shown.shown if one.severity == severity]
        if not found:
            continue
        title = f"{len(found):,} {SEVERITY_TITLES[severity]}"
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
