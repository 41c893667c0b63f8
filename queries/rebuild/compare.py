"""What changed between two build graphs: the causes, and what only follows from them.

Output paths decide what is built anew, never ``.drv`` paths: how something is fetched changes the ``.drv`` of
everything above it, and not one output. A cause is a derivation that differs in itself once the paths of its inputs
are made alike; everything else that is built anew follows from a cause.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from pyclosure.queries.graph.build import BuildGraph
from pyclosure.queries.names import DIGEST, name_of
from pyclosure.queries.records import Derivation
from pyclosure.queries.testing.world import PLACEHOLDER

_PATH = re.compile(rf"(/[\w.+/-]*?/)({DIGEST})-")


@dataclass(frozen=True, slots=True)
class Difference:
    """One attribute in which a derivation differs in itself."""

    attribute: str
    old: str | None
    """None when it was not there; paths of inputs without their digests."""
    new: str | None
    """None when it is gone."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A derivation that differs in itself."""

    head: int
    """Position in the new graph."""
    base: int | None
    """Position of its counterpart in the old graph; None when it is new."""
    differences: tuple[Difference, ...]
    rebuilds: int
    """Derivations built anew because of it, itself not counted; what several cause is counted for each."""
    nearest: int
    """Of these, the ones to which no other cause is nearer."""


class Comparison:
    """Two build graphs side by side.

    Args:
        base: before.
        head: after.
    """

    def __init__(self, base: BuildGraph, head: BuildGraph) -> None:
        self.base, self.head = base, head
        self._masked_base, self._masked_head = _Masked(base), _Masked(head)

    @cached_property
    def counterpart(self) -> Mapping[int, int]:
        """Position in the new graph → in the old one: the same ``.drv``, else the same outputs, name and content."""
        found: dict[int, int] = {}
        taken: set[int] = set()
        for at, path in enumerate(self.head.paths):
            if path in self.base.position:
                found[at] = self.base.position[path]
                taken.add(found[at])
        by_outputs: dict[tuple[str, frozenset[str]], list[int]] = {}
        by_name: dict[str, list[int]] = {}
        for at, drv in enumerate(self.base.derivations):
            if at not in taken:
                by_outputs.setdefault((drv.name, _outputs(drv)), []).append(at)
                by_name.setdefault(drv.name, []).append(at)
        for at, drv in enumerate(self.head.derivations):
            key = drv.name, _outputs(drv)
            if at not in found and key[1] and by_outputs.get(key):
                found[at] = by_outputs[key].pop(0)
                taken.add(found[at])
        rest = [at for at in range(len(self.head)) if at not in found]
        # of several with one name the ones that are alike belong together, then those in the same place
        for alike in (True, False):
            for at in rest:
                if at in found:
                    continue
                some = [one for one in by_name.get(self.head.derivations[at].name, ()) if one not in taken]
                if alike:
                    some = [one for one in some if self._masked_base.key(one) == self._masked_head.key(at)]
                if some:
                    found[at] = some[0]
                    taken.add(some[0])
        return found

    @cached_property
    def rebuilt(self) -> frozenset[int]:
        """Positions in the new graph whose outputs are not among those of the old one."""
        known = set(self.base.by_output)
        return frozenset(at for at, drv in enumerate(self.head.derivations) if self._is_new(at, drv, known))

    def _is_new(self, at: int, drv: Derivation, known: set[str]) -> bool:
        paths = _outputs(drv)
        if paths:
            return not paths <= known
        # without a path beforehand only the derivation itself can be the same
        return drv.path not in self.base.position

    @cached_property
    def churned(self) -> frozenset[int]:
        """Positions in the new graph whose ``.drv`` is new and whose outputs are not: nothing is built for them."""
        return frozenset(
            at for at, path in enumerate(self.head.paths) if path not in self.base.position and at not in self.rebuilt
        )

    @property
    def changed_drv_paths(self) -> int:
        """How many ``.drv`` paths are new: far more than is built anew."""
        return sum(path not in self.base.position for path in self.head.paths)

    @cached_property
    def added(self) -> tuple[int, ...]:
        """Positions in the new graph without a counterpart."""
        return tuple(at for at in range(len(self.head)) if at not in self.counterpart)

    @cached_property
    def removed(self) -> tuple[int, ...]:
        """Positions in the old graph that are nothing's counterpart."""
        kept = set(self.counterpart.values())
        return tuple(at for at in range(len(self.base)) if at not in kept)

    @cached_property
    def causes(self) -> tuple[Cause, ...]:
        """What differs in itself, the one that rebuilds most first."""
        found = {}
        for at in sorted(self.rebuilt):
            base = self.counterpart.get(at)
            differences = tuple(self._differences(base, at)) if base is not None else ()
            if differences or base is None:
                found[at] = (base, differences)
        nearest = self._nearest(found)
        causes = [
            Cause(at, base, differences, len(self.head.rebuilt([at]) & self.rebuilt) - 1, nearest.get(at, 0))
            for at, (base, differences) in found.items()
        ]
        return tuple(sorted(causes, key=lambda one: (one.base is None, -one.rebuilds, self.head.paths[one.head])))

    def _nearest(self, causes: Mapping[int, object]) -> dict[int, int]:
        owner = {at: at for at in causes}
        queue = deque(causes)
        while queue:
            at = queue.popleft()
            for user in self.head.users[at]:
                if user in self.rebuilt and user not in owner and not self.head.fixed[user]:
                    owner[user] = owner[at]
                    queue.append(user)
        counts: dict[int, int] = {}
        for at, cause in owner.items():
            if at != cause:
                counts[cause] = counts.get(cause, 0) + 1
        return counts

    def _differences(self, base: int, head: int) -> Iterator[Difference]:
        old, new = self._masked_base.attributes(base), self._masked_head.attributes(head)
        for key in sorted(old.keys() | new.keys()):
            if old.get(key) != new.get(key):
                yield Difference(key, old.get(key), new.get(key))


class _Masked:
    """Derivations as attributes in which paths of outputs have no digests; sources keep theirs."""

    def __init__(self, graph: BuildGraph) -> None:
        self._graph = graph
        self._outputs = {path.rsplit("/", 1)[-1][:32] for path in graph.by_output}
        self._outputs.update(path.rsplit("/", 1)[-1][:32] for path in graph.paths)
        self._made: dict[int, dict[str, str]] = {}

    def key(self, at: int) -> tuple[tuple[str, str], ...]:
        return tuple(sorted(self.attributes(at).items()))

    def attributes(self, at: int) -> dict[str, str]:
        if at not in self._made:
            self._made[at] = self._attributes(self._graph.derivations[at])
        return self._made[at]

    def _attributes(self, drv: Derivation) -> dict[str, str]:
        found = {key: self._mask(text) for key, text in drv.env.items()}
        for key, value in (drv.structured_attrs or {}).items():
            found[f"structured {key}"] = self._mask(str(value))
        found["(system)"] = drv.system
        found["(builder)"] = self._mask(drv.builder)
        found["(arguments)"] = self._mask("\n".join(drv.args))
        found["(inputs)"] = "\n".join(
            sorted(f"{name_of(path)}: {' '.join(sorted(used))}" for path, used in drv.input_derivations.items())
        )
        found["(sources)"] = "\n".join(drv.input_sources)
        found["(outputs)"] = "\n".join(
            f"{name}: {output.method or ''} {output.hash_algo or ''} {output.hash or ''}".rstrip()
            for name, output in sorted(drv.outputs.items())
        )
        return found

    def _mask(self, text: str) -> str:
        shown = _PATH.sub(lambda match: f"{match[1]}…-" if match[2] in self._outputs else match[0], text)
        return PLACEHOLDER.sub("/…", shown)


def _outputs(drv: Derivation) -> frozenset[str]:
    return frozenset(output.path for output in drv.outputs.values() if output.path)
