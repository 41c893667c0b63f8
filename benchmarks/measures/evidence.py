"""The files that hold a reference, against nix why-depends --precise on the same paths."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
from pathlib import Path

from benchmarks.measuring import Figure, command, figures, numbers
from benchmarks.synthetic import store_with_files

_EVIDENCE = """
import sys, time
from pyclosure.queries.facts.scan import scan
from pyclosure.queries.facts.files import StoreFiles
from pyclosure.queries.facts.carriers import explain
root, path, reference, *others = sys.argv[1:]
began = time.perf_counter()
found = scan(path, [reference, *others], root)
explain(StoreFiles(path, root), found.spots[reference])
print(time.perf_counter() - began)
"""
FEATURES = ("nix", "--extra-experimental-features", "nix-command", "--offline")


def measure(folder: Path) -> list[Figure]:
    """A path of 2,000 files; and the three largest of the closure of the link that PYCLOSURE_BENCH_CLOSURE names."""
    store, path, others = store_with_files(folder)
    found = _evidence("a path of 2,000 files, 61 MiB", store, path, others, ("--store", store))
    link = os.environ.get("PYCLOSURE_BENCH_CLOSURE")
    for info in _heaviest(os.path.realpath(link)) if link else ():
        name = f"{info['path'][44:]} ({info['narSize'] >> 20} MiB)"
        others = [one for one in info["references"] if one != info["path"]]
        found += _evidence(name, "", info["path"], others, ())
    return found


def _heaviest(root: str) -> list[dict[str, object]]:
    argv = [*FEATURES, "path-info", "--json", "-r", root]
    document = json.loads(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)
    rows = document if isinstance(document, list) else [one | {"path": path} for path, one in document.items()]
    return sorted((one for one in rows if one["references"]), key=lambda one: -one["narSize"])[:3]


def _evidence(name: str, root: str, path: str, others: list[str], where: tuple[str, ...]) -> list[Figure]:
    theirs = "nix why-depends --precise"
    runs: dict[str, list[float]] = {}
    for _ in range(5):
        times = {theirs: command(*FEATURES, "why-depends", "--precise", *where, path, others[0])()}
        for what, some in (("one reference", others[:1]), (f"all {len(others)} references", others)):
            times[f"all files of {what}"] = numbers(_EVIDENCE, root, path, *some)[0]
        for what, seconds in times.items():
            runs.setdefault(what, []).append(seconds)
    return figures(f"evidence: {name}", {what: statistics.median(some) for what, some in runs.items()}, theirs)
