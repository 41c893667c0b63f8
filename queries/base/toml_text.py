"""TOML of unknown origin: what ``tomllib`` takes too long for, or raises something of its own for, is refused first."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from pyclosure.queries.base.text import printable

DEEPEST_KEY = 100
"""Parts of a key, and with them levels of tables."""
LONGEST_NUMBER = 1000
"""Digits of a number that is no decimal one."""
_SHOWN = 200
# tomllib takes quadratic time for a key of many parts
_DEEP_KEY = re.compile(rf"(?<![\w'\"-])(?:[\w'\"-]++[ \t]*+\.[ \t]*+){{{DEEPEST_KEY}}}")
# Python reads a hexadecimal number of any length, and then refuses to write it into a sentence
_LONG_NUMBER = re.compile(rf"\b0[xob][0-9a-fA-F_]{{{LONGEST_NUMBER}}}")


class BadToml(Exception):
    """A text that is no TOML, or more than is read; the message says why in one line."""


def toml_table(text: str) -> dict[str, Any]:
    """Return what a text of TOML holds.

    Raises:
        BadToml: it is not valid, or nested too deeply, or has a number of too many digits.
    """
    if _DEEP_KEY.search(text):
        raise BadToml(f"a key has more than {DEEPEST_KEY} parts")
    if _LONG_NUMBER.search(text):
        raise BadToml("a number has too many digits")
    try:
        return tomllib.loads(text)
    except (RecursionError, MemoryError):
        raise BadToml("its values are nested too deeply") from None
    except tomllib.TOMLDecodeError as error:
        raise BadToml(printable(str(error), _SHOWN)) from None
    except ValueError:
        raise BadToml("a number has too many digits") from None
