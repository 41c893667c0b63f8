"""What does a path contain?"""

from __future__ import annotations

import argparse

from pyclosure.tui.cli.commands import Command, Streams
from pyclosure.tui.cli.opening import add_source_arguments, load, path_after_source, whole_number
from pyclosure.tui.output.formats import FOR_ALL, write_answer


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_source_arguments(parser)
    parser.add_argument("--format", choices=("text", *FOR_ALL), default="text", help="how to print it")
    parser.add_argument(
        "--depth", type=whole_number(0), default=3, metavar="N", help="levels of folders (default 3; 0 for all)"
    )
    parser.add_argument("--all", action="store_true", help="groups over every path of the closure; needs no PATH")


def _run(arguments: argparse.Namespace, streams: Streams) -> int:
    from pyclosure.queries.answers.select import select
    from pyclosure.queries.base.errors import NoData
    from pyclosure.queries.facts.contents import contents
    from pyclosure.tui.output.answers.contents import contents_answer
    from pyclosure.tui.output.contents import write_contents

    if arguments.all:
        return _whole(arguments, streams)
    word = path_after_source(arguments, "contents", "pyclosure contents ./result numpy; or --all")
    arguments.no_derivations = True
    knowledge = load(arguments, streams.err)
    index = select(knowledge, word)
    path, root = knowledge.closure.path(index), knowledge.closure.records.files_root
    found = contents(path, root) if root is not None else None
    if found is None:
        reason = knowledge.files_state.reason or "it is not on this machine's disk"
        raise NoData(f"the files of {path} cannot be listed: {reason}", hint="ask where the store is")
    depth = arguments.depth if arguments.depth > 0 else None
    if arguments.format in FOR_ALL:
        write_answer(contents_answer(found, depth), arguments.format, streams.out)
    else:
        write_contents(found, depth, streams.out)
    return 0


def _whole(arguments: argparse.Namespace, streams: Streams) -> int:
    from pyclosure.queries.base.errors import NoData
    from pyclosure.queries.opened.file_groups import totals
    from pyclosure.tui.cli.opening import Narrator
    from pyclosure.tui.output.answers.contents import totals_answer
    from pyclosure.tui.output.contents import write_totals

    arguments.no_derivations = arguments.no_files = True
    knowledge = load(arguments, streams.err)
    if knowledge.closure.records.files_root is None:
        raise NoData("the files of this closure cannot be listed: they are not on this machine")
    narrator = Narrator(streams.err)
    answer = totals(knowledge, narrator)
    narrator.finish()
    if arguments.format in FOR_ALL:
        write_answer(totals_answer(answer), arguments.format, streams.out)
    else:
        write_totals(knowledge, answer, streams.out)
    return 0


COMMAND = Command(
    summary="what does a path contain: its files by size and by what they are for",
    description=(
        "List the files of a path as a tree by size, and what they are for: tests, bytecode, static libraries,\n"
        "headers, locales, documentation, bundled libraries, debug information. The last argument is the path."
    ),
    arguments=_arguments,
    run=_run,
    examples=(
        ("pyclosure contents ./result pandas", "why pandas is as large as it is"),
        ("pyclosure contents ./result --all", "how much of the closure is tests, bytecode, headers …"),
    ),
)
