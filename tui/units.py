"""Bytes, shares, bars and labels as people read them; the only user of humanize."""

from __future__ import annotations

import humanize

from pyclosure.queries.kinds.identity import kind_short, kind_words
from pyclosure.queries.knowledge import Knowledge
from pyclosure.queries.names import digest_of, parse_name
from pyclosure.queries.text import printable

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


def path_label(knowledge: Knowledge, at: int) -> str:
    """Return what a path is called in lists: name and version, interpreter prefix folded away.

    Everything shown comes from the name itself, so that two paths look alike only if their names are.
    """
    return name_label(knowledge.closure.name(at))


def name_label(name: str) -> str:
    """Return a store path name as lists show it: ``numpy 1.26.4``, ``gcc 14.2.0 (lib)``."""
    if name.endswith(".drv") or "-env" in name:
        return printable(name)
    parts = parse_name(name)
    text = f"{parts.pname} {parts.version}".strip()
    if parts.triple:
        text += f" [{parts.triple}]"
    return printable(text if parts.output == "out" else f"{text} ({parts.output})")


def labels(knowledge: Knowledge) -> list[str]:
    """Return one label a position; alike ones get the interpreter, or else some of the digest, to tell them apart."""
    closure = knowledge.closure
    plain = [path_label(knowledge, at) for at in range(len(closure))]
    groups: dict[str, list[int]] = {}
    for at, label in enumerate(plain):
        groups.setdefault(label, []).append(at)
    for label, members in groups.items():
        if len(members) == 1:
            continue
        prefixes = [parse_name(closure.name(at)).interpreter for at in members]
        if all(prefixes) and len(set(prefixes)) == len(members):
            for at, prefix in zip(members, prefixes, strict=True):
                plain[at] = f"{label} · {prefix}"
        else:
            length = _telling_length([digest_of(closure.path(at)) for at in members])
            for at in members:
                plain[at] = f"{label} · {digest_of(closure.path(at))[:length]}…"
    return plain


def _telling_length(digests: list[str]) -> int:
    length = 4
    while length < 32 and len({digest[:length] for digest in digests}) < len(digests):
        length += 1
    return length


def middle_ellipsis(text: str, width: int) -> str:
    """Cut a text in its middle, so that a version at its end stays readable."""
    if len(text) <= width:
        return text
    if width <= 1:
        return "…"[:width]
    tail = min((width - 1) // 2, max(len(text) - text.rfind(" ") if " " in text else 0, (width - 1) // 3))
    return text[: width - 1 - tail] + "…" + text[len(text) - tail :]


__all__ = [
    "UNKNOWN",
    "bar",
    "count",
    "kind_short",
    "kind_words",
    "labels",
    "middle_ellipsis",
    "name_label",
    "path_label",
    "share",
    "size",
]
