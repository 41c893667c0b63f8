"""A window with a document, highlighted."""

from __future__ import annotations

from rich.syntax import Syntax
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.widgets import Static

from pyclosure.tui.widgets.bars import KeyBar
from pyclosure.tui.windows.dialogs import Dialog


class DocumentDialog(Dialog):
    """A text that is safe to show, with the colours of its language.

    Args:
        title: what it is.
        text: lines without control characters.
        language: what pygments calls it.
    """

    def __init__(self, title: str, text: str, language: str) -> None:
        super().__init__()
        self._title, self._text, self._language = title, text, language

    def compose(self) -> ComposeResult:
        with Container(classes="dialog") as box:
            box.border_title = Text(self._title).markup
            with VerticalScroll():
                yield Static("", markup=False)
        yield KeyBar()

    def on_mount(self) -> None:
        syntax = Syntax(
            self._text,
            self._language,
            theme="ansi_dark" if self.app.current_theme.dark else "ansi_light",
            word_wrap=True,
            background_color="default",
        )
        self.query_one(VerticalScroll).query_one(Static).update(syntax)
        self.set_focus(self.query_one(VerticalScroll))
