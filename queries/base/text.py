"""Text from closures and from nix is untrusted: make it safe to show before it travels on."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_RANGES = (
    *((0x00, 0x1F), (0x7F, 0x9F)),
    # direction overrides and invisible marks reorder or hide what a reader sees
    *((0x061C, 0x061C), (0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F), (0xFEFF, 0xFEFF)),
    # lone surrogates: file names that are not UTF-8, which no terminal and no JSON takes
    (0xD800, 0xDFFF),
)
UNSAFE = "".join(f"{chr(first)}-{chr(last)}" for first, last in _RANGES)
"""What :func:`printable` replaces, for a character class of a regular expression."""
_CONTROLS = {c: "\ufffd" for first, last in _RANGES for c in range(first, last + 1)}
_KEEP_LINES = {k: v for k, v in _CONTROLS.items() if k not in (0x0A, 0x09)}


def printable(text: str, limit: int = 4096) -> str:
    """Return ``text`` on one line without control characters, cut at ``limit`` characters.

    Controls, lone surrogates and direction marks become U+FFFD, so that a name can neither move the
    cursor nor pass for another one.
    """
    if len(text) <= limit and text.isprintable():
        return text  # nearly all: nothing that is replaced counts as printable
    clean = text[:limit].translate(_CONTROLS)
    return clean if len(text) <= limit else clean + "…"


def plain_lines(text: str, limit: int = 65536) -> str:
    """Return multi-line ``text`` (nix's stderr) without escape sequences and control characters."""
    clean = _ESCAPES.sub("", text[-limit:]).replace("\r", "")
    return clean.translate(_KEEP_LINES).strip("\n")


def first_of(things: Sequence[T], most: int = 3, say: Callable[[T], str] = str) -> str:
    """Return the first of some things in words, and how many are left out.

    >>> first_of(["a", "b", "c", "d", "e"])
    'a, b, c and 2 more'
    """
    shown = ", ".join(map(say, things[:most]))
    return shown if len(things) <= most else f"{shown} and {len(things) - most:,} more"
