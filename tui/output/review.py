"""The closures of everything that a change to nixpkgs builds, as text, JSON and a section of its report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from pyclosure.queries.base.text import printable
from pyclosure.queries.diff.review import Review
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.tui.output.formats.markdown import markdown_code, markdown_text
from pyclosure.tui.output.formats.table import write_table
from pyclosure.tui.words.diff import cause_words, change_of, finding_words, greatest, percent
from pyclosure.tui.words.units import UNKNOWN, count, size

BEGIN, END = "<!-- pyclosure review -->", "<!-- /pyclosure review -->"
"""Lines around the section, by which it is replaced."""
_FOLD = 15
"""Rows that stand outside of a fold."""


@dataclass(frozen=True, slots=True)
class Built:
    """One attribute that was built."""

    attribute: str
    knowledge: Knowledge | None
    """None when its closure could not be read."""
    review: Review | None = None
    """None without the other side."""
    problem: str = ""

    @property
    def weight(self) -> int:
        """What it is sorted by: bytes that changed, else bytes."""
        if self.review is not None:
            return abs(self.review.diff.size_change)
        return self.knowledge.real_sizes.total if self.knowledge is not None else 0


_HEADER = (
    ("attribute", "name"),
    ("closure size", "right"),
    ("change", "right"),
    ("paths", "right"),
    ("new findings", "right"),
    ("most because of", "left"),
)


def _row(one: Built) -> tuple[str, ...]:
    attribute = printable(one.attribute, 200)
    if one.knowledge is None:
        return attribute, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, one.problem
    total, paths = size(one.knowledge.real_sizes.total), f"{len(one.knowledge.closure):,}"
    if one.review is None:
        return attribute, total, UNKNOWN, paths, UNKNOWN, "the other side is not known"
    diff = one.review.diff
    change = f"{change_of(diff.size_change)} ({percent(diff.size_change, diff.old.real_sizes.total)})"
    new = f"{len(one.review.findings.new):,}" if one.review.findings is not None else UNKNOWN
    cause = greatest(diff, one.review.causes)
    because = f"{change_of(cause.size_change)} {cause_words(diff, cause)}" if cause is not None else ""
    return attribute, total, change if diff.size_change else "±0", paths, new, because


def write_built(built: Sequence[Built], failed: Sequence[str], form: str, command: str, out: IO[str]) -> None:
    """Write the closures of what was built, as text or markdown."""
    if form == "markdown":
        _write_markdown(built, failed, command, out)
        return
    write_table(_HEADER, map(_row, built), form, out)
    for one in built:
        for finding in one.review.findings.new if one.review is not None and one.review.findings is not None else ():
            out.write(printable(f"{one.attribute}: {finding_words(finding)}", 600) + "\n")
    if failed:
        out.write(f"not built: {', '.join(failed)}\n")


def _write_markdown(built: Sequence[Built], failed: Sequence[str], command: str, out: IO[str]) -> None:
    changed = [one for one in built if one.review is not None and one.review.diff.size_change]
    out.write(f"{BEGIN}\n### Closures\n\n")
    total = sum(one.review.diff.size_change for one in changed if one.review is not None)
    if any(one.review is not None for one in built):
        out.write(f"{count(len(changed), 'closure')} of {len(built):,} changed in size, {change_of(total)} in all.\n\n")
    rows = list(map(_row, built))
    write_table(_HEADER, rows[:_FOLD], "markdown", out)
    if rows[_FOLD:]:
        out.write(f"\n<details><summary>{count(len(rows) - _FOLD, 'more attribute')}</summary>\n\n")
        write_table(_HEADER, rows[_FOLD:], "markdown", out)
        out.write("\n</details>\n")
    for one in built:
        found = one.review.findings.new if one.review is not None and one.review.findings is not None else ()
        out.writelines(f"\n- {markdown_code(one.attribute)}: {markdown_text(finding_words(each))}" for each in found)
        out.write("\n" if found else "")
    if failed:
        out.write(f"\nNot built, and not looked at: {', '.join(map(markdown_code, failed[:50]))}\n")
    out.write(f"\n<sub>Sizes are sums of NAR sizes.</sub> Command: {markdown_code(command)}\n{END}\n")


def with_section(report: str, section: str) -> str:
    """Return a report with the section put in the place of an earlier one, or behind everything."""
    start, end = report.find(BEGIN), report.find(END)
    if 0 <= start < end:
        return report[:start] + section + report[end + len(END) :].removeprefix("\n")
    return f"{report.rstrip()}\n\n{section}" if report.strip() else section
