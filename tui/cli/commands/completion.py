"""Completion scripts for bash, zsh and fish, made from the parsers themselves."""

from __future__ import annotations

import argparse

from pyclosure.tui.cli.commands import Command, Streams


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), help="the shell to write for")


def _run(arguments: argparse.Namespace, streams: Streams) -> int:
    from pyclosure.tui.cli.completion import script

    streams.out.write(script(arguments.shell))
    return 0


COMMAND = Command(
    summary="print a completion script for bash, zsh or fish",
    arguments=_arguments,
    run=_run,
    examples=(
        ("pyclosure completion bash > ~/.local/share/bash-completion/completions/pyclosure", "bash"),
        ("pyclosure completion zsh > ~/.zfunc/_pyclosure", "zsh, with ~/.zfunc in fpath"),
        ("pyclosure completion fish > ~/.config/fish/completions/pyclosure.fish", "fish"),
    ),
)
