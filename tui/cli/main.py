"""``pyclosure``: argv in, exit status out.

Exit statuses: 0 done, 1 a check failed, 2 usage or bad input, 3 nix or the store failed, 130 interrupted.
``--version`` and ``--help`` answer before anything heavy is imported.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING

from pyclosure import __version__
from pyclosure.tui.words.errors import error_text

if TYPE_CHECKING:
    import argparse

    from pyclosure.tui.cli import commands

FAULT = 70
"""Exit status of a fault in pyclosure itself."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        # an encoding without our bars and dots gets question marks, not a failure
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        if words in (["--version"], ["-V"]):
            print(f"pyclosure {__version__}")
            return _written(0)
        return _written(_dispatch(words))
    except SystemExit as leaving:
        # argparse leaves by itself, and so does who is told to by a signal
        return _written(leaving.code if isinstance(leaving.code, int) else 0)
    except BrokenPipeError:
        # the reader of our output has gone; what it took was whole lines
        silence(sys.stdout)
        return 0
    except KeyboardInterrupt:
        return 130
    finally:
        _stop_children()
        for stream in (sys.stdout, sys.stderr):
            _let_go(stream)


def _written(status: int) -> int:
    """Return the status, or 3 when the answer cannot be written to its end."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        # what the command found out holds, whether somebody reads it to its end or not
        silence(sys.stdout)
    except OSError as error:
        silence(sys.stdout)
        if status == 0:
            _say(f"pyclosure: the answer cannot be written: {error.strerror}")
            return 3
    return status


def _say(text: str) -> None:
    """Say it on stderr, when somebody listens there."""
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)


def _let_go(stream: IO[str] | None) -> None:
    """Write out what is left; a terminal that was closed must not change the exit status."""
    if stream is None:
        return
    try:
        stream.flush()
    except OSError:
        with contextlib.suppress(OSError, ValueError):
            silence(stream)
    except ValueError:
        pass  # it was closed


def silence(stream: IO[str]) -> None:
    """Let nothing more be written to a stream whose reader has gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _dispatch(words: list[str]) -> int:
    from pyclosure.tui.cli import commands
    from pyclosure.tui.cli.parsing import DEFAULT, overall_parser, parse, parser_for

    if not words:
        if not os.path.lexists("result"):
            overall_parser().print_help(sys.stderr)
            return 2
        words = ["result"]
    if words[0] in ("-h", "--help", "help"):
        overall_parser().print_help()
        return 0
    known = commands.names()
    # a file that is called like a command is reached as ./file
    name = words.pop(0) if words[0] in known else DEFAULT
    command = commands.find(name)
    return _run(command, parse(parser_for(name, command), words))


def _run(command: commands.Command, arguments: argparse.Namespace) -> int:
    from pyclosure.queries.base.errors import Cancelled, QueryError
    from pyclosure.tui.cli import commands

    if sys.stdout is None or sys.stderr is None:
        return 3  # there is nobody to tell
    streams = commands.Streams(sys.stdout, sys.stderr)
    try:
        return command.run(arguments, streams)
    except QueryError as error:
        _say(error_text(error))
        advice = _meant(arguments) if error.exit_code == 2 else ""
        if advice:
            _say(f"  {advice}")
        return error.exit_code
    except Cancelled:
        return Cancelled.exit_code
    except (BrokenPipeError, KeyboardInterrupt):
        raise
    except OSError as error:
        if error.filename is not None:
            return _fault(error)
        _say(f"pyclosure: the answer cannot be written: {error.strerror}")
        return 3
    except Exception as error:
        return _fault(error)


def _fault(error: Exception) -> int:
    """Say that it is ours, where it may be told."""
    if os.environ.get("PYCLOSURE_TRACEBACK"):
        raise error
    _say(
        f"pyclosure: a fault in pyclosure itself: {type(error).__name__}: {error}\n"
        "  please report it with what PYCLOSURE_TRACEBACK=1 prints"
    )
    return FAULT


def _meant(arguments: argparse.Namespace) -> str:
    """Return what a source that does not exist may have been meant for."""
    from difflib import get_close_matches

    from pyclosure.tui.cli import commands

    known = commands.names()
    for word in getattr(arguments, "sources", ())[:1]:
        if os.path.lexists(word) or not word.isidentifier():
            continue
        if word in known:
            return f"options come after the command: pyclosure {word} …"
        close = get_close_matches(word, known, 1, 0.7)
        if close:
            return f"did you mean: pyclosure {close[0]} …"
    return ""


def _stop_children() -> None:
    process = sys.modules.get("pyclosure.queries.nix.process")
    if process is not None:
        process.stop_all()
