"""The files of a path, and the groups over a whole closure, as text and JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from pyclosure.queries.base.text import printable
from pyclosure.queries.facts.contents import Contents, Entry, group_words
from pyclosure.queries.opened.file_groups import Totals
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.tui.output.formats import cells, text_console, text_table
from pyclosure.tui.words.units import bar, count, labels, share, size

FILES_ARE = "Sizes here are those of files; a NAR adds a little for names and padding."


def totals_json(answer: Totals) -> dict[str, Any]:
    """Return groups over the closure as plain data."""
    return {
        "files": sum(part.files for part in answer.parts),
        "size": answer.size,
        "groups": [{"group": part.group, "files": part.files, "size": part.size} for part in answer.parts],
        "unread_paths": answer.unread,
    }


def write_totals(knowledge: Knowledge, answer: Totals, out: IO[str]) -> None:
    """Write groups over the closure, with the paths that hold most of each."""
    label = labels(knowledge)
    table = text_table(
        (("what", "left"), ("files", "right"), ("size", "right"), ("share", "right"), ("mostly in", "name"))
    )
    for part in answer.parts:
        mostly = ", ".join(f"{label[at]} {size(held)}" for at, held in answer.heaviest[part.group][:3])
        row = (group_words(part.group), part.files, size(part.size), share(part.size, answer.size), mostly)
        table.add_row(*cells(row))
    text_console(out).print(table)
    if answer.unread:
        out.write(f"{count(answer.unread, 'path')} could not be listed.\n")
    out.write(FILES_ARE + "\n")


def contents_json(found: Contents, depth: int | None) -> dict[str, Any]:
    """Return the files of a path as plain data; ``entries`` goes ``depth`` levels down."""
    return {
        "path": found.path,
        "files": found.files,
        "size": found.size,
        "groups": [{"group": part.group, "files": part.files, "size": part.size} for part in found.parts],
        "entries": [
            {
                "path": printable(entry.path),
                "kind": entry.kind,
                "size": entry.size,
                "files": entry.files,
                "group": entry.group,
            }
            for _, entry in _entries(found.top, depth)
        ],
        "problems": list(found.problems),
    }


def _entries(top: Entry, depth: int | None) -> Iterator[tuple[int, Entry]]:
    """Yield what lies below a folder with its level, folders before what they hold, largest first."""
    stack = [(0, entry) for entry in reversed(top.children)]
    while stack:
        level, entry = stack.pop()
        yield level, entry
        if depth is None or level + 1 < depth:
            stack.extend((level + 1, one) for one in reversed(entry.children))


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
    for level, entry in _entries(found.top, depth):
        slash = "/" if entry.kind == "folder" else ""
        inside = f"  {count(entry.files, 'file')}" if entry.kind == "folder" else ""
        out.write(f"{size(entry.size):>10}  {'  ' * level}{printable(entry.name)}{slash}{inside}\n")
    for problem in found.problems:
        out.write(f"not read: {printable(problem)}\n")
    out.write(FILES_ARE + "\n")
