"""Paths that nothing needs at run time, and the references that bring them in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pyclosure.queries.answers.chains import Edge
from pyclosure.queries.answers.cuts import Saving
from pyclosure.queries.base.records import Certainty, Tier
from pyclosure.queries.base.verdicts import Proof
from pyclosure.queries.facts.carriers import carrier
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.wording import some

_LINKS = frozenset({"link", "member"})
_GATHERERS = frozenset({"python-env", "system"})


@dataclass(frozen=True, slots=True)
class Leak:
    """Leaked paths that the same referrers bring in, and what leaves when they let go."""

    targets: tuple[int, ...]
    """What they reference, the heaviest first."""
    edges: tuple[Edge, ...]
    """References from paths that are no leak themselves."""
    saving: Saving
    proofs: tuple[Proof, ...]
    remedies: tuple[str, ...]
    """How such references are dropped, by the files that hold them; empty when no file is known."""
    certainty: Certainty
    tier: Tier

    @property
    def referrers(self) -> tuple[int, ...]:
        """Who brings them in, without repetition."""
        return tuple(dict.fromkeys(index for index, _ in self.edges))


def leaks(context: Context, is_leak: Callable[[int], bool]) -> list[Leak]:
    """Return leaks, those that save most first.

    What only another leak references is its consequence. What a root environment's owner asked for, what a
    root links to, and what the policy wants is no leak; links that follow from propagation are not named.
    """
    targets = {index for index in range(len(context.closure)) if not context.is_wanted(index) and is_leak(index)}
    edges = [
        (index, one)
        for index, below in enumerate(context.structure.closure.references)
        if index not in targets and not is_leak(index)
        for one in below
        if one in targets
    ]
    # who was asked for stays, whoever else holds it
    asked = {one for index, one in edges if _is_asked_for(context, (index, one))}
    found = [_leak(context, group) for group in _components(edge for edge in edges if edge[1] not in asked)]
    return sorted(found, key=lambda leak: (-leak.saving.size, leak.edges))


def _is_asked_for(context: Context, edge: Edge) -> bool:
    if edge in context.wanted_members:
        return True
    index = edge[0]
    if index not in context.closure.roots or context.kind(index) == "interpreter":
        return False
    if context.kind(index) in _GATHERERS:
        return True
    # a farm of links was made to hold what it links to
    found = context.held(*edge).found
    return bool(found) and all(one.carrier in _LINKS for one in found)


def _components(edges: Iterable[Edge]) -> list[list[Edge]]:
    """Group references that share a referrer or a target, directly or through others."""
    import networkx as nx

    graph: nx.Graph[tuple[str, int]] = nx.Graph()
    graph.add_edges_from((("referrer", index), ("target", one)) for index, one in edges)
    return [
        sorted((index, one) for (_, index), (_, one) in map(_directed, graph.subgraph(group).edges))
        for group in nx.connected_components(graph)
    ]


def _directed(edge: tuple[tuple[str, int], tuple[str, int]]) -> tuple[tuple[str, int], tuple[str, int]]:
    return edge if edge[0][0] == "referrer" else (edge[1], edge[0])


def _leak(context: Context, edges: list[Edge]) -> Leak:
    # by names: digests, and with them positions, change with every rebuild
    edges = sorted(edges, key=lambda edge: [(context.label(index), index) for index in edge])
    targets = sorted({one for _, one in edges}, key=lambda index: (-context.added(index), context.label(index), index))
    proofs, remedies, seen = [], [], True
    for edge in edges:
        found = context.held(*edge).found
        seen = seen and bool(found)
        proofs += context.proofs(*edge)
        remedies += [carrier(found[0].carrier).remedy] if found else []
    kinds = [context.identity(index).kind for index in targets]
    by_name = any(kind.tier == "N" for kind in kinds)
    return Leak(
        targets=tuple(targets),
        edges=tuple(edges),
        saving=context.saving(edges),
        proofs=tuple(proofs),
        remedies=tuple(dict.fromkeys(remedies)),
        certainty="probable" if by_name else "certain",
        tier="N" if by_name else "F" if seen else "R",
    )


def assumption(context: Context, leak: Leak) -> tuple[str, ...]:
    """Return what the bytes take for granted, where an environment links to what would leave."""
    lost = set(leak.saving.paths)
    holders = {index for index, one in context.structure.follows if one in lost and index not in lost}
    if not holders:
        return ()
    names = some(context.label(index) for index in sorted(holders, reverse=True))
    return (f"The bytes assume that {names} holds it only because others propagate it.",)
