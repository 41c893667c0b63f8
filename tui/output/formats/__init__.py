"""One file a format: a new ``as_NAME.py`` with ``write`` is offered by every command that prints an answer.

``rows_as_csv.py`` takes rows alone; ``text.py``, ``markdown.py`` and ``table.py`` are what pages are drawn with.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import IO, Any

_PREFIX = "as_"
FOR_ALL: tuple[str, ...] = tuple(
    sorted(one.name.removeprefix(_PREFIX) for one in pkgutil.iter_modules(__path__) if one.name.startswith(_PREFIX))
)
"""Names of the formats that take any answer."""


def write_answer(answer: Any, form: str, out: IO[str]) -> None:
    """Write an answer, or a list of them, in one of the formats ``FOR_ALL``."""
    import_module(f"{__name__}.{_PREFIX}{form}").write(answer, out)
