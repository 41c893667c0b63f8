"""The marked cuts: what each adds to the saving, the exact total, and a plan to take along."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widgets import Static

from pyclosure.queries.knowledge import Knowledge
from pyclosure.tui.dialogs import Dialog
from pyclosure.tui.output.plan import plan_markdown
from pyclosure.tui.plan import Plan
from pyclosure.tui.units import count, share, size
from pyclosure.tui.widgets.bars import KeyBar
from pyclosure.tui.widgets.rows import Cell, RowView, ViewColumn


class _Marks(RowView):
    def __init__(self, dialog: PlanDialog) -> None:
        super().__init__()
        self._dialog = dialog

    def columns(self) -> tuple[ViewColumn, ...]:
        return (
            ViewColumn("mark", "cut", 30, flexible=True, sortable=False),
            ViewColumn("saves", "saves more", 11, "right", sortable=False),
        )

    def row_count(self) -> int:
        return len(self._dialog.plan.marks)

    def cell(self, row: int, column: ViewColumn, width: int) -> Cell:
        plan = self._dialog.plan
        mark = plan.marks[row]
        if column.key == "mark":
            return Cell(plan.mark_words(mark, self._dialog.app.labels))
        return Cell(size(plan.saving_without(mark)), "number")

    def empty_text(self) -> str:
        return "nothing is marked; x marks a reference, or in lists a path, as cut"


class PlanDialog(Dialog):
    """All marks with their total."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x,delete", "unmark", "keep it", id="plan.unmark"),
        Binding("u", "undo", "undo", id="plan.undo-here"),
        Binding("C", "clear", "keep all", id="plan.clear"),
        Binding("y", "copy", "copy plan", id="plan.copy"),
    ]

    def __init__(self, knowledge: Knowledge, plan: Plan) -> None:
        super().__init__()
        self.plan = plan
        self._knowledge = knowledge
        self._rows = _Marks(self)
        self._total = Static("", classes="whole", markup=False)

    def compose(self) -> ComposeResult:
        with Container(classes="dialog") as box:
            box.border_title = "What if"
            yield self._rows
            yield self._total
        yield KeyBar()

    def on_mount(self) -> None:
        self.set_focus(self._rows)
        self._changed()

    def _changed(self) -> None:
        self._rows.rows_changed()
        result, sizes = self.plan.result, self._knowledge.real_sizes
        if result is None:
            self._total.update(Text(f"{size(sizes.total)}, nothing cut"))
            return
        left = sizes.total - result.saving.size
        text = Text(overflow="fold")
        text.append(f"saves {size(result.saving.size)} ({share(result.saving.size, sizes.total)}): ", "bold")
        text.append(f"{size(sizes.total)} → {size(left)}, {count(len(result.saving.paths), 'path')} leave")
        if result.followed:
            text.append(f"\n{count(len(result.followed), 'link')} of environments and wrappers vanish with it")
        self._total.update(text)
        self.app.cuts_changed()

    def action_unmark(self) -> None:
        """Take the mark under the cursor away."""
        if self.plan.marks:
            self.plan.toggle(self.plan.marks[self._rows.cursor])
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
        self.app.copy_to_clipboard(plan_markdown(self._knowledge, self.plan.result, self.app.evidence))
        self.notify("copied the plan as markdown", timeout=3)
