"""Immediate dominators of a closure, under a virtual root above all roots.

A path *x* dominates *y* when every way from a root to *y* passes *x*. What *x* dominates is exactly what
would leave the closure with *x*, which is what "added size" sums.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

ROOT = -1
"""Stands for the virtual root in the result."""


def immediate_dominators(
    references: Sequence[Sequence[int]], roots: Iterable[int], members: Sequence[int] | None = None
) -> list[int]:
    """Return position → position of the immediate dominator, or :data:`ROOT`.

    Positions must be ordered references-first, which makes one pass exact on a DAG: when a path is met,
    all its referrers have been met before. The result for positions outside ``members`` means nothing.

    Args:
        references: position → smaller positions.
        roots: where ways begin; each hangs directly below the virtual root.
        members: positions to walk, references first; all of them by default.
    """
    top = len(references)
    idom = [-1] * (top + 1)
    idom[top] = top
    for root in roots:
        idom[root] = top
    walk = range(top - 1, -1, -1) if members is None else reversed(members)
    for index in walk:
        for reference in references[index]:
            known = idom[reference]
            if known < 0:
                idom[reference] = index
            elif known != top:
                one, other = index, known
                while one != other:
                    if one < other:
                        one = idom[one]
                    else:
                        other = idom[other]
                idom[reference] = one
    return [ROOT if one == top else one for one in idom[:top]]


def subtree_sums(idom: Sequence[int], weights: Sequence[int], members: Sequence[int] | None = None) -> list[int]:
    """Return position → sum of the weights of all that it dominates, itself included."""
    sums = list(weights)
    for index in range(len(sums)) if members is None else members:
        above = idom[index]
        if above != ROOT:
            sums[above] += sums[index]
    return sums
