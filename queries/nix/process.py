"""The only module that starts a process.

Nix writes into anonymous files instead of pipes: a pipe holds 64 KiB, after which an unread nix stands
still, while a file lets it finish before anybody has time to read.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Protocol, runtime_checkable

from pyclosure.queries.base.activity import SILENT, Activity, Progress
from pyclosure.queries.base.errors import NixFailed
from pyclosure.queries.base.text import plain_lines, printable

_GRACE = 0.5
"""Seconds between SIGTERM and SIGKILL: ``path-info -rS`` and a few others ignore the first."""
_STDERR_LIMIT = 256 * 1024
_STDERR_FLOOD = 64 * 1024**2
"""Bytes of messages after which nobody waits for the answer: they are kept in memory until then."""
_STDOUT_LIMIT = 2 * 1024**3


@dataclass(frozen=True, slots=True)
class Command:
    """A program to run, without a shell."""

    argv: tuple[str, ...]
    cwd: str = "/"
    """Nix searches parent directories for a flake, hence the root unless an installable is relative."""
    stdin: bytes | None = None
    label: str = ""
    """What to call it in progress reports; the program's name when empty."""


@dataclass(frozen=True, slots=True)
class Completed:
    """What a program left behind."""

    argv: tuple[str, ...]
    status: int
    """Exit status; negative for the signal that ended it."""
    stdout: bytes
    stderr: str


class Running(Protocol):
    """A program that has been started."""

    argv: tuple[str, ...]

    def wait(self, activity: Activity = SILENT) -> Completed:
        """Wait for the end; on cancelling, end it and raise ``Cancelled``."""

    def stop(self) -> None:
        """End it now, with its children; does nothing when it has ended."""


def always() -> bool:
    """Say yes: whoever follows a program has time by default."""
    return True


@runtime_checkable
class Followed(Protocol):
    """A started program whose output can be taken while it is still writing."""

    def follow(self, take: Callable[[bytes], None], ready: Callable[[], bool] = always) -> None:
        """Hand over what was written, now and then during :meth:`Running.wait`, as long as ``ready`` says so."""


class Runner(Protocol):
    """Starts programs; tests put a recorded one in the place of the real one."""

    def start(self, command: Command) -> Running:
        """Start a program and return at once.

        Raises:
            NixFailed: the program does not exist or cannot be executed.
        """


def run(runner: Runner, command: Command, activity: Activity = SILENT) -> Completed:
    """Start a program and wait for it."""
    return runner.start(command).wait(activity)


_running: set[_Process] = set()


def stop_all() -> None:
    """End every program that was started and still runs; for signal handlers and the end of the program."""
    for process in tuple(_running):
        process.stop()


atexit.register(stop_all)


class SystemRunner:
    """Starts real programs.

    Args:
        timeout: seconds after which a program counts as hanging; None waits for ever.
    """

    def __init__(self, timeout: float | None = None) -> None:
        self._timeout = timeout

    def start(self, command: Command) -> _Process:
        """Start ``command``; its stdin is empty unless given, it has no terminal and its own process group."""
        stdin: int | IO[bytes] = subprocess.DEVNULL
        try:
            out, err = _anonymous_file("stdout"), _anonymous_file("stderr")
            if command.stdin is not None:
                stdin = _anonymous_file("stdin")
                stdin.write(command.stdin)
                stdin.seek(0)
        except OSError as error:
            raise NixFailed(
                f"there is no place for the answer of {command.argv[0]}: {error.strerror}",
                hint="check the folder for temporary files (TMPDIR), its free space, and how many files may be open",
                command=command.argv,
            ) from None
        try:
            child = subprocess.Popen(
                command.argv,
                stdin=stdin,
                stdout=out,
                stderr=err,
                cwd=command.cwd,
                env=_environment(),
                # no controlling terminal: neither a pager nor ssh's password prompt can seize the screen
                start_new_session=True,
            )
        except FileNotFoundError as error:
            if error.filename == command.cwd:
                raise NixFailed(
                    f"cannot start {command.argv[0]} in {printable(command.cwd, 200)}, which does not exist",
                    hint="go to a folder that exists",
                    command=command.argv,
                ) from None
            raise _not_found(command.argv) from None
        except OSError as error:
            raise NixFailed(
                f"cannot start {command.argv[0]}: {error.strerror}",
                hint=f"check what `command -v {command.argv[0]}` finds, and its permissions",
                command=command.argv,
            ) from None
        return _Process(command, child, out, err, self._timeout)


def _not_found(argv: tuple[str, ...]) -> NixFailed:
    return NixFailed(
        f"{argv[0]} was not found on PATH, and this question needs it",
        hint="install Nix, or open a saved snapshot or path-info dump, or try: pyclosure demo",
        command=argv,
    )


class _Process:
    def __init__(
        self,
        command: Command,
        child: subprocess.Popen[bytes],
        out: IO[bytes],
        err: IO[bytes],
        timeout: float | None,
    ) -> None:
        self.argv = command.argv
        self._label = command.label or command.argv[0]
        self._child, self._out, self._err = child, out, err
        self._timeout = timeout
        self._started = time.monotonic()
        self._take: Callable[[bytes], None] | None = None
        self._ready = always
        self._taken = 0
        _running.add(self)

    def follow(self, take: Callable[[bytes], None], ready: Callable[[], bool] = always) -> None:
        """Hand over what was written, now and then during :meth:`wait`, as long as ``ready`` says so."""
        self._take, self._ready = take, ready

    def _hand_over(self) -> None:
        if self._take is None or not self._ready():
            return
        data = os.pread(self._out.fileno(), self._written() - self._taken, self._taken)
        if data:
            self._taken += len(data)
            self._take(data)

    def wait(self, activity: Activity = SILENT) -> Completed:
        """Wait for the end, reporting how much was written; cancelling ends the program first."""
        try:
            pause = 0.005
            while True:
                try:
                    status = self._child.wait(pause)
                    break
                except subprocess.TimeoutExpired:
                    # the last of it is written quickly, and is to be read before the end
                    pause = min(pause * 1.5, 0.05 if self._take is None else 0.01)
                activity.check()
                activity.report(Progress(self._label, self._written(), None, "bytes"))
                self._check_limits()
                self._hand_over()
            # the program may have ended because of the signal that cancelled it: its words are void then
            activity.check()
        except BaseException:
            self.stop()
            raise
        # nobody waits for children that it has left running
        self._signal(signal.SIGKILL)
        _running.discard(self)
        if self._written() > _STDOUT_LIMIT:
            raise self._too_much()
        return Completed(self.argv, status, _read(self._out, None), _read_tail(self._err))

    def stop(self) -> None:
        """SIGTERM to the group, half a second, SIGKILL to what is left of it."""
        if self not in _running:
            # the number of its group may be that of somebody else by now
            return
        if self._child.poll() is None:
            self._signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(_GRACE)
        # also when the program has gone: its children may have stayed
        self._signal(signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(_GRACE)
        _running.discard(self)

    def _signal(self, number: signal.Signals) -> None:
        """Signal the program and its children; the number of a group is not given away while it has members."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, number)

    def _written(self) -> int:
        return os.fstat(self._out.fileno()).st_size

    def _check_limits(self) -> None:
        if self._timeout is not None and time.monotonic() - self._started > self._timeout:
            raise NixFailed(
                f"{self.argv[0]} did not answer within {self._timeout:g} s and was stopped",
                hint="the store or its daemon may hang; try the same command by hand, or a larger --timeout",
                command=self.argv,
                words=plain_lines(_read_tail(self._err)),
            )
        if self._written() > _STDOUT_LIMIT:
            raise self._too_much()
        if os.fstat(self._err.fileno()).st_size > _STDERR_FLOOD:
            raise NixFailed(
                f"{self.argv[0]} printed more than {_STDERR_FLOOD // 1024**2} MiB of messages and was stopped",
                hint="its last words say what it is about; run the same command by hand",
                command=self.argv,
                words=plain_lines(_read_tail(self._err)),
            )

    def _too_much(self) -> NixFailed:
        return NixFailed(
            f"{self.argv[0]} printed more than {_STDOUT_LIMIT // 1024**3} GiB and was stopped",
            hint="no closure needs that much; run the same command by hand",
            command=self.argv,
        )


def _anonymous_file(name: str) -> IO[bytes]:
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create(f"pyclosure-{name}", os.MFD_CLOEXEC), "w+b", buffering=0)
    return tempfile.TemporaryFile(buffering=0)


def _read(file: IO[bytes], limit: int | None) -> bytes:
    file.seek(0)
    data = file.read() if limit is None else file.read(limit)
    file.close()
    return data


def _read_tail(file: IO[bytes]) -> str:
    size = os.fstat(file.fileno()).st_size
    file.seek(max(0, size - _STDERR_LIMIT))
    text = file.read(_STDERR_LIMIT).decode("utf-8", "replace")
    file.close()
    return text


def _environment() -> dict[str, str]:
    environment = dict(os.environ)
    environment.pop("NIX_GET_COMPLETIONS", None)
    return environment | {"NIX_PAGER": "cat", "PAGER": "cat", "NO_COLOR": "1", "TERM": "dumb"}
