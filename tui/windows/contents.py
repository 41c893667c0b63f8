"""What does a path contain? Its files by size, and what they are for."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static
from textual.worker import get_current_worker

from pyclosure.queries.base.errors import Cancelled
from pyclosure.queries.base.text import printable
from pyclosure.queries.facts.contents import Contents, Entry, contents, group_words
from pyclosure.queries.opened.file_groups import Totals, totals
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.tui.frames.watching import WatchedScreen, WorkerWatch
from pyclosure.tui.session.session import Session
from pyclosure.tui.widgets.bars import KeyBar, TitleBar
from pyclosure.tui.widgets.rows import Cell, RowView, ViewColumn
from pyclosure.tui.words.units import bar, count, share, size


class EntryRows(RowView):
    """Files as a tree, largest first."""

    def __init__(self) -> None:
        super().__init__(id="entries")
        self.top: Entry | None = None
        self.rows: list[tuple[int, Entry]] = []
        self._open: set[str] = set()

    def show(self, top: Entry) -> None:
        """Show a tree, opened down to where it branches."""
        self.top = top
        self._open = {""}
        entry = top
        while len(entry.children) == 1 or (entry.children and entry.children[0].size > 0.9 * max(1, entry.size)):
            entry = entry.children[0]
            self._open.add(entry.path)
        self._refill()
        self.rows_changed(top=True)

    def toggle(self) -> None:
        """Open or close the folder under the cursor."""
        if not self.rows:
            return
        entry = self.rows[self.cursor][1]
        if entry.kind == "folder":
            self._open ^= {entry.path}
            self._refill()
            self.rows_changed()

    def _refill(self) -> None:
        self.rows = []
        stack = [(0, entry) for entry in reversed(self.top.children)] if self.top else []
        while stack:
            level, entry = stack.pop()
            self.rows.append((level, entry))
            if entry.path in self._open:
                stack.extend((level + 1, one) for one in reversed(entry.children))

    def columns(self) -> tuple[ViewColumn, ...]:
        return (
            ViewColumn("name", "file or folder", 28, flexible=True, sortable=False),
            ViewColumn("group", "mostly", 22, rank=3, sortable=False),
            ViewColumn("files", "files", 7, "right", rank=2, sortable=False),
            ViewColumn("size", "size", 10, "right", sortable=False),
            ViewColumn("share", "share", 7, "right", rank=1, sortable=False),
            ViewColumn("bar", "", 6, rank=4, sortable=False, grow=14),
        )

    def row_count(self) -> int:
        return len(self.rows)

    def empty_text(self) -> str:
        return "this path holds nothing" if self.top is not None else ""

    def cell(self, row: int, column: ViewColumn, width: int) -> Cell:
        level, entry = self.rows[row]
        whole = self.top.size if self.top else 0
        if column.key == "name":
            folder = entry.kind == "folder"
            sign = ("▾ " if entry.path in self._open else "▸ ") if folder else "  "
            return Cell(printable(entry.name) + ("/" if folder else ""), "text", "  " * min(level, 20) + sign)
        if column.key == "group":
            return Cell(group_words(entry.group) if entry.group else "", "muted")
        if column.key == "files":
            return Cell(f"{entry.files:,}" if entry.kind == "folder" else "", "muted")
        if column.key == "size":
            return Cell(size(entry.size), "number")
        if column.key == "share":
            return Cell(share(entry.size, whole), "muted")
        return Cell(bar(entry.size, whole, width), "bar")


class ContentsScreen(WatchedScreen[None]):
    """The files of one path."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,enter,right,l", "toggle_row", "open, close", id="contents.toggle"),
        Binding("t", "totals", "whole closure", id="contents.totals", tooltip="The same over the whole closure"),
        Binding("y", "copy", "copy path", id="contents.copy"),
        Binding("escape,backspace,q", "leave", "back", id="contents.leave"),
    ]

    def __init__(self, session: Session, knowledge: Knowledge, index: int) -> None:
        super().__init__()
        self._session = session
        self._knowledge, self._at = knowledge, index
        self.found: Contents | None = None
        self._whole = False
        self._head = Static("", id="contents-head", markup=False)
        self._rows = EntryRows()
        self._bar = KeyBar()

    def compose(self) -> ComposeResult:
        title = TitleBar()
        title.tabs, title.label = self._session.tabs, self._knowledge.closure.records.label
        yield title
        yield self._head
        yield self._rows
        yield self._bar

    def on_mount(self) -> None:
        self.set_focus(self._rows)
        root = self._knowledge.closure.records.files_root
        if root is None:
            reason = self._knowledge.files_state.reason or "they are not on this machine"
            self._head.update(
                Text(f" The files of {self._session.labels_of(self._knowledge)[self._at]} are not known: {reason}.")
            )
            return
        self._head.update(Text(f" listing the files of {self._session.labels_of(self._knowledge)[self._at]} …"))
        self._list(root)

    @work(thread=True, exclusive=True, group="contents", exit_on_error=False)
    def _list(self, root: str) -> None:
        try:
            found = contents(self._knowledge.closure.path(self._at), root, WorkerWatch(get_current_worker()))
        except Cancelled:
            return
        self.app.call_from_thread(self._show, found)

    @work(thread=True, exclusive=True, group="contents", exit_on_error=False)
    def _add_up(self) -> None:
        try:
            answer = totals(self._knowledge, WorkerWatch(get_current_worker()))
        except Cancelled:
            return
        self.app.call_from_thread(self._show_totals, answer)

    def _show_totals(self, answer: Totals) -> None:
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(" the whole closure", "bold")
        text.append(f"   {size(answer.size)} in {count(sum(part.files for part in answer.parts), 'file')}\n")
        label = self._session.labels_of(self._knowledge)
        for part in answer.parts[: max(3, self.size.height - 12)]:
            mostly = ", ".join(f"{label[index]} {size(held)}" for index, held in answer.heaviest[part.group][:2])
            text.append(f"  {group_words(part.group):<28}{size(part.size):>10} {share(part.size, answer.size):>8}  ")
            text.append(f"{mostly}\n", "dim")
        if answer.unread:
            text.append(f"  {count(answer.unread, 'path')} could not be listed\n", "dim")
        self._head.update(text)

    def _show(self, found: Contents | None) -> None:
        if found is None:
            self._head.update(Text(" This path is no longer on disk (collected?)."))
            return
        self.found = found
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(f" {self._session.labels_of(self._knowledge)[self._at]}", "bold")
        text.append(f"   {size(found.size)} in {count(found.files, 'file')}\n")
        shown = found.parts[: max(3, min(8, self.size.height - 14))]
        for part in shown:
            text.append(f"  {group_words(part.group):<28}{size(part.size):>10} {share(part.size, found.size):>8}  ")
            text.append(bar(part.size, found.size, max(4, self.size.width - 70)))
            text.append(f" {part.files:>6,}\n", "dim")
        if len(found.parts) > len(shown):
            rest = found.parts[len(shown) :]
            text.append(f"  {'all other':<28}{size(sum(part.size for part in rest)):>10}\n", "dim")
        for problem in found.problems[:2]:
            text.append(f"  not read: {printable(problem)}\n", "dim")
        self._head.update(text)
        self._rows.show(found.top)

    def work_failed(self, group: str, words: str) -> None:
        self._head.update(Text(f" The files are not known: {words}."))

    def action_toggle_row(self) -> None:
        """Open or close a folder."""
        self._rows.toggle()

    def action_totals(self) -> None:
        """Show groups over the whole closure, and back."""
        if self._knowledge.closure.records.files_root is None:
            return
        self._whole = not self._whole
        if self._whole:
            self._head.update(Text(" listing the files of the whole closure …"))
            self._add_up()
        elif self.found is not None:
            self._show(self.found)

    def action_copy(self) -> None:
        """Copy the path of the file."""
        path = self._knowledge.closure.path(self._at)
        if self._rows.rows:
            path = f"{path}/{self._rows.rows[self._rows.cursor][1].path}"
        self.app.copy_to_clipboard(path)
        self.notify(f"copied {path}", markup=False, timeout=3)

    def action_leave(self) -> None:
        """Go back; listing that goes on is stopped."""
        self.workers.cancel_group(self, "contents")
        self.dismiss()
