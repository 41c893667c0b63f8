"""The demo's build graph as it was before a change, and as a saved document."""

from __future__ import annotations

import json

import msgspec

from pyclosure.queries.demo import demo_snapshot
from pyclosure.queries.graph.build import BuildGraph
from pyclosure.queries.knowledge import know
from pyclosure.queries.records import Derivation
from pyclosure.queries.sources.graphs import OpenGraph
from pyclosure.queries.sources.read import opened_snapshot


def after() -> BuildGraph:
    """Return the demo's build graph."""
    graph = know(opened_snapshot(demo_snapshot())).build
    assert graph is not None
    return graph


def before(name: str = "openssl-3.0.20") -> OpenGraph:
    """Return the demo's build graph as it was before one of its derivations changed."""
    graph = after()
    (seed,) = [at for at, drv in enumerate(graph.derivations) if drv.name == name]
    above = graph.rebuilt([seed])

    names = {path: moved(path) for at in above for path in paths_of(graph.derivations[at])}
    found = {}
    for at, drv in enumerate(graph.derivations):
        if at in above:
            text = msgspec.json.encode(drv).decode()
            for path, other in names.items():
                text = text.replace(path, other)
            drv = msgspec.json.decode(text, type=Derivation)
        if at == seed:
            drv = msgspec.structs.replace(drv, env=drv.env | {"configureFlags": "no-legacy\nno-\x1b[31mred"})
        found[drv.path] = drv
    return OpenGraph(BuildGraph(found), None, "before")


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
