"""How references, the files behind them and cuts are said."""

from __future__ import annotations

from pyclosure.queries.answers.cuts import Cut
from pyclosure.queries.answers.structure import Structure
from pyclosure.queries.base.records import Evidence
from pyclosure.queries.base.text import first_of, printable
from pyclosure.queries.facts.carriers import carrier
from pyclosure.queries.opened.evidence import EdgeEvidence
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.tui.words.units import Labels, count, labels

STRICT = "Links of environments and wrappers are counted as references like any other (--strict)."


def spot_words(one: Evidence) -> str:
    """Return where in a file a reference stands: ``file:23``, ``file (3 times)``."""
    where = f":{one.lines[0]}" if one.lines else ""
    more = f" ({count(one.count, 'time')})" if one.count > 1 else ""
    return printable(one.file or "the path itself") + where + more


def remedy(found: EdgeEvidence) -> str | None:
    """Return how a reference is dropped, by its most telling carrier; None when that is unknown."""
    return carrier(found.found[0].carrier).remedy if found.found else None


def assumption(knowledge: Knowledge, cut: Cut, label: Labels) -> str:
    """Return what a cut takes for granted: that nobody chose the links that are to vanish."""
    named = first_of(sorted({label[one] for _, one in cut.assumes}))
    holders = sorted({label[index] for index, _ in cut.assumes})
    return f"if {', '.join(holders[:2])} links to {named} only because others propagate it; else less is saved"


def cut_notes(knowledge: Knowledge, structure: Structure) -> list[str]:
    """Return what cuts take for granted, in sentences."""
    label = labels(knowledge)
    wanted = sorted({label[one] for _, one in structure.wanted})
    notes = []
    if wanted:
        shown = first_of(wanted, 8)
        notes.append(f"Kept as wanted, because nobody else propagates them (or --keep names them): {shown}.")
    if structure.follows:
        notes.append(
            f"{count(len(structure.follows), 'link')} of environments and wrappers disappear on their own "
            "once nothing propagates them."
        )
    elif structure.reason == STRICT:
        notes.append(STRICT)
    elif structure.reason:
        notes.append(f"Which references follow from others is unknown: {structure.reason}.")
    return notes
