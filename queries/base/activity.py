"""Progress and cancelling, without knowing who watches."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Protocol

from pyclosure.queries.base.errors import Cancelled


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a piece of work is."""

    stage: str
    """What is being done, in words: ``nix path-info``, ``reading files``."""
    done: int = 0
    """Units finished."""
    total: int | None = None
    """Units in all; None when nobody knows beforehand."""
    unit: str = ""
    """What is counted: ``paths``, ``bytes``, ``seconds``."""


class Activity(Protocol):
    """Who is told of progress, and who may stop the work."""

    def report(self, progress: Progress) -> None:
        """Take note of progress; must be quick and must not raise."""

    def check(self) -> None:
        """Raise :class:`Cancelled` when the work is no longer wanted."""


@dataclass(slots=True)
class Silent:
    """Tell nobody; can still be cancelled through its event."""

    cancelled: threading.Event = field(default_factory=threading.Event)

    def report(self, progress: Progress) -> None:
        """Drop it."""

    def check(self) -> None:
        """Raise when the event is set."""
        if self.cancelled.is_set():
            raise Cancelled


SILENT = Silent()
"""The default: no reports, never cancelled. Shared, so nobody may set its event."""
