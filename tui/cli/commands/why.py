"""Why is a path in the closure?"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from pyclosure.tui.cli.commands import Command, Streams
from pyclosure.tui.cli.opening import add_source_arguments, load, path_after_source, whole_number
from pyclosure.tui.output.formats import FOR_ALL, write_answer

if TYPE_CHECKING:
    from pyclosure.queries.opened.knowledge import Knowledge


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_source_arguments(parser)
    parser.add_argument("--format", choices=("text", *FOR_ALL), default="text", help="how to print it")
    parser.add_argument(
        "--chains", type=whole_number(1), default=1, metavar="N", help="show N chains, shortest first (default 1)"
    )
    parser.add_argument("--nix", action="store_true", help="print the words of nix why-depends --precise instead")


def _run(arguments: argparse.Namespace, streams: Streams) -> int:
    from itertools import islice

    from pyclosure.queries.answers.chains import chains_in_order, why
    from pyclosure.queries.answers.select import select
    from pyclosure.queries.opened.evidence import EvidenceStore
    from pyclosure.tui.output.answers.references import why_answer
    from pyclosure.tui.output.evidence import write_why

    word = path_after_source(arguments, "why", "pyclosure why ./result openssl")
    knowledge = load(arguments, streams.err)
    target = select(knowledge, word)
    if arguments.nix:
        return _nix(knowledge, target, streams)
    answer = why(knowledge.closure, target)
    evidence = EvidenceStore(knowledge)
    chains = list(islice(chains_in_order(knowledge.closure, target), arguments.chains))
    if arguments.format in FOR_ALL:
        write_answer(why_answer(knowledge, answer, evidence, chains), arguments.format, streams.out)
    else:
        write_why(knowledge, answer, evidence, chains, streams.out)
    return 0


def _nix(knowledge: Knowledge, target: int, streams: Streams) -> int:
    from pyclosure.queries.base.errors import BadInput
    from pyclosure.queries.base.text import plain_lines

    if knowledge.nix is None:
        raise BadInput("a saved file has no nix to ask", hint="leave --nix out, or open the store path itself")
    closure = knowledge.closure
    for root in closure.roots:
        if root != target:
            words = knowledge.nix.why_depends(closure.path(root), closure.path(target))
            streams.out.write(plain_lines(words, 64 * 1024 * 1024) + "\n")
    return 0


COMMAND = Command(
    summary="why is a path in the closure: chains, and the files that hold each reference",
    description=(
        "Show the shortest chain of references from a root to a path, how many chains there are, which\n"
        "references all of them pass, and the files that hold each reference. The last argument is the\n"
        "path: a store path, the beginning of its digest, its name, or a distribution."
    ),
    arguments=_arguments,
    run=_run,
    examples=(
        ("pyclosure why ./result gcc-wrapper", "who dragged the compiler in, and by which file"),
        ("pyclosure why ./result openssl --chains 5", "the five shortest ways"),
        ("pyclosure why ./result mesa --nix", "the same in nix's own words"),
    ),
)
