"""Closures that ship with pyclosure: a recorded environment, and a four-path one for examples."""

from __future__ import annotations

from importlib.resources import files

from pyclosure.queries.base.records import ClosureRecords, PathInfo
from pyclosure.queries.graph.closure import Closure
from pyclosure.queries.opened.snapshot import Snapshot, read_document, read_snapshot

DEMO_FILE = "python-env.json.gz"


def demo_snapshot() -> Snapshot:
    """Return the recorded closure of a real Python environment, which needs neither Nix nor a store."""
    with files(__package__).joinpath(DEMO_FILE).open("rb") as file:
        return read_snapshot(read_document(file, DEMO_FILE), DEMO_FILE)


def four_paths() -> Closure:
    """Return a closure of four paths: app → lib → libc, and app → data, of 1, 10, 100 and 1000 bytes."""
    paths = {name: f"/nix/store/{letter * 32}-{name}" for name, letter in zip(_NAMES, "abcd", strict=True)}
    references = {"app": ("lib", "data"), "lib": ("libc",), "libc": (), "data": ()}
    infos = tuple(
        PathInfo(paths[name], size, tuple(sorted(paths[one] for one in references[name])))
        for name, size in zip(_NAMES, (1, 10, 100, 1000), strict=True)
    )
    return Closure(ClosureRecords("/nix/store", (paths["app"],), infos, "example", "app"))


_NAMES = ("app", "lib", "libc", "data")
