"""Tier N: what the name alone suggests."""

from __future__ import annotations

import re
from functools import cache

from pyclosure.queries.data import load
from pyclosure.queries.kinds.identity import Fact
from pyclosure.queries.names import NameParts


@cache
def _patterns(table: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    kinds = load("kinds")[table].items()
    return tuple((kind, re.compile("|".join(f"(?:{one})" for one in some))) for kind, some in kinds)


@cache
def _other_outputs() -> frozenset[str]:
    """Return outputs of a compiler or wrapper that are neither: libraries, manuals, headers."""
    return frozenset(name for some in load("kinds")["outputs"].values() for name in some)


def kind_by_name(name: str, parts: NameParts) -> Fact | None:
    """Return the kind that a name suggests by its form; None when it suggests none."""
    for kind, pattern in _patterns("names"):
        if pattern.search(name):
            if kind in ("toolchain", "hook") and parts.output in _other_outputs():
                continue
            return Fact(kind, "N", "probable", f"the name {_shown(pattern, name)}")
    return None


def kind_by_known_name(name: str) -> Fact | None:
    """Return the kind of a well-known name; weak, hence asked last."""
    for kind, pattern in _patterns("weak-names"):
        if pattern.search(name):
            return Fact(kind, "N", "weak", f"a well-known name: {name}")
    return None


def _shown(pattern: re.Pattern[str], name: str) -> str:
    match = pattern.search(name)
    part = match[0] if match else name
    if match and match.start() > 0 and match.end() == len(name):
        return f"ends in {part}"
    return f"begins with {part}" if match and match.end() < len(name) else f"is {part}"
