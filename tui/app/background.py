"""What is worked out behind the first answer: closure sizes, files, derivations."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from pyclosure.queries.answers.matching import prepare
from pyclosure.queries.answers.overview import overview
from pyclosure.queries.base.activity import Activity, Progress
from pyclosure.queries.base.errors import Cancelled, QueryError
from pyclosure.queries.base.text import printable
from pyclosure.queries.graph.sizes import with_closure_sizes
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.tui.session.judging import Judgement, judge_closure, nearest_policy, survey_closure
from pyclosure.tui.session.session import News, Session
from pyclosure.tui.words.progress import progress_text

if TYPE_CHECKING:
    from pyclosure.queries.diff.review import Review
    from pyclosure.queries.rebuild.compare import Compared, Comparison
    from pyclosure.queries.sources.graphs import OpenSide
    from pyclosure.queries.testing.survey import Survey

_PATIENCE = 1.0
"""Seconds that the first answer may take to be painted."""
_PAUSE = 0.4
"""Seconds between two repaints while facts stream in."""


class Background:
    """The thread behind the screen; also the activity that its work reports to.

    Args:
        session: what is open.
        tell: takes what became known, from any thread.
        import_ahead: called once the first answer is painted, before what takes long.
        read_files: whether files are looked into.
        read_derivations: whether derivations are read.
        open_base: reads what to compare with; None for no comparison.
    """

    def __init__(
        self,
        session: Session,
        tell: Callable[[News], None],
        import_ahead: Callable[[], None],
        *,
        read_files: bool,
        read_derivations: bool,
        open_base: Callable[[Activity], OpenSide] | None = None,
    ) -> None:
        self.text = ""
        """What is going on, in a few words; empty when nothing is."""
        self.stopped = ""
        """Why no more will become known; empty while it will, and when all is."""
        self._session, self._news, self._import_ahead = session, tell, import_ahead
        self._files, self._derivations = read_files, read_derivations
        self._open_base = open_base
        self._before: Knowledge | None = None
        """The closure to compare with; None when only its build graph is known, or nothing."""
        self._comparison: Comparison | None = None
        """Both build graphs side by side; None while either is not known."""
        self._cancelled = threading.Event()
        self._shown = threading.Event()
        self._thread: threading.Thread | None = None
        self._told = 0.0

    @property
    def finished(self) -> bool:
        """Whether it was started and has nothing left to do."""
        return self._thread is not None and not self._thread.is_alive()

    def start(self, knowledge: Knowledge) -> None:
        """Start working on what was opened."""
        self._cancelled.clear()
        self.stopped = ""
        # said from the first moment on: what says nothing looks as if it had ended
        self.report(Progress("looking further"))
        self._thread = threading.Thread(target=self._work, args=(knowledge,), name="background", daemon=True)
        self._thread.start()

    def go_on(self) -> None:
        """Note that the first answer is painted: from here on, work does not keep it back."""
        self._shown.set()

    def cancel(self) -> bool:
        """Stop; False when nothing was going on."""
        self._shown.set()
        working = self._thread is not None and self._thread.is_alive() and not self._cancelled.is_set()
        self._cancelled.set()
        return working

    # -- an Activity -------------------------------------------------------------------------------------

    def report(self, progress: Progress) -> None:
        """Note progress; the screen looks at it by itself."""
        self.text = progress_text(progress)

    def check(self) -> None:
        """Raise when the work is no longer wanted."""
        if self._cancelled.is_set():
            raise Cancelled

    # -- work --------------------------------------------------------------------------------------------

    def _work(self, knowledge: Knowledge) -> None:
        try:
            self._steps(knowledge)
            self.text = ""
            self._tell(knowledge)
        except Cancelled:
            self.text = ""
            _note_stopped(knowledge)
            self._tell_last(knowledge, "stopped by the user")
        except Exception as error:
            self.text = f"stopped by a fault: {type(error).__name__}"
            _note_stopped(knowledge, f"a fault in pyclosure itself: {type(error).__name__}")
            self._tell_last(knowledge, self.text)

    def _tell_last(self, knowledge: Knowledge, trouble: str) -> None:
        """Say why there is no more, with a summary where one can still be made."""
        self.stopped = trouble
        knowledge.touch()
        with contextlib.suppress(Exception):
            # what failed may have been the summary
            self._tell(knowledge)
        self._news(News(trouble=trouble))

    def _steps(self, knowledge: Knowledge) -> None:
        """Work in the order of what people look at first."""
        self._tell(knowledge)
        self._shown.wait(_PATIENCE)
        self.check()
        self._import_ahead()
        if knowledge.sizes.closure is None:
            self.report(Progress("closure sizes"))
            knowledge.learn_sizes(with_closure_sizes(knowledge.sizes, knowledge.closure, self))
            self._tell(knowledge, summed=False)
        prepare(knowledge, self)
        # imported here, because the first frame does not wait for it
        from pyclosure.queries.opened.enrich import (
            learn_build,
            learn_derivations,
            learn_files,
            learn_inspections,
            learn_sources,
        )

        for _ in learn_files(knowledge, self, wanted=self._files):
            if time.monotonic() - self._told > _PAUSE:
                self._tell(knowledge)
        self._tell(knowledge)
        for _ in learn_derivations(knowledge, self, wanted=self._derivations):
            pass
        # what needs no thorough look is judged before it
        if knowledge.inspections_state.state == "waiting" and self._files:
            self._judge(knowledge, whole=False)
        for _ in learn_build(knowledge, self, wanted=self._derivations):
            pass
        self._look_ahead(knowledge)
        found = self._review(self._before, knowledge) if self._before is not None else None
        for _ in learn_sources(knowledge, self, wanted=self._files):
            pass
        if knowledge.inspections_state.state == "waiting" and self._files:
            revision = knowledge.revision
            self._tell(knowledge, survey=survey_closure(knowledge, self._session.evidence, self), revision=revision)
        for _ in learn_inspections(knowledge, self, wanted=self._files):
            pass
        judgement = self._judge(knowledge, whole=True)
        if found is not None and self._files:
            self._review_verdicts(found, judgement)

    def _look_ahead(self, knowledge: Knowledge) -> None:
        from pyclosure.queries.rebuild.outlook import outlook

        found = outlook(knowledge, nearest_policy()[0].rebuilds)
        if found is not None:
            self._news(News(outlook=found))
        if self._open_base is not None:
            self._news(News(compared=self._compare(self._open_base, knowledge)))

    def _compare(self, open_base: Callable[[Activity], OpenSide], knowledge: Knowledge) -> Compared:
        from pyclosure.queries.rebuild.compare import Compared, compared

        try:
            base = open_base(self)
        except Cancelled:
            raise
        except QueryError as error:
            self._news(News(trouble=str(error)))
            return Compared(self._session.base, None, str(error))
        self._before = base.knowledge
        if base.knowledge is None:
            words = "it is a build graph without a closure; what it rebuilds is on the screen of rebuilds"
            self._news(News(trouble=words))
        label = self._session.base or base.label
        self.report(Progress(f"comparing with {printable(label, 60)}"))
        if base.graph is None:
            return Compared(label, None, base.reason)
        found = compared(label, base.graph, base.reason, knowledge.build, knowledge.build_state.reason)
        self._comparison = found.comparison
        return found

    def _review(self, before: Knowledge, knowledge: Knowledge) -> Review:
        """Tell classes and causes; findings take longer, and come later."""
        from pyclosure.queries.diff.review import review
        from pyclosure.queries.opened.enrich import enrich

        enrich(before, self, files=self._files, derivations=self._derivations)
        found = review(before, knowledge, activity=self, judged=False, comparison=self._comparison)
        self._news(News(review=found))
        return found

    def _review_verdicts(self, found: Review, judgement: Judgement) -> None:
        from pyclosure.queries.diff.review import share_knowledge, with_verdicts
        from pyclosure.queries.opened.enrich import enrich

        share_knowledge(found.diff.new, found.diff.old)
        enrich(found.diff.old, self, derivations=self._derivations, inspections=True, tests=True)
        known = (judgement.report, judgement.survey) if judgement.survey is not None else None
        self._news(News(review=with_verdicts(found, nearest_policy()[0], self, known)))

    def _judge(self, knowledge: Knowledge, *, whole: bool) -> Judgement:
        judgement = judge_closure(knowledge, self._session.evidence, self, whole=whole)
        self._tell(knowledge, judgement=judgement)
        return judgement

    def _tell(
        self,
        knowledge: Knowledge,
        *,
        summed: bool = True,
        judgement: Judgement | None = None,
        survey: Survey | None = None,
        revision: int = 0,
    ) -> None:
        answer = overview(knowledge) if summed else None
        self._told = time.monotonic()
        self._news(News(overview=answer, judgement=judgement, survey=survey, revision=revision))


def _note_stopped(knowledge: Knowledge, why: str = "stopped by the user") -> None:
    if knowledge.files_state.state in ("waiting", "reading"):
        knowledge.set_files_state("partial" if knowledge.files else "absent", why)
    if knowledge.derivations_state.state in ("waiting", "reading"):
        knowledge.set_derivations_state("partial" if knowledge.derivations else "absent", why)
    if knowledge.build_state.state in ("waiting", "reading"):
        knowledge.set_build_state("absent", why)
    if knowledge.sources_state.state in ("waiting", "reading"):
        knowledge.set_sources_state("partial" if knowledge.sources else "absent", why)
    if knowledge.inspections_state.state in ("waiting", "reading"):
        knowledge.set_inspections_state("partial" if knowledge.inspections else "absent", why)
