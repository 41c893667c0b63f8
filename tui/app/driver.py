"""The terminal as it really is: it hangs up, is suspended from outside, and is not always where stderr leads.

Textual 8.2 draws on stderr, waits for ever once the terminal is gone, and starts a second set of threads on every
SIGCONT, also on the one that comes with a hang-up.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import sys
import threading
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any

from textual.drivers.linux_driver import LinuxDriver

from pyclosure.queries.nix.process import stop_all

if TYPE_CHECKING:
    from textual.app import App

HUNG_UP = 129
"""Exit status of a program whose terminal was closed."""
_LOOK = 0.5
"""Seconds between two looks whether the terminal is still there."""
_LEAVING = 3.0
"""Seconds after a signal that asks to end, after which nothing is waited for any more."""


class _Lasting:
    """A terminal to write to whose end is no error: nobody reads what comes after it."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._file.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._file.flush()

    def fileno(self) -> int:
        return self._file.fileno()

    def isatty(self) -> bool:
        return True


class TerminalDriver(LinuxDriver):
    """Textual's driver that leaves with its terminal and can be stopped and continued from outside."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        error = sys.__stderr__
        screen = error if error is not None and error.isatty() else sys.__stdout__
        if screen is not None:
            self._file: Any = _Lasting(screen)
        self._watch: asyncio.TimerHandle | None = None
        self._suspended = False
        self._before: dict[signal.Signals, Any] = {}
        self._leaving = False

    def start_application_mode(self) -> None:
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._watch is None:
            self._look()
        for number in (signal.SIGTERM, signal.SIGHUP):
            # what is ignored stays ignored
            if callable(signal.getsignal(number)):
                self._before[number] = signal.signal(number, self._leave)

    def close(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()
        super().close()

    # -- hanging up --------------------------------------------------------------------------------------

    @property
    def _gone(self) -> bool:
        poll = select.poll()
        poll.register(self.fileno, 0)
        return any(what & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, what in poll.poll(0))

    def _look(self) -> None:
        """Leave when the terminal is gone: SIGHUP says so too, unless the user's shell lets it be ignored."""
        if self._gone:
            self._watch = None
            self._app.exit(HUNG_UP, return_code=HUNG_UP)
        else:
            self._watch = asyncio.get_running_loop().call_later(_LOOK, self._look)

    def _leave(self, number: int, frame: object) -> None:
        """Leave as a key would: an exception from here may come where nobody cleans up after it."""
        status = 128 + number
        if self._leaving or not _in_loop(lambda: self._app.exit(status, return_code=status)):
            raise SystemExit(status)
        self._leaving = True
        last = threading.Timer(_LEAVING, _end, (status,))
        last.daemon = True
        last.start()

    # -- stopping and continuing -------------------------------------------------------------------------

    def _sigtstp_application(self, *_: object) -> None:
        _in_loop(self._suspend)

    def _sigcont_application(self, *_: object) -> None:
        _in_loop(self._continue)

    def _suspend(self) -> None:
        """Give the terminal back, and stop."""
        if self._auto_restart and not self._suspended and not self._gone:
            self._suspended = self._must_signal_resume = True
            self.suspend_application_mode()
        os.kill(os.getpid(), signal.SIGSTOP)

    def _continue(self) -> None:
        """Take the terminal again; after a plain SIGSTOP the shell has changed it behind our back."""
        if not self._auto_restart or self._gone:
            return
        if not self._suspended:
            self._must_signal_resume = True
            self.suspend_application_mode()
        self._suspended = False
        self.resume_application_mode()


def _in_loop(call: Callable[[], None]) -> bool:
    """Call it between two messages: a signal may come while a lock is held that it needs. Without a loop, never."""
    try:
        asyncio.get_running_loop().call_soon_threadsafe(call)
    except RuntimeError:
        return False
    return True


def _end(status: int) -> None:
    """End now: a terminal that takes no more output, or work that cannot be stopped, holds us up."""
    stop_all()
    os._exit(status)
