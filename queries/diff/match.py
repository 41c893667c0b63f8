"""Which path of the new closure is which of the old one?

Every path is in exactly one change. Paths belong together by distribution or pname, then by output, interpreter and
version; what is left over on one side was added or removed, or is one more (or less) of what the other side has too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

from packaging.utils import canonicalize_name

from pyclosure.queries.base.names import NameParts, parse_name
from pyclosure.queries.diff.versions import Direction, direction
from pyclosure.queries.graph.closure import Closure
from pyclosure.queries.kinds.identity import Identity
from pyclosure.queries.opened.knowledge import Knowledge

ChangeClass = Literal[
    "added",
    "removed",
    "duplicated",
    "de-duplicated",
    "version",
    "output-changed",
    "interpreter-only",
    "resized",
    "rebuilt",
    "unchanged",
]
CLASSES: tuple[ChangeClass, ...] = get_args(ChangeClass)
ONE_SIDED: frozenset[ChangeClass] = frozenset({"added", "removed", "duplicated", "de-duplicated"})

_NOISE_BYTES, _NOISE_SHARE = 64 * 1024, 0.01
"""A rebuild of the same version changes sizes a little by itself: below both bounds it is none worth a class."""


@dataclass(frozen=True, slots=True)
class Change:
    """One path of the old closure, one of the new, or one of each that belong together."""

    kind: ChangeClass
    name: str
    """The distribution, or the pname; for people."""
    old: int | None
    """Position in the old closure; None when there is no such path."""
    new: int | None
    """Position in the new closure; None when there is no such path."""
    size_change: int
    """Bytes of NAR: new less old."""
    direction: Direction = "unknown"
    """Of versions, where both are known."""


class ClosureDiff:
    """Two closures side by side.

    Args:
        old: before.
        new: after.
    """

    def __init__(self, old: Knowledge, new: Knowledge) -> None:
        self.old, self.new = old, new
        self._sides = _Side(old), _Side(new)

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """Every path of both closures once: the class of greatest interest first, largest change of size first."""
        found = list(self._changes())
        rank = {kind: index for index, kind in enumerate(CLASSES)}
        return tuple(sorted(found, key=lambda one: (rank[one.kind], -abs(one.size_change), one.name, one.old or -1)))

    @property
    def size_change(self) -> int:
        """Bytes: closure size of the new one less that of the old one."""
        return self.new.real_sizes.total - self.old.real_sizes.total

    def of_class(self, kind: ChangeClass) -> tuple[Change, ...]:
        """Return the changes of a class."""
        return tuple(one for one in self.changes if one.kind == kind)

    @cached_property
    def counts(self) -> Mapping[ChangeClass, int]:
        """How many changes each class has; classes without any are there with 0."""
        found = Counter(one.kind for one in self.changes)
        return {kind: found[kind] for kind in CLASSES}

    @cached_property
    def by_new(self) -> Mapping[int, Change]:
        """Position in the new closure → its change."""
        return {one.new: one for one in self.changes if one.new is not None}

    @cached_property
    def by_old(self) -> Mapping[int, Change]:
        """Position in the old closure → its change."""
        return {one.old: one for one in self.changes if one.old is not None}

    # -- matching ----------------------------------------------------------------------------------------

    def _changes(self) -> Iterator[Change]:
        old, new = self._sides
        pairs = _same_paths(old.closure, new.closure)
        matching = _Matching(old, new, pairs)
        # the same thing first, then what it may have become
        matching.pair(lambda side, index: (side.name(index), side.output(index), side.abi(index), side.version(index)))
        matching.pair(lambda side, index: (side.name(index), side.output(index), side.abi(index)))
        matching.pair(lambda side, index: (side.name(index), side.output(index), side.version(index)))
        matching.pair(lambda side, index: (side.name(index), side.output(index)))
        matching.pair(lambda side, index: (side.name(index), side.abi(index), side.version(index)))
        matching.pair_names()
        matching.pair_roots()
        for one, other in matching.pairs.items():
            yield self._pair(one, other)
        here = Counter(self._like(new, index) for index in range(len(new.closure)))
        before = Counter(self._like(old, index) for index in range(len(old.closure)))
        for index in matching.left_of_old():
            kind: ChangeClass = "de-duplicated" if here[self._like(old, index)] else "removed"
            yield Change(kind, old.shown(index), index, None, -old.closure.nar_sizes[index])
        for index in matching.left_of_new():
            kind = "duplicated" if before[self._like(new, index)] else "added"
            yield Change(kind, new.shown(index), None, index, new.closure.nar_sizes[index])

    @staticmethod
    def _like(side: _Side, index: int) -> Hashable:
        return side.name(index), side.output(index), side.abi(index)

    def _pair(self, one: int, other: int) -> Change:
        old, new = self._sides
        before, after = old.closure.nar_sizes[one], new.closure.nar_sizes[other]
        way = direction(old.version(one), new.version(other), python=old.is_python(one) and new.is_python(other))
        return Change(self._class(one, other), new.shown(other), one, other, after - before, way)

    def _class(self, one: int, other: int) -> ChangeClass:
        old, new = self._sides
        before, after = old.closure.infos[one], new.closure.infos[other]
        grown = abs(after.nar_size - before.nar_size)
        if before.path == after.path:
            if grown:
                return "resized"
            same = before.nar_hash is None or after.nar_hash is None or before.nar_hash == after.nar_hash
            return "unchanged" if same else "rebuilt"
        if old.output(one) != new.output(other):
            return "output-changed"
        if old.is_environment(one) and new.is_environment(other) and old.version(one) != new.version(other):
            # its version is that of its interpreter
            return "interpreter-only"
        if old.version(one) != new.version(other):
            return "version"
        if old.abi(one) != new.abi(other):
            return "interpreter-only"
        return "resized" if grown >= max(_NOISE_BYTES, before.nar_size * _NOISE_SHARE) else "rebuilt"


class _Side:
    """What paths of one closure are called."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.closure: Closure = knowledge.closure
        self._parts: dict[int, NameParts] = {}

    def identity(self, index: int) -> Identity:
        return self.knowledge.identity(index)

    def parts(self, index: int) -> NameParts:
        if index not in self._parts:
            self._parts[index] = parse_name(self.closure.name(index))
        return self._parts[index]

    def is_environment(self, index: int) -> bool:
        return self.identity(index).kind.value == "python-env"

    def is_python(self, index: int) -> bool:
        return self.identity(index).distribution is not None or bool(self.parts(index).interpreter)

    def name(self, index: int) -> tuple[str, str]:
        """Return what kind of name it is, and the name: a distribution and a library may share one."""
        identity, parts = self.identity(index), self.parts(index)
        if identity.distribution is not None:
            return "distribution", identity.distribution
        if parts.interpreter:
            return "distribution", str(canonicalize_name(parts.pname))
        return ("environment" if self.is_environment(index) else parts.triple), identity.pname

    def plain_name(self, index: int) -> str:
        return str(canonicalize_name(self.identity(index).pname))

    def by_name_alone(self, index: int) -> bool:
        return self.identity(index).naming.tier == "N"

    def shown(self, index: int) -> str:
        return self.identity(index).distribution or self.identity(index).pname

    def output(self, index: int) -> str:
        """Return the output; a package of its own that is named like one (``gcc-14.2.0-lib``) is none of the others."""
        output = self.identity(index).output.value
        return self.parts(index).output if output == "out" else output

    def version(self, index: int) -> str:
        return self.identity(index).version

    def abi(self, index: int) -> str:
        interpreter = self.identity(index).interpreter
        # an interpreter is not for another one
        if interpreter is None or self.identity(index).kind.value == "interpreter":
            return ""
        return interpreter.value

    def system(self, index: int) -> str:
        derivation = self.knowledge.derivation_of(index)
        return derivation.system if derivation is not None else ""


class _Matching:
    """Pairs of positions, found round by round."""

    def __init__(self, old: _Side, new: _Side, pairs: Mapping[int, int]) -> None:
        self.pairs = dict(pairs)
        self._old, self._new = old, new
        self._taken = set(pairs.values())

    def left_of_old(self) -> list[int]:
        return [index for index in range(len(self._old.closure)) if index not in self.pairs]

    def left_of_new(self) -> list[int]:
        return [index for index in range(len(self._new.closure)) if index not in self._taken]

    def pair(self, key: Callable[[_Side, int], Hashable]) -> None:
        """Pair what is left and has one key on both sides; those of one system first, then in order of version."""
        self._pair(lambda side, index: (key(side, index), side.system(index)))
        self._pair(key)

    def _pair(self, key: Callable[[_Side, int], Hashable]) -> None:
        old = _grouped(self._old, self.left_of_old(), key)
        new = _grouped(self._new, self.left_of_new(), key)
        for name, some in old.items():
            for one, other in zip(some, new.get(name, ()), strict=False):
                self._take(one, other)

    def pair_names(self) -> None:
        """Pair what one side knows by its files or derivation, and the other by its name alone."""
        for known, other in ((self._old, self._new), (self._new, self._old)):
            self._pair(
                lambda side, index, known=known, other=other: (  # type: ignore[misc]
                    (side.plain_name(index), side.output(index))
                    if side.by_name_alone(index) == (side is other)
                    else (side is known, index)
                )
            )

    def pair_roots(self) -> None:
        """Pair roots that nothing else tells to be the same: both are what was asked for."""
        old = [index for index in self._old.closure.roots if index not in self.pairs]
        new = [index for index in self._new.closure.roots if index not in self._taken]
        if len(old) == len(new) == 1:
            self._take(old[0], new[0])

    def _take(self, one: int, other: int) -> None:
        self.pairs[one] = other
        self._taken.add(other)


def _same_paths(old: Closure, new: Closure) -> dict[int, int]:
    return {index: new.position[info.path] for index, info in enumerate(old.infos) if info.path in new.position}


def _grouped(side: _Side, positions: Iterable[int], key: Callable[[_Side, int], Hashable]) -> dict[Hashable, list[int]]:
    found: dict[Hashable, list[int]] = {}
    for index in positions:
        found.setdefault(key(side, index), []).append(index)
    for some in found.values():
        # versions as words: the order only has to be the same on both sides
        some.sort(key=lambda index: (side.version(index), side.closure.path(index)))
    return found


def direct_members(knowledge: Knowledge, follows: Collection[tuple[int, int]]) -> frozenset[int]:
    """Return positions that were asked for: roots, and what a root environment has of its own accord.

    Args:
        knowledge: an open closure.
        follows: references that follow from others (:func:`pyclosure.queries.answers.structure.structure`).
    """
    closure = knowledge.closure
    found = set(closure.roots)
    for root in closure.roots:
        if knowledge.identity(root).kind.value in ("python-env", "python-app"):
            found.update(one for one in closure.references[root] if (root, one) not in follows)
    return frozenset(found)
