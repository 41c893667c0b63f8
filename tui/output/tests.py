"""Tests of Python packages as text and markdown; the screen shows the same rows in the same order."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING

from pyclosure.queries.base.text import printable
from pyclosure.queries.testing.words import VERDICT_WORDS, Concern
from pyclosure.tui.output.formats.markdown import markdown_code, markdown_table, markdown_text
from pyclosure.tui.output.formats.text import cells, text_console, text_table
from pyclosure.tui.words.units import count

if TYPE_CHECKING:
    from pyclosure.queries.testing.survey import PackageTests
from pyclosure.tui.words.tests import (
    SIGNS,
    Shown,
    declared_words,
    headline,
    lines_of,
    missing_words,
    provided_words,
    ran_words,
    sections,
    sure_words,
)

_INDENT = 14


def write_tests(shown: Shown, form: str, out: IO[str]) -> None:
    """Write all of it as text or markdown."""
    if form == "markdown":
        _write_markdown(shown, out)
    else:
        _write_text(shown, out)


def _write_text(shown: Shown, out: IO[str]) -> None:
    survey = shown.survey
    out.write(f"{printable(shown.knowledge.closure.records.label)}: {headline(survey)}\n")
    for note in shown.notes:
        out.write(f"  {printable(note, 600)}\n")
    table = text_table(
        (
            ("", "left"),
            ("package", "name"),
            ("ran", "left"),
            ("asked", "right"),
            ("given", "right"),
            ("missing, or why", "left"),
            ("saves", "right"),
            ("sure", "left"),
        )
    )
    for one in shown.packages:
        table.add_row(*cells(_row(one)))
    if shown.packages:
        text_console(out).print(table)
    elif shown.filter:
        out.write(f"nothing matches {shown.filter!r}\n")
    for title, lines in sections(shown):
        out.write(f"\n{title}\n")
        for line in lines:
            out.write(f"  {printable(line, 2000)}\n")


def _row(one: PackageTests) -> tuple[str, ...]:
    return (
        SIGNS[one.concern],
        one.label,
        ran_words(one),
        declared_words(one),
        provided_words(one),
        missing_words(one),
        f"{one.cost.saved:,}" if one.cost is not None else "",
        sure_words(one),
    )


def write_package(one: PackageTests, shown: Shown, form: str, out: IO[str]) -> None:
    """Write what is known of one package, as text or markdown."""
    if form == "markdown":
        out.write(f"### {markdown_text(one.label)}: {VERDICT_WORDS[one.verdict]}\n\n```text\n")
        for heading, line in lines_of(one, shown):
            # nothing may end the block
            plain = printable(line, 2000).replace("`", "'")
            out.write(f"{heading:<{_INDENT - 1}}{plain}\n")
        out.write(f"```\n\nCommand: {markdown_code(shown.command)}\n")
        return
    for note in shown.notes:
        out.write(f"{printable(note, 600)}\n")
    out.write(f"{printable(one.label)}   {one.path}\n")
    width = shutil.get_terminal_size().columns if out.isatty() else 10_000
    for heading, line in lines_of(one, shown):
        wrapped = textwrap.wrap(printable(line, 4000), max(20, width - _INDENT - 2)) or [""]
        out.write(f"  {heading:<{_INDENT - 1}}{wrapped[0]}\n")
        for rest in wrapped[1:]:
            out.write(f"  {'':<{_INDENT - 1}}{rest}\n")


_HEADER = (
    ("package", "name"),
    ("ran", "left"),
    ("asked", "right"),
    ("given", "right"),
    ("missing, or why", "left"),
    ("saves", "right"),
    ("sure", "left"),
)
_OPEN: tuple[Concern, ...] = ("real", "vacuous")


def _write_markdown(shown: Shown, out: IO[str]) -> None:
    records = shown.knowledge.closure.records
    out.write("<!-- pyclosure tests -->\n## `pyclosure` tests\n\n")
    out.write(f"{markdown_code(records.label)}: {headline(shown.survey)}\n\n")
    for note in shown.notes:
        out.write(f"- {markdown_text(note)}\n")
    out.write("\n" if shown.notes else "")
    matters = [one for one in shown.packages if one.concern in _OPEN]
    others = [one for one in shown.packages if one.concern not in _OPEN]
    if matters:
        markdown_table(_HEADER, map(_markdown_row, matters), out)
        out.write("\n")
    if others:
        out.write(f"<details><summary>{count(len(others), 'other package')}</summary>\n\n")
        markdown_table(_HEADER, map(_markdown_row, others), out)
        out.write("\n</details>\n\n")
    for title, lines in sections(shown):
        out.write(f"<details><summary>{title}</summary>\n\n")
        out.writelines(f"- {markdown_text(line)}\n" for line in lines)
        out.write("\n</details>\n\n")
    if shown.command:
        out.write(f"Command: {markdown_code(shown.command)}\n")


def _markdown_row(one: PackageTests) -> Sequence[str]:
    sign, *rest = _row(one)
    texts = [markdown_text(text) for text in rest]
    return [f"{sign} {texts[0]}".strip(), *texts[1:]]
