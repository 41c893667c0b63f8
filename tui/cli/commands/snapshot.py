"""Save all that is known of a closure in one file."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from pyclosure.tui.cli.commands import Command, Streams
from pyclosure.tui.cli.opening import add_source_arguments, load

if TYPE_CHECKING:
    from pyclosure.queries.opened.evidence import ByReference
    from pyclosure.queries.opened.knowledge import Knowledge


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_source_arguments(parser)
    parser.add_argument("--evidence", action="store_true", help="with all that `why`, `check` and `tests` read")
    parser.add_argument(
        "-o", "--output", metavar="FILE", required=True, help="the file to write; an older one is replaced"
    )


def _run(arguments: argparse.Namespace, streams: Streams) -> int:
    from pyclosure.queries.opened.snapshot import write_snapshot
    from pyclosure.tui.words.overview import lacking
    from pyclosure.tui.words.units import count, size

    knowledge = load(arguments, streams.err, inspect=arguments.evidence, tests=arguments.evidence)
    evidence = _evidence(knowledge, streams) if arguments.evidence else None
    written = write_snapshot(knowledge.snapshot(evidence), arguments.output)
    streams.err.write(f"{arguments.output}: {count(len(knowledge.closure), 'path')}, {size(written)}\n")
    for sentence in lacking(knowledge):
        streams.err.write(f"  not in it: {sentence}\n")
    return 0


def _evidence(knowledge: Knowledge, streams: Streams) -> dict[str, ByReference] | None:
    from pyclosure.queries.opened.evidence import EvidenceStore
    from pyclosure.tui.cli.opening import Narrator

    store = EvidenceStore(knowledge)
    if store.lacking:
        streams.err.write(f"no evidence can be saved: {store.lacking}\n")
        return None
    narrator = Narrator(streams.err)
    store.scan_all(narrator)
    narrator.finish()
    return store.everything()


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
        (
            "pyclosure snapshot ./result --evidence -o env.pyclosure",
            "so that `check` and `tests` work there",
        ),
        ("pyclosure env.pyclosure", "opens it again"),
    ),
)
