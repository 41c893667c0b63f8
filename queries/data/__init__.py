"""Conventions as data: TOML files that say what names mean, read once."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def load(name: str) -> dict[str, Any]:
    """Return a convention file of this folder, such as ``kinds``."""
    return tomllib.loads(files(__package__).joinpath(f"{name}.toml").read_text("utf-8"))
