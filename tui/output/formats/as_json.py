"""JSON of any answer, or of rows."""

from __future__ import annotations

import json
from typing import IO, Any

import msgspec


def write(value: Any, out: IO[str]) -> None:
    """Write a value as indented ASCII JSON: no terminal can be upset by it."""
    json.dump(msgspec.to_builtins(value), out, indent=2)
    out.write("\n")
