"""What rules found in a closure, as a value: shown without importing what found it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pyclosure.queries.base.verdicts import Finding, Judged, Severity, Unknown
from pyclosure.queries.findings import all_rules

if TYPE_CHECKING:
    from pyclosure.queries.policy.policy import Acceptance, Policy

Outcome = Literal["passed", "failed", "unknown"]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A finding that its owner lives with, and why."""

    finding: Finding
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """All that is wrong with a closure, and all that could not be judged."""

    findings: tuple[Finding, ...]
    """The worst first, then the costliest; accepted ones left out."""
    unknown: tuple[Unknown, ...]
    accepted: tuple[Accepted, ...]
    judged: dict[str, Judged]
    """Rule id → what it looked at."""
    stale: tuple[Acceptance, ...]
    """Accepted findings that are no more, by rules that could judge."""
    unmatched: tuple[str, ...]
    """Names that the policy wants and that nothing in the closure has."""
    asked: tuple[str, ...]
    """Ids of the rules that were asked."""
    policy: Policy

    def count(self, severity: Severity) -> int:
        """Return the number of findings of a severity."""
        return sum(one.severity == severity for one in self.findings)

    def outcome(self, *, allow_unknown: bool = False) -> Outcome:
        """Say whether the closure passes: a breach fails it, and what was not judged is no pass."""
        if any(self.policy.fails(one.severity) for one in self.findings):
            return "failed"
        usual = {rule.id: rule.severity for rule in all_rules()}
        lacking = [one for one in self.unknown if self.policy.fails(self.policy.severity(one.rule, usual[one.rule]))]
        return "unknown" if (lacking and not allow_unknown) or not self.asked else "passed"
