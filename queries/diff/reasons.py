"""What was a path rebuilt because of?"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from pyclosure.queries.base.records import Certainty
from pyclosure.queries.diff.match import Change, ChangeClass, ClosureDiff
from pyclosure.queries.rebuild.compare import Comparison, Difference

_FOLLOWING: frozenset[ChangeClass] = frozenset({"rebuilt", "resized", "interpreter-only"})
"""Classes of paths that may have changed only because something below them did."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a path of the new closure is not the one of the old closure."""

    path: int | None
    """Position in the new closure of the nearest reference that changed in itself; None when no reference did."""
    lost: int | None
    """Position in the old closure of a reference that it no longer has, where nothing that it has changed."""
    derivation: int | None
    """Position in the new build graph of the derivation that differs in itself; None without both build graphs."""
    certainty: Certainty
    """Derivations are certain; references make it probable: something it was built with may have changed, too."""


class Reasons:
    """Reasons of rebuilds between two closures.

    Args:
        diff: the closures side by side.
        comparison: both build graphs side by side, where somebody compared them already.
    """

    def __init__(self, diff: ClosureDiff, comparison: Comparison | None = None) -> None:
        self.diff = diff
        old, new = diff.old.build, diff.new.build
        self.comparison = comparison or (Comparison(old, new) if old is not None and new is not None else None)
        """Both build graphs side by side; None when either is not known."""

    @property
    def differing(self) -> Mapping[int, tuple[Difference, ...]]:
        """Position in the new build graph of what differs in itself → in what."""
        return self.comparison.differing if self.comparison is not None else {}

    @cached_property
    def by_path(self) -> Mapping[int, Reason]:
        """Position in the new closure → why it was rebuilt; only paths that were, or that changed in size."""
        wanted = [one for one in self.diff.changes if one.kind in _FOLLOWING and one.new is not None]
        return {one.new: self._reason(one) for one in wanted if one.new is not None}

    def _reason(self, change: Change) -> Reason:
        assert change.new is not None and change.old is not None
        path = self._nearest.get(change.new)
        derivation = self._derivation(change.new)
        if derivation is not None:
            return Reason(path, None, derivation, "certain")
        if path is not None:
            return Reason(path, None, None, "probable")
        return Reason(
            None, self._lost(change.old), None, "probable" if self._lost(change.old) is not None else "unknown"
        )

    @cached_property
    def _nearest(self) -> Mapping[int, int]:
        """Position of what only followed → of the nearest reference that is new or changed in itself."""
        closure, by_new = self.diff.new.closure, self.diff.by_new
        owner = {
            index: index for index, one in by_new.items() if one.kind not in _FOLLOWING and one.kind != "unchanged"
        }
        queue = deque(sorted(owner))
        while queue:
            index = queue.popleft()
            for user in closure.referrers[index]:
                if user not in owner and by_new[user].kind in _FOLLOWING:
                    owner[user] = owner[index]
                    queue.append(user)
        return owner

    def _lost(self, index: int) -> int | None:
        references = self.diff.old.closure.references[index]
        return next((one for one in references if self.diff.by_old[one].new is None), None)

    def _derivation(self, index: int) -> int | None:
        own = self.own.get(index)
        return self._owners.get(own) if own is not None else None

    @cached_property
    def own(self) -> Mapping[int, int]:
        """Position in the new closure → in the new build graph of the derivation that built it."""
        comparison, new = self.comparison, self.diff.new
        if comparison is None:
            return {}
        paths = enumerate(info.path for info in new.closure.infos)
        found = ((index, comparison.head.builder_of(path, new.deriver(index))) for index, path in paths)
        return {index: drv for index, drv in found if drv is not None}

    @cached_property
    def _owners(self) -> Mapping[int, int]:
        return self.comparison.nearest_causes if self.comparison is not None else {}
