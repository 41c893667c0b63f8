"""Bytes, shares, bars and labels as people read them; the only user of humanize."""

from __future__ import annotations

import humanize

from pyclosure.queries.base.names import digest_of, name_label, parse_name, without_interpreter
from pyclosure.queries.kinds.identity import kind_short, kind_words
from pyclosure.queries.opened.knowledge import Knowledge

_EIGHTHS = " ▏▎▍▌▋▊▉█"
UNKNOWN = "–"
"""Stands for what is not known; a word beside it says why."""


def size(value: int | None) -> str:
    """Return bytes in binary units with one decimal, as ``498.7 MiB``; a dash when not known."""
    if value is None:
        return UNKNOWN
    if abs(value) < 1024:
        return f"{value} B"
    return humanize.naturalsize(value, binary=True, format="%.1f")


def share(part: int | None, whole: int) -> str:
    """Return a percentage with one decimal; a dash when it cannot be said."""
    if part is None or whole <= 0:
        return UNKNOWN
    return f"{100 * part / whole:.1f} %"


def bar(part: int | None, whole: int, width: int) -> str:
    """Return a bar of eighths of a cell; anything above nothing shows at least an eighth."""
    if not part or whole <= 0 or width <= 0:
        return " " * max(width, 0)
    eighths = min(width * 8, max(1, round(width * 8 * part / whole)))
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_EIGHTHS[rest] if rest else "")).ljust(width)


def count(value: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun: ``1 path``, ``1,204 paths``."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


class Labels:
    """What each path is called: alike names get the interpreter, or some of the digest, to tell them apart.

    Made on demand, because a list of 20,000 shows forty of them.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self._closure = knowledge.closure
        self._made: dict[int, str] = {}
        groups: dict[str, list[int]] = {}
        for index, name in enumerate(self._closure.names):
            groups.setdefault(without_interpreter(name), []).append(index)
        self._alike = {index: tuple(group) for group in groups.values() if len(group) > 1 for index in group}

    def __len__(self) -> int:
        return len(self._closure)

    def __getitem__(self, index: int) -> str:
        label = self._made.get(index)
        if label is None:
            label = name_label(self._closure.name(index)) + self._telling(index)
            self._made[index] = label
        return label

    def _telling(self, index: int) -> str:
        group = self._alike.get(index, ())
        if not group:
            return ""
        prefixes = [parse_name(self._closure.name(one)).interpreter for one in group]
        if all(prefixes) and len(set(prefixes)) == len(group):
            return f" · {prefixes[group.index(index)]}"
        digests = [digest_of(self._closure.path(one)) for one in group]
        return f" · {digests[group.index(index)][: _telling_length(digests)]}…"


def labels(knowledge: Knowledge) -> Labels:
    """Return what the paths of a closure are called in lists."""
    return Labels(knowledge)


def _telling_length(digests: list[str]) -> int:
    length = 4
    while length < 32 and len({digest[:length] for digest in digests}) < len(digests):
        length += 1
    return length


__all__ = [
    "UNKNOWN",
    "bar",
    "count",
    "kind_short",
    "kind_words",
    "labels",
    "name_label",
    "share",
    "size",
]
