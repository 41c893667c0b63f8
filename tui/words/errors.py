"""What went wrong, as it is printed."""

from __future__ import annotations

_MOST_WORDS = 24
"""Lines of nix that are printed; a trace can be hundreds."""


def error_text(error: Exception) -> str:
    """Return an error as the command line prints it: one sentence, nix's words, the next step."""
    from pyclosure.queries.base.errors import QueryError
    from pyclosure.queries.base.text import plain_lines

    lines = [f"pyclosure: {error}"]
    if isinstance(error, QueryError):
        words = plain_lines(error.words).splitlines()
        if len(words) > _MOST_WORDS:
            # the reason stands at the end of a trace
            words = [*words[:3], "…", *words[3 - _MOST_WORDS :]]
        lines += [f"  nix: {line}" for line in words]
        if error.hint:
            lines.append(f"  {error.hint}")
    return "\n".join(lines)
