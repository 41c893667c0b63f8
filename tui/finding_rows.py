"""Findings as lines: what is wrong, what it costs, how sure that is; then what is unknown or accepted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType

from pyclosure.queries.findings.finding import Finding, Unknown
from pyclosure.queries.findings.judge import Accepted
from pyclosure.queries.text import printable
from pyclosure.tui.output.findings import SIGNS, Findings, unknown_words
from pyclosure.tui.units import size
from pyclosure.tui.widgets.rows import Cell, RowView, ViewColumn

Entry = Finding | Unknown | Accepted
_ROLES = {"error": "heavy", "warning": "heavy", "info": "muted"}
SORTS = ("severity", "cost", "rule")


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One line: a finding, something unknown, or an accepted finding."""

    entry: Entry

    @property
    def finding(self) -> Finding | None:
        """The finding; None for what is unknown."""
        if isinstance(self.entry, Accepted):
            return self.entry.finding
        return self.entry if isinstance(self.entry, Finding) else None

    @property
    def key(self) -> tuple[object, ...]:
        """What the row is recognised by when more becomes known."""
        finding = self.finding
        if finding is not None:
            return finding.rule, finding.title, finding.paths
        assert isinstance(self.entry, Unknown)
        return self.entry.rule, self.entry.reason, self.entry.paths


class FindingRows(RowView):
    """The rows of a report."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "open", id="path.open", tooltip="Show the path in the closure"),
    ]

    def __init__(self) -> None:
        super().__init__(id="findings")
        self.rows: list[FindingRow] = []
        self.sort = SORTS[0]
        self.empty = ""
        """What to say when there is no row."""
        self.follow = _nothing

    def show(self, findings: Findings, *, whole: bool = True) -> None:
        """Show a report, staying on the same row as far as it is still there.

        With ``whole`` false files are still being read, and what waits for them is no row of its own.
        """
        here = self.here
        unknown = findings.report.unknown if whole and not findings.filter else ()
        accepted = findings.report.accepted if not findings.filter else ()
        entries: list[Entry] = [*findings.shown, *unknown, *accepted]
        self.rows = [FindingRow(one) for one in entries]
        self.sort = findings.sort
        keys = [row.key for row in self.rows]
        cursor = keys.index(here.key) if here is not None and here.key in keys else None
        self.rows_changed(cursor, top=here is None)

    @property
    def here(self) -> FindingRow | None:
        """The row under the cursor; None without rows."""
        return self.rows[self.cursor] if self.rows else None

    def columns(self) -> tuple[ViewColumn, ...]:
        return (
            ViewColumn("severity", "", 1, sortable=True),
            ViewColumn("rule", "rule", 4, rank=1),
            ViewColumn("title", "finding", 52, flexible=True, sortable=False),
            ViewColumn("cost", "bytes", 10, "right", rank=2),
            ViewColumn("meaning", "", 7, rank=4, sortable=False),
            ViewColumn("sure", "sure", 8, rank=3, sortable=False),
        )

    def row_count(self) -> int:
        return len(self.rows)

    def sorted_by(self) -> tuple[str, bool]:
        # a column of one cell has no room for an arrow
        return ("" if self.sort == "severity" else self.sort), False

    def empty_text(self) -> str:
        return self.empty

    def action_choose(self) -> None:
        """Choose the row."""
        if self.rows:
            self.post_message(self.Chosen(self))

    def moved(self) -> None:
        self.follow()

    def cell(self, row: int, column: ViewColumn, width: int) -> Cell:
        entry = self.rows[row].entry
        if isinstance(entry, Unknown):
            texts = {"severity": "?", "rule": entry.rule, "title": unknown_words(entry), "sure": "unknown"}
            return Cell(texts.get(column.key, ""), "muted")
        finding = entry.finding if isinstance(entry, Accepted) else entry
        quiet = isinstance(entry, Accepted)
        role = "muted" if quiet else _ROLES[finding.severity]
        if column.key == "severity":
            return Cell("–" if quiet else SIGNS[finding.severity], role)
        if column.key == "title":
            # the beginning says what is wrong
            title = printable(finding.title, 400)
            shown = title if len(title) <= width else title[: max(0, width - 1)] + "…"
            return Cell(shown, "muted" if quiet or finding.severity == "info" else "text")
        if column.key == "cost":
            return Cell(size(finding.cost) if finding.cost is not None else "", "number")
        texts = {
            "rule": finding.rule,
            "meaning": finding.cost_meaning if finding.cost is not None else "",
            "sure": "accepted" if quiet else finding.certainty,
        }
        return Cell(texts[column.key], "muted")


def _nothing() -> None:
    """Follow nothing."""
