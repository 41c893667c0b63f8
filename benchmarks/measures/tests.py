"""The tests of a synthetic build graph: decoding it, counting all rebuilds, judging all packages."""

from __future__ import annotations

import statistics
from pathlib import Path

from benchmarks.measuring import Figure, figures, numbers

_TESTS = """
import json, sys, time
import networkx as nx
from benchmarks.tested import tested
from pyclosure.queries.graph.build import BuildGraph
from pyclosure.queries.parse.derivation import parse_derivations
from pyclosure.queries.policy.tests import TestConventions
from pyclosure.queries.testing.survey import Subject, survey_of
from pyclosure.queries.testing.world import World
made = tested(int(sys.argv[1]), int(sys.argv[2]))
def timed(action):
    began = time.perf_counter(); found = action(); return time.perf_counter() - began, found
plain, _ = timed(lambda: json.loads(made.document))
decoding, derivations = timed(lambda: parse_derivations(made.document, "/nix/store"))
building, graph = timed(lambda: BuildGraph(derivations))
subjects = [Subject(drv, one, derivations[drv]) for drv, one in made.distributions.items()]
counting, counts = timed(graph.rebuild_counts)
walked = list(range(0, len(graph), max(1, len(graph) // 50)))
slow, _ = timed(lambda: [len(nx.ancestors(graph.graph, graph.paths[at])) for at in walked])
survey, found = timed(lambda: survey_of(subjects, World(derivations, {}), TestConventions(), graph=graph))
print(plain, decoding, building, counting, slow * len(graph) / len(walked), survey)
"""


def measure(folder: Path) -> list[Figure]:
    """The tests of a synthetic build graph: decoding it, counting all rebuilds, judging all packages.

    Against Python's own json on the same text; a walk of networkx from each derivation is estimated from fifty.
    """
    found: list[Figure] = []
    names = (
        "json.loads",
        "decode and validate",
        "build graph",
        "rebuilds of every derivation",
        "the same by networkx (estimated)",
        "tests of all packages",
    )
    for count, packages in ((1_000, 100), (10_000, 500), (50_000, 1_000)):
        runs = []
        for _ in range(3):
            runs.append(numbers(_TESTS, str(count), str(packages)))
        times = [statistics.median(column) for column in zip(*runs, strict=True)]
        group = f"tests: {count:,} derivations, {packages:,} packages"
        found += figures(group, dict(zip(names, times, strict=True)), "json.loads")
    return found
