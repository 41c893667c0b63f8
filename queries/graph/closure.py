"""A closure: store paths and their references, frozen.

Inside, a path is a position (an int), and positions are ordered so that references come before their
referrers: every whole-graph pass is then one plain loop. For exports, libraries and tests there is
:attr:`Closure.graph`, a frozen networkx ``DiGraph`` whose edges run from a path to its references.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.names import name_of
from pyclosure.queries.base.records import ClosureRecords, PathInfo

if TYPE_CHECKING:
    import networkx as nx

MOST_PATHS = 150_000
"""Paths of a closure; the sets that sizes are worked out with take the square of it in bits, at worst."""
_SHOWN_OF_A_CYCLE = 4


class Closure:
    """Store paths, references and roots of one closure.

    Self-references are not edges; :attr:`self_references` keeps them. Unreachable paths (a dump may hold
    some) are dropped, so that every path has a depth.

    Raises:
        BadInput: the references form a cycle or lead out of the closure, which no Nix store allows, or there are
            more than :data:`MOST_PATHS`.
    """

    def __init__(self, records: ClosureRecords) -> None:
        self.records = records
        by_path = {info.path: info for info in records.paths}
        missing = next((root for root in records.roots if root not in by_path), None)
        if missing is not None or not records.roots:
            raise BadInput(f"the closure does not hold its own root {missing or '(none was named)'}")
        order = _references_first(records.roots, by_path)
        if len(order) > MOST_PATHS:
            raise BadInput(
                f"the closure has {len(order):,} paths, and sizes are worked out for {MOST_PATHS:,} at most",
                hint="name fewer roots",
            )
        self.infos: tuple[PathInfo, ...] = tuple(by_path[path] for path in order)
        """One record a position, references before referrers."""
        self.position: dict[str, int] = {path: index for index, path in enumerate(order)}
        """Store path → position."""
        self.references: tuple[tuple[int, ...], ...] = tuple(
            tuple(self.position[reference] for reference in info.references) for info in self.infos
        )
        """Position → positions it references, all of them smaller."""
        self.roots: tuple[int, ...] = tuple(self.position[root] for root in records.roots)
        self.self_references: frozenset[int] = frozenset(
            index for index, info in enumerate(self.infos) if info.self_reference
        )

    def __len__(self) -> int:
        return len(self.infos)

    @property
    def store_dir(self) -> str:
        """The directory that all paths lie in."""
        return self.records.store_dir

    @cached_property
    def referrers(self) -> tuple[tuple[int, ...], ...]:
        """Position → positions that reference it, without itself, in order."""
        lists: list[list[int]] = [[] for _ in self.infos]
        for index, references in enumerate(self.references):
            for reference in references:
                lists[reference].append(index)
        return tuple(tuple(one) for one in lists)

    @cached_property
    def nar_sizes(self) -> tuple[int, ...]:
        """Position → NAR size in bytes."""
        return tuple(info.nar_size for info in self.infos)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Position → name, without directory and digest."""
        start = len(self.store_dir.rstrip("/")) + len("/") + 32 + len("-")
        return tuple([info.path[start:] for info in self.infos])

    @cached_property
    def name_ranks(self) -> tuple[int, ...]:
        """Position → place in the order by name in any case, then path; makes every other order stable and cheap."""
        keys = [(name.lower(), info.path) for name, info in zip(self.names, self.infos, strict=True)]
        order = sorted(range(len(keys)), key=keys.__getitem__)
        ranks = [0] * len(keys)
        for rank, index in enumerate(order):
            ranks[index] = rank
        return tuple(ranks)

    def path(self, index: int) -> str:
        """Return the store path at a position."""
        return self.infos[index].path

    def name(self, index: int) -> str:
        """Return the name of the store path at a position, without directory and digest."""
        return self.names[index]

    def requisites(self, roots: Iterable[int]) -> list[int]:
        """Return the positions reachable from ``roots``, themselves included, references first."""
        wanted = bytearray(len(self))
        for root in roots:
            wanted[root] = 1
        for index in range(len(self) - 1, -1, -1):
            if wanted[index]:
                for reference in self.references[index]:
                    wanted[reference] = 1
        return [index for index, flag in enumerate(wanted) if flag]

    def without(self, edges: Iterable[tuple[int, int]]) -> Closure:
        """Return the same paths at the same positions, with some references left out.

        What no root reaches any more stays as a position; :meth:`requisites` of the roots tells what is left.
        """
        cut = frozenset(edges)
        other = copy(self)
        for name in ("referrers", "graph", "nar_sizes", "name_ranks"):
            other.__dict__.pop(name, None)
        other.references = tuple(
            tuple(one for one in below if (index, one) not in cut) for index, below in enumerate(self.references)
        )
        return other

    def dependants(self, targets: Iterable[int]) -> set[int]:
        """Return the positions from which any of ``targets`` is reachable, themselves included."""
        found = set(targets)
        stack = list(found)
        while stack:
            for index in self.referrers[stack.pop()]:
                if index not in found:
                    found.add(index)
                    stack.append(index)
        return found

    @cached_property
    def graph(self) -> nx.DiGraph[str]:
        """The closure as a frozen networkx graph.

        Nodes are store paths with ``nar_size`` (bytes), ``name`` and ``deriver`` (None when unknown); edges
        run from a path to each of its references, self-references left out; ``graph.graph`` holds ``roots``,
        ``store_dir`` and ``self_references``.
        """
        import networkx as nx

        graph: nx.DiGraph[str] = nx.DiGraph(
            roots=self.records.roots,
            store_dir=self.store_dir,
            self_references=tuple(self.path(index) for index in sorted(self.self_references)),
        )
        for info in self.infos:
            graph.add_node(info.path, nar_size=info.nar_size, name=name_of(info.path), deriver=info.deriver)
        for info in self.infos:
            graph.add_edges_from((info.path, reference) for reference in info.references)
        nx.freeze(graph)
        return graph


def _references_first(roots: Sequence[str], by_path: dict[str, PathInfo]) -> list[str]:
    """Return the reachable paths, references before referrers; depth is no problem, cycles are."""
    order: list[str] = []
    done: dict[str, bool] = {}
    for root in roots:
        if root in done:
            continue
        done[root] = False
        stack = [(root, iter(by_path[root].references))]
        while stack:
            path, rest = stack[-1]
            for reference in rest:
                state = done.get(reference)
                if state is None:
                    if reference not in by_path:
                        raise BadInput(
                            f"the closure is not whole: {name_of(path)} references {reference}, which is missing",
                            hint="read it again; a dump needs -r",
                        )
                    done[reference] = False
                    stack.append((reference, iter(by_path[reference].references)))
                    break
                if state is False:
                    raise _cycle([one for one, _ in stack], reference)
            else:
                done[path] = True
                order.append(path)
                stack.pop()
    return order


def _cycle(stack: list[str], again: str) -> BadInput:
    members = [name_of(path) for path in stack[stack.index(again) :]]
    shown = members[:_SHOWN_OF_A_CYCLE]
    if len(members) > _SHOWN_OF_A_CYCLE:
        shown.append(f"… {len(members) - _SHOWN_OF_A_CYCLE} more …")
    return BadInput(
        f"the references form a cycle, which no Nix store allows: {' → '.join([*shown, name_of(again)])}",
        hint="the data is damaged or was edited; read it from the store again",
    )
