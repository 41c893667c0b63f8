"""What is wrong with this closure?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType

from pyclosure.queries.base.names import name_of
from pyclosure.queries.base.text import printable
from pyclosure.queries.base.verdicts import Finding
from pyclosure.queries.findings import find_rule
from pyclosure.queries.findings.report import Accepted
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.tui.frames.evidence_screen import EvidenceScreen
from pyclosure.tui.frames.finding_rows import SORTS, FindingRow, FindingRows
from pyclosure.tui.frames.mode_screen import NumberedScreen
from pyclosure.tui.frames.navigation import ShowText
from pyclosure.tui.output.rules import rule_text
from pyclosure.tui.session.session import Session
from pyclosure.tui.words.findings import Findings, Group, OpenQuestion, cost_words, judged_text, proof_words, sure_words
from pyclosure.tui.words.units import count

_GROUPINGS = (None, "rule", "path")
_PROOFS = 40
"""Pieces of evidence that the pane shows; ``check --format json`` has all."""


class FindingsScreen(EvidenceScreen):
    """Findings by severity, cost or rule, with their evidence."""

    MODE = "findings"
    SORTS = SORTS
    UNIT = "finding"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "next_path(1)", "next path", show=False, id="finding.next"),
        Binding("shift+tab", "next_path(-1)", "previous path", show=False, id="finding.prev"),
        Binding("d", "details", "details", show=False, id="path.details", tooltip="All that is known of the finding"),
        Binding("t", "group", "group", id="finding.group", tooltip="Group by rule, by path, or not at all"),
        Binding("i", "explain", "explain", id="finding.explain", tooltip="What the rule does, and what to do"),
    ]

    def __init__(self, session: Session) -> None:
        self.findings = FindingRows()
        super().__init__(session, self.findings, self._row_moved)
        self.findings.is_cut = self._is_cut
        self._by: str | None = None
        self._path = 0
        """Which path of the finding keys act on."""
        self._shown: object = None
        self._said = ""
        """Why no more findings will come, as it was said last."""

    # -- look --------------------------------------------------------------------------------------------

    def path_here(self) -> int | None:
        row, knowledge = self.findings.here, self.knowledge
        paths = _paths(row) if row is not None else ()
        if knowledge is None or not paths:
            return None
        return knowledge.closure.position.get(paths[self._path % len(paths)])

    def knowledge_came(self, knowledge: Knowledge) -> None:
        judgement = self.session.judgement
        if judgement is None:
            self.head.update(Text(" nothing was judged yet"))
            self.findings.empty = self.session.task_text or f"nothing was judged: {self.session.stopped}"
            self.findings.refresh()
        elif self._shown is not judgement or self._said != self.session.stopped:
            self.show_rows()

    def facts_came(self, knowledge: Knowledge) -> None:
        self.findings.refresh()

    def show_rows(self, *, stay: bool = False) -> None:
        judgement, knowledge = self.session.judgement, self.knowledge
        if judgement is None or knowledge is None:
            return
        self._shown, self._said = judgement, self.session.stopped
        shown = Findings(knowledge, judgement.report, self.findings.sort, self.filter_bar.text, by=self._by)
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(f" {shown.headline if judgement.whole else shown.found}", "bold")
        text.append(f"   by {self.findings.sort}{f', in groups by {self._by}' if self._by else ''}")
        if not judgement.whole:
            waiting = len({one.rule for one in judgement.report.unknown})
            still = f"unknown: {self._said}" if self._said else "still to come"
            text.append(f"   {count(waiting, 'rule')} {still}", "italic")
        elif judgement.problem:
            text.append(f"\n {printable(judgement.problem, 300)}", "italic")
        elif judgement.report.policy.origin:
            text.append(f"   decisions of {judgement.report.policy.origin}", "dim")
        self.head.update(text)
        matched = f"nothing matches {self.filter_bar.text!r}" if self.filter_bar.text else "nothing is wrong here"
        self.findings.empty = matched
        self.findings.show(shown, whole=judgement.whole)
        self._row_moved()

    def _row_moved(self) -> None:
        self._path = 0
        self._show_evidence()

    def _show_evidence(self) -> None:
        row = self.findings.here
        text = Text(overflow="fold")
        for words, style in _lines(row, self._path, self._called) if row is not None else ():
            text.append(f"{words}\n", style)
        self.evidence.show(text)

    def _called(self, path: str) -> str:
        """Return what a path is called; a row may be about thousands of them."""
        index = self.knowledge.closure.position.get(path) if self.knowledge is not None else None
        return self.session.labels[index] if index is not None else name_of(path)

    def go_to(self, finding: Finding) -> None:
        """Put the cursor on a finding, showing all of them if it is filtered out."""
        if not self.findings.go_to(finding):
            self.filter_bar.close()
            self._by = None
            self.show_rows()
            self.findings.go_to(finding)
        self._row_moved()

    # -- keys --------------------------------------------------------------------------------------------

    def title_chosen(self, key: str) -> None:
        """Sort by a column; there is one order of it only."""
        self._sort_by(key)

    def action_group(self) -> None:
        """Group by the next of nothing, rule and path."""
        self._by = _GROUPINGS[(_GROUPINGS.index(self._by) + 1) % len(_GROUPINGS)]
        self.show_rows()

    def action_reverse(self) -> None:
        """Findings have one order only."""
        self.notify("the worst always come first", markup=False, timeout=2)

    def row_total(self) -> int:
        return sum(row.finding is not None for row in self.findings.rows)

    def action_next_path(self, step: int) -> None:
        """Let keys act on the next path of the finding."""
        row = self.findings.here
        if row is not None and len(_paths(row)) > 1:
            self._path = (self._path + step) % len(_paths(row))
            self._show_evidence()

    async def action_details(self) -> None:
        """Open all that is known of the finding, for terminals that have no room for it below."""
        row = self.findings.here
        if row is not None:
            words = "\n".join(line for line, _ in _lines(row, self._path, self._called))
            await self.ask(ShowText("finding", words))

    def _is_cut(self, finding: Finding) -> bool:
        knowledge = self.knowledge
        if knowledge is None or not self.session.plan.marks:
            return False
        position = knowledge.closure.position
        edges = [(position[referrer], position[reference]) for referrer, reference in finding.edges]
        return bool(edges and all(edge in self.session.plan.marks for edge in edges)) or bool(
            finding.paths and position.get(finding.paths[0]) in knowledge.gone
        )

    def action_cut(self) -> None:
        """Mark the references that the finding names as cut; sizes follow everywhere."""
        row, knowledge = self.findings.here, self.knowledge
        finding = row.finding if row is not None else None
        if finding is None or knowledge is None or not finding.edges:
            what = "a group is no finding: go to one in it" if row and isinstance(row.entry, Group) else ""
            self.notify(what or "this finding names no reference to cut", markup=False, timeout=3)
            return
        position = knowledge.closure.position
        for referrer, reference in finding.edges:
            words = self.session.toggle_cut((position[referrer], position[reference]))
            self.notify(words, markup=False, timeout=4)

    async def action_explain(self) -> None:
        """Show what the rule does."""
        row = self.findings.here
        if row is not None:
            rule = find_rule(_rule_of(row))
            judgement = self.session.judgement
            if rule is not None and judgement is not None:
                width = max(40, self.size.width - 12)
                words = rule_text(rule, width) + judged_text(judgement.report, rule.id)
                await self.ask(ShowText(f"{rule.id} {rule.name}", words))


def _rule_of(row: FindingRow) -> str:
    """Return the rule that a row is about; of a group, that of its first finding."""
    if isinstance(row.entry, Group):
        return row.entry.findings[0].rule
    if isinstance(row.entry, OpenQuestion):
        return row.entry.rules[0]
    return row.entry.finding.rule if isinstance(row.entry, Accepted) else row.entry.rule


def _paths(row: FindingRow) -> tuple[str, ...]:
    finding = row.finding
    if finding is not None:
        return finding.paths
    return row.entry.paths if isinstance(row.entry, OpenQuestion) else ()


def _lines(row: FindingRow, chosen: int, called: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    """Yield the lines of the pane with their styles."""
    finding = row.finding
    if isinstance(row.entry, Group):
        yield printable(row.entry.title), "bold"
        for one in row.entry.findings:
            yield f"  {printable(one.title, 400)}", ""
    elif finding is None:
        assert isinstance(row.entry, OpenQuestion)
        yield f"{', '.join(row.entry.rules)} could not judge", "bold"
        yield row.entry.why, ""
        yield f"to know: {printable(row.entry.tells, 400)}", ""
    else:
        yield printable(finding.title, 600), "bold"
        cost = cost_words(finding)
        yield " · ".join(part for part in (finding.severity, sure_words(finding), cost) if part), ""
        if len(finding.paths) > 1:
            here = finding.paths[chosen % len(finding.paths)]
            place = f"{chosen % len(finding.paths) + 1} of {len(finding.paths)}, tab for the next"
            yield f"▸ {called(here)}   ({place})", ""
        if isinstance(row.entry, Accepted):
            yield f"accepted: {printable(row.entry.reason, 400)}", ""
        yield from _evidence(finding)
        yield f"do: {printable(finding.remedy, 800)}", "bold"
        if len(finding.chain) > 1:
            yield "chain: " + " → ".join(called(path) for path in finding.chain), ""


def _evidence(finding: Finding) -> Iterator[tuple[str, str]]:
    for proof in finding.evidence[:_PROOFS]:
        yield f"  {proof_words(proof)}", ""
    if len(finding.evidence) > _PROOFS:
        yield f"  … {len(finding.evidence) - _PROOFS:,} more: pyclosure check --format json", "dim"
    for note in finding.notes:
        yield printable(note, 800), ""


SCREEN = NumberedScreen(FindingsScreen, key="4")
