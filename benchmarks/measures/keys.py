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
    """Keys on every screen, the first time too: until something is painted, and with all that follows from threads."""
    found: list[Figure] = []
    store, root = private_store(folder, 20_000)
    for columns, lines in ((80, 24), (200, 60)):
        rounds = []
        for _ in range(3):
            argv = [sys.executable, "-m", "benchmarks.key_work", store, root, str(columns), str(lines)]
            done = subprocess.run(argv, capture_output=True, text=True, check=True, cwd=HERE.parent)
            rounds.append(json.loads(done.stdout))
        names = [f"{screen}: {key}" for screen, key, *_ in rounds[0]]
        answers, wholes, pieces = (
            [statistics.median(one[index][part] for one in rounds) for index in range(len(names))] for part in (2, 3, 4)
        )
        group = f"keys: 20,000 rows, {columns}x{lines}, {len(names)} keys"
        found.append(Figure(group, "median key: answered", statistics.median(answers)))
        found.append(Figure(group, "longest piece of work of any key", max(pieces), goal=LIMIT))
        slowest = sorted(zip(names, answers, wholes, strict=True), key=lambda one: -one[1])[:SHOWN]
        for name, answer, whole in slowest:
            found.append(Figure(group, f"{name}: answered", answer, goal=LIMIT))
            found.append(Figure(group, f"{name}: with all that follows", whole))
    return found
