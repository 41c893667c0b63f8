"""Lines of Requires-Dist, each read once, however many distributions, extras and scopes have it."""

from __future__ import annotations

import re

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

LONGEST = 2000
"""Characters of a line that is read; METADATA gives a thousand at most, but a snapshot may hold any."""
_OF_EXTRA = re.compile(r'\bextra (?:==|!=) "([^"]*)"|"([^"]*)" (?:==|!=) extra\b')


class RequiresDist:
    """One line that is a requirement."""

    __slots__ = ("_inside", "_named", "extras", "marker", "name", "requirement", "text")

    def __init__(self, text: str, requirement: Requirement) -> None:
        self.text = text
        """As METADATA says it."""
        self.requirement = requirement
        self.name = str(canonicalize_name(self.requirement.name))
        """PEP 503 name of what is required."""
        self.extras = frozenset(str(canonicalize_name(one)) for one in self.requirement.extras)
        """Extras of it that are asked for, normalized."""
        self.marker = str(self.requirement.marker or "")
        """The condition as packaging writes it; empty for none."""
        # with both kinds of quotes a text may hold what looks like a comparison
        self._named = None if {"'", '"'} <= set(text) else _named_extras(self.marker)
        self._inside: dict[str, bool | None] = {}

    def minds(self, extra: str) -> bool:
        """Say whether an extra (PEP 503 name) may decide the marker; with any other it is as without an extra.

        >>> text = "brotli; extra == 'speed' and python_version > '3'"
        >>> line = RequiresDist(text, Requirement(text))
        >>> line.minds("speed"), line.minds("tls")
        (True, False)
        """
        return self._named is None or extra in self._named

    def allows(self, version: str) -> bool | None:
        """Say whether a version is inside the specifier, pre-releases allowed; None when it is of no standard form."""
        if version not in self._inside:
            self._inside[version] = self._allows(version)
        return self._inside[version]

    def _allows(self, version: str) -> bool | None:
        try:
            return self.requirement.specifier.contains(Version(version), prereleases=True)
        except ValueError:  # InvalidVersion, and numbers of too many digits
            return None


def _named_extras(marker: str) -> frozenset[str] | None:
    """Return the extras that a marker compares with; None when it asks for extras in another way, too."""
    found = {str(canonicalize_name(one or other)) for one, other in _OF_EXTRA.findall(marker)}
    elsewhere = "" in found or "extra" in _OF_EXTRA.sub("", marker)
    return None if elsewhere else frozenset(found)


class Required:
    """What the METADATA of one distribution requires."""

    def __init__(self, lines: tuple[RequiresDist, ...], unparsed: tuple[str, ...]) -> None:
        self.lines = lines
        self.unparsed = unparsed
        """Lines that are no requirements."""
        self.names = frozenset(line.name for line in lines)
        """PEP 503 names of all that is required, whatever the condition."""
        self._minding: dict[str, tuple[RequiresDist, ...]] = {"": lines}

    def minding(self, extra: str) -> tuple[RequiresDist, ...]:
        """Return the lines whose marker an extra may decide; without an extra all of them."""
        if extra not in self._minding:
            name = str(canonicalize_name(extra))
            self._minding[extra] = tuple(line for line in self.lines if line.minds(name))
        return self._minding[extra]


class Reader:
    """Reads Requires-Dist, and remembers what it has read."""

    def __init__(self) -> None:
        self._lines: dict[str, RequiresDist | None] = {}
        self._markers: dict[str, Marker] = {}
        self._required: dict[tuple[str, ...], Required] = {}

    def read(self, texts: tuple[str, ...]) -> Required:
        """Return what the Requires-Dist lines of one METADATA say."""
        if texts not in self._required:
            lines = tuple(line for text in texts if (line := self._line(text)) is not None)
            self._required[texts] = Required(lines, tuple(text for text in texts if self._line(text) is None))
        return self._required[texts]

    def _line(self, text: str) -> RequiresDist | None:
        if text not in self._lines:
            try:
                if len(text) > LONGEST:
                    raise ValueError
                self._lines[text] = RequiresDist(text, self._requirement(text))
            except (ValueError, RecursionError):  # what is no requirement, and brackets in brackets
                self._lines[text] = None
        return self._lines[text]

    def _requirement(self, text: str) -> Requirement:
        """Parse a line; markers are the slow part, and many lines have the same one."""
        what, sign, condition = text.partition(";")
        # a URL may have semicolons of its own
        if not sign or "@" in what:
            return Requirement(text)
        if condition not in self._markers:
            self._markers[condition] = Marker(condition)
        found = Requirement(what)
        found.marker = self._markers[condition]
        return found
