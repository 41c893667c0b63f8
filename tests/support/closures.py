"""Closures as literals: four to eight short names and what they reference."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from pyclosure.queries.base.records import ClosureRecords, Derivation, FileFacts, Output, PathInfo
from pyclosure.queries.graph.closure import Closure
from pyclosure.queries.opened.knowledge import Knowledge, know
from pyclosure.queries.opened.opened import Opened

STORE = "/nix/store"
_ALPHABET = "0123456789abcdfghijklmnpqrsvwxyz"


def store_path(name: str, store_dir: str = STORE) -> str:
    """Return a store path for a name; the same name always has the same digest."""
    digest = hashlib.sha256(name.encode()).digest()
    return f"{store_dir}/{''.join(_ALPHABET[byte % 32] for byte in digest)}-{name}"


def records_of(
    references: Mapping[str, Iterable[str]],
    sizes: Mapping[str, int] | None = None,
    roots: Iterable[str] | None = None,
    *,
    store_dir: str = STORE,
    derivers: Mapping[str, str] | None = None,
) -> ClosureRecords:
    """Return records of a literal graph: name → names it references, itself allowed.

    Names that are only referenced need no key. Sizes are 1 where none is given; the roots are the names that
    nobody else references.
    """
    graph = {name: tuple(some) for name, some in references.items()}
    for some in tuple(graph.values()):
        for name in some:
            graph.setdefault(name, ())
    referenced = {one for name, some in graph.items() for one in some if one != name}
    tops = tuple(roots) if roots is not None else tuple(name for name in graph if name not in referenced)
    infos = tuple(
        PathInfo(
            path=store_path(name, store_dir),
            nar_size=(sizes or {}).get(name, 1),
            references=tuple(sorted(store_path(one, store_dir) for one in set(some) - {name})),
            self_reference=name in some,
            deriver=store_path(derivers[name], store_dir) if derivers and name in derivers else None,
        )
        for name, some in graph.items()
    )
    return ClosureRecords(
        store_dir=store_dir,
        roots=tuple(store_path(name, store_dir) for name in tops),
        paths=tuple(sorted(infos, key=lambda info: info.path)),
        origin="a test",
        label=tops[0] if len(tops) == 1 else f"{len(tops)} roots",
    )


def closure_of(
    references: Mapping[str, Iterable[str]],
    sizes: Mapping[str, int] | None = None,
    roots: Iterable[str] | None = None,
) -> Closure:
    """Return the closure of a literal graph, see :func:`records_of`."""
    return Closure(records_of(references, sizes, roots))


def knowledge_of(
    records: ClosureRecords,
    *,
    derivations: Mapping[str, Derivation] | None = None,
    files: Mapping[str, FileFacts] | None = None,
) -> Knowledge:
    """Return what is known of records that came with derivations and files, as from a snapshot."""
    return know(
        Opened(
            records,
            None,
            dict(derivations) if derivations is not None else None,
            dict(files) if files is not None else None,
        )
    )


def index(closure: Closure, name: str) -> int:
    """Return the position of a name in a literal closure."""
    return closure.position[store_path(name, closure.store_dir)]


def names(closure: Closure, positions: Iterable[int]) -> list[str]:
    """Return the names at positions, in their order."""
    return [closure.name(one) for one in positions]


def derivation_of(
    name: str,
    env: Mapping[str, str] | None = None,
    *,
    outputs: Iterable[str] = ("out",),
    fixed: bool = False,
    structured: dict[str, object] | None = None,
) -> Derivation:
    """Return a derivation called ``name`` whose outputs have the paths that :func:`store_path` gives."""
    return Derivation(
        path=store_path(f"{name}.drv"),
        name=name,
        system="x86_64-linux",
        builder="/bin/sh",
        args=("-e",),
        env=dict(env or {}),
        outputs={
            output: Output(
                store_path(name if output == "out" else f"{name}-{output}"),
                "sha256" if fixed else None,
                "00" * 32 if fixed else None,
                "flat" if fixed else None,
            )
            for output in outputs
        },
        input_sources=(),
        input_derivations={},
        structured_attrs=structured,
    )
