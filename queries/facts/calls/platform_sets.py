"""Sets of platforms as ``sys.platform`` says them, and which of them a text that is compared means."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Literal, get_args

_KNOWN = (
    *("linux", "darwin", "win32", "cygwin", "msys", "freebsd", "openbsd", "netbsd", "dragonfly", "sunos", "aix"),
    *("android", "ios", "emscripten", "wasi", "haiku", "java"),
)
Subject = Literal["platform", "name", "system"]
"""``sys.platform``, ``os.name`` or ``platform.system()``."""
SUBJECTS: tuple[Subject, ...] = get_args(Subject)


@dataclass(frozen=True, slots=True)
class Platforms:
    """A set of platforms as ``sys.platform`` says them, or all but some."""

    names: frozenset[str] = frozenset()
    others: bool = True
    """Whether it is all but ``names``."""

    def both(self, other: Platforms) -> Platforms:
        """Return the platforms in both."""
        if self.others and other.others:
            return Platforms(self.names | other.names)
        if self.others:
            return Platforms(other.names - self.names, False)
        return Platforms(self.names - other.names if other.others else self.names & other.names, False)

    def beside(self, other: Platforms) -> Platforms:
        """Return the platforms in one or the other."""
        return (~(~self).both(~other)) if self != other else self

    def __invert__(self) -> Platforms:
        return Platforms(self.names, not self.others)

    @property
    def none(self) -> bool:
        """Whether no platform is left."""
        return not self.names and not self.others


EVERYWHERE = Platforms()
WINDOWS = Platforms(frozenset({"win32"}), False)


def any_of(parts: Iterable[Platforms]) -> Platforms:
    """Return the platforms in one or more of several sets."""
    return reduce(Platforms.beside, parts, ~EVERYWHERE)


def _only(name: str) -> Platforms:
    """Return one platform; releases such as ``linux2`` and ``freebsd14`` are their system."""
    name = "win32" if name == "windows" else name
    return Platforms(frozenset({name if name in _KNOWN else re.sub(r"[\d._-].*", "", name) or name}), False)


def equal(subject: Subject, text: str) -> Platforms:
    """Return where a subject is a text."""
    if subject == "name":
        return {"nt": WINDOWS, "posix": ~WINDOWS}.get(text) or _only(text)
    return _only(text.lower())


def starting(subject: Subject, text: str) -> Platforms:
    """Return where a subject begins with a text."""
    return _like(subject, text, str.startswith)


def containing(subject: Subject, text: str) -> Platforms:
    """Return where a text is a part of a subject."""
    return _like(subject, text, str.__contains__)


def _like(subject: Subject, text: str, matches: Callable[[str, str], bool]) -> Platforms:
    if subject == "name":
        return equal(subject, text)
    spelled = ["windows" if one == "win32" and subject == "system" else one for one in _KNOWN]
    return any_of(map(_only, [one for one in spelled if matches(one, text.lower())] or [text.lower()]))
