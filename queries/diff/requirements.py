"""Which requirements of distributions changed?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement

from pyclosure.queries.base.records import Distribution
from pyclosure.queries.diff.match import Change, ClosureDiff
from pyclosure.queries.opened.knowledge import Knowledge


@dataclass(frozen=True, slots=True)
class RequirementChange:
    """Requirements of one distribution that came, went or say something else now."""

    change: Change
    distribution: str
    """PEP 503 name."""
    added: tuple[str, ...]
    """As METADATA has them."""
    removed: tuple[str, ...]
    python: tuple[str, str] | None
    """``Requires-Python`` before and after, where that changed; empty for none."""


def requirement_changes(diff: ClosureDiff) -> tuple[RequirementChange, ...]:
    """Return distributions of both closures whose METADATA requires something else now.

    Only paths whose files were read on both sides tell; ``Knowledge.files_state`` says whether that is all of them.
    """
    return tuple(found for change in diff.changes if change.kind != "unchanged" for found in _changes(diff, change))


def _changes(diff: ClosureDiff, change: Change) -> Iterator[RequirementChange]:
    if change.old is None or change.new is None:
        return
    old, new = _distributions(diff.old, change.old), _distributions(diff.new, change.new)
    for name in sorted(old.keys() & new.keys()):
        before, after = _requirements(old[name]), _requirements(new[name])
        python = (old[name].requires_python or "", new[name].requires_python or "")
        added = tuple(sorted(text for key, text in after.items() if key not in before))
        removed = tuple(sorted(text for key, text in before.items() if key not in after))
        if added or removed or python[0] != python[1]:
            yield RequirementChange(change, name, added, removed, python if python[0] != python[1] else None)


def _distributions(knowledge: Knowledge, index: int) -> dict[str, Distribution]:
    facts = knowledge.files.get(knowledge.closure.path(index))
    return {one.normalized: one for one in facts.distributions} if facts is not None else {}


def _requirements(distribution: Distribution) -> dict[str, str]:
    """Return requirements by what they mean: spelling and order of specifiers do not count."""
    found = {}
    for text in distribution.requires_dist:
        try:
            found[str(Requirement(text))] = text
        except (InvalidRequirement, RecursionError):
            found[text] = text
    return found
