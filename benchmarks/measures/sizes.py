"""All sizes of all paths, against what nix adds for -S, and against networkx used naively."""

from __future__ import annotations

import statistics
from pathlib import Path

from benchmarks.measuring import Figure, command, figures, nix, numbers
from benchmarks.synthetic import private_store

_SIZES = """
import sys, time
import networkx as nx
from pyclosure.queries.nix.process import SystemRunner
from pyclosure.queries.sources.request import Request
from pyclosure.queries.sources.resolve import resolve
from pyclosure.queries.sources.read import read_source
from pyclosure.queries.graph.closure import Closure
from pyclosure.queries.graph.sizes import added_sizes, with_closure_sizes
def timed(action):
    began = time.perf_counter(); found = action(); return time.perf_counter() - began, found
opened = read_source(resolve(Request((sys.argv[2],), store=sys.argv[1])), SystemRunner())
building, closure = timed(lambda: Closure(opened.records))
adding, sizes = timed(lambda: added_sizes(closure))
summing, sizes = timed(lambda: with_closure_sizes(sizes, closure))
graph = closure.graph
# every path would take networkx minutes: a hundred of them, spread over the closure, tell
some = range(0, len(closure), max(1, len(closure) // 100))
def slow(at):
    below = nx.descendants(graph, closure.path(at))
    return closure.nar_sizes[at] + sum(graph.nodes[path]["nar_size"] for path in below)
walking, sums = timed(lambda: [slow(at) for at in some])
assert sums == [sizes.closure[at] for at in some]
dominating, _ = timed(lambda: nx.immediate_dominators(graph, closure.path(closure.roots[0])))
print(building, adding, summing, walking * len(closure) / len(some), dominating)
"""


def measure(folder: Path) -> list[Figure]:
    """Added and closure sizes of every path; a quadratic ``nix path-info -rS`` at 20,000 would take most of an hour."""
    found: list[Figure] = []
    for count in (500, 5_000, 20_000):
        store, root = private_store(folder, count)
        plain: list[float] = []
        summed: list[float] = []
        both: list[float] = []
        ours: list[list[float]] = []
        for number in range(5):
            plain.append(command(*nix(store, "path-info", "-r", root))())
            ours.append(numbers(_SIZES, store, root))
            if count <= 5_000 and (number == 0 or count < 5_000):
                summed.append(command(*nix(store, "path-info", "-rS", root))())
                both.append(command(*nix(store, "path-info", "-rsS", root))())
        building, adding, summing, walking, dominating = map(statistics.median, zip(*ours, strict=True))
        everything = "graph, added and closure sizes of every path"
        times = {
            everything: building + adding + summing,
            "of that, the graph": building,
            "of that, added sizes and depths": adding,
            "of that, closure sizes": summing,
            "networkx: descendants of every path (estimated)": walking,
            "networkx: immediate dominators": dominating,
        }
        group = f"sizes: {count:,} paths"
        against = "what nix path-info -rS adds to -r"
        if summed:
            base = statistics.median(plain)
            times = {
                against: statistics.median(summed) - base,
                "what nix path-info -rsS adds": statistics.median(both) - base,
            } | times
            found += figures(group, times, against, {everything: 0.1} if count == 5_000 else None)
        else:
            found += figures(group, times, everything)
    return found
