"""What screens of judged things have in common: a headline, rows to sort and filter, and a pane with the evidence."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import ClassVar, Generic, TypeVar

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from pyclosure.tui.frames.mode_screen import ModeScreen
from pyclosure.tui.frames.navigation import ShowPath
from pyclosure.tui.session.session import Session
from pyclosure.tui.widgets.filter_bar import FilterBar
from pyclosure.tui.widgets.rows import RowView
from pyclosure.tui.words.units import count

Row = TypeVar("Row")

QUIET_PATH_KEYS: list[BindingType] = [
    Binding("w", "why", "why", show=False, id="path.why", tooltip="Why this path is here, and which files hold it"),
    Binding("r", "referrers", "referrers", show=False, id="path.referrers", tooltip="What references this path"),
    Binding(
        "x", "cut", "cut", show=False, id="path.cut", tooltip="Mark the reference to this path as cut; sizes follow"
    ),
]
"""Keys of all paths, not in the line of keys: it has room for few, and what only a screen has comes first."""


class Evidence(VerticalScroll, can_focus=False):
    """The pane with all that is known of one row."""

    def __init__(self) -> None:
        super().__init__(id="evidence")
        self._text = Static("", markup=False)

    def compose(self) -> ComposeResult:
        yield self._text

    def show(self, text: RenderableType) -> None:
        """Show a text from its beginning."""
        self._text.update(text)
        self.scroll_home(animate=False)

    def show_lines(
        self,
        lines: Iterable[tuple[str, str]],
        strong: Collection[str],
        title: str = "",
        *above: RenderableType,
    ) -> None:
        """Show pairs of a heading and a line, those with some headings in bold, below a title and what comes first."""
        table = Table.grid(padding=(0, 1, 0, 0))
        table.add_column(no_wrap=True, style="dim")
        table.add_column(overflow="fold")
        if title:
            table.add_row("", Text(title, "bold"))
        for heading, line in lines:
            table.add_row(heading, Text(line, "bold" if heading in strong else ""))
        self.show(Group(*above, table) if above else table)


class EvidenceRows(RowView, Generic[Row]):
    """Rows that tell their screen where the cursor is.

    Args:
        id: for styles.
        sort: the first order.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "open", id="path.open", tooltip="Show the path in the closure"),
    ]

    def __init__(self, *, id: str, sort: str) -> None:
        super().__init__(id=id)
        self.rows: list[Row] = []
        self.sort = sort
        self.reverse = False
        self.empty = ""
        """What to say when there is no row."""
        self.follow: Callable[[], None] = _nothing

    @property
    def here(self) -> Row | None:
        """The row under the cursor; None without rows."""
        return self.rows[self.cursor] if self.rows else None

    def row_count(self) -> int:
        return len(self.rows)

    def sorted_by(self) -> tuple[str, bool]:
        return self.sort, self.reverse

    def empty_text(self) -> str:
        return self.empty

    def action_choose(self) -> None:
        """Choose the row."""
        if self.rows:
            self.post_message(self.Chosen(self))

    def moved(self) -> None:
        self.follow()


class EvidenceScreen(ModeScreen):
    """Rows with the evidence for the one under the cursor beside them."""

    SORTS: ClassVar[tuple[str, ...]] = ()
    """Orders of the rows, in turn."""
    UNIT: ClassVar[str] = ""
    """What one row is, for counting."""
    NO_PATH: ClassVar[str] = ""
    """What to say when what was chosen is no path of the closure; empty for nothing."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left_square_bracket", "scroll_evidence(-1)", "evidence up", show=False, id="finding.up"),
        Binding("right_square_bracket", "scroll_evidence(1)", "evidence down", show=False, id="finding.down"),
    ]

    def __init__(self, session: Session, rows: EvidenceRows[Row], follow: Callable[[], None]) -> None:
        super().__init__(session)
        self.head = Static("", id="summary", markup=False)
        self.evidence = Evidence()
        self.filter_bar = FilterBar(self._filter_left)
        self._rows: EvidenceRows[Row] = rows
        rows.follow = follow

    # -- what a screen says of itself --------------------------------------------------------------------

    def show_rows(self, *, stay: bool = False) -> None:
        """Show the rows that are wanted, in their order; ``stay`` keeps the cursor on the first one, too."""
        raise NotImplementedError

    def widen(self) -> bool:
        """Take back one choice of rows, and say whether there was one."""
        return False

    # -- look --------------------------------------------------------------------------------------------

    def rows(self) -> RowView:
        return self._rows

    def above_rows(self) -> list[Widget]:
        return [self.head]

    def beside_rows(self) -> list[Widget]:
        return [self.evidence]

    def below_all(self) -> list[Widget]:
        return [self.filter_bar]

    def row_total(self) -> int:
        """Return how many rows count as what the screen is about."""
        return len(self._rows.rows)

    # -- keys --------------------------------------------------------------------------------------------

    def action_sort(self) -> None:
        """Sort by the next column."""
        self._sort_by(self.SORTS[(self.SORTS.index(self._rows.sort) + 1) % len(self.SORTS)])

    def action_reverse(self) -> None:
        """Turn the order around."""
        self._rows.reverse = not self._rows.reverse
        self.show_rows()

    @on(RowView.HeaderChosen)
    def sort_by_header(self, event: RowView.HeaderChosen) -> None:
        """Sort by a clicked title."""
        self.title_chosen(event.key)

    def title_chosen(self, key: str) -> None:
        """Sort by a column; the same again turns it around."""
        if key == self._rows.sort:
            self.action_reverse()
        else:
            self._sort_by(key)

    def _sort_by(self, key: str) -> None:
        self._rows.sort, self._rows.reverse = key, False
        self.show_rows()

    def action_filter(self) -> None:
        """Type a filter."""
        self.filter_bar.open()
        self._hint()

    @on(FilterBar.Typed)
    def filter_typed(self) -> None:
        """Follow the typed filter."""
        self.show_rows()
        self._hint()

    def _hint(self) -> None:
        self.filter_bar.hint(count(self.row_total(), self.UNIT))

    def _filter_left(self, cancelled: bool) -> None:
        if cancelled or not self.filter_bar.text:
            self.filter_bar.close()
        self.show_rows(stay=True)
        self.set_focus(self._rows)

    @on(RowView.Chosen)
    async def choose(self) -> None:
        """Show the path where it hangs in the closure."""
        index = self.path_here()
        if index is not None:
            await self.ask(ShowPath(index))
        elif self.NO_PATH:
            self.notify(self.NO_PATH, markup=False, timeout=3)

    def action_scroll_evidence(self, step: int) -> None:
        """Scroll the evidence by a few lines."""
        self.evidence.scroll_relative(y=step * 4, animate=False)

    async def action_escape(self) -> None:
        """Cancel loading, else show all rows, else stop reading."""
        if self.session.knowledge is None:
            self.session.cancel_opening()
        elif self.filter_bar.has_class("-open"):
            self._filter_left(True)
        elif self.widen():
            return
        elif self.session.cancel_tasks():
            self.notify("stopped reading; what is known stays", markup=False)


def _nothing() -> None:
    """Follow nothing."""
