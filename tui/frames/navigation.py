"""Where the user wants to go: screens and windows ask with one of these, and only the application acts on them.

They are handed over with :meth:`~pyclosure.tui.frames.watching.WatchedScreen.ask`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from pyclosure.queries.base.verdicts import Finding
    from pyclosure.queries.opened.evidence import EvidenceStore
    from pyclosure.queries.opened.knowledge import Knowledge
    from pyclosure.tui.words.details import Line


@dataclass
class ShowPath(Message):
    """Show a path in the tree of the closure, or what references it."""

    index: int
    referrers: bool = False


class GoBack(Message):
    """Show the screen that led to the closure, if one did."""


@dataclass
class ShowWhy(Message):
    """Say why a path is in the open closure, or in another one."""

    index: int
    other: tuple[Knowledge, EvidenceStore] | None = None


@dataclass
class ShowContents(Message):
    """Show what a path of the open closure, or of another one, contains."""

    index: int
    other: Knowledge | None = None


class ShowPlan(Message):
    """Show the marked cuts and what they save."""


@dataclass
class ShowRebuild(Message):
    """Show what touching the derivation of a path rebuilds."""

    index: int


@dataclass
class ShowFinding(Message):
    """Show a finding among the others."""

    finding: Finding


@dataclass
class ShowDetails(Message):
    """Open a window with the details of a path."""

    title: str
    lines: Sequence[Line]


@dataclass
class ShowText(Message):
    """Open a window with a text."""

    title: str
    text: str


@dataclass
class ShowDocument(Message):
    """Open a window with lines without control characters, coloured as their language is."""

    title: str
    text: str
    language: str
    """What pygments calls it."""


@dataclass
class ShowCommands(Message):
    """Open a window with nix commands: what each says, and the command."""

    commands: Sequence[tuple[str, str]]


class OpenAgain(Message):
    """Read the same source again after a failure."""
