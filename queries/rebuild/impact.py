"""What is built anew when some derivations change?

Any change of a derivation changes all of its outputs and all that is built with it, whichever output an edge
names; a fixed-output derivation stops that, because its path follows from its content. Content-addressed outputs
may come out as before, so that their users need not be built: every count is then an upper bound.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from pyclosure.queries.graph.build import BuildEdge, BuildGraph
from pyclosure.queries.graph.closure import Closure
from pyclosure.queries.kinds.by_derivation import is_python_build

Reason = Literal["touched", "runtime", "build", "test"]
"""It is what changes; its outputs need what changes when they run; it is built with it; only its tests lead there."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step on the way from something rebuilt to what changes."""

    derivation: int
    """Position of what is built."""
    input: int
    """Position of what it is built with."""
    test: bool
    """Whether only its tests need that input."""


@dataclass(frozen=True)
class Impact:
    """What touching some derivations rebuilds."""

    graph: BuildGraph
    seeds: tuple[int, ...]
    """Positions of what changes."""
    rebuilt: frozenset[int]
    """Positions of all that is built anew, seeds included."""
    tests: frozenset[BuildEdge]
    """Edges that only tests need."""
    without_tests: frozenset[int]
    """What would be built anew if no package had its tests in its own build."""
    closure: Closure | None = None
    """The runtime closure that was built; None when it is not known."""
    ignored: frozenset[BuildEdge] = frozenset()
    """Edges that do not count; those of tests, when it is asked what would be without them."""

    @property
    def derivations(self) -> int:
        """How many derivations are built anew because of the seeds, those left out."""
        return len(self.rebuilt) - len(set(self.seeds))

    @cached_property
    def outputs(self) -> int:
        """How many outputs that makes, those of the seeds included."""
        return sum(len(self.graph.derivations[index].outputs) for index in self.rebuilt)

    @cached_property
    def python(self) -> int:
        """How many of :attr:`rebuilt` are Python packages or applications."""
        return sum(is_python_build(self.graph.derivations[index]) for index in self.rebuilt)

    @cached_property
    def upper_bound(self) -> bool:
        """Whether it may be fewer: an output that is addressed by its content can come out as before."""
        outputs = (output for index in self.rebuilt for output in self.graph.derivations[index].outputs.values())
        return any(output.path is None and not output.hash for output in outputs)

    @cached_property
    def reasons(self) -> Mapping[int, Reason]:
        """Position → why it is built anew."""
        running = self._running()
        found: dict[int, Reason] = {}
        for index in self.rebuilt:
            if index in self.seeds:
                found[index] = "touched"
            elif index in running:
                found[index] = "runtime"
            else:
                found[index] = "build" if index in self.without_tests else "test"
        return found

    def count(self, reason: Reason) -> int:
        """Return how many are built anew for a reason."""
        return Counter(self.reasons.values())[reason]

    @cached_property
    def paths(self) -> tuple[int, ...]:
        """Positions in the closure of the paths that have to be fetched again; empty when there is no closure."""
        if self.closure is None:
            return ()
        return tuple(index for index, drv in self._derivers.items() if drv in self.rebuilt)

    @property
    def nar_size(self) -> int | None:
        """Bytes of NARs that users fetch again; None when there is no closure."""
        return sum(self.closure.nar_sizes[index] for index in self.paths) if self.closure is not None else None

    @cached_property
    def _derivers(self) -> Mapping[int, int]:
        """Position in the closure → position of its derivation."""
        infos = self.closure.infos if self.closure is not None else ()
        found = ((index, self.graph.builder_of(info.path, info.deriver)) for index, info in enumerate(infos))
        return {index: drv for index, drv in found if drv is not None}

    def _running(self) -> set[int]:
        """Return derivations of the closure with a path that reaches an output of a seed by references."""
        return self._held.keys() & self.rebuilt

    # -- ways --------------------------------------------------------------------------------------------

    @cached_property
    def _came(self) -> dict[int, int]:
        """Position → what it is built with on a shortest way to a seed; -1 for seeds. Ways without tests first."""
        came = dict.fromkeys(self.seeds, -1)
        for wanted, without in ((self.without_tests, self.tests), (self.rebuilt, frozenset[BuildEdge]())):
            queue = deque(sorted(came, key=self._depth_of(came).__getitem__))
            while queue:
                index = queue.popleft()
                for user in self.graph.users[index]:
                    if (
                        user in wanted
                        and user not in came
                        and not self.graph.fixed[user]
                        and (user, index) not in without
                    ):
                        came[user] = index
                        queue.append(user)
        return came

    @staticmethod
    def _depth_of(came: Mapping[int, int]) -> dict[int, int]:
        depth: dict[int, int] = {}
        for index in came:
            below = came[index]
            depth[index] = 0 if below == -1 else depth[below] + 1
        return depth

    def way(self, index: int) -> tuple[Step, ...]:
        """Return a shortest way from something rebuilt to what changes, without tests where there is one."""
        found = []
        while self._came[index] != -1:
            below = self._came[index]
            found.append(Step(index, below, (index, below) in self.tests))
            index = below
        return tuple(found)

    @cached_property
    def _next(self) -> Mapping[int, int]:
        """Position in the closure → the reference that leads on to a path of a seed by a shortest way; -1 there."""
        if self.closure is None:
            return {}
        found = {index: -1 for index, drv in sorted(self._derivers.items()) if drv in self.seeds}
        queue = deque(found)
        while queue:
            index = queue.popleft()
            for referrer in self.closure.referrers[index]:
                if referrer not in found:
                    found[referrer] = index
                    queue.append(referrer)
        return found

    @cached_property
    def _held(self) -> Mapping[int, int]:
        """Position of a derivation → the position in the closure of its output that is nearest to a seed."""
        found: dict[int, int] = {}
        derivers = self._derivers
        # nearest first, because the walk was in that order
        for index in self._next:
            if index in derivers:
                found.setdefault(derivers[index], index)
        return found

    def references(self, index: int) -> tuple[int, ...]:
        """Return a shortest chain of references from an output of something rebuilt to what changes.

        Positions in the closure, both ends included; empty when no reference leads there.
        """
        path = self._held.get(index, -1)
        found = []
        while path != -1:
            found.append(path)
            path = self._next[path]
        return tuple(found)

    @cached_property
    def by_depth(self) -> tuple[int, ...]:
        """How many are built anew at each distance from the seeds, beginning with those themselves."""
        depth = dict.fromkeys(self.seeds, 0)
        queue = deque(self.seeds)
        while queue:
            index = queue.popleft()
            for user in self.graph.users[index]:
                if user in self.rebuilt and user not in depth and (user, index) not in self.ignored:
                    depth[user] = depth[index] + 1
                    queue.append(user)
        counts = Counter(depth.values())
        return tuple(counts[level] for level in range(max(counts, default=-1) + 1))

    @cached_property
    def longest(self) -> tuple[int, ...]:
        """Positions of a longest chain of rebuilds, each built with the one before: what cannot go in parallel."""
        length: dict[int, int] = {}
        before: dict[int, int] = {}
        # inputs come before what is built with them
        for index in sorted(self.rebuilt):
            # what is fetched waits for nobody who only changes
            inputs = () if self.graph.fixed[index] else self.graph.inputs[index]
            below = [one for one in inputs if one in self.rebuilt and (index, one) not in self.ignored]
            best = max(below, key=length.__getitem__, default=-1)
            length[index] = length[best] + 1 if best >= 0 else 1
            before[index] = best
        if not length:
            return ()
        chain = [max(length, key=lambda index: (length[index], -index))]
        while before[chain[-1]] >= 0:
            chain.append(before[chain[-1]])
        return tuple(reversed(chain))


def impact(
    graph: BuildGraph,
    seeds: Collection[int],
    tests: frozenset[BuildEdge] = frozenset(),
    closure: Closure | None = None,
    *,
    with_tests: bool = True,
) -> Impact:
    """Return what touching some derivations rebuilds.

    Args:
        graph: the build graph.
        seeds: positions of what changes.
        tests: edges that only tests need (:func:`pyclosure.queries.testing.cost.test_edges`).
        closure: what was built, for what runs and what is fetched again.
        with_tests: whether test-only inputs count; false for what would rebuild if no package had tests in its build.
    """
    every = tuple(sorted(set(seeds)))
    without = frozenset(graph.rebuilt(every, tests))
    rebuilt = frozenset(graph.rebuilt(every)) if with_tests else without
    return Impact(graph, every, rebuilt, tests, without, closure, frozenset() if with_tests else tests)
