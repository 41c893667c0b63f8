"""A set of cuts as a plan: markdown for people, JSON for programs."""

from __future__ import annotations

from typing import Any

from pyclosure.queries.answers.whatif import WhatIf
from pyclosure.queries.opened.evidence import EvidenceStore
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.tui.output.evidence import edge_json, evidence_json
from pyclosure.tui.output.formats import markdown_code, markdown_text
from pyclosure.tui.words.evidence import remedy, spot_words
from pyclosure.tui.words.units import count, labels, share, size

_FILES = 5
_PATHS = 40


def plan_json(knowledge: Knowledge, result: WhatIf, evidence: EvidenceStore) -> dict[str, Any]:
    """Return a what-if as plain data."""
    path = knowledge.closure.path
    edges = []
    for edge in sorted(result.edges):
        found = evidence.of(*edge)
        row = edge_json(knowledge, edge)
        row["evidence"] = evidence_json(found)
        row["evidence_lacks"] = found.reason or None
        row["remedy"] = remedy(found)
        edges.append(row)
    return {
        "cut": edges,
        "dropped": [path(at) for at in sorted(result.dropped)],
        "follows": [edge_json(knowledge, edge) for edge in sorted(result.followed)],
        "closure_size": knowledge.real_sizes.total,
        "left_size": result.sizes.total,
        "saved_size": result.saving.size,
        "saved_paths": [path(at) for at in reversed(result.saving.paths)],
    }


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
    for at in sorted(result.dropped):
        lines.append(f"- [ ] nothing must reference {markdown_code(label[at])}")
    lines += ["", f"<details><summary>{count(len(saved.paths), 'path')} that leave</summary>", ""]
    for at in sorted(saved.paths, key=lambda at: -knowledge.closure.nar_sizes[at])[:_PATHS]:
        lines.append(f"- {markdown_code(label[at])} {size(knowledge.closure.nar_sizes[at])}")
    if len(saved.paths) > _PATHS:
        lines.append(f"- and {len(saved.paths) - _PATHS} more")
    lines += ["", "</details>", ""]
    return "\n".join(lines)
