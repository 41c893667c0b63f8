"""Which locked packages belong into one environment, and why do the others not?"""

from __future__ import annotations

from collections import ChainMap, Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Literal

import msgspec
from packaging.utils import canonicalize_name

from pyclosure.queries.base.markers import Candidates, Judge
from pyclosure.queries.base.records import Line
from pyclosure.queries.base.text import first_of, printable
from pyclosure.queries.locks.constraint import allows
from pyclosure.queries.locks.graph import Node, nodes_of, requirements_by_node, walk
from pyclosure.queries.locks.lock import Lock, LockedPackage, Requirement

ALL = "all"
"""As a group or an extra: every one that the lock has."""

_MOST_NAMED = 12
"""Groups or extras of a package that are named."""
_MOST_ROUNDS = 20
"""In locks that a tool wrote two are enough."""

Reason = Literal["marker", "group", "extra", "other version", "unreached"]


class Filtered(msgspec.Struct, frozen=True, gc=False):
    """A locked package that does not belong into the environment."""

    package: LockedPackage
    reason: Reason
    text: Line
    """The marker that does not hold, the groups or extras, the version that was chosen instead; empty for
    ``unreached``, which nothing in the lock requires."""


class Selection(msgspec.Struct, frozen=True):
    """A lock for one environment. Both lists are in the order of the file, without the projects themselves."""

    chosen: tuple[LockedPackage, ...]
    filtered: tuple[Filtered, ...]
    notes: tuple[Line, ...] = ()
    """What could not be judged, one sentence each."""


def needed(lock: Lock, candidates: Candidates, groups: Collection[str] = (), extras: Collection[str] = ()) -> Selection:
    """Answer which locked packages belong into an environment.

    What a condition guards that cannot be judged is chosen, and noted.

    Args:
        lock: as :func:`read_lock` gives it.
        candidates: what is known of the environment.
        groups: dependency groups to install too; ``"all"`` for every one.
        extras: extras of the project to install too; ``"all"`` for every one.
    """
    requires = requirements_by_node(lock.packages)
    conditions = _Conditions(lock, candidates, _named(groups, lock.groups), _named(extras, lock.extras))
    opened = _Opened(lock, requires, conditions)
    for _ in range(_MOST_ROUNDS):
        further = opened.project_extras() - conditions.extras
        if not further:
            break
        # a member of a workspace asks for an extra of another one, on which markers may depend
        conditions = _Conditions(lock, candidates, conditions.groups, conditions.extras | further)
        opened = _Opened(lock, requires, conditions)
    chosen = {index for index, extra in opened.found if not extra}
    roots = frozenset(lock.roots)
    wanted = [(index, one) for index, one in enumerate(lock.packages) if one.normalized not in roots]
    filtered = _filtered(lock, [(index, one) for index, one in wanted if index not in chosen], chosen, opened.labels())
    selected = tuple(one for index, one in wanted if index in chosen)
    return Selection(selected, filtered, tuple(_notes(lock, conditions, selected)))


def _named(asked: Collection[str], known: Collection[str]) -> frozenset[str]:
    words = (asked,) if isinstance(asked, str) else asked
    return frozenset(known if ALL in words else map(canonicalize_name, words))


Label = tuple[Reason, str]
"""Why something is left out, in a word and in the lock's words."""


class _Conditions:
    """What holds in one environment, with some groups and extras of the project."""

    def __init__(self, lock: Lock, candidates: Candidates, groups: frozenset[str], extras: frozenset[str]) -> None:
        self.groups, self.extras = groups, extras
        self.candidates = candidates
        self.unknown: dict[str, None] = {}
        """Markers that could not be judged, in the order of meeting."""
        effective, every = groups | frozenset(lock.default_groups), frozenset(lock.groups)
        self.effective = effective
        self._here = Judge(candidates, extras, effective, settled=lock.presumed)
        self._others: tuple[tuple[Reason, Judge], ...] = (
            ("group", Judge(candidates, extras, every)),
            ("extra", Judge(candidates, lock.extras, effective)),
            ("group", Judge(candidates, lock.extras, every)),
        )

    def against(self, marker: str | None) -> Label | None:
        """Return why a marker does not hold; None when it does, or cannot be judged."""
        held = self._here.holds(marker)
        if held is None and marker is not None:
            self.unknown[marker] = None
        if held is not False or marker is None:
            return None
        return next((reason for reason, judge in self._others if judge.holds(marker)), "marker"), marker

    def python_against(self, constraint: str | None) -> bool:
        """Say whether the Python of the environment is certainly none that a constraint allows."""
        pythons = self.candidates.values("python_full_version", (constraint or "",))
        return bool(pythons) and all(allows(constraint, one) is False for one in pythons)


class _Opened:
    """One walk from what the project wants, with what stayed closed beside the way."""

    def __init__(self, lock: Lock, requires: Mapping[Node, Sequence[Requirement]], conditions: _Conditions) -> None:
        self._lock, self._requires, self._conditions = lock, requires, conditions
        self._roots = frozenset(lock.roots)
        names = Counter(one.normalized for one in lock.packages)
        self._forked = frozenset(name for name, count in names.items() if count > 1)
        self._closed: dict[Reason, list[tuple[Node, Label]]] = {"marker": [], "group": [], "extra": []}
        self.found = walk(requires, self._starts(), self._opens)

    def project_extras(self) -> frozenset[str]:
        """Return the extras of the projects that were entered."""
        return frozenset(extra for index, extra in self.found if extra and self._is_root(index))

    def labels(self) -> dict[int, Label]:
        """Return why packages were not reached; those that nothing leads to have no label."""
        for node in self._requires:
            index, extra = node
            if extra and node not in self.found and (index, "") in self.found:
                name = extra if self._is_root(index) else f"{self._lock.packages[index].name}[{extra}]"
                self._closed["extra"].append((node, ("extra", name)))
        met: dict[Node, Label] = {}
        for starts in self._closed.values():
            met |= walk(self._requires, starts, lambda _node, one: one.group is None, skip=ChainMap(met, self.found))
        return {index: label for (index, extra), label in met.items() if not extra}

    def _is_root(self, index: int) -> bool:
        return self._lock.packages[index].normalized in self._roots

    def _starts(self) -> Iterator[tuple[Node, Label]]:
        for one in self._lock.wanted:
            outside = one.extra is not None and one.extra not in self._conditions.extras
            if outside:
                self._close(one, ("extra", one.extra or ""))
            elif self._open(one, of_project=True):
                yield from ((node, _NONE) for node in nodes_of(one))
        for node in self._requires:
            if node[1] in self._conditions.extras and self._is_root(node[0]):
                yield node, _NONE

    def _opens(self, node: Node, one: Requirement) -> bool:
        return self._open(one, self._is_root(node[0]))

    def _open(self, one: Requirement, of_project: bool) -> bool:
        if one.group is not None and not (of_project and one.group in self._conditions.effective):
            return self._close(one, ("group", one.group)) if of_project else False
        label = self._conditions.against(one.marker) or self._obstacle(self._lock.packages[one.target])
        return self._close(one, label) if label else True

    def _obstacle(self, package: LockedPackage) -> Label | None:
        label = self._conditions.against(package.marker)
        if (
            label is None
            and package.normalized in self._forked
            and self._conditions.python_against(package.requires_python)
        ):
            return "marker", f"Python {package.requires_python}"
        return label

    def _close(self, one: Requirement, label: Label) -> bool:
        self._closed[label[0]] += [(node, label) for node in nodes_of(one)]
        return False


_NONE: Label = ("unreached", "")


def _filtered(
    lock: Lock, rest: Sequence[tuple[int, LockedPackage]], chosen: Collection[int], labels: Mapping[int, Label]
) -> tuple[Filtered, ...]:
    versions = {lock.packages[index].normalized: lock.packages[index].version or "" for index in sorted(chosen)}
    known = {"group": frozenset(lock.groups), "extra": frozenset(lock.extras)}
    found = []
    for index, one in rest:
        reason, text = labels.get(index, _NONE)
        if one.normalized in versions:
            reason, text = "other version", versions[one.normalized]
        elif reason in ("group", "extra"):
            text = first_of([name for name in one.groups if name in known[reason]], _MOST_NAMED) or text
        found.append(Filtered(one, reason, text))
    return tuple(found)


def _notes(lock: Lock, conditions: _Conditions, chosen: Sequence[LockedPackage]) -> Iterator[str]:
    if conditions.unknown:
        count, first = len(conditions.unknown), next(iter(conditions.unknown))
        yield (
            f"{count} {'marker' if count == 1 else 'markers'} could not be judged for this environment, "
            f"and what they guard is taken as needed: {printable(first, 200)}"
        )
    unknown = sorted((conditions.groups - {*lock.groups}) | (conditions.extras - {*lock.extras}))
    if unknown:
        yield f"the lock has no group or extra {printable(first_of(unknown), 200)}"
    if conditions.python_against(lock.requires_python):
        known = conditions.candidates.known
        python = known.get("python_full_version") or known.get("python_version", "another one")
        yield f"the lock is for Python {lock.requires_python}, and the environment has {printable(python, 60)}"
    judge = Judge(conditions.candidates)
    if lock.environments and all(judge.holds(one) is False for one in lock.environments):
        yield f"the lock is for other environments: {printable(first_of(lock.environments), 300)}"
    unfit = [one.name for one in chosen if conditions.python_against(one.requires_python)]
    if unfit:
        yield f"the Python of the environment is not supported by {first_of(unfit)}"
    counts = Counter(one.normalized for one in chosen)
    several = [name for name, count in counts.items() if count > 1]
    if several:
        yield f"the lock does not say which version is for this environment: {first_of(several)}"
