"""Two closures of which one path in twenty differs, against loading both."""

from __future__ import annotations

import statistics
import subprocess
from pathlib import Path

from benchmarks.measuring import Figure, command, figures, medians, nix, numbers, pyclosure
from benchmarks.synthetic import private_store

_DIFF = """
import sys, time
import msgspec
from pyclosure.queries.nix.process import SystemRunner
from pyclosure.queries.sources.request import Request
from pyclosure.queries.sources.resolve import resolve
from pyclosure.queries.sources.read import Opened, read_source
from pyclosure.queries.opened.knowledge import know
from pyclosure.queries.diff.causes import Attribution
from pyclosure.queries.diff.match import ClosureDiff
from pyclosure.queries.diff.reasons import Reasons
def timed(action):
    began = time.perf_counter(); found = action(); return time.perf_counter() - began, found
def load():
    return know(read_source(resolve(Request((sys.argv[2],), store=sys.argv[1])), SystemRunner()))
loading, old = timed(load)
# one path in twenty is another one, as large as before plus a little
others = {info.path: info.path[:11] + info.path[11:43][::-1] + info.path[43:] for info in old.closure.infos[::20]}
def renamed(paths):
    return tuple(sorted(others.get(one, one) for one in paths))
def other(info):
    size = info.nar_size + 100_000 * (info.path in others)
    path = others.get(info.path, info.path)
    return msgspec.structs.replace(info, path=path, nar_size=size, references=renamed(info.references))
records = old.closure.records
paths = tuple(map(other, old.closure.infos))
records = msgspec.structs.replace(records, paths=paths, roots=renamed(records.roots))
new = know(Opened(records, None))
matching, diff = timed(lambda: ClosureDiff(old, new))
classing, _ = timed(lambda: diff.changes)
causing, causes = timed(lambda: Attribution(diff).causes)
reasoning, _ = timed(lambda: Reasons(diff).by_path)
assert sum(one.size_change for one in causes) == diff.size_change
print(2 * loading, classing, causing, reasoning)
"""


def measure(folder: Path) -> list[Figure]:
    """Two closures of which one path in twenty differs, against loading both."""
    found: list[Figure] = []
    names = ("loading both", "classes of all paths", "causes", "reasons")
    for count in (5_000, 20_000):
        store, root = private_store(folder, count)
        runs = [numbers(_DIFF, store, root) for _ in range(3)]
        times = [statistics.median(column) for column in zip(*runs, strict=True)]
        found += figures(f"diff of {count:,} paths", dict(zip(names, times, strict=True)), "loading both")
        # whole commands, on two closures that are there: an environment, and the last of its packages
        argv = ["nix-store", "--store", store, "-q", "--references", root]
        other = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()[-1]
        commands = {
            "nix store diff-closures": command(*nix(store, "store", "diff-closures", other, root)),
            "pyclosure diff": command(
                *pyclosure("diff", "--store", store, "--no-files", "--no-derivations", "--no-findings", other, root)
            ),
        }
        found += figures(f"diff of {count:,} paths, whole commands", medians(commands, 5), "nix store diff-closures")
    return found
