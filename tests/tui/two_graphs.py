"""The demo and its build graph as they were before a change, and as a saved document."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import msgspec

from pyclosure.queries.base.inspection import Inspection
from pyclosure.queries.base.names import name_of, parse_name
from pyclosure.queries.base.records import Derivation, FileFacts, PathInfo
from pyclosure.queries.demo import demo_snapshot
from pyclosure.queries.graph.build import BuildGraph
from pyclosure.queries.opened.knowledge import Knowledge, know
from pyclosure.queries.sources.graphs import OpenSide
from pyclosure.queries.sources.read import opened_snapshot


def after() -> BuildGraph:
    """Return the demo's build graph."""
    graph = know(opened_snapshot(demo_snapshot())).build
    assert graph is not None
    return graph


def before(name: str = "openssl-3.0.20") -> OpenSide:
    """Return the demo's build graph as it was before one of its derivations changed."""
    graph = after()
    (seed,) = [index for index, drv in enumerate(graph.derivations) if drv.name == name]
    above = graph.rebuilt([seed])

    names = {path: moved(path) for index in above for path in paths_of(graph.derivations[index])}
    found = {}
    for index, drv in enumerate(graph.derivations):
        if index in above:
            text = msgspec.json.encode(drv).decode()
            for path, other in names.items():
                text = text.replace(path, other)
            drv = msgspec.json.decode(text, type=Derivation)
        if index == seed:
            drv = msgspec.structs.replace(drv, env=drv.env | {"configureFlags": "no-legacy\nno-\x1b[31mred"})
        found[drv.path] = drv
    return OpenSide(BuildGraph(found), None, "before")


def paths_of(drv: Derivation) -> list[str]:
    return [drv.path, *(output.path for output in drv.outputs.values() if output.path)]


def moved(path: str) -> str:
    """Return another path of the same name."""
    folder, name = path.rsplit("/", 1)
    return f"{folder}/{name[:31][::-1]}{'0' if name[31] != '0' else '1'}{name[32:]}"


def saved(graph: BuildGraph) -> bytes:
    """Return a build graph as nix derivation show would print it."""
    return json.dumps(
        {
            drv.path: {
                "outputs": {name: {"path": one.path, "hash": one.hash} for name, one in drv.outputs.items()},
                "inputSrcs": drv.input_sources,
                "inputDrvs": drv.input_derivations,
                "system": drv.system,
                "builder": drv.builder,
                "args": drv.args,
                "env": drv.env,
                **({"structuredAttrs": drv.structured_attrs} if drv.structured_attrs is not None else {}),
            }
            for drv in graph.derivations
        }
    ).encode()


LEAKED = ("gcc-wrapper", "pytest", "pytest-cov", "iniconfig", "pluggy", "coverage")


def demo_before() -> Knowledge:
    """Return the demo as it was before msgpack kept its compiler, humanize propagated pytest and idna was another."""
    snapshot = demo_snapshot()
    changed = {
        info.path: moved(info.path).replace("idna-3.20", "idna-3.7")
        for info in snapshot.records.paths
        if parse_name(name_of(info.path)).pname in ("msgpack", "humanize", "idna", "python3-env")
    }

    def older(info: PathInfo) -> PathInfo:
        if info.path in changed:
            gone = {one for one in info.references if parse_name(name_of(one)).pname in LEAKED}
            info = msgspec.structs.replace(info, references=tuple(one for one in info.references if one not in gone))
        return renamed(info, PathInfo)

    def renamed(value: Any, kind: Any) -> Any:
        text = msgspec.json.encode(value).decode()
        for path, other in changed.items():
            text = text.replace(path, other)
        return msgspec.json.decode(text.replace("idna-3.20", "idna-3.7").replace('"3.20"', '"3.7"'), type=kind)

    records = msgspec.structs.replace(
        snapshot.records,
        roots=tuple(changed.get(root, root) for root in snapshot.records.roots),
        paths=tuple(older(info) for info in snapshot.records.paths),
    )
    files = renamed(snapshot.files, dict[str, FileFacts])
    inspections = renamed(snapshot.inspections, dict[str, Inspection])
    old = replace(
        snapshot, records=records, files=files, inspections=inspections, derivations=None, build=None, sources=None
    )
    return know(opened_snapshot(replace(old, evidence=None)))


def side_before() -> OpenSide:
    """Return the same as one side of a comparison; nobody knows its derivations."""
    knowledge = demo_before()
    return OpenSide(None, knowledge, "before", "the snapshot holds no derivations")
