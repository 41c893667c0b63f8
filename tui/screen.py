"""What the screens with a table of paths have in common: keys, filter, details, loading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from pyclosure.queries.answers.matching import Filter
from pyclosure.queries.knowledge import Knowledge
from pyclosure.tui.browse import Browser, sort_columns
from pyclosure.tui.details import details, summary
from pyclosure.tui.units import count
from pyclosure.tui.widgets.bars import KeyBar, TitleBar
from pyclosure.tui.widgets.detail_pane import DetailPane
from pyclosure.tui.widgets.filter_bar import FilterBar
from pyclosure.tui.widgets.path_table import PathTable, RowFollower, added_title
from pyclosure.tui.widgets.rows import RowView

if TYPE_CHECKING:
    from pyclosure.tui.app import ClosureApp

_ROOMY = 64
"""Columns from which the filter line has room for more than a count."""
_NEED_PATHS = frozenset(
    {"why", "cut", "filter", "sort", "reverse", "referrers", "contents", "plan", "undo_cut", "copy"}
    | {"nix_commands", "details", "find", "within", "back", "flat"}
)
WIDE = 140
"""Columns from which the details stand open at the right."""


@dataclass(frozen=True, slots=True)
class ScreenSpec:
    """How a screen module introduces itself; a test refuses two equal keys."""

    name: str
    title: str
    key: str
    make: type[PathScreen]


class PathScreen(Screen[None], RowFollower):
    """A screen around one table of paths."""

    MODE: ClassVar[str] = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "why", "why", id="path.why", tooltip="Why this path is here, and which files hold it"),
        Binding("x", "cut", "cut", id="path.cut", tooltip="Mark the reference to this path as cut; sizes follow"),
        Binding("slash", "filter", "filter", id="filter", tooltip="Keep only rows that match"),
        Binding("s", "sort", "sort", id="sort", tooltip="Sort by the next column"),
        Binding("S", "reverse", "reverse the order", show=False, id="sort.reverse"),
        Binding("r", "referrers", "referrers", id="path.referrers", tooltip="What references this path"),
        Binding("c", "contents", "contents", show=False, id="path.contents", tooltip="What this path contains"),
        Binding("X", "plan", "all cuts", show=False, id="plan", tooltip="The marked cuts, and what they save"),
        Binding("u", "undo_cut", "undo the last cut", show=False, id="plan.undo"),
        Binding("y", "copy", "copy path", show=False, id="path.copy"),
        Binding("o", "nix_commands", "nix command", show=False, id="path.nix"),
        Binding("d", "details", "details", show=False, id="path.details", tooltip="All that is known of this path"),
        Binding("n", "find(1)", "next match", show=False, id="find.next"),
        Binding("N", "find(-1)", "previous match", show=False, id="find.previous"),
        Binding("a", "within", "added: all roots, or one referrer", show=False, id="added.within"),
        Binding("backspace", "back", "back", show=False, id="back"),
        Binding("escape", "escape", "cancel, close", show=False, id="escape"),
    ]

    app: ClosureApp

    def __init__(self) -> None:
        super().__init__()
        self.HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (40, "-narrow"), (WIDE, "-wide")]
        self.VERTICAL_BREAKPOINTS = [(0, "-flat"), (10, "-low"), (16, "-short"), (32, "-tall")]
        self.table = PathTable(id="table")
        self.detail = DetailPane(id="detail")
        self.filter_bar = FilterBar(self.filter_left)
        self.title_bar = TitleBar()
        self.key_bar = KeyBar()
        self._searched: Filter | None = None
        self._stood_on: int | None = None
        """Path under the cursor when the filter was opened."""
        self._shown_revision = -1

    # -- what a screen says of itself --------------------------------------------------------------------

    def make_browser(self, knowledge: Knowledge) -> Browser:
        """Return the rows that this screen shows."""
        return Browser(knowledge)

    def above_table(self) -> list[Widget]:
        """Return the widgets between title and table."""
        return []

    def facts_changed(self, knowledge: Knowledge) -> None:
        """Take in that more is known; the table repaints by itself."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what acts on paths only once there are some."""
        return None if self.app.knowledge is None and action in _NEED_PATHS else True

    # -- life --------------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        yield self.title_bar
        yield Static("", id="loading", markup=False)
        with Container(id="body"):
            with Container(id="main"):
                yield from self.above_table()
                yield self.table
            yield self.detail
        yield self.filter_bar
        yield self.key_bar
        yield Static("The terminal is too small: pyclosure needs 40 columns and 10 lines.", id="tiny", markup=False)

    def on_mount(self) -> None:
        self.table.follow = self
        self.table.is_cut = self._is_cut
        self.app.knowledge_signal.subscribe(self, lambda _: self.refresh_knowledge())
        self.refresh_knowledge()
        self.set_focus(self.table)

    def on_screen_resume(self) -> None:
        self.refresh_knowledge()

    def refresh_knowledge(self) -> None:
        """Show what is known by now."""
        app = self.app
        self.title_bar.tabs = app.tabs
        self.title_bar.here = self.MODE
        self.key_bar.state = app.status
        knowledge = app.knowledge
        self.set_class(knowledge is None, "-loading")
        if knowledge is None:
            self.query_one("#loading", Static).update(app.loading_text)
            self.title_bar.refresh()
            self.key_bar.refresh()
            return
        self.title_bar.label = knowledge.closure.records.label
        self.title_bar.origin = knowledge.closure.records.origin
        if self.table.browser is None or self.table.browser.knowledge is not knowledge:
            self.table.show(self.make_browser(knowledge))
        self.title_bar.refresh()
        self.key_bar.refresh()
        if knowledge.revision != self._shown_revision:
            self._shown_revision = knowledge.revision
            self._sort_anew()
            self._show_detail()
            self.facts_changed(knowledge)

    def _sort_anew(self) -> None:
        """Sort by what is known now, staying on the same path."""
        browser, at = self.table.browser, self.table.at
        if browser is not None:
            browser.resort()
            self.table.rows_changed(cursor=browser.row_of(at) if at is not None else None)

    @property
    def knowledge(self) -> Knowledge | None:
        """What is known of the open closure; None while loading."""
        return self.app.knowledge

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_detail)

    # -- details -----------------------------------------------------------------------------------------

    def row_moved(self) -> None:
        """Follow the cursor."""
        self._show_detail()

    def _show_detail(self) -> None:
        at, browser = self.table.at, self.table.browser
        if at is None or browser is None:
            self.detail.clear()
        elif self.size.width >= WIDE:
            labels = self.app.labels
            lines = details(browser.knowledge, at, labels, added_title(browser), browser.added(at))
            self.detail.show_lines(lines)
        else:
            self.detail.show_summary(summary(browser.knowledge, at), self.size.width)

    def action_details(self) -> None:
        """Open all details of the path."""
        from pyclosure.tui.dialogs import DetailDialog

        at, browser = self.table.at, self.table.browser
        if at is None or browser is None:
            return
        lines = details(browser.knowledge, at, self.app.labels, added_title(browser), browser.added(at))
        self.app.push_screen(DetailDialog(self.app.labels[at], lines))

    # -- order, filter, search ---------------------------------------------------------------------------

    def action_sort(self) -> None:
        """Sort by the next column that is shown."""
        browser = self.table.browser
        if browser is None:
            return
        shown = [key for key in sort_columns() if key in self.table.visible_columns()]
        at = shown.index(browser.sort) if browser.sort in shown else -1
        self._sort(shown[(at + 1) % len(shown)], False)

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
                self._stood_on = self.table.at
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
        at = self.table.at if self.table.at is not None else self._stood_on
        browser.set_filter("")
        if at is not None and browser.row_of(at) is None:
            at = self._stood_on
        self.filter_bar.close()
        self.table.rows_changed(cursor=browser.row_of(at) if at is not None else None)

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
    def choose(self) -> None:
        """Go in: show the chosen path where it hangs in the closure."""
        if self.table.at is not None:
            self.app.show_path(self.table.at)

    def action_referrers(self) -> None:
        """Show what references the path."""
        at = self.table.at
        if at is None or self.knowledge is None:
            return
        if not self.knowledge.closure.referrers[at]:
            self.notify("a root: nothing in this closure references it", markup=False, timeout=3)
            return
        self.app.show_path(at, referrers=True)

    def _is_cut(self, referrer: int | None, at: int) -> bool:
        """Say whether a reference, or a path itself, is marked as cut."""
        marks = self.app.plan.marks if self.knowledge is not None else []
        return at in marks or (referrer is not None and (referrer, at) in marks)

    async def action_why(self) -> None:
        """Say why the path is in the closure."""
        if self.table.at is not None:
            await self.app.show_why(self.table.at)

    async def action_contents(self) -> None:
        """Show what the path contains."""
        if self.table.at is not None:
            await self.app.show_contents(self.table.at)

    def action_cut(self) -> None:
        """Mark the row's reference as cut; in lists, the path whoever references it."""
        browser, at = self.table.browser, self.table.at
        if browser is None or at is None:
            return
        if at in browser.knowledge.closure.roots:
            self.notify("a root cannot be cut: it was asked for", markup=False, timeout=3)
            return
        node = browser.node(self.table.cursor)
        if node is None or node.parent is None:
            self.app.toggle_cut(at)
        elif browser.place.direction == "references":
            self.app.toggle_cut((node.parent.at, at))
        else:
            self.app.toggle_cut((at, node.parent.at))

    async def action_plan(self) -> None:
        """Show the marked cuts."""
        await self.app.show_plan()

    def action_undo_cut(self) -> None:
        """Take the last mark away."""
        self.app.undo_cut()

    def action_copy(self) -> None:
        """Copy the store path, also over ssh (OSC 52)."""
        at = self.table.at
        if at is not None and self.knowledge is not None:
            path = self.knowledge.closure.path(at)
            self.app.copy_to_clipboard(path)
            self.notify(f"copied {path}", markup=False, timeout=3)

    def action_nix_commands(self) -> None:
        """Show the nix commands that tell the same."""
        from pyclosure.tui.details import nix_commands
        from pyclosure.tui.dialogs import CommandDialog

        if self.table.at is not None and self.knowledge is not None:
            self.app.push_screen(CommandDialog(nix_commands(self.knowledge, self.table.at)))

    def action_within(self) -> None:
        """Change what added sizes are relative to: all roots, or the referrer of the row."""
        browser, at = self.table.browser, self.table.at
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
        self.table.rows_changed(cursor=browser.row_of(at) if at is not None else None)
        self.notify(f"added sizes are {added_title(browser)}", markup=False, timeout=4)
        self.within_changed()

    def within_changed(self) -> None:
        """Take in that added sizes are relative to something else."""

    def _referrer_here(self, browser: Browser) -> int | None:
        node = browser.node(self.table.cursor)
        if node is not None and node.parent is not None and browser.place.direction == "references":
            return node.parent.at
        tops = browser.place.tops
        return tops[0] if len(browser.places) > 1 and browser.place.direction == "references" else None

    def action_back(self) -> None:
        """Go back to where the user came from."""
        browser = self.table.browser
        row = browser.back() if browser is not None else None
        if row is not None:
            self.table.rows_changed(cursor=row)

    def action_escape(self) -> None:
        """Cancel loading, else leave the filter, else go back."""
        browser = self.table.browser
        if self.app.knowledge is None:
            self.app.cancel_opening()
        elif browser is not None and (browser.filter.text or self.filter_bar.has_class("-open")):
            self._show_all()
        elif self.app.cancel_tasks():
            self.notify("stopped reading; what is known stays", markup=False)
        else:
            self.action_back()
