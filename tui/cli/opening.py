"""What every command needs: the options that name a source, and the way from them to a closure."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import IO, TYPE_CHECKING, NoReturn

from pyclosure.tui.words.progress import progress_text

if TYPE_CHECKING:
    from pyclosure.queries.base.activity import Activity
    from pyclosure.queries.nix.process import Runner
    from pyclosure.queries.opened.knowledge import Knowledge
    from pyclosure.queries.sources.graphs import OpenGraph, OpenSide
    from pyclosure.queries.sources.opening import Opening
    from pyclosure.queries.sources.resolve import Source

_QUIET_SECONDS = 2.0


def add_source_arguments(parser: argparse.ArgumentParser, *, many: bool = True, least: int = 1) -> None:
    """Add SOURCE and the options that say how to read it."""
    parser.add_argument(
        "sources",
        nargs=("+" if least else "*") if many else 1,
        metavar="SOURCE",
        help="result link, store path, installable, .drv, saved path-info, snapshot, - or demo:",
    )
    group = parser.add_argument_group("what to open")
    group.add_argument("--store", metavar="URL", help="read this store: a cache or store URL, or a folder")
    group.add_argument(
        "--derivation", action="store_true", help="open the build closure instead of the runtime closure"
    )
    group.add_argument("-f", "--file", metavar="FILE", help="SOURCE is an attribute of this Nix expression")
    group.add_argument("--impure", action="store_true", help="let an installable read the environment")
    group.add_argument("--no-files", action="store_true", help="do not look into the paths' files")
    group.add_argument("--no-derivations", action="store_true", help="do not read derivations")
    group.add_argument(
        "--timeout", type=_seconds, metavar="SECONDS", help="give nix this long for each answer (default: no limit)"
    )


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number of seconds")
    return value


def whole_number(least: int) -> Callable[[str], int]:
    """Return a parser for options that count, from ``least`` on."""

    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of {least} or more")
        return int(text)

    return parse


def path_after_source(arguments: argparse.Namespace, command: str, example: str) -> str:
    """Take the last word away from the sources: the path that the command is about.

    Raises:
        BadInput: there is only one word.
    """
    from pyclosure.queries.base.errors import BadInput

    if len(arguments.sources) < 2:
        raise BadInput(f"{command} needs a SOURCE and a PATH in it", hint=example)
    *arguments.sources, word = arguments.sources
    return str(word)


def start(arguments: argparse.Namespace, *, held: bool = False) -> Opening:
    """Resolve the sources and start nix; returns before it answers.

    With ``held``, its answer is left alone until the opening is told to go on, or somebody waits for the result.
    """
    from pyclosure.queries.sources.opening import Opening

    die_cleanly()
    return Opening(*_resolved(arguments, *arguments.sources), held=held).start()


def _resolved(arguments: argparse.Namespace, *words: str) -> tuple[Source, Runner]:
    """Return the source that words name, by the options that say how to read it, and what runs nix for it."""
    from pyclosure.queries.nix.process import SystemRunner
    from pyclosure.queries.sources.request import Request
    from pyclosure.queries.sources.resolve import resolve

    request = Request(words, arguments.store, arguments.derivation, arguments.file, arguments.impure)
    return resolve(request), SystemRunner(arguments.timeout)


def graph_opener(arguments: argparse.Namespace, *words: str) -> Callable[[Activity], OpenGraph]:
    """Return a function that reads the build graph of SOURCEs, resolved now and read when it is called.

    Raises:
        BadInput: there is no such source.
    """
    from pyclosure.queries.sources.graphs import open_graph

    return partial(open_graph, *_resolved(arguments, *words))


def side_opener(arguments: argparse.Namespace, word: str) -> Callable[[Activity], OpenSide]:
    """Return a function that reads all of a SOURCE to compare with, resolved now and read when it is called.

    Raises:
        BadInput: there is no such source.
    """
    from pyclosure.queries.sources.graphs import open_side

    return partial(open_side, *_resolved(arguments, word), files=not arguments.no_files)


def load(arguments: argparse.Namespace, err: IO[str], *, inspect: bool = False, tests: bool = False) -> Knowledge:
    """Open the sources and read everything behind them, with narration for what takes long.

    With ``inspect`` all files are looked through as well; with ``tests`` the build graph and sources are read.
    """
    from pyclosure.queries.opened.enrich import enrich

    opening = start(arguments)
    narrator = Narrator(err)
    try:
        knowledge = opening.result(narrator.report)
        files, derivations = not arguments.no_files, not arguments.no_derivations
        enrich(knowledge, narrator, files=files, derivations=derivations, inspections=inspect, tests=tests)
    except BaseException:
        opening.cancel()
        raise
    finally:
        narrator.finish()
    return knowledge


def load_pair(
    arguments: argparse.Namespace, old: str, new: str, err: IO[str], *, inspect: bool = False
) -> tuple[Knowledge, Knowledge]:
    """Open two sources and read everything behind both; what both closures have is looked through once."""
    from pyclosure.queries.diff.review import share_knowledge
    from pyclosure.queries.opened.enrich import enrich

    store = getattr(arguments, "old_store", None) or arguments.store
    openings = [
        start(argparse.Namespace(**{**vars(arguments), "sources": [word], "store": url}))
        for word, url in ((old, store), (new, arguments.store))
    ]
    narrator = Narrator(err)
    files, derivations = not arguments.no_files, not arguments.no_derivations
    try:
        one, other = (opening.result(narrator.report) for opening in openings)
        enrich(one, narrator, files=files, derivations=derivations, inspections=inspect, tests=True)
        share_knowledge(one, other)
        enrich(other, narrator, files=files, derivations=derivations, inspections=inspect, tests=True)
    except BaseException:
        for opening in openings:
            opening.cancel()
        raise
    finally:
        narrator.finish()
    return one, other


class Narrator:
    """An activity that speaks on stderr, once something takes longer than two seconds."""

    def __init__(self, err: IO[str]) -> None:
        self._err = err
        self._live = err.isatty()
        self._began = time.monotonic()
        self._next = self._began + _QUIET_SECONDS
        self._said = ""

    def report(self, progress: object) -> None:
        """Say what is going on, at most twice a second on a terminal and every ten seconds elsewhere."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + (0.5 if self._live else 10.0)
        line = f"{progress_text(progress)} ({now - self._began:.0f} s, ctrl-c stops)"
        if self._live:
            self._err.write(f"\r\x1b[K{line}")
            self._said = line
        else:
            self._err.write(f"{line}\n")
        self._err.flush()

    def check(self) -> None:
        """Never cancelled: ctrl-c raises by itself."""

    def finish(self) -> None:
        """Clear the line."""
        if self._said:
            self._err.write("\r\x1b[K")
            self._err.flush()


def on_terminal() -> bool:
    """Whether a screen can be drawn and keys can be read."""
    return (
        sys.stdout.isatty()
        and (sys.stdin is not None and (sys.stdin.isatty() or os.path.exists("/dev/tty")))
        and os.environ.get("TERM", "") not in ("", "dumb")
    )


def die_cleanly() -> None:
    """Let hang-ups and SIGTERM unwind the program, so that nix is stopped and the terminal restored."""

    def stop(number: int, frame: object) -> NoReturn:
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, stop)
