"""Markdown for GitHub."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import IO

from pyclosure.queries.base.text import printable

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>|#~])")


def markdown_text(text: str) -> str:
    """Escape text so that GitHub shows it as it is."""
    return _MARKDOWN.sub(r"\\\1", printable(text)).replace("@", "@\u200b")


def markdown_code(text: str) -> str:
    """Return text as inline code, safe inside a table."""
    clean = printable(text).replace("`", "'").replace("|", "\\|")
    return f"`{clean}`"


def markdown_table(header: Sequence[tuple[str, str]], rows: Iterable[Sequence[str]], out: IO[str]) -> None:
    """Write a GitHub table; cells must be escaped already."""
    out.write("| " + " | ".join(title for title, _ in header) + " |\n")
    out.write("|" + "|".join("---:" if form == "right" else "---" for _, form in header) + "|\n")
    for row in rows:
        out.write("| " + " | ".join(row) + " |\n")
