"""What all screens on the number row have in common: the frame, loading, and following what becomes known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widget import Widget
from textual.widgets import Static

from pyclosure.tui.frames.navigation import (
    ShowCommands,
    ShowContents,
    ShowPath,
    ShowPlan,
    ShowRebuild,
    ShowWhy,
)
from pyclosure.tui.frames.watching import WatchedScreen
from pyclosure.tui.widgets.bars import KeyBar, TitleBar
from pyclosure.tui.widgets.rows import RowView

if TYPE_CHECKING:
    from pyclosure.queries.opened.knowledge import Knowledge
    from pyclosure.tui.session.session import Session

_NEED_PATHS = frozenset(
    {"why", "rebuild", "cut", "filter", "sort", "reverse", "referrers", "contents", "plan", "undo_cut", "copy"}
    | {"nix_commands", "details", "find", "within", "back", "flat", "explain", "next_path"}
)
WIDE = 140
"""Columns from which the details stand open at the right."""


class ModeScreen(WatchedScreen[None]):
    """A screen around rows that take the keys.

    Args:
        session: what is open.
    """

    MODE: ClassVar[str] = ""
    """Name of its file."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "why", "why", id="path.why", tooltip="Why this path is here, and which files hold it"),
        Binding("x", "cut", "cut", id="path.cut", tooltip="Mark the reference to this path as cut; sizes follow"),
        Binding("slash", "filter", "filter", id="filter", tooltip="Keep only rows that match"),
        Binding("s", "sort", "sort", id="sort", tooltip="Sort by the next column"),
        Binding("S", "reverse", "reverse the order", show=False, id="sort.reverse"),
        Binding("r", "referrers", "referrers", id="path.referrers", tooltip="What references this path"),
        Binding("c", "contents", "contents", show=False, id="path.contents", tooltip="What this path contains"),
        Binding("b", "rebuild", "rebuild", show=False, id="path.rebuild", tooltip="What rebuilds when this is touched"),
        Binding("X", "plan", "all cuts", show=False, id="plan", tooltip="The marked cuts, and what they save"),
        Binding("u", "undo_cut", "undo the last cut", show=False, id="plan.undo"),
        Binding("y", "copy", "copy path", show=False, id="path.copy"),
        Binding("o", "nix_commands", "nix command", show=False, id="path.nix"),
        Binding("escape", "escape", "cancel, close", show=False, id="escape"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (40, "-narrow"), (WIDE, "-wide")]
        self.VERTICAL_BREAKPOINTS = [(0, "-flat"), (10, "-low"), (16, "-short"), (32, "-tall")]
        self.title_bar = TitleBar()
        self.key_bar = KeyBar()
        self._shown_revision = -1

    # -- what a screen says of itself --------------------------------------------------------------------

    def rows(self) -> RowView:
        """Return the rows that take the keys."""
        raise NotImplementedError

    def above_rows(self) -> list[Widget]:
        """Return the widgets between title and rows."""
        return []

    def beside_rows(self) -> list[Widget]:
        """Return the widgets below the rows, or at their right on a wide screen."""
        return []

    def below_all(self) -> list[Widget]:
        """Return the widgets between everything and the line of keys."""
        return []

    def path_here(self) -> int | None:
        """Return the position of the path that keys act on; None when there is none."""
        raise NotImplementedError

    def knowledge_came(self, knowledge: Knowledge) -> None:
        """Take in a closure that was just opened; called again whenever the screen is painted anew."""

    def facts_came(self, knowledge: Knowledge) -> None:
        """Take in that more is known."""

    # -- life --------------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        # before there is anything below: a class that comes later has all styles worked out again
        self.set_class(self.session.knowledge is None, "-loading")
        yield self.title_bar
        yield Static("", id="loading", markup=False)
        with Container(id="body"):
            with Container(id="main"):
                yield from self.above_rows()
                yield self.rows()
            yield from self.beside_rows()
        yield from self.below_all()
        yield self.key_bar
        yield Static("The terminal is too small: pyclosure needs 40 columns and 10 lines.", id="tiny", markup=False)

    def on_mount(self) -> None:
        self.follow(self.session, self.refresh_knowledge)
        self.refresh_knowledge()
        self.set_focus(self.rows())

    def on_screen_resume(self) -> None:
        self.refresh_knowledge()

    def refresh_knowledge(self) -> None:
        """Show what is known by now."""
        session = self.session
        self.title_bar.tabs = session.tabs
        self.title_bar.here = self.MODE
        self.key_bar.state = session.status
        knowledge = session.knowledge
        self.set_class(knowledge is None, "-loading")
        if knowledge is None:
            self.query_one("#loading", Static).update(session.loading_text)
            self.title_bar.refresh()
            self.key_bar.refresh()
            return
        self.title_bar.label = knowledge.closure.records.label
        self.title_bar.origin = knowledge.closure.records.origin
        self.knowledge_came(knowledge)
        self.title_bar.refresh()
        self.key_bar.refresh()
        if knowledge.revision != self._shown_revision:
            self._shown_revision = knowledge.revision
            self.facts_came(knowledge)

    @property
    def knowledge(self) -> Knowledge | None:
        """What is known of the open closure; None while loading."""
        return self.session.knowledge

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what acts on paths only once there are some."""
        return None if self.session.knowledge is None and action in _NEED_PATHS else True

    # -- keys --------------------------------------------------------------------------------------------

    async def action_why(self) -> None:
        """Say why the path is in the closure."""
        index = self.path_here()
        if index is not None:
            await self.ask(ShowWhy(index))

    async def action_contents(self) -> None:
        """Show what the path contains."""
        index = self.path_here()
        if index is not None:
            await self.ask(ShowContents(index))

    async def action_rebuild(self) -> None:
        """Show what rebuilds when the path is touched."""
        index = self.path_here()
        if index is not None:
            await self.ask(ShowRebuild(index))

    async def action_referrers(self) -> None:
        """Show what references the path."""
        index = self.path_here()
        if index is None or self.knowledge is None:
            return
        if not self.knowledge.closure.referrers[index]:
            self.notify("a root: nothing in this closure references it", markup=False, timeout=3)
            return
        await self.ask(ShowPath(index, referrers=True))

    async def action_plan(self) -> None:
        """Show the marked cuts."""
        await self.ask(ShowPlan())

    def action_undo_cut(self) -> None:
        """Take the last mark away."""
        if not self.session.undo_cut():
            self.notify("nothing is marked as cut", markup=False, timeout=2)

    def action_copy(self) -> None:
        """Copy the store path, also over ssh (OSC 52)."""
        index = self.path_here()
        if index is not None and self.knowledge is not None:
            path = self.knowledge.closure.path(index)
            self.app.copy_to_clipboard(path)
            self.notify(f"copied {path}", markup=False, timeout=3)

    async def action_nix_commands(self) -> None:
        """Show the nix commands that tell the same."""
        from pyclosure.tui.words.details import nix_commands

        index = self.path_here()
        if index is not None and self.knowledge is not None:
            await self.ask(ShowCommands(nix_commands(self.knowledge, index)))


@dataclass(frozen=True, slots=True)
class NumberedScreen:
    """A screen and its place on the number row.

    The place is read before the file of the screen is imported: key and the rest are literals, given by name.
    """

    screen: type[ModeScreen]
    key: str
    """A digit, which no other screen has; screens stand in the order of their keys."""
    needs_base: bool = False
    """Whether it is only there when something to compare with was named."""
