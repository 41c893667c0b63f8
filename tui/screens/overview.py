"""Why is it this large? The screen that opens first."""

from __future__ import annotations

from collections.abc import Callable

from rich.style import Style
from rich.text import Text
from textual.widget import Widget
from textual.widgets import Static

from pyclosure.queries.answers.overview import Overview, Share
from pyclosure.queries.kinds.identity import kind_words
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.tui.frames.mode_screen import NumberedScreen
from pyclosure.tui.frames.path_screen import PathScreen
from pyclosure.tui.session.browse import Browser
from pyclosure.tui.session.judging import headline_words, worst
from pyclosure.tui.session.session import Session
from pyclosure.tui.words.overview import GROUP_WORDS, added_words, headline
from pyclosure.tui.words.units import bar, count, share, size

_KIND_WIDTH = 22
_FINDINGS = 4
"""Findings that a tall screen names."""
_LINES_OF_ROWS = 17
"""Lines that the rows, and what is around them, get before the kinds get any."""


class Summary(Static):
    """The lines above the rows; drawn anew when it becomes wider or narrower than they were made for."""

    def __init__(self, draw: Callable[[], None]) -> None:
        super().__init__("", id="summary", markup=False)
        self._draw = draw

    def on_resize(self) -> None:
        self._draw()


class OverviewScreen(PathScreen):
    """Total, kinds, and what would leave with each path."""

    MODE = "overview"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.summary = Summary(self._show_summary)

    def above_rows(self) -> list[Widget]:
        return [self.summary]

    def make_browser(self, knowledge: Knowledge) -> Browser:
        roots = set(knowledge.closure.roots)
        # a closure of nothing but roots still has something to show
        everything = len(roots) == len(knowledge.closure)
        return Browser(knowledge, only=lambda index: everything or index not in roots)

    def facts_changed(self, knowledge: Knowledge) -> None:
        self._show_summary()

    def on_resize(self) -> None:
        super().on_resize()
        self.call_after_refresh(self._show_summary)

    def within_changed(self) -> None:
        self._show_summary()

    def _show_summary(self) -> None:
        answer, knowledge = self.session.overview, self.session.knowledge
        if answer is None or knowledge is None:
            return
        width = max(30, self.summary.size.width or self.size.width)
        text = Text(no_wrap=True, overflow="ellipsis")
        total, *facts = headline(knowledge, answer)
        text.append(f"  {total}", "bold")
        for fact in facts:
            text.append(f"   {fact}")
        if len(answer.roots) > 1:
            text.append(f"   {count(len(answer.roots), 'root')}")
        wrong = headline_words(self.session.judgement)
        if wrong:
            text.append(f"   {wrong}", "bold" if wrong[0].isdigit() else "")
        text.append("\n\n" if self.has_class("-tall") else "\n")
        parts = self._parts(answer)
        if parts:
            text.append(" Where the bytes are", "bold")
            text.append(f"{'share  paths':>{max(12, width - 22)}}\n", "dim")
        for part in parts:
            self._append_share(text, part, answer.closure_size, width)
        split = " · ".join(
            f"{GROUP_WORDS[part.key]} {share(part.nar_size, answer.closure_size)}" for part in answer.by_group
        )
        if parts and not knowledge.closure.records.build_closure:
            text.append(f"  {split}\n", "dim")
        for sign, words, cost in worst(self.session.judgement, _FINDINGS if self.has_class("-tall") else 0):
            room = max(10, width - len(cost) - 6)
            shown = words if len(words) <= room else words[: room - 1] + "…"
            text.append(f"  {sign} ", "bold")
            text.append(f"{shown:<{room}}")
            text.append(f" {cost}\n", "dim")
        for note in self._notes(knowledge):
            text.append(f"  {note}\n", "dim italic")
        text.append(" Saved by removing it", "bold")
        text.append(f"  added size, {added_words(knowledge)}", "dim")
        self.summary.update(text)

    def _parts(self, answer: Overview) -> list[Share]:
        most = 12 if self.size.height >= 32 else min(6, self.size.height - _LINES_OF_ROWS)
        if most < 2:
            return []
        if len(answer.by_kind) <= most:
            return list(answer.by_kind)
        if most < 2:
            return []
        kept, rest = answer.by_kind[: most - 1], answer.by_kind[most - 1 :]
        other = Share("", sum(one.paths for one in rest), sum(one.nar_size for one in rest))
        return [*kept, other]

    def _append_share(self, text: Text, part: Share, total: int, width: int) -> None:
        words = kind_words(part.key) if part.key else "all other kinds"
        room = max(4, width - _KIND_WIDTH - 30)
        text.append(f"  {words[:_KIND_WIDTH].ljust(_KIND_WIDTH)}")
        text.append(f"{size(part.nar_size):>10}  ")
        text.append(bar(part.nar_size, total, room), self._bar_style())
        text.append(f" {share(part.nar_size, total):>7}")
        text.append(f" {part.paths:>5,}\n", "dim")

    def _bar_style(self) -> Style:
        return self.table.get_component_rich_style("rows--bar")

    def _notes(self, knowledge: Knowledge) -> list[str]:
        notes = []
        if knowledge.closure.records.build_closure:
            notes.append("build closure: sizes are of .drv files and sources, not of what they build")
        elif knowledge.files_state.state in ("absent", "partial"):
            notes.append(f"files not read: {knowledge.files_state.reason}")
        return notes


SCREEN = NumberedScreen(OverviewScreen, key="1")
