"""The cuts that the user has marked, and what they would save together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pyclosure.queries.answers.chains import Edge
from pyclosure.queries.answers.structure import Structure, structure
from pyclosure.queries.answers.whatif import WhatIf, what_if, what_leaves
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.tui.words.units import Labels, count, size

Mark = Edge | int
"""A reference to cut, or the position of a path to drop whoever references it."""
_QUICK = 1_000
"""Paths of a closure in which a plan is worked out in a few milliseconds."""


class Outcome(NamedTuple):
    """What a set of marks comes to."""

    marks: tuple[Mark, ...]
    result: WhatIf | None
    """None without marks."""
    losses: dict[Mark, int]
    """Bytes less that would be saved without one of the marks."""


class Plan:
    """Marked cuts, in the order of marking.

    Marks change at once. What they come to takes a while in a large closure: :meth:`work_out` tells it, from any
    thread, and :meth:`take` lets all sizes follow.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._structure: Structure | None = None
        self._structure_of = -1
        self.marks: list[Mark] = []
        self.result: WhatIf | None = None
        """What the marks come to; None without marks, and while it is not worked out."""
        self._losses: dict[Mark, int] = {}

    @property
    def quick(self) -> bool:
        """Whether the closure is small enough to work everything out between two keys."""
        return len(self._knowledge.closure) <= _QUICK

    @property
    def structure(self) -> Structure:
        """The references sorted into choices and consequences, by all that is known now."""
        known = len(self._knowledge.files)
        if self._structure is None or self._structure_of != known:
            self._structure, self._structure_of = structure(self._knowledge), known
        return self._structure

    @property
    def follows(self) -> frozenset[Edge]:
        """References that are consequences, as far as that was worked out; does not wait in a large closure."""
        if self.quick:
            return self.structure.follows
        return self._structure.follows if self._structure is not None else frozenset()

    def toggle(self, mark: Mark) -> bool:
        """Mark a cut, or take its mark away; returns whether it is marked now."""
        if mark in self.marks:
            self.marks.remove(mark)
        else:
            self.marks.append(mark)
        return mark in self.marks

    def undo(self) -> bool:
        """Take the last mark away; False when there is none."""
        if not self.marks:
            return False
        self.marks.pop()
        return True

    def clear(self) -> None:
        """Take all marks away."""
        self.marks.clear()

    def work_out(self, marks: Sequence[Mark]) -> Outcome:
        """Return what marks come to; may be asked from any thread."""
        if not marks:
            return Outcome((), None, {})
        edges, dropped = _sorted_out(marks)
        closure = self._knowledge.closure
        result = what_if(closure, self.structure, edges, dropped)
        losses = {}
        for mark in marks if len(marks) > 1 else ():
            others = what_leaves(closure, self.structure, *_sorted_out([one for one in marks if one != mark]))
            losses[mark] = result.saving.size - others.saving.size
        return Outcome(tuple(marks), result, losses or {marks[0]: result.saving.size})

    def take(self, outcome: Outcome) -> bool:
        """Let all sizes follow what was worked out; False when the marks are others by now."""
        if outcome.marks != tuple(self.marks):
            return False
        self.result, self._losses = outcome.result, outcome.losses
        if self.result is None:
            self._knowledge.suppose(frozenset(), None)
        else:
            self._knowledge.suppose(frozenset(self.result.saving.paths), self.result.sizes)
        return True

    @property
    def behind(self) -> bool:
        """Whether the marks have changed since what they come to was taken."""
        done = (set(self.result.edges) | set(self.result.dropped)) if self.result is not None else set()
        return done != set(self.marks)

    def saving_without(self, mark: Mark) -> int | None:
        """Return how many bytes less would be saved without one of the marks; None while that is worked out."""
        return self._losses.get(mark)

    def words(self) -> str:
        """Return the plan for the status line; empty without marks."""
        if not self.marks:
            return ""
        if self.result is None or self.behind:
            return f"{count(len(self.marks), 'cut')} · working out what is saved"
        return f"{count(len(self.marks), 'cut')} · saves {size(self.result.saving.size)}"

    def mark_words(self, mark: Mark, label: Labels) -> str:
        """Return a mark in words."""
        if isinstance(mark, int):
            return f"remove {label[mark]} and every reference to it"
        return f"{label[mark[0]]} → {label[mark[1]]}"


def _sorted_out(marks: Sequence[Mark]) -> tuple[list[Edge], list[int]]:
    """Return references to cut, and positions to drop."""
    return [one for one in marks if not isinstance(one, int)], [one for one in marks if isinstance(one, int)]
