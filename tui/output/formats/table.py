"""Rows as a table, of text or of markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import IO

from pyclosure.tui.output.formats.markdown import markdown_table, markdown_text
from pyclosure.tui.output.formats.text import cells, text_console, text_table


def write_table(header: Sequence[tuple[str, str]], rows: Iterable[Sequence[str]], form: str, out: IO[str]) -> None:
    """Write rows as a GitHub table where ``form`` is ``markdown``, else as aligned text; cells are taken literally."""
    if form == "markdown":
        markdown_table(header, ([markdown_text(cell) for cell in row] for row in rows), out)
        return
    drawn = text_table(header)
    for row in rows:
        drawn.add_row(*cells(row))
    text_console(out).print(drawn)
