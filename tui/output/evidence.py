"""Chains, cuts and the files behind them as text, markdown and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO

from pyclosure.queries.answers.chains import Why
from pyclosure.queries.answers.cuts import Cut
from pyclosure.queries.answers.structure import Structure
from pyclosure.queries.base.text import printable
from pyclosure.queries.facts.carriers import carrier
from pyclosure.queries.opened.evidence import EdgeEvidence, EvidenceStore
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.tui.output.formats.markdown import markdown_code, markdown_text
from pyclosure.tui.words.evidence import assumption, cut_notes, remedy, spot_words
from pyclosure.tui.words.units import count, labels, size

SHOWN = 5
"""Files of one reference that text shows; JSON holds all."""


def write_edge(knowledge: Knowledge, found: EdgeEvidence, indent: str, out: IO[str], shown: int = SHOWN) -> None:
    """Write the files that hold a reference, below it."""
    if not found.found:
        out.write(f"{indent}files unknown: {printable(found.reason)}\n")
        return
    for one in found.found[:shown]:
        out.write(f"{indent}{spot_words(one)}   {carrier(one.carrier).words}\n")
        if one.excerpt:
            out.write(f"{indent}  {printable(one.excerpt, 120)}\n")
    if len(found.found) > shown:
        out.write(f"{indent}… {count(len(found.found) - shown, 'more file')}; all of them: --format json\n")


def write_why(
    knowledge: Knowledge, answer: Why, evidence: EvidenceStore, chains: Sequence[Sequence[int]], out: IO[str]
) -> None:
    """Write chains with the files that hold each reference."""
    label = labels(knowledge)
    added = size(knowledge.sizes.added[answer.target])
    out.write(f"{label[answer.target]}: {count(answer.chains, 'chain')} from the roots; {added} would leave with it\n")
    for number, chain in enumerate(chains, 1):
        out.write(f"\nchain {number:,} of {answer.chains:,}\n" if answer.chains > 1 else "\n")
        for depth, index in enumerate(chain):
            edge = (chain[depth - 1], index) if depth else None
            always = "   on every chain" if edge in answer.must_pass_edges else ""
            out.write(f"{'  ' * depth}{'└─ ' if depth else ''}{label[index]}{always}\n")
            if edge is not None:
                write_edge(knowledge, evidence.of(*edge), "  " * depth + "     ", out)
    out.write("\n")
    if len(answer.chain) < 2:
        out.write("It is a root: it was asked for.\n")
    elif answer.must_pass_edges:
        out.write("Dropping any one of these references drops it, as every chain passes them:\n")
        for index, one in answer.must_pass_edges:
            out.write(f"  {label[index]} → {label[one]}\n")
    else:
        out.write("No single reference is on every chain; the smallest set to cut: pyclosure cuts SOURCE PATH\n")


def write_cuts(
    knowledge: Knowledge, cuts: Sequence[Cut], structure: Structure, evidence: EvidenceStore, form: str, out: IO[str]
) -> None:
    """Write cuts with what they save, what holds them, and how they are dropped."""
    label = labels(knowledge)
    mark = form == "markdown"
    for cut in cuts:
        paths = count(len(cut.saving.paths), "path")
        references = count(len(cut.edges), "reference")
        if mark:
            out.write(f"### Drop {markdown_code(label[cut.target])}: {size(cut.saving.size)}, {paths}\n\n")
        else:
            out.write(f"{size(cut.saving.size):>10}  {label[cut.target]}: cut {references}, {paths} leave\n")
        for index, one in cut.edges:
            found = evidence.of(index, one)
            advice = remedy(found)
            if mark:
                out.write(f"- {markdown_code(label[index])} → {markdown_code(label[one])}\n")
                for spot in found.found[:SHOWN]:
                    words = markdown_text(carrier(spot.carrier).words)
                    out.write(f"  - {markdown_code(spot_words(spot))}: {words}\n")
                out.write(f"  - remedy: {markdown_text(advice)}\n" if advice else "")
                continue
            out.write(f"            {label[index]} → {label[one]}\n")
            write_edge(knowledge, found, "              ", out, 3)
            out.write(f"              remedy: {advice}\n" if advice else "")
        if cut.assumes:
            words = assumption(knowledge, cut, label)
            out.write(f"\n{markdown_text(words)}\n" if mark else f"            {words}\n")
        out.write("\n")
    if not cuts:
        out.write("Nothing can be cut: only what is wanted leads there, or it is a root.\n")
    for note in cut_notes(knowledge, structure):
        out.write(f"{markdown_text(note) if mark else note}\n")
