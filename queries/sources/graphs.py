"""Build graphs from what the user named: a saved ``nix derivation show -r`` of any version, or an open closure."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, islice

from pyclosure.queries.base.activity import SILENT, Activity, Progress
from pyclosure.queries.base.errors import BadInput, NoData
from pyclosure.queries.base.text import printable
from pyclosure.queries.graph.build import BuildGraph
from pyclosure.queries.nix.process import Runner
from pyclosure.queries.opened.enrich import enrich
from pyclosure.queries.opened.knowledge import Knowledge, know
from pyclosure.queries.opened.snapshot import document_chunks, is_snapshot, read_snapshot
from pyclosure.queries.parse.derivation import derivations_in
from pyclosure.queries.sources.read import opened_snapshot, read_source
from pyclosure.queries.sources.resolve import SavedFile, Source

_DERIVATIONS = re.compile(rb'\s*\{\s*"(?:[^"]+\.drv"|version"\s*:\s*\d+\s*,\s*"derivations"|derivations")')
_STORE_DIR = re.compile(rb'"(/[^"\s]*?)/[0-9a-df-np-sv-z]{32}-')

_BATCH = 5_000


@dataclass(frozen=True, slots=True)
class OpenSide:
    """One side of a comparison, as far as it is known."""

    graph: BuildGraph | None
    knowledge: Knowledge | None
    """None for a saved build graph."""
    label: str
    reason: str = ""
    """Why there is no build graph, or why it is not whole; empty when it is."""


@dataclass(frozen=True, slots=True)
class OpenGraph(OpenSide):
    """A build graph that was read, with the closure that it built as far as that is known."""

    graph: BuildGraph


def open_graph(source: Source, runner: Runner, activity: Activity = SILENT) -> OpenGraph:
    """Read the build graph of a source.

    Raises:
        BadInput: it cannot be read, or is something else.
        NoData: there is no build graph, because no derivation is here.
        QueryError: nix failed.
    """
    side = open_side(source, runner, activity, files=False)
    if side.graph is None:
        raise NoData(
            f"there is no build graph of {side.label}: {side.reason or 'no derivation is here'}",
            hint="evaluate the expression that gave it, or save nix derivation show -r where that was done",
        )
    return OpenGraph(side.graph, side.knowledge, side.label, side.reason)


def open_side(source: Source, runner: Runner, activity: Activity = SILENT, *, files: bool = True) -> OpenSide:
    """Read one side of a comparison: a closure with its build graph, or a saved build graph alone.

    Args:
        source: what the user named.
        runner: starts nix.
        activity: is told of progress, and may cancel.
        files: whether files are looked into.

    Raises:
        BadInput: it cannot be read, or is something else.
        QueryError: nix failed.
    """
    if isinstance(source, SavedFile) and source.path is not None:
        name = printable(os.path.basename(source.path), 120)
        activity.report(Progress(f"reading {name}"))
        try:
            with open(source.path, "rb") as file:
                chunks = document_chunks(file, name)
                head = b"".join(islice(chunks, 1))
                if _DERIVATIONS.match(head):
                    return _saved(head, chain([head], chunks), name, activity)
                # what is no snapshot is read again, as what else it may be
                document = head + b"".join(chunks) if is_snapshot(head) else b""
        except OSError as error:
            raise BadInput(f"cannot read {name}: {error.strerror}", hint="check its permissions") from None
        if document:
            return _of(know(opened_snapshot(read_snapshot(document, name))))
    knowledge = know(read_source(source, runner, activity))
    enrich(knowledge, activity, files=files, tests=True)
    return _of(knowledge)


def _saved(head: bytes, chunks: Iterable[bytes], name: str, activity: Activity) -> OpenSide:
    # since 2.32 paths have no directory; whatever stands before them is the same for all
    found = _STORE_DIR.search(head)
    store_dir = found[1].decode("utf-8", "replace") if found else "/nix/store"
    derivations = {}
    for one in derivations_in(chunks, store_dir, name):
        derivations[one.path] = one
        if len(derivations) % _BATCH == 0:
            activity.check()
            activity.report(Progress(f"reading {name}", len(derivations), None, "derivations"))
    graph = BuildGraph(derivations)
    missing = len(graph.missing)
    reason = f"{missing} derivations that it mentions are not in it: was it made with -r?" if missing else ""
    return OpenSide(graph, None, name, reason)


def _of(knowledge: Knowledge) -> OpenSide:
    return OpenSide(knowledge.build, knowledge, knowledge.closure.records.label, knowledge.build_state.reason)
