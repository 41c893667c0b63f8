"""The overview on stdout."""

from __future__ import annotations

import argparse

from pyclosure.tui.cli.commands import Command, Streams
from pyclosure.tui.cli.opening import add_source_arguments, load, whole_number
from pyclosure.tui.output.formats import FOR_ALL


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_source_arguments(parser)
    parser.add_argument("--format", choices=("text", "markdown", *FOR_ALL), default="text", help="how to print it")
    parser.add_argument(
        "--top", type=whole_number(0), default=10, metavar="N", help="how many of the heaviest paths (default 10)"
    )


def _run(arguments: argparse.Namespace, streams: Streams) -> int:
    from pyclosure.tui.output.report import write_report

    knowledge = load(arguments, streams.err)
    write_report(knowledge, arguments.format, max(0, arguments.top), streams.out)
    return 0


COMMAND = Command(
    summary="why is it this large: total, kinds and the heaviest paths",
    description=(
        "Sum a closure up: its size, where the bytes are by kind, and the paths that would take\n"
        "most with them if they left (added size)."
    ),
    arguments=_arguments,
    run=_run,
    examples=(
        ("pyclosure report ./result", "for reading"),
        ("pyclosure report ./result --format markdown", "for a pull request"),
        ("pyclosure report ./result --format json | jq .closure_size", "for a script"),
    ),
)
