"""Rebuild impact, rankings and comparisons of build graphs as text and markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO

from pyclosure.queries.base.names import name_label, name_of
from pyclosure.queries.base.text import printable
from pyclosure.queries.policy.rebuild import Weighed
from pyclosure.queries.rebuild.attributes import Attributes
from pyclosure.queries.rebuild.compare import Comparison
from pyclosure.queries.rebuild.impact import Reason
from pyclosure.tui.output.answers.rebuild import RankedAnswer
from pyclosure.tui.output.formats.markdown import markdown_code, markdown_text
from pyclosure.tui.output.formats.table import write_table
from pyclosure.tui.words.rebuild import (
    Shown,
    attribute_words,
    cause_words,
    comparison_lines,
    difference_lines,
    label_of,
    rebuilt_first,
    summary,
    touched_words,
    way_words,
)
from pyclosure.tui.words.units import count

_REASONS: tuple[Reason, ...] = ("runtime", "build", "test")
_REASON_WORDS: dict[Reason, str] = {
    "touched": "touched",
    "runtime": "needs it when it runs",
    "build": "is built with it",
    "test": "only tests with it",
}


def write_impact(shown: Shown, form: str, out: IO[str]) -> None:
    """Write what touching something rebuilds, as text or markdown."""
    impact = shown.impact
    rows = rebuilt_first(impact)
    listed = rows if shown.top is None else rows[: shown.top]
    table = [
        (label_of(impact.graph, index), _REASON_WORDS[impact.reasons[index]], way_words(impact, index))
        for index in listed
    ]
    left = len(rows) - len(listed)
    if form == "markdown":
        out.write("<!-- pyclosure rebuild -->\n## `pyclosure` rebuilds\n\n")
        out.writelines(f"- {markdown_text(line)}\n" for line in summary(shown))
        out.write(f"\n<details><summary>{count(len(rows), 'derivation')} rebuilt</summary>\n\n")
        header = (("derivation", "name"), ("why", "left"), ("because", "left"))
        write_table(header, table, form, out)
        out.write(f"\n{left:,} more: `--top 0`\n" if left else "")
        out.write(f"\n</details>\n\nCommand: {markdown_code(shown.command)}\n")
        return
    for line in summary(shown):
        out.write(f"{printable(line, 4000)}\n")
    if table:
        out.write("\n")
        write_table((("rebuilt", "name"), ("why", "left"), ("because", "left")), table, form, out)
    if left:
        out.write(f"… {left:,} more: --top 0 lists all\n")


def write_amplifiers(shown: Shown, form: str, out: IO[str]) -> None:
    """Write whose tests multiply a rebuild, in sets, as text or markdown."""
    graph, found = shown.impact.graph, shown.multiplied
    assert found is not None
    touched = touched_words([label_of(graph, index) for index in shown.impact.seeds])
    whose = count(found.packages, "package")
    head = (
        f"changing {touched} rebuilds {found.rebuilds:,} others, {found.without_tests:,} if no package had its "
        f"tests in its own build; the tests of {whose} make the difference"
    )
    table = [
        (
            ", ".join(label_of(graph, index) for index in one.packages),
            ", ".join(sorted({label_of(graph, index) for _, index in one.edges})),
            f"{one.saves:,}",
            f"{one.left:,}",
        )
        for one in found.sets[: shown.top]
    ]
    header = (("tests of", "name"), ("with", "left"), ("saves", "right"), ("left", "right"))
    left = len(found.sets) - len(table)
    if form == "markdown":
        out.write(f"<!-- pyclosure amplifiers -->\n{markdown_text(head)}.\n\n")
        write_table(header, table, form, out)
        out.write(f"\n{left:,} more: `--top 0`\n" if left else "")
        out.write(f"\nCommand: {markdown_code(shown.command)}\n")
        return
    out.write(f"{printable(head, 4000)}\n")
    if shown.lacking:
        out.write(f"at least: {printable(shown.lacking, 400)}\n")
    if table:
        out.write("\n")
        write_table(header, table, form, out)
    if left:
        out.write(f"… {left:,} more: --top 0 lists all\n")


def write_ranking(rows: Sequence[RankedAnswer], left: int, form: str, out: IO[str]) -> None:
    """Write which derivations rebuild most."""
    table = [
        (
            name_label(name_of(one.derivation).removesuffix(".drv")),
            f"{one.rebuilds:,}",
            f"{one.without_tests:,}",
            _factor(one),
            "Python" if one.python else "fetched" if one.fixed_output else "",
        )
        for one in rows
    ]
    header = (
        ("if changed", "name"),
        ("rebuilds", "right"),
        ("without tests", "right"),
        ("tests", "right"),
        ("", "left"),
    )
    write_table(header, table, form, out)
    if left:
        out.write(f"{'' if form == 'text' else chr(10)}… {left:,} more: --top 0 lists all\n")


def _factor(one: RankedAnswer) -> str:
    """Return how many times more tests make it; empty when they add nothing."""
    if one.rebuilds == one.without_tests:
        return ""
    return f"×{one.rebuilds / one.without_tests:.1f}" if one.rebuilds and one.without_tests else "only tests"


def write_comparison(
    found: Comparison, weighed: Weighed, form: str, command: str, out: IO[str], attributes: Attributes | None = None
) -> None:
    """Write what changed between two graphs, causes first."""
    markdown = form == "markdown"
    if markdown:
        out.write("<!-- pyclosure rebuild -->\n## `pyclosure` rebuilds\n\n")
    lines = list(comparison_lines(found, weighed))
    if attributes is not None:
        lines.append(f"attributes: {attribute_words(attributes)}")
    for line in lines:
        out.write(f"- {markdown_text(line)}\n" if markdown else f"{printable(line, 4000)}\n")
    out.write("\n### Causes\n\n" if markdown else f"\n{count(len(found.causes), 'cause')}\n")
    for cause in found.causes:
        words = cause_words(found, cause)
        out.write(f"**{markdown_text(words)}**\n\n```diff\n" if markdown else f"  {printable(words, 600)}\n")
        for one in cause.differences:
            attribute = printable(one.attribute, 120)
            out.write("  " + attribute.replace("`", "'") + "\n" if markdown else f"    {attribute}\n")
            for line in difference_lines(one):
                plain = printable(line, 400).replace("`", "'") if markdown else printable(line, 400)
                out.write(f"{plain}\n" if markdown else f"      {plain}\n")
        out.write("```\n\n" if markdown else "")
    if markdown:
        out.write(f"Command: {markdown_code(command)}\n")
