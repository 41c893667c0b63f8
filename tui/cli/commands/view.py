"""Open the terminal UI; without a terminal, print the report."""

from __future__ import annotations

import argparse
import sys

from pyclosure.tui.cli.commands import Command, Streams
from pyclosure.tui.cli.opening import add_source_arguments, load, on_terminal, side_opener, start


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_source_arguments(parser)
    parser.add_argument("--theme", metavar="NAME", help="colours for this session; see the palette (ctrl+p) for names")
    parser.add_argument(
        "--base", metavar="OLD", help="what was before: adds the screen of differences, and causes to that of rebuilds"
    )
    parser.add_argument(
        "--screen",
        metavar="NAME",
        help="screen to open on: overview, closure, python, findings, tests, rebuild or diff",
    )


def _run(arguments: argparse.Namespace, streams: Streams) -> int:
    if not on_terminal():
        from pyclosure.tui.output.report import write_report

        write_report(load(arguments, streams.err), "text", 10, streams.out)
        return 0
    opening = start(arguments, held=True)
    if not sys.stdin.isatty():
        # the closure came in through stdin; keys come from the terminal
        opening.result()
        _read_keys_from_terminal()
    from pyclosure.tui.app.startup import run_app

    return run_app(
        opening,
        lambda: start(arguments),
        theme=arguments.theme,
        screen=arguments.screen,
        read_files=not arguments.no_files,
        read_derivations=not arguments.no_derivations,
        open_base=side_opener(arguments, arguments.base) if arguments.base else None,
        base=arguments.base or "",
    )


def _read_keys_from_terminal() -> None:
    import os

    terminal = os.open("/dev/tty", os.O_RDWR)
    os.dup2(terminal, 0)
    os.close(terminal)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115


COMMAND = Command(
    summary="explore a closure on the screen (what `pyclosure SOURCE` does)",
    description="Explore the Nix closure of a Python environment on the screen.",
    arguments=_arguments,
    run=_run,
    examples=(
        ("pyclosure ./result", "what was just built"),
        (
            "pyclosure --store https://cache.example.org /nix/store/…-env",
            "a closure that is in a cache, without downloading it",
        ),
        ("pyclosure --derivation ./result", "what builds it"),
        ("pyclosure ./result --base ./before --screen diff", "what a change brings, and why"),
    ),
)
