"""The activity of screens' workers: it only asks whether the user still waits."""

from __future__ import annotations

from typing import Any

from textual.worker import Worker

from pyclosure.queries.activity import Progress
from pyclosure.queries.errors import Cancelled


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
