"""How do the files of a path differ from what they were?"""

from __future__ import annotations

from dataclasses import dataclass

from pyclosure.queries.facts.contents import Contents, walk

MOST_FILES = 200


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file that came, went, or has another size."""

    path: str
    """Below the store path."""
    old: int | None
    """Bytes; None when it was not there."""
    new: int | None
    """Bytes; None when it is gone."""

    @property
    def size_change(self) -> int:
        """Bytes: new less old."""
        return (self.new or 0) - (self.old or 0)


@dataclass(frozen=True, slots=True)
class ContentsChange:
    """The files of two paths side by side."""

    groups: tuple[tuple[str, int, int], ...]
    """Key of a group, bytes before, bytes after; those that differ most first, equal ones left out."""
    files: tuple[FileChange, ...]
    """Those that differ most first, :data:`MOST_FILES` of them."""
    more: int
    """Files that differ in size, beyond those."""
    same: int
    """Files with one name and one size: whether their content is one was not looked at."""


def contents_change(old: Contents, new: Contents) -> ContentsChange:
    """Compare files by name and size."""
    before, after = ({one.path: one.size for one in walk(side.top) if one.kind != "folder"} for side in (old, new))
    changed = [
        FileChange(path, before.get(path), after.get(path))
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    ]
    changed.sort(key=lambda one: (-abs(one.size_change), one.path))
    old_parts, new_parts = ({part.group: part.size for part in side.parts} for side in (old, new))
    groups = [
        (key, old_parts.get(key, 0), new_parts.get(key, 0))
        for key in old_parts.keys() | new_parts.keys()
        if old_parts.get(key, 0) != new_parts.get(key, 0)
    ]
    groups.sort(key=lambda one: (-abs(one[2] - one[1]), one[0]))
    same = sum(before[path] == after[path] for path in before.keys() & after.keys())
    return ContentsChange(tuple(groups), tuple(changed[:MOST_FILES]), len(changed[MOST_FILES:]), same)
