"""Words that the titles and notes of findings share."""

from __future__ import annotations

from collections.abc import Iterable

from pyclosure.queries.base.text import first_of


def some(names: Iterable[str], most: int = 3) -> str:
    """Return names in words, each once: the first few, and how many more."""
    return first_of(list(dict.fromkeys(names)), most)


def counted(count: int, thing: str) -> str:
    """Return a number of things in words: ``1 native file``, ``2 native files``."""
    return f"{count} {thing if count == 1 else thing.removesuffix('y') + ('ies' if thing.endswith('y') else 's')}"
