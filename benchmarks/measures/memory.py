"""Peak memory of the whole program on the screen, at rest, for small and large closures."""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

from benchmarks.measuring import HERE, Figure, pyclosure
from benchmarks.synthetic import private_store
from benchmarks.terminal import peak_at_rest


def measure(folder: Path) -> list[Figure]:
    """Open a closure, let everything behind the screen finish, and ask the system for the peak."""
    found: list[Figure] = []
    bare = statistics.median(peak_at_rest([sys.executable, str(HERE / "bare.py")], b"bare-frame") for _ in range(3))
    found.append(Figure("memory", "a bare Textual app", bare, unit="MiB"))
    least = 0.0
    for count in (200, 500, 5_000, 20_000):
        argv = pyclosure("--store", *private_store(folder, count))
        peak = statistics.median(peak_at_rest(argv, b"Where the bytes are") for _ in range(3))
        least = least or peak
        goal = 4.0 if count == 20_000 else None
        ratio = None if count == 200 else peak / least
        found.append(Figure("memory", f"{count:,} paths", peak, "200 paths", ratio, goal, "MiB"))
    return found
