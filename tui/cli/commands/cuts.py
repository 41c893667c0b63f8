"""What would I save?"""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING

from pyclosure.tui.cli.commands import Command, Streams
from pyclosure.tui.cli.opening import add_source_arguments, load, whole_number
from pyclosure.tui.output.formats import FOR_ALL, write_answer

if TYPE_CHECKING:
    from pyclosure.queries.opened.knowledge import Knowledge


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_source_arguments(parser)
    parser.add_argument("--format", choices=("text", *FOR_ALL, "markdown"), default="text", help="how to print it")
    parser.add_argument("--drop", action="append", default=[], metavar="PATH", help="what to drop; may be repeated")
    parser.add_argument("--keep", action="append", default=[], metavar="PATH", help="what is wanted; may be repeated")
    parser.add_argument(
        "--cut",
        action="append",
        default=[],
        metavar="REFERRER:REFERENCE",
        help="what if exactly this reference were gone; may be repeated, with --drop too",
    )
    parser.add_argument("--edges", action="store_true", help="every single reference with what it alone saves")
    parser.add_argument("--strict", action="store_true", help="count links of environments and wrappers as references")
    parser.add_argument(
        "--references", type=whole_number(1), default=3, metavar="N", help="no cuts of more than N (default 3)"
    )
    parser.add_argument("--top", type=whole_number(1), default=10, metavar="N", help="how many cuts (default 10)")


def _run(arguments: argparse.Namespace, streams: Streams) -> int:
    from pyclosure.queries.answers.plan import best_cuts
    from pyclosure.queries.answers.select import select
    from pyclosure.queries.answers.structure import structure
    from pyclosure.queries.opened.evidence import EvidenceStore
    from pyclosure.tui.output.answers.references import cut_answer
    from pyclosure.tui.output.evidence import write_cuts
    from pyclosure.tui.words.evidence import STRICT

    words = _targets(arguments)
    knowledge = load(arguments, streams.err)
    if arguments.edges:
        return _edges(knowledge, arguments, streams)
    if arguments.cut:
        return _what_if(knowledge, words, arguments, streams)
    keep = [select(knowledge, word) for word in arguments.keep]
    sorted_out = structure(knowledge, keep)
    if arguments.strict:
        sorted_out = replace(sorted_out, closure=knowledge.closure, follows=frozenset(), reason=STRICT)
    targets = [select(knowledge, word) for word in words] if words else None
    cuts = best_cuts(knowledge, sorted_out, targets, most_references=arguments.references)
    if targets is None:
        cuts = cuts[: arguments.top]
    evidence = EvidenceStore(knowledge)
    if arguments.format in FOR_ALL:
        write_answer([cut_answer(knowledge, cut, evidence) for cut in cuts], arguments.format, streams.out)
    else:
        write_cuts(knowledge, cuts, sorted_out, evidence, arguments.format, streams.out)
    return 0


def _what_if(knowledge: Knowledge, words: list[str], arguments: argparse.Namespace, streams: Streams) -> int:
    from pyclosure.queries.answers.select import select
    from pyclosure.queries.answers.structure import structure
    from pyclosure.queries.answers.whatif import what_if
    from pyclosure.queries.base.errors import BadInput
    from pyclosure.queries.opened.evidence import EvidenceStore
    from pyclosure.tui.output.answers.references import what_if_answer
    from pyclosure.tui.output.plan import plan_markdown

    closure = knowledge.closure
    edges = []
    for text in arguments.cut:
        referrer, sign, reference = text.partition(":")
        if not sign:
            raise BadInput(f"--cut {text} names no reference", hint="write it as REFERRER:REFERENCE")
        edge = (select(knowledge, referrer), select(knowledge, reference))
        if edge[1] not in closure.references[edge[0]]:
            raise BadInput(
                f"{closure.name(edge[0])} does not reference {closure.name(edge[1])}",
                hint=f"see why it is there: pyclosure why SOURCE {reference}",
            )
        edges.append(edge)
    dropped = [select(knowledge, word) for word in words]
    result = what_if(closure, structure(knowledge), edges, dropped)
    evidence = EvidenceStore(knowledge)
    if arguments.format in FOR_ALL:
        write_answer(what_if_answer(knowledge, result, evidence), arguments.format, streams.out)
    else:
        streams.out.write(plan_markdown(knowledge, result, evidence, scan=True))
    return 0


def _targets(arguments: argparse.Namespace) -> list[str]:
    """Take the words after the source as paths to drop."""
    words = [*arguments.sources[1:], *arguments.drop]
    arguments.sources = arguments.sources[:1]
    return words


def _edges(knowledge: Knowledge, arguments: argparse.Namespace, streams: Streams) -> int:
    from pyclosure.queries.answers.plan import edge_savings
    from pyclosure.tui.output.answers.references import edge_answers
    from pyclosure.tui.output.formats.text import cells, text_console, text_table
    from pyclosure.tui.words.units import count, labels, size

    rows = edge_savings(knowledge)
    if arguments.format in FOR_ALL:
        write_answer(edge_answers(knowledge, rows), arguments.format, streams.out)
        return 0
    label = labels(knowledge)
    table = text_table((("referrer", "name"), ("reference", "name"), ("saves", "right")))
    telling = [row for row in rows if row[1]]
    for (index, one), saved in telling:
        table.add_row(*cells((label[index], label[one], size(saved))))
    text_console(streams.out).print(table)
    streams.out.write(
        f"{count(len(telling), 'reference')} of {len(rows):,} save something alone; "
        "the others lead to paths that somebody else references too.\n"
    )
    return 0


COMMAND = Command(
    summary="what would I save: the references to cut, alone or together",
    description=(
        "Look for the smallest sets of references whose removal drops the heaviest paths, or the PATHs\n"
        "that are named, with what holds each reference and how it is dropped. Members of an environment\n"
        "that nobody else propagates are wanted and never cut."
    ),
    arguments=_arguments,
    run=_run,
    examples=(
        ("pyclosure cuts ./result", "the best cuts"),
        ("pyclosure cuts ./result pytest", "how to get rid of pytest"),
        ("pyclosure cuts ./result --keep numpy --format markdown", "a plan for a pull request"),
        ("pyclosure cuts ./result --cut msgpack:gcc-wrapper", "the exact total of cuts of your own"),
        ("pyclosure cuts ./result --edges", "every single reference with what it saves"),
    ),
)
