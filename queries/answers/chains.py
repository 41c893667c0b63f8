"""Why is this path in the closure? Chains of references from a root, counted but never enumerated.

A real environment has 10^18 chains to its C library. One shortest chain answers most questions; the exact
number comes from a sum over the graph, and the references that *every* chain passes are those worth cutting.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush

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
    members: frozenset[int]
    """Positions on any chain, the target included."""
    ways: dict[Edge, int]
    """Number of chains through each reference that lies on any."""


def why(closure: Closure, target: int) -> Why:
    """Say why a path is in the closure.

    Every path of a closure is reachable, so there is always a chain; for a root it is the root alone.
    Cost: one pass over the references above the target.
    """
    members = closure.dependants((target,))
    order = sorted(members)
    inside = {at: [one for one in closure.references[at] if one in members] for at in order if at != target}
    down: dict[int, int] = {target: 1}
    for at, below in inside.items():
        down[at] = sum(map(down.__getitem__, below))
    up: dict[int, int] = dict.fromkeys(order, 0)
    for root in set(closure.roots) & members:
        up[root] += 1
    ways: dict[Edge, int] = {}
    for at in reversed(order):
        if at != target:
            above = up[at]
            for one in inside[at]:
                up[one] += above
                ways[at, one] = above * down[one]
    total = up[target]
    # on a DAG, what lies on all chains is met in the order of positions, from the top
    must_pass = tuple(at for at in reversed(order) if at != target and up[at] * down[at] == total)
    edges = sorted((edge for edge, count in ways.items() if count == total), key=lambda edge: -edge[0])
    return Why(
        target=target,
        chain=next(chains_in_order(closure, target)),
        chains=total,
        must_pass=must_pass,
        must_pass_edges=tuple(edges),
        members=frozenset(members),
        ways=ways,
    )


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
        at = -path[-1]
        if at == target:
            yield tuple(-one for one in path)
            continue
        for one in closure.references[at]:
            if one in distance:
                heappush(heap, (len(path) + distance[one], (*path, -one)))


def _distances(closure: Closure, target: int) -> dict[int, int]:
    """Return for everything above a path the fewest references down to it."""
    distance = {target: 0}
    layer = [target]
    while layer:
        following: list[int] = []
        for at in layer:
            for referrer in closure.referrers[at]:
                if referrer not in distance:
                    distance[referrer] = distance[at] + 1
                    following.append(referrer)
        layer = following
    return distance
