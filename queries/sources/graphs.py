"""Build graphs from what the user named: a saved ``nix derivation show -r`` of any version, or an open closure."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from pyclosure.queries.activity import SILENT, Activity, Progress
from pyclosure.queries.enrich import enrich
from pyclosure.queries.errors import BadInput, NoData
from pyclosure.queries.graph.build import BuildGraph
from pyclosure.queries.knowledge import Knowledge, know
from pyclosure.queries.nix.process import Runner
from pyclosure.queries.parse.derivation import parse_derivations
from pyclosure.queries.snapshot import is_snapshot, read_document, read_snapshot
from pyclosure.queries.sources.read import opened_snapshot, read_source
from pyclosure.queries.sources.resolve import SavedFile, Source
from pyclosure.queries.text import printable

_DERIVATIONS = re.compile(rb'\s*\{\s*"(?:[^"]+\.drv"|version"\s*:\s*\d+\s*,\s*"derivations"|derivations")')
_STORE_DIR = re.compile(rb'"(/[^"\s]*?)/[0-9a-df-np-sv-z]{32}-')


@dataclass(frozen=True, slots=True)
class OpenGraph:
    """A build graph that was read."""

    graph: BuildGraph
    knowledge: Knowledge | None
    """The closure that it built; None for a saved graph."""
    label: str
    reason: str = ""
    """Why it is not whole; empty when it is."""


def open_graph(source: Source, runner: Runner, activity: Activity = SILENT) -> OpenGraph:
    """Read the build graph of a source.

    Raises:
        BadInput: it cannot be read, or is something else.
        NoData: there is no build graph, because no derivation is here.
        QueryError: nix failed.
    """
    if isinstance(source, SavedFile) and source.path is not None:
        name = printable(os.path.basename(source.path), 120)
        activity.report(Progress(f"reading {name}"))
        try:
            with open(source.path, "rb") as file:
                document = read_document(file, name)
        except OSError as error:
            raise BadInput(f"cannot read {name}: {error.strerror}", hint="check its permissions") from None
        if _DERIVATIONS.match(document):
            return _saved(document, name)
        if is_snapshot(document):
            return _of(know(opened_snapshot(read_snapshot(document, name))))
    knowledge = know(read_source(source, runner, activity))
    enrich(knowledge, activity, files=False, tests=True)
    return _of(knowledge)


def _saved(document: bytes, name: str) -> OpenGraph:
    # since 2.32 paths have no directory; whatever stands before them is the same for all
    found = _STORE_DIR.search(document[:100_000])
    store_dir = found[1].decode() if found else "/nix/store"
    graph = BuildGraph(parse_derivations(document, store_dir, name))
    missing = len(graph.missing)
    reason = f"{missing} derivations that it mentions are not in it: was it made with -r?" if missing else ""
    return OpenGraph(graph, None, name, reason)


def _of(knowledge: Knowledge) -> OpenGraph:
    if knowledge.build is None:
        state = knowledge.build_state
        raise NoData(
            f"there is no build graph of {knowledge.closure.records.label}: {state.reason or 'no derivation is here'}",
            hint="evaluate the expression that gave it, or save nix derivation show -r where that was done",
        )
    return OpenGraph(knowledge.build, knowledge, knowledge.closure.records.label, knowledge.build_state.reason)
