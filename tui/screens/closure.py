"""Browse the closure, as a tree from the roots or as a flat table."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import RenderResult
from textual.binding import Binding, BindingType
from textual.widget import Widget

from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.tui.frames.mode_screen import NumberedScreen
from pyclosure.tui.frames.navigation import GoBack
from pyclosure.tui.frames.path_screen import PathScreen
from pyclosure.tui.session.session import Session
from pyclosure.tui.widgets.fitting import middle_ellipsis
from pyclosure.tui.widgets.path_table import PathTable, added_title
from pyclosure.tui.widgets.rows import RowView


class Trail(Widget):
    """The way from the top to the row, and where that is; cut to the width when it is drawn."""

    def __init__(self) -> None:
        super().__init__(id="trail")
        self._chain: list[str] = []
        self._arrow = self._right = ""

    def show(self, chain: list[str], arrow: str, right: str) -> None:
        """Show a chain of names, and a text at the right that is never cut."""
        self._chain, self._arrow, self._right = chain, arrow, right
        self.refresh()

    def render(self) -> RenderResult:
        room = max(8, self.size.width - len(self._right) - 3)
        text = self._arrow.join(self._chain)
        for left_out in range(1, len(self._chain) - 1):
            if len(text) <= room:
                break
            text = self._arrow.join([self._chain[0], "…", *self._chain[1 + left_out :]])
        text = middle_ellipsis(text, room)
        return Text(f" {text.ljust(room)}  {self._right}", no_wrap=True)


class ClosureScreen(PathScreen):
    """The tree, its trail, and the flat table."""

    MODE = "closure"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "flat", "tree, table", id="closure.flat", tooltip="Show the tree, or a flat table"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.trail = Trail()

    def above_rows(self) -> list[Widget]:
        return [self.trail]

    def facts_changed(self, knowledge: Knowledge) -> None:
        self._show_trail()

    def row_moved(self) -> None:
        super().row_moved()
        self._show_trail()

    def within_changed(self) -> None:
        self._show_trail()

    def _show_trail(self) -> None:
        browser = self.table.browser
        if browser is None:
            return
        total = browser.count()
        position = f"{min(self.table.cursor + 1, total):,}/{total:,}"
        extra = f"added {added_title(browser)}  " if browser.within is not None else ""
        chain = [self.session.labels[index] for index in browser.trail(self.table.cursor)]
        if browser.listing:
            chain = ["all paths"] if not browser.filter.text else [f"matching {browser.filter.text}"]
        upwards = browser.place.direction == "referrers"
        if upwards:
            chain = [f"referrers of {chain[0]}", *chain[1:]]
        self.trail.show(chain, " ‹ " if upwards else " › ", f"{extra}{position} ")

    def action_flat(self) -> None:
        """Show the tree, or a flat table of all paths."""
        browser = self.table.browser
        if browser is None:
            return
        index = self.table.index
        if browser.flat and index is not None:
            row = browser.reveal(index)
            self.filter_bar.close()
            self.table.rows_changed(cursor=row)
            return
        browser.set_flat(not browser.flat)
        self.table.rows_changed(top=True)

    @on(RowView.Chosen)
    async def choose(self) -> None:
        """Go in: from a list to the place in the tree, in the tree below the chosen path."""
        browser, index = self.table.browser, self.table.index
        if browser is None or index is None:
            return
        if browser.listing:
            self.show_position(index)
        elif browser.place.tops != (index,):
            browser.go_in(index)
            self.table.rows_changed(top=True)

    def show_position(self, index: int, *, referrers: bool = False) -> None:
        """Show a path in the tree, or what references it."""
        browser = self.table.browser
        if browser is None:
            return
        if referrers:
            browser.set_flat(False)
            browser.show_referrers(index)
            self.filter_bar.close()
            self.table.rows_changed(top=True)
            return
        row = browser.show_in_tree(index)
        self.filter_bar.close()
        self.table.rows_changed(cursor=row)

    async def action_back(self) -> None:
        """Go back to the place before, in the end to the screen that led here."""
        browser = self.table.browser
        row = browser.back() if browser is not None else None
        if browser is None or row is None:
            await self.ask(GoBack())
            return
        if browser.filter.text:
            self.filter_bar.show_text(browser.filter.text)
        self.table.rows_changed(cursor=row)

    @on(PathTable.Jumped)
    def jumped(self) -> None:
        """Say why the cursor went elsewhere."""
        self.notify("shown here already", timeout=2, markup=False)


SCREEN = NumberedScreen(ClosureScreen, key="2")
