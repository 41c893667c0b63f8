"""How a closure grew, as text, markdown and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO

from pyclosure.queries.base.text import printable
from pyclosure.queries.diff.history import EdgeSpan, Moment, Step
from pyclosure.tui.output.formats.markdown import markdown_text
from pyclosure.tui.output.formats.table import write_table
from pyclosure.tui.words.diff import cause_words, change_of, greatest
from pyclosure.tui.words.units import UNKNOWN, size

_BLOCKS = "▁▂▃▄▅▆▇█"
_HEADER = (
    ("closure", "name"),
    ("size", "right"),
    ("change", "right"),
    ("paths", "right"),
    ("python", "right"),
    ("native", "right"),
    ("findings", "right"),
    ("most because of", "left"),
)


def sparkline(values: Sequence[int]) -> str:
    """Return values as a row of blocks between the smallest and the largest; level when all are equal."""
    if not values:
        return ""
    least, most = min(values), max(values)
    if least == most:
        return _BLOCKS[3] * len(values)
    return "".join(_BLOCKS[(value - least) * (len(_BLOCKS) - 1) // (most - least)] for value in values)


def findings_count(one: Moment) -> str:
    """Return how many findings there are; with a question mark when not every rule could judge."""
    if one.report is None:
        return UNKNOWN
    return f"{len(one.report.findings):,}{'?' if one.report.unknown else ''}"


def write_history(
    moments: Sequence[Moment], ways: Sequence[Step], spans: Sequence[EdgeSpan] | None, form: str, out: IO[str]
) -> None:
    """Write a table of closures, and when what was looked for was there."""
    rows = [_row(one, ways[index - 1] if index else None) for index, one in enumerate(moments)]
    line = sparkline([one.total for one in moments])
    out.write(
        f"<!-- pyclosure history -->\nclosure size {line}\n\n" if form == "markdown" else f"closure size {line}\n"
    )
    write_table(_HEADER, rows, form, out)
    for words in span_words(moments, spans):
        out.write(f"\n{markdown_text(words) if form == 'markdown' else words}\n")


def span_words(moments: Sequence[Moment], spans: Sequence[EdgeSpan] | None) -> list[str]:
    """Return when what was looked for was there, a sentence each; nothing when nothing was looked for."""
    if spans is None:
        return []
    if not spans:
        return [f"none of the {len(moments):,} closures has it"]
    found = []
    for one in spans:
        edge = f"{one.referrer} → {one.reference}" if one.referrer else one.reference
        first, last = printable(moments[one.first].label, 200), printable(moments[one.last].label, 200)
        since = "since the first one" if one.first == 0 else f"first in {first}"
        until = "still there" if one.last == len(moments) - 1 else f"last in {last}"
        found.append(f"{since}, {until}: {edge}")
    return found


def _row(one: Moment, way: Step | None) -> tuple[str, ...]:
    change = change_of(way.diff.size_change) if way is not None else ""
    return (
        one.label,
        size(one.total),
        change,
        f"{len(one.knowledge.closure):,}",
        size(one.groups.get("python", 0) + one.groups.get("interpreter", 0)),
        size(one.groups.get("native", 0)),
        findings_count(one),
        _greatest(way) if way is not None else "",
    )


def _greatest(way: Step) -> str:
    """Return the cause of most bytes of a step; empty when nothing changed in size."""
    cause = greatest(way.diff, way.causes)
    return f"{change_of(cause.size_change)} {cause_words(way.diff, cause)}" if cause is not None else ""
