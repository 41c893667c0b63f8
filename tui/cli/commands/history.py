"""How did a closure grow?"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from pyclosure.tui.cli.commands import Command, Streams
from pyclosure.tui.cli.opening import Narrator, add_source_arguments, load
from pyclosure.tui.output.formats import FOR_ALL, write_answer

if TYPE_CHECKING:
    from pyclosure.queries.diff.history import Moment


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_source_arguments(parser)
    parser.add_argument("--format", choices=("text", *FOR_ALL, "markdown"), default="text", help="how to print it")
    parser.add_argument("--path", metavar="NAME", help="say since when a path of this name is there")
    parser.add_argument(
        "--edge", nargs=2, metavar=("REFERRER", "REFERENCE"), help="say since when one references the other"
    )
    parser.add_argument(
        "--findings", action="store_true", help="ask the rules of all of them, looking through files where they are"
    )
    parser.add_argument("--config", metavar="FILE", help="decisions: a pyclosure.toml, or a pyproject.toml")
    parser.add_argument("--no-config", action="store_true", help="look for no such file")


def _run(arguments: argparse.Namespace, streams: Streams) -> int:
    from pyclosure.queries.base.errors import BadInput
    from pyclosure.queries.base.text import printable
    from pyclosure.queries.diff.history import spans, steps, strangers
    from pyclosure.tui.output.answers.history import history_answer
    from pyclosure.tui.output.history import write_history

    if arguments.path and arguments.edge:
        raise BadInput("--path and --edge look for two things", hint="ask for one at a time")
    moments = [_moment(arguments, word, streams) for word in arguments.sources]
    ways = steps(moments)
    found = None
    if arguments.path:
        found = spans(moments, arguments.path)
    elif arguments.edge:
        found = spans(moments, arguments.edge[1], arguments.edge[0])
    unknown = strangers(moments, [arguments.path] if arguments.path else arguments.edge or [])
    if unknown:
        streams.err.write(f"no path of any of them is called {printable(', '.join(unknown), 200)}\n")
    if arguments.format in FOR_ALL:
        write_answer(history_answer(moments, ways, found), arguments.format, streams.out)
    else:
        write_history(moments, ways, found, arguments.format, streams.out)
    return 0


def _moment(arguments: argparse.Namespace, word: str, streams: Streams) -> Moment:
    from pyclosure.queries.diff.history import moment
    from pyclosure.queries.findings.context import Context
    from pyclosure.queries.findings.judge import judge
    from pyclosure.queries.opened.evidence import EvidenceStore
    from pyclosure.queries.policy.policy import Policy
    from pyclosure.tui.session.policy_file import read_policy

    one = argparse.Namespace(**{**vars(arguments), "sources": [word]})
    knowledge = load(one, streams.err, inspect=arguments.findings)
    # a snapshot made with --evidence tells without looking
    if not arguments.findings and knowledge.inspections_state.state != "complete":
        return moment(word, knowledge)
    policy = Policy() if arguments.no_config else read_policy(arguments.config)
    narrator = Narrator(streams.err)
    try:
        return moment(word, knowledge, judge(Context(knowledge, EvidenceStore(knowledge), policy, activity=narrator)))
    finally:
        narrator.finish()


COMMAND = Command(
    summary="how a closure grew over snapshots, and since when it has a path or a reference",
    description=(
        "SOURCE… in their order: snapshots of releases, or result links of commits. Each gets a line with its closure\n"
        "size, what changed since the one before, and what most of that is because of.\n\n"
        "Findings are counted where a snapshot carries its evidence, or with --findings; a question mark says that\n"
        "not every rule could judge."
    ),
    arguments=_arguments,
    run=_run,
    examples=(
        ("pyclosure history 1.0.snapshot 1.1.snapshot ./result", "sizes, changes and causes"),
        ("pyclosure history *.snapshot --edge numpy gcc", "the first one in which numpy references gcc"),
        ("pyclosure history *.snapshot --path pytest --format json", "since when pytest is there, for programs"),
    ),
)
