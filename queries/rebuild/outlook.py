"""All that a screen or command wants to know of a build graph before anybody asks about one derivation."""

from __future__ import annotations

from dataclasses import dataclass, field

from pyclosure.queries.base.records import FileFacts
from pyclosure.queries.graph.build import BuildEdge, BuildGraph
from pyclosure.queries.kinds.by_derivation import is_python_build
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.queries.policy.rebuild import Profiles
from pyclosure.queries.rebuild.ranking import Ranked, ranking
from pyclosure.queries.testing.cost import test_edges
from pyclosure.queries.testing.inputs import check_inputs
from pyclosure.queries.testing.world import World


@dataclass(frozen=True, slots=True)
class Outlook:
    """A build graph with its ranking."""

    graph: BuildGraph
    tests: frozenset[BuildEdge]
    """Edges that only tests need."""
    rows: tuple[Ranked, ...]
    """All derivations, the one that rebuilds most first."""
    running: frozenset[int]
    """Positions of derivations with an output in the runtime closure."""
    profiles: Profiles = field(default_factory=Profiles)
    """How numbers of rebuilds are weighed."""


def edges_of_tests(graph: BuildGraph, files: dict[str, FileFacts] | None = None) -> frozenset[BuildEdge]:
    """Return the edges of a build graph that only tests need."""
    world = World(dict(zip(graph.paths, graph.derivations, strict=True)), files or {})
    python = (drv for drv in graph.derivations if is_python_build(drv))
    return test_edges(graph, {drv.path: check_inputs(drv, world) for drv in python})


def outlook(knowledge: Knowledge, profiles: Profiles) -> Outlook | None:
    """Return what is known of rebuilds; None without a build graph."""
    graph = knowledge.build
    if graph is None:
        return None
    tests = edges_of_tests(graph, dict(knowledge.files))
    paths = (info.path for info in knowledge.closure.infos)
    running = frozenset(graph.by_output[path][0] for path in paths if path in graph.by_output)
    return Outlook(graph, tests, ranking(graph, tests), running, profiles)
