"""What changed between two closures, as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO

from pyclosure.queries.base.text import printable
from pyclosure.queries.diff.causes import Cause
from pyclosure.queries.diff.match import CLASSES, Change
from pyclosure.queries.diff.review import Review
from pyclosure.tui.output.formats.text import cells, text_console, text_table
from pyclosure.tui.words.diff import (
    CLASS_WORDS,
    Shown,
    brings,
    cause_words,
    change_of,
    class_counts,
    finding_words,
    findings_line,
    first_evidence,
    gap_lines,
    reason_words,
    rebuilt_groups,
    requirement_lines,
    totals,
    versions,
)
from pyclosure.tui.words.units import count


def write_text(shown: Shown, out: IO[str]) -> None:
    """Write a review as text: totals, causes, findings, then classes."""
    review = shown.review
    out.write(f"{printable(shown.labels[0], 200)} → {printable(shown.labels[1], 200)}\n")
    for word, before, after, change in totals(review):
        out.write(f"{word}: {before} → {after}   {change}\n")
    out.write(f"{class_counts(review)}\n")
    _section(count(len(review.causes), "cause"), shown, out, [_cause_row(review, one) for one in review.causes], "rln")
    _findings(shown, out)
    for kind in CLASSES[:-1]:
        changes = review.diff.of_class(kind)
        if kind in ("rebuilt", "interpreter-only"):
            for words, some in rebuilt_groups(review, (kind,)):
                title = count(len(some), *CLASS_WORDS[kind]) + (f", {words}" if words else "")
                _section(title, shown, out, [_change_row(review, one) for one in some], "rln")
        elif changes:
            title = count(len(changes), *CLASS_WORDS[kind])
            _section(title, shown, out, [_change_row(review, one) for one in changes], "rln")
    for one in review.requirements:
        out.write(f"\n{one.distribution} requires\n")
        out.writelines(f"  {line}\n" for line in requirement_lines(one.added, one.removed, one.python))
    out.writelines(f"\n{line}\n" for line in gap_lines(review))
    out.writelines(f"\n{line}\n" for line in review.lacking)


def _cause_row(review: Review, cause: Cause) -> tuple[str, str, str]:
    tail = " · ".join(part for part in (brings(review, cause), first_evidence(review, cause)) if part)
    return change_of(cause.size_change), cause_words(review.diff, cause), tail


def _change_row(review: Review, change: Change) -> tuple[str, str, str]:
    marks = ["direct"] if review.is_direct(change) else []
    if change.kind == "resized":
        marks.append(reason_words(review, change.new))
    return change_of(change.size_change), versions(review.diff, change), " · ".join(filter(None, marks))


def _section(title: str, shown: Shown, out: IO[str], rows: Sequence[tuple[str, ...]], forms: str) -> None:
    if not rows:
        return
    out.write(f"\n{printable(title, 300)}\n")
    # where it is too wide, what stands last is cut first
    kinds = {"r": "right", "l": "left", "n": "name"}
    drawn = text_table([("", kinds[form]) for form in forms])
    drawn.show_header = False
    for row in rows[: shown.top]:
        drawn.add_row(*cells(row))
    text_console(out).print(drawn)
    if shown.top is not None and len(rows) > shown.top:
        out.write(f"… {len(rows) - shown.top:,} more: --top 0 lists all\n")


def _findings(shown: Shown, out: IO[str]) -> None:
    found = shown.review.findings
    if found is None:
        return
    titles = ("New findings", "Findings that are gone", "Findings that may be new: the old closure could not be judged")
    for title, some in zip(titles, (found.new, found.gone, found.unsure), strict=True):
        if some:
            out.write(f"\n{title} ({len(some):,})\n")
            out.writelines(f"  {printable(finding_words(one), 400)}\n" for one in some[: shown.top])
    out.write(f"\n{findings_line(shown.review)}\n")
