"""Which references are somebody's choice, and which only follow from others?

An environment links to everything its members need, and a wrapped program lists all of it: these references
vanish by themselves once nobody propagates the path any more. A plan that names them would be wrong advice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from pyclosure.queries.answers.chains import Edge
from pyclosure.queries.graph.closure import Closure
from pyclosure.queries.opened.knowledge import Knowledge

_GATHERERS = frozenset({"python-env", "python-app", "python-package"})


@dataclass(frozen=True, slots=True)
class Structure:
    """A closure's references, sorted into choices and consequences."""

    closure: Closure
    """The same paths at the same positions, without the references that follow from others."""
    follows: frozenset[Edge]
    """References that are there only because something else propagates the path."""
    wanted: frozenset[Edge]
    """References from a root environment to the members that nobody else propagates: asked for by its owner."""
    reason: str = ""
    """Why nothing could be sorted; empty when files were read."""


def structure(knowledge: Knowledge, keep: Collection[int] = ()) -> Structure:
    """Sort the references of a closure.

    Args:
        knowledge: the open closure; the sorting needs ``nix-support/propagated-build-inputs`` of its files.
        keep: positions that are wanted besides an environment's own members.
    """
    closure = knowledge.closure
    if not knowledge.files:
        wanted = _wanted(knowledge, closure, keep)
        return Structure(closure, frozenset(), wanted, knowledge.files_state.reason or "files were not read")
    propagated = _propagated(knowledge)
    reach = _transitive(propagated)
    follows: set[Edge] = set()
    for index, below in enumerate(closure.references):
        if knowledge.identity(index).kind.value not in _GATHERERS:
            continue
        declared = propagated[index]
        brought = 0
        for one in declared or below:
            brought |= reach[one]
        for one in below:
            chosen = one in declared or knowledge.identity(one).kind.value == "interpreter"
            if brought >> one & 1 and not chosen:
                follows.add((index, one))
    structural = closure.without(follows)
    return Structure(structural, frozenset(follows), _wanted(knowledge, structural, keep))


def _wanted(knowledge: Knowledge, closure: Closure, keep: Collection[int]) -> frozenset[Edge]:
    edges: set[Edge] = set()
    for root in closure.roots:
        if knowledge.identity(root).kind.value == "python-env":
            edges.update((root, one) for one in closure.references[root] if _is_member(knowledge, one))
    for index, below in enumerate(closure.references):
        edges.update((index, one) for one in below if one in keep)
    return frozenset(edges)


def _is_member(knowledge: Knowledge, index: int) -> bool:
    identity = knowledge.identity(index)
    return identity.kind.value in ("python-package", "python-app", "interpreter") or identity.distributions > 0


def _propagated(knowledge: Knowledge) -> list[frozenset[int]]:
    """Return position → positions that its files propagate; those of a dev output count for its package too."""
    closure = knowledge.closure
    found: list[frozenset[int]] = []
    for info in closure.infos:
        facts = knowledge.files.get(info.path)
        paths: Iterable[str] = facts.propagated if facts else ()
        found.append(frozenset(closure.position[path] for path in paths if path in closure.position))
    return found


def _transitive(propagated: list[frozenset[int]]) -> list[int]:
    """Return position → bitset of all that it propagates, directly or not; references come first, so one pass does."""
    reach: list[int] = []
    for index, below in enumerate(propagated):
        bits = 0
        for one in below:
            if one < index:
                bits |= reach[one] | 1 << one
        reach.append(bits)
    return reach
