"""What all tests share: a fixed seed, an environment without the user's Nix, and recorded nix."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.recorded import RecordedRunner

# the same examples in every run: a red test stays red until it is repaired
settings.register_profile(
    "pyclosure", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("pyclosure")

_NIX_VARIABLES = ("NIX_STORE_DIR", "NIX_STORE", "NIX_REMOTE", "NIX_CONFIG", "NIX_CONF_DIR", "NIX_STATE_DIR", "NIX_PATH")


@pytest.fixture(scope="session", autouse=True)
def _children_take_signals() -> Iterator[None]:
    """Start programs with default signals, also below ``nohup`` and in a background job, where these are ignored.

    A program inherits what is ignored, but not what has a handler. With one that does nothing the tests
    themselves go on ignoring the signal.
    """
    ignored = [one for one in (signal.SIGINT, signal.SIGHUP) if signal.getsignal(one) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, lambda *_: None)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@pytest.fixture(autouse=True)
def _no_nix_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the settings of whoever runs the tests out of them."""
    for name in _NIX_VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def nix() -> Iterator[RecordedRunner]:
    """A nix that answers what the test says, and nothing else; all of it must be asked for."""
    runner = RecordedRunner()
    yield runner
    runner.finish()
