"""Browse the closure, as a tree from the roots or as a flat table."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static

from pyclosure.queries.knowledge import Knowledge
from pyclosure.tui.screen import PathScreen, ScreenSpec
from pyclosure.tui.units import middle_ellipsis
from pyclosure.tui.widgets.path_table import PathTable, added_title
from pyclosure.tui.widgets.rows import RowView


class ClosureScreen(PathScreen):
    """The tree, its trail, and the flat table."""

    MODE = "closure"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "flat", "tree, table", id="closure.flat", tooltip="Show the tree, or a flat table"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.trail = Static("", id="trail", markup=False)

    def above_table(self) -> list[Widget]:
        return [self.trail]

    def facts_changed(self, knowledge: Knowledge) -> None:
        self._show_trail()

    def on_resize(self) -> None:
        super().on_resize()
        # only now the table knows how wide it is
        self.call_after_refresh(self._show_trail)

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
        extra = ""
        if browser.within is not None:
            extra = f"added {added_title(browser)}  "
        chain = [self.app.labels[at] for at in browser.trail(self.table.cursor)]
        if browser.listing:
            chain = ["all paths"] if not browser.filter.text else [f"matching {browser.filter.text!r}"]
        if browser.place.direction == "referrers":
            chain = [f"referrers of {chain[0]}", *chain[1:]]
        arrow = " ‹ " if browser.place.direction == "referrers" else " › "
        right = f"{extra}{position} "
        room = max(8, self.size.width - len(right) - 3)
        if self.size.width >= 120:
            room = max(8, self.table.size.width - len(right) - 3)
        text = arrow.join(chain)
        while len(text) > room and len(chain) > 2:
            chain = [chain[0], "…", *chain[2 if chain[1] != "…" else 3 :]]
            text = arrow.join(chain)
            if len(chain) == 3 and chain[1] == "…":
                break
        text = middle_ellipsis(text, room)
        self.trail.update(Text(f" {text}{' ' * (room - len(text))}  {right}", no_wrap=True))

    def action_flat(self) -> None:
        """Show the tree, or a flat table of all paths."""
        browser = self.table.browser
        if browser is None:
            return
        at = self.table.at
        if browser.flat and at is not None:
            row = browser.reveal(at)
            self.filter_bar.close()
            self.table.rows_changed(cursor=row)
            return
        browser.set_flat(not browser.flat)
        self.table.rows_changed(top=True)

    @on(RowView.Chosen)
    def choose(self) -> None:
        """Go in: from a list to the place in the tree, in the tree below the chosen path."""
        browser, at = self.table.browser, self.table.at
        if browser is None or at is None:
            return
        if browser.listing:
            self.show_position(at)
        elif browser.place.tops != (at,):
            browser.go_in(at, self.table.cursor)
            self.table.rows_changed(top=True)

    def show_position(self, at: int, *, referrers: bool = False) -> None:
        """Show a path in the tree, or what references it."""
        browser = self.table.browser
        if browser is None:
            return
        if referrers:
            browser.set_flat(False)
            browser.show_referrers(at, self.table.cursor)
            self.filter_bar.close()
            self.table.rows_changed(top=True)
            return
        row = browser.reveal(at)
        self.filter_bar.close()
        self.table.rows_changed(cursor=row)

    @on(PathTable.Jumped)
    def jumped(self) -> None:
        """Say why the cursor went elsewhere."""
        self.notify("shown here already", timeout=2, markup=False)


SCREEN = ScreenSpec("closure", "Closure", "2", ClosureScreen)
