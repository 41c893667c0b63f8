"""What if these references, or these paths, were gone? Every size of what would be left."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from pyclosure.queries.answers.chains import Edge
from pyclosure.queries.answers.cuts import Saving, saving_of
from pyclosure.queries.answers.structure import Structure
from pyclosure.queries.graph.closure import Closure
from pyclosure.queries.graph.dominators import immediate_dominators, subtree_sums
from pyclosure.queries.graph.reach import reachable_sums
from pyclosure.queries.graph.sizes import Sizes, depths


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The closure after a set of cuts."""

    edges: frozenset[Edge]
    """References that were cut by choice."""
    dropped: frozenset[int]
    """Positions that nobody may reference any more."""
    followed: frozenset[Edge]
    """References of environments and wrappers that vanish by themselves, because nothing propagates the path."""
    saving: Saving
    """What leaves, exactly."""
    sizes: Sizes
    """Sizes of what is left; what left has an added and a closure size of 0."""


class Leaving(NamedTuple):
    """What leaves with a set of cuts."""

    edges: frozenset[Edge]
    dropped: frozenset[int]
    followed: frozenset[Edge]
    saving: Saving


def what_leaves(
    closure: Closure, structure: Structure, edges: Collection[Edge], dropped: Collection[int] = ()
) -> Leaving:
    """Return what leaves the closure after several cuts together: :func:`what_if` without sizes of what is left."""
    cut = frozenset(edges)
    gone = frozenset(dropped)
    structural = saving_of(structure.closure, cut, gone)
    lost = set(structural.paths)
    followed = frozenset(edge for edge in structure.follows if edge[1] in lost and edge[0] not in lost)
    return Leaving(cut, gone, followed, saving_of(closure, cut | followed, gone))


def what_if(closure: Closure, structure: Structure, edges: Collection[Edge], dropped: Collection[int] = ()) -> WhatIf:
    """Return the closure after several cuts together.

    Args:
        closure: the closure as it is.
        structure: which references follow from others; those go when nothing else leads to the path.
        edges: references to cut.
        dropped: positions to drop, whoever references them.
    """
    cut, gone, followed, saving = what_leaves(closure, structure, edges, dropped)
    left = closure.without(
        edge
        for index in range(len(closure))
        for edge in ((index, one) for one in closure.references[index])
        if edge in cut or edge in followed or edge[1] in gone
    )
    return WhatIf(cut, gone, followed, saving, _sizes(left, set(saving.paths)))


def _sizes(left: Closure, lost: set[int]) -> Sizes:
    weights = [0 if index in lost else size for index, size in enumerate(left.nar_sizes)]
    roots = [root for root in left.roots if root not in lost]
    members = left.requisites(roots)
    idom = immediate_dominators(left.references, roots, members)
    added = subtree_sums(idom, weights, members)
    sums = reachable_sums(left.references, weights)
    return Sizes(
        nar=left.nar_sizes,
        closure=tuple(0 if index in lost else one for index, one in enumerate(sums)),
        added=tuple(0 if index in lost else one for index, one in enumerate(added)),
        dominators=tuple(idom),
        depth=depths(left, roots),
        total=sum(weights),
    )
