"""Why: chains, savings and cuts of whole closures, in milliseconds and against one traversal."""

from __future__ import annotations

import statistics
from pathlib import Path

from benchmarks.measuring import Figure, figures, numbers
from benchmarks.synthetic import private_store

_WHY = """
import sys, time
from pyclosure.queries.nix.process import SystemRunner
from pyclosure.queries.sources.request import Request
from pyclosure.queries.sources.resolve import resolve
from pyclosure.queries.sources.read import read_source
from pyclosure.queries.opened.knowledge import know
from pyclosure.queries.answers.chains import why
from pyclosure.queries.answers.plan import edge_savings
from pyclosure.queries.answers.cuts import smallest_cut
def timed(action):
    best = []
    for _ in range(5):
        began = time.perf_counter(); action(); best.append(time.perf_counter() - began)
    return sorted(best)[len(best) // 2]
knowledge = know(read_source(resolve(Request((sys.argv[2],), store=sys.argv[1])), SystemRunner()))
closure = knowledge.closure
hub = max(range(len(closure)), key=lambda at: len(closure.referrers[at]))
some = range(0, len(closure), max(1, len(closure) // 100))
worst = max(some, key=lambda at: min(timed(lambda: why(closure, at)) for _ in range(1)))
print(timed(lambda: closure.requisites(closure.roots)), timed(lambda: why(closure, hub)),
      timed(lambda: why(closure, worst)), timed(lambda: edge_savings(knowledge)),
      timed(lambda: smallest_cut(closure, hub)))
"""
LIMIT = 0.05
"""Seconds that why may take, of any path."""


def measure(folder: Path) -> list[Figure]:
    """Why of the path with most referrers and of the slowest of a hundred others."""
    found: list[Figure] = []
    names = ("one traversal", "why, of the most referenced", "why, of the slowest of 100", "savings of every reference")
    for count in (500, 5_000, 20_000):
        runs = [numbers(_WHY, *private_store(folder, count)) for _ in range(3)]
        times = [statistics.median(column) for column in zip(*runs, strict=True)]
        group = f"why: {count:,} paths"
        found += figures(group, dict(zip((*names, "smallest cut of it"), times, strict=True)), "one traversal")
        found.append(Figure(group, "the slowest of both", max(times[1:3]), goal=LIMIT))
    return found
