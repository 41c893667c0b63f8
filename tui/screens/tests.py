"""Which tests ran, what were they given, and what is missing?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import work
from textual.binding import Binding, BindingType
from textual.worker import get_current_worker

from pyclosure.queries.base.errors import Cancelled, QueryError
from pyclosure.queries.base.records import Distribution
from pyclosure.queries.base.text import printable
from pyclosure.queries.facts.files import StoreFiles
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.queries.testing.words import CONCERN_WORDS, CONCERNS, Concern
from pyclosure.tui.frames.evidence_screen import QUIET_PATH_KEYS, EvidenceRows, EvidenceScreen
from pyclosure.tui.frames.mode_screen import NumberedScreen
from pyclosure.tui.frames.navigation import ShowDocument, ShowFinding, ShowText
from pyclosure.tui.frames.watching import WorkerWatch
from pyclosure.tui.session.judging import Judgement, judge_closure
from pyclosure.tui.session.session import Session
from pyclosure.tui.widgets.rows import Cell, ViewColumn
from pyclosure.tui.words.tests import (
    SIGNS,
    Shown,
    declared_words,
    detail,
    headline,
    missing_words,
    ordered,
    provided_words,
    ran_words,
    search_texts,
    sections,
    sure_words,
)
from pyclosure.tui.words.units import count

if TYPE_CHECKING:
    from pyclosure.queries.base.verdicts import Finding
    from pyclosure.queries.testing.survey import PackageTests, Survey

_MOST_BYTES = 256 * 1024
"""Of METADATA that is shown."""
_LONGEST_LINE = 2000
SORTS = ("concern", "name", "missing", "saved")
_SORT_WORDS = {"name": "name", "missing": "what is missing", "saved": "rebuilds that moving its tests out saves"}
_ROLES: dict[Concern, str] = {"real": "heavy", "vacuous": "heavy", "unknown": "muted", "fine": "text"}


class TestRows(EvidenceRows["PackageTests"]):
    """Packages with what became of their tests."""

    __test__ = False

    PLENTY = 30

    def __init__(self) -> None:
        super().__init__(id="tests", sort=SORTS[0])

    def show(self, packages: list[PackageTests], *, stay: bool = False) -> None:
        """Show packages, staying on the same one as far as it is still there."""
        # who has not moved yet sees what matters most; who has stays where they are
        here = self.here if self.cursor or stay else None
        self.rows = packages
        paths = [one.path for one in packages]
        cursor = paths.index(here.path) if here is not None and here.path in paths else None
        self.rows_changed(cursor, top=here is None)

    def columns(self) -> tuple[ViewColumn, ...]:
        return (
            ViewColumn("concern", "", 1),
            ViewColumn("name", "package", 20, flexible=True),
            ViewColumn("ran", "ran", 12, rank=1, sortable=False),
            ViewColumn("declared", "asked", 5, "right", rank=3, sortable=False),
            ViewColumn("provided", "given", 5, "right", rank=4, sortable=False),
            ViewColumn("missing", "missing, or why", 18, rank=2, grow=60),
            ViewColumn("saved", "saves", 6, "right", rank=6),
            ViewColumn("sure", "sure", 8, rank=5, sortable=False),
        )

    def sorted_by(self) -> tuple[str, bool]:
        # a column of one cell has no room for an arrow
        return ("" if self.sort == SORTS[0] else self.sort), self.reverse

    def cell(self, row: int, column: ViewColumn, width: int) -> Cell:
        one = self.rows[row]
        role = _ROLES.get(one.concern, "muted")
        if column.key == "concern":
            return Cell(SIGNS[one.concern], role)
        if column.key == "name":
            return Cell(printable(one.label), "text")
        if column.key in ("ran", "missing"):
            words = printable(ran_words(one) if column.key == "ran" else missing_words(one))
            # the beginning says what is missing
            return Cell(words if len(words) <= width else words[: max(0, width - 1)] + "…", role)
        if column.key == "sure":
            return Cell(sure_words(one), "muted")
        texts = {
            "declared": declared_words(one),
            "provided": provided_words(one),
            "saved": f"{one.cost.saved:,}" if one.cost is not None else "",
        }
        return Cell(texts[column.key], "number")


class TestsScreen(EvidenceScreen):
    """Packages by what is to be said of their tests, with the evidence line by line."""

    __test__ = False

    MODE = "tests"
    SORTS = SORTS
    UNIT = "package"
    BINDINGS: ClassVar[list[BindingType]] = [
        *QUIET_PATH_KEYS,
        Binding("t", "only", "which", id="tests.only", tooltip="Only gaps, only what did not run, …, or all"),
        Binding("v", "derivation", "derivation", id="tests.derivation", tooltip="The derivation, its tests first"),
        Binding("p", "metadata", "METADATA", id="tests.metadata", show=False, tooltip="The METADATA of the package"),
        Binding("f", "finding", "finding", id="tests.finding", show=False, tooltip="Go to the finding about it"),
        Binding("i", "together", "all tests", id="tests.together", tooltip="Circles, costs, and test tools elsewhere"),
        Binding("e", "evaluate", "evaluate", id="tests.evaluate", show=False, tooltip="Ask the expression, exactly"),
        Binding("d", "details", "details", show=False, id="path.details", tooltip="All that is known of its tests"),
    ]

    def __init__(self, session: Session) -> None:
        self.packages = TestRows()
        super().__init__(session, self.packages, self._show_evidence)
        self._only: Concern | None = None
        self._shown: object = None
        self._searched: tuple[Survey, list[str]] | None = None
        """What a filter looks in, and of which survey."""
        self._notes: list[str] = []

    # -- look --------------------------------------------------------------------------------------------

    def path_here(self) -> int | None:
        one, knowledge = self.packages.here, self.knowledge
        return knowledge.closure.position.get(one.path) if one is not None and knowledge is not None else None

    def knowledge_came(self, knowledge: Knowledge) -> None:
        survey = self.session.survey
        if survey is None:
            self.head.update(Text(" nothing is known of tests yet"))
            self.packages.empty = self.session.task_text or f"nothing was looked at: {self.session.stopped}"
            self.packages.refresh()
        elif self._shown is not survey:
            self.show_rows()
        else:
            self._show_head(survey, knowledge)

    def facts_came(self, knowledge: Knowledge) -> None:
        self.packages.refresh()

    def show_rows(self, *, stay: bool = False) -> None:
        survey, knowledge = self.session.survey, self.knowledge
        if survey is None or knowledge is None:
            return
        if self._shown is not survey:
            self._prepare(survey)
        self._shown = survey
        shown = Shown(knowledge, survey, self.filter_bar.text, texts=self._texts(survey)).packages
        found = [one for one in shown if self._only is None or one.concern == self._only]
        self.packages.empty = self._why_empty(survey)
        self.packages.show(self._sorted(found), stay=stay)
        self._show_head(survey, knowledge)
        self._show_evidence()

    def _texts(self, survey: Survey) -> list[str]:
        if not self.filter_bar.text:
            return []
        if self._searched is None or self._searched[0] is not survey:
            self._searched = survey, search_texts(survey)
        return self._searched[1]

    @work(thread=True, exclusive=True, group="filter", exit_on_error=False)
    def _prepare(self, survey: Survey) -> None:
        """Make the texts before a filter is typed; who is quicker makes them themselves."""
        self._searched = survey, search_texts(survey)

    def _why_empty(self, survey: Survey) -> str:
        if self.filter_bar.text:
            return f"nothing matches {self.filter_bar.text!r}"
        return "no package is like that" if survey.packages else "there is no Python package in this closure"

    def _show_head(self, survey: Survey, knowledge: Knowledge) -> None:
        text = Text(no_wrap=True, overflow="ellipsis")
        if self._only is not None:
            text.append(f" only {CONCERN_WORDS[self._only]}: {len(self.packages.rows):,} of", "bold")
        text.append(f" {headline(survey)}", "bold")
        if self.packages.sort != SORTS[0]:
            text.append(f"   by {_SORT_WORDS[self.packages.sort]}")
        state = knowledge.derivations_state
        waiting = knowledge.build_state.state in ("waiting", "reading")
        if state.state == "absent":
            text.append(f"\n what ran is unknown: {state.reason}", "italic")
        elif survey.cost is not None and survey.cost.edges:
            only = survey.cost.touched - survey.cost.touched_without
            inputs = count(survey.cost.inputs, "input")
            text.append(f"\n {inputs} for tests alone; changing them rebuilds {only:,} more derivations", "dim")
        elif waiting:
            text.append("\n the build graph is still to come", "italic")
        for note in self._notes:
            text.append(f"\n {printable(note, 300)}", "italic")
        self.head.update(text)

    def _sorted(self, found: list[PackageTests]) -> list[PackageTests]:
        rows = ordered(found, self.packages.sort)
        return rows[::-1] if self.packages.reverse else rows

    def _show_evidence(self) -> None:
        one = self.packages.here
        title = printable(one.label) if one is not None else ""
        self.evidence.show_lines(self._lines(), ("verdict", "missing"), title)

    def _lines(self) -> Iterator[tuple[str, str]]:
        """Yield pairs of a heading, told once, and a line."""
        one, survey = self.packages.here, self.session.survey
        before = ""
        for heading, line in detail(one, survey) if one is not None and survey is not None else ():
            yield heading if heading != before else "", printable(line, 2000)
            before = heading or before

    # -- keys --------------------------------------------------------------------------------------------

    def action_only(self) -> None:
        """Show only the packages with the next concern that there is, then all."""
        survey = self.session.survey
        if survey is None:
            return
        there: list[Concern | None] = [None, *(one for one in CONCERNS if survey.count(one))]
        index = there.index(self._only) if self._only in there else 0
        self._only = there[(index + 1) % len(there)]
        self.show_rows()

    def action_cut(self) -> None:
        """Say where cuts are: nothing here is a reference."""
        self.notify("tests are no references: x cuts in the closure and in why", markup=False, timeout=3)

    async def action_details(self) -> None:
        """Open all that is known, for terminals that have no room for it below."""
        one = self.packages.here
        if one is not None:
            words = "\n".join(f"{heading:<13}{line}" for heading, line in self._lines())
            await self.ask(ShowText(f"tests of {printable(one.label)}", words))

    async def action_derivation(self) -> None:
        """Show the derivation, the attributes about tests first."""
        from pyclosure.tui.output.derivation import derivation_text

        one = self.packages.here
        drv = (one.tester or one.subject.derivation) if one is not None else None
        if one is None:
            return
        if drv is None:
            self.notify(f"{one.run.reason}: nothing to show", markup=False, timeout=4)
            return
        await self.ask(ShowDocument(printable(drv.path), derivation_text(drv), "nix"))

    async def action_metadata(self) -> None:
        """Show METADATA as it is installed."""
        one, knowledge = self.packages.here, self.knowledge
        if one is None or knowledge is None:
            return
        distribution = one.subject.distribution
        text = _metadata_text(knowledge, one.path, distribution) if distribution is not None else None
        if text is None or distribution is None:
            why = knowledge.files_state.reason or "its files are not here"
            self.notify(f"METADATA cannot be shown: {why}", markup=False, timeout=4)
            return
        await self.ask(ShowDocument(f"{distribution.folder}/METADATA", text, "email"))

    async def action_finding(self) -> None:
        """Go to the finding about the tests of this package."""
        one, judgement = self.packages.here, self.session.judgement
        if one is None:
            return
        finding = _finding_of(one, judgement)
        if finding is None:
            words = "no finding is about the tests of this package"
            if judgement is None or not judgement.whole:
                stopped = self.session.stopped
                words = f"findings are not known: {stopped}" if stopped else "findings are still being looked for"
            self.notify(words, markup=False, timeout=3)
            return
        await self.ask(ShowFinding(finding))

    async def action_together(self) -> None:
        """Show what concerns all tests together."""
        survey, knowledge = self.session.survey, self.knowledge
        if survey is None or knowledge is None:
            return
        findings = self.session.judgement.report.findings if self.session.judgement is not None else ()
        parts = [
            "\n".join([title, *(f"  {printable(line, 600)}" for line in lines)])
            for title, lines in sections(Shown(knowledge, survey, findings=findings))
        ]
        words = "\n\n".join(parts)
        await self.ask(ShowText("all tests", words or "no circles, no costs, no test tools elsewhere"))

    def action_evaluate(self) -> None:
        """Ask the expression for exact check inputs."""
        knowledge = self.knowledge
        if knowledge is None:
            return
        if not self.session.expressions:
            words = (
                "no expression was opened: open it with pyclosure -f FILE ATTRIBUTE, or ask "
                "pyclosure tests SOURCE --from FILE-OR-FLAKE --attr ATTRIBUTE"
            )
            self.notify(words, markup=False, timeout=8)
            return
        if knowledge.derivations_state.state in ("waiting", "reading"):
            self.notify("derivations are still being read", markup=False, timeout=3)
            return
        self.notify("evaluating …", markup=False, timeout=3)
        self._evaluate()

    @work(thread=True, exclusive=True, group="evaluation", exit_on_error=False)
    def _evaluate(self) -> None:
        from pyclosure.queries.testing.evaluated import learn_evaluation

        knowledge, before = self.session.knowledge, self.session.judgement
        assert knowledge is not None
        watch = WorkerWatch(get_current_worker())
        try:
            self._notes = learn_evaluation(knowledge, self.session.expressions, watch)
            whole = before is not None and before.whole
            judgement = judge_closure(knowledge, self.session.evidence, watch, whole=whole)
        except Cancelled:
            return
        except QueryError as error:
            self._notes = [f"not evaluated: {error}"]
            self.app.call_from_thread(self.refresh_knowledge)
            return
        self.app.call_from_thread(self.session.take_judgement, judgement)

    def work_failed(self, group: str, words: str) -> None:
        self._notes = [f"not evaluated: {words}"]
        self.refresh_knowledge()

    def widen(self) -> bool:
        if self._only is None:
            return False
        self._only = None
        self.show_rows(stay=True)
        return True


def _finding_of(one: PackageTests, judgement: Judgement | None) -> Finding | None:
    found = judgement.of_path(one.path) if judgement is not None else []
    rules = ("P12", "P13", "P11", "P10")
    return min((some for some in found if some.rule in rules), key=lambda some: rules.index(some.rule), default=None)


def _metadata_text(knowledge: Knowledge, path: str, distribution: Distribution) -> str | None:
    """Return the METADATA of a distribution as lines that are safe to show; None when it cannot be read."""
    root = knowledge.closure.records.files_root
    if root is None:
        return None
    data = StoreFiles(path, root).read(f"{distribution.folder}/METADATA", _MOST_BYTES)
    if data is None:
        return None
    lines = data.decode("utf-8", "replace").split("\n")
    return "\n".join(printable(line.expandtabs(4), _LONGEST_LINE) for line in lines)


SCREEN = NumberedScreen(TestsScreen, key="5")
