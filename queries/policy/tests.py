"""What names mean for tests, from ``conventions.toml`` and the decisions of the closure's owner."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from pyclosure.queries.data import load

_EVERYTHING = ("all", "full", "complete", "everything")
_SEPARATORS = re.compile(r"[-_.]+")


@dataclass(frozen=True, slots=True)
class TestConventions:
    """Lists of names and patterns; an owner adds to them, or takes away with ``!``."""

    __test__ = False

    extras: tuple[str, ...] = field(default_factory=lambda: _usual("test-extras"))
    """Of extras, dependency groups, environments and sessions that hold what tests need."""
    broad: tuple[str, ...] = field(default_factory=lambda: _usual("broad-extras"))
    """Of those, the ones that hold more than tests need."""
    left_out: tuple[str, ...] = field(default_factory=lambda: _usual("left-out"))
    """Distributions that are left out on purpose."""

    def is_for_tests(self, group: str) -> bool:
        """Say whether an extra or group holds what tests need."""
        return _matches(_plain(group), self.extras)

    def is_for_all(self, group: str) -> bool:
        """Say whether it holds whatever the project has, tests among it."""
        return _plain(group) in _EVERYTHING

    def rank(self, group: str) -> int:
        """Return how close a group is to what all tests need: 0 for ``test``, 1 for ``test-arrow``, 2 for ``dev``."""
        name = _plain(group)
        if _matches(name, self.broad) or name in _EVERYTHING:
            return 2
        return 0 if name in self.extras else 1

    def is_left_out(self, distribution: str) -> bool:
        """Say whether packagers leave a distribution (PEP 503 name) out on purpose."""
        return _matches(distribution, self.left_out)

    def changed(self, *, extras: Iterable[str] = (), left_out: Iterable[str] = ()) -> TestConventions:
        """Return them with an owner's additions; ``!name`` takes a name or pattern away."""
        return TestConventions(_changed(self.extras, extras), self.broad, _changed(self.left_out, left_out))


def _usual(key: str) -> tuple[str, ...]:
    return tuple(load("conventions")["testing"][key])


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    # what an owner takes away comes last
    for pattern in reversed(patterns):
        wanted = not pattern.startswith("!")
        if fnmatchcase(name, pattern.removeprefix("!")):
            return wanted
    return False


def _changed(usual: tuple[str, ...], words: Iterable[str]) -> tuple[str, ...]:
    return (*usual, *map(_plain, words))


def _plain(name: str) -> str:
    """Return a name or pattern as PEP 503, 685 and 735 compare names.

    >>> _plain("!Tests_*")
    '!tests-*'
    """
    return _SEPARATORS.sub("-", name).lower()
