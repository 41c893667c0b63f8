"""All paths of a closure as a table."""

from __future__ import annotations

import argparse
import re

from pyclosure.tui.cli.commands import Command, Streams
from pyclosure.tui.cli.opening import add_source_arguments, load, whole_number
from pyclosure.tui.output.formats import FOR_ALL, write_answer

_UNITS = {"": 1, "b": 1, "k": 1024, "kib": 1024, "m": 1024**2, "mib": 1024**2, "g": 1024**3, "gib": 1024**3}


def _bytes(text: str) -> int:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-zA-Z]*)", text.strip())
    if match is None or match[2].lower() not in _UNITS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 500KiB, 20MiB or 1.5G (binary units)")
    return int(float(match[1]) * _UNITS[match[2].lower()])


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_source_arguments(parser)
    group = parser.add_argument_group("which rows and columns")
    group.add_argument(
        "--filter", metavar="TEXT", default="", help="words, or a regular expression, as / on the screen"
    )
    group.add_argument("--kind", metavar="KIND", action="append", default=[], help="only this kind; may be repeated")
    group.add_argument(
        "--min-size", metavar="SIZE", type=_bytes, default=0, help="only paths with at least this NAR size"
    )
    group.add_argument("--depends-on", metavar="PATH", help="only paths that need this one, directly or not")
    group.add_argument("--needed-by", metavar="PATH", help="only this path and what it needs, directly or not")
    group.add_argument(
        "--sort", metavar="COLUMN", default="added_size", help="default added_size; numbers come largest first"
    )
    group.add_argument("--reverse", action="store_true", help="the other way round")
    group.add_argument("--top", metavar="N", type=whole_number(1), help="only the first N rows")
    group.add_argument("--columns", metavar="A,B,…", help="columns, or all; see --list-columns")
    parser.add_argument("--format", choices=("text", *FOR_ALL, "csv"), default="text", help="how to print it")
    parser.add_argument("--list-columns", action=_ListColumns, help="say what the columns mean, and exit")


class _ListColumns(argparse.Action):
    def __init__(self, option_strings: list[str], dest: str, help: str | None = None) -> None:
        super().__init__(option_strings, dest, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from pyclosure.queries.answers.rows import COLUMNS

        for column in COLUMNS:
            print(f"{column.key:<14}{column.meaning}")
        parser.exit(0)


def _run(arguments: argparse.Namespace, streams: Streams) -> int:
    from pyclosure.queries.answers.rows import BY_KEY, CONTRACT
    from pyclosure.queries.base.errors import BadInput
    from pyclosure.tui.output.answers.list import path_rows
    from pyclosure.tui.output.formats.rows_as_csv import write_csv
    from pyclosure.tui.output.list import write_list

    shown = _columns(arguments)
    known = tuple(BY_KEY)
    for key in (*shown, arguments.sort):
        if key not in known:
            raise BadInput(f"there is no column {key!r}", hint="columns: " + ", ".join(known))
    knowledge = load(arguments, streams.err)
    positions = _chosen(arguments, knowledge)
    _narrate(arguments, positions, streams)
    keys = tuple(dict.fromkeys(shown)) if arguments.columns else CONTRACT
    if arguments.format in FOR_ALL:
        write_answer(path_rows(knowledge, positions, keys), arguments.format, streams.out)
    elif arguments.format == "csv":
        write_csv(keys, path_rows(knowledge, positions, keys), streams.out)
    else:
        write_list(knowledge, positions, shown, streams.out)
    return 0


def _narrate(arguments: argparse.Namespace, positions: list[int], streams: Streams) -> None:
    from pyclosure.queries.answers.matching import parse_filter

    problem = parse_filter(arguments.filter).problem
    if problem:
        streams.err.write(f"the filter is no regular expression ({problem}) and was taken literally\n")
    if not positions:
        streams.err.write("no path matches\n")


def _columns(arguments: argparse.Namespace) -> tuple[str, ...]:
    from pyclosure.queries.answers.rows import BY_KEY
    from pyclosure.tui.output.list import SHOWN

    if not arguments.columns:
        return SHOWN
    if arguments.columns == "all":
        return tuple(BY_KEY)
    return tuple(key.strip() for key in arguments.columns.split(",") if key.strip())


def _chosen(arguments: argparse.Namespace, knowledge: object) -> list[int]:
    from pyclosure.queries.answers.matching import matching
    from pyclosure.queries.answers.rows import ordered
    from pyclosure.queries.answers.select import select
    from pyclosure.queries.base.errors import BadInput
    from pyclosure.queries.kinds.identity import KINDS
    from pyclosure.queries.opened.knowledge import Knowledge

    assert isinstance(knowledge, Knowledge)
    for kind in arguments.kind:
        if kind not in KINDS:
            raise BadInput(f"there is no kind {kind!r}", hint="kinds: " + ", ".join(KINDS))
    closure = knowledge.closure
    positions = list(range(len(closure)))
    if arguments.needed_by:
        positions = closure.requisites((select(knowledge, arguments.needed_by),))
    if arguments.depends_on:
        target = select(knowledge, arguments.depends_on)
        wanted = closure.dependants((target,)) - {target}
        positions = [index for index in positions if index in wanted]
    positions = [
        index
        for index in positions
        if knowledge.sizes.nar[index] >= arguments.min_size
        and (not arguments.kind or knowledge.identity(index).kind.value in arguments.kind)
    ]
    positions = matching(knowledge, positions, arguments.filter) if arguments.filter else positions
    positions = ordered(knowledge, positions, arguments.sort, reverse=arguments.reverse)
    return positions if arguments.top is None else positions[: max(0, arguments.top)]


COMMAND = Command(
    summary="all paths with their sizes and kinds, filtered and sorted",
    description="List the paths of a closure: every column, any order, as a table, JSON or CSV.",
    arguments=_arguments,
    run=_run,
    examples=(
        ("pyclosure list ./result --top 20", "the heaviest twenty by added size"),
        ("pyclosure list ./result --kind python-package --sort nar_size", "Python packages by their own size"),
        ("pyclosure list ./result --filter '^(gcc|binutils)' --columns path,added_size", "the compiler, if it leaked"),
        ("pyclosure list ./result --depends-on openssl --format csv > openssl.csv", "what needs openssl"),
    ),
)
