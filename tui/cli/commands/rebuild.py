"""What rebuilds when something is touched?"""

from __future__ import annotations

import argparse
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from pyclosure.tui.cli.commands import Command, Streams
from pyclosure.tui.cli.opening import Narrator, add_source_arguments, die_cleanly, graph_opener, whole_number
from pyclosure.tui.output.formats import FOR_ALL, write_answer

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pyclosure.queries.graph.build import BuildEdge, BuildGraph
    from pyclosure.queries.policy.rebuild import Weighed
    from pyclosure.queries.rebuild.attributes import Attributes
    from pyclosure.queries.sources.graphs import OpenGraph


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_source_arguments(parser, least=0)
    parser.add_argument("--format", choices=("text", *FOR_ALL, "markdown"), default="text", help="how to print it")
    parser.add_argument("--base", metavar="OLD", help="compare with this: a SOURCE, or a saved nix derivation show -r")
    parser.add_argument("--head", metavar="NEW", help="what to compare it with (or SOURCE)")
    parser.add_argument(
        "--also", action="append", default=[], metavar="SOURCE", help="open this, too, in one graph; may be repeated"
    )
    parser.add_argument("--every", action="store_true", help="a name of several derivations means all of them")
    parser.add_argument("--no-tests", action="store_true", help="as if no package had its tests in its own build")
    parser.add_argument(
        "--amplifiers", action="store_true", help="whose tests multiply it, in sets that pay when they move out"
    )
    parser.add_argument("--python", action="store_true", help="rank Python packages only")
    parser.add_argument(
        "--sort",
        choices=("rebuilds", "without-tests", "factor", "name"),
        default="rebuilds",
        help="rank by rebuilds (default), by those without tests, by what tests add (factor), or by name",
    )
    parser.add_argument("--filter", metavar="WORDS", default="", help="rank derivations whose names have all the words")
    parser.add_argument(
        "--top", type=whole_number(0), default=20, metavar="N", help="list N derivations (default 20; 0 for all)"
    )
    parser.add_argument(
        "--profile", metavar="NAME", help="whose labels and branches: nixpkgs (default), ekala, or one of your own"
    )
    parser.add_argument(
        "--attributes", metavar="FILE", help="count attributes: what nix-eval-jobs printed for the package set"
    )
    parser.add_argument("--config", metavar="FILE", help="decisions: a pyclosure.toml, or a pyproject.toml")
    parser.add_argument("--no-config", action="store_true", help="look for no such file")


def _run(arguments: argparse.Namespace, streams: Streams) -> int:
    from pyclosure.queries.base.errors import BadInput

    die_cleanly()
    if arguments.base or arguments.head:
        if arguments.head and len(arguments.sources) == 1:
            raise BadInput("the new side is named twice: by --head and as SOURCE", hint="leave one of them out")
        if arguments.also:
            raise BadInput("--also opens more beside SOURCE", hint="a comparison has one source on each side")
        if not arguments.base or not (arguments.head or arguments.sources):
            raise BadInput("one side is missing", hint="name both: pyclosure rebuild --base OLD --head NEW")
        if len(arguments.sources) > 1 or (arguments.sources and arguments.head):
            raise BadInput("a comparison is of two graphs, not of packages", hint="leave the names out")
        return _compare(arguments, streams)
    if not arguments.sources:
        raise BadInput("nothing to open was named", hint="name a SOURCE, or two with --base and --head; or try: demo:")
    source, *words = arguments.sources
    opened = _open(arguments, streams, source, *arguments.also)
    tests = _test_edges(opened)
    if arguments.amplifiers and arguments.no_tests:
        raise BadInput("--amplifiers is about tests, and --no-tests leaves them out", hint="leave one of them out")
    if words or arguments.amplifiers:
        return _touch(arguments, opened, words, tests, streams)
    return _rank(arguments, opened, tests, streams)


def _open(arguments: argparse.Namespace, streams: Streams, *words: str) -> OpenGraph:
    narrator = Narrator(streams.err)
    try:
        return graph_opener(arguments, *words)(narrator)
    finally:
        narrator.finish()


def _test_edges(opened: OpenGraph) -> frozenset[BuildEdge]:
    from pyclosure.queries.rebuild.outlook import edges_of_tests

    return edges_of_tests(opened.graph, opened.knowledge.files if opened.knowledge is not None else None)


def _touch(
    arguments: argparse.Namespace,
    opened: OpenGraph,
    words: list[str],
    tests: frozenset[BuildEdge],
    streams: Streams,
) -> int:
    from pyclosure.queries.rebuild.amplifiers import amplified, amplifiers, quick_amplifiers
    from pyclosure.queries.rebuild.impact import impact
    from pyclosure.queries.rebuild.ranking import ranking
    from pyclosure.queries.rebuild.select import select_derivations
    from pyclosure.tui.output.answers.rebuild import amplifiers_answer, impact_answer
    from pyclosure.tui.output.rebuild import write_amplifiers, write_impact
    from pyclosure.tui.words.rebuild import Shown

    graph = opened.graph
    seeds: Sequence[int] = [index for word in words for index in select_derivations(graph, word, every=arguments.every)]
    if not words:
        seeds = amplified(ranking(graph, tests), tests)
    closure = opened.knowledge.closure if opened.knowledge is not None else None
    if closure is not None and closure.records.build_closure:
        closure = None
    found = impact(graph, seeds, tests, closure, with_tests=not arguments.no_tests)
    attributes = _attributes(arguments, graph, found.rebuilt)
    weighed = _weighed(arguments, graph, found.rebuilt, attributes)
    top = arguments.top or None
    # weighing many packages takes seconds: for who asks
    multiplied = amplifiers(found) if arguments.amplifiers else quick_amplifiers(found)
    shown = Shown(found, weighed, opened.label, multiplied, opened.reason, top, _command(arguments), attributes)
    if multiplied is not None and arguments.amplifiers and arguments.format in FOR_ALL:
        write_answer(amplifiers_answer(shown, multiplied), arguments.format, streams.out)
    elif arguments.amplifiers:
        write_amplifiers(shown, arguments.format, streams.out)
    elif arguments.format in FOR_ALL:
        write_answer(impact_answer(shown), arguments.format, streams.out)
    else:
        write_impact(shown, arguments.format, streams.out)
    return 0


def _rank(arguments: argparse.Namespace, opened: OpenGraph, tests: frozenset[BuildEdge], streams: Streams) -> int:
    from pyclosure.queries.rebuild.ranking import in_order, ranking
    from pyclosure.tui.output.answers.rebuild import ranking_answers
    from pyclosure.tui.output.rebuild import write_ranking
    from pyclosure.tui.words.rebuild import label_of

    names = {index: label_of(opened.graph, index) for index in range(len(opened.graph))}
    words = arguments.filter.lower().split()
    rows = [
        replace(one, rebuilds=one.without_tests) if arguments.no_tests else one
        for one in ranking(opened.graph, tests)
        if (one.python or not arguments.python) and all(word in names[one.derivation].lower() for word in words)
    ]
    rows = in_order(rows, arguments.sort, names)
    listed = rows[: arguments.top] if arguments.top else rows
    if opened.reason:
        streams.err.write(f"at least: {opened.reason}\n")
    answers = ranking_answers(opened.graph, listed)
    if arguments.format in FOR_ALL:
        write_answer(answers, arguments.format, streams.out)
    else:
        write_ranking(answers, len(rows) - len(listed), arguments.format, streams.out)
    return 0


def _compare(arguments: argparse.Namespace, streams: Streams) -> int:
    from pyclosure.queries.rebuild.compare import Comparison
    from pyclosure.tui.output.answers.rebuild import comparison_answer
    from pyclosure.tui.output.rebuild import write_comparison

    base = _open(arguments, streams, arguments.base)
    head = _open(arguments, streams, arguments.head or arguments.sources[0])
    for opened in (base, head):
        if opened.reason:
            streams.err.write(f"{opened.label}: {opened.reason}\n")
    found = Comparison(base.graph, head.graph)
    attributes = _attributes(arguments, head.graph, found.rebuilt)
    weighed = _weighed(arguments, head.graph, found.rebuilt - found.fetched, attributes)
    command = _command(arguments)
    if arguments.format in FOR_ALL:
        write_answer(comparison_answer(found, weighed, command, attributes), arguments.format, streams.out)
    else:
        write_comparison(found, weighed, arguments.format, command, streams.out, attributes)
    return 0


def _attributes(arguments: argparse.Namespace, graph: BuildGraph, rebuilt: Collection[int]) -> Attributes | None:
    from pyclosure.queries.base.errors import BadInput
    from pyclosure.queries.base.text import printable
    from pyclosure.queries.opened.snapshot import read_document
    from pyclosure.queries.rebuild.attributes import changed_attributes, parse_attributes

    if not arguments.attributes:
        return None
    name = printable(arguments.attributes, 200)
    try:
        with open(arguments.attributes, "rb") as file:
            found = parse_attributes(read_document(file, name), name)
    except OSError as error:
        raise BadInput(f"cannot read {name}: {error.strerror}", hint="name what nix-eval-jobs printed") from None
    return changed_attributes(found, graph, rebuilt)


def _weighed(
    arguments: argparse.Namespace, graph: BuildGraph, rebuilt: Collection[int], attributes: Attributes | None
) -> Weighed:
    from pyclosure.queries.policy.rebuild import Profiles, weigh
    from pyclosure.tui.session.policy_file import read_policy

    profiles = Profiles() if arguments.no_config else read_policy(arguments.config).rebuilds
    profile = profiles.named(arguments.profile)
    systems = {drv.system for drv in graph.derivations}
    if attributes is not None:
        return weigh(len(attributes.changed), systems, profile, "attributes")
    return weigh(len(rebuilt), systems, profile)


def _command(arguments: argparse.Namespace) -> str:
    words = ["pyclosure", "rebuild", *(["-f", arguments.file] if arguments.file else []), *arguments.sources]
    for source in arguments.also:
        words += ["--also", source]
    for option, value in (
        ("--base", arguments.base),
        ("--head", arguments.head),
        ("--store", arguments.store),
        ("--profile", arguments.profile),
        ("--attributes", arguments.attributes),
    ):
        words += [option, value] if value else []
    flags = {
        "--every": arguments.every,
        "--no-tests": arguments.no_tests,
        "--amplifiers": arguments.amplifiers,
        "--derivation": arguments.derivation,
    }
    return shlex.join([*words, *(flag for flag, on in flags.items() if on)])


COMMAND = Command(
    summary="what rebuilds when something is touched, and what changed between two build graphs",
    description=(
        "SOURCE X…: everything that is built anew when X changes, and why; what runs, what is only built with it,\n"
        "what only tests with it. SOURCE alone: which derivations rebuild most. --base OLD --head NEW: what is built\n"
        "anew between two graphs, with the derivations that differ in themselves as causes.\n\n"
        "SOURCE may be a saved `nix derivation show -r` of any Nix version. Only its build graph is counted."
    ),
    arguments=_arguments,
    run=_run,
    examples=(
        ("pyclosure rebuild ./result openssl", "what rebuilds when openssl is touched"),
        ("pyclosure rebuild ./result openssl zlib --every", "several at once, all builds of them"),
        ("pyclosure rebuild ./result pytest --amplifiers", "whose tests multiply it"),
        ("pyclosure rebuild ./result --python", "Python packages, the one that rebuilds most first"),
        ("pyclosure rebuild --base old.json.gz --head new.json.gz", "what a change rebuilds, and why"),
        ("pyclosure rebuild --base old.json --head new.json --attributes jobs.json", "counted as nixpkgs counts"),
        ("pyclosure rebuild ./result pytest --format markdown", "for a pull request"),
    ),
)
