"""A table that draws only the lines in sight: 20,000 rows cost what 20 do.

Rows come from a subclass, cell by cell. When the screen is narrow, columns go first and the name stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from pyclosure.tui.widgets.fitting import middle_ellipsis
from pyclosure.tui.widgets.workarounds import keys_in_turn

_NAME_WIDTH = 26
"""Cells that a name gets at least, before any other column is shown."""


@dataclass(frozen=True, slots=True)
class ViewColumn:
    """A column as the screen shows it."""

    key: str
    title: str
    width: int
    """Cells; the flexible column takes what is left instead."""
    align: Literal["left", "right"] = "left"
    rank: int = 0
    """The highest rank goes first when the screen is narrow; 0 never goes."""
    flexible: bool = False
    sortable: bool = True
    grow: int = 0
    """Cells that it may take in addition, once the flexible column has plenty."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What one column shows in one row."""

    text: str
    role: str = "text"
    """Component class that styles it, without the ``rows--``."""
    lead: str = ""
    """Drawn before the text of a flexible column and never cut: tree lines."""
    note: str = ""
    """Drawn after it in a quiet style, cut first."""


class RowView(ScrollView, can_focus=True):
    """A table of lines with a cursor."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "rows--header",
        "rows--header-sorted",
        "rows--cursor",
        "rows--cursor-blurred",
        "rows--text",
        "rows--muted",
        "rows--number",
        "rows--bar",
        "rows--heavy",
        "rows--match",
        "rows--mark",
    }
    DEFAULT_CSS = """
    RowView {
        background: $background;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 0;
        overflow-x: hidden;
        & > .rows--header { color: $text-muted; text-style: bold; }
        & > .rows--header-sorted { color: $accent; text-style: bold; }
        & > .rows--cursor { background: $block-cursor-background; color: $block-cursor-foreground; text-style: bold; }
        & > .rows--cursor-blurred { background: $block-cursor-blurred-background; }
        & > .rows--text { color: $foreground; }
        & > .rows--muted { color: $text-muted; }
        & > .rows--number { color: $foreground; }
        & > .rows--bar { color: $primary; }
        & > .rows--heavy { color: $warning; }
        & > .rows--match { color: $accent; text-style: bold; }
        & > .rows--mark { color: $accent; }
        &:nocolor > .rows--cursor { text-style: reverse bold; }
        &:nocolor > .rows--cursor-blurred { text-style: underline; }
        &:nocolor > .rows--header-sorted { text-style: bold underline; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "previous row", show=False, id="rows.up"),
        Binding("down,j", "move(1)", "next row", show=False, id="rows.down"),
        Binding("pageup,ctrl+b", "page(-1)", "page up", show=False, id="rows.page-up"),
        Binding("pagedown,ctrl+f", "page(1)", "page down", show=False, id="rows.page-down"),
        Binding("home,g", "edge(-1)", "first row", show=False, id="rows.first"),
        Binding("end,G", "edge(1)", "last row", show=False, id="rows.last"),
    ]

    PLENTY: ClassVar[int] = 44
    """Cells of a name beyond which a column that can grow is worth more."""

    cursor: reactive[int] = reactive(0, repaint=False, init=False)
    """The row that keys act on; 0 while the table is empty."""

    class Moved(Message):
        """The cursor is on another row."""

        def __init__(self, view: RowView) -> None:
            super().__init__()
            self.view = view

        @property
        def control(self) -> RowView:
            """The table, for ``@on`` selectors."""
            return self.view

    class Chosen(Moved):
        """The row under the cursor was chosen."""

    class HeaderChosen(Message):
        """A column's title was clicked."""

        def __init__(self, view: RowView, key: str) -> None:
            super().__init__()
            self.view, self.key = view, key

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._fitted: list[tuple[ViewColumn, int]] = []
        self._fitted_for: tuple[int, tuple[ViewColumn, ...]] | None = None

    # -- what a subclass says ----------------------------------------------------------------------------

    def columns(self) -> tuple[ViewColumn, ...]:
        """Return the columns, in order."""
        return ()

    def row_count(self) -> int:
        """Return how many rows there are."""
        return 0

    def cell(self, row: int, column: ViewColumn, width: int) -> Cell:
        """Return what a column shows in a row; called for visible rows only."""
        return Cell("")

    def sorted_by(self) -> tuple[str, bool]:
        """Return the key of the column that rows are sorted by, and whether it is reversed."""
        return "", False

    def empty_text(self) -> str:
        """Return what to say when there is no row: why, and what to try."""
        return ""

    def moved(self) -> None:
        """Follow the cursor: called directly, because a message would cost a frame."""

    # -- rows --------------------------------------------------------------------------------------------

    def rows_changed(self, cursor: int | None = None, *, top: bool = False) -> None:
        """Take in that rows were added, removed or sorted.

        Args:
            cursor: the row to stand on; the same row number by default.
            top: scroll so that the first row is in view and stand on it.
        """
        count = self.row_count()
        self.virtual_size = Size(self.size.width, count + 1)
        wanted = 0 if top else self.cursor if cursor is None else cursor
        self.set_reactive(RowView.cursor, max(0, min(wanted, count - 1)))
        if top:
            self.scroll_to(y=0, animate=False, immediate=True)
        else:
            self._show_cursor()
        self.moved()
        self.refresh()

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, self.row_count() - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        if old == new:
            return
        self._show_cursor()
        self.refresh()
        self.moved()
        self.post_message(self.Moved(self))

    def _show_cursor(self) -> None:
        height = max(1, self.size.height - 1)
        top = round(self.scroll_y)
        if self.cursor < top:
            top = self.cursor
        elif self.cursor >= top + height:
            top = self.cursor - height + 1
        else:
            return
        # forced, because the scrollbar of a table that has just grown is not there yet
        self.scroll_to(y=top, animate=False, immediate=True, force=True)

    def action_move(self, by: int) -> None:
        """Go to the row above or below."""
        self.cursor += by

    def action_page(self, by: int) -> None:
        """Go a screenful up or down."""
        self.cursor += by * max(1, self.size.height - 2)

    def action_edge(self, to: int) -> None:
        """Go to the first or the last row."""
        self.cursor = 0 if to < 0 else self.row_count() - 1

    def action_choose(self) -> None:
        """Choose the row under the cursor."""
        if self.row_count():
            self.post_message(self.Chosen(self))

    async def on_key(self, event: events.Key) -> None:
        await keys_in_turn(self, event)

    def on_click(self, event: events.Click) -> None:
        if event.y == 0:
            key = self._column_at(event.x)
            if key:
                self.post_message(self.HeaderChosen(self, key))
            return
        row = round(self.scroll_y) + event.y - 1
        if row < self.row_count():
            self.cursor = row
            self.clicked(row, event.x)
            if event.chain == 2:
                self.action_choose()

    def clicked(self, row: int, x: int) -> None:
        """Act on a click in a row."""

    def _column_at(self, x: int) -> str | None:
        left = 1
        for column, width in self._fit():
            if left <= x < left + width + 1:
                return column.key if column.sortable else None
            left += width + 1
        return None

    def on_resize(self) -> None:
        self.virtual_size = Size(self.size.width, self.row_count() + 1)
        self.call_after_refresh(self._show_cursor)

    # -- drawing -----------------------------------------------------------------------------------------

    def _fit(self) -> list[tuple[ViewColumn, int]]:
        """Choose columns and widths: a name always has room, columns of the highest rank go first."""
        columns = self.columns()
        width = self.size.width - 1 - (self.row_count() + 1 > self.size.height)
        if self._fitted_for == (width, columns):
            return self._fitted
        kept = list(columns)

        def left_over() -> int:
            return width - sum(one.width for one in kept if not one.flexible) - len(kept)

        wanted = max((one.width for one in columns if one.flexible), default=_NAME_WIDTH)
        while left_over() < wanted and any(one.rank for one in kept):
            kept.remove(max((one for one in kept if one.rank), key=lambda one: one.rank))
        flexible = max(1, left_over())
        extra = 0
        if any(one.grow for one in kept):
            extra = max(0, min(flexible - self.PLENTY, max(one.grow for one in kept)))
            flexible -= extra
        self._fitted = [(one, flexible if one.flexible else one.width + (extra if one.grow else 0)) for one in kept]
        self._fitted_for = (width, columns)
        return self._fitted

    def visible_columns(self) -> list[str]:
        """Return the keys of the columns that are shown now."""
        return [column.key for column, _ in self._fit()]

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y == 0:
            return self._header().adjust_cell_length(width, self._style("text", None))
        row = round(self.scroll_y) + y - 1
        if row >= self.row_count():
            text = self.empty_text() if y == 2 and not self.row_count() else ""
            return Strip([Segment(f"  {text}"[:width], self._style("muted", None))]).adjust_cell_length(
                width, self.rich_style
            )
        selected = row == self.cursor
        over = self._cursor_style() if selected else None
        segments = [Segment("▌" if selected else " ", self._style("mark", over))]
        for column, cells in self._fit():
            segments += self._cell_segments(self.cell(row, column, cells), column, cells, over)
            segments.append(Segment(" ", self._style("text", over)))
        return Strip(segments).adjust_cell_length(width, self._style("text", over))

    def _cursor_style(self) -> Style:
        return self.get_component_rich_style("rows--cursor" if self.has_focus else "rows--cursor-blurred")

    def _style(self, role: str, over: Style | None) -> Style:
        style = self.get_component_rich_style(f"rows--{role}")
        return style if over is None else style + over

    def _header(self) -> Strip:
        key, reverse = self.sorted_by()
        segments = [Segment(" ", self.rich_style)]
        for column, width in self._fit():
            title = column.title
            if column.key == key:
                title += " ▲" if self._ascends(column, reverse) else " ▼"
            text = _aligned(title, width, column.align)
            role = "header-sorted" if column.key == key else "header"
            segments += [Segment(text, self._style(role, None)), Segment(" ", self.rich_style)]
        return Strip(segments)

    def _ascends(self, column: ViewColumn, reverse: bool) -> bool:
        return (column.align == "left") != reverse

    def _cell_segments(self, cell: Cell, column: ViewColumn, width: int, over: Style | None) -> list[Segment]:
        if not column.flexible:
            return [Segment(_aligned(cell.text, width, column.align), self._style(cell.role, over))]
        lead = cell.lead[: max(0, width - 8)]
        room = width - len(lead)
        text = middle_ellipsis(cell.text, room)
        # where the words have no room, the arrow they begin with may have
        note = next((one for one in (f"  {cell.note}", f" {cell.note[:1]}") if len(one) <= room - len(text)), "")
        return [
            Segment(lead, self._style("muted", over)),
            Segment(text, self._style(cell.role, over)),
            Segment(note.ljust(room - len(text)), self._style("muted", over)),
        ]


def _aligned(text: str, width: int, align: str) -> str:
    text = middle_ellipsis(text, width)
    return text.rjust(width) if align == "right" else text.ljust(width)
