"""The inputs of a derivation that are there for its tests, as values."""

from __future__ import annotations

from dataclasses import dataclass

from pyclosure.queries.base.records import Certainty, Tier


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a derivation."""

    path: str
    """Its output path, or the placeholder of one that is not known before it is built."""
    name: str
    """Store name without digest; empty for a placeholder that nothing explains."""
    attribute: str
    """The list that names it; of evaluated ones, the list of the expression."""
    distribution: str | None
    """PEP 503 name of a Python package; None for anything else."""


@dataclass(frozen=True, slots=True)
class CheckInputs:
    """The inputs of a derivation, sorted into those of tests and the others."""

    inputs: tuple[Input, ...]
    """For tests; empty when tests are off."""
    others: tuple[Input, ...]
    """What the build would have without tests: hooks, build system, libraries."""
    certainty: Certainty
    tier: Tier
    reason: str
    """Why the line was drawn there."""
    planned: tuple[Input, ...] = ()
    """What the expression would add if tests ran; only evaluation knows it while they are off."""


@dataclass(frozen=True, slots=True)
class Tester:
    """A derivation of ``passthru.tests``, as evaluating the expression shows it."""

    name: str
    """Of the attribute."""
    runs: bool | None
    """Whether its test phase is switched on; None when only the name is known."""
    inputs: tuple[Input, ...] = ()
    """What it is given besides the package."""
