"""Time a terminal program in a real pseudo-terminal: when does a text appear?"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
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
