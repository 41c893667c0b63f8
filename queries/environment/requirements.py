"""Requires-Dist against a scope: what applies, what meets it, and how."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pyclosure.queries.base.names import STORE_PATH, name_of, parse_name
from pyclosure.queries.base.records import Certainty, Tier
from pyclosure.queries.base.verdicts import Unknown
from pyclosure.queries.environment.environment import Environment
from pyclosure.queries.environment.platform import Platform
from pyclosure.queries.environment.requires_dist import Required, RequiresDist
from pyclosure.queries.environment.scopes import Installed, Scope
from pyclosure.queries.policy.conventions import is_test_tool

Reach = Literal["itself", "direct", "transitive", "scope", "absent", "unknown"]
"""How a requirement is met: by the package's own propagation, by that of what it propagates, only because
others in the scope bring it, or not at all; unknown where nothing says what the package propagates."""


@dataclass(frozen=True, slots=True)
class Needed:
    """One requirement of one installed distribution, in one scope."""

    scope: Scope
    by: Installed
    line: RequiresDist
    """The line of METADATA."""
    extra: str
    """The extra that asks for it; empty for base requirements."""
    applies: bool | None
    """Whether its marker holds; None when that depends on something unknown."""
    reach: Reach
    found: tuple[Installed, ...]
    """What carries the name in the scope."""
    certainty: Certainty = "certain"
    """How sure it is that the marker holds."""
    tier: Tier = "F"
    """Of the weakest evidence for that."""

    @property
    def name(self) -> str:
        """PEP 503 name of what is required."""
        return self.line.name

    @property
    def text(self) -> str:
        """The requirement as METADATA says it."""
        return self.line.text

    @property
    def requirement(self) -> Requirement:
        """The requirement as packaging reads it."""
        return self.line.requirement

    @property
    def satisfied(self) -> bool | None:
        """Whether a version in the scope is inside the specifier, pre-releases allowed; None when none can be told."""
        answers = [self.line.allows(one.distribution.version) for one in self.found]
        return True if True in answers else None if None in answers or not answers else False


@dataclass(frozen=True, slots=True)
class Unparsed:
    """A Requires-Dist line that is no requirement."""

    by: Installed
    text: str


class Requirements:
    """What the distributions of one scope require.

    Args:
        environment: the closure.
        scope: which of its distributions are importable together.
    """

    def __init__(self, environment: Environment, scope: Scope) -> None:
        self.scope = scope
        self.platform: Platform | None = environment.platform(scope)
        self.installed = environment.installed(scope)
        self._environment = environment
        self._by_name = {name: tuple(some) for name, some in self.installed.items()}
        self.unparsed = [
            Unparsed(one, text)
            for some in self.installed.values()
            for one in some
            for text in self._required(one).unparsed
        ]
        self.extras = self._extras_in_effect((True,))
        """PEP 503 name → extras that something in the scope asks for."""
        self._possible_extras = self._extras_in_effect((True, None))
        self.all = tuple(self._needs())

    def _required(self, by: Installed) -> Required:
        return self._environment.required(by.distribution)

    def _holds(self, line: RequiresDist, extra: str) -> bool | None:
        if self.platform is None:
            return None
        return self.platform.holds(line.marker, extra) if line.marker else True

    def _extras_in_effect(self, answers: tuple[bool | None, ...]) -> dict[str, frozenset[str]]:
        """Return PEP 503 name → extras that requirements ask for whose markers get one of the answers."""
        active: dict[str, set[str]] = {name: set() for name in self.installed}
        queue = [(name, "") for name in active]
        for name, extra in queue:
            for one in self.installed[name]:
                for line in self._required(one).minding(extra):
                    if line.extras and line.name in active and self._holds(line, extra) in answers:
                        new = line.extras - active[line.name]
                        active[line.name] |= new
                        queue += [(line.name, found) for found in new]
        return {name: frozenset(some) for name, some in active.items()}

    def _needs(self) -> Iterator[Needed]:
        for name, some in self.installed.items():
            for one in some:
                base: set[str] = set()
                for line in self._required(one).lines:
                    applies = self._holds(line, "")
                    if applies is not False:
                        base.add(line.text)
                        yield self.need(one, line, "", applies)
                for extra in sorted(self._possible_extras[name]):
                    sure = extra in self.extras[name]
                    for line in self._required(one).minding(extra):
                        # what holds without the extra is a base requirement
                        applies = self._holds(line, extra) if line.text not in base else False
                        if applies is not False:
                            yield self.need(one, line, extra, applies if sure else None)

    def need(self, by: Installed, line: RequiresDist, extra: str, applies: bool | None) -> Needed:
        """Return one requirement with what meets it."""
        found = self._by_name.get(line.name, ())
        standing = self.platform.standing(line.marker) if self.platform else ()
        return Needed(self.scope, by, line, extra, applies, self._reach(by, found), found, *standing)

    def _reach(self, by: Installed, found: tuple[Installed, ...]) -> Reach:
        if not found:
            return "absent"
        if any(one.index == by.index for one in found):
            return "itself"
        direct = self._environment.direct[by.index]
        if direct is None:
            return "unknown"
        if any(one.index in direct for one in found):
            return "direct"
        if any(self._environment.brings[by.index] >> one.index & 1 for one in found):
            return "transitive"
        # another build of it, which lost to the one in the environment: a duplicate, no missing dependency
        if self._environment.brought_names(by.index) & {one.distribution.normalized for one in found}:
            return "transitive"
        return "scope"

    def brought_by_who_asks(self, need: Needed) -> bool:
        """Say whether all that ask for the extra of a requirement propagate what meets it, as nixpkgs does it."""
        return bool(need.extra) and self._asked_and_brought(need, (need.by.distribution.normalized, need.extra), set())

    def _asked_and_brought(self, need: Needed, extra: tuple[str, str], seen: set[tuple[str, str]]) -> bool:
        seen.add(extra)
        asking = self.asking(*extra)
        return bool(asking) and all(
            self._reach(one.by, need.found) in ("itself", "direct", "transitive")
            or self._passes_on(need, (one.by.distribution.normalized, one.extra), seen)
            for one in asking
        )

    def _passes_on(self, need: Needed, extra: tuple[str, str], seen: set[tuple[str, str]]) -> bool:
        """Say whether an extra that itself asks for an extra leaves the bringing to who asks for it."""
        return bool(extra[1]) and extra not in seen and self._asked_and_brought(need, extra, seen)

    def asking(self, name: str, extra: str) -> list[Needed]:
        """Return the requirements that ask for an extra of a distribution (PEP 503 names)."""
        return self._asking.get((name, str(canonicalize_name(extra))), [])

    @cached_property
    def _asking(self) -> Mapping[tuple[str, str], list[Needed]]:
        found: dict[tuple[str, str], list[Needed]] = defaultdict(list)
        for need in self.all:
            for extra in need.line.extras if need.applies else ():
                found[need.name, extra].append(need)
        return found

    @cached_property
    def _base(self) -> Mapping[tuple[int, str], set[str]]:
        found: dict[tuple[int, str], set[str]] = defaultdict(set)
        for need in self.all:
            if not need.extra:
                found[need.by.index, need.by.distribution.folder].add(need.name)
        return found

    def base_of(self, by: Installed) -> set[str]:
        """Return the PEP 503 names that a distribution requires without any extra, as far as markers may hold."""
        return self._base.get((by.index, by.distribution.folder), set())

    @cached_property
    def circles(self) -> tuple[frozenset[str], ...]:
        """Groups of PEP 503 names that require each other in a circle, by requirements that apply."""
        import networkx as nx

        graph: nx.DiGraph[str] = nx.DiGraph()
        for need in self.all:
            if need.applies and need.found:
                graph.add_edge(need.by.distribution.normalized, need.name)
        groups = (frozenset(group) for group in nx.strongly_connected_components(graph) if len(group) > 1)
        return tuple(sorted(groups, key=sorted))

    @cached_property
    def _circle_of(self) -> Mapping[str, frozenset[str]]:
        return {name: circle for circle in self.circles for name in circle}

    def in_a_circle(self, one: str, other: str) -> bool:
        """Say whether two PEP 503 names require each other, directly or round about."""
        return other in self._circle_of.get(one, ())

    @cached_property
    def of_circles(self) -> Mapping[frozenset[str], list[Needed]]:
        """Circle → the requirements that make it."""
        found: dict[frozenset[str], list[Needed]] = defaultdict(list)
        for need in self.all:
            own = need.by.distribution.normalized
            if need.applies and need.found and need.name != own and self.in_a_circle(own, need.name):
                found[self._circle_of[own]].append(need)
        return found

    def of_extra(self, by: Installed, extra: str) -> list[Needed]:
        """Return the requirements that only an extra asks for, whether it is in effect or not."""
        return [
            self.need(by, line, extra, True)
            for line in self._required(by).minding(extra)
            if self._holds(line, extra) and self._holds(line, "") is False
        ]


def is_plugin(environment: Environment, need: Needed) -> bool:
    """Say whether a plugin requires pytest: nixpkgs wants that to be a build input, and never propagated."""
    if need.name != "pytest":
        return False
    derivation = environment.derivation(need.by.index)
    words = derivation.attribute("buildInputs").split() if derivation is not None else ()
    inputs = {str(canonicalize_name(parse_name(name_of(word)).pname)) for word in words if STORE_PATH.fullmatch(word)}
    return is_test_tool(need.by.distribution.normalized) or "pytest" in inputs


def askers(environment: Environment, requirements: Requirements, need: Needed) -> list[str]:
    """Return who asks for the extra of a requirement, in words; empty for base requirements."""
    asking = requirements.asking(need.by.distribution.normalized, need.extra) if need.extra else []
    return [f"{environment.label(one.by.index)} ({one.requirement.name}[{need.extra}])" for one in asking]


def undecided(rule: str, environment: Environment, needs: Iterable[Needed]) -> Iterator[Unknown]:
    """Yield what a rule has to say of requirements whose markers cannot be evaluated."""
    index = sorted({need.by.index for need in needs if need.applies is None})
    if index:
        yield Unknown(
            rule,
            "whether their markers hold depends on a platform that is not known",
            "the files or the derivation of the interpreter",
            tuple(environment.path(one) for one in index),
        )
