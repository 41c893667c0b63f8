"""Why is it this large? Total, kinds, the three parts of an environment, and the heaviest paths."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from pyclosure.queries.answers.rows import heaviest, ordered
from pyclosure.queries.kinds.identity import KINDS, group_of
from pyclosure.queries.opened.knowledge import Knowledge


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the closure."""

    key: str
    paths: int
    nar_size: int
    """Sum of the NAR sizes of its paths, in bytes."""


@dataclass(frozen=True, slots=True)
class Overview:
    """The answer that the first screen and ``pyclosure report`` open on."""

    roots: tuple[int, ...]
    paths: int
    closure_size: int
    """Bytes of all paths together."""
    distributions: int
    """Installed Python distributions, each counted where its metadata lies."""
    distributions_sure: bool
    """False while files have not been read: then packages are counted by derivation or name."""
    interpreters: tuple[int, ...]
    by_kind: tuple[Share, ...]
    """Largest first; every path is in exactly one."""
    by_group: tuple[Share, ...]
    """``python``, ``native``, ``interpreter`` and ``other``; every path is in exactly one."""
    top: tuple[int, ...]
    """Positions by added size, roots left out, largest first."""


def overview(knowledge: Knowledge, top: int = 10) -> Overview:
    """Sum a closure up; ``top`` limits the heaviest paths."""
    closure = knowledge.closure
    kinds: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    distributions = 0
    interpreters = []
    for index in range(len(closure)):
        if index in knowledge.gone:
            continue
        kind, held = knowledge.kind(index)
        kinds[kind] += 1
        sizes[kind] += knowledge.sizes.nar[index]
        distributions += held
        if kind == "interpreter":
            interpreters.append(index)
    by_kind = tuple(
        Share(kind, kinds[kind], sizes[kind])
        for kind in sorted(kinds, key=lambda kind: (-sizes[kind], KINDS.index(kind)))
    )
    return Overview(
        roots=closure.roots,
        paths=len(closure) - len(knowledge.gone),
        closure_size=knowledge.sizes.total,
        distributions=distributions,
        distributions_sure=knowledge.files_state.state == "complete",
        interpreters=tuple(ordered(knowledge, interpreters, "nar_size")),
        by_kind=by_kind,
        by_group=_groups(by_kind),
        top=heaviest(knowledge, set(range(len(closure))).difference(closure.roots), top),
    )


def _groups(by_kind: tuple[Share, ...]) -> tuple[Share, ...]:
    paths: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for share in by_kind:
        group = group_of(share.key)
        paths[group] += share.paths
        sizes[group] += share.nar_size
    return tuple(
        Share(group, paths[group], sizes[group])
        for group in ("python", "native", "interpreter", "other")
        if paths[group] or group != "other"
    )
