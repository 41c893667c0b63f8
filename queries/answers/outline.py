"""The closure as a tree that can be unfolded, without ever drawing a shared part twice.

A path may hang in many places; its references are unfolded in one of them only, and the others point
there. Works in both directions: references downwards, referrers upwards.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from pyclosure.queries.answers.rows import ordered
from pyclosure.queries.opened.knowledge import Knowledge

Order = Callable[[Iterable[int]], Sequence[int]]


@dataclass(slots=True)
class Node:
    """One place in the tree where a path hangs."""

    index: int
    """Position of the path in the closure."""
    level: int
    parent: Node | None = None
    children: list[Node] | None = None
    """None while folded."""
    row: int = field(default=-1, compare=False)
    """Line it is shown on; -1 while hidden."""


class Outline:
    """An unfoldable view of a graph.

    Args:
        tops: positions at the first level.
        below: position → positions that hang below it.
        order: sorts siblings.
    """

    def __init__(self, tops: Iterable[int], below: Sequence[Sequence[int]], order: Order) -> None:
        self._below = below
        self._order = order
        self.tops = [Node(index, 0) for index in order(tops)]
        self._unfolded: dict[int, Node] = {}
        self.rows: list[Node] = []
        """The visible nodes, from the top."""
        self._refresh()

    def leaf(self, node: Node) -> bool:
        """Whether nothing hangs below a node."""
        return not self._below[node.index]

    def elsewhere(self, node: Node) -> Node | None:
        """Return the other place where this path is unfolded; None when there is none."""
        other = self._unfolded.get(node.index)
        return other if other is not None and other is not node else None

    def unfold(self, node: Node) -> bool:
        """Show what hangs below; False when there is nothing, or it is shown elsewhere or already."""
        if self.leaf(node) or node.index in self._unfolded:
            return False
        node.children = [Node(index, node.level + 1, node) for index in self._order(self._below[node.index])]
        self._unfolded[node.index] = node
        self._refresh()
        return True

    def fold(self, node: Node) -> bool:
        """Hide what hangs below; False when nothing is shown there."""
        if node.children is None:
            return False
        for inner in _walk(node):
            if self._unfolded.get(inner.index) is inner:
                del self._unfolded[inner.index]
        node.children = None
        self._refresh()
        return True

    def fold_all(self) -> None:
        """Fold everything; what hangs below a single top stays to be seen."""
        kept = self.tops if len(self.tops) == 1 else []
        for node in [child for top in kept for child in top.children or ()] or self.tops:
            node.children = None
        self._unfolded = {top.index: top for top in kept if top.children}
        self._refresh()
        for top in kept:
            self.unfold(top)

    def unfold_all(self, limit: int | None = None, depth: int | None = None) -> bool:
        """Unfold every path once, breadth first; False when rows are left out.

        Args:
            limit: rows to show at most; all by default.
            depth: levels below the top to show; all by default.
        """
        shown = len(self.rows)
        queue = list(self.rows)
        for node in queue:
            if self.leaf(node) or node.index in self._unfolded or (depth is not None and node.level >= depth):
                continue
            if limit is not None and shown + len(self._below[node.index]) > limit:
                self._refresh()
                return False
            node.children = [Node(index, node.level + 1, node) for index in self._order(self._below[node.index])]
            self._unfolded[node.index] = node
            shown += len(node.children)
            queue.extend(node.children)
        self._refresh()
        return True

    def reorder(self, order: Order) -> None:
        """Sort all siblings anew, keeping what is unfolded."""
        self._order = order
        groups = [self.tops] + [node.children for node in self._unfolded.values() if node.children]
        for group in groups:
            by_position = {node.index: node for node in group}
            group[:] = [by_position[index] for index in order(by_position)]
        self._refresh()

    def reveal(self, chain: Sequence[int]) -> Node | None:
        """Unfold along a chain of positions that begins at a top, and return the last node.

        Where a path of the chain is unfolded elsewhere, the way goes on there.
        """
        level: Sequence[Node] = self.tops
        node = None
        for index in chain:
            node = next((one for one in level if one.index == index), None)
            if node is None:
                return None
            self.unfold(node)
            level = (self._unfolded.get(index) or node).children or ()
        return node

    def _refresh(self) -> None:
        for node in self.rows:
            node.row = -1
        self.rows = list(_flat(self.tops))
        for row, node in enumerate(self.rows):
            node.row = row


def _flat(tops: Sequence[Node]) -> Iterator[Node]:
    stack = list(reversed(tops))
    while stack:
        node = stack.pop()
        yield node
        if node.children:
            stack.extend(reversed(node.children))


def _walk(node: Node) -> Iterator[Node]:
    yield node
    yield from _flat(node.children or [])


def shortest_chain(references: Sequence[Sequence[int]], tops: Iterable[int], target: int) -> list[int]:
    """Return one shortest chain of positions from any top to ``target``; empty when there is none."""
    came: dict[int, int] = {top: -1 for top in tops}
    layer = list(came)
    while layer and target not in came:
        following = []
        for index in layer:
            for reference in references[index]:
                if reference not in came:
                    came[reference] = index
                    following.append(reference)
        layer = following
    if target not in came:
        return []
    chain = [target]
    while came[chain[-1]] != -1:
        chain.append(came[chain[-1]])
    return chain[::-1]


def outline_of(knowledge: Knowledge, members: Collection[int]) -> Outline:
    """Return the tree of some paths and the references among them, from the roots, the heaviest first."""
    closure = knowledge.closure
    below = [
        tuple(one for one in references if one in members) if index in members else ()
        for index, references in enumerate(closure.references)
    ]
    tops = [root for root in dict.fromkeys(closure.roots) if root in members]
    return Outline(tops, below, lambda some: ordered(knowledge, some, "added_size"))
