"""What the files of a whole closure are for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from pyclosure.queries.base.activity import Activity, Progress
from pyclosure.queries.facts.contents import Part, contents
from pyclosure.queries.opened.knowledge import Knowledge


@dataclass(frozen=True, slots=True)
class Totals:
    """Groups over all paths of a closure."""

    parts: tuple[Part, ...]
    heaviest: dict[str, tuple[tuple[int, int], ...]]
    """Group → the positions that hold most of it, with bytes."""
    unread: int
    """Paths that could not be listed."""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(part.size for part in self.parts)


def totals(knowledge: Knowledge, activity: Activity) -> Totals:
    """Add the groups of all paths up."""
    closure = knowledge.closure
    root = closure.records.files_root or ""
    sizes: Counter[str] = Counter()
    files: Counter[str] = Counter()
    holders: dict[str, list[tuple[int, int]]] = {}
    unread = 0
    for index in range(len(closure)):
        activity.check()
        activity.report(Progress("listing files", index, len(closure), "paths"))
        found = contents(closure.path(index), root)
        if found is None:
            unread += 1
            continue
        for part in found.parts:
            sizes[part.group] += part.size
            files[part.group] += part.files
            holders.setdefault(part.group, []).append((index, part.size))
    parts = sorted((Part(group, files[group], sizes[group]) for group in sizes), key=lambda one: (-one.size, one.group))
    heaviest = {group: tuple(sorted(some, key=lambda one: -one[1])[:5]) for group, some in holders.items()}
    return Totals(tuple(parts), heaviest, unread)
