"""The overview as text, markdown and JSON."""

from __future__ import annotations

from typing import IO

from pyclosure.queries.answers.overview import Overview, overview
from pyclosure.queries.answers.rows import row
from pyclosure.queries.base.text import printable
from pyclosure.queries.kinds.identity import kind_words
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.tui.output.answers.report import report_answer
from pyclosure.tui.output.formats import FOR_ALL, write_answer
from pyclosure.tui.output.formats.markdown import markdown_code, markdown_table, markdown_text
from pyclosure.tui.output.formats.text import cells, text_console, text_table
from pyclosure.tui.words.overview import GROUP_WORDS, added_words, headline, lacking
from pyclosure.tui.words.units import bar, count, labels, share, size

SIZES_ARE = "Sizes are sums of NAR sizes: neither disk usage nor image or download size."


def write_report(knowledge: Knowledge, form: str, top: int, out: IO[str]) -> None:
    """Write the report in one of ``text``, ``markdown``, ``json``."""
    if form in FOR_ALL:
        write_answer(report_answer(knowledge, top), form, out)
    elif form == "markdown":
        _markdown(knowledge, overview(knowledge, top), out)
    else:
        _text(knowledge, overview(knowledge, top), out)


def _text(knowledge: Knowledge, answer: Overview, out: IO[str]) -> None:
    console = text_console(out)
    label = labels(knowledge)
    records = knowledge.closure.records
    console.print(f"{printable(records.label)}   {printable(records.origin)}")
    for index in answer.roots[:10]:
        console.print(f"  {knowledge.closure.path(index)}", overflow="fold")
    if len(answer.roots) > 10:
        console.print(f"  … {len(answer.roots) - 10} more roots")
    console.print("\n" + "   ".join(headline(knowledge, answer)))
    if records.build_closure:
        console.print("A build closure: sizes are those of .drv files and sources, not of what they build.")
    console.print("\nWhere the bytes are")
    table = text_table((("kind", "left"), ("paths", "right"), ("NAR", "right"), ("share", "right"), ("", "left")))
    for part in answer.by_kind:
        table.add_row(
            *cells(
                (
                    kind_words(part.key),
                    part.paths,
                    size(part.nar_size),
                    share(part.nar_size, answer.closure_size),
                    bar(part.nar_size, answer.closure_size, 20).rstrip(),
                )
            )
        )
    console.print(table)
    parts = [f"{GROUP_WORDS[one.key]} {size(one.nar_size)}" for one in answer.by_group]
    console.print("\n" + " · ".join(parts))
    console.print(f"\nSaved by removing it (added size, {added_words(knowledge)})")
    table = text_table((("path", "name"), ("kind", "left"), ("NAR", "right"), ("closure", "right"), ("added", "right")))
    for index in answer.top:
        values = row(knowledge, index)
        table.add_row(
            *cells(
                (
                    label[index],
                    kind_words(str(values["kind"])),
                    size(knowledge.sizes.nar[index]),
                    size(_closure(knowledge, index)),
                    size(knowledge.sizes.added[index]),
                )
            )
        )
    console.print(table)
    hidden = answer.paths - len(answer.roots) - len(answer.top)
    if hidden > 0:
        console.print(f"… {count(hidden, 'more path')}; all of them: pyclosure list")
    for sentence in (*lacking(knowledge), *knowledge.notes, SIZES_ARE):
        console.print(printable(sentence))


def _markdown(knowledge: Knowledge, answer: Overview, out: IO[str]) -> None:
    label = labels(knowledge)
    out.write(f"## Closure of {markdown_code(knowledge.closure.records.label)}\n\n")
    out.write(", ".join(headline(knowledge, answer)) + ".\n\n")
    for index in answer.roots[:10]:
        out.write(f"- {markdown_code(knowledge.closure.path(index))}\n")
    out.write("\n")
    rows = [
        (
            markdown_text(kind_words(one.key)),
            str(one.paths),
            size(one.nar_size),
            share(one.nar_size, answer.closure_size),
        )
        for one in answer.by_kind
    ]
    markdown_table((("Kind", "left"), ("Paths", "right"), ("NAR size", "right"), ("Share", "right")), rows, out)
    out.write(f"\nAdded size is what would leave the closure {added_words(knowledge)}.\n\n")
    heaviest = [
        (
            markdown_code(label[index]),
            markdown_text(kind_words(knowledge.identity(index).kind.value)),
            size(knowledge.sizes.nar[index]),
            size(_closure(knowledge, index)),
            size(knowledge.sizes.added[index]),
        )
        for index in answer.top
    ]
    header = (("Path", "left"), ("Kind", "left"), ("NAR size", "right"), ("Closure size", "right"), ("Added", "right"))
    markdown_table(header, heaviest, out)
    out.write("\n")
    for sentence in (*lacking(knowledge), *knowledge.notes, SIZES_ARE):
        out.write(f"{markdown_text(sentence)}\n")


def _closure(knowledge: Knowledge, index: int) -> int | None:
    return knowledge.sizes.closure[index] if knowledge.sizes.closure else None
