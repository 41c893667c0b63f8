"""Keys: the work that each one causes on the thread that draws, at 20,000 rows."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks.measuring import HERE, Figure
from benchmarks.synthetic import private_store

LIMIT = 0.05
SHOWN = 8


def measure(folder: Path) -> list[Figure]:
    """The slowest keys of every screen, of three rounds through all of them; the first time that it is pressed, too."""
    found: list[Figure] = []
    store, root = private_store(folder, 20_000)
    for columns, lines in ((80, 24), (200, 60)):
        rounds = []
        for _ in range(3):
            argv = [sys.executable, "-m", "benchmarks.key_work", store, root, str(columns), str(lines)]
            done = subprocess.run(argv, capture_output=True, text=True, check=True, cwd=HERE.parent)
            rounds.append(json.loads(done.stdout))
        keys = [
            (f"{screen}: {key}", statistics.median(one[at][2] for one in rounds))
            for at, (screen, key, *_) in enumerate(rounds[0])
        ]
        group = f"keys: 20,000 rows, {columns}x{lines}, {len(keys)} keys"
        slowest = sorted(keys, key=lambda one: -one[1])
        found.append(Figure(group, "median", statistics.median(seconds for _, seconds in keys)))
        found += [Figure(group, what, seconds, goal=LIMIT) for what, seconds in slowest[:SHOWN]]
    return found
