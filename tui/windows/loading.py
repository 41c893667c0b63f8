"""The first frame: what is being read, before anything that can show it is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from pyclosure.tui.frames.watching import WatchedScreen
from pyclosure.tui.widgets.bars import KeyBar, TitleBar

if TYPE_CHECKING:
    from pyclosure.tui.session.session import Session


class LoadingScreen(WatchedScreen[None]):
    """Stands until the screens do; they look the same while they wait for the closure."""

    DEFAULT_CSS = """
    LoadingScreen {
        layout: vertical;
        #loading { height: 1fr; padding: 1 2; color: $text-muted; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "cancel, close", show=False, id="escape"),
    ]

    def __init__(self, session: Session, mode: str) -> None:
        super().__init__()
        self._session, self._mode = session, mode

    def compose(self) -> ComposeResult:
        title = TitleBar()
        title.tabs, title.here = self._session.tabs, self._mode
        yield title
        yield Static(self._session.loading_text, id="loading", markup=False)
        yield KeyBar()

    def action_cancel(self) -> None:
        """Stop reading."""
        self._session.cancel_opening()
