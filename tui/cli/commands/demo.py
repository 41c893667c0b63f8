"""Open the closure that ships with pyclosure."""

from __future__ import annotations

import argparse

from pyclosure.tui.cli.commands import Command, Streams, find


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--theme", metavar="NAME", help="colours for this session")
    parser.add_argument(
        "--screen", metavar="NAME", help="screen to open on: overview, closure, python, findings, tests or rebuild"
    )


def _run(arguments: argparse.Namespace, streams: Streams) -> int:
    view = find("view")
    parser = argparse.ArgumentParser()
    view.arguments(parser)
    words = ["demo:"]
    for option, value in (("--theme", arguments.theme), ("--screen", arguments.screen)):
        words += [option, value] if value is not None else []
    # through its own parser, so that it has every option
    return view.run(parser.parse_args(words), streams)


COMMAND = Command(
    summary="explore a recorded environment; needs no Nix",
    description=(
        "Open a recorded closure of a real Python environment that ships with pyclosure. Needs neither Nix\n"
        "nor a store. Other commands take it as the source demo:"
    ),
    arguments=_arguments,
    run=_run,
    examples=(
        ("pyclosure demo", "on the screen"),
        ("pyclosure list demo: --top 5", "in any other command"),
    ),
)
