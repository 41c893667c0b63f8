"""What brought the bytes?

The bytes of a path that is only in the new closure belong to the reference that leads from what was there to it, and
so do those of all that came with it alone. What several such references lead to is told apart, under all of them.
The old closure is read the same way for what is gone. A path that is in both changed in itself. Nothing is left
over and nothing counts twice: the causes sum to the difference of the closure sizes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from pyclosure.queries.answers.chains import Edge
from pyclosure.queries.answers.structure import Structure, structure
from pyclosure.queries.diff.match import Change, ClosureDiff, direct_members
from pyclosure.queries.graph.closure import Closure
from pyclosure.queries.graph.dominators import ROOT, immediate_dominators
from pyclosure.queries.opened.knowledge import Knowledge

CauseKind = Literal["brings", "drops", "changes"]


@dataclass(frozen=True, slots=True)
class Cause:
    """Why some bytes came, left or changed."""

    kind: CauseKind
    """New references bring paths, references that are gone drop them, paths in both closures change in themselves."""
    target: int
    """Position of the path: in the new closure, for ``drops`` in the old one."""
    edges: tuple[Edge, ...]
    """References that lead to it from paths of both closures; empty for a root, for what only other causes lead to, and
    for what changed in itself."""
    via: tuple[int, ...]
    """Targets of other causes whose paths reference it: it is there because of them, too."""
    paths: tuple[int, ...]
    """Positions of all paths whose bytes are counted here, the target included."""
    size_change: int
    """Bytes."""
    direct: bool
    """Whether it is a root, or a root environment has it of its own accord: somebody asked for it."""
    change: Change | None = None
    """For what changed in itself."""


class Attribution:
    """The bytes of a difference, by cause.

    Args:
        diff: two closures side by side.
    """

    def __init__(self, diff: ClosureDiff) -> None:
        self.diff = diff

    @cached_property
    def structures(self) -> tuple[Structure, Structure]:
        """References of both closures, those that follow from others told apart; the old one first."""
        return structure(self.diff.old), structure(self.diff.new)

    @cached_property
    def direct(self) -> tuple[frozenset[int], frozenset[int]]:
        """Positions in the old and in the new closure that somebody asked for."""
        old, new = self.structures
        return direct_members(self.diff.old, old.follows), direct_members(self.diff.new, new.follows)

    @cached_property
    def causes(self) -> tuple[Cause, ...]:
        """All causes, the greatest change of size first; they sum to :attr:`ClosureDiff.size_change`."""
        diff = self.diff
        old, new = self.structures
        came = {one.new for one in diff.changes if one.old is None and one.new is not None}
        went = {one.old for one in diff.changes if one.new is None and one.old is not None}
        found = [
            *_of_side("brings", diff.new, new.closure, came, self.direct[1], 1),
            *_of_side("drops", diff.old, old.closure, went, self.direct[0], -1),
            *(self._changed(one) for one in diff.changes if one.old is not None and one.new is not None),
        ]
        found = [one for one in found if one.kind != "changes" or one.size_change or _is_told(one)]
        return tuple(sorted(found, key=lambda one: (-abs(one.size_change), one.kind, one.target)))

    def _changed(self, change: Change) -> Cause:
        assert change.new is not None
        direct = change.new in self.direct[1]
        return Cause("changes", change.new, (), (), (change.new,), change.size_change, direct, change)


def _is_told(cause: Cause) -> bool:
    return cause.change is not None and cause.change.kind in ("version", "output-changed")


def _of_side(
    kind: CauseKind, knowledge: Knowledge, closure: Closure, members: set[int], direct: frozenset[int], sign: int
) -> Iterator[Cause]:
    """Yield the causes of paths that are on one side only."""
    ordered = sorted(members)
    edges: dict[int, list[Edge]] = {}
    for index in ordered:
        edges[index] = [(user, index) for user in closure.referrers[index] if user not in members]
    starts = {index for index in ordered if edges[index] or index in closure.roots}
    idom = immediate_dominators(closure.references, starts, ordered)
    owner: dict[int, int] = {}
    # referrers come after what they reference
    for index in reversed(ordered):
        owner[index] = index if idom[index] == ROOT or idom[index] not in members else owner[idom[index]]
    owned: dict[int, list[int]] = {}
    for index in ordered:
        owned.setdefault(owner[index], []).append(index)
    for target, paths in sorted(owned.items()):
        size = sign * sum(knowledge.closure.nar_sizes[index] for index in paths)
        via = _others_above(closure, target, members, owner)
        yield Cause(kind, target, tuple(edges[target]), via, tuple(paths), size, target in direct)


def _others_above(closure: Closure, target: int, members: set[int], owner: Mapping[int, int]) -> tuple[int, ...]:
    """Return the targets of other causes whose paths reference this one: it is there because of them, too."""
    users = (user for user in closure.referrers[target] if user in members)
    return tuple(sorted({owner[user] for user in users} - {target}))
