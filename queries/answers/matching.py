"""Which paths does a filter mean? Words, regular expressions and kinds."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass

from pyclosure.queries.knowledge import Knowledge

_REGEX_SIGNS = frozenset("^$[]()|*\\{}")
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter, ready to be asked."""

    text: str
    matches: Callable[[str, str], bool]
    """Takes the searchable text of a path in lower case, and its kind."""
    regex: bool = False
    problem: str = ""
    """Why it was taken literally although it looks like a regular expression."""


def parse_filter(text: str) -> Filter:
    r"""Make a filter of what the user typed.

    Words must all occur, in any order and case. ``kind:lib`` asks for a kind by its word or a part of it. A text
    with one of ``^ $ [ ] ( ) | * \ { }`` is a regular expression; one that does not compile is taken literally.
    """
    text = text[:_LONGEST]
    if _REGEX_SIGNS & set(text):
        try:
            pattern = _compiled(text)
        except (re.error, OverflowError, RecursionError) as error:
            wanted = text.lower()
            return Filter(text, lambda name, kind: wanted in name, False, str(error))
        return Filter(text, lambda name, kind: pattern.search(name) is not None, True)
    words = text.lower().split()
    kinds = [word[5:] for word in words if word.startswith("kind:")]
    parts = [word for word in words if not word.startswith("kind:")]
    return Filter(text, lambda name, kind: all(part in name for part in parts) and all(one in kind for one in kinds))


def _compiled(text: str) -> re.Pattern[str]:
    with warnings.catch_warnings():
        # half-typed sets ("[[") make Python warn on stderr
        warnings.simplefilter("ignore")
        return re.compile(text, re.IGNORECASE)


def searchable(knowledge: Knowledge, at: int) -> str:
    """Return the text that filters look into: name, distribution and digest."""
    identity = knowledge.identity(at)
    path = knowledge.closure.path(at)
    return f"{path[path.rfind('/') + 34 :]} {identity.distribution or ''} {path[path.rfind('/') + 1 :][:32]}".lower()


def matching(knowledge: Knowledge, positions: list[int], text: str) -> list[int]:
    """Return those of the positions that a filter means, in their order."""
    wanted = parse_filter(text)
    return [at for at in positions if wanted.matches(searchable(knowledge, at), knowledge.identity(at).kind.value)]
