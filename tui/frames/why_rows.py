"""The lines of a chain: its paths, and the files that hold each reference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pyclosure.queries.answers.chains import Edge
from pyclosure.queries.answers.outline import Node
from pyclosure.queries.base.records import Evidence
from pyclosure.tui.widgets.rows import Cell, RowView, ViewColumn


@dataclass(frozen=True, slots=True)
class WhyRow:
    """A line of the screen: a path of the chain, a file that holds a reference, or a remark."""

    depth: int
    index: int
    """Position of the path that the line belongs to."""
    edge: Edge | None = None
    """The reference that leads to it; None for roots."""
    evidence: Evidence | None = None
    remark: str = ""
    node: Node | None = None
    """In the tree of all ways, its node."""


class WhyRows(RowView):
    """Chain, or tree of all ways, with files between; what they look like, the screen says."""

    def __init__(self, look: Callable[[WhyRow, str], Cell], moved: Callable[[], None]) -> None:
        super().__init__(id="why-rows")
        self.rows: list[WhyRow] = []
        self._look, self._moved = look, moved

    def columns(self) -> tuple[ViewColumn, ...]:
        return (
            ViewColumn("what", "path, and the files that hold the reference", 30, flexible=True, sortable=False),
            ViewColumn("mark", "", 21, rank=2, sortable=False),
            ViewColumn("size", "added", 10, "right", rank=1, sortable=False),
        )

    def row_count(self) -> int:
        return len(self.rows)

    def cell(self, row: int, column: ViewColumn, width: int) -> Cell:
        return self._look(self.rows[row], column.key)

    def moved(self) -> None:
        self._moved()
