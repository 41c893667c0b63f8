"""A set of cuts as a plan: markdown for people."""

from __future__ import annotations

from pyclosure.queries.answers.whatif import WhatIf
from pyclosure.queries.opened.evidence import EvidenceStore
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.tui.output.formats.markdown import markdown_code, markdown_text
from pyclosure.tui.words.evidence import remedy, spot_words
from pyclosure.tui.words.units import count, labels, share, size

_FILES = 5
_PATHS = 40


def plan_markdown(knowledge: Knowledge, result: WhatIf | None, evidence: EvidenceStore, *, scan: bool = False) -> str:
    """Return a what-if as markdown: the total, each reference with what holds it and the remedy, and what leaves.

    Args:
        knowledge: the open closure.
        result: the cuts; None for none.
        evidence: asked for the files that hold each reference.
        scan: look into files that were not looked into yet; else they are named as not looked at.
    """
    if result is None:
        return "Nothing is cut.\n"
    label = labels(knowledge)
    total = knowledge.real_sizes.total
    saved = result.saving
    lines = [
        f"## Plan: {markdown_code(knowledge.closure.records.label)} from {size(total)} to {size(result.sizes.total)}",
        "",
        f"Saves {size(saved.size)} ({share(saved.size, total)}); {count(len(saved.paths), 'path')} leave the closure. "
        "Sizes are sums of NAR sizes.",
        "",
    ]
    for edge in sorted(result.edges):
        lines.append(f"- [ ] {markdown_code(label[edge[0]])} must not reference {markdown_code(label[edge[1]])}")
        if not (scan or evidence.known(edge[0])):
            lines.append("  - files: not looked at")
            continue
        found = evidence.of(*edge)
        for one in found.found[:_FILES]:
            lines.append(f"  - {markdown_code(spot_words(one))}")
        if len(found.found) > _FILES:
            lines.append(f"  - and {count(len(found.found) - _FILES, 'more file')}")
        if found.reason:
            lines.append(f"  - files unknown: {markdown_text(found.reason)}")
        advice = remedy(found)
        if advice:
            lines.append(f"  - remedy: {markdown_text(advice)}")
    for index in sorted(result.dropped):
        lines.append(f"- [ ] nothing must reference {markdown_code(label[index])}")
    lines += ["", f"<details><summary>{count(len(saved.paths), 'path')} that leave</summary>", ""]
    for index in sorted(saved.paths, key=lambda index: -knowledge.closure.nar_sizes[index])[:_PATHS]:
        lines.append(f"- {markdown_code(label[index])} {size(knowledge.closure.nar_sizes[index])}")
    if len(saved.paths) > _PATHS:
        lines.append(f"- and {len(saved.paths) - _PATHS} more")
    lines += ["", "</details>", ""]
    return "\n".join(lines)
