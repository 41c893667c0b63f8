"""The line to type a filter into; rows follow every key."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static


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

    class Left(Message):
        """The rows get the keys again; ``cancelled`` when all rows are wanted back."""

        def __init__(self, *, cancelled: bool, chosen: bool = False) -> None:
            super().__init__()
            self.cancelled, self.chosen = cancelled, chosen

    def compose(self) -> ComposeResult:
        yield Static(" /", classes="filter--sign", markup=False)
        yield Input(placeholder="words, a regular expression, or kind:lib", compact=True)
        yield Static("", classes="filter--hint", markup=False)

    def open(self) -> None:
        """Show the line and type into it."""
        self.add_class("-open")
        self.query_one(Input).focus()

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

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Left(cancelled=False, chosen=True))

    def action_cancel(self) -> None:
        """Show all rows again."""
        self.post_message(self.Left(cancelled=True))

    def action_leave(self) -> None:
        """Keep the filter and go to the rows."""
        self.post_message(self.Left(cancelled=False))
