"""How large is each path, with what it needs, and what would leave with it?"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pyclosure.queries.base.activity import SILENT, Activity
from pyclosure.queries.graph.closure import Closure
from pyclosure.queries.graph.dominators import immediate_dominators, subtree_sums
from pyclosure.queries.graph.reach import reachable_sums


@dataclass(frozen=True, slots=True)
class Sizes:
    """Exact sizes of every path of a closure, in bytes, by position.

    They are sums of NAR sizes: neither disk usage (hard links, compression) nor image or download size.
    """

    nar: tuple[int, ...]
    closure: tuple[int, ...] | None
    """The path with everything it needs, equal to ``nix path-info -S``; None while still being worked out."""
    added: tuple[int, ...]
    """What would leave the closure of all roots without the path: the NAR sizes of its dominator subtree."""
    dominators: tuple[int, ...]
    """Immediate dominator, -1 for none but the virtual root above all roots."""
    depth: tuple[int, ...]
    """Fewest references between a root and the path; 0 for roots."""
    total: int
    """Closure size of all roots together."""


def added_sizes(closure: Closure) -> Sizes:
    """Answer all but closure sizes: fast enough to come before the first frame with data."""
    idom = immediate_dominators(closure.references, closure.roots)
    return Sizes(
        nar=closure.nar_sizes,
        closure=None,
        added=tuple(subtree_sums(idom, closure.nar_sizes)),
        dominators=tuple(idom),
        depth=depths(closure),
        total=sum(closure.nar_sizes),
    )


def with_closure_sizes(sizes: Sizes, closure: Closure, activity: Activity = SILENT) -> Sizes:
    """Return the same sizes with all closure sizes worked out."""
    sums = reachable_sums(closure.references, sizes.nar, activity.check)
    return Sizes(sizes.nar, tuple(sums), sizes.added, sizes.dominators, sizes.depth, sizes.total)


def all_sizes(closure: Closure, activity: Activity = SILENT) -> Sizes:
    """Return all sizes of all paths.

    >>> from pyclosure.queries.demo import four_paths
    >>> sizes = all_sizes(four_paths())   # app → lib → libc, app → data; sizes 1, 10, 100, 1000
    >>> sizes.total
    1111
    >>> sorted(sizes.closure), sorted(sizes.added)
    ([100, 110, 1000, 1111], [100, 110, 1000, 1111])
    """
    return with_closure_sizes(added_sizes(closure), closure, activity)


def depths(closure: Closure, roots: Collection[int] | None = None) -> tuple[int, ...]:
    """Return the fewest references between a root and each path; what no root reaches has the number of paths."""
    depth = [len(closure)] * len(closure)
    layer: Sequence[int] = sorted(set(closure.roots if roots is None else roots))
    for root in layer:
        depth[root] = 0
    distance = 0
    while layer:
        distance += 1
        found: list[int] = []
        for index in layer:
            for reference in closure.references[index]:
                if depth[reference] > distance:
                    depth[reference] = distance
                    found.append(reference)
        layer = found
    return tuple(depth)


def added_within(closure: Closure, referrer: int) -> dict[int, int]:
    """Say what would leave the closure *of one path* without each of its requisites.

    The same question as :attr:`Sizes.added`, asked as if ``referrer`` were the only root: what its other
    users share counts here too. Returns position → bytes for every requisite, ``referrer`` included.
    """
    members = closure.requisites((referrer,))
    idom = immediate_dominators(closure.references, (referrer,), members)
    sums = subtree_sums(idom, closure.nar_sizes, members)
    return {index: sums[index] for index in members}
