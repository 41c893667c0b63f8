"""The graph of references for other tools."""

from __future__ import annotations

import argparse

from pyclosure.tui.cli.commands import Command, Streams
from pyclosure.tui.cli.opening import add_source_arguments, load, whole_number


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_source_arguments(parser)
    parser.add_argument("--format", choices=("dot", "graphml", "mermaid"), default="dot", help="default dot")
    parser.add_argument("--from", dest="start", metavar="PATH", help="only this path and what it needs")
    parser.add_argument(
        "--kind", metavar="KIND", action="append", default=[], help="only paths of this kind; may be repeated"
    )
    parser.add_argument(
        "--top", metavar="N", type=whole_number(0), help="only the roots and the N heaviest paths by added size"
    )


def _run(arguments: argparse.Namespace, streams: Streams) -> int:
    from pyclosure.queries.answers.rows import ordered
    from pyclosure.queries.answers.select import select
    from pyclosure.queries.base.errors import BadInput
    from pyclosure.queries.kinds.identity import KINDS
    from pyclosure.tui.output.graph import write_graph

    for kind in arguments.kind:
        if kind not in KINDS:
            raise BadInput(f"there is no kind {kind!r}", hint="kinds: " + ", ".join(KINDS))
    knowledge = load(arguments, streams.err)
    closure = knowledge.closure
    members = list(range(len(closure)))
    if arguments.start:
        members = closure.requisites((select(knowledge, arguments.start),))
    if arguments.kind:
        members = [index for index in members if knowledge.identity(index).kind.value in arguments.kind]
    if arguments.top is not None:
        heaviest = set(ordered(knowledge, members, "added_size")[: max(0, arguments.top)]) | set(closure.roots)
        members = [index for index in members if index in heaviest]
    write_graph(knowledge, members[::-1], arguments.format, streams.out)
    return 0


COMMAND = Command(
    summary="the references as dot, GraphML or mermaid",
    description="Write the graph of references, with sizes and kinds, for other tools.",
    arguments=_arguments,
    run=_run,
    examples=(
        ("pyclosure graph ./result | dot -Tsvg > closure.svg", "a picture, with graphviz"),
        ("pyclosure graph ./result --top 15 --format mermaid", "for a pull request"),
        ("pyclosure graph ./result --format graphml > closure.graphml", "for Gephi, yEd or networkx"),
    ),
)
