"""The answer to "what is this path", with the evidence for it."""

from __future__ import annotations

import msgspec

from pyclosure.queries.base.records import Certainty, Tier
from pyclosure.queries.data import load

KINDS: tuple[str, ...] = tuple(load("kinds")["words"])
"""All kinds, in order of precedence."""


class Fact(msgspec.Struct, frozen=True, gc=False):
    """Something believed, and why."""

    value: str
    tier: Tier
    certainty: Certainty
    evidence: str
    """One line: the file, attribute or pattern that says so."""


class Identity(msgspec.Struct, frozen=True, gc=False):
    """What one store path is."""

    kind: Fact
    output: Fact
    pname: str
    """Package name without interpreter prefix, version and output."""
    version: str
    """Empty when there is none, or none that can be told."""
    naming: Fact
    """Where pname and version are from; its value is both."""
    distribution: str | None
    """PEP 503 name of the Python distribution it holds; None when it holds none, or none is known."""
    distributions: int
    """How many distributions it holds itself; 0 for environments, whose members are links."""
    interpreter: Fact | None
    """ABI that it belongs to, such as ``python3.11``; None for native paths, or when unknown."""
    producer: Fact | None
    """What made it (nixpkgs, pyproject.nix, poetry2nix, dream2nix); None when nothing says so."""


def kind_words(kind: str) -> str:
    """Return a kind in words, for people."""
    return str(load("kinds")["words"].get(kind, kind))


def kind_short(kind: str) -> str:
    """Return a kind in at most six characters, for columns."""
    return str(load("kinds")["short"].get(kind, kind))


def group_of(kind: str) -> str:
    """Return ``interpreter``, ``python``, ``native`` or ``other``."""
    for group, kinds in load("kinds")["groups"].items():
        if kind in kinds:
            return str(group)
    return "other"
