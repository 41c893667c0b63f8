"""A rule: one kind of fault, how it is found, and what its page in the documentation says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pyclosure.queries.base.verdicts import Severity, Verdict

if TYPE_CHECKING:
    from pyclosure.queries.findings.context import Context

Need = Literal["references", "files", "inspection", "derivations", "build", "lock"]
"""What a rule has to look at; without it the verdict is unknown, never absent."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of fault: how it is found, and what its page in the documentation says."""

    id: str
    """``P18``; stable."""
    name: str
    """A few words with dashes: ``toolchain-at-runtime``."""
    title: str
    severity: Severity
    """Of most of its findings; a finding may be milder or worse."""
    needs: tuple[Need, ...]
    what: str
    """The fault, in a sentence or two."""
    why: str
    """What it breaks or costs."""
    how: str
    """How it is detected, and what keeps look-alikes out."""
    fix: str
    """What to do, in nixpkgs' terms."""
    check: Callable[[Context], Iterator[Verdict]]
    judges: Callable[[Context], Iterable[int]] = lambda context: ()
    """Positions of the paths whose evidence it needs; those without it are reported as unknown."""
