"""One row a path: what lists show, and what ``pyclosure list`` prints."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from heapq import nlargest
from typing import Literal, cast

from pyclosure.queries.opened.knowledge import Knowledge

Unit = Literal["text", "bytes", "count"]
Value = str | int | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column that every list can have."""

    key: str
    """Name in JSON, CSV, ``--sort`` and ``--columns``."""
    title: str
    unit: Unit
    value: Callable[[Knowledge, int], Value]
    """The value at a position; None when it is not known."""
    meaning: str
    """One line for help."""

    @property
    def numeric(self) -> bool:
        """Whether it is sorted largest first."""
        return self.unit != "text"


def _interpreter(knowledge: Knowledge, at: int) -> Value:
    fact = knowledge.identity(at).interpreter
    return fact.value if fact else None


def _producer(knowledge: Knowledge, at: int) -> Value:
    fact = knowledge.identity(at).producer
    return fact.value if fact else None


def _closure_size(knowledge: Knowledge, at: int) -> Value:
    sizes = knowledge.sizes.closure
    return sizes[at] if sizes else None


def _deriver(knowledge: Knowledge, at: int) -> Value:
    return knowledge.closure.infos[at].deriver


COLUMNS: tuple[Column, ...] = (
    Column("path", "store path", "text", lambda k, at: k.closure.path(at), "the whole store path"),
    Column("name", "name", "text", lambda k, at: k.closure.name(at), "the path without directory and digest"),
    Column("kind", "kind", "text", lambda k, at: k.identity(at).kind.value, "what the path is"),
    Column("output", "output", "text", lambda k, at: k.identity(at).output.value, "output of its derivation"),
    Column(
        "distribution",
        "distribution",
        "text",
        lambda k, at: k.identity(at).distribution,
        "PEP 503 name of the Python distribution",
    ),
    Column("version", "version", "text", lambda k, at: k.identity(at).version or None, "version"),
    Column("interpreter", "interpreter", "text", _interpreter, "Python ABI it belongs to"),
    Column("nar_size", "NAR", "bytes", lambda k, at: k.sizes.nar[at], "bytes of the path itself"),
    Column("closure_size", "closure", "bytes", _closure_size, "bytes with all it needs"),
    Column(
        "added_size",
        "added",
        "bytes",
        lambda k, at: k.sizes.added[at],
        "bytes that would leave the closure of all roots without it",
    ),
    Column("referrers", "referrers", "count", lambda k, at: len(k.closure.referrers[at]), "paths that reference it"),
    Column("depth", "depth", "count", lambda k, at: k.sizes.depth[at], "fewest references from a root"),
    Column("references", "references", "count", lambda k, at: len(k.closure.references[at]), "paths it references"),
    Column("pname", "package", "text", lambda k, at: k.identity(at).pname, "package name"),
    Column("producer", "producer", "text", _producer, "tool that made a Python path"),
    Column("tier", "tier", "text", lambda k, at: k.identity(at).kind.tier, "evidence for the kind: D, F or N"),
    Column(
        "certainty",
        "certainty",
        "text",
        lambda k, at: k.identity(at).kind.certainty,
        "how sure the kind is",
    ),
    Column("deriver", "deriver", "text", _deriver, "derivation that built it, here or not"),
)
"""All columns; the first twelve, in this order, are what ``pyclosure list --format json`` promises."""

BY_KEY: dict[str, Column] = {column.key: column for column in COLUMNS}
CONTRACT: tuple[str, ...] = tuple(column.key for column in COLUMNS[:12])


def row(knowledge: Knowledge, at: int, keys: Sequence[str] = CONTRACT) -> dict[str, Value]:
    """Return the values of one path by column key."""
    return {key: BY_KEY[key].value(knowledge, at) for key in keys}


def ordered(
    knowledge: Knowledge, positions: Iterable[int], key: str = "added_size", *, reverse: bool = False
) -> list[int]:
    """Return positions sorted by a column: numbers largest first, text from A, unknown last.

    Args:
        knowledge: what is known.
        positions: what to sort.
        key: a column's key.
        reverse: the other way round; unknown stays last.

    Ties are broken by name and then by path, so that the same data always gives the same order.
    """
    by_name = sorted(positions, key=knowledge.closure.name_ranks.__getitem__)
    column = BY_KEY[key]
    if key == "name" and not reverse:
        return by_name
    values = {at: column.value(knowledge, at) for at in by_name}
    known = [at for at in by_name if values[at] is not None]
    # a stable sort keeps ties by name, whichever way the column runs
    if column.numeric:
        known.sort(key=cast(Callable[[int], int], values.__getitem__), reverse=not reverse)
    else:
        known.sort(key=lambda at: str(values[at]).lower(), reverse=reverse)
    return known + [at for at in by_name if values[at] is None]


def heaviest(knowledge: Knowledge, positions: Collection[int], most: int) -> tuple[int, ...]:
    """Return what :func:`ordered` by added size begins with, without ordering the rest."""
    added = knowledge.sizes.added
    largest = nlargest(most, map(added.__getitem__, positions))
    if not largest:
        return ()
    # as many more as weigh the same as the last one, because ties go by name
    return tuple(ordered(knowledge, (at for at in positions if added[at] >= largest[-1]), "added_size")[:most])
