"""Build graphs at the shape of nixpkgs: reading them, one impact, and the ranking of all derivations."""

from __future__ import annotations

import statistics
from pathlib import Path

from benchmarks.measuring import Figure, figures, numbers
from benchmarks.tested import tested

_REBUILD = """
import json, resource, sys, time
from pyclosure.queries.graph.build import BuildGraph
from pyclosure.queries.parse.derivation import derivations_in
from pyclosure.queries.opened.snapshot import document_chunks
from pyclosure.queries.rebuild.amplifiers import amplifiers
from pyclosure.queries.rebuild.impact import impact
from pyclosure.queries.rebuild.outlook import edges_of_tests
from pyclosure.queries.rebuild.ranking import ranking
def timed(action):
    began = time.perf_counter(); found = action(); return time.perf_counter() - began, found
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
def decode():
    with open(sys.argv[1], "rb") as file:
        return {one.path: one for one in derivations_in(document_chunks(file, "x"), "/nix/store", "x")}
reading, length = timed(lambda: len(open(sys.argv[1], "rb").read()))
decoding, derivations = timed(decode)
building, graph = timed(lambda: BuildGraph(derivations))
testing, tests = timed(lambda: edges_of_tests(graph))
seed = max(range(len(graph)), key=lambda at: len(graph.users[at]))
def everything():
    found = impact(graph, [seed], tests)
    return found.outputs, found.reasons, found.by_depth, found.longest, found.upper_bound
single, _ = timed(everything)
before = peak()
ranked, rows = timed(lambda: ranking(graph, tests))
after = peak()
worst = max(rows, key=lambda one: one.rebuilds - one.without_tests).derivation
weighing, _ = timed(lambda: amplifiers(impact(graph, [worst], tests)))
print(reading, decoding, building, testing, single, ranked, weighing, before, after, sum(map(len, graph.inputs)))
"""


_JSON = """
import json, resource, sys, time
document = open(sys.argv[1], "rb").read()
began = time.perf_counter(); json.loads(document)
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def measure(folder: Path) -> list[Figure]:
    """Build graphs at the shape of nixpkgs: reading them, one impact, and the ranking of all derivations.

    Against reading the bytes of the document. Python's own json is in a process of its own, for its memory.
    """
    found: list[Figure] = []
    names = ("read the bytes", "decode and validate", "build graph", "edges of tests", "impact of the most used")
    for count, packages in ((1_000, 200), (10_000, 2_000), (100_000, 8_000)):
        document = folder / f"build-{count}.json"
        if not document.exists():
            document.write_bytes(tested(count, packages).document)
        runs, plain = [], []
        for _ in range(3):
            plain.append(numbers(_JSON, str(document)))
            runs.append(numbers(_REBUILD, str(document)))
        columns = [statistics.median(column) for column in zip(*runs, strict=True)]
        json_seconds, json_peak = (statistics.median(column) for column in zip(*plain, strict=True))
        *times, before, after, edges = columns
        size = document.stat().st_size / 1e6
        group = f"rebuild: {count:,} derivations, {packages:,} Python packages, {edges:,.0f} edges, {size:,.0f} MB"
        more = ("ranking, with and without tests", "amplifiers of the most amplified")
        seconds = dict(zip((*names, *more), times, strict=True)) | {"json.loads": json_seconds}
        found += figures(group, seconds, "read the bytes")
        for what, mebibytes in (
            ("peak MiB of json.loads", json_peak),
            ("peak MiB before the ranking", before),
            ("peak MiB after the ranking", after),
        ):
            found.append(Figure(group, what, mebibytes, unit="MiB"))
    return found
