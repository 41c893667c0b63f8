"""Text from closures and from nix is untrusted: make it safe to show before it travels on."""

from __future__ import annotations

import re

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_CONTROLS = {c: "\ufffd" for c in (*range(0x20), *range(0x7F, 0xA0))}
# direction overrides and invisible marks reorder or hide what a reader sees
_CONTROLS |= {c: "\ufffd" for c in (*range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070), 0xFEFF)}
_KEEP_LINES = {k: v for k, v in _CONTROLS.items() if k not in (0x0A, 0x09)}


def printable(text: str, limit: int = 4096) -> str:
    """Return ``text`` on one line without control characters, cut at ``limit`` characters.

    Controls, lone surrogates and direction marks become U+FFFD, so that a name can neither move the
    cursor nor pass for another one.
    """
    clean = text[:limit].translate(_CONTROLS).encode("utf-8", "replace").decode("utf-8")
    return clean if len(text) <= limit else clean + "…"


def plain_lines(text: str, limit: int = 65536) -> str:
    """Return multi-line ``text`` (nix's stderr) without escape sequences and control characters."""
    clean = _ESCAPES.sub("", text[-limit:]).replace("\r", "")
    return clean.translate(_KEEP_LINES).encode("utf-8", "replace").decode("utf-8").strip("\n")
