"""Start reading a source at once, and collect the result when somebody is ready for it.

Nix is the slow part, so it is started before anything heavy is imported; it works while the screen is
being set up. What it says is understood once the screen stands: Python does one thing at a time, and
decoding a closure would keep the first frame back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from pyclosure.queries.base.activity import SILENT, Activity, Progress
from pyclosure.queries.base.errors import Cancelled
from pyclosure.queries.nix.process import Command, Completed, Followed, Runner, Running, always
from pyclosure.queries.sources.read import read_source
from pyclosure.queries.sources.resolve import Demo, SavedFile, Source

if TYPE_CHECKING:
    from pyclosure.queries.opened.knowledge import Knowledge

_A_LINE = 256
"""Bytes of an answer that is no work to understand, such as a version."""


class Opening:
    """A source that is being read in a thread of its own, as far as sizes.

    Args:
        source: what to read.
        runner: starts nix.
        held: whether nix's answer is left alone until :meth:`go_on`, or until somebody waits for the result.
    """

    def __init__(self, source: Source, runner: Runner, *, held: bool = False) -> None:
        self.progress = Progress("starting")
        """The latest progress; read it from any thread."""
        self.began = time.monotonic()
        """When it was made, by the monotonic clock."""
        self._cancelled = threading.Event()
        self.source = source
        """What is being read."""
        self._released = threading.Event()
        if not held:
            self._released.set()
        self._runner = _Patient(runner, self._released)
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
            if isinstance(self.source, (SavedFile, Demo)):
                self._released.wait()
                self.check()
            opened = read_source(self.source, self._runner, self)
            # decoding and ordering cannot be interrupted, but who cancelled meanwhile gets what they asked for
            self.check()
            from pyclosure.queries.opened.knowledge import know

            knowledge = know(opened)
            self.check()
            self._knowledge = knowledge
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

    def go_on(self) -> None:
        """Understand what nix says, now that nothing more urgent is to be done; harmless when it was never held."""
        self._released.set()

    def cancel(self) -> None:
        """Stop reading; nix is stopped, and :meth:`result` raises ``Cancelled``."""
        self._cancelled.set()
        self._released.set()

    def result(self, notice: Callable[[Progress], None] | None = None) -> Knowledge:
        """Wait for what was read.

        Args:
            notice: called ten times a second while waiting.

        Raises:
            QueryError: the source could not be read.
            Cancelled: it was cancelled.
        """
        self.go_on()
        while not self._done.wait(0.1):
            if notice is not None:
                notice(self.progress)
        if self._error is not None:
            raise self._error
        assert self._knowledge is not None
        return self._knowledge


class _Patient:
    """Starts programs at once, and hands their answers over when somebody has time for them."""

    def __init__(self, runner: Runner, released: threading.Event) -> None:
        self._runner, self._released = runner, released

    def start(self, command: Command) -> Running:
        return _Kept(self._runner.start(command), self._released)


class _Kept:
    def __init__(self, running: Running, released: threading.Event) -> None:
        self.argv = running.argv
        self._running, self._released = running, released

    def wait(self, activity: Activity = SILENT) -> Completed:
        done = self._running.wait(activity)
        if len(done.stdout) > _A_LINE:
            self._released.wait()
            activity.check()
        return done

    def follow(self, take: Callable[[bytes], None], ready: Callable[[], bool] = always) -> None:
        if isinstance(self._running, Followed):
            self._running.follow(take, lambda: ready() and self._released.is_set())

    def stop(self) -> None:
        self._running.stop()
