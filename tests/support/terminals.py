"""A program in a real pseudo-terminal: keys, signals and sizes go in, and what stands on the screen comes out."""

from __future__ import annotations

import codecs
import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.support.programs import PATIENCE

_SEQUENCE = re.compile(
    r"\x1b\[(?P<private>[?<>=]?)(?P<numbers>[\d;]*)[ $]?(?P<kind>[@-~])"  # CSI
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC
    r"|\x1b[()][0-9A-B]|\x1b[=>78cDEHMZ]"
)
_UNFINISHED = re.compile(r"\x1b(?:\[[?<>=]?[\d;]*[ $]?|\][^\x07\x1b]*\x1b?|[()]?)?$")


class Screen:
    """What a terminal shows of what was written to it; it knows no more than our program uses."""

    def __init__(self, columns: int, lines: int) -> None:
        self.columns, self.lines = columns, lines
        self.x = self.y = 0
        self.alternate = False
        self.modes: set[str] = set()
        """Private modes that are switched on, such as ``1000`` for the mouse."""
        self._rest = ""
        self.clear()

    def clear(self) -> None:
        self.cells = [[" "] * self.columns for _ in range(self.lines)]

    def resize(self, columns: int, lines: int) -> None:
        self.columns, self.lines = columns, lines
        self.clear()

    def feed(self, text: str) -> None:
        """Take in what was written."""
        text, self._rest = self._rest + text, ""
        index = 0
        while index < len(text):
            if text[index] == "\x1b":
                found = _SEQUENCE.match(text, index)
                if found is None:
                    if _UNFINISHED.match(text, index):
                        self._rest = text[index:]
                        return
                    index += 1
                    continue
                self._obey(found)
                index = found.end()
                continue
            self._put(text[index])
            index += 1

    def _put(self, character: str) -> None:
        if character == "\r":
            self.x = 0
        elif character == "\n":
            self.y = min(self.y + 1, self.lines - 1)
        elif character >= " ":
            if self.x < self.columns and self.y < self.lines:
                self.cells[self.y][self.x] = character
            self.x += 1

    def _obey(self, found: re.Match[str]) -> None:
        kind, private = found["kind"] or "", found["private"]
        numbers = [int(one) for one in (found["numbers"] or "").split(";") if one]
        if private == "?" and kind in "hl":
            for mode in map(str, numbers):
                self.modes = self.modes | {mode} if kind == "h" else self.modes - {mode}
                if mode == "1049":
                    self.alternate = kind == "h"
                    self.clear()
        elif private or not kind:
            return
        elif kind in "Hf":
            row, column = (*numbers, 1, 1)[:2] if numbers else (1, 1)
            self.y, self.x = min(row, self.lines) - 1, min(column, self.columns) - 1
        elif kind == "J":
            self.clear()
        elif kind == "K" and self.y < self.lines:
            self.cells[self.y][self.x :] = [" "] * (self.columns - self.x)
        elif kind in "ABCD":
            step = numbers[0] if numbers else 1
            self.y = max(0, min(self.lines - 1, self.y + {"A": -step, "B": step}.get(kind, 0)))
            self.x = max(0, min(self.columns - 1, self.x + {"D": -step, "C": step}.get(kind, 0)))

    @property
    def text(self) -> str:
        """All lines, without what is blank at their ends."""
        return "\n".join("".join(line).rstrip() for line in self.cells)


class Terminal:
    """A program that runs in a terminal of its own; use it with ``with``.

    Args:
        argv: the program.
        environment: all of its variables.
        cwd: where it starts.
        size: columns and lines.
        handles: descriptors of the program that are something else than the terminal, as for ``Popen``.
    """

    def __init__(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str],
        *,
        cwd: str | Path = "/",
        size: tuple[int, int] = (80, 24),
        **handles: int,
    ) -> None:
        self.master, slave = pty.openpty()
        self.screen = Screen(*size)
        self.raw = b""
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._size(*size)
        streams = {"stdin": slave, "stdout": slave, "stderr": slave} | handles
        self.child = subprocess.Popen(
            argv,
            env=dict(environment),
            cwd=cwd,
            **streams,  # type: ignore[call-overload]
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0),
            pass_fds=(slave,),
        )
        os.close(slave)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.child.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.child.pid, signal.SIGCONT)
                os.killpg(self.child.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.ended(5)
            self.child.kill()
            self.child.wait()
        self.hang_up()

    # -- what goes in ------------------------------------------------------------------------------------

    def _size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def resize(self, columns: int, lines: int) -> None:
        """Give the terminal another size; the kernel tells the program by SIGWINCH."""
        self.read(0)
        self.screen.resize(columns, lines)
        self._size(columns, lines)

    def keys(self, text: str) -> None:
        """Type."""
        os.write(self.master, text.encode())

    def hang_up(self) -> None:
        """Close the terminal; the kernel tells the program by SIGHUP."""
        if self.master >= 0:
            os.close(self.master)
            self.master = -1

    # -- what comes out ----------------------------------------------------------------------------------

    def read(self, seconds: float) -> bool:
        """Take in what the program wrote; False when nothing came in that time."""
        if self.master < 0 or not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:
            time.sleep(min(seconds, 0.02))
            return False
        self.raw += data
        self.screen.feed(self._decode(data))
        return bool(data)

    def until(self, fact: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
        """Read until a fact holds."""
        end = time.monotonic() + seconds
        while not fact():
            assert time.monotonic() < end, f"waited in vain for {what}; there stands:\n{self.screen.text}"
            self.read(0.05)

    def shows(self, text: str, seconds: float = PATIENCE) -> None:
        """Wait until words stand on the screen, over line ends too."""
        wanted = " ".join(text.split())
        self.until(lambda: wanted in self.words, repr(text), seconds)

    @property
    def words(self) -> str:
        """All that stands on the screen, with single spaces."""
        return " ".join(self.screen.text.split())

    def ended(self, seconds: float = PATIENCE) -> int:
        """Wait for the end of the program, and return its exit status."""
        end = time.monotonic() + seconds
        while self.child.poll() is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired(self.child.args, seconds)
            if not self.read(0.02):
                time.sleep(0.005)
        while self.read(0):
            pass
        return self.child.returncode
