"""Does a version lie within a constraint, as PEP 440 or poetry writes it? Yes, no, or None for unreadable."""

from __future__ import annotations

import functools
import re

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from pyclosure.queries.base.poetry_constraint import LONGEST, PART, specifier

_PART = re.compile(rf"{PART}[\s,]*")


def allows(constraint: str | None, version: str) -> bool | None:
    """Say whether a constraint allows a version; None when either cannot be read.

    >>> [allows("^3.9", one) for one in ("3.8.1", "3.9", "3.13.1", "4.0")]
    [False, True, True, False]
    >>> allows(">=2.7,<3.0 || >=3.6", "3.11.2"), allows("~1.4", "1.5"), allows("*", "7")
    (True, False, True)
    """
    if constraint is None:
        return True
    alternatives = _alternatives(constraint)
    try:
        parsed = Version(version)
    except ValueError:  # InvalidVersion, and numbers of too many digits
        return None
    if alternatives is None:
        return None
    return any(one.contains(parsed, prereleases=True) for one in alternatives)


@functools.lru_cache(4096)
def _alternatives(constraint: str) -> tuple[SpecifierSet, ...] | None:
    if len(constraint) > LONGEST:
        return None
    try:
        return tuple(SpecifierSet(_pep440(one.strip())) for one in re.split(r"\|\|?", constraint))
    except ValueError:
        return None


def _pep440(alternative: str) -> str:
    parts: list[str] = []
    index = 0
    while index < len(alternative):
        part = _PART.match(alternative, index)
        if part is None:
            raise InvalidSpecifier(alternative)
        index = part.end()
        parts.append(specifier(part[1] or "", part[2]))
    return ",".join(one for one in parts if one)
