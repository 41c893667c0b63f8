"""The line to type a filter into; rows follow every key."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from pyclosure.tui.widgets.workarounds import keys_in_turn


class FilterLine(Input):
    """The input itself; enter leaves it at once, before the next key is looked at."""

    async def on_key(self, event: events.Key) -> None:
        await keys_in_turn(self, event, typed=True)

    async def action_submit(self) -> None:
        """Keep the filter."""
        if isinstance(self.parent, FilterBar):
            self.parent.leave(cancelled=False)


class FilterBar(Horizontal):
    """Hidden until wanted."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "show all", show=False),
        Binding("down,up", "leave", "to the rows", show=False),
    ]
    DEFAULT_CSS = """
    FilterBar {
        height: 1;
        display: none;
        background: $panel;
        &.-open { display: block; }
        & Input { border: none; height: 1; padding: 0; width: 1fr; background: $panel; }
        & Input:focus { border: none; }
        & .filter--sign { width: 3; color: $accent; text-style: bold; }
        & .filter--hint { width: auto; color: $text-muted; padding: 0 1; }
    }
    """

    class Typed(Message):
        """The text changed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, leave: Callable[[bool], None]) -> None:
        super().__init__()
        self._leave = leave

    def compose(self) -> ComposeResult:
        yield Static(" /", classes="filter--sign", markup=False)
        yield FilterLine(placeholder="words, regex, kind:lib", compact=True)
        yield Static("", classes="filter--hint", markup=False)

    def open(self) -> None:
        """Show the line and type into it."""
        self.add_class("-open")
        # at once: Widget.focus() waits a turn, in which the next key would go to the rows
        self.screen.set_focus(self.query_one(Input))

    @property
    def text(self) -> str:
        """What is typed now; empty when the line is closed."""
        return self.query_one(Input).value if self.has_class("-open") else ""

    def show_text(self, text: str) -> None:
        """Show the line with a filter that is kept, without typing into it."""
        self.add_class("-open")
        self.set_text(text)

    def close(self) -> None:
        """Hide the line."""
        self.remove_class("-open")
        self.set_text("")

    def set_text(self, text: str) -> None:
        """Put a text into the line without telling anybody."""
        line = self.query_one(Input)
        with line.prevent(Input.Changed):
            line.value = text

    def hint(self, text: str) -> None:
        """Say how many rows match."""
        self.query_one(".filter--hint", Static).update(text)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Typed(event.value))

    def leave(self, *, cancelled: bool) -> None:
        """Give the keys back to the rows; with ``cancelled`` all rows are wanted back."""
        self._leave(cancelled)

    def action_cancel(self) -> None:
        """Show all rows again."""
        self.leave(cancelled=True)

    def action_leave(self) -> None:
        """Keep the filter and go to the rows."""
        self.leave(cancelled=False)
