"""Paths of a closure as a table of text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO

from pyclosure.queries.answers.rows import BY_KEY, Column, Value
from pyclosure.queries.kinds.identity import kind_words
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.tui.output.answers.list import path_rows
from pyclosure.tui.output.formats.text import cells, text_console, text_table
from pyclosure.tui.words.overview import added_words
from pyclosure.tui.words.units import UNKNOWN, count, labels, size

SHOWN = ("name", "kind", "nar_size", "closure_size", "added_size", "referrers", "depth")
"""Columns that are shown when none are asked for."""
_SHOWN_NARROW = SHOWN[:5]
_WIDE = 96
"""Columns of a terminal from which all of them are shown."""


def write_list(knowledge: Knowledge, positions: Sequence[int], shown: Sequence[str], out: IO[str]) -> None:
    """Write the rows of paths, with the labels that tell paths of one name apart."""
    label = labels(knowledge)
    console = text_console(out)
    if shown == SHOWN and console.width < _WIDE:
        shown = _SHOWN_NARROW
    columns = [BY_KEY[key] for key in shown]
    table = text_table([(one.title, _form(one)) for one in columns])
    for index, row in zip(positions, path_rows(knowledge, positions, shown), strict=True):
        table.add_row(
            *cells(label[index] if one.key == "name" else _words(one, getattr(row, one.key)) for one in columns)
        )
    console.print(table)
    if out.isatty():
        total = sum(knowledge.sizes.nar[index] for index in positions)
        console.print(f"{count(len(positions), 'path')}, NAR {size(total)}; added: {added_words(knowledge)}")


def _form(column: Column) -> str:
    return "right" if column.numeric else "name" if column.key in ("name", "path") else "left"


def _words(column: Column, value: Value) -> object:
    if column.key == "kind":
        return kind_words(str(value))
    if value is None:
        return UNKNOWN
    return size(int(value)) if column.unit == "bytes" else value
