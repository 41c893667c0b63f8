"""What Textual does not do by itself, each with the version it was needed for."""

from __future__ import annotations

from typing import Generic, TypeVar

from textual import events, on
from textual.app import App
from textual.await_complete import AwaitComplete
from textual.css.stylesheet import Stylesheet
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget

Result = TypeVar("Result")


class LeftOnce(Screen[Result], Generic[Result]):
    """A screen that closes itself and nothing else (textual 8.2).

    Keys that come together are all acted on before a screen is gone, and each dismissal closes what is on top then:
    the screen below, or the last one there is, which is a fault. Styles are inherited from the first base alone, so
    this one stands behind others.
    """

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Close the screen; does nothing when another one is on top."""
        return super().dismiss(result) if self.app.screen is self else AwaitComplete()


class KeepsFocus(LeftOnce[Result]):
    """A screen that gives the keys back to whom they were taken from (textual 8.2).

    What is hidden loses the focus for ever, so that after a terminal of a few cells no key would reach the rows.
    """

    _focused_last: Widget | None = None

    @on(events.DescendantFocus)
    def _note_focus(self, event: events.DescendantFocus) -> None:
        self._focused_last = event.widget

    @on(events.Resize)
    def _focus_later(self) -> None:
        self.call_after_refresh(self._focus_again)

    def _focus_again(self) -> None:
        last = self._focused_last
        if self.focused is None and last is not None and last.is_attached and last.focusable:
            self.set_focus(last)


class PatientStylesheet(Stylesheet):
    """Rules that are parsed anew only when their variables have changed (textual 8.2).

    Textual parses all of them again at the start and for each screen that is shown for the first time, which
    takes longer than everything else about it. Rules that are added are parsed when they are needed.
    """

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._parsed_with = variables
        self._asked_for = variables

    def set_variables(self, variables: dict[str, str]) -> None:
        """Take the variables of a theme."""
        if variables != self._asked_for:
            self._asked_for = variables
            super().set_variables(variables)

    def reparse(self) -> None:
        """Parse all rules, unless they would come out the same."""
        if self._asked_for != self._parsed_with:
            super().reparse()
            self._parsed_with = self._asked_for


async def acted_on(app: App[object], message: Message) -> None:
    """Let the application act on a message, and return when it has (textual 8.2).

    What is posted is acted on later, and the keys that came together with the one that led to it, as over ssh,
    would go to the screen below the one that it opens.
    """
    await app._dispatch_message(message)


async def keys_in_turn(widget: Widget, event: events.Key, *, typed: bool = False) -> None:
    """Act on a key before the next one is looked at (textual 8.2).

    Textual hands every key to the widget that has the focus when the key *arrives*, and runs bindings later, on
    the way up. Keys that arrive together, as over ssh, would all go to the rows although the first of them
    opened a filter or another screen.

    Args:
        widget: the widget that was handed the key.
        event: the key.
        typed: whether printable keys are text for the widget, not commands.
    """
    app = widget.app
    target = app.focused or app.screen
    if target is not widget:
        event.stop()
        event.prevent_default()
        target._forward_event(events.Key(event.key, event.character))
    elif not (typed and event.is_printable) and await app._check_bindings(event.key):
        event.stop()
        event.prevent_default()
