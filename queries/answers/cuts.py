"""What would I save? References whose removal drops something, alone or together."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from pyclosure.queries.answers.chains import Edge
from pyclosure.queries.graph.closure import Closure
from pyclosure.queries.graph.sizes import Sizes

MOST_EDGES = 64
"""A cut of more references than this is no plan; the search stops there."""


@dataclass(frozen=True, slots=True)
class Saving:
    """What leaves the closure with a set of references."""

    size: int
    """Bytes."""
    paths: tuple[int, ...]
    """Positions that leave, references first."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A smallest set of references whose removal drops a path."""

    target: int
    edges: tuple[Edge, ...]
    saving: Saving
    assumes: tuple[Edge, ...] = ()
    """References of environments and wrappers that are taken to vanish by themselves; should one of them be
    somebody's choice, less is saved."""


def saved_by_edge(closure: Closure, sizes: Sizes, edge: Edge) -> int:
    """Return the bytes that leave when this one reference goes.

    On a DAG a path whose referrers (a root counts as one) are two or more stays whatever single reference
    goes, so this is the added size of the only-referenced, and else nothing.
    """
    reference = edge[1]
    alone = len(closure.referrers[reference]) == 1 and reference not in closure.roots
    return sizes.added[reference] if alone else 0


def dominated(sizes: Sizes) -> Dominated:
    """Return a view of what leaves with each path: itself and all that only it brings in."""
    return Dominated(sizes.dominators)


class Dominated:
    """Position → positions that leave with it, itself first; each answer costs its own length.

    Args:
        dominators: position → immediate dominator, -1 for none.
    """

    def __init__(self, dominators: Sequence[int]) -> None:
        self._below: list[list[int]] = [[] for _ in dominators]
        for index, above in enumerate(dominators):
            if above >= 0:
                self._below[above].append(index)

    def __getitem__(self, index: int) -> list[int]:
        found = [index]
        for one in found:
            found += self._below[one]
        return found


def saving_of(closure: Closure, edges: Iterable[Edge] = (), dropped: Collection[int] = ()) -> Saving:
    """Return what leaves when references and whole paths are cut together.

    Args:
        closure: the closure.
        edges: references to cut.
        dropped: positions that nobody may reference any more; roots among them leave as well.
    """
    cut = set(edges)
    gone = set(dropped)
    alive = bytearray(len(closure))
    for root in closure.roots:
        if root not in gone:
            alive[root] = 1
    for index in range(len(closure) - 1, -1, -1):
        if alive[index]:
            for reference in closure.references[index]:
                if reference not in gone and (index, reference) not in cut:
                    alive[reference] = 1
    left = tuple(index for index, flag in enumerate(alive) if not flag)
    return Saving(sum(closure.nar_sizes[index] for index in left), left)


def smallest_cut(closure: Closure, target: int, keep: Collection[Edge] = (), most: int = MOST_EDGES) -> Cut | None:
    """Return a smallest set of references whose removal drops a path from the closure.

    Among sets of one size the one nearest to the roots is taken, because it drops most.

    Args:
        closure: the closure.
        target: the position to drop.
        keep: references that may not be cut, such as an environment's own members.
        most: references to cut at most; the search stops early where more would have to go.

    Returns:
        None when it cannot be dropped so: it is a root, only kept references lead to it, or more than
        ``most`` references would have to go.
    """
    if target in closure.roots:
        return None
    search = _Flow(closure, target, keep)
    reachable = search.saturate(most)
    if reachable is None:
        return None
    edges = tuple(
        sorted(
            (index, one)
            for index in reachable
            for one in closure.references[index]
            if one in search.members and one not in reachable
        )
    )
    return Cut(target, edges, saving_of(closure, edges))


class _Flow:
    """Augmenting paths: each cuttable reference carries one unit, kept ones any number."""

    def __init__(self, closure: Closure, target: int, keep: Collection[Edge]) -> None:
        self.members = closure.dependants((target,))
        self._closure, self._target = closure, target
        self._keep = frozenset(keep)
        self._roots = [root for root in dict.fromkeys(closure.roots) if root in self.members]
        self._carried: Counter[Edge] = Counter()

    def saturate(self, most: int) -> set[int] | None:
        """Send units until no more fit; return what the roots still reach then, None when there is no end."""
        for _ in range(most + 1):
            came = self._way()
            if self._target not in came:
                return set(came)
            if not self._send(came):
                return None
        return None

    def _way(self) -> dict[int, Edge | None]:
        """Walk from the roots where a unit more fits; return position → the reference it was reached by."""
        came: dict[int, Edge | None] = dict.fromkeys(self._roots)
        queue = deque(self._roots)
        while queue and self._target not in came:
            index = queue.popleft()
            for one in self._closure.references[index]:
                edge = (index, one)
                if one in self.members and one not in came and (edge in self._keep or not self._carried[edge]):
                    came[one] = edge
                    queue.append(one)
            for one in self._closure.referrers[index]:
                if one in self.members and one not in came and self._carried[one, index]:
                    came[one] = (one, index)
                    queue.append(one)
        return came

    def _send(self, came: dict[int, Edge | None]) -> bool:
        """Send one unit along the way found; False when kept references alone lead to the target."""
        index = self._target
        limited = False
        while (edge := came[index]) is not None:
            forward = edge[1] == index
            limited = limited or not forward or edge not in self._keep
            self._carried[edge] += 1 if forward else -1
            index = edge[0] if forward else edge[1]
        return limited
