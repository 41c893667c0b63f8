"""Texts in the room that there is."""

from __future__ import annotations


def middle_ellipsis(text: str, width: int) -> str:
    """Cut a text in its middle, so that a version at its end stays readable."""
    if len(text) <= width:
        return text
    if width <= 1:
        return "…"[:width]
    tail = min((width - 1) // 2, max(len(text) - text.rfind(" ") if " " in text else 0, (width - 1) // 3))
    return text[: width - 1 - tail] + "…" + text[len(text) - tail :]
