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


def _interpreter(knowledge: Knowledge, index: int) -> Value:
    fact = knowledge.identity(index).interpreter
    return fact.value if fact else None


def _producer(knowledge: Knowledge, index: int) -> Value:
    fact = knowledge.identity(index).producer
    return fact.value if fact else None


def _closure_size(knowledge: Knowledge, index: int) -> Value:
    sizes = knowledge.sizes.closure
    return sizes[index] if sizes else None


def _deriver(knowledge: Knowledge, index: int) -> Value:
    return knowledge.closure.infos[index].deriver


COLUMNS: tuple[Column, ...] = (
    Column("path", "store path", "text", lambda k, index: k.closure.path(index), "the whole store path"),
    Column("name", "name", "text", lambda k, index: k.closure.name(index), "the path without directory and digest"),
    Column("kind", "kind", "text", lambda k, index: k.identity(index).kind.value, "what the path is"),
    Column("output", "output", "text", lambda k, index: k.identity(index).output.value, "output of its derivation"),
    Column(
        "distribution",
        "distribution",
        "text",
        lambda k, index: k.identity(index).distribution,
        "PEP 503 name of the Python distribution",
    ),
    Column("version", "version", "text", lambda k, index: k.identity(index).version or None, "version"),
    Column("interpreter", "interpreter", "text", _interpreter, "Python ABI it belongs to"),
    Column("nar_size", "NAR", "bytes", lambda k, index: k.sizes.nar[index], "bytes of the path itself"),
    Column("closure_size", "closure", "bytes", _closure_size, "bytes with all it needs"),
    Column(
        "added_size",
        "added",
        "bytes",
        lambda k, index: k.sizes.added[index],
        "bytes that would leave the closure of all roots without it",
    ),
    Column(
        "referrers", "referrers", "count", lambda k, index: len(k.closure.referrers[index]), "paths that reference it"
    ),
    Column("depth", "depth", "count", lambda k, index: k.sizes.depth[index], "fewest references from a root"),
    Column(
        "references", "references", "count", lambda k, index: len(k.closure.references[index]), "paths it references"
    ),
    Column("pname", "package", "text", lambda k, index: k.identity(index).pname, "package name"),
    Column("producer", "producer", "text", _producer, "tool that made a Python path"),
    Column("tier", "tier", "text", lambda k, index: k.identity(index).kind.tier, "evidence for the kind: D, F or N"),
    Column(
        "certainty",
        "certainty",
        "text",
        lambda k, index: k.identity(index).kind.certainty,
        "how sure the kind is",
    ),
    Column("deriver", "deriver", "text", _deriver, "derivation that built it, here or not"),
)
"""All columns; the first twelve, in this order, are what ``pyclosure list --format json`` promises."""

BY_KEY: dict[str, Column] = {column.key: column for column in COLUMNS}
CONTRACT: tuple[str, ...] = tuple(column.key for column in COLUMNS[:12])


def row(knowledge: Knowledge, index: int, keys: Sequence[str] = CONTRACT) -> dict[str, Value]:
    """Return the values of one path by column key."""
    return {key: BY_KEY[key].value(knowledge, index) for key in keys}


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
    values = {index: column.value(knowledge, index) for index in by_name}
    known = [index for index in by_name if values[index] is not None]
    # a stable sort keeps ties by name, whichever way the column runs
    if column.numeric:
        known.sort(key=cast(Callable[[int], int], values.__getitem__), reverse=not reverse)
    else:
        known.sort(key=lambda index: str(values[index]).lower(), reverse=reverse)
    return known + [index for index in by_name if values[index] is None]


def heaviest(knowledge: Knowledge, positions: Collection[int], most: int) -> tuple[int, ...]:
    """Return what :func:`ordered` by added size begins with, without ordering the rest."""
    added = knowledge.sizes.added
    largest = nlargest(most, map(added.__getitem__, positions))
    if not largest:
        return ()
    # as many more as weigh the same as the last one, because ties go by name
    return tuple(ordered(knowledge, (index for index in positions if added[index] >= largest[-1]), "added_size")[:most])
