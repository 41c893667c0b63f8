"""What can Python import together? Environments, applications, and packages that stand for themselves.

Two copies of a distribution in one closure are harmless when no interpreter ever sees both; a requirement is
met only if what meets it is importable in the same place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pyclosure.queries.base.records import Distribution
from pyclosure.queries.opened.knowledge import Knowledge

ScopeKind = Literal["environment", "application", "package"]


@dataclass(frozen=True, slots=True)
class Scope:
    """Distributions that one interpreter imports together."""

    index: int
    """Position of the environment, application or package."""
    kind: ScopeKind
    abi: str
    members: tuple[int, ...]
    """Positions of paths with distributions of that ABI, itself included when it has one."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A distribution where it is installed."""

    index: int
    distribution: Distribution


def scopes_of(knowledge: Knowledge, brings: list[int]) -> tuple[Scope, ...]:
    """Return all scopes, the largest first.

    Args:
        knowledge: with files read; without them there is no scope.
        brings: position → bitset of what it propagates, directly or not.
    """
    found = list(_environments_and_applications(knowledge, brings))
    covered = {index for scope in found for index in scope.members}
    found += _others(knowledge, brings, covered)
    return tuple(sorted(found, key=lambda scope: (-len(scope.members), -scope.index, scope.abi)))


def _environments_and_applications(knowledge: Knowledge, brings: list[int]) -> Iterator[Scope]:
    closure = knowledge.closure
    for index in range(len(closure)):
        kind = knowledge.identity(index).kind.value
        facts = knowledge.files.get(closure.path(index))
        if facts is None or kind not in ("python-env", "python-app"):
            continue
        # an environment links to each of its members; an application lists all of them, and may call others
        called = {one for one in closure.references[index] if knowledge.identity(one).kind.value == "python-app"}
        linked = set(closure.references[index]) - (called if kind == "python-app" else set())
        near = linked | positions_of(brings[index]) | {index}
        for abi in facts.interpreters or _abis(knowledge, near):
            members = _with_distributions(knowledge, near, abi)
            if members and not (kind == "python-app" and facts.linked_programs and not facts.distributions):
                yield Scope(index, "environment" if kind == "python-env" else "application", abi, members)


def _others(knowledge: Knowledge, brings: list[int], covered: set[int]) -> Iterator[Scope]:
    """Yield packages that no scope has, except those that another one of them propagates."""
    closure = knowledge.closure
    left = [
        index
        for index in range(len(closure))
        if index not in covered and (facts := knowledge.files.get(closure.path(index))) and facts.distributions
    ]
    # what lists its dependencies in a dev output names itself there
    below = {one for index in left for one in positions_of(brings[index]) if one != index}
    for index in left:
        if index not in below or index in closure.roots:
            facts = knowledge.files[closure.path(index)]
            for abi in {one.interpreter for one in facts.distributions}:
                yield Scope(
                    index, "package", abi, _with_distributions(knowledge, positions_of(brings[index]) | {index}, abi)
                )


def _abis(knowledge: Knowledge, positions: set[int]) -> list[str]:
    found = {
        one.interpreter
        for index in positions
        if (facts := knowledge.files.get(knowledge.closure.path(index)))
        for one in facts.distributions
    }
    return sorted(found)


def _with_distributions(knowledge: Knowledge, positions: set[int], abi: str) -> tuple[int, ...]:
    found = []
    for index in sorted(positions):
        facts = knowledge.files.get(knowledge.closure.path(index))
        if facts is not None and any(one.interpreter == abi for one in facts.distributions):
            found.append(index)
    return tuple(found)


def positions_of(bits: int) -> set[int]:
    """Return the positions whose bits are set."""
    found = set()
    while bits:
        top = bits.bit_length() - 1
        found.add(top)
        bits ^= 1 << top
    return found
