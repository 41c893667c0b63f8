"""Findings as lines: what is wrong, what it costs, how sure that is; then what is unknown or accepted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType

from pyclosure.queries.base.text import printable
from pyclosure.queries.base.verdicts import Finding
from pyclosure.queries.findings.report import Accepted
from pyclosure.tui.frames.evidence_screen import EvidenceRows
from pyclosure.tui.widgets.rows import Cell, ViewColumn
from pyclosure.tui.words.findings import SIGNS, Findings, Group, OpenQuestion, grouped
from pyclosure.tui.words.units import count, size

Entry = Finding | OpenQuestion | Accepted | Group
_ROLES = {"error": "heavy", "warning": "heavy", "info": "muted"}
SORTS = ("severity", "cost", "rule")


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One line: a finding, something unknown, an accepted finding, or what some of them have in common."""

    entry: Entry
    level: int = 0
    """1 for what stands in a group."""

    @property
    def finding(self) -> Finding | None:
        """The finding; None for what is unknown, and for groups."""
        if isinstance(self.entry, Accepted):
            return self.entry.finding
        return self.entry if isinstance(self.entry, Finding) else None

    @property
    def key(self) -> tuple[object, ...]:
        """What the row is recognised by when more becomes known."""
        finding = self.finding
        if finding is not None:
            return finding.rule, finding.title, finding.paths
        if isinstance(self.entry, Group):
            return ("group", self.entry.title)
        assert isinstance(self.entry, OpenQuestion)
        return self.entry.rules, self.entry.reason, self.entry.paths


class FindingRows(EvidenceRows[FindingRow]):
    """The rows of a report."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "fold", "fold, unfold", show=False, id="finding.fold", tooltip="Fold or unfold a group"),
    ]

    def __init__(self) -> None:
        super().__init__(id="findings", sort=SORTS[0])
        self._entries: list[Entry] = []
        self._by: str | None = None
        self._folded: set[str] = set()
        self.is_cut: Callable[[Finding], bool] = lambda finding: False
        """Whether the marked cuts drop what a finding is about."""

    def show(self, findings: Findings, *, whole: bool = True) -> None:
        """Show a report, staying on the same row as far as it is still there.

        With ``whole`` false files are still being read, and what waits for them is no row of its own.
        """
        unknown = findings.open_questions if whole and not findings.filter else ()
        accepted = findings.report.accepted if not findings.filter else ()
        self._entries = [*findings.shown, *unknown, *accepted]
        self.sort, self._by = findings.sort, findings.by
        self._fill()

    def _fill(self) -> None:
        # who has not moved yet sees the worst; who has stays where they are
        here = self.here if self.cursor else None
        self.rows = list(self._grouped() if self._by is not None else map(FindingRow, self._entries))
        keys = [row.key for row in self.rows]
        cursor = keys.index(here.key) if here is not None and here.key in keys else None
        self.rows_changed(cursor, top=here is None)

    def _grouped(self) -> Iterator[FindingRow]:
        findings = [one for one in self._entries if isinstance(one, Finding)]
        for group in grouped(findings, self._by or SORTS[0]):
            yield FindingRow(group)
            if group.title not in self._folded:
                yield from (FindingRow(one, 1) for one in group.findings)
        yield from (FindingRow(one) for one in self._entries if not isinstance(one, Finding))

    def action_fold(self) -> None:
        """Fold or unfold the group under the cursor, or that of the finding there."""
        index = next((index for index in range(self.cursor, -1, -1) if self._is_group(index)), None)
        if index is None or not self.rows or (index != self.cursor and not self.rows[self.cursor].level):
            return
        group = self.rows[index].entry
        assert isinstance(group, Group)
        self._folded ^= {group.title}
        self.cursor = index
        self._fill()
        self.follow()

    def go_to(self, finding: Finding) -> bool:
        """Put the cursor on a finding; False when it is not among the rows."""
        key = FindingRow(finding).key
        index = next((index for index, row in enumerate(self.rows) if row.key == key), None)
        if index is not None:
            self.rows_changed(index)
        return index is not None

    def _is_group(self, index: int) -> bool:
        return index < len(self.rows) and isinstance(self.rows[index].entry, Group)

    def columns(self) -> tuple[ViewColumn, ...]:
        return (
            ViewColumn("severity", "", 1, sortable=True),
            ViewColumn("rule", "rule", 4, rank=1),
            ViewColumn("title", "finding", 52, flexible=True, sortable=False),
            ViewColumn("cost", "bytes", 10, "right", rank=2),
            ViewColumn("meaning", "", 7, rank=4, sortable=False),
            ViewColumn("sure", "sure", 8, rank=3, sortable=False),
        )

    def sorted_by(self) -> tuple[str, bool]:
        # a column of one cell has no room for an arrow
        return ("" if self.sort == "severity" else self.sort), False

    def cell(self, row: int, column: ViewColumn, width: int) -> Cell:
        entry = self.rows[row].entry
        if isinstance(entry, Group):
            return self._group_cell(entry, column)
        if isinstance(entry, OpenQuestion):
            texts = {"severity": "?", "rule": entry.rules[0], "title": f"{entry.who}: {entry.why}", "sure": "unknown"}
            return Cell(texts.get(column.key, ""), "muted")
        finding = entry.finding if isinstance(entry, Accepted) else entry
        cut = self.is_cut(finding)
        quiet = cut or isinstance(entry, Accepted)
        role = "muted" if quiet else _ROLES[finding.severity]
        if column.key == "severity":
            return Cell("✂" if cut else "–" if quiet else SIGNS[finding.severity], role)
        if column.key == "title":
            # the beginning says what is wrong
            title = "  " * self.rows[row].level + printable(finding.title, 400)
            shown = title if len(title) <= width else title[: max(0, width - 1)] + "…"
            return Cell(shown, "muted" if quiet or finding.severity == "info" else "text")
        if column.key == "cost":
            return Cell(size(finding.cost) if finding.cost is not None else "", "number")
        texts = {
            "rule": finding.rule,
            "meaning": finding.cost_meaning if finding.cost is not None else "",
            "sure": "cut" if cut else "accepted" if quiet else finding.certainty,
        }
        return Cell(texts[column.key], "muted")

    def _group_cell(self, group: Group, column: ViewColumn) -> Cell:
        if column.key == "title":
            return Cell(printable(group.title), "mark", note=count(len(group.findings), "finding"))
        texts = {
            "severity": "▸" if group.title in self._folded else "▾",
            "cost": size(group.size) if group.size is not None else "",
            "meaning": "files" if group.size is not None else "",
        }
        return Cell(texts.get(column.key, ""), "muted")
