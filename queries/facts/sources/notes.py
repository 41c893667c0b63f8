"""What could not be read of a source, and why, as sentences that are safe to show."""

from __future__ import annotations

from pyclosure.queries.base.text import printable

_MOST = 32
_LONGEST = 400


class Notes:
    """Problems in the order in which they were met, each once; after thirty-two nobody reads more."""

    def __init__(self) -> None:
        self._found: dict[str, None] = {}

    def add(self, where: str, why: str) -> None:
        """Note a problem of a file; of the source as a whole when ``where`` is empty."""
        text = printable(f"{where}: {why}" if where else why, _LONGEST)
        if len(self._found) < _MOST:
            self._found[text] = None

    def all(self) -> tuple[str, ...]:
        """Return them."""
        return tuple(self._found)
