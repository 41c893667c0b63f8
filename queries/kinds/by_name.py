"""Tier N: what the name alone suggests."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from pyclosure.queries.base.names import NameParts, parse_name
from pyclosure.queries.data import load
from pyclosure.queries.kinds.identity import Fact

_WITH_OUTPUTS = frozenset({"toolchain", "hook"})
"""Kinds whose other outputs are something else."""


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
    found = _by_form(name, lambda: parts)
    return Fact(found[0], "N", "probable", f"the name {_shown(found[1], name)}") if found else None


def name_kind(name: str) -> str | None:
    """Return the kind that :func:`kind_by_name` finds, without the evidence."""
    found = _by_form(name, lambda: parse_name(name))
    return found[0] if found else None


def _by_form(name: str, parts: Callable[[], NameParts]) -> tuple[str, re.Match[str]] | None:
    """Return the first kind of whose patterns one matches; few kinds need the name taken apart."""
    for kind, pattern in _patterns("names"):
        match = pattern.search(name)
        if match and not (kind in _WITH_OUTPUTS and parts().output in _other_outputs()):
            return kind, match
    return None


def kind_by_known_name(name: str) -> Fact | None:
    """Return the kind of a well-known name; weak, hence asked last."""
    kind = known_name_kind(name)
    return Fact(kind, "N", "weak", f"a well-known name: {name}") if kind else None


def known_name_kind(name: str) -> str | None:
    """Return the kind that :func:`kind_by_known_name` finds, without the evidence."""
    return next((kind for kind, pattern in _patterns("weak-names") if pattern.search(name)), None)


def _shown(match: re.Match[str], name: str) -> str:
    if match.start() > 0 and match.end() == len(name):
        return f"ends in {match[0]}"
    return f"begins with {match[0]}" if match.end() < len(name) else f"is {match[0]}"
