"""Tables of TOML that people write, checked key by key: what is not understood is named, with what to write instead.

Plain Python, for settings and themes are read before the first frame, and msgspec takes longer to load than they do
to check.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeGuard, TypeVar

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.text import printable

T = TypeVar("T")
Known = TypeVar("Known", covariant=True)


@dataclass(frozen=True, slots=True)
class Kind(Generic[Known]):
    """What a value must be."""

    words: str
    fits: Callable[[object], TypeGuard[Known]]


def _is_flag(value: object) -> TypeGuard[bool]:
    return isinstance(value, bool)


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str)


def _is_table(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _are_texts(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _are_tables(value: object) -> TypeGuard[list[dict[str, Any]]]:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _is_table_of_texts(value: object) -> TypeGuard[dict[str, str]]:
    return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())


FLAG = Kind("true or false", _is_flag)
COUNT = Kind("a whole number", _is_count)
TEXT = Kind("a text", _is_text)
NAME = Kind("a name", _is_text)
TABLE = Kind("a table", _is_table)
NAMES = Kind("a list of names", _are_texts)
WORDS = Kind("a list of words", _are_texts)
TABLES = Kind("a list of tables", _are_tables)
TEXTS_BY_NAME = Kind("a table of texts", _is_table_of_texts)


@dataclass(frozen=True, slots=True)
class Table:
    """A table that somebody wrote."""

    values: Mapping[str, Any]
    where: str
    """The file, and the way to the table in it: ``pyclosure.toml: gates``. Sentences begin with it."""

    def get(self, key: str, kind: Kind[T], hint: str = "") -> T | None:
        """Return a value; None when there is none.

        Raises:
            BadInput: it is of another kind; ``hint`` says what to write.
        """
        value = self.values.get(key)
        if value is None:
            return None
        if not kind.fits(value):
            raise BadInput(f"{self.where}: {key} must be {kind.words}", hint=hint)
        return value


def table_of(values: Mapping[str, Any], where: str, keys: Collection[str]) -> Table:
    """Return a table as one whose keys are known.

    Raises:
        BadInput: it has another key.

    >>> table_of({"max-sise": "1GB"}, "x.toml: gates", ["max-size", "new"])
    Traceback (most recent call last):
    pyclosure.queries.base.errors.BadInput: x.toml: gates: unknown key 'max-sise'
    """
    for key, hint in unknown_keys(values, keys):
        raise BadInput(f"{where}: unknown key {quoted(key)}", hint=hint)
    return Table(values, where)


def unknown_keys(values: Mapping[str, Any], keys: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield the keys that are not known, each with what was meant, or all that are known."""
    for key in values:
        if key not in keys:
            yield key, did_you_mean(key, keys) or f"known: {', '.join(keys)}"


def quoted(value: object) -> str:
    """Return what somebody wrote, short and safe to show."""
    return repr(printable(str(value), 60))


def did_you_mean(word: object, known: Collection[str]) -> str:
    """Return which known word was meant, as a question; empty when none is like it."""
    from difflib import get_close_matches

    close = get_close_matches(str(word), known, 1, 0.6)
    return f"did you mean {close[0]}?" if close else ""
