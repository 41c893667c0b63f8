"""Where tests would need what needs the tested package: circles that Nix cannot build, and how each was cut.

Nodes are distributions, by PEP 503 name. A base edge is a requirement at run time, a test edge one of tests. An
edge that the derivations have is realised; one that METADATA or the source asks for and no derivation has is where
the circle was cut. Names, not store paths: two builds of one distribution are one way to cut a circle.
"""

from __future__ import annotations

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
        twice = any(builds.get(one, 0) > 1 for one in group)
        ways = _Ways({one: sorted(other for other in graph.successors(one) if other in group) for one in group}, best)
        for needs in sorted(group):
            # one walk serves all edges that end here; nothing of it is kept
            ways.begin(needs)
            for by in sorted(one for one in graph.predecessors(needs) if one in group):
                edge = best[by, needs]
                # a circle that is realised throughout can only be where something was built twice
                if edge.kind == "test" and (twice or not edge.realised):
                    circle = _cycle(edge, ways, builds)
                    if circle is not None:
                        members = frozenset(circle.members)
                        found[members] = min(circle, found.get(members, circle), key=_telling)
    return tuple(sorted(found.values(), key=lambda one: (len(one.edges), one.edges[0].realised, one.members)))


def _telling(circle: Cycle) -> tuple[bool, tuple[str, ...]]:
    """Order descriptions of one circle: where it is cut says most."""
    return circle.edges[0].realised, circle.members


def _rank(edge: NeedEdge) -> tuple[bool, bool]:
    return edge.realised, edge.kind == "base"


def _cycle(edge: NeedEdge, ways: _Ways, builds: Mapping[str, int]) -> Cycle | None:
    back = ways.to(edge.by, realised=True)
    if edge.realised:
        twice = [one.by for one in (edge, *back) if builds.get(one.by, 0) > 1] if back is not None else []
        if back is None or not twice:
            return None
        return Cycle((edge, *back), f"{', '.join(twice)}: built more than once", certain=False)
    # what comes back may be only asked for, too: then it is cut in more than one place
    back = back or ways.to(edge.by, realised=False)
    return None if back is None else Cycle((edge, *back), edge.how)


class _Ways:
    """Shortest ways from one distribution to all others of a group."""

    def __init__(self, below: Mapping[str, list[str]], best: Mapping[tuple[str, str], NeedEdge]) -> None:
        self._best = best
        self._below = {
            False: below,
            True: {one: [other for other in some if best[one, other].realised] for one, some in below.items()},
        }
        self._start = ""
        self._came: dict[bool, dict[str, str]] = {}

    def begin(self, start: str) -> None:
        """Forget the ways from elsewhere."""
        self._start, self._came = start, {}

    def to(self, end: str, *, realised: bool) -> list[NeedEdge] | None:
        """Return the edges of a shortest way; None when there is none, or none of realised edges alone."""
        if realised not in self._came:
            self._came[realised] = self._walk(realised)
        came = self._came[realised]
        if end not in came:
            return None
        way = [end]
        while way[-1] != self._start:
            way.append(came[way[-1]])
        way.reverse()
        return [self._best[one, other] for one, other in pairwise(way)]

    def _walk(self, realised: bool) -> dict[str, str]:
        below = self._below[realised]
        came = {self._start: ""}
        queue = [self._start]
        for index in queue:
            for one in below[index]:
                if one not in came:
                    came[one] = index
                    queue.append(one)
        return came
