"""The closures that tests of the screen open, as literals."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from pyclosure.queries.opened.knowledge import Knowledge
from tests.support.closures import knowledge_of, records_of

# app ─┬─ data
#      ├─ shared ── libc
#      └─ web ─┬─ shared (again)
#              └─ tool
SMALL_GRAPH = {
    "app-1.0": ("data-1.0", "shared-1.0", "web-1.0"),
    "web-1.0": ("shared-1.0", "tool-1.0"),
    "shared-1.0": ("libc-1.0",),
}
SMALL_SIZES = {
    "app-1.0": 1,
    "web-1.0": 10,
    "shared-1.0": 100,
    "libc-1.0": 1000,
    "tool-1.0": 5,
    "data-1.0": 2000,
}
# added: app 3116, data 2000, shared 1100 (with libc), libc 1000, web 15 (with tool), tool 5


def small() -> Knowledge:
    """Return a closure of six paths, in which one hangs in two places."""
    return knowledge_of(records_of(SMALL_GRAPH, SMALL_SIZES))


def two_roots() -> Knowledge:
    """Return a closure with two roots that share a library."""
    graph = {"web-1.0": ("lib-1.0",), "worker-1.0": ("lib-1.0", "queue-1.0")}
    return knowledge_of(records_of(graph, {"lib-1.0": 4096, "queue-1.0": 100}))


def chain(length: int) -> Knowledge:
    """Return a chain: p0000 references p0001, that one p0002, and so on."""
    graph = {f"p{number:05}-1": (f"p{number + 1:05}-1",) for number in range(length - 1)}
    return knowledge_of(records_of(graph))


def wide(count: int) -> Knowledge:
    """Return a closure of about ``count`` paths: a root, a hundred hubs, and leaves below one or two of them."""
    hubs = [f"hub{number:03}-1.{number}" for number in range(100)]
    graph: dict[str, list[str]] = {"root-1.0": list(hubs)} | {hub: [] for hub in hubs}
    sizes = {"root-1.0": 7}
    for number in range(count - 101):
        leaf = f"leaf{number:05}-2.{number % 10}"
        graph[hubs[number % 100]].append(leaf)
        if number % 3 == 0:
            graph[hubs[(number * 7 + 1) % 100]].append(leaf)
        sizes[leaf] = (number * 7919) % 1_000_003
    return knowledge_of(records_of(graph, sizes))


def dump_of(names_and_references: Mapping[str, Iterable[str]]) -> bytes:
    """Return what ``nix path-info --json -r`` would print of a literal closure."""
    records = records_of(names_and_references)
    return json.dumps(
        [
            {
                "path": info.path,
                "narHash": "sha256:" + "0" * 52,
                "narSize": info.nar_size,
                "references": list(info.references),
                "valid": True,
            }
            for info in records.paths
        ]
    ).encode()
