"""A review as a comment for a pull request: one screen, then folds, never more than GitHub takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from io import StringIO
from typing import IO

from pyclosure.queries.base.names import base_name
from pyclosure.queries.diff.causes import Cause
from pyclosure.queries.diff.gates import Gate
from pyclosure.queries.diff.match import CLASSES, ONE_SIDED, Change, ChangeClass
from pyclosure.queries.diff.review import Review
from pyclosure.tui.output.formats.markdown import markdown_code, markdown_table, markdown_text
from pyclosure.tui.words.diff import (
    CLASS_WORDS,
    Shown,
    brings,
    cause_words,
    change_of,
    finding_words,
    findings_line,
    first_evidence,
    gap_lines,
    percent,
    rebuilt_groups,
    requirement_lines,
    totals,
    versions,
)
from pyclosure.tui.words.units import count

MARKER = "<!-- pyclosure diff -->"
"""Hidden first line: by it a comment is found again and updated."""
LARGEST = 60_000
"""Bytes of a comment; GitHub takes 65,536 characters."""
_FOLDED: tuple[ChangeClass, ...] = ("rebuilt", "interpreter-only", "resized", "version", "output-changed")
_ONE_SIDED = tuple(kind for kind in CLASSES if kind in ONE_SIDED)
_CAUSES = 12
"""Causes that stand outside of a fold."""
_DROPS = ("rebuilt", "version", "causes", "lists")
"""What is left out when a comment gets too long, in this order."""
_STATES = {
    "passed": ":white_check_mark: passed",
    "breached": ":x: breached",
    "no data": ":grey_question: no data",
}
_DROPPED_WORDS = {
    "rebuilt": "what was only rebuilt",
    "version": "other versions",
    "causes": "causes beyond the greatest",
    "lists": "all lists",
}


def write_markdown(shown: Shown, out: IO[str], largest: int = LARGEST, gates: Sequence[Gate] = ()) -> None:
    """Write a comment; what does not fit is left out in a fixed order, and the last lines say what.

    Args:
        shown: the review.
        out: where to.
        largest: bytes that it may have.
        gates: limits that were judged.
    """
    for dropped in range(len(_DROPS) + 1):
        text = _page(shown, frozenset(_DROPS[:dropped]), gates)
        if len(text.encode()) <= largest:
            break
    out.write(text)


def summary_line(review: Review) -> str:
    """Return the one line that can be searched for, such as ``Closure size change +118.4 % (+23.8 MiB)``."""
    before = review.diff.old.real_sizes.total
    return f"Closure size change {percent(review.diff.size_change, before)} ({change_of(review.diff.size_change)})."


def _page(shown: Shown, dropped: frozenset[str], gates: Sequence[Gate]) -> str:
    review = shown.review
    out = StringIO()
    out.write(f"{MARKER}\n## `pyclosure` closure diff\n\n")
    old, new = review.diff.old.closure, review.diff.new.closure
    before, after = (", ".join(base_name(one.path(index))[:8] for index in one.roots[:3]) for one in (old, new))
    names = ", ".join(dict.fromkeys(new.name(index) for index in new.roots[:3]))
    systems = sorted({drv.system for drv in review.diff.new.derivations.values() if drv.system != "builtin"})
    system = f" · {markdown_text(', '.join(systems))}" if systems else ""
    out.write(f"{markdown_code(names)} · {markdown_code(before)} → {markdown_code(after)}{system}\n\n")
    header = (("", "left"), ("Before", "right"), ("After", "right"), ("Change", "right"))
    rows = [
        (word, one, other, f"**{change}**" if index == 0 else change)
        for index, (word, one, other, change) in enumerate(totals(review))
    ]
    markdown_table(header, rows, out)
    if gates:
        out.write("\n")
        rows = [
            (_STATES[one.state], markdown_code(one.name), markdown_text(one.limit), markdown_text(one.value))
            for one in gates
        ]
        markdown_table((("", "left"), ("Gate", "left"), ("Limit", "right"), ("Now", "left")), rows, out)
    _write_findings(review, out, listed="lists" not in dropped)
    _write_causes(review, out, dropped)
    if "lists" not in dropped:
        _write_classes(review, out, dropped)
        _write_requirements(review, out)
        _write_gaps(review, out)
    for line in review.lacking:
        out.write(f"\n*{markdown_text(line)}*\n")
    if dropped:
        words = ", ".join(_DROPPED_WORDS[one] for one in _DROPS if one in dropped)
        out.write(f"\n*Left out, for length: {words}. The command below prints all of it.*\n")
    out.write(
        "\n<sub>Sizes are sums of NAR sizes: neither disk usage nor image size.</sub>\n\n"
        f"{summary_line(review)} Command: {markdown_code(shown.command)}\n"
    )
    return out.getvalue()


def _write_findings(review: Review, out: IO[str], *, listed: bool) -> None:
    found = review.findings
    if found is None:
        return
    out.write(f"\n{':warning: ' if found.new else ''}**{markdown_text(findings_line(review))}**\n")
    if listed and found.new:
        out.write("\n")
        out.writelines(f"- {markdown_text(finding_words(one))}\n" for one in found.new[:20])
        if len(found.new) > 20:
            out.write(f"- … {len(found.new) - 20:,} more\n")
    for title, some in (("gone", found.gone), ("that may be new: the old closure could not be judged", found.unsure)):
        if listed and some:
            lines = [f"- {markdown_text(finding_words(one))}\n" for one in some[:20]]
            _fold(f"{count(len(some), 'finding')} {title}", partial(_lines, lines), out)


def _write_causes(review: Review, out: IO[str], dropped: frozenset[str]) -> None:
    causes = review.causes
    if not causes:
        out.write("\nNothing changed.\n")
        return
    rows = [
        (
            markdown_text(cause_words(review.diff, one)),
            markdown_text(brings(review, one)),
            change_of(one.size_change),
            _evidence(review, one),
        )
        for one in causes
    ]
    header = (("Cause", "left"), ("Brings", "left"), ("Size", "right"), ("Where", "left"))
    out.write("\n")
    if "lists" in dropped:
        out.write(f"{count(len(causes), 'cause')}\n")
        return
    markdown_table(header, rows[:_CAUSES], out)
    rest = rows[_CAUSES:]
    if rest and "causes" in dropped:
        out.write(
            f"\n{count(len(rest), 'more cause')}, {change_of(sum(one.size_change for one in causes[_CAUSES:]))}\n"
        )
    elif rest:
        _fold(f"{count(len(rest), 'more cause')}", lambda fold: markdown_table(header, rest, fold), out)


def _evidence(review: Review, cause: Cause) -> str:
    words = first_evidence(review, cause)
    return markdown_code(words) if words else ""


def _write_classes(review: Review, out: IO[str], dropped: frozenset[str]) -> None:
    for kind in (*_ONE_SIDED, *reversed(_FOLDED)):
        changes = review.diff.of_class(kind)
        if not changes:
            continue
        title = count(len(changes), *CLASS_WORDS[kind])
        folded = "rebuilt" if kind in ("rebuilt", "interpreter-only") else "version" if kind in _FOLDED else "lists"
        if folded in dropped:
            out.write(f"\n{title}\n")
        elif kind in ("rebuilt", "interpreter-only"):
            _fold(title, partial(_groups, review, kind), out)
        else:
            _fold(title, partial(_table, review, changes), out)


def _groups(review: Review, kind: ChangeClass, out: IO[str]) -> None:
    for words, some in rebuilt_groups(review, (kind,)):
        names = ", ".join(markdown_text(one.name) for one in some)
        total = change_of(sum(one.size_change for one in some))
        out.write(f"- {len(some):,} {markdown_text(words)} ({total}): {names}\n")


def _table(review: Review, changes: Sequence[Change], out: IO[str]) -> None:
    header = (("Package", "left"), ("Size", "right"), ("", "left"))
    rows = (
        (
            markdown_text(versions(review.diff, one)),
            change_of(one.size_change),
            "direct" if review.is_direct(one) else "",
        )
        for one in changes
    )
    markdown_table(header, rows, out)


def _write_requirements(review: Review, out: IO[str]) -> None:
    if not review.requirements:
        return

    def lines() -> Iterator[str]:
        for one in review.requirements:
            words = "; ".join(requirement_lines(one.added, one.removed, one.python))
            yield f"- {markdown_code(one.distribution)}: {markdown_text(words)}\n"

    title = f"{count(len(review.requirements), 'distribution')} with other requirements"
    _fold(title, lambda fold: fold.writelines(lines()), out)


def _write_gaps(review: Review, out: IO[str]) -> None:
    out.writelines(f"\n{markdown_text(line)}\n" for line in gap_lines(review))


def _lines(lines: Sequence[str], out: IO[str]) -> None:
    out.writelines(lines)


def _fold(title: str, write: Callable[[IO[str]], object], out: IO[str]) -> None:
    out.write(f"\n<details><summary>{markdown_text(title)}</summary>\n\n")
    write(out)
    out.write("\n</details>\n")


assert set(_FOLDED) | set(_ONE_SIDED) == set(CLASSES) - {"unchanged"}
