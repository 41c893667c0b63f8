"""Where tests would need what needs the tested package: circles that Nix cannot build, and how each was cut.

Nodes are distributions, by PEP 503 name. A base edge is a requirement at run time, a test edge one of tests. An
edge that the derivations have is realised; one that METADATA or the source asks for and no derivation has is where
the circle was cut. Names, not store paths: two builds of one distribution are one way to cut a circle.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

EdgeKind = Literal["base", "test"]


@dataclass(frozen=True, slots=True)
class NeedEdge:
    """One distribution needs another."""

    by: str
    needs: str
    kind: EdgeKind
    realised: bool
    """Whether a derivation has it."""
    how: str = ""
    """Of an edge that none has: why not, in words."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """A shortest circle through a test edge."""

    edges: tuple[NeedEdge, ...]
    """The first is where it is cut; each begins where the one before ends."""
    how: str
    """How it was cut, in words."""
    certain: bool = True
    """Whether the cut edge is what METADATA or the source asks for; else only two builds show it."""

    @property
    def members(self) -> tuple[str, ...]:
        """The distributions on it, beginning with the one whose tests were cut."""
        return tuple(edge.by for edge in self.edges)


def cycles(edges: Iterable[NeedEdge], builds: Mapping[str, int]) -> tuple[Cycle, ...]:
    """Return a shortest circle for every test edge that is part of one, the shortest first.

    Circles of base edges alone are somebody else's question. A circle whose edges are all realised can only be
    where one of its members was built more than once.

    Args:
        edges: base and test edges; of several between the same two, a realised one counts.
        builds: name → how many derivations build it.
    """
    import networkx as nx

    best: dict[tuple[str, str], NeedEdge] = {}
    for edge in edges:
        key = edge.by, edge.needs
        if edge.by != edge.needs and (key not in best or _rank(edge) > _rank(best[key])):
            best[key] = edge
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_edges_from(best)
    found: dict[frozenset[str], Cycle] = {}
    for group in nx.strongly_connected_components(graph):
        if len(group) < 2:
            continue
        below = {one: sorted(other for other in graph.successors(one) if other in group) for one in sorted(group)}
        for edge in (best[one, other] for one in below for other in below[one]):
            if edge.kind == "test":
                circle = _cycle(edge, best, below, builds)
                if circle is not None:
                    known = found.get(frozenset(circle.members))
                    if known is None or (known.edges[0].realised and not edge.realised):
                        found[frozenset(circle.members)] = circle
    return tuple(sorted(found.values(), key=lambda one: (len(one.edges), one.edges[0].realised, one.members)))


def _rank(edge: NeedEdge) -> tuple[bool, bool]:
    return edge.realised, edge.kind == "base"


def _cycle(
    edge: NeedEdge, best: Mapping[tuple[str, str], NeedEdge], below: Mapping[str, list[str]], builds: Mapping[str, int]
) -> Cycle | None:
    back = _way(edge.needs, edge.by, best, below, realised=True)
    if edge.realised:
        if back is None:
            return None
        twice = [one.by for one in (edge, *back) if builds.get(one.by, 0) > 1]
        if not twice:
            return None
        return Cycle((edge, *back), f"{', '.join(twice)}: built more than once", certain=False)
    # what comes back may be only asked for, too: then it is cut in more than one place
    back = back or _way(edge.needs, edge.by, best, below, realised=False)
    return None if back is None else Cycle((edge, *back), edge.how)


def _way(
    start: str,
    end: str,
    best: Mapping[tuple[str, str], NeedEdge],
    below: Mapping[str, list[str]],
    *,
    realised: bool,
) -> list[NeedEdge] | None:
    """Return the edges of a shortest way; None when there is none."""
    came: dict[str, str] = {start: ""}
    queue = deque([start])
    while queue and end not in came:
        at = queue.popleft()
        for one in below[at]:
            if one not in came and (not realised or best[at, one].realised):
                came[one] = at
                queue.append(one)
    if end not in came:
        return None
    way = [end]
    while way[-1] != start:
        way.append(came[way[-1]])
    way.reverse()
    return [best[one, other] for one, other in pairwise(way)]
