"""A thorough look through all files of a closure, against grep reading the same files once."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from benchmarks.measuring import Figure, command, figures, medians, numbers, pyclosure

_INSPECT = """
import sys, time
from pyclosure.queries.facts.inspect import inspect
began = time.perf_counter()
found = [inspect(path) for path in sys.argv[1:]]
print(time.perf_counter() - began, sum(one.files for one in found if one))
"""


def measure(folder: Path) -> list[Figure]:
    """A thorough look through all files of a closure, against grep reading the same files once.

    Takes the closure that PYCLOSURE_BENCH_CLOSURE names (a result link); without it there is nothing to measure.
    """
    link = os.environ.get("PYCLOSURE_BENCH_CLOSURE")
    if not link:
        return []
    root = os.path.realpath(link)
    paths = subprocess.run(["nix-store", "-qR", root], capture_output=True, text=True, check=True).stdout.split()

    def grep() -> float:
        began = time.perf_counter()
        # status 1: no file holds it; every byte was read all the same
        subprocess.run(["grep", "-raF", "no file holds these words", *paths], stdout=subprocess.DEVNULL, check=False)
        return time.perf_counter() - began

    def look() -> float:
        return numbers(_INSPECT, *paths)[0]

    check = command(*pyclosure("check", root, "--no-config", "--fail-on", "never", "--allow-unknown"))
    times = medians({"grep -r": grep, "a thorough look": look, "pyclosure check": check}, 5)
    return figures(f"findings in {root[44:]}, {len(paths)} paths", times, "grep -r")
