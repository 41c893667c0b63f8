"""The user's settings, terminal and Nix stay out of the tests of the screen and of the command line."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

# more frames a second, so that nobody has to wait for one; read when Textual is imported
os.environ["TEXTUAL_FPS"] = "240"

from textual import _wait

from pyclosure.queries.nix import process
from pyclosure.queries.opened.knowledge import Knowledge, know
from pyclosure.queries.opened.snapshot import encode_snapshot
from pyclosure.queries.sources.read import read_source
from pyclosure.queries.sources.request import Request
from pyclosure.queries.sources.resolve import resolve
from pyclosure.tui.cli.main import main
from tests.support.stub_nix import StubNix
from tests.tui.commanding import ROOT, Done
from tests.tui.driving import NoRunner, demo
from tests.tui.picturing import Pictures
from tests.tui.two_graphs import demo_before

# how long the pilot looks whether an app has come to rest: two frames, with a twentieth of the time spent working
_wait.SLEEP_GRANULARITY, _wait.SLEEP_IDLE = 0.01, 0.0005

_TERMINAL = (
    *("NO_COLOR", "COLORTERM", "FORCE_COLOR", "CLICOLOR", "COLUMNS", "LINES", "TERM_PROGRAM", "TTY_COMPATIBLE"),
    *("TEXTUAL_THEME", "TEXTUAL_FPS", "PYCLOSURE_TRACEBACK", "TTY_INTERACTIVE", "BASH_ENV", "ENV"),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-snapshots", action="store_true", help="take the pictures of the screen as right")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own, and a terminal that says nothing of itself."""
    for name in _TERMINAL:
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.chdir(folder)
    return folder


_start = process.SystemRunner.start


@pytest.fixture
def on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Knowledge:
    """A closure about which nothing but sizes is known yet, with files and a nix that answers."""
    nix = StubNix(tmp_path / "nix")
    monkeypatch.setattr(process.SystemRunner, "start", _start)
    for name in ("PATH", "NIX_STORE_DIR"):
        monkeypatch.setenv(name, nix.environment(tmp_path)[name])
    return know(read_source(resolve(Request((nix.root,))), process.SystemRunner(timeout=20)))


@pytest.fixture(autouse=True)
def _no_real_nix(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a test that would start nix."""
    monkeypatch.setattr(process.SystemRunner, "start", lambda self, command: NoRunner().start(command))


@pytest.fixture(autouse=True)
def _collectable(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the apps of earlier tests be collected: a real one is alone in its process."""
    monkeypatch.setattr(gc, "freeze", lambda: None)
    yield
    gc.enable()


@pytest.fixture
def config(home: Path) -> Path:
    """Where the user's settings and themes lie."""
    folder = home / "config" / "pyclosure"
    (folder / "themes").mkdir(parents=True)
    return folder


@pytest.fixture
def pictures(request: pytest.FixtureRequest) -> Pictures:
    """Compares the screen with the picture that was taken of it."""
    return Pictures(update=bool(request.config.getoption("--update-snapshots", default=False)))


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Done]]:
    """Runs the command line in this process."""
    signals = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}

    def run(*words: str) -> Done:
        capsys.readouterr()
        try:
            status = main([str(word) for word in words])
        except SystemExit as leaving:
            # argparse leaves by itself
            status = leaving.code if isinstance(leaving.code, int) else 0
        captured = capsys.readouterr()
        return Done(status, captured.out, captured.err)

    yield run
    for number, handler in signals.items():
        signal.signal(number, handler)


@pytest.fixture
def nix_stub(tmp_path: Path) -> Path:
    """A folder for PATH with a nix that only notes that it was started."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("nix", "nix-store"):
        (folder / name).write_text(f'#!/bin/sh\necho "$0 $*" >> {tmp_path}/nix-was-started\nexit 1\n')
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def program(home: Path, nix_stub: Path, tmp_path: Path) -> Iterator[Callable[..., Done]]:
    """Runs the command line as a program of its own, into pipes; nix must not be started."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    environment |= {"PATH": str(nix_stub), "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}

    def run(*words: str, stdin: bytes = b"", code: str = "", **more: str) -> Done:
        argv = [sys.executable, *(["-c", code] if code else ["-m", "pyclosure"]), *words]
        done = subprocess.run(argv, input=stdin, capture_output=True, env=environment | more, cwd=home, timeout=60)
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    yield run
    assert not (tmp_path / "nix-was-started").exists()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Two snapshots: the demo before a change, and after."""
    folder = tmp_path_factory.mktemp("pair")
    for name, knowledge in (("before", demo_before()), ("after", demo())):
        data = encode_snapshot(knowledge.snapshot(), datetime(2026, 1, 1, tzinfo=UTC))
        (folder / f"{name}.snapshot").write_bytes(data)
    return str(folder / "before.snapshot"), str(folder / "after.snapshot")
