"""The activity of screens' workers: it only asks whether the user still waits; and what is said when one fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual import on
from textual.message import Message
from textual.worker import Worker, WorkerState

from pyclosure.queries.base.activity import Progress
from pyclosure.queries.base.errors import Cancelled
from pyclosure.queries.base.text import printable
from pyclosure.tui.widgets.workarounds import KeepsFocus, Result, acted_on

if TYPE_CHECKING:
    from pyclosure.tui.session.session import Session


class WorkerWatch:
    """Cancels a query when its worker is cancelled.

    Args:
        worker: the worker that runs the query.
    """

    def __init__(self, worker: Worker[Any]) -> None:
        self._worker = worker

    def report(self, progress: Progress) -> None:
        """The screen says by itself what is going on; that is enough."""

    def check(self) -> None:
        """Raise when the user has left."""
        if self._worker.is_cancelled:
            raise Cancelled


class WatchedScreen(KeepsFocus[Result]):
    """A screen that follows a session and asks the application to go elsewhere.

    Its workers may fail: it says so, and never that they are still at it.
    """

    _stop_following: Callable[[], None] | None = None

    def follow(self, session: Session, callback: Callable[[], None]) -> None:
        """Call back, after what is being done here, whenever a session has changed; until the screen is gone."""

        def later() -> None:
            if self.is_running:
                self.call_next(callback)

        self._stop_following = session.observe(later)

    def on_unmount(self) -> None:
        if self._stop_following is not None:
            self._stop_following()

    async def ask(self, message: Message) -> None:
        """Let the application act on a message before the next key is looked at."""
        await acted_on(self.app, message)

    @on(Worker.StateChanged)
    def _look_at_worker(self, event: Worker.StateChanged) -> None:
        error = event.worker.error
        if event.state is WorkerState.ERROR and error is not None:
            words = printable(f"a fault in pyclosure itself: {type(error).__name__}: {error}", 300)
            self.notify(words, severity="error", markup=False, timeout=8)
            self.work_failed(event.worker.group, words)

    def work_failed(self, group: str, words: str) -> None:
        """Show that a group of workers will not answer.

        Args:
            group: of the worker that failed.
            words: why, in one line.
        """
