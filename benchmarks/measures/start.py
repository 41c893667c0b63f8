"""Start-up: what answers without nix, the first frame, and the overview, of closures of several sizes."""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

from benchmarks.measuring import HERE, REPEATS, Figure, command, figures, medians, nix, pyclosure
from benchmarks.synthetic import private_store
from benchmarks.terminal import first_seen

BARE = "a bare Textual app: first frame"
NIX = "nix path-info --json -r"
TEXTS = {
    "first line": b"reading the closure",
    "first frame": b"Overview",
    "overview": b"Where the bytes are",
}


def measure(folder: Path) -> list[Figure]:
    """The first frame against a bare Textual app's, the overview against the larger of that and nix alone."""
    quick = medians(
        {
            "python -c pass": command(sys.executable, "-c", "pass"),
            "--version": command(*pyclosure("--version")),
            "--help": command(*pyclosure("--help")),
            "list --help": command(*pyclosure("list", "--help")),
        }
    )
    found = figures("start: without nix", quick, "python -c pass")
    for count in (500, 5_000, 12_000, 20_000):
        found += _screen(count, *private_store(folder, count))
    return found


def _screen(count: int, store: str, root: str) -> list[Figure]:
    words = ("path-info", "--json", "-r", root)
    runs: dict[str, list[float]] = {}
    for _ in range(REPEATS if count < 10_000 else 5):
        times = {BARE: first_seen([sys.executable, str(HERE / "bare.py")], {"frame": b"bare-frame"})["frame"]}
        times[NIX] = command(*nix(store, *words))()
        times |= first_seen(pyclosure("--store", store, root), TEXTS)
        for name, seconds in times.items():
            runs.setdefault(name, []).append(seconds)
    times = {name: statistics.median(some) for name, some in runs.items()}
    group = f"start: {count:,} paths"
    slower = BARE if times[BARE] >= times[NIX] else NIX
    overview = times.pop("overview")
    found = figures(group, times, BARE, {"first frame": 1.3})
    return [*found, Figure(group, "overview", overview, slower, overview / times[slower], 1.2)]
