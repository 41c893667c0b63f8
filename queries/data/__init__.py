"""Conventions as data: TOML files that say what names mean, read once."""

from __future__ import annotations

import pkgutil
import tomllib
from functools import cache
from typing import Any


@cache
def load(name: str) -> dict[str, Any]:
    """Return a convention file of this folder, such as ``kinds``."""
    data = pkgutil.get_data(__name__, f"{name}.toml")
    assert data is not None
    return tomllib.loads(data.decode("utf-8"))
