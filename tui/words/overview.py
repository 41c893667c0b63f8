"""How a closure as a whole is said: its totals, and what is not known of it."""

from __future__ import annotations

from pyclosure.queries.answers.overview import Overview
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.tui.words.units import count, size

GROUP_WORDS = {"python": "Python", "native": "native", "interpreter": "interpreter", "other": "other"}


def added_words(knowledge: Knowledge) -> str:
    """Say what added sizes are relative to."""
    roots = knowledge.closure.roots
    return "on top of the root" if len(roots) == 1 else f"on top of all {len(roots)} roots"


def lacking(knowledge: Knowledge) -> list[str]:
    """Return one sentence for each tier of evidence that is not whole."""
    return [
        f"{words} not read: {state.reason}" if state.state == "absent" else f"{words}: {state.reason}"
        for words, state in (("files", knowledge.files_state), ("derivations", knowledge.derivations_state))
        if state.reason
    ]


def headline(knowledge: Knowledge, answer: Overview) -> list[str]:
    """Return the facts that come first: total, paths, distributions, interpreters."""
    if knowledge.closure.records.build_closure:
        derivations = next((part.paths for part in answer.by_kind if part.key == "derivation"), 0)
        return [
            size(answer.closure_size),
            count(answer.paths, "path"),
            count(derivations, "derivation"),
            count(answer.paths - derivations, "source"),
        ]
    about = "" if answer.distributions_sure else "about "
    return [
        size(answer.closure_size),
        count(answer.paths, "path"),
        about + count(answer.distributions, "distribution"),
        count(len(answer.interpreters), "interpreter"),
    ]
