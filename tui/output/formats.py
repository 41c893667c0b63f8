"""Write rows: JSON and CSV for programs, aligned text and markdown for people."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
from collections.abc import Iterable, Sequence
from typing import IO, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pyclosure.queries.text import printable

_UNBOUNDED = 10_000
"""Columns of a text table that goes into a pipe: nothing is cut for a reader that has no width."""


def write_json(value: Any, out: IO[str]) -> None:
    """Write a value as indented ASCII JSON: no terminal can be upset by it."""
    json.dump(value, out, indent=2)
    out.write("\n")


def write_csv(header: Sequence[str], rows: Iterable[Sequence[Any]], out: IO[str]) -> None:
    """Write comma-separated values; what is not known is an empty field."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow(["" if value is None else value for value in row])


def text_console(out: IO[str]) -> Console:
    """Return a console that colours on terminals only and never reads markup from data."""
    terminal = out.isatty()
    return Console(
        file=out,
        width=shutil.get_terminal_size().columns if terminal else _UNBOUNDED,
        no_color="NO_COLOR" in os.environ or not terminal,
        force_terminal=terminal,
        markup=False,
        highlight=False,
        emoji=False,
        soft_wrap=not terminal,
    )


def text_table(columns: Sequence[tuple[str, str]]) -> Table:
    """Return an empty table; columns are pairs of title and ``left``, ``right`` or ``name``.

    A ``name`` column is the one that may be cut, in favour of the numbers beside it.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_edge=False)
    for title, form in columns:
        table.add_column(
            title,
            justify="right" if form == "right" else "left",
            no_wrap=True,
            overflow="ellipsis" if form == "name" else "fold",
            min_width=12 if form == "name" else None,
        )
    return table


def cells(row: Iterable[object]) -> list[Text]:
    """Return a row as text that is taken literally."""
    return [Text(printable(str(value))) for value in row]


_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>|#~])")


def markdown_text(text: str) -> str:
    """Escape text so that GitHub shows it as it is."""
    return _MARKDOWN.sub(r"\\\1", printable(text)).replace("@", "@\u200b")


def markdown_code(text: str) -> str:
    """Return text as inline code, safe inside a table."""
    clean = printable(text).replace("`", "'").replace("|", "\\|")
    return f"`{clean}`"


def markdown_table(header: Sequence[tuple[str, str]], rows: Iterable[Sequence[str]], out: IO[str]) -> None:
    """Write a GitHub table; cells must be escaped already."""
    out.write("| " + " | ".join(title for title, _ in header) + " |\n")
    out.write("|" + "|".join("---:" if form == "right" else "---" for _, form in header) + "|\n")
    for row in rows:
        out.write("| " + " | ".join(row) + " |\n")
