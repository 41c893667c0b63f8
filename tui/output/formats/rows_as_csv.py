"""Comma-separated values of the rows of any answer."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from typing import IO, Any

import msgspec


def write_csv(header: Sequence[str], rows: Iterable[Any], out: IO[str]) -> None:
    """Write the fields that the header names of each row; what is not known is an empty field."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        fields = msgspec.to_builtins(row)
        writer.writerow(["" if fields[key] is None else fields[key] for key in header])
