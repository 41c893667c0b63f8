"""The TOML file of a user, read within bounds; what has another shape is named by file and field."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.text import printable
from pyclosure.queries.base.toml_text import BadToml, toml_table

LARGEST = 64 * 1024 * 1024
"""Bytes; the largest locks that people have are a tenth of that."""

LARGEST_NUMBER = 2**63 - 1
"""What TOML asks of its readers."""
LONGEST_NAME = 200
"""Characters of a name that are kept."""
_LONGEST_TEXT = 16_384
_WORDS = {str: "a text", bool: "true or false", int: "a number", list: "an array", dict: "a table"}


def read_toml(path: str) -> Table:
    """Read a TOML file of at most 64 MiB.

    Raises:
        BadInput: it cannot be read, is too large, or is not TOML.
    """
    name = printable(os.path.basename(path) or path, LONGEST_NAME)
    data = _read(path, name)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _not_toml(name, f"byte {error.start} is not UTF-8") from None
    try:
        return Table(name, "", toml_table(text))
    except BadToml as error:
        raise _not_toml(name, str(error)) from None


def _read(path: str, name: str) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise BadInput(f"{name} is not a file", hint="name a lock file: pylock.toml, uv.lock or poetry.lock")
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                data = file.read(LARGEST + 1)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:  # ValueError: a path with a null byte
        words = getattr(error, "strerror", None) or "that is no path"
        raise BadInput(f"cannot read {name}: {words}", hint="check the spelling and its permissions") from None
    if len(data) > LARGEST:
        raise BadInput(f"{name} is larger than {LARGEST >> 20} MiB", hint="no lock file is; name the right file")
    return data


def _not_toml(name: str, why: str) -> BadInput:
    return BadInput(
        f"{name} is not valid TOML: {why}", hint="lock files are written by tools; write it anew, or resolve a merge"
    )


class Table:
    """A table of the document that knows where it stands. Texts leave it fit for one line of the screen."""

    def __init__(self, file: str, where: str, values: Mapping[str, object]) -> None:
        self.file = file
        self.values = values
        self._where = where

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def place(self, key: str) -> str:
        """Return the name of a field, such as ``package[3].version``."""
        return printable(f"{self._where}.{key}" if self._where else key, LONGEST_NAME)

    def wrong(self, key: str, wanted: str) -> BadInput:
        """Return the error for a field that is not what it should be."""
        return BadInput(
            f"{self.file} cannot be read as a lock: {self.place(key)} is not {wanted}",
            hint="write it anew with the tool that made it",
        )

    def text(self, key: str, limit: int = _LONGEST_TEXT) -> str | None:
        """Return a text; None when there is none."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self.wrong(key, _WORDS[str])
        return printable(value, limit)

    def name(self, key: str) -> str:
        """Return a name, which must be there."""
        value = self.text(key, LONGEST_NAME)
        if not value:
            raise self.wrong(key, "there" if value is None else "a name")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return an array of texts; empty when there is none."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.wrong(key, "an array of texts")
        return tuple(printable(one, _LONGEST_TEXT) for one in value)

    def flag(self, key: str) -> bool:
        """Return a boolean; False when there is none."""
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise self.wrong(key, _WORDS[bool])
        return value

    def number(self, key: str) -> int | None:
        """Return a whole number; None when there is none."""
        value = self.values.get(key)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            raise self.wrong(key, _WORDS[int])
        if value is not None and abs(value) > LARGEST_NUMBER:
            raise self.wrong(key, "a number of 64 bits")
        return value

    def table(self, key: str) -> Table:
        """Return a table; an empty one when there is none."""
        return self._as_table(key, self.values.get(key, {}))

    def tables(self, key: str) -> list[Table]:
        """Return an array of tables; empty when there is none."""
        return [self._as_table(place, value) for place, value in self.items_of(key)]

    def items_of(self, key: str) -> Iterator[tuple[str, object]]:
        """Yield the items of an array with their places; none when there is none."""
        value = self.values.get(key, [])
        if not isinstance(value, list):
            raise self.wrong(key, _WORDS[list])
        for index, one in enumerate(value):
            yield f"{key}[{index}]", one

    def within(self, place: str, value: object) -> Table:
        """Return a value of this table, which must be a table."""
        return self._as_table(place, value)

    def _as_table(self, key: str, value: object) -> Table:
        if not isinstance(value, dict):
            raise self.wrong(key, _WORDS[dict])
        return Table(self.file, f"{self._where}.{key}" if self._where else key, value)
