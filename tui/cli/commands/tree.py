"""The closure as an indented tree on stdout."""

from __future__ import annotations

import argparse

from pyclosure.tui.cli.commands import Command, Streams
from pyclosure.tui.cli.opening import add_source_arguments, load, whole_number


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_source_arguments(parser)
    parser.add_argument("--from", dest="start", metavar="PATH", help="begin at this path instead of the roots")
    parser.add_argument(
        "--referrers", action="store_true", help="upwards: what references it, and what references that"
    )
    parser.add_argument(
        "--depth", type=whole_number(0), metavar="N", help="levels below the top (default 2; 0 for all)", default=2
    )
    parser.add_argument("--sort", metavar="COLUMN", default="added_size", help="order of siblings (default added_size)")
    parser.add_argument("--ascii", action="store_true", help="draw with ASCII characters only")


def _run(arguments: argparse.Namespace, streams: Streams) -> int:
    from pyclosure.queries.answers.outline import Outline
    from pyclosure.queries.answers.rows import BY_KEY, ordered
    from pyclosure.queries.answers.select import select
    from pyclosure.queries.base.errors import BadInput
    from pyclosure.tui.output.tree import write_tree

    if arguments.sort not in BY_KEY:
        raise BadInput(f"there is no column {arguments.sort!r}", hint="columns: " + ", ".join(BY_KEY))
    if arguments.referrers and not arguments.start:
        raise BadInput("--referrers needs --from PATH", hint="pyclosure tree ./result --referrers --from zlib")
    knowledge = load(arguments, streams.err)
    closure = knowledge.closure
    tops = (select(knowledge, arguments.start),) if arguments.start else closure.roots
    below = closure.referrers if arguments.referrers else closure.references
    outline = Outline(tops, below, lambda some: ordered(knowledge, some, arguments.sort))
    depth = arguments.depth if arguments.depth > 0 else None
    write_tree(knowledge, outline, depth, streams.out, ascii_only=arguments.ascii)
    return 0


COMMAND = Command(
    summary="the closure as a tree; shared parts are drawn once",
    description=(
        "Draw the references of a closure as a tree. A path that several others reference is drawn\n"
        "with its references once; elsewhere it is marked."
    ),
    arguments=_arguments,
    run=_run,
    examples=(
        ("pyclosure tree ./result", "two levels"),
        ("pyclosure tree ./result --from numpy --depth 0", "all that numpy needs"),
        ("pyclosure tree ./result --referrers --from zlib", "who needs openssl, upwards"),
    ),
)
