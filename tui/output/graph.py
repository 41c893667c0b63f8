"""The closure as dot, GraphML and mermaid; paths of equal name stay apart."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import IO

from pyclosure.queries.base.names import base_name
from pyclosure.queries.base.text import printable
from pyclosure.queries.kinds.identity import group_of
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.tui.words.units import labels, size

_FILL = {"python": "#cfe8ff", "native": "#ffe3c2", "interpreter": "#d9f2d0", "other": "#eeeeee"}


def write_graph(knowledge: Knowledge, members: Sequence[int], form: str, out: IO[str]) -> None:
    """Write the references among ``members`` in one of ``dot``, ``graphml``, ``mermaid``."""
    {"dot": _dot, "graphml": _graphml, "mermaid": _mermaid}[form](knowledge, members, out)


def _edges(knowledge: Knowledge, members: Sequence[int]) -> list[tuple[int, int]]:
    inside = set(members)
    return [
        (index, reference)
        for index in members
        for reference in sorted(knowledge.closure.references[index], reverse=True)
        if reference in inside
    ]


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _dot(knowledge: Knowledge, members: Sequence[int], out: IO[str]) -> None:
    label = labels(knowledge)
    out.write("digraph closure {\n  rankdir=LR;\n  node [shape=box, style=filled, fontname=sans];\n")
    for index in members:
        path = knowledge.closure.path(index)
        group = group_of(knowledge.identity(index).kind.value)
        text = f"{label[index]}\\n{size(knowledge.sizes.nar[index])}, added {size(knowledge.sizes.added[index])}"
        out.write(
            f'  {_quoted(base_name(path))} [label="{_escaped(text)}", fillcolor="{_FILL[group]}", '
            f"tooltip={_quoted(path)}];\n"
        )
    for index, reference in _edges(knowledge, members):
        out.write(
            f"  {_quoted(base_name(knowledge.closure.path(index)))} -> "
            f"{_quoted(base_name(knowledge.closure.path(reference)))};\n"
        )
    out.write("}\n")


def _escaped(text: str) -> str:
    return printable(text.replace('"', "'"))


def _graphml(knowledge: Knowledge, members: Sequence[int], out: IO[str]) -> None:
    import networkx as nx

    graph: nx.DiGraph[str] = nx.DiGraph()
    sizes = knowledge.sizes
    for index in members:
        identity = knowledge.identity(index)
        graph.add_node(
            knowledge.closure.path(index),
            name=knowledge.closure.name(index),
            kind=identity.kind.value,
            output=identity.output.value,
            distribution=identity.distribution or "",
            nar_size=sizes.nar[index],
            closure_size=sizes.closure[index] if sizes.closure else -1,
            added_size=sizes.added[index],
        )
    path = knowledge.closure.path
    graph.add_edges_from((path(index), path(reference)) for index, reference in _edges(knowledge, members))
    data = io.BytesIO()
    nx.write_graphml_xml(graph, data)
    out.write(data.getvalue().decode("utf-8") + "\n")


def _mermaid(knowledge: Knowledge, members: Sequence[int], out: IO[str]) -> None:
    label = labels(knowledge)
    name = {index: f"p{number}" for number, index in enumerate(members)}
    out.write("flowchart LR\n")
    for index in members:
        text = re.sub(r'["\[\]<>{}#;]', " ", label[index])
        out.write(f'  {name[index]}["{text}<br/>{size(knowledge.sizes.nar[index])}"]\n')
    for index, reference in _edges(knowledge, members):
        out.write(f"  {name[index]} --> {name[reference]}\n")
