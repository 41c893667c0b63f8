"""The cuts that the user has marked, and what they would save together."""

from __future__ import annotations

from pyclosure.queries.answers.chains import Edge
from pyclosure.queries.answers.structure import Structure, structure
from pyclosure.queries.answers.whatif import WhatIf, what_if
from pyclosure.queries.knowledge import Knowledge
from pyclosure.tui.units import Labels, count, size

Mark = Edge | int
"""A reference to cut, or the position of a path to drop whoever references it."""


class Plan:
    """Marked cuts, in the order of marking; every change makes all sizes follow at once."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._structure: Structure | None = None
        self._structure_of = -1
        self.marks: list[Mark] = []
        self.result: WhatIf | None = None

    @property
    def structure(self) -> Structure:
        """The references sorted into choices and consequences, by all that is known now."""
        known = len(self._knowledge.files)
        if self._structure is None or self._structure_of != known:
            self._structure, self._structure_of = structure(self._knowledge), known
        return self._structure

    def toggle(self, mark: Mark) -> bool:
        """Mark a cut, or take its mark away; returns whether it is marked now."""
        if mark in self.marks:
            self.marks.remove(mark)
        else:
            self.marks.append(mark)
        self._follow()
        return mark in self.marks

    def undo(self) -> bool:
        """Take the last mark away; False when there is none."""
        if not self.marks:
            return False
        self.marks.pop()
        self._follow()
        return True

    def clear(self) -> None:
        """Take all marks away."""
        self.marks.clear()
        self._follow()

    def saving_without(self, mark: Mark) -> int:
        """Return how many bytes less would be saved without one of the marks."""
        if self.result is None:
            return 0
        others = [one for one in self.marks if one != mark]
        return self.result.saving.size - self._answer(others).saving.size

    def words(self) -> str:
        """Return the plan for the status line; empty without marks."""
        if self.result is None:
            return ""
        return f"{count(len(self.marks), 'cut')} · saves {size(self.result.saving.size)}"

    def mark_words(self, mark: Mark, label: Labels) -> str:
        """Return a mark in words."""
        if isinstance(mark, int):
            return f"drop {label[mark]}, whoever references it"
        return f"{label[mark[0]]} → {label[mark[1]]}"

    def _answer(self, marks: list[Mark]) -> WhatIf:
        edges = [one for one in marks if not isinstance(one, int)]
        dropped = [one for one in marks if isinstance(one, int)]
        return what_if(self._knowledge.closure, self.structure, edges, dropped)

    def _follow(self) -> None:
        self.result = self._answer(self.marks) if self.marks else None
        if self.result is None:
            self._knowledge.suppose(frozenset(), None)
        else:
            self._knowledge.suppose(frozenset(self.result.saving.paths), self.result.sizes)
