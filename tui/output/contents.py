"""The files of a path, and the groups over a whole closure, as text."""

from __future__ import annotations

from typing import IO

from pyclosure.queries.base.text import printable
from pyclosure.queries.facts.contents import Contents, group_words, levels
from pyclosure.queries.opened.file_groups import Totals
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.tui.output.formats.text import cells, text_console, text_table
from pyclosure.tui.words.units import bar, count, labels, share, size

FILES_ARE = "Sizes here are those of files; a NAR adds a little for names and padding."


def write_totals(knowledge: Knowledge, answer: Totals, out: IO[str]) -> None:
    """Write groups over the closure, with the paths that hold most of each."""
    label = labels(knowledge)
    table = text_table(
        (("what", "left"), ("files", "right"), ("size", "right"), ("share", "right"), ("mostly in", "name"))
    )
    for part in answer.parts:
        mostly = ", ".join(f"{label[index]} {size(held)}" for index, held in answer.heaviest[part.group][:3])
        row = (group_words(part.group), part.files, size(part.size), share(part.size, answer.size), mostly)
        table.add_row(*cells(row))
    text_console(out).print(table)
    if answer.unread:
        out.write(f"{count(answer.unread, 'path')} could not be listed.\n")
    out.write(FILES_ARE + "\n")


def write_contents(found: Contents, depth: int | None, out: IO[str]) -> None:
    """Write groups, then the tree, largest first."""
    out.write(f"{found.path}\n{size(found.size)} in {count(found.files, 'file')}\n\n")
    table = text_table((("what", "left"), ("files", "right"), ("size", "right"), ("share", "right"), ("", "left")))
    for part in found.parts:
        drawn = bar(part.size, found.size, 20).rstrip()
        table.add_row(
            *cells((group_words(part.group), part.files, size(part.size), share(part.size, found.size), drawn))
        )
    text_console(out).print(table)
    out.write("\n")
    for level, entry in levels(found.top, depth):
        slash = "/" if entry.kind == "folder" else ""
        inside = f"  {count(entry.files, 'file')}" if entry.kind == "folder" else ""
        out.write(f"{size(entry.size):>10}  {'  ' * level}{printable(entry.name)}{slash}{inside}\n")
    for problem in found.problems:
        out.write(f"not read: {printable(problem)}\n")
    out.write(FILES_ARE + "\n")
