"""A tree on stdout."""

from __future__ import annotations

from typing import IO

from pyclosure.queries.answers.outline import Node, Outline
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.tui.words.units import labels, size

_LINES = ("├── ", "└── ", "│   ", "    ")
_ASCII = ("|-- ", "`-- ", "|   ", "    ")


def write_tree(
    knowledge: Knowledge, outline: Outline, depth: int | None, out: IO[str], *, ascii_only: bool = False
) -> None:
    """Write an outline with NAR, closure and added size of each path, ``depth`` levels below the top."""
    outline.unfold_all(depth=depth)
    label = labels(knowledge)
    branch, last, through, empty = _ASCII if ascii_only else _LINES
    prefixes: dict[int, str] = {}
    for node in outline.rows:
        parent = node.parent
        lead = ""
        if parent is not None:
            final = parent.children is not None and parent.children[-1] is node
            lead = prefixes[id(parent)] + (last if final else branch)
            prefixes[id(node)] = prefixes[id(parent)] + (empty if final else through)
        else:
            prefixes[id(node)] = ""
        out.write(f"{lead}{label[node.index]}{_sizes(knowledge, node)}{_mark(outline, node, depth)}\n")


def _sizes(knowledge: Knowledge, node: Node) -> str:
    closure = knowledge.sizes.closure
    parts = f"{size(knowledge.sizes.nar[node.index])}, closure {size(closure[node.index] if closure else None)}"
    return f"  [{parts}, added {size(knowledge.sizes.added[node.index])}]"


def _mark(outline: Outline, node: Node, depth: int | None) -> str:
    if node.children is not None or outline.leaf(node):
        return ""
    other = outline.elsewhere(node)
    if other is not None:
        return "  (shown above)" if other.row < node.row else "  (shown below)"
    return "  …" if depth is not None else ""
