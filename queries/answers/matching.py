"""Which paths does a filter mean? Words, regular expressions and kinds."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from pyclosure.queries.base.activity import SILENT, Activity
from pyclosure.queries.base.names import base_name, without_interpreter
from pyclosure.queries.kinds.identity import Identity, kind_short, kind_words
from pyclosure.queries.opened.knowledge import Knowledge

_REGEX_SIGNS = frozenset("^$[]()|*\\{}")
_LONGEST = 500
_SHORTEST_DIGEST = 6
_MOST_CHOICES = 6
"""Repetitions and branches of one pattern; what they cost is multiplied."""
_LABEL = re.compile(r"(?P<words>[\w.+ -]+) \((?P<output>\w+)\)")
"""How lists show a path of another output; its parentheses are no regular expression."""


@dataclass(frozen=True, slots=True)
class Searchable:
    """What of a path a filter looks into, in lower case."""

    names: tuple[str, ...]
    """The name, the name without interpreter prefix, and the distribution."""
    base: str
    """Digest and name, for pasted paths."""
    kind: str
    """The kind by its key, in words and abbreviated."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter, ready to be asked."""

    text: str
    matches: Callable[[Searchable], bool]
    regex: bool = False
    problem: str = ""
    """Why it was taken literally although it looks like a regular expression."""


def parse_filter(text: str) -> Filter:
    r"""Make a filter of what the user typed.

    Words must all occur in the name, in any order and case; a word of six characters or more may be the
    beginning of the digest, and a whole store path means itself. ``kind:lib`` asks for a kind. A text with one of
    ``^ $ [ ] ( ) | * \ { }`` is a regular expression; one that does not compile, or
    might never end, is taken literally.
    """
    text = text[:_LONGEST]
    label = _LABEL.fullmatch(text.strip())
    if _REGEX_SIGNS & set(text) and label is None:
        try:
            pattern = _compiled(text)
            problem = "it repeats so much that it might never end" if _may_never_end(text) else ""
        except (re.error, OverflowError, RecursionError) as error:
            problem = str(error)
        if problem:
            wanted = text.lower()
            return Filter(text, lambda path: any(wanted in name for name in path.names), False, problem)
        return Filter(text, lambda path: any(pattern.search(name) for name in path.names), True)
    words = (f"{label['words']} {label['output']}" if label else text).lower().split()
    kinds = [word[5:] for word in words if word.startswith("kind:")]
    parts = [
        word.rsplit("/", 1)[-1] if word.startswith("/") else word for word in words if not word.startswith("kind:")
    ]

    def matches(path: Searchable) -> bool:
        return all(_occurs(part, path) for part in parts) and all(one in path.kind for one in kinds)

    return Filter(text, matches)


def _compiled(text: str) -> re.Pattern[str]:
    with warnings.catch_warnings():
        # half-typed sets ("[[") make Python warn on stderr
        warnings.simplefilter("ignore")
        return re.compile(text, re.IGNORECASE)


def _may_never_end(text: str) -> bool:
    """Say whether a pattern repeats what itself repeats or branches, or has so many of both, that it can take for ever.

    Nothing can stop a search once it has begun: neither a key nor a thread.
    """
    inner = [False]
    """For each open group, whether something in it repeats or branches."""
    choices = 0
    closed = escaped = in_set = False
    before = ""
    for sign in text:
        literal = escaped or in_set
        repeats = sign in "*+{?" and not (literal or (sign == "?" and before in ("(", "*", "+", "?", "}")))
        if escaped:
            escaped = False
        elif sign == "\\":
            escaped = True
        elif in_set:
            in_set = sign != "]"
        elif sign == "[":
            in_set = True
        elif sign == "(":
            inner.append(False)
        elif sign == "|":
            choices += len(inner) > 1 and not inner[-1]
            inner[-1] = len(inner) > 1
        elif repeats:
            if closed and sign != "?":
                return True
            choices += 1
            inner[-1] = True
        closed = sign == ")" and not literal and len(inner) > 1 and inner.pop()
        inner[-1] = inner[-1] or closed
        before = sign
    return choices > _MOST_CHOICES


def _occurs(word: str, path: Searchable) -> bool:
    if any(word in name for name in path.names):
        return True
    return len(word) >= _SHORTEST_DIGEST and path.base.startswith(word)


_made: WeakKeyDictionary[Knowledge, list[tuple[Identity, Searchable] | None]] = WeakKeyDictionary()
"""What was made already, and of which identity: that of a path changes when more becomes known."""


def searchable(knowledge: Knowledge, index: int) -> Searchable:
    """Return what filters look into for one path."""
    kept = _made.get(knowledge)
    if kept is None:
        kept = _made.setdefault(knowledge, [None] * len(knowledge.closure))
    identity = knowledge.identity(index)
    known = kept[index]
    if known is None or known[0] is not identity:
        known = kept[index] = (identity, _searchable(knowledge, index, identity))
    return known[1]


def prepare(knowledge: Knowledge, activity: Activity = SILENT) -> None:
    """Make what filters look into for all paths, so that the first letter of a filter need not wait for it."""
    for index in range(len(knowledge.closure)):
        if index % 500 == 0:
            activity.check()
        searchable(knowledge, index)


def _searchable(knowledge: Knowledge, index: int, identity: Identity) -> Searchable:
    base = base_name(knowledge.closure.path(index)).lower()
    name = base[33:]
    kind = identity.kind.value
    names = (name, without_interpreter(name), identity.distribution or "")
    return Searchable(names, base, f"{kind} {kind_words(kind)} {kind_short(kind)}".lower())


def matching(knowledge: Knowledge, positions: list[int], text: str) -> list[int]:
    """Return those of the positions that a filter means, in their order."""
    wanted = parse_filter(text)
    return [index for index in positions if wanted.matches(searchable(knowledge, index))]
