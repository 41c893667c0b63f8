"""What commands print as JSON: one file a question, one type an answer.

A module holds the types, what makes them of what queries found, and ``PRINTED``: which command prints which type.
Formats, the schema and ``docs/json.md`` are made from the types, from the order, names and docstrings of their fields.
"""

from __future__ import annotations

import msgspec


class Answer(msgspec.Struct, frozen=True):
    """A value that is printed; a field that is UNSET is left out."""
