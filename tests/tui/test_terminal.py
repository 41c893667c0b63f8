"""The program itself in a real pseudo-terminal: what the README's commands put on the screen."""

from __future__ import annotations

import sys

import pytest

from benchmarks.terminal import first_seen
from tests.tui.commanding import ROOT

DATA = ROOT / "tests" / "data"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["demo"], "Where the bytes are"),
        (["demo:", "--screen", "rebuild"], "of 225 derivations"),
        (
            [str(DATA / "pr-head.snapshot"), "--base", str(DATA / "pr-base.snapshot"), "--screen", "diff"],
            "(direct) httpx 0.27.2",
        ),
    ],
    ids=["demo", "rebuild", "diff"],
)
def test_it_stands_on_the_screen(words: list[str], text: str) -> None:
    argv = [sys.executable, "-m", "pyclosure", *words]

    assert "it" in first_seen(argv, {"it": text.encode()}, environment={"PYTHONPATH": str(ROOT)})
