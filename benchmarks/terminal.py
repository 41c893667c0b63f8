"""Time a terminal program in a real pseudo-terminal: when does a text appear?"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence


def first_seen(
    argv: Sequence[str],
    texts: Mapping[str, bytes],
    *,
    columns: int = 80,
    lines: int = 24,
    limit: float = 60.0,
    environment: Mapping[str, str] | None = None,
) -> dict[str, float]:
    """Run a program until all texts were printed; return the seconds until each of them was.

    Args:
        argv: the program.
        texts: name → bytes to wait for in what it prints.
        columns: width of the terminal.
        lines: height of the terminal.
        limit: seconds after which it is stopped.
        environment: added to the present one.
    """
    began = time.perf_counter()
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update({"TERM": "xterm-256color", "COLORTERM": "truecolor", **(environment or {})})
        os.execvp(argv[0], list(argv))
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    seen: dict[str, float] = {}
    printed = b""
    try:
        while len(seen) < len(texts) and time.perf_counter() - began < limit:
            ready, _, _ = select.select([terminal], [], [], 0.2)
            if not ready:
                continue
            try:
                printed += os.read(terminal, 65536)
            except OSError:
                break
            now = time.perf_counter() - began
            for name, text in texts.items():
                if name not in seen and text in printed:
                    seen[name] = now
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(terminal)
    return seen


def peak_at_rest(argv: Sequence[str], text: bytes, *, quiet: float = 1.5, limit: float = 120.0) -> float:
    """Run a program until it printed a text and then works no more; return its peak memory in MiB.

    Args:
        argv: the program.
        text: what it prints when it has begun.
        quiet: seconds of the clock in which less than a fiftieth is spent working.
        limit: seconds after which it is stopped all the same.
    """
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update({"TERM": "xterm-256color", "COLORTERM": "truecolor"})
        os.execvp(argv[0], list(argv))
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    printed = b""
    began = since = time.perf_counter()
    worked = 0.0
    try:
        while time.perf_counter() - began < limit:
            if select.select([terminal], [], [], 0.1)[0]:
                try:
                    printed = printed[-len(text) :] + os.read(terminal, 65536) if text not in printed else text
                except OSError:
                    break
                if text in printed:
                    printed = text
            now, work = time.perf_counter(), _worked(child)
            if text not in printed or work - worked > quiet / 50:
                since, worked = now, work
            elif now - since > quiet:
                break
    finally:
        os.kill(child, signal.SIGKILL)
        _, _, usage = os.wait4(child, 0)
        os.close(terminal)
    # bytes on macOS, kilobytes elsewhere
    return usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


def _worked(process: int) -> float:
    """Return the seconds of processor time that a process has used so far."""
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except OSError:
        argv = ["ps", "-o", "time=", "-p", str(process)]
        words = subprocess.run(argv, capture_output=True, text=True, check=False).stdout
        return sum(float(part) * 60**power for power, part in enumerate(reversed(words.strip().split(":"))) if part)
