"""What rebuilds when something is touched?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from rich.console import RenderableType
from rich.syntax import Syntax
from rich.text import Text
from textual import work
from textual.binding import Binding, BindingType
from textual.worker import get_current_worker

from pyclosure.queries.base.text import printable
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.queries.rebuild.ranking import SORTS, in_order
from pyclosure.tui.frames.evidence_screen import QUIET_PATH_KEYS, EvidenceRows, EvidenceScreen
from pyclosure.tui.frames.mode_screen import NumberedScreen
from pyclosure.tui.frames.navigation import ShowDocument, ShowText
from pyclosure.tui.session.session import Session
from pyclosure.tui.widgets.rows import Cell, ViewColumn
from pyclosure.tui.words.units import count

if TYPE_CHECKING:
    from pyclosure.queries.policy.rebuild import Profiles
    from pyclosure.queries.rebuild.compare import Cause, Comparison
    from pyclosure.queries.rebuild.impact import Impact
    from pyclosure.queries.rebuild.outlook import Outlook
    from pyclosure.queries.rebuild.ranking import Ranked

_ONLY = ("built", "Python", "runtime", "all")
"""What is listed: what is fetched stands for no work, and comes last."""
_ANEW = "anew"
"""What is built anew since another graph; listed first where there is one."""
_ONLY_WORDS = {
    _ANEW: "anew",
    "built": "built",
    "Python": "Python packages",
    "runtime": "that run",
    "all": "in all",
}
_WEIGHED = 20_000
"""Derivations up to which the pane says whose tests multiply a rebuild."""
_SHOWN = 60
"""Rebuilt derivations that the pane names."""


class RankRows(EvidenceRows["Ranked"]):
    """Derivations with what touching them rebuilds."""

    PLENTY = 30
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "mark", "mark", id="rebuild.mark", tooltip="Touch several at once: mark, and mark the next"),
    ]

    def __init__(self) -> None:
        super().__init__(id="ranks", sort=SORTS[0])
        self.labels: dict[int, str] = {}
        self.marked: set[int] = set()
        self.causes: Mapping[int, Cause] = {}
        """Derivations that differ in themselves from another graph's."""
        self.added: frozenset[int] = frozenset()
        """Derivations that another graph does not have."""

    def show(self, rows: list[Ranked], *, index: int | None = None) -> None:
        """Show rows, with the cursor on a derivation, or where it was as far as that is still there."""
        here = self.here
        wanted = index if index is not None else here.derivation if here is not None and self.cursor else None
        self.rows = rows
        cursor = next((row for row, one in enumerate(rows) if one.derivation == wanted), None)
        self.rows_changed(cursor, top=cursor is None)

    def columns(self) -> tuple[ViewColumn, ...]:
        return (
            ViewColumn("mark", "", 1, sortable=False),
            ViewColumn("name", "if changed", 24, flexible=True),
            ViewColumn("rebuilds", "rebuilds", 10, "right"),
            ViewColumn("without-tests", "without tests", 13, "right", rank=2),
            ViewColumn("factor", "tests", 10, "right", rank=3),
            ViewColumn("kind", "", 8, rank=1, sortable=False),
        )

    def action_mark(self) -> None:
        """Mark the derivation, or take its mark away."""
        if self.here is not None:
            self.marked ^= {self.here.derivation}
            self.refresh()
            self.follow()

    def cell(self, row: int, column: ViewColumn, width: int) -> Cell:
        one = self.rows[row]
        if column.key == "mark":
            return Cell("•" if one.derivation in self.marked else "", "mark")
        if column.key == "name":
            return Cell(self.labels[one.derivation], "muted" if one.fixed else "text")
        if column.key == "factor":
            if one.rebuilds == one.without_tests:
                return Cell("", "muted")
            return Cell(f"×{one.factor:.1f}" if one.factor else "only tests", "heavy")
        texts = {
            "rebuilds": f"{one.rebuilds:,}",
            "without-tests": f"{one.without_tests:,}",
            "kind": "Python" if one.python else "fetched" if one.fixed else "",
        }
        if column.key == "kind" and one.derivation in self.causes:
            return Cell("differs", "heavy")
        if column.key == "kind" and one.derivation in self.added:
            return Cell("new", "heavy")
        return Cell(texts[column.key], "muted" if column.key == "kind" else "number")


class RebuildScreen(EvidenceScreen):
    """All derivations by what touching them rebuilds; what that is, and why, beside it."""

    MODE = "rebuild"
    SORTS = SORTS
    UNIT = "derivation"
    NO_PATH = "no output of it is in the runtime closure"
    BINDINGS: ClassVar[list[BindingType]] = [
        *QUIET_PATH_KEYS,
        Binding("t", "tests", "tests", id="rebuild.tests", tooltip="With tests in builds, or as if there were none"),
        Binding(
            "p",
            "only",
            "which",
            id="rebuild.only",
            tooltip="What is built, Python packages, what runs, or all",
        ),
        Binding("i", "cascade", "all", id="rebuild.cascade", tooltip="All that is rebuilt, with the reason of each"),
        Binding("v", "derivation", "derivation", show=False, id="tests.derivation", tooltip="The derivation itself"),
        Binding("d", "details", "details", show=False, id="path.details", tooltip="All that is known of the impact"),
    ]

    def __init__(self, session: Session) -> None:
        self.ranks = RankRows()
        super().__init__(session, self.ranks, self._row_moved)
        self.impact: Impact | None = None
        self._with_tests = True
        self._only = _ONLY[0]
        self._shown: object = None

    # -- look --------------------------------------------------------------------------------------------

    def path_here(self) -> int | None:
        one, outlook, knowledge = self.ranks.here, self.session.outlook, self.knowledge
        if one is None or outlook is None or knowledge is None:
            return None
        position = knowledge.closure.position
        outputs = outlook.graph.derivations[one.derivation].outputs.values()
        return next((position[output.path] for output in outputs if output.path in position), None)

    def knowledge_came(self, knowledge: Knowledge) -> None:
        outlook = self.session.outlook
        if outlook is None:
            state = knowledge.build_state
            waiting = state.state in ("waiting", "reading")
            self.head.update(Text(" the build graph is being read" if waiting else f" no build graph: {state.reason}"))
            self.ranks.empty = self.session.task_text if waiting else _what_would_help(state.reason)
            self.ranks.refresh()
        elif self._shown != (outlook, self.session.compared):
            first = self.session.compared is not None and self.session.compared.causes and not self.ranks.causes
            self._shown = outlook, self.session.compared
            if first and self.session.compared is not None:
                self.ranks.causes = self.session.compared.causes
                comparison = self.session.compared.comparison
                self.ranks.added = frozenset(comparison.added) if comparison is not None else frozenset()
                self._only = _ANEW
            from pyclosure.tui.words.rebuild import label_of

            self.ranks.labels = {index: label_of(outlook.graph, index) for index in range(len(outlook.graph))}
            self.show_rows()

    def go_to(self, derivation: int) -> None:
        """Put the cursor on a derivation, showing all of them if it is filtered out."""
        outlook = self.session.outlook
        fixed = outlook is not None and outlook.graph.fixed[derivation]
        self._only = "all" if fixed else _ONLY[0]
        self.filter_bar.close()
        self._show_at(derivation)

    def show_rows(self, *, stay: bool = False) -> None:
        here = self.ranks.here
        self._show_at(here.derivation if stay and here is not None else None)

    def _show_at(self, index: int | None) -> None:
        outlook = self.session.outlook
        if outlook is None:
            return
        words = self.filter_bar.text.lower().split()
        labels = self.ranks.labels
        rows = [
            one
            for one in outlook.rows
            if all(word in labels[one.derivation].lower() for word in words) and self._is_wanted(one, outlook)
        ]
        self.ranks.empty = f"nothing matches {self.filter_bar.text!r}" if words else "no derivation is like that"
        self.ranks.show(self._sorted(rows), index=index)
        self._show_head(outlook)
        self._row_moved()

    def _is_wanted(self, one: Ranked, outlook: Outlook) -> bool:
        comparison = self._comparison
        if self._only == _ANEW and comparison is not None:
            return one.derivation in comparison.rebuilt
        if self._only == "built":
            return not one.fixed
        if self._only == "Python":
            return one.python
        return one.derivation in outlook.running if self._only == "runtime" else True

    @property
    def _comparison(self) -> Comparison | None:
        return self.session.compared.comparison if self.session.compared is not None else None

    def _sorted(self, rows: list[Ranked]) -> list[Ranked]:
        by = self.ranks.sort if self._with_tests or self.ranks.sort != "rebuilds" else "without-tests"
        rows = in_order(rows, by, self.ranks.labels)
        # what differs in itself stands before what only follows from it, most rebuilds first
        place = {index: number for number, index in enumerate(self.ranks.causes)}
        rows.sort(key=lambda one: place.get(one.derivation, len(place)))
        return rows[::-1] if self.ranks.reverse else rows

    def _show_head(self, outlook: Outlook) -> None:
        knowledge = self.knowledge
        text = Text(no_wrap=True, overflow="ellipsis")
        graph = outlook.graph
        only = _ONLY_WORDS[self._only]
        text.append(f" {len(self.ranks.rows):,} {only} of {count(len(graph), 'derivation')}", "bold")
        text.append("   without tests in builds" if not self._with_tests else "", "bold")
        text.append(f"   {count(sum(graph.fixed), 'fetcher')} · {count(len(outlook.tests), 'edge')} of tests")
        text.append(self._since())
        reason = knowledge.build_state.reason if knowledge is not None else ""
        if reason:
            text.append(f"\n at least: {printable(reason, 300)}", "italic")
        self.head.update(text)

    def _since(self) -> str:
        """Return what changed since another graph, on a line of its own; empty when none was named."""
        compared, comparison = self.session.compared, self._comparison
        if compared is None:
            return ""
        if comparison is None:
            return f"\n nothing to compare with: {printable(compared.reason, 300)}"
        fetched = f" and {len(comparison.fetched):,} fetched" if comparison.fetched else ""
        whole = f" · at least: {printable(compared.reason, 200)}" if compared.reason else ""
        return (
            f"\n {len(comparison.rebuilt) - len(comparison.fetched):,} built anew{fetched} since "
            f"{printable(compared.label, 80)} · "
            f"{count(len(compared.causes), 'cause')} · {comparison.changed_drv_paths:,} new .drv, "
            f"{len(comparison.churned):,} with nothing to build · "
            f"{len(comparison.added):,} added, {len(comparison.removed):,} removed{whole}"
        )

    # -- the impact of what is under the cursor ----------------------------------------------------------

    def _row_moved(self) -> None:
        one, outlook = self.ranks.here, self.session.outlook
        if one is None or outlook is None:
            self.impact = None
            self.evidence.show(Text(""))
            return
        self._work_out(frozenset(self.ranks.marked) or frozenset({one.derivation}), outlook)

    @work(thread=True, exclusive=True, group="impact", exit_on_error=False)
    def _work_out(self, seeds: frozenset[int], outlook: Outlook) -> None:
        # no key waits for it: the one that comes after it makes it void
        from pyclosure.queries.rebuild.impact import impact

        knowledge, compared = self.session.knowledge, self.session.compared
        if knowledge is None:
            return
        cause = compared.causes.get(min(seeds)) if compared is not None and len(seeds) == 1 else None
        closure = None if knowledge.closure.records.build_closure else knowledge.closure
        found = impact(outlook.graph, seeds, outlook.tests, closure, with_tests=self._with_tests)
        lines = list(self._lines_of(found, outlook.profiles))
        if not get_current_worker().is_cancelled:
            self.app.call_from_thread(self._take, found, lines, cause)

    def _take(self, found: Impact, lines: list[tuple[str, str]], cause: Cause | None) -> None:
        self.impact = found
        self.evidence.show_lines(lines, ("changing",), "", *self._what_differs(cause))

    def work_failed(self, group: str, words: str) -> None:
        self.evidence.show(Text(f"not known: {words}"))

    def _what_differs(self, cause: Cause | None) -> list[RenderableType]:
        """Return how a derivation differs from what it was, attribute by attribute; empty when it only follows."""
        from pyclosure.tui.words.rebuild import cause_words, difference_text

        comparison = self._comparison
        if cause is None or comparison is None:
            return []
        words = Text(printable(cause_words(comparison, cause), 600), "bold")
        coloured = Syntax("", "diff", theme="ansi_dark" if self.app.current_theme.dark else "ansi_light")
        text = coloured.highlight(difference_text(cause))
        # the pane has a background of its own
        text.style = ""
        return [words, text]

    def _lines_of(self, found: Impact, profiles: Profiles) -> Iterator[tuple[str, str]]:
        from pyclosure.queries.policy.rebuild import weigh
        from pyclosure.queries.rebuild.amplifiers import quick_amplifiers
        from pyclosure.tui.words.rebuild import headed, rebuilt_first, way_words

        graph = found.graph
        weighed = weigh(len(found.rebuilt), {drv.system for drv in graph.derivations}, profiles.named(None))
        # weighing many packages takes seconds, and the next key makes it void
        multiplied = quick_amplifiers(found) if self._with_tests and len(graph) <= _WEIGHED else None
        yield from ((heading, printable(line, 2000)) for heading, line in headed(found, weighed, multiplied))
        rows = rebuilt_first(found)
        heading = "because"
        for index in rows[:_SHOWN]:
            yield heading, printable(way_words(found, index), 600)
            heading = ""
        if len(rows) > _SHOWN:
            yield "", f"… {len(rows) - _SHOWN:,} more: i shows all"

    # -- keys --------------------------------------------------------------------------------------------

    def action_tests(self) -> None:
        """Count test-only inputs, or not."""
        self._with_tests = not self._with_tests
        self.show_rows()

    def action_only(self) -> None:
        """Show what is built anew where that is known, what is built, only Python packages, only what runs, or all."""
        only = self._choices
        self._only = only[(only.index(self._only) + 1) % len(only)]
        self.show_rows()

    @property
    def _choices(self) -> tuple[str, ...]:
        return (_ANEW, *_ONLY) if self.ranks.causes else _ONLY

    def action_copy(self) -> None:
        """Copy the path of the derivation."""
        one, outlook = self.ranks.here, self.session.outlook
        if one is not None and outlook is not None:
            path = outlook.graph.paths[one.derivation]
            self.app.copy_to_clipboard(path)
            self.notify(f"copied {path}", markup=False, timeout=3)

    def action_cut(self) -> None:
        """Say where cuts are: nothing here is a reference."""
        self.notify("inputs are no references: x cuts in the closure and in why", markup=False, timeout=3)

    async def action_details(self) -> None:
        """Open all that is known of the impact, for terminals that have no room for it below."""
        if self.impact is not None and self.session.outlook is not None:
            lines = self._lines_of(self.impact, self.session.outlook.profiles)
            words = "\n".join(f"{heading:<11}{line}" for heading, line in lines)
            await self.ask(ShowText("rebuilds", words))

    async def action_cascade(self) -> None:
        """Show all that is rebuilt, as a tree of what is built with what."""
        from pyclosure.tui.words.rebuild import cascade

        if self.impact is not None and len(self.impact.rebuilt) == len(self.impact.seeds):
            self.notify("nothing else is rebuilt", markup=False, timeout=3)
        elif self.impact is not None:
            await self.ask(ShowText("all that is rebuilt", "\n".join(cascade(self.impact))))

    async def action_derivation(self) -> None:
        """Show the derivation."""
        from pyclosure.tui.output.derivation import derivation_text

        one, outlook = self.ranks.here, self.session.outlook
        if one is not None and outlook is not None:
            drv = outlook.graph.derivations[one.derivation]
            await self.ask(ShowDocument(printable(drv.path), derivation_text(drv), "nix"))

    def widen(self) -> bool:
        if self._only != self._choices[0]:
            self._only = self._choices[0]
        elif self.ranks.marked:
            self.ranks.marked = set()
        else:
            return False
        self.show_rows()
        return True


def _what_would_help(reason: str) -> str:
    if "snapshot" in reason or "saved" in reason:
        return "a snapshot made with --evidence has it"
    return "evaluate the expression that gave the closure: nix path-info --derivation .#ATTRIBUTE"


SCREEN = NumberedScreen(RebuildScreen, key="6")
