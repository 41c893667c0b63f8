"""What all measures have in common: running things in turns, medians, ratios, goals."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPEATS = 7


@dataclass(frozen=True)
class Figure:
    """One measured thing."""

    group: str
    what: str
    value: float
    """Seconds, unless ``unit`` says otherwise."""
    against: str = ""
    """What the ratio is to; empty without one."""
    ratio: float | None = None
    goal: float | None = None
    """What the ratio may be at most, or the value where there is no ratio; None where nothing was set."""
    unit: str = "s"

    @property
    def met(self) -> bool | None:
        """Whether the goal was met; None without one."""
        if self.goal is None:
            return None
        return (self.ratio if self.ratio is not None else self.value) <= self.goal


def medians(runs: Mapping[str, Callable[[], float]], repeats: int = REPEATS) -> dict[str, float]:
    """Run everything in turns and return the median of each."""
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            taken[name].append(run())
    return {name: statistics.median(times) for name, times in taken.items()}


def command(*argv: str) -> Callable[[], float]:
    """Return a function that runs a command and says how long it took."""

    def run() -> float:
        began = time.perf_counter()
        subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        return time.perf_counter() - began

    return run


def pyclosure(*words: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "pyclosure", *words)


def nix(store: str, *words: str) -> tuple[str, ...]:
    features = ("--extra-experimental-features", "nix-command", "--offline")
    return ("nix", *features, *words, "--store", store)


def figures(
    group: str, times: Mapping[str, float], against: str, goals: Mapping[str, float] | None = None
) -> list[Figure]:
    """Return times as figures with their ratios to one of them; ``goals`` are for ratios."""
    base = times[against]
    return [
        Figure(group, what, seconds, against, None if what == against else seconds / base, (goals or {}).get(what))
        for what, seconds in times.items()
    ]


def numbers(script: str, *words: str) -> list[float]:
    """Run a Python script in a process of its own and return the numbers that it prints."""
    argv = [sys.executable, "-c", script, *words]
    text = subprocess.run(argv, capture_output=True, text=True, check=True, cwd=HERE.parent).stdout
    return [float(word) for word in text.split()]
