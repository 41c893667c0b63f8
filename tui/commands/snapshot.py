"""Save all that is known of a closure in one file."""

from __future__ import annotations

import argparse

from pyclosure.tui.commands import Command, Streams
from pyclosure.tui.opening import add_source_arguments, load


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_source_arguments(parser)
    parser.add_argument(
        "-o", "--output", metavar="FILE", required=True, help="the file to write; an older one is replaced"
    )


def _run(arguments: argparse.Namespace, streams: Streams) -> int:
    from pyclosure.queries.snapshot import write_snapshot
    from pyclosure.tui.output.report import lacking
    from pyclosure.tui.units import count, size

    knowledge = load(arguments, streams.err)
    written = write_snapshot(knowledge.snapshot(), arguments.output)
    streams.err.write(f"{arguments.output}: {count(len(knowledge.closure), 'path')}, {size(written)}\n")
    for sentence in lacking(knowledge):
        streams.err.write(f"  not in it: {sentence}\n")
    return 0


COMMAND = Command(
    summary="save a closure in a file that opens anywhere, without Nix",
    description=(
        "Save paths, references, sizes, derivation facts and Python metadata of a closure. The file opens\n"
        "on machines without Nix and without the store: pyclosure FILE."
    ),
    arguments=_arguments,
    run=_run,
    examples=(
        ("pyclosure snapshot ./result -o env.pyclosure", "for a colleague, a bug report or a CI artifact"),
        ("pyclosure env.pyclosure", "opens it again"),
    ),
)
