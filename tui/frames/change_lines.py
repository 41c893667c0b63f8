"""What is known of a change, as headings and lines: causes, sizes, reasons, contents."""

from __future__ import annotations

from collections.abc import Iterator

from pyclosure.queries.diff.causes import Cause
from pyclosure.queries.diff.contents import contents_change
from pyclosure.queries.diff.match import Change
from pyclosure.queries.diff.review import Review
from pyclosure.queries.facts.contents import contents, group_words
from pyclosure.tui.words.diff import change_of, evidence_words, label, reason_words, requirement_lines
from pyclosure.tui.words.units import UNKNOWN, size

_SHOWN = 40
"""Paths, files and lines of a list that are shown."""


def cause_lines(cause: Cause, review: Review) -> Iterator[tuple[str, str]]:
    """Yield headings and lines about a cause: its references, who else brings it, and the paths."""
    side = review.diff.old if cause.kind == "drops" else review.diff.new
    for edge in cause.edges[:_SHOWN]:
        held = evidence_words(review.evidence.get(edge))
        yield "reference", f"{label(side, edge[0])} → {label(side, edge[1])}{f' in {held}' if held else ''}"
    yield from (("also by", label(side, index)) for index in cause.via[:_SHOWN])
    heading = "brings" if cause.kind == "brings" else "drops"
    for index in sorted(cause.paths, key=lambda one: -side.closure.nar_sizes[one])[:_SHOWN]:
        yield heading, f"{size(side.closure.nar_sizes[index]):>10}  {label(side, index)}"
        heading = ""
    if len(cause.paths) > _SHOWN:
        yield "", f"… {len(cause.paths) - _SHOWN:,} more"


def change_lines(change: Change, review: Review) -> Iterator[tuple[str, str]]:
    """Yield headings and lines about a path that changed; files are looked at where they are here."""
    for heading, side, index in (("old", review.diff.old, change.old), ("new", review.diff.new, change.new)):
        if index is not None:
            yield heading, f"{side.closure.path(index)}   {size(side.closure.nar_sizes[index])}"
    if words := reason_words(review, change.new):
        yield "why", words
    for one in review.requirements:
        if one.change is change:
            yield from (("requires", line) for line in requirement_lines(one.added, one.removed, one.python))
    path = review.diff.new.closure.path(change.new) if change.new is not None else ""
    for finding in review.findings.new if review.findings is not None else ():
        if path in finding.paths[:1]:
            yield "finding", finding.title
    yield from _content_lines(change, review)


def _content_lines(change: Change, review: Review) -> Iterator[tuple[str, str]]:
    if change.old is None or change.new is None or change.kind == "unchanged":
        return
    found = []
    for side, index in ((review.diff.old, change.old), (review.diff.new, change.new)):
        root = side.closure.records.files_root
        found.append(contents(side.closure.path(index), root) if root is not None else None)
    old, new = found
    if old is None or new is None:
        yield "contents", "the files of both sides are not on this machine"
        return
    answer = contents_change(old, new)
    heading = "contents"
    for key, before, after in answer.groups[:8]:
        yield heading, f"{change_of(after - before):>10}  {group_words(key)}"
        heading = ""
    heading = "files"
    for one in answer.files[:_SHOWN]:
        sizes = " → ".join(size(value) if value is not None else UNKNOWN for value in (one.old, one.new))
        yield heading, f"{change_of(one.size_change):>10}  {one.path}   {sizes}"
        heading = ""
    more = len(answer.files) - _SHOWN + answer.more
    if more > 0:
        yield "", f"… {more:,} more"
    yield "", f"{answer.same:,} files of one name and size"
