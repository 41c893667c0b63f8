"""Nix as it was recorded: cassettes of six versions, and a runner that plays them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pyclosure.queries.base.activity import SILENT, Activity
from pyclosure.queries.nix.process import Command, Completed

RECORDED = Path(__file__).parent.parent / "data" / "nix-recorded"
VERSIONS = ("2.6.0", "2.8.0", "2.18.1", "2.24.9", "2.26.3", "2.34.8")
"""One version of each era of nix's JSON."""

APP = "/nix/store/9fcsa7l6ywjhr34pahr4ry89x8nv4fp9-demo-app-1.0"
PYTHON = "/nix/store/l64ip1g528qhwidh8ml3f4lrl421fl0n-python3-3.11.9"
NEVER = "/nix/store/00000000000000000000000000000000-never"
ZLAB_LIB = "/nix/store/cvanikrmkk207vfrlz6hcvcq1j4lqkib-zlab-1.3-lib"


@dataclass(frozen=True)
class Recording:
    """A command that was run once, and what it left behind."""

    argv: tuple[str, ...]
    """As typed, without the switches that pyclosure adds to every command."""
    status: int
    stdout: bytes
    stderr: str

    @property
    def completed(self) -> Completed:
        return Completed(self.argv, self.status, self.stdout, self.stderr)


@cache
def recording(version: str, name: str) -> Recording:
    """Read a cassette."""
    read = json.loads((RECORDED / version / f"{name}.json").read_text("utf-8"))
    return Recording(tuple(read["argv"]), read["rc"], read["stdout"].encode(), read["stderr"])


def plain(argv: Sequence[str]) -> tuple[str, ...]:
    """Return an argv without the switches that change no answer, long flags shortened."""
    words: list[str] = []
    rest = iter(argv)
    for word in rest:
        if word == "--offline":
            continue
        if word == "--extra-experimental-features":
            next(rest)
        elif word == "--option":
            next(rest), next(rest)
        else:
            words.append({"--query": "-q"}.get(word, word))
    return tuple(words)


Wanted = Sequence[str] | Callable[[Command], bool]


def ends_with(*words: str) -> Callable[[Command], bool]:
    """Return whether an argv of nix (not nix-store) ends in these words."""
    return lambda command: command.argv[0] == "nix" and command.argv[-len(words) :] == words


def holds(*words: str) -> Callable[[Command], bool]:
    """Return whether an argv of nix (not nix-store) holds these words."""
    return lambda command: command.argv[0] == "nix" and set(words) <= set(command.argv)


@dataclass
class _Expected:
    wanted: Wanted
    completed: Completed
    used: bool = False

    def meets(self, command: Command) -> bool:
        if callable(self.wanted):
            return self.wanted(command)
        return plain(command.argv) == plain(self.wanted)


@dataclass
class _Played:
    argv: tuple[str, ...]
    completed: Completed
    stopped: bool = False

    def wait(self, activity: Activity = SILENT) -> Completed:
        activity.check()
        return Completed(self.argv, self.completed.status, self.completed.stdout, self.completed.stderr)

    def stop(self) -> None:
        self.stopped = True


@dataclass
class RecordedRunner:
    """Plays recordings, each of them once; an unexpected command and an unused recording fail the test."""

    expected: list[_Expected] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    """What was started, in order."""

    def expect(self, wanted: Wanted, stdout: bytes | str = b"", *, status: int = 0, stderr: str = "") -> RecordedRunner:
        """Expect a command by its argv (switches aside) or a predicate, and say what it leaves behind."""
        data = stdout.encode() if isinstance(stdout, str) else stdout
        self.expected.append(_Expected(wanted, Completed((), status, data, stderr)))
        return self

    def play(self, version: str, *names: str) -> RecordedRunner:
        """Expect what cassettes of a version recorded."""
        for name in names:
            one = recording(version, name)
            self.expect(one.argv, one.stdout, status=one.status, stderr=one.stderr)
        return self

    def answer(self, wanted: Wanted, version: str, name: str) -> RecordedRunner:
        """Expect another command than the recorded one, and answer it with the cassette."""
        one = recording(version, name)
        return self.expect(wanted, one.stdout, status=one.status, stderr=one.stderr)

    def start(self, command: Command) -> _Played:
        self.commands.append(command)
        for one in self.expected:
            if not one.used and one.meets(command):
                one.used = True
                return _Played(command.argv, one.completed)
        raise AssertionError(f"nobody expected the command: {' '.join(command.argv)}")

    def finish(self) -> None:
        """Fail when a recording was not used."""
        unused = [one.wanted for one in self.expected if not one.used]
        assert not unused, f"these commands were expected but not run: {unused}"
