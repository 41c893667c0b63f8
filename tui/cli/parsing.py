"""The parsers, made from what the commands say of themselves."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NoReturn

from pyclosure import __version__
from pyclosure.tui.cli import commands

DEFAULT = "view"
"""The command that needs no name: ``pyclosure SOURCE``."""

_DESCRIPTION = "Explore the Nix closure of a Python environment: why it is this large, and what brought what in."
_SOURCES = """\
a SOURCE is
  a result link or a path in the store       pyclosure ./result
  several of them, as one closure            pyclosure result-web result-worker
  an installable, or an attribute of a file  pyclosure nixpkgs#black     pyclosure -f default.nix env
  a derivation                               pyclosure /nix/store/…-env.drv
  a saved `nix path-info --json -r`, or -    nix path-info --json -r ./result | pyclosure -
  a snapshot                                 pyclosure env.pyclosure
  demo:                                      the closure that ships with pyclosure

exit status
  0 done   1 a check failed   2 usage or bad input   3 nix or the store failed   130 interrupted"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n  see: {self.prog} --help\n")


def parser_for(name: str, command: commands.Command) -> argparse.ArgumentParser:
    """Return the parser of one command."""
    examples = "\n".join(f"  {line}\n      {what}" for line, what in command.examples)
    parser = _Parser(
        prog="pyclosure" if name == DEFAULT else f"pyclosure {name}",
        description=command.description or command.summary,
        epilog=f"examples\n{examples}" if examples else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.arguments(parser)
    if name == DEFAULT:
        parser.add_argument("-V", "--version", action="version", version=f"pyclosure {__version__}")
    return parser


def parse(parser: argparse.ArgumentParser, words: Sequence[str]) -> argparse.Namespace:
    """Return what the words of a command mean; options may stand between its SOURCEs.

    Raises:
        SystemExit: the words cannot be understood, or an option answers by itself.
    """
    # Before 3.12.8 and 3.13.1, parse_intermixed_args loses a leading "--", and what follows it would be an option.
    return parser.parse_args(words) if "--" in words else parser.parse_intermixed_args(words)


def overall_parser() -> argparse.ArgumentParser:
    """Return the parser whose help lists everything."""
    listing = "\n".join(f"  {name:<12}{commands.find(name).summary}" for name in commands.names() if name != DEFAULT)
    parser = _Parser(
        prog="pyclosure",
        usage="pyclosure [options] SOURCE…\n       pyclosure COMMAND [options] …",
        description=_DESCRIPTION,
        epilog=f"commands (each has its own --help)\n{listing}\n\n{_SOURCES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("-V", "--version", action="version", version=f"pyclosure {__version__}")
    commands.find(DEFAULT).arguments(parser)
    return parser
