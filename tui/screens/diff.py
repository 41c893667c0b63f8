"""What changed since another closure, and what brought it?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import work
from textual.binding import Binding, BindingType
from textual.worker import get_current_worker

from pyclosure.queries.base.text import printable
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.tui.frames.evidence_screen import QUIET_PATH_KEYS, EvidenceRows, EvidenceScreen
from pyclosure.tui.frames.mode_screen import NumberedScreen
from pyclosure.tui.frames.navigation import ShowContents, ShowDocument, ShowText, ShowWhy
from pyclosure.tui.session.session import Session
from pyclosure.tui.widgets.rows import Cell, ViewColumn

if TYPE_CHECKING:
    from pyclosure.queries.base.verdicts import Finding
    from pyclosure.queries.diff.causes import Cause
    from pyclosure.queries.diff.match import Change
    from pyclosure.queries.diff.review import Review

SORTS = ("size", "name")
_ONLY = ("all", "causes", "findings", "classes")
_SHOWN = 40
"""Paths, files and lines of a list that the pane shows."""


@dataclass(frozen=True, slots=True)
class DiffRow:
    """One line: the title of a section, a cause, a finding, or a path that changed."""

    section: str
    title: str
    size_change: int | None = None
    cause: Cause | None = None
    change: Change | None = None
    finding: Finding | None = None
    mark: str = ""

    @property
    def is_title(self) -> bool:
        """Whether it is the title of a section."""
        return self.cause is None and self.change is None and self.finding is None


def _part(row: DiffRow) -> str:
    """Return to which choice of rows a row belongs."""
    return "causes" if row.section == "causes" else "findings" if "finding" in row.section else "classes"


class DiffRows(EvidenceRows[DiffRow]):
    """Causes, findings, then classes."""

    def __init__(self) -> None:
        super().__init__(id="changes", sort=SORTS[0])

    def show(self, rows: list[DiffRow]) -> None:
        """Show rows, staying on the same one as far as it is still there."""
        here = self.here if self.cursor else None
        key = (here.section, here.title) if here is not None else None
        self.rows = rows
        cursor = next((index for index, row in enumerate(rows) if (row.section, row.title) == key), None)
        # a title stands first, and has nothing to say
        self.rows_changed(cursor if cursor is not None else min(1, len(rows)))
        if cursor is None:
            self.scroll_to(y=0, animate=False, immediate=True)

    def columns(self) -> tuple[ViewColumn, ...]:
        return (
            ViewColumn("size", "change", 11, "right"),
            ViewColumn("name", "what", 30, flexible=True),
            ViewColumn("mark", "", 20, rank=1, sortable=False),
        )

    def cell(self, row: int, column: ViewColumn, width: int) -> Cell:
        from pyclosure.tui.words.diff import change_of

        one = self.rows[row]
        if one.is_title:
            texts = {"name": one.title, "size": change_of(one.size_change) if one.size_change is not None else ""}
            return Cell(texts.get(column.key, ""), "match")
        if column.key == "size":
            return Cell(change_of(one.size_change) if one.size_change is not None else "", "number")
        if column.key == "mark":
            return Cell(one.mark, "muted")
        heavy = one.finding is not None or (one.change is not None and one.change.kind == "duplicated")
        return Cell(one.title, "heavy" if heavy else "text")


class DiffScreen(EvidenceScreen):
    """The difference to the closure that was named as base."""

    MODE = "diff"
    SORTS = SORTS
    UNIT = "change"
    NO_PATH = "it is only in the old closure"
    BINDINGS: ClassVar[list[BindingType]] = [
        *QUIET_PATH_KEYS[1:],
        Binding("p", "only", "which", id="diff.only", tooltip="All, causes, findings or classes only"),
        Binding("W", "why_before", "why before", id="diff.why-before", tooltip="Why the path was in the old closure"),
        Binding("d", "details", "details", show=False, id="path.details", tooltip="All that is known of the row"),
        Binding("i", "page", "markdown", show=False, id="diff.page", tooltip="The comment for a pull request"),
        Binding("y", "copy", "copy markdown", id="path.copy", tooltip="Copy the comment for a pull request"),
    ]

    def __init__(self, session: Session) -> None:
        self.changes = DiffRows()
        super().__init__(session, self.changes, self._row_moved)
        self._only = _ONLY[0]
        self._shown: object = None
        self._sections: list[list[DiffRow]] = []
        """A title and its rows each; made in the background, because there may be tens of thousands."""

    # -- look --------------------------------------------------------------------------------------------

    def path_here(self) -> int | None:
        one = self.changes.here
        if one is None:
            return None
        if one.cause is not None:
            return one.cause.target if one.cause.kind != "drops" else None
        if one.finding is not None and self.knowledge is not None:
            return next((self.knowledge.closure.position.get(path) for path in one.finding.paths), None)
        return one.change.new if one.change is not None else None

    def knowledge_came(self, knowledge: Knowledge) -> None:
        review = self.session.review
        if review is None:
            trouble = self.session.base_trouble
            words = (
                f" nothing to compare with: {printable(trouble, 300)}" if trouble else " the old closure is being read"
            )
            self.head.update(Text(words))
            self.changes.empty = "" if trouble else self.session.task_text
            self.changes.refresh()
        elif self._shown is not review:
            self._shown = review
            self._prepare(review)

    @work(thread=True, exclusive=True, group="sections", exit_on_error=False)
    def _prepare(self, review: Review) -> None:
        sections = list(self._made(review))
        if not get_current_worker().is_cancelled:
            self.app.call_from_thread(self._take, sections)

    def _take(self, sections: list[list[DiffRow]]) -> None:
        self._sections = sections
        self.show_rows(stay=True)

    def work_failed(self, group: str, words: str) -> None:
        if group == "sections":
            self.head.update(Text(f" the changes are not known: {words}"))
        elif group == "change":
            self.evidence.show(Text(f"not known: {words}"))

    def show_rows(self, *, stay: bool = False) -> None:
        review = self.session.review
        if review is None or not self._sections:
            return
        words = self.filter_bar.text.lower().split()
        rows: list[DiffRow] = []
        for title, *entries in self._sections:
            if self._only not in ("all", _part(title)):
                continue
            entries = [one for one in entries if all(word in f"{one.title} {one.mark}".lower() for word in words)]
            if self.changes.sort == "name":
                entries.sort(key=lambda one: one.title)
            rows += [title, *(entries[::-1] if self.changes.reverse else entries)] if entries else []
        self.changes.empty = f"nothing matches {self.filter_bar.text!r}" if words else "nothing changed"
        if not stay:
            self.changes.rows = []
        self.changes.show(rows)
        self._show_head(review)
        self._row_moved()

    def row_total(self) -> int:
        return sum(not one.is_title for one in self.changes.rows)

    def _show_head(self, review: Review) -> None:
        from pyclosure.tui.words.diff import class_counts, findings_line, totals

        text = Text(no_wrap=True, overflow="ellipsis")
        (_, before, after, change), (_, old_paths, new_paths, paths), _ = totals(review)
        text.append(f" {before} → {after}   {change}", "bold")
        text.append(f"   {old_paths} → {new_paths} paths ({paths})   since {printable(self.session.base, 80)}")
        text.append(f"\n {class_counts(review)} · {findings_line(review)}")
        self.head.update(text)

    @staticmethod
    def _made(review: Review) -> Iterator[list[DiffRow]]:
        from pyclosure.queries.diff.match import CLASSES
        from pyclosure.tui.words.diff import CLASS_WORDS, brings, cause_words, finding_words, reason_words, versions
        from pyclosure.tui.words.units import count

        causes = [
            DiffRow("causes", cause_words(review.diff, one), one.size_change, cause=one, mark=brings(review, one))
            for one in review.causes
        ]
        yield [DiffRow("causes", count(len(causes), "cause"), review.diff.size_change), *causes]
        if review.findings is not None:
            verdicts = review.findings
            for words, many, some in (
                ("new finding", "new findings", verdicts.new),
                ("finding that may be new", "findings that may be new", verdicts.unsure),
                ("finding gone", "findings gone", verdicts.gone),
            ):
                found = [DiffRow(words, finding_words(one), finding=one) for one in some]
                yield [DiffRow(words, count(len(found), words, many)), *found]
        for kind in CLASSES[:-1]:
            changes = review.diff.of_class(kind)
            rows = [
                DiffRow(
                    kind,
                    versions(review.diff, one),
                    one.size_change,
                    change=one,
                    mark="direct" if review.is_direct(one) else reason_words(review, one.new),
                )
                for one in changes
            ]
            yield [DiffRow(kind, count(len(rows), *CLASS_WORDS[kind]), sum(one.size_change for one in changes)), *rows]

    # -- what is under the cursor ------------------------------------------------------------------------

    def _row_moved(self) -> None:
        one, review = self.changes.here, self.session.review
        if one is None or review is None:
            self.evidence.show(Text(""))
            return
        self._work_out(one, review)

    @work(thread=True, exclusive=True, group="change", exit_on_error=False)
    def _work_out(self, row: DiffRow, review: Review) -> None:
        # files are looked at: no key waits for it, and the next one makes it void
        lines = [(heading, printable(line, 2000)) for heading, line in self._lines_of(row, review)]
        if not get_current_worker().is_cancelled:
            self.app.call_from_thread(self.evidence.show_lines, lines, (), row.title)

    def _lines_of(self, row: DiffRow, review: Review) -> Iterator[tuple[str, str]]:
        from pyclosure.tui.frames.change_lines import cause_lines, change_lines

        if row.cause is not None and row.cause.change is None:
            yield from cause_lines(row.cause, review)
        elif row.cause is not None and row.cause.change is not None:
            yield from change_lines(row.cause.change, review)
        elif row.change is not None:
            yield from change_lines(row.change, review)
        elif row.finding is not None:
            from pyclosure.tui.words.findings import finding_lines

            yield from finding_lines(row.finding)
        else:
            yield from self._section_lines(row, review)

    def _section_lines(self, row: DiffRow, review: Review) -> Iterator[tuple[str, str]]:
        from pyclosure.tui.words.diff import gap_lines, totals

        if row.section == "causes":
            yield from ((word, f"{before} → {after}   {change}") for word, before, after, change in totals(review))
            yield from (("tests", line) for line in gap_lines(review))
            yield from (("unknown", line) for line in review.lacking)
            return
        rows = [one for one in self.changes.rows if one.section == row.section and not one.is_title]
        for one in rows[:_SHOWN]:
            yield "", f"{one.title}   {one.mark}"

    # -- keys --------------------------------------------------------------------------------------------

    def action_only(self) -> None:
        """Show all, causes, findings or classes only."""
        self._only = _ONLY[(_ONLY.index(self._only) + 1) % len(_ONLY)]
        self.show_rows()

    def widen(self) -> bool:
        if self._only == _ONLY[0]:
            return False
        self._only = _ONLY[0]
        self.show_rows()
        return True

    async def action_why_before(self) -> None:
        """Say why the path was in the old closure."""
        from pyclosure.queries.opened.evidence import EvidenceStore

        review, index = self.session.review, self._old_here()
        if review is None or index is None:
            self.notify("it was not in the old closure", markup=False, timeout=3)
            return
        await self.ask(ShowWhy(index, (review.diff.old, EvidenceStore(review.diff.old))))

    def _old_here(self) -> int | None:
        one = self.changes.here
        if one is None:
            return None
        if one.cause is not None and one.cause.kind == "drops":
            return one.cause.target
        change = one.change or (one.cause.change if one.cause is not None else None)
        return change.old if change is not None else None

    async def action_why(self) -> None:
        """Say why the path is in the closure, or was in the old one when it is there no more."""
        if self.path_here() is None and self._old_here() is not None:
            await self.action_why_before()
        else:
            await super().action_why()

    async def action_contents(self) -> None:
        """Show what the path contains, in the old closure when it is there no more."""
        review, index = self.session.review, self._old_here()
        if self.path_here() is None and index is not None and review is not None:
            await self.ask(ShowContents(index, review.diff.old))
        else:
            await super().action_contents()

    def action_cut(self) -> None:
        """Say where cuts are: a change is looked at as it is."""
        self.notify("x cuts in the closure and in why; a change is looked at as it is", markup=False, timeout=3)

    async def action_details(self) -> None:
        """Open all that is known of the row, for terminals that have no room for it below."""
        row, review = self.changes.here, self.session.review
        if row is not None and review is not None:
            lines = [f"{heading:<11}{printable(line, 2000)}" for heading, line in self._lines_of(row, review)]
            await self.ask(ShowText(row.title, "\n".join(lines)))

    async def action_rebuild(self) -> None:
        """Show what rebuilds when the path is touched; what is gone rebuilds nothing."""
        if self.path_here() is None:
            self.notify(self.NO_PATH, markup=False, timeout=3)
        else:
            await super().action_rebuild()

    def action_copy(self) -> None:
        """Copy the comment for a pull request, also over ssh (OSC 52)."""
        self._write_page(self._copied)

    def action_page(self) -> None:
        """Show the comment for a pull request."""
        self._write_page(self._opened)

    @work(thread=True, exclusive=True, group="page", exit_on_error=False)
    def _write_page(self, done: Callable[[str], object]) -> None:
        page = self._page()
        if page:
            self.app.call_from_thread(done, page)

    def _copied(self, page: str) -> None:
        self.app.copy_to_clipboard(page)
        self.notify(f"copied the comment, {len(page.encode()):,} bytes of markdown", markup=False, timeout=3)

    async def _opened(self, page: str) -> None:
        lines = "\n".join(printable(line, 2000) for line in page.split("\n"))
        await self.ask(ShowDocument("comment for a pull request", lines, "markdown"))

    def _page(self) -> str:
        from shlex import join

        from pyclosure.tui.output.diff_markdown import write_markdown
        from pyclosure.tui.words.diff import Shown

        review, knowledge = self.session.review, self.knowledge
        if review is None or knowledge is None:
            return ""
        out = StringIO()
        labels = (self.session.base, knowledge.closure.records.label)
        write_markdown(Shown(review, labels, join(["pyclosure", "diff", *labels]), None), out)
        return out.getvalue()


SCREEN = NumberedScreen(DiffScreen, key="7", needs_base=True)
