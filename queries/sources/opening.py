"""Start reading a source at once, and collect the result when somebody is ready for it.

Nix is the slow part, so it is started before anything heavy is imported; it works while the screen is
being set up.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from pyclosure.queries.activity import Progress
from pyclosure.queries.errors import Cancelled
from pyclosure.queries.knowledge import Knowledge, know
from pyclosure.queries.nix.process import Runner
from pyclosure.queries.sources.read import read_source
from pyclosure.queries.sources.resolve import Source


class Opening:
    """A source that is being read in a thread of its own, as far as sizes.

    Args:
        source: what to read.
        runner: starts nix.
    """

    def __init__(self, source: Source, runner: Runner) -> None:
        self.progress = Progress("starting")
        """The latest progress; read it from any thread."""
        self.began = time.monotonic()
        """When it was made, by the monotonic clock."""
        self._cancelled = threading.Event()
        self.source = source
        """What is being read."""
        self._runner = runner
        self._knowledge: Knowledge | None = None
        self._error: BaseException | None = None
        self._done = threading.Event()
        self._callbacks: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._read, name="opening", daemon=True)

    def start(self) -> Opening:
        """Start reading; returns itself."""
        self._thread.start()
        return self

    # -- the reader's side, an Activity ------------------------------------------------------------------

    def report(self, progress: Progress) -> None:
        """Note progress."""
        self.progress = progress

    def check(self) -> None:
        """Raise when nobody waits any more."""
        if self._cancelled.is_set():
            raise Cancelled

    def _read(self) -> None:
        try:
            self._knowledge = know(read_source(self.source, self._runner, self))
        except BaseException as error:
            self._error = error
        with self._lock:
            self._done.set()
            callbacks = tuple(self._callbacks)
        for callback in callbacks:
            callback()

    # -- the waiting side --------------------------------------------------------------------------------

    @property
    def done(self) -> bool:
        """Whether :meth:`result` returns at once."""
        return self._done.is_set()

    def when_done(self, callback: Callable[[], None]) -> None:
        """Call back, from the reading thread or at once, when it is done."""
        with self._lock:
            if not self._done.is_set():
                self._callbacks.append(callback)
                return
        callback()

    def cancel(self) -> None:
        """Stop reading; nix is stopped, and :meth:`result` raises ``Cancelled``."""
        self._cancelled.set()

    def result(self, notice: Callable[[Progress], None] | None = None) -> Knowledge:
        """Wait for what was read.

        Args:
            notice: called ten times a second while waiting.

        Raises:
            QueryError: the source could not be read.
            Cancelled: it was cancelled.
        """
        while not self._done.wait(0.1):
            if notice is not None:
                notice(self.progress)
        if self._error is not None:
            raise self._error
        assert self._knowledge is not None
        return self._knowledge
