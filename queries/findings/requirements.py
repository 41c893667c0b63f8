"""Requires-Dist against a scope: what applies, what meets it, and how."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from pyclosure.queries.findings.conventions import is_test_tool
from pyclosure.queries.findings.finding import Unknown
from pyclosure.queries.findings.platform import Platform
from pyclosure.queries.findings.scene import Installed, Scene
from pyclosure.queries.findings.scopes import Scope
from pyclosure.queries.names import STORE_PATH, name_of, parse_name
from pyclosure.queries.records import Certainty, Tier

Reach = Literal["itself", "direct", "transitive", "scope", "absent", "unknown"]
"""How a requirement is met: by the package's own propagation, by that of what it propagates, only because
others in the scope bring it, or not at all; unknown where nothing says what the package propagates."""


@dataclass(frozen=True, slots=True)
class Needed:
    """One requirement of one installed distribution, in one scope."""

    scope: Scope
    by: Installed
    requirement: Requirement
    text: str
    """As METADATA says it."""
    name: str
    """PEP 503 name of what is required."""
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
    def satisfied(self) -> bool | None:
        """Whether a version in the scope is inside the specifier, pre-releases allowed; None when none can be told."""
        answers = [_inside(self.requirement, one.distribution.version) for one in self.found]
        return True if True in answers else None if None in answers or not answers else False


def _inside(requirement: Requirement, version: str) -> bool | None:
    try:
        return requirement.specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return None


@dataclass(frozen=True, slots=True)
class Unparsed:
    """A requirement that is none."""

    by: Installed
    text: str


class Requirements:
    """All requirements of a scope, extras in effect included."""

    def __init__(self, scene: Scene, scope: Scope) -> None:
        self.scope = scope
        self.platform: Platform | None = scene.platform(scope)
        self.unparsed: list[Unparsed] = []
        self.installed = scene.installed(scope)
        self._scene = scene
        self._answers: dict[tuple[int, str], bool | None] = {}
        self._parsed = {
            (one.at, one.distribution.folder): list(self._parse(one))
            for some in self.installed.values()
            for one in some
        }
        self.extras = self._extras_in_effect((True,))
        """PEP 503 name → extras that something in the scope asks for."""
        self._possible_extras = self._extras_in_effect((True, None))
        self.all = tuple(self._needs())

    def _parse(self, by: Installed) -> Iterator[tuple[str, Requirement]]:
        for text in by.distribution.requires_dist:
            try:
                yield text, Requirement(text)
            except InvalidRequirement:
                self.unparsed.append(Unparsed(by, text))

    def _holds(self, requirement: Requirement, extra: str) -> bool | None:
        # asked over and over while extras are worked out; _parsed keeps the objects
        key = id(requirement), extra
        if key not in self._answers:
            self._answers[key] = self.platform.holds(requirement.marker, extra) if self.platform else None
        return self._answers[key]

    def _extras_in_effect(self, answers: tuple[bool | None, ...]) -> dict[str, frozenset[str]]:
        """Return PEP 503 name → extras that requirements ask for whose markers get one of the answers."""
        active: dict[str, set[str]] = {name: set() for name in self.installed}
        changed = True
        while changed:
            changed = False
            for name, some in self.installed.items():
                for one in some:
                    for extra in ("", *sorted(active[name])):
                        changed |= self._activate(one, extra, active, answers)
        return {name: frozenset(some) for name, some in active.items()}

    def _activate(
        self, by: Installed, extra: str, active: dict[str, set[str]], answers: tuple[bool | None, ...]
    ) -> bool:
        changed = False
        for _, requirement in self._parsed[by.at, by.distribution.folder]:
            name = str(canonicalize_name(requirement.name))
            if name in active and requirement.extras and self._holds(requirement, extra) in answers:
                new = {str(canonicalize_name(one)) for one in requirement.extras} - active[name]
                active[name] |= new
                changed |= bool(new)
        return changed

    def _needs(self) -> Iterator[Needed]:
        for name, some in self.installed.items():
            for one in some:
                base = {
                    text
                    for text, requirement in self._parsed[one.at, one.distribution.folder]
                    if self._holds(requirement, "") is not False
                }
                for extra in ("", *sorted(self._possible_extras[name])):
                    sure = not extra or extra in self.extras[name]
                    for text, requirement in self._parsed[one.at, one.distribution.folder]:
                        applies = self._holds(requirement, extra)
                        applies = None if applies and not sure else applies
                        # what holds without the extra is a base requirement
                        if applies is not False and (not extra or text not in base):
                            yield self.need(one, text, requirement, extra, applies)

    def need(self, by: Installed, text: str, requirement: Requirement, extra: str, applies: bool | None) -> Needed:
        """Return one requirement with what meets it."""
        name = str(canonicalize_name(requirement.name))
        found = tuple(self.installed.get(name, ()))
        reach = self._reach(by, found)
        standing = self.platform.standing(requirement.marker) if self.platform else ()
        return Needed(self.scope, by, requirement, text, name, extra, applies, reach, found, *standing)

    def _reach(self, by: Installed, found: tuple[Installed, ...]) -> Reach:
        if not found:
            return "absent"
        if any(one.at == by.at for one in found):
            return "itself"
        scene = self._scene
        own = scene.propagated[by.at]
        if own is None:
            return "unknown"
        direct = own | {sibling for one in own for sibling in scene.siblings(one)}
        if any(one.at in direct for one in found):
            return "direct"
        if any(scene.brings[by.at] >> one.at & 1 for one in found):
            return "transitive"
        return "scope"

    def of_all_extras(self) -> Iterator[Needed]:
        """Yield the requirements of every extra that a distribution of the scope offers, in effect or not."""
        for some in self.installed.values():
            for one in some:
                for extra in one.distribution.extras:
                    for need in self.of_extra(one, extra):
                        yield replace(need, extra=extra)

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

    def in_a_circle(self, one: str, other: str) -> bool:
        """Say whether two PEP 503 names require each other, directly or round about."""
        return any(one in circle and other in circle for circle in self.circles)

    def of_extra(self, by: Installed, extra: str) -> list[Needed]:
        """Return the requirements that only an extra asks for, whether it is in effect or not."""
        return [
            self.need(by, text, requirement, extra, True)
            for text, requirement in self._parsed[by.at, by.distribution.folder]
            if self._holds(requirement, extra) and self._holds(requirement, "") is False
        ]


def is_plugin(scene: Scene, need: Needed) -> bool:
    """Say whether a plugin requires pytest: nixpkgs wants that to be a build input, and never propagated."""
    if need.name != "pytest":
        return False
    derivation = scene.derivation(need.by.at)
    words = derivation.attribute("buildInputs").split() if derivation is not None else ()
    inputs = {str(canonicalize_name(parse_name(name_of(word)).pname)) for word in words if STORE_PATH.fullmatch(word)}
    return is_test_tool(need.by.distribution.normalized) or "pytest" in inputs


def undecided(rule: str, scene: Scene, needs: Iterable[Needed]) -> Iterator[Unknown]:
    """Yield what a rule has to say of requirements whose markers cannot be evaluated."""
    at = sorted({need.by.at for need in needs if need.applies is None})
    if at:
        yield Unknown(
            rule,
            "whether their markers hold depends on a platform that is not known",
            "the files or the derivation of the interpreter",
            tuple(scene.path(one) for one in at),
        )
