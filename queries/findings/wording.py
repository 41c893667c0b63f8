"""Words that the titles and notes of findings share."""

from __future__ import annotations

from collections.abc import Iterable


def some(names: Iterable[str], most: int = 3) -> str:
    """Return names in words: the first few, and how many more."""
    listed = list(dict.fromkeys(names))
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more


def counted(count: int, thing: str) -> str:
    """Return a number of things in words: ``1 native file``, ``2 native files``."""
    return f"{count} {thing if count == 1 else thing.removesuffix('y') + ('ies' if thing.endswith('y') else 's')}"
