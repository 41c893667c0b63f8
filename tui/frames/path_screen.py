"""What the screens with a table of paths have in common: keys, filter, details, loading."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget

from pyclosure.queries.answers.matching import Filter
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.tui.frames.mode_screen import WIDE, ModeScreen
from pyclosure.tui.frames.navigation import ShowDetails, ShowPath
from pyclosure.tui.session.browse import Browser, sort_columns
from pyclosure.tui.session.plan import Mark
from pyclosure.tui.session.session import Session
from pyclosure.tui.widgets.detail_pane import DetailPane
from pyclosure.tui.widgets.filter_bar import FilterBar
from pyclosure.tui.widgets.path_table import PathTable, RowFollower, added_title
from pyclosure.tui.widgets.rows import RowView
from pyclosure.tui.words.details import Line, details, summary
from pyclosure.tui.words.units import count

_ROOMY = 64
"""Columns from which the filter line has room for more than a count."""


class PathScreen(ModeScreen, RowFollower):
    """A screen around one table of paths."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "details", "details", show=False, id="path.details", tooltip="All that is known of this path"),
        Binding("n", "find(1)", "next match", show=False, id="find.next"),
        Binding("N", "find(-1)", "previous match", show=False, id="find.previous"),
        Binding("a", "within", "added: all roots, or one referrer", show=False, id="added.within"),
        Binding("backspace", "back", "back", show=False, id="back"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.table = PathTable(id="table")
        self.detail = DetailPane(id="detail")
        self.filter_bar = FilterBar(self.filter_left)
        self._searched: Filter | None = None
        self._stood_on: int | None = None
        """Path under the cursor when the filter was opened."""

    # -- what a screen says of itself --------------------------------------------------------------------

    def make_browser(self, knowledge: Knowledge) -> Browser:
        """Return the rows that this screen shows."""
        return Browser(knowledge)

    def facts_changed(self, knowledge: Knowledge) -> None:
        """Take in that more is known; the table repaints by itself."""

    # -- life --------------------------------------------------------------------------------------------

    def rows(self) -> RowView:
        return self.table

    def path_here(self) -> int | None:
        return self.table.index

    def beside_rows(self) -> list[Widget]:
        return [self.detail]

    def below_all(self) -> list[Widget]:
        return [self.filter_bar]

    def on_mount(self) -> None:
        self.table.follow = self
        self.table.is_cut = self._is_cut
        super().on_mount()

    def knowledge_came(self, knowledge: Knowledge) -> None:
        if self.table.browser is None or self.table.browser.knowledge is not knowledge:
            self.table.show(self.make_browser(knowledge))

    def facts_came(self, knowledge: Knowledge) -> None:
        self._sort_anew()
        self._show_detail()
        self.facts_changed(knowledge)

    def _sort_anew(self) -> None:
        """Sort by what is known now, staying on the same path."""
        browser, index = self.table.browser, self.table.index
        if browser is not None:
            browser.resort()
            self.table.rows_changed(cursor=browser.row_of(index) if index is not None else None)

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_detail)

    # -- details -----------------------------------------------------------------------------------------

    def row_moved(self) -> None:
        """Follow the cursor."""
        self._show_detail()

    def _show_detail(self) -> None:
        index, browser = self.table.index, self.table.browser
        if index is None or browser is None:
            self.detail.clear()
        elif self.size.width >= WIDE:
            labels = self.session.labels
            lines = details(browser.knowledge, index, labels, added_title(browser), browser.added(index))
            self.detail.show_lines([*lines, *self._finding_lines(index)])
        else:
            self.detail.show_summary(summary(browser.knowledge, index), self.size.width)

    async def action_details(self) -> None:
        """Open all details of the path."""
        index, browser = self.table.index, self.table.browser
        if index is None or browser is None:
            return
        lines = details(browser.knowledge, index, self.session.labels, added_title(browser), browser.added(index))
        await self.ask(ShowDetails(self.session.labels[index], [*lines, *self._finding_lines(index)]))

    def _finding_lines(self, index: int) -> list[Line]:
        """Return what is wrong with the path."""
        judgement, knowledge = self.session.judgement, self.knowledge
        if judgement is None or knowledge is None:
            return []
        found = judgement.of_path(knowledge.closure.path(index))
        return [Line("finding" if number == 0 else "", one.title, one.rule) for number, one in enumerate(found)]

    # -- order, filter, search ---------------------------------------------------------------------------

    def action_sort(self) -> None:
        """Sort by the next column that is shown."""
        browser = self.table.browser
        if browser is None:
            return
        shown = [key for key in sort_columns() if key in self.table.visible_columns()]
        index = shown.index(browser.sort) if browser.sort in shown else -1
        self._sort(shown[(index + 1) % len(shown)], False)

    def action_reverse(self) -> None:
        """Reverse the order."""
        if self.table.browser is not None:
            self._sort(self.table.browser.sort, not self.table.browser.reverse)

    @on(RowView.HeaderChosen)
    def sort_by_header(self, event: RowView.HeaderChosen) -> None:
        """Sort by a clicked title; again: the other way round."""
        self._sort(event.key, None)

    def _sort(self, key: str, reverse: bool | None) -> None:
        browser = self.table.browser
        if browser is not None:
            browser.sort_by(key, reverse=reverse)
            self.table.rows_changed(top=True)

    def action_filter(self) -> None:
        """Type a filter."""
        if self.table.browser is not None:
            if not self.filter_bar.has_class("-open"):
                self._stood_on = self.table.index
            self.filter_bar.open()
            self._hint()

    @on(FilterBar.Typed)
    def filter_typed(self) -> None:
        """Follow the typed filter; news that comes late changes nothing any more."""
        self._apply_filter()

    def _apply_filter(self) -> None:
        browser = self.table.browser
        if browser is not None and browser.filter.text != self.filter_bar.text:
            browser.set_filter(self.filter_bar.text)
            self.table.rows_changed(top=True)
            self._hint()

    def _hint(self) -> None:
        browser = self.table.browser
        if browser is None:
            return
        kind = "regex, " if browser.filter.regex else "not a regex, " if browser.filter.problem else ""
        keys = "  enter keeps, esc shows all" if self.size.width >= _ROOMY else ""
        self.filter_bar.hint(f"{kind}{count(browser.count(), 'path')}{keys}")

    def filter_left(self, cancelled: bool) -> None:
        """Give the keys back to the rows, with all rows or those that the filter keeps."""
        browser = self.table.browser
        if browser is None:
            return
        # keys come faster than the news of what they typed
        self._apply_filter()
        if browser.filter.text:
            self._searched = self.table.marked = browser.filter
        if cancelled:
            self._show_all()
        elif not browser.filter.text:
            self.filter_bar.close()
        else:
            keys = "  enter opens, esc shows all" if self.size.width >= _ROOMY else ""
            self.filter_bar.hint(f"{count(browser.count(), 'path')}{keys}")
        self.set_focus(self.table)
        self.row_moved()

    def _show_all(self) -> None:
        browser = self.table.browser
        if browser is None:
            return
        index = self.table.index if self.table.index is not None else self._stood_on
        browser.set_filter("")
        if index is not None and browser.row_of(index) is None:
            index = self._stood_on
        self.filter_bar.close()
        self.table.rows_changed(cursor=browser.row_of(index) if index is not None else None)

    def action_find(self, step: int) -> None:
        """Go to the next or previous match of the last filter."""
        browser = self.table.browser
        if browser is None:
            return
        if self._searched is None:
            self.notify("type a filter first: /", markup=False)
            return
        row = browser.find(self._searched, self.table.cursor, step)
        if row is None:
            self.notify(f"nothing here matches {self._searched.text!r}", markup=False)
        else:
            self.table.rows_changed(cursor=row)

    # -- path keys ---------------------------------------------------------------------------------------

    @on(RowView.Chosen)
    async def choose(self) -> None:
        """Go in: show the chosen path where it hangs in the closure."""
        if self.table.index is not None:
            await self.ask(ShowPath(self.table.index))

    def _is_cut(self, referrer: int | None, index: int) -> bool:
        """Say whether a reference, or a path itself, is marked as cut."""
        marks = self.session.plan.marks if self.knowledge is not None else []
        return index in marks or (referrer is not None and (referrer, index) in marks)

    def action_cut(self) -> None:
        """Mark the row's reference as cut; in lists, the path whoever references it."""
        browser, index = self.table.browser, self.table.index
        if browser is None or index is None:
            return
        if index in browser.knowledge.closure.roots:
            self.notify("a root cannot be cut: it was asked for", markup=False, timeout=3)
            return
        node = browser.node(self.table.cursor)
        if node is None or node.parent is None:
            mark: Mark = index
        elif browser.place.direction == "references":
            mark = (node.parent.index, index)
        else:
            mark = (index, node.parent.index)
        self.notify(self.session.toggle_cut(mark), markup=False, timeout=4)

    def action_within(self) -> None:
        """Change what added sizes are relative to: all roots, or the referrer of the row."""
        browser, index = self.table.browser, self.table.index
        if browser is None:
            return
        if browser.within is not None:
            browser.set_within(None)
        else:
            referrer = self._referrer_here(browser)
            if referrer is None:
                self.notify("this row hangs from no referrer; unfold one in the tree first", markup=False)
                return
            browser.set_within(referrer)
        self.table.rows_changed(cursor=browser.row_of(index) if index is not None else None)
        self.notify(f"added sizes are {added_title(browser)}", markup=False, timeout=4)
        self.within_changed()

    def within_changed(self) -> None:
        """Take in that added sizes are relative to something else."""

    def _referrer_here(self, browser: Browser) -> int | None:
        node = browser.node(self.table.cursor)
        if node is not None and node.parent is not None and browser.place.direction == "references":
            return node.parent.index
        tops = browser.place.tops
        return tops[0] if len(browser.places) > 1 and browser.place.direction == "references" else None

    async def action_back(self) -> None:
        """Go back to where the user came from."""
        browser = self.table.browser
        row = browser.back() if browser is not None else None
        if row is not None:
            self.table.rows_changed(cursor=row)

    async def action_escape(self) -> None:
        """Cancel loading, else leave the filter, else go back."""
        browser = self.table.browser
        if self.session.knowledge is None:
            self.session.cancel_opening()
        elif browser is not None and (browser.filter.text or self.filter_bar.has_class("-open")):
            self._show_all()
        elif self.session.cancel_tasks():
            self.notify("stopped reading; what is known stays", markup=False)
        else:
            await self.action_back()
