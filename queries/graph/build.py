"""The build graph: derivations and the inputs they are built from, apart from references between outputs.

Rebuild rules: any change to a derivation changes all of its outputs and those of everything built with it,
whichever output an edge names. A fixed-output derivation stops that: its path follows from its content.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.names import name_of
from pyclosure.queries.base.records import Derivation

if TYPE_CHECKING:
    import networkx as nx

_BLOCK = 8192
"""Bits of one pass: enough to make passes few, and few enough for 100,000 of them in memory."""

BuildEdge = tuple[int, int]
"""A derivation and one of its inputs, as positions."""


class BuildGraph:
    """Derivations at positions such that inputs come before what is built with them.

    Args:
        derivations: by their full ``.drv`` path. Inputs that are not among them are left out of the graph.

    Raises:
        BadInput: the inputs form a circle, which no Nix store allows.
    """

    def __init__(self, derivations: Mapping[str, Derivation]) -> None:
        inputs = {
            path: [one for one in drv.input_derivations if one in derivations] for path, drv in derivations.items()
        }
        try:
            order = tuple(TopologicalSorter(inputs).static_order())
        except CycleError as error:
            raise BadInput(
                f"the inputs of derivations form a circle: {' → '.join(map(name_of, error.args[1][:-7:-1]))}",
                hint="the data is damaged or was edited; read it from the store again",
            ) from None
        self.paths = order
        self.position = {path: index for index, path in enumerate(order)}
        self.derivations = tuple(derivations[path] for path in order)
        self.inputs = tuple(tuple(sorted(self.position[one] for one in inputs[path])) for path in order)
        """Position → positions of the derivations it is built from."""
        self.fixed = tuple(drv.fixed for drv in self.derivations)
        """Position → whether the content of its output is known beforehand."""
        self.missing = frozenset(
            one for drv in self.derivations for one in drv.input_derivations if one not in self.position
        )
        """Inputs that nobody could read: what is below them is not known."""

    def __len__(self) -> int:
        return len(self.paths)

    @cached_property
    def users(self) -> tuple[tuple[int, ...], ...]:
        """Position → positions of what is built with it directly."""
        found: list[list[int]] = [[] for _ in self.paths]
        for index, below in enumerate(self.inputs):
            for one in below:
                found[one].append(index)
        return tuple(map(tuple, found))

    @cached_property
    def by_output(self) -> Mapping[str, tuple[int, str]]:
        """Output path → position of its derivation, and the output's name."""
        return {
            output.path: (index, name)
            for index, drv in enumerate(self.derivations)
            for name, output in drv.outputs.items()
            if output.path
        }

    def builder_of(self, path: str, deriver: str | None) -> int | None:
        """Return what built an output path: by the graph itself, else by what a store recorded; None when unknown."""
        known = self.by_output.get(path)
        return known[0] if known is not None else self.position.get(deriver or "")

    def rebuilt(self, seeds: Iterable[int], without: Collection[BuildEdge] = ()) -> set[int]:
        """Return what is built anew when some derivations change, those included.

        Args:
            seeds: positions of what changes.
            without: edges (user, input) that are taken away.
        """
        found = set(seeds)
        stack = list(found)
        while stack:
            index = stack.pop()
            for user in self.users[index]:
                if user not in found and not self.fixed[user] and (not without or (user, index) not in without):
                    found.add(user)
                    stack.append(user)
        return found

    def build_closure(self, roots: Iterable[int], without: Collection[BuildEdge] = ()) -> set[int]:
        """Return all that some derivations are built from, themselves included; edges may be taken away."""
        found = set(roots)
        stack = list(found)
        while stack:
            index = stack.pop()
            for one in self.inputs[index]:
                if one not in found and (not without or (index, one) not in without):
                    found.add(one)
                    stack.append(one)
        return found

    def user_blocks(self, without: Collection[BuildEdge] = ()) -> Iterator[tuple[int, list[int]]]:
        """Yield what is built anew when a derivation changes, for all of them at once, some thousand bits at a time.

        Pairs of the first position of a block and, for each derivation, a bitset of the positions from there on
        that are built anew with it, itself left out. All counts of 100,000 derivations take seconds so, where
        walks from each of them would take hours.
        """
        for start in range(0, len(self), _BLOCK):
            found = [0] * len(self)
            for index in range(len(self) - 1, -1, -1):
                bits = 0
                for user in self.users[index]:
                    if not self.fixed[user] and (not without or (user, index) not in without):
                        bits |= found[user]
                        if 0 <= user - start < _BLOCK:
                            bits |= 1 << user - start
                found[index] = bits
            yield start, found

    def input_blocks(self) -> Iterator[tuple[int, list[int]]]:
        """Yield what a derivation is built from, itself included, for all of them at once, as :meth:`user_blocks`."""
        for start in range(0, len(self), _BLOCK):
            found: list[int] = []
            for index, below in enumerate(self.inputs):
                bits = 1 << index - start if 0 <= index - start < _BLOCK else 0
                for one in below:
                    bits |= found[one]
                found.append(bits)
            yield start, found

    def rebuild_counts(self, without: Collection[BuildEdge] = ()) -> list[int]:
        """Return position → how many derivations are built anew when it changes, itself not counted."""
        counts = [0] * len(self)
        for _, found in self.user_blocks(without):
            counts = [count + bits.bit_count() for count, bits in zip(counts, found, strict=True)]
        return counts

    @cached_property
    def graph(self) -> nx.DiGraph[str]:
        """The same as a frozen networkx graph: ``.drv`` → ``.drv`` it is built from, with the outputs it uses."""
        import networkx as nx

        graph: nx.DiGraph[str] = nx.DiGraph()
        for index, drv in enumerate(self.derivations):
            graph.add_node(drv.path, name=drv.name, system=drv.system, fixed=self.fixed[index])
        for index, below in enumerate(self.inputs):
            drv = self.derivations[index]
            for one in below:
                graph.add_edge(drv.path, self.paths[one], outputs=drv.input_derivations[self.paths[one]])
        nx.freeze(graph)
        return graph
