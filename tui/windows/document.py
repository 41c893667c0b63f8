"""A window with a document, highlighted."""

from __future__ import annotations

from rich.syntax import Syntax
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.widgets import Static

from pyclosure.queries.base.records import Distribution
from pyclosure.queries.base.text import printable
from pyclosure.queries.facts.files import StoreFiles
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.tui.widgets.bars import KeyBar
from pyclosure.tui.windows.dialogs import Dialog

_MOST_BYTES = 256 * 1024
_LONGEST_LINE = 2000


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
            theme="ansi_dark" if self.app.theme_dark else "ansi_light",
            word_wrap=True,
            background_color="default",
        )
        self.query_one(VerticalScroll).query_one(Static).update(syntax)
        self.set_focus(self.query_one(VerticalScroll))


def metadata_text(knowledge: Knowledge, path: str, distribution: Distribution) -> str | None:
    """Return the METADATA of a distribution as lines that are safe to show; None when it cannot be read."""
    root = knowledge.closure.records.files_root
    if root is None:
        return None
    data = StoreFiles(path, root).read(f"{distribution.folder}/METADATA", _MOST_BYTES)
    if data is None:
        return None
    lines = data.decode("utf-8", "replace").split("\n")
    return "\n".join(printable(line.expandtabs(4), _LONGEST_LINE) for line in lines)
