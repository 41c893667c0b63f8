"""What could the tests of a package import while they ran?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from pyclosure.queries.base.check_inputs import Input
from pyclosure.queries.base.records import Derivation
from pyclosure.queries.data import load
from pyclosure.queries.testing.inputs import runner_of
from pyclosure.queries.testing.world import World

How = Literal["check input", "propagated", "dependency", "accidental"]
"""Asked for by the package for its tests, brought along by something so asked for, a dependency of its own, or there
only because hooks or the build system need it."""


@dataclass(frozen=True, slots=True)
class Provision:
    """A distribution that was on the module path of the build."""

    name: str
    """PEP 503 name."""
    path: str
    """Its store path; empty where only a convention knows that a hook brings it."""
    how: How
    by: str
    """Store name of the input that brings it."""
    version: str = ""
    """As far as it is known."""


@dataclass(frozen=True, slots=True)
class Provided:
    """All that tests could import, by PEP 503 name."""

    by_name: Mapping[str, Provision]
    complete: bool
    """Whether the inputs' own propagation is known; otherwise more may have been there."""

    def get(self, name: str) -> Provision | None:
        """Return what provides a distribution; None when nothing does."""
        return self.by_name.get(name)


def provided(package: Derivation, for_tests: Iterable[Input], others: Iterable[Input], world: World) -> Provided:
    """Return what the tests of a package had on their module path, the most deliberate reason first.

    Args:
        package: what is tested: its own dependencies are there for it.
        for_tests: check inputs of the derivation that runs the tests, itself or another.
        others: other inputs of that derivation.
        world: knows what they propagate.
    """
    found: dict[str, Provision] = {}
    complete = True
    carried = package.attribute("propagatedBuildInputs").split()
    for word in carried:
        world.resolve(word, package)
    groups: tuple[tuple[Sequence[Input | str], How, How], ...] = (
        (list(for_tests), "check input", "propagated"),
        (carried, "dependency", "dependency"),
        (list(others), "accidental", "accidental"),
    )
    for inputs, direct, indirect in groups:
        for one in inputs:
            if isinstance(one, Input) and one.distribution is not None:
                version = world.version_of(one.path, one.name)
                asked = Provision(one.distribution, one.path, direct, one.name, version)
                found.setdefault(one.distribution, asked)
        paths = [one.path if isinstance(one, Input) else one for one in inputs]
        below = world.module_path(paths)
        complete = complete and not (below.unknown and direct != "accidental")
        for path, by in below.by.items():
            how = direct if path == by else indirect
            for name, version in world.distributions_in(path):
                found.setdefault(name, Provision(name, path, how, world.name(by), version))
        for one in inputs:
            if isinstance(one, Input) and world.propagated(one.path) is None:
                _add_brought(one, found, indirect)
    return Provided(found, complete)


def _add_brought(one: Input, found: dict[str, Provision], how: How) -> None:
    """Add what a hook is known to bring by its name alone."""
    testing = load("conventions")["testing"]
    runner = runner_of(one.name)
    brought = list(testing["runners"][runner]) if runner else []
    for pattern, names in testing["brought"].items():
        if fnmatchcase(one.name, pattern):
            brought += names
    for name in brought:
        found.setdefault(name, Provision(name, "", how, one.name))
