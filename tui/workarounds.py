"""What Textual does not do by itself, each with the version it was needed for."""

from __future__ import annotations

from textual import events
from textual.widget import Widget


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
