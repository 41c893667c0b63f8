"""What judging a closure yields: findings with their evidence, what could not be judged, and what was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pyclosure.queries.base.names import name_of
from pyclosure.queries.base.records import Certainty, Tier

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
"""The worst first."""

CostMeaning = Literal["saved", "added", "nar", "files"]
"""What the bytes of a finding are: saved by cutting the references it names, added size of its paths, their
NAR sizes, or sizes of files in them."""


@dataclass(frozen=True, slots=True)
class Proof:
    """One piece of evidence."""

    path: str
    """The store path it lies in; for derivations the ``.drv``."""
    file: str
    """Below the path; empty when it is about the path as a whole."""
    detail: str
    """What stands there: a line, a field of METADATA, an attribute."""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault."""

    rule: str
    severity: Severity
    certainty: Certainty
    tier: Tier
    """Of the weakest evidence that it rests on."""
    title: str
    """One line: what is wrong with what."""
    paths: tuple[str, ...]
    """Store paths that it is about; the first is where to look."""
    subjects: tuple[str, ...]
    """Names of distributions, libraries or paths: what an accepted finding is recognised by."""
    evidence: tuple[Proof, ...]
    remedy: str
    """What to do, in nixpkgs' terms."""
    cost: int | None = None
    """Bytes; None where bytes are not the point, or are not known."""
    cost_meaning: CostMeaning = "added"
    notes: tuple[str, ...] = ()
    """What else is worth knowing, a sentence each."""
    chain: tuple[str, ...] = ()
    """A shortest chain of references from a root to the first path, or to the first reference to cut."""
    edges: tuple[tuple[str, str], ...] = ()
    """References to cut for it: pairs of referrer and reference."""

    @property
    def key(self) -> str:
        """What stays the same when everything is rebuilt: rule, names and place, without digests."""
        names = sorted({name_of(path) for path in self.paths[:1]})
        return " ".join([self.rule, *self.subjects, *names])


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that a rule could not judge."""

    rule: str
    reason: str
    """Why, as a clause: ``derivations not here: …``."""
    tells: str
    """What would tell."""
    paths: tuple[str, ...] = ()
    """The paths in question; empty when it is about the closure as a whole."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a rule looked at, fine or not: a pass is worth what was looked at."""

    count: int
    things: str
    """In words, plural: ``call sites``."""
    fine: tuple[Proof, ...] = ()
    """What was found to be in order, where that is worth a list."""


Verdict = Finding | Unknown | Judged


def worst_first(finding: Finding) -> tuple[int, int, str, str]:
    """Order findings: the worst first, then the costliest, then by rule and title."""
    return SEVERITIES.index(finding.severity), -(finding.cost or 0), finding.rule, finding.title
