"""Bounds of work: how often functions are called, which is the same on a busy machine."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

HUNG = 120.0
"""Seconds of this process's own processor time after which a test is ended: it hangs, nothing is judged by it."""


class TooMuchWork(BaseException):
    """Not an ``Exception``: the code under test must not take it for a fault of what it reads."""


@contextmanager
def at_most(calls: int) -> Iterator[None]:
    """Fail once more than so many functions were called, Python's and C's alike.

    What one call of a C function does is not seen; when that takes minutes (a regular expression that goes back
    and forth) the test is ended by ``HUNG``.
    """
    left = calls

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal left
        if event in ("call", "c_call"):
            left -= 1
            if left < 0:
                raise TooMuchWork(f"more than {calls:,} calls")

    def hung(number: int, frame: FrameType | None) -> None:
        raise TooMuchWork(f"no end after {HUNG:.0f} s of processor time")

    handler, profiler = signal.signal(signal.SIGPROF, hung), sys.getprofile()
    signal.setitimer(signal.ITIMER_PROF, HUNG)
    sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(profiler)
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, handler)
    assert left >= 0, f"more than {calls:,} calls"
