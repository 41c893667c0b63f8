"""What changed between two build graphs: the causes, and what only follows from them.

Output paths decide what is built anew, never ``.drv`` paths: how something is fetched changes the ``.drv`` of
everything above it, and not one output. A cause is a derivation that differs in itself once the paths of its inputs
are made alike; everything else that is built anew follows from a cause.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from pyclosure.queries.base.names import DIGEST, digest_of, name_of, parse_name
from pyclosure.queries.base.records import Derivation
from pyclosure.queries.graph.build import BuildGraph
from pyclosure.queries.testing.world import PLACEHOLDER

_PATH = re.compile(rf"/[\w.+/-]*?/({DIGEST})-")
_ABI = re.compile(r"\b(python|pypy|cpython-|cp)3\.?\d+t?")
"""How names and folders tell the interpreter that something is for."""


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
    base: int
    """Position of its counterpart in the old graph."""
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
        """Position in the new graph → in the old one.

        The same ``.drv``; else the same outputs; else the same name, those that are alike first; else the same
        pname, because another version of a package is still that package.
        """
        found = {
            index: self.base.position[path] for index, path in enumerate(self.head.paths) if path in self.base.position
        }
        taken = set(found.values())

        def pair(key_of: Callable[[_Masked, int], Hashable | None]) -> None:
            free: dict[Hashable, list[int]] = {}
            for index in range(len(self.base)):
                if index not in taken and (key := key_of(self._masked_base, index)) is not None:
                    free.setdefault(key, []).append(index)
            for index in range(len(self.head)):
                if index not in found and free.get(key_of(self._masked_head, index)):
                    found[index] = free[key_of(self._masked_head, index)].pop(0)
                    taken.add(found[index])

        pair(_Masked.built)
        pair(_Masked.alike)
        pair(lambda masked, index: masked.graph.derivations[index].name)
        pair(_Masked.called)
        return found

    @cached_property
    def rebuilt(self) -> frozenset[int]:
        """Positions in the new graph whose outputs are not among those of the old one."""
        known = set(self.base.by_output)
        return frozenset(index for index, drv in enumerate(self.head.derivations) if self._is_new(index, drv, known))

    def _is_new(self, index: int, drv: Derivation, known: set[str]) -> bool:
        paths = _outputs(drv)
        if paths:
            return not paths <= known
        # without a path beforehand only the derivation itself can be the same
        return drv.path not in self.base.position

    @cached_property
    def churned(self) -> frozenset[int]:
        """Positions in the new graph whose ``.drv`` is new and whose outputs are not: nothing is built for them."""
        return frozenset(
            index
            for index, path in enumerate(self.head.paths)
            if path not in self.base.position and index not in self.rebuilt
        )

    @property
    def changed_drv_paths(self) -> int:
        """How many ``.drv`` paths are new: far more than is built anew."""
        return sum(path not in self.base.position for path in self.head.paths)

    @cached_property
    def added(self) -> tuple[int, ...]:
        """Positions in the new graph without a counterpart."""
        return tuple(index for index in range(len(self.head)) if index not in self.counterpart)

    @cached_property
    def removed(self) -> tuple[int, ...]:
        """Positions in the old graph that are nothing's counterpart."""
        kept = set(self.counterpart.values())
        return tuple(index for index in range(len(self.base)) if index not in kept)

    @cached_property
    def fetched(self) -> frozenset[int]:
        """Which of :attr:`rebuilt` are fetched: what they give has other content, or is new."""
        return frozenset(index for index in self.rebuilt if self.head.fixed[index])

    @cached_property
    def differing(self) -> Mapping[int, tuple[Difference, ...]]:
        """Position in the new graph of what differs in itself → in what.

        What is new is no cause: whatever is built with it has an input more, and differs in itself.
        """
        found = {}
        for index in sorted(self.rebuilt):
            base = self.counterpart.get(index)
            differences = tuple(self._differences(base, index)) if base is not None else ()
            if differences:
                found[index] = differences
        return found

    @cached_property
    def causes(self) -> tuple[Cause, ...]:
        """What differs in itself, the one that rebuilds most first; counting takes a walk for each of them."""
        nearest = Counter(cause for index, cause in self.nearest_causes.items() if index != cause)
        causes = [
            Cause(
                index,
                self.counterpart[index],
                differences,
                len(self.head.rebuilt([index]) & self.rebuilt) - 1,
                nearest[index],
            )
            for index, differences in self.differing.items()
        ]
        return tuple(sorted(causes, key=lambda one: (-one.rebuilds, self.head.paths[one.head])))

    @cached_property
    def nearest_causes(self) -> Mapping[int, int]:
        """Position in the new graph of what is built anew → of the cause nearest to it; causes stand for themselves."""
        owner = {index: index for index in sorted(self.differing)}
        queue = deque(owner)
        while queue:
            index = queue.popleft()
            for user in self.head.users[index]:
                if user in self.rebuilt and user not in owner and not self.head.fixed[user]:
                    owner[user] = owner[index]
                    queue.append(user)
        return owner

    def _differences(self, base: int, head: int) -> Iterator[Difference]:
        plain_old, plain_new = self._paired
        old, new = plain_old.attributes(base), plain_new.attributes(head)
        differing = [key for key in sorted(old.keys() | new.keys()) if old.get(key) != new.get(key)]
        if differing:
            old, new = self._masked_base.attributes(base), self._masked_head.attributes(head)
            yield from (Difference(key, old.get(key), new.get(key)) for key in differing)

    @cached_property
    def _paired(self) -> tuple[_Masked, _Masked]:
        """Both graphs with one mark for an input that has another version than its counterpart: that follows.

        Others keep their names: which of several with one name belong together cannot matter so.
        """
        other = _abis(self.base) != _abis(self.head)

        def plain(drv: Derivation) -> str:
            return _ABI.sub(r"\1*", drv.name) if other else drv.name

        renamed = {
            head: base
            for head, base in self.counterpart.items()
            if plain(self.head.derivations[head]) != plain(self.base.derivations[base])
        }
        return (
            _Masked(self.base, {base: f"#{head}" for head, base in renamed.items()}, any_abi=other),
            _Masked(self.head, {head: f"#{head}" for head in renamed}, any_abi=other),
        )


@dataclass(frozen=True, slots=True)
class Compared:
    """What changed since another build graph, worked out, with all that a view wants to know."""

    label: str
    """What was compared with."""
    comparison: Comparison | None
    """None when there is nothing to compare."""
    reason: str = ""
    """Why there is nothing to compare, or why it is not whole; empty when it is whole."""
    causes: Mapping[int, Cause] = field(default_factory=dict)
    """Position in the new graph → what differs there; the one that rebuilds most first."""


def compared(label: str, base: BuildGraph, lacking: str, head: BuildGraph | None, missing: str) -> Compared:
    """Compare two build graphs as far as they are known, and work out what differs.

    Args:
        label: what the old one is called.
        base: the old graph.
        lacking: why it is not whole; empty when it is.
        head: the new graph; None when it is not known.
        missing: why the new one is not known or not whole; empty when it is whole.
    """
    if head is None:
        return Compared(label, None, missing)
    found = Comparison(base, head)
    return Compared(label, found, lacking or missing, {one.head: one for one in found.causes})


class _Masked:
    """Derivations as attributes in which paths of outputs have no digests; sources keep theirs.

    Args:
        graph: the derivations.
        marks: position → what stands for its outputs and itself; their names for the others.
        any_abi: whether interpreters are not told apart: all packages are for another one.
    """

    def __init__(self, graph: BuildGraph, marks: Mapping[int, str] | None = None, *, any_abi: bool = False) -> None:
        self.graph = graph
        self._marks = marks or {}
        self._any_abi = any_abi
        self._known = {
            digest_of(path): (index, name_of(path), output) for path, (index, output) in graph.by_output.items()
        }
        self._known.update({digest_of(path): (index, name_of(path), "drv") for index, path in enumerate(graph.paths)})
        self._made: dict[int, dict[str, str]] = {}

    def built(self, index: int) -> Hashable | None:
        """Return what tells that the same is built, whatever the derivation is; None when paths are not known."""
        drv = self.graph.derivations[index]
        paths = _outputs(drv)
        return (drv.name, paths) if paths else None

    def alike(self, index: int) -> Hashable:
        """Return the name with all attributes."""
        return self.graph.derivations[index].name, tuple(sorted(self.attributes(index).items()))

    def called(self, index: int) -> Hashable:
        """Return what it is, whatever its version: fetched or built, and the name of the package."""
        drv = self.graph.derivations[index]
        return drv.fixed, drv.system, drv.attribute("pname") or parse_name(drv.name).pname

    def attributes(self, index: int) -> dict[str, str]:
        """Return attributes, those of the derivation itself in parentheses."""
        if index not in self._made:
            self._made[index] = self._attributes(self.graph.derivations[index])
        return self._made[index]

    def _attributes(self, drv: Derivation) -> dict[str, str]:
        found = {key: self._mask(text) for key, text in drv.env.items()}
        for key, value in (drv.structured_attrs or {}).items():
            found[f"structured {key}"] = self._mask(str(value))
        found["(system)"] = drv.system
        found["(builder)"] = self._mask(drv.builder)
        found["(arguments)"] = self._mask("\n".join(drv.args))
        found["(inputs)"] = "\n".join(
            sorted(f"{self._input(path)}: {' '.join(sorted(used))}" for path, used in drv.input_derivations.items())
        )
        found["(sources)"] = "\n".join(drv.input_sources)
        for path in drv.input_derivations:
            # what is named after an input has another name only because of it
            index = self.graph.position.get(path, -1)
            if index in self._marks:
                name = self.graph.derivations[index].name
                found = {key: text.replace(name, self._marks[index]) for key, text in found.items()}
        found["(outputs)"] = "\n".join(
            f"{name}: {output.method or ''} {output.hash_algo or ''} {output.hash or ''}".rstrip()
            for name, output in sorted(drv.outputs.items())
        )
        return found

    def _input(self, path: str) -> str:
        index = self.graph.position.get(path)
        return self._marks.get(-1 if index is None else index) or self._plain(name_of(path))

    def _mask(self, text: str) -> str:
        parts = []
        end = 0
        for match in _PATH.finditer(text):
            known = self._known.get(match[1])
            if known is None or match.start() < end:
                continue
            index, name, output = known
            mark = self._marks.get(index)
            if mark is None:
                parts += [text[end : match.start()], "…-"]
                end = match.end()
            elif text.startswith(name, match.end()):
                parts += [text[end : match.start()], f"{mark}.{output}"]
                end = match.end() + len(name)
        return self._plain(PLACEHOLDER.sub("/…", "".join([*parts, text[end:]])))

    def _plain(self, text: str) -> str:
        return _ABI.sub(r"\1*", text) if self._any_abi else text


def _abis(graph: BuildGraph) -> frozenset[str]:
    """Return the interpreters that packages of a graph are for."""
    return frozenset(parse_name(drv.name).interpreter for drv in graph.derivations)


def _outputs(drv: Derivation) -> frozenset[str]:
    return frozenset(output.path for output in drv.outputs.values() if output.path)
