"""Aligned text for people, on a terminal or in a pipe."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from typing import IO

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Column, Table
from rich.text import Text

from pyclosure.queries.base.text import printable

_GAP, _NAME, _WORD = 2, 12, 5
"""Cells between two columns of a text table, and cells that names and words keep."""
_UNBOUNDED = 10_000
"""Columns of a text table that goes into a pipe: nothing is cut for a reader that has no width."""


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to the command line; rich itself would end with status 1."""
        raise BrokenPipeError


def text_console(out: IO[str]) -> Console:
    """Return a console that colours on terminals only and never reads markup from data."""
    terminal = out.isatty()
    return _Console(
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

    Where it is too wide, names are cut, then words, in favour of the numbers beside them.
    """
    table = _Fitted(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold", show_edge=False)
    for title, form in columns:
        table.add_column(
            title,
            justify="right" if form == "right" else "left",
            no_wrap=True,
            overflow="fold" if form == "right" else "ellipsis",
            min_width=_NAME if form == "name" else None,
        )
    return table


class _Fitted(Table):
    """A table that cuts words, never numbers: rich takes the same from every column."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        widths = [max(map(cell_len, _texts(column))) for column in self.columns]
        excess = sum(widths) + _GAP * (len(widths) - 1) - options.max_width
        for floor, named in ((_NAME * 2, True), (_WORD * 2, False), (_NAME, True), (_WORD, False)):
            for index, column in enumerate(self.columns):
                if column.justify == "left" and named == (column.min_width is not None):
                    cut = max(0, min(excess, widths[index] - floor))
                    excess -= cut
                    widths[index] -= cut
        for column, width in zip(self.columns, widths, strict=True):
            column.width = column.min_width = width
        yield from super().__rich_console__(console, options)


def _texts(column: Column) -> Iterable[str]:
    yield str(column.header)
    yield from (str(cell) for cell in column.cells)


def cells(row: Iterable[object]) -> list[Text]:
    """Return a row as text that is taken literally."""
    return [Text(printable(str(value))) for value in row]
