"""The user's settings, terminal and Nix stay out of the tests of the screen and of the command line."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyclosure.queries.nix import process
from tests.tui.driving import NoRunner
from tests.tui.picturing import Pictures

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
