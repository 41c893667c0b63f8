"""One file a command. Each has a ``COMMAND``; its name is the file's name.

A new command is a new file here: the parser, ``--help`` and the shell completions find it by themselves.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


@dataclass(frozen=True, slots=True)
class Streams:
    """Where a command writes: data to ``out``, narration to ``err``."""

    out: IO[str]
    err: IO[str]


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the command line."""

    summary: str
    """One line for the list of commands."""
    run: Callable[[argparse.Namespace, Streams], int]
    """Does it and returns the exit status."""
    arguments: Callable[[argparse.ArgumentParser], None] = lambda parser: None
    """Adds its options."""
    description: str = ""
    """What it answers, in a few sentences."""
    examples: tuple[tuple[str, str], ...] = field(default=())
    """Command lines and what they do."""


def names() -> tuple[str, ...]:
    """Return all command names, without importing any."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def find(name: str) -> Command:
    """Import one command."""
    command = import_module(f"{__name__}.{name}").COMMAND
    assert isinstance(command, Command)
    return command
