"""Which Python is not parsed? What takes its parser gigabytes, as far as the text tells."""

from __future__ import annotations

import re

MOST_PARTS = 100
"""Parts of a name with dots: the parser joins them one by one, and keeps all that it joined on the way."""
_NODE = re.compile(rb"\w+|[(\[{'\"]")
"""What begins a node of the tree, roughly."""
_DOTTED = re.compile(rb"(?<![\w.\x80-\xff])(?:[\w\x80-\xff]++[\s\\]*+\.[\s\\]*+){%d}" % MOST_PARTS)
_DOTTED_TEXT = re.compile(rf"(?<![\w.])(?:\w++[\s\\]*+\.[\s\\]*+){{{MOST_PARTS}}}")
_LINE_END = re.compile(rb"\r\n?|\n")
_ENCODING = re.compile(rb"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")


def too_costly(source: bytes, most_nodes: int) -> bool:
    """Say whether parsing a source would take too much memory.

    Args:
        source: the file's bytes.
        most_nodes: nodes that its tree may have.
    """
    if len(source) > most_nodes and len(_NODE.findall(source)) > most_nodes:
        return True
    return bool(_DOTTED.search(source)) or _is_dotted_in_disguise(source)


def _is_dotted_in_disguise(source: bytes) -> bool:
    """Look for the same in a source that names its encoding: in UTF-7 a dot may be written without one."""
    for line in _LINE_END.split(source, maxsplit=2)[:2]:
        named = _ENCODING.match(line)
        if named:
            try:
                return bool(_DOTTED_TEXT.search(source.decode(named[1].decode("ascii"), "replace")))
            except (LookupError, ValueError):
                return False  # the parser knows no such encoding either
    return False
