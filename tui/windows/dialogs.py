"""Windows on top of a screen: details, nix commands, help, trouble."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import ClassVar

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from pyclosure.queries.base.errors import Cancelled, QueryError
from pyclosure.queries.base.text import plain_lines, printable
from pyclosure.tui.frames.navigation import OpenAgain
from pyclosure.tui.frames.watching import WatchedScreen
from pyclosure.tui.widgets.bars import KeyBar
from pyclosure.tui.widgets.detail_pane import DetailPane
from pyclosure.tui.widgets.rows import Cell, RowView, ViewColumn
from pyclosure.tui.words.details import Line


class Dialog(ModalScreen[None], WatchedScreen[None]):
    """A window that escape closes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,d", "close", "close", key_display="esc", id="dialog.close"),
    ]

    def __init__(self) -> None:
        super().__init__()
        # on a terminal of a few cells a scrollbar would come and go for ever; nothing is shown there anyway
        self.HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (40, "-narrow")]
        self.VERTICAL_BREAKPOINTS = [(0, "-flat"), (10, "-low")]

    def action_close(self) -> None:
        """Close the window."""
        self.dismiss()


class DetailDialog(Dialog):
    """All details of a path."""

    def __init__(self, title: str, lines: Sequence[Line]) -> None:
        super().__init__()
        self._title, self._lines = title, lines
        self._pane = DetailPane()
        self._pane.can_focus = True

    def compose(self) -> ComposeResult:
        with Container(classes="dialog") as box:
            box.border_title = Text(self._title).markup
            yield self._pane
        yield KeyBar()

    def on_mount(self) -> None:
        self._pane.show_lines(self._lines)
        self.set_focus(self._pane)


class TextDialog(Dialog):
    """Words of another program, taken literally."""

    def __init__(self, title: str, words: str) -> None:
        super().__init__()
        self._title, self._words = title, words

    def compose(self) -> ComposeResult:
        with Container(classes="dialog") as box:
            box.border_title = Text(self._title).markup
            with VerticalScroll():
                yield Static(Text(self._words, overflow="fold"), markup=False)
        yield KeyBar()

    def on_mount(self) -> None:
        self.set_focus(self.query_one(VerticalScroll))


class _Commands(RowView):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "copy command", id="rows.choose"),
    ]

    def __init__(self, commands: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.commands = commands

    def columns(self) -> tuple[ViewColumn, ...]:
        return (ViewColumn("command", "command", 26, flexible=True, sortable=False),)

    def row_count(self) -> int:
        return 2 * len(self.commands)

    def cell(self, row: int, column: ViewColumn, width: int) -> Cell:
        what, command = self.commands[row // 2]
        return Cell(what, "muted") if row % 2 == 0 else Cell(command, "text", lead="  ")


class CommandDialog(Dialog):
    """The nix commands that tell the same of a path."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "copy command", show=False, id="command.copy"),
    ]

    def __init__(self, commands: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._rows = _Commands(commands)
        self._whole = Static("", classes="whole", markup=False)

    def compose(self) -> ComposeResult:
        with Container(classes="dialog") as box:
            box.border_title = "The same from nix"
            yield self._rows
            yield self._whole
        yield KeyBar()

    def on_mount(self) -> None:
        self._rows.rows_changed()
        self.set_focus(self._rows)
        self.on_row_view_moved()

    def on_row_view_moved(self) -> None:
        self._whole.update(Text(self._command(), overflow="fold"))

    def on_row_view_chosen(self) -> None:
        self.action_copy()

    def _command(self) -> str:
        return self._rows.commands[self._rows.cursor // 2][1]

    def action_copy(self) -> None:
        """Copy the command under the cursor."""
        self.app.copy_to_clipboard(self._command())
        self.notify("copied", timeout=2)


_ROOM_FOR_NAMES = 60
"""Columns from which help has room for the names of the keys."""
_TERMS = (
    ("NAR size", "bytes of the path itself, as nix counts them; not disk usage, not image size"),
    ("closure size", "the path with everything it needs; what nix path-info -S prints"),
    ("added size", "what would leave the closure without the path: what only it brings in"),
    ("shown above", "a shared path is unfolded in one place; space goes there"),
    ("N, F, D", "a kind is told by the name, by files, or by the derivation; D is the surest"),
    ("–, ~", "not known; about. The details (d) say what would tell"),
)


class HelpDialog(Dialog):
    """All keys that work now, made from the bindings, and the words."""

    def __init__(self, title: str, keys: Sequence[tuple[str, str, str]]) -> None:
        super().__init__()
        self._title, self._keys = title, keys

    def compose(self) -> ComposeResult:
        with Container(classes="dialog") as box:
            box.border_title = self._title
            with VerticalScroll() as scroll:
                scroll.can_focus = True
                yield Static(self._text(), markup=False)
        yield KeyBar()

    def on_mount(self) -> None:
        self.set_focus(self.query_one(VerticalScroll))

    def _text(self) -> RenderableType:
        named = self.app.size.width >= _ROOM_FOR_NAMES
        filters = (
            ("two words", "both must occur, in any order"),
            ("^gcc|llvm", "a regular expression, told by its signs"),
            ("kind:lib", "only kinds with lib in their name"),
        )
        return Group(
            Text("Keys", "bold"),
            _grid([(key, words, name if named else "") for key, words, name in self._keys]),
            Text("\nWords", "bold"),
            _grid([(word, meaning, "") for word, meaning in _TERMS]),
            Text("\nTyping a filter", "bold"),
            _grid([(word, meaning, "") for word, meaning in filters]),
            Text("\nThe right column names keys for settings.toml, [keys]." if named else "", "dim"),
        )


def _grid(rows: Sequence[tuple[str, str, str]]) -> Table:
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(width=14, no_wrap=True, style="bold")
    grid.add_column(ratio=1, overflow="fold")
    if any(name for _, _, name in rows):
        grid.add_column(width=16, no_wrap=True, style="dim")
    for row in rows:
        cells = [Text(cell) for cell in row]
        grid.add_row(*cells[: len(grid.columns)])
    return grid


class TroubleScreen(WatchedScreen[None]):
    """What went wrong while opening: one sentence, nix's words, the next step."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "again", "try again", id="trouble.again"),
        Binding("y", "copy", "copy", id="trouble.copy"),
        Binding("q,escape", "app.quit", "quit", id="trouble.quit"),
    ]

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="trouble"):
            yield Static(self._text(), markup=False)
        yield KeyBar()

    def _text(self) -> Text:
        text = Text(overflow="fold")
        if isinstance(self.error, Cancelled):
            text.append("Cancelled: nothing was opened, and nix was stopped.\n", "bold")
            text.append("\nr tries again, q quits.")
            return text
        known = isinstance(self.error, QueryError)
        sentence = (
            str(self.error) if known else f"a fault in pyclosure itself: {type(self.error).__name__}: {self.error}"
        )
        text.append(f"{printable(sentence, 2000)}\n", "bold")
        if isinstance(self.error, QueryError):
            if self.error.hint:
                text.append(f"\n{printable(self.error.hint, 2000)}\n")
            if self.error.words:
                text.append("\nnix says\n", "bold")
                text.append(plain_lines(self.error.words) + "\n")
            if self.error.command:
                text.append("\ncommand\n", "bold")
                text.append(printable(shlex.join(self.error.command), 2000) + "\n", "dim")
        return text

    async def action_again(self) -> None:
        """Open the same source again."""
        await self.ask(OpenAgain())

    def action_copy(self) -> None:
        """Copy everything that is shown."""
        self.app.copy_to_clipboard(self._text().plain)
        self.notify("copied", timeout=2)
