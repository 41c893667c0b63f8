"""What does everything that a change to nixpkgs builds weigh?"""

from __future__ import annotations

import argparse
import os
import shlex
from io import StringIO
from typing import TYPE_CHECKING

from pyclosure.tui.cli.commands import Command, Streams
from pyclosure.tui.cli.opening import Narrator, add_source_arguments, die_cleanly, load, load_pair
from pyclosure.tui.output.formats import FOR_ALL, write_answer

if TYPE_CHECKING:
    from pyclosure.queries.policy.policy import Policy
    from pyclosure.tui.output.review import Built


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_source_arguments(parser)
    parser.add_argument("--base", metavar="FOLDER", help="what was built before the change: links of the same names")
    parser.add_argument("--findings", action="store_true", help="ask the rules on both sides: slower")
    parser.add_argument("--format", choices=("text", *FOR_ALL, "markdown"), default="text", help="how to print it")
    parser.add_argument("--write", action="store_true", help="put the section into the report of nixpkgs-review")
    parser.add_argument("--config", metavar="FILE", help="decisions: a pyclosure.toml, or a pyproject.toml")
    parser.add_argument("--no-config", action="store_true", help="look for no such file")


def _run(arguments: argparse.Namespace, streams: Streams) -> int:
    from pyclosure.queries.base.errors import BadInput, NoData
    from pyclosure.queries.base.text import printable
    from pyclosure.queries.policy.policy import Policy
    from pyclosure.queries.sources.review_folder import REPORT, before_of, read_review_folder
    from pyclosure.tui.output.answers.review import review_answer
    from pyclosure.tui.output.review import with_section, write_built
    from pyclosure.tui.session.policy_file import read_policy

    die_cleanly()
    if len(arguments.sources) != 1:
        raise BadInput("one folder is looked at", hint="pyclosure review FOLDER --base FOLDER")
    folder = read_review_folder(arguments.sources[0])
    before = read_review_folder(arguments.base).results if arguments.base else {}
    pairs = {name: before_of(name, before) for name in folder.results}
    if before and not any(pairs.values()):
        named = printable(arguments.base, 200)
        raise BadInput(f"no link of {named} has the name of one that was built", hint="name links by attribute")
    policy = Policy() if arguments.no_config else read_policy(arguments.config)
    built = [_built(arguments, name, link, pairs[name], policy, streams) for name, link in folder.results.items()]
    if all(one.knowledge is None for one in built):
        raise NoData(f"no closure could be read: {built[0].problem}", hint="build it again")
    built.sort(key=lambda one: (-one.weight, one.attribute))
    words = ["pyclosure", "review", folder.path, *(["--base", arguments.base] if arguments.base else [])]
    command = shlex.join([*words, *(["--findings"] if arguments.findings else [])])
    lost = sorted(
        before.keys() - {next(one for one, index in before.items() if index == link) for link in pairs.values() if link}
    )
    if lost:
        streams.err.write(f"only before the change: {printable(', '.join(lost), 2000)}\n")
    if arguments.write:
        section = StringIO()
        write_built(built, folder.failed, "markdown", command, section)
        place = os.path.join(folder.path, REPORT)
        report = ""
        try:
            if os.path.exists(place):
                with open(place, encoding="utf-8", errors="replace") as file:
                    report = file.read()
            # what was there stays until the new one is whole
            with open(place + ".new", "w", encoding="utf-8") as file:
                file.write(with_section(report, section.getvalue()))
            os.replace(place + ".new", place)
        except OSError as error:
            shown = printable(place, 200)
            raise BadInput(
                f"cannot write {shown}: {error.strerror}", hint="print it instead: --format markdown"
            ) from None
        streams.err.write(f"wrote the section into {place}\n")
    if arguments.format in FOR_ALL:
        write_answer(review_answer(built, folder.failed, command), arguments.format, streams.out)
    else:
        write_built(built, folder.failed, arguments.format, command, streams.out)
    return 0


def _built(
    arguments: argparse.Namespace, name: str, link: str, before: str | None, policy: Policy, streams: Streams
) -> Built:
    from pyclosure.queries.base.errors import Cancelled, QueryError
    from pyclosure.queries.diff.review import review
    from pyclosure.tui.output.review import Built

    narrator = Narrator(streams.err)
    try:
        if before is None:
            one = argparse.Namespace(**{**vars(arguments), "sources": [link]})
            return Built(name, load(one, streams.err))
        old, new = load_pair(arguments, before, link, err=streams.err, inspect=arguments.findings)
        return Built(name, new, review(old, new, policy, narrator, judged=arguments.findings))
    except Cancelled:
        raise
    except QueryError as error:
        # one path that was collected loses no others
        return Built(name, None, None, str(error))
    finally:
        narrator.finish()


COMMAND = Command(
    summary="closures of what nixpkgs-review built, as a section of its report",
    description=(
        "FOLDER is what nixpkgs-review left (results/, report.json, report.md), or any folder of result links. With\n"
        "--base, links of the same names from before the change: what each closure gained, and what most of it is\n"
        "because of."
    ),
    arguments=_arguments,
    run=_run,
    examples=(
        ("pyclosure review ~/.cache/nixpkgs-review/pr-1234", "closure sizes of everything that was built"),
        ("pyclosure review ./pr-1234 --base ./before --format markdown", "what the change does to them"),
        ("pyclosure review ./pr-1234 --base ./before --findings --write", "and put it into report.md"),
    ),
)
