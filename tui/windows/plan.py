"""The marked cuts with their exact total, and the cuts that would save most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widgets import Static
from textual.worker import get_current_worker

from pyclosure.queries.answers.cuts import Cut
from pyclosure.queries.answers.plan import best_cuts
from pyclosure.queries.base.errors import Cancelled
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.tui.frames.watching import WorkerWatch
from pyclosure.tui.output.plan import plan_markdown
from pyclosure.tui.session.plan import Mark
from pyclosure.tui.session.session import Session
from pyclosure.tui.widgets.bars import KeyBar
from pyclosure.tui.widgets.rows import Cell, RowView, ViewColumn
from pyclosure.tui.windows.dialogs import Dialog
from pyclosure.tui.words.evidence import assumption
from pyclosure.tui.words.units import count, share, size

_BEST = 20
Line = Mark | Cut | str
"""A mark, a suggested cut, or a heading."""


class _Lines(RowView):
    """Marks, and below them suggestions."""

    def __init__(self, dialog: PlanDialog) -> None:
        super().__init__()
        self._dialog = dialog

    def columns(self) -> tuple[ViewColumn, ...]:
        return (
            ViewColumn("what", "cut", 30, flexible=True, sortable=False),
            ViewColumn("paths", "paths", 6, "right", rank=1, sortable=False),
            ViewColumn("saves", "saves", 10, "right", sortable=False),
        )

    def row_count(self) -> int:
        return len(self._dialog.lines)

    def cell(self, row: int, column: ViewColumn, width: int) -> Cell:
        return self._dialog.cell(self._dialog.lines[row], column.key)

    def moved(self) -> None:
        self._dialog.describe()


class PlanDialog(Dialog):
    """What if: all marks, their total, and what else could be cut."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x,enter,space", "toggle_line", "cut or restore", key_display="x", id="plan.toggle"),
        Binding("u", "undo", "undo", id="plan.undo-here"),
        Binding("C", "clear", "restore all", id="plan.clear"),
        Binding("y", "copy", "copy plan", id="plan.copy"),
    ]

    def __init__(self, session: Session, knowledge: Knowledge) -> None:
        super().__init__()
        self.plan = session.plan
        self._session = session
        self.lines: list[Line] = []
        self._best: Sequence[Cut] | None = None
        self._failed = ""
        self._knowledge = knowledge
        self._rows = _Lines(self)
        self._total = Static("", classes="whole", markup=False)

    def compose(self) -> ComposeResult:
        with Container(classes="dialog") as box:
            box.border_title = "What if"
            yield self._rows
            yield self._total
        yield KeyBar()

    def on_mount(self) -> None:
        self.set_focus(self._rows)
        self.follow(self._session, self._worked_out)
        self._changed()
        self._look()

    @work(thread=True, exclusive=True, group="cuts", exit_on_error=False)
    def _look(self) -> None:
        try:
            found = best_cuts(self._knowledge, self.plan.structure, activity=WorkerWatch(get_current_worker()))[:_BEST]
        except Cancelled:
            return
        self.app.call_from_thread(self._suggest, found)

    def _suggest(self, found: Sequence[Cut]) -> None:
        self._best = found
        self._changed()

    def work_failed(self, group: str, words: str) -> None:
        self._failed = words
        self._changed()

    # -- look --------------------------------------------------------------------------------------------

    def cell(self, line: Line, key: str) -> Cell:
        """Return one cell of a line."""
        label = self._session.labels
        if isinstance(line, str):
            return Cell(line if key == "what" else "", "muted")
        if isinstance(line, Cut):
            if key == "what":
                marked = all(edge in self.plan.marks for edge in line.edges)
                edges = ", ".join(f"{label[index]} → {label[one]}" for index, one in line.edges)
                return Cell(edges, "muted" if marked else "text", "  ", "marked" if marked else "")
            return Cell(str(len(line.saving.paths)) if key == "paths" else size(line.saving.size), "number")
        if key == "what":
            return Cell(self.plan.mark_words(line, label), "text", "✂ ")
        saves = self.plan.saving_without(line)
        return Cell((size(saves) if saves is not None else "…") if key == "saves" else "", "number")

    def describe(self) -> None:
        """Say what the marks save together, and what the line under the cursor takes for granted."""
        result, sizes = self.plan.result, self._knowledge.real_sizes
        text = Text(overflow="fold")
        if self.plan.behind:
            text.append("working out what is saved …")
        elif result is None:
            text.append(f"{size(sizes.total)}, nothing cut")
        else:
            left = sizes.total - result.saving.size
            text.append(f"saves {size(result.saving.size)} ({share(result.saving.size, sizes.total)}): ", "bold")
            text.append(f"{size(sizes.total)} → {size(left)}, {count(len(result.saving.paths), 'path')} leave")
            if result.followed:
                text.append(f"; {count(len(result.followed), 'link')} of environments vanish with it")
        line = self.lines[self._rows.cursor] if self.lines else ""
        if isinstance(line, Cut) and line.assumes:
            text.append(f"\n{assumption(self._knowledge, line, self._session.labels)}", "dim")
        self._total.update(text)

    def _worked_out(self) -> None:
        self._rows.refresh()
        self.describe()

    def _changed(self) -> None:
        waiting = f"not known: {self._failed}" if self._failed else "looking for the best cuts …"
        suggestions: list[Line] = [waiting] if self._best is None else list(self._best)
        if self._best is not None and not self._best:
            suggestions = ["nothing else can be cut: only what is wanted leads to the rest"]
        marks: list[Line] = list(self.plan.marks) or ["nothing is marked; x marks a row here, or one in the tree"]
        self.lines = [*marks, "best cuts, by what each saves", *suggestions]
        self._rows.rows_changed()
        self._session.cuts_changed()

    # -- keys --------------------------------------------------------------------------------------------

    def action_toggle_line(self) -> None:
        """Take a mark away, or mark all references of a suggested cut."""
        line = self.lines[self._rows.cursor]
        if isinstance(line, str):
            return
        if isinstance(line, Cut):
            missing = [edge for edge in line.edges if edge not in self.plan.marks]
            for edge in missing or line.edges:
                self.plan.toggle(edge)
        else:
            self.plan.toggle(line)
        self._changed()

    def action_undo(self) -> None:
        """Take the last mark away."""
        self.plan.undo()
        self._changed()

    def action_clear(self) -> None:
        """Take all marks away."""
        self.plan.clear()
        self._changed()

    def action_copy(self) -> None:
        """Copy the plan as markdown, with the files that hold each reference as far as they are known."""
        self.app.copy_to_clipboard(plan_markdown(self._knowledge, self.plan.result, self._session.evidence))
        self.notify("copied the plan as markdown", timeout=3)
