"""What is open, marked, judged and compared; plain Python that screens are given, and that knows none of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pyclosure.tui.words.progress import progress_text

if TYPE_CHECKING:
    from pyclosure.queries.answers.overview import Overview
    from pyclosure.queries.base.errors import QueryError
    from pyclosure.queries.diff.review import Review
    from pyclosure.queries.opened.evidence import EvidenceStore
    from pyclosure.queries.opened.knowledge import Knowledge
    from pyclosure.queries.rebuild.compare import Compared
    from pyclosure.queries.rebuild.outlook import Outlook
    from pyclosure.queries.sources.opening import Opening
    from pyclosure.queries.testing.evaluation import Expression
    from pyclosure.queries.testing.survey import Survey
    from pyclosure.tui.session.judging import Judgement
    from pyclosure.tui.session.plan import Mark, Outcome, Plan
    from pyclosure.tui.words.units import Labels


class Work(Protocol):
    """What works in the background."""

    text: str
    """What is going on, in a few words; empty when nothing is."""
    stopped: str
    """Why no more will become known; empty while it will, and when all is."""

    @property
    def finished(self) -> bool:
        """Whether it was started and has nothing left to do."""

    def cancel(self) -> bool:
        """Stop; False when nothing was going on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What became known; None and empty for all that did not."""

    overview: Overview | None = None
    judgement: Judgement | None = None
    survey: Survey | None = None
    revision: int = 0
    """How much was known when the survey was begun."""
    outlook: Outlook | None = None
    compared: Compared | None = None
    review: Review | None = None
    trouble: str = ""
    """Why there is no closure to compare with; empty when there is, or when nobody knows yet."""

    def covers(self, older: News) -> bool:
        """Say whether nothing is lost when older news is left out; an overview is always made anew."""
        return (
            (older.judgement is None or self.judgement is not None)
            and (older.survey is None or self.survey is not None)
            and (older.outlook is None or self.outlook is not None)
            and (older.compared is None or self.compared is not None)
            and (older.review is None or self.review is not None)
            and (not older.trouble or bool(self.trouble))
        )


class Session:
    """What the user works on.

    Args:
        opening: the source that is being read.
        base: what the user calls what it is compared with; empty when nothing was named.
    """

    labels: Labels
    """What paths are called; there once the source is read, as are the plan and the evidence."""
    plan: Plan
    evidence: EvidenceStore

    def __init__(self, opening: Opening, *, base: str = "") -> None:
        self.opening = opening
        self.base = base
        self.knowledge: Knowledge | None = None
        """What is known of the open closure; None while it is read."""
        self.trouble: QueryError | None = None
        """What kept the source from being opened; None when nothing did."""
        self.overview: Overview | None = None
        self.judgement: Judgement | None = None
        """What is wrong, as far as it was looked; None before anything was judged."""
        self.survey: Survey | None = None
        """Tests of all packages; None while nothing is known of them."""
        self.outlook: Outlook | None = None
        """The build graph with its ranking; None while it is not known."""
        self.compared: Compared | None = None
        """What changed since another build graph; None while it is not known, and when none was named."""
        self.review: Review | None = None
        """What changed since another closure; None while it is not known, and when none was named."""
        self.base_trouble = ""
        """Why nothing can be compared; empty while it can."""
        self.work: Work | None = None
        """What finds out more in the background; None before the first frame stands."""
        self.task_text = ""
        """What that is doing, as screens say it."""
        self.tabs: list[tuple[str, str, str]] = []
        """Key, title and name of each screen on the number row."""
        self.plan_later: Callable[[], None] = _nothing
        """Called when the marks have changed in a closure that is too large to work out at once what they save."""
        self._observers: list[Callable[[], None]] = []
        self._other_labels: tuple[Knowledge, Labels] | None = None

    # -- observers ---------------------------------------------------------------------------------------

    def observe(self, observer: Callable[[], None]) -> Callable[[], None]:
        """Call an observer whenever anything here has changed; returns what ends that."""
        self._observers.append(observer)

        def stop() -> None:
            if observer in self._observers:
                self._observers.remove(observer)

        return stop

    def changed(self) -> None:
        """Tell all observers."""
        for observer in tuple(self._observers):
            observer()

    # -- opening -----------------------------------------------------------------------------------------

    @property
    def loading_text(self) -> str:
        """What is said while nothing is known yet."""
        seconds = int(time.monotonic() - self.opening.began)
        waited = f"   {seconds} s" if seconds else ""
        return f"{progress_text(self.opening.progress)}{waited}\n\nesc cancels"

    def cancel_opening(self) -> None:
        """Stop reading; nix is stopped as well."""
        self.opening.cancel()

    def open(self, knowledge: Knowledge) -> None:
        """Take in what was read; nothing is marked, judged or compared yet."""
        from pyclosure.queries.opened.evidence import EvidenceStore
        from pyclosure.tui.session.plan import Plan
        from pyclosure.tui.words.units import Labels

        self.knowledge = knowledge
        self.labels = Labels(knowledge)
        self.plan = Plan(knowledge)
        self.evidence = EvidenceStore(knowledge)
        self.judgement = self.survey = self.outlook = self.compared = self.review = None

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """The expressions that the closure was evaluated from; none when it was opened otherwise."""
        from pyclosure.queries.testing.evaluated import expressions_opened

        return expressions_opened(self.opening.source)

    # -- work in the background --------------------------------------------------------------------------

    def learn(self, news: News) -> None:
        """Take in that more is known; the caller tells the observers."""
        if news.overview is not None:
            self.overview = news.overview
            if self.knowledge is not None:
                self.knowledge.touch()
        if news.judgement is not None:
            self.take_judgement(news.judgement)
        if news.outlook is not None:
            self.outlook = news.outlook
        if news.compared is not None:
            self.compared = news.compared
        if news.trouble and self.review is None:
            self.base_trouble = news.trouble
        if news.review is not None:
            self.review, self.base_trouble = news.review, ""
        # after evaluating, what was worked out before is out of date
        if news.survey is not None and (self.judgement is None or news.revision >= self.judgement.revision):
            self.survey = news.survey

    def take_judgement(self, judgement: Judgement) -> None:
        """Take in findings and tests, unless newer ones are known."""
        if self.judgement is not None and judgement.revision < self.judgement.revision:
            return
        self.judgement = judgement
        if judgement.survey is not None:
            self.survey = judgement.survey
        self.changed()

    @property
    def quiet(self) -> bool:
        """Whether nothing works in the background and all it found is shown."""
        return self.work is not None and self.work.finished and not self.work.text

    @property
    def stopped(self) -> str:
        """Why no more will become known; empty while it will, and when all is."""
        return self.work.stopped if self.work is not None else ""

    def cancel_tasks(self) -> bool:
        """Stop the work in the background; False when there was none."""
        return self.work is not None and self.work.cancel()

    # -- words -------------------------------------------------------------------------------------------

    def labels_of(self, knowledge: Knowledge) -> Labels:
        """Return what paths are called in the open closure, or in the one that it is compared with."""
        if knowledge is self.knowledge:
            return self.labels
        if self._other_labels is None or self._other_labels[0] is not knowledge:
            from pyclosure.tui.words.units import Labels

            self._other_labels = knowledge, Labels(knowledge)
        return self._other_labels[1]

    @property
    def status(self) -> str:
        """What stands at the right of the key line."""
        plan = self.plan.words() if self.knowledge is not None else ""
        return " · ".join(part for part in (plan, self.task_text) if part)

    # -- cuts --------------------------------------------------------------------------------------------

    def toggle_cut(self, mark: Mark) -> str:
        """Mark a cut or take its mark away; every size follows. Returns what is to be said about it."""
        marked = self.plan.toggle(mark)
        self.cuts_changed()
        words = self.plan.mark_words(mark, self.labels)
        saves = f"; {self.plan.words()}" if self.plan.marks else ""
        return f"{'cut' if marked else 'kept'}: {words}{saves}"

    def undo_cut(self) -> bool:
        """Take the last mark away; False when there was none."""
        undone = self.plan.undo()
        self.cuts_changed()
        return undone

    def cuts_changed(self) -> None:
        """Let all screens follow the plan: marks at once, sizes as soon as they are worked out."""
        plan = self.plan
        if plan.behind and plan.quick:
            from pyclosure.queries.answers.overview import overview

            plan.take(plan.work_out(plan.marks))
            assert self.knowledge is not None
            self.overview = overview(self.knowledge)
        elif plan.behind:
            self.plan_later()
        self.changed()

    def take_outcome(self, plan: Plan, outcome: Outcome) -> bool:
        """Let sizes follow what marks come to; False when the plan or its marks are others by now.

        Observers are not told: the overview follows in a moment, and sorting 20,000 rows twice would be felt.
        """
        return plan is self.plan and plan.take(outcome)

    def take_overview(self, answer: Overview) -> None:
        """Take in the sum after cuts."""
        self.overview = answer
        self.changed()

    # -- rebuilds ----------------------------------------------------------------------------------------

    def derivation_of(self, index: int) -> tuple[int | None, str]:
        """Return where the derivation of a path is in the build graph, or None and why that is not known."""
        knowledge, outlook = self.knowledge, self.outlook
        if knowledge is None:
            return None, ""
        if outlook is None:
            state = knowledge.build_state
            waiting = state.state in ("waiting", "reading")
            return None, "the build graph is still being read" if waiting else f"no build graph: {state.reason}"
        path = knowledge.closure.path(index)
        graph = outlook.graph
        drv = graph.position.get(path, graph.position.get(knowledge.deriver(index) or ""))
        if drv is None and path in graph.by_output:
            drv = graph.by_output[path][0]
        return drv, "" if drv is not None else "its derivation is not in the build graph"


def _nothing() -> None:
    """Nobody is there who would work it out."""
