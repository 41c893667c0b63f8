"""What changed between two closures, and why?"""

from __future__ import annotations

import argparse
import shlex

from pyclosure.tui.cli.commands import Command, Streams
from pyclosure.tui.cli.opening import Narrator, add_source_arguments, die_cleanly, load_pair, whole_number
from pyclosure.tui.output.formats import FOR_ALL, write_answer


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_source_arguments(parser)
    parser.add_argument("--format", choices=("text", *FOR_ALL, "markdown"), default="text", help="how to print it")
    parser.add_argument(
        "--top",
        type=whole_number(0),
        default=20,
        metavar="N",
        help="entries of each list of text (default 20; 0 for all)",
    )
    parser.add_argument("--old-store", metavar="URL", help="OLD is in this store, NEW in that of --store")
    parser.add_argument("--no-findings", action="store_true", help="ask no rules and look through no files: quicker")
    parser.add_argument("--config", metavar="FILE", help="decisions: a pyclosure.toml, or a pyproject.toml")
    parser.add_argument("--no-config", action="store_true", help="look for no such file")


def _run(arguments: argparse.Namespace, streams: Streams) -> int:
    from pyclosure.queries.base.errors import BadInput
    from pyclosure.queries.diff.review import review
    from pyclosure.queries.policy.policy import Policy
    from pyclosure.tui.output.answers.diff import diff_answer
    from pyclosure.tui.output.diff import write_text
    from pyclosure.tui.output.diff_markdown import write_markdown
    from pyclosure.tui.session.policy_file import read_policy
    from pyclosure.tui.words.diff import Shown

    die_cleanly()
    if len(arguments.sources) != 2:
        named = f"{len(arguments.sources)} were named" if len(arguments.sources) > 1 else "one was named"
        raise BadInput(f"diff compares two closures, and {named}", hint="pyclosure diff OLD NEW")
    policy = Policy() if arguments.no_config else read_policy(arguments.config)
    judged = not arguments.no_findings
    labels = (str(arguments.sources[0]), str(arguments.sources[1]))
    old, new = load_pair(arguments, *labels, err=streams.err, inspect=judged)
    narrator = Narrator(streams.err)
    try:
        found = review(old, new, policy, narrator, judged=judged)
    finally:
        narrator.finish()
    shown = Shown(found, labels, _command(arguments), arguments.top or None)
    if arguments.format in FOR_ALL:
        write_answer(diff_answer(shown), arguments.format, streams.out)
    elif arguments.format == "markdown":
        write_markdown(shown, streams.out)
    else:
        write_text(shown, streams.out)
    return 0


def _command(arguments: argparse.Namespace) -> str:
    words = ["pyclosure", "diff", *(["-f", arguments.file] if arguments.file else []), *arguments.sources]
    words += ["--store", arguments.store] if arguments.store else []
    words += ["--old-store", arguments.old_store] if arguments.old_store else []
    flags = {"--no-findings": arguments.no_findings, "--derivation": arguments.derivation}
    return shlex.join([*words, *(flag for flag, on in flags.items() if on)])


COMMAND = Command(
    summary="what changed between two closures: causes, classes, findings",
    description=(
        "Every path of both closures is in exactly one class (added, removed, version, duplicated, rebuilt …), and\n"
        "every byte belongs to a cause: the new reference that brings it, the one that is gone, or the path that\n"
        "changed in itself. The causes sum to the difference of the closure sizes.\n\n"
        "OLD and NEW are anything that pyclosure opens: result links, snapshots, installables, stores."
    ),
    arguments=_arguments,
    run=_run,
    examples=(
        ("pyclosure diff ./before ./after", "causes first, then classes and findings"),
        ("pyclosure diff ./before ./after --format markdown", "a comment for a pull request"),
        ("pyclosure diff base.snapshot ./result --no-findings", "against what was saved; sizes and classes only"),
        ("pyclosure diff .#env github:example/repo#env --format json", "two installables, for programs"),
    ),
)
