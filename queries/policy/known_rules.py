"""The rules that a policy may name; whoever reads one hands them in, so that no rule is imported for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownRules:
    """Ids and names of rules."""

    names: Mapping[str, str]
    """Id → name: ``P18`` → ``toolchain-at-runtime``."""

    def find(self, word: str) -> str | None:
        """Return the id of a rule by its id in any case, or by its name; None when there is none."""
        lower = word.lower()
        return next((id for id, name in self.names.items() if lower in (id.lower(), name)), None)
