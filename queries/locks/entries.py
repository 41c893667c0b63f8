"""Which entries of a lock have a name? Requirements name packages, and a name may be locked several times."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pyclosure.queries.base.errors import BadInput

_MOST_OF_ONE_NAME = 64
_MOST_AMBIGUOUS = 1_000_000


class Entries:
    """Positions by normalized name."""

    def __init__(self, file: str, names: Iterable[str]) -> None:
        self._file = file
        self._left = _MOST_AMBIGUOUS
        self._positions: dict[str, list[int]] = {}
        for index, name in enumerate(names):
            self._positions.setdefault(name, []).append(index)

    def named(self, name: str) -> Sequence[int]:
        """Return the positions of a name; none when the lock does not list it.

        Raises:
            BadInput: a requirement could mean more entries than any tool writes.
        """
        found = self._positions.get(name, ())
        self._left -= len(found) - 1 if found else 0
        if len(found) > _MOST_OF_ONE_NAME or self._left < 0:
            raise BadInput(
                f"{self._file} cannot be read as a lock: it lists {name} {len(found)} times",
                hint="write it anew with the tool that made it",
            )
        return found
