"""Why is this path in the closure? Chains of references from a root, counted but never enumerated.

A real environment has 10^18 chains to its C library. One shortest chain answers most questions; the exact
number comes from a sum over the graph, and the references that *every* chain passes are those worth cutting.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import pairwise

from pyclosure.queries.graph.closure import Closure

Edge = tuple[int, int]
"""A reference: position of the referrer, position of what it references."""


@dataclass(frozen=True, slots=True)
class Why:
    """All ways from the roots to one path, folded."""

    target: int
    chain: tuple[int, ...]
    """One shortest chain of positions, from a root to the target."""
    chains: int
    """Exact number of different chains; may have dozens of digits."""
    must_pass: tuple[int, ...]
    """Positions on every chain, from the top, without the target."""
    must_pass_edges: tuple[Edge, ...]
    """References on every chain, from the top: dropping any one of them drops the target."""
    above: tuple[int, ...]
    """Position → number of ways from the roots down to it, of those that lead on to the target; 0 elsewhere."""
    below: tuple[int, ...]
    """Position → number of ways from it down to the target; 0 where there is none."""

    @property
    def members(self) -> frozenset[int]:
        """Positions on any chain, the target included."""
        return frozenset(index for index, ways in enumerate(self.below) if ways)

    def through(self, edge: Edge) -> int:
        """Return the number of chains through a reference of the closure; 0 when it lies on none."""
        return self.above[edge[0]] * self.below[edge[1]]


def why(closure: Closure, target: int) -> Why:
    """Say why a path is in the closure.

    Every path of a closure is reachable, so there is always a chain; for a root it is the root alone.
    Cost: two passes over the references, whose inner loops are Python's own.
    """
    count = len(closure)
    below = [0] * count
    below[target] = 1
    for index in range(target + 1, count):
        below[index] = sum(map(below.__getitem__, closure.references[index]))
    above = [0] * count
    for root in dict.fromkeys(closure.roots):
        above[root] += below[root] > 0
    for index in range(count - 1, target, -1):
        ways = above[index]
        if ways:
            for one in closure.references[index]:
                if below[one]:
                    above[one] += ways
    total = above[target]
    # on a DAG, what lies on all chains is met in the order of positions, from the top
    must_pass = tuple(
        index for index in range(count - 1, target, -1) if above[index] and above[index] * below[index] == total
    )
    # a reference on all chains leads from one path on all chains to the next
    edges = tuple(
        (index, one)
        for index, one in pairwise((*must_pass, target))
        if one in closure.references[index] and above[index] * below[one] == total
    )
    return Why(
        target=target,
        chain=_shortest(closure, target),
        chains=total,
        must_pass=must_pass,
        must_pass_edges=edges,
        above=tuple(above),
        below=tuple(below),
    )


def _shortest(closure: Closure, target: int) -> tuple[int, ...]:
    """Return the chain that :func:`chains_in_order` yields first."""
    count = len(closure)
    # nothing is further away than there are paths
    distance = [count] * count
    distance[target] = 0
    for index in range(target + 1, count):
        distance[index] = min(map(distance.__getitem__, closure.references[index]), default=count) + 1
    index = min(closure.roots, key=lambda root: (distance[root], -root))
    chain = [index]
    while index != target:
        index = max(one for one in closure.references[index] if distance[one] == distance[index] - 1)
        chain.append(index)
    return tuple(chain)


def chains_in_order(closure: Closure, target: int) -> Iterator[tuple[int, ...]]:
    """Yield all chains to a path, shortest first; take as many as are wanted, there may be 10^18.

    Among chains of one length, those through heavier referrers come first by position, so that the order is
    always the same.
    """
    distance = _distances(closure, target)
    heap: list[tuple[int, tuple[int, ...]]] = []
    for root in dict.fromkeys(closure.roots):
        if root in distance:
            heappush(heap, (distance[root], (-root,)))
    while heap:
        _, path = heappop(heap)
        index = -path[-1]
        if index == target:
            yield tuple(-one for one in path)
            continue
        for one in closure.references[index]:
            if one in distance:
                heappush(heap, (len(path) + distance[one], (*path, -one)))


def _distances(closure: Closure, target: int) -> dict[int, int]:
    """Return for everything above a path the fewest references down to it."""
    distance = {target: 0}
    layer = [target]
    while layer:
        following: list[int] = []
        for index in layer:
            for referrer in closure.referrers[index]:
                if referrer not in distance:
                    distance[referrer] = distance[index] + 1
                    following.append(referrer)
        layer = following
    return distance
