"""What can a text in Python code be, and what do several make together? Joins and paths; no trees here."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from itertools import islice

from pyclosure.queries.facts.calls.platform_sets import EVERYWHERE, Platforms

MOST_TEXTS = 50
HERE = "$PACKAGE"
"""The folder of the file, at the beginning of a text."""
_LONGEST = 4096
_MOST_PARTS = 200
_PERCENT = re.compile(r"%[sd]")


@dataclass(frozen=True, slots=True)
class Value:
    """What an expression can be, as far as the file tells."""

    texts: dict[str, Platforms] = field(default_factory=dict)
    """Each with the platforms on which it can be it."""
    dynamic: bool = False
    """Whether it can be something else too."""
    none: bool = False
    variables: tuple[str, ...] = ()
    """Environment variables that it can come from."""
    found: tuple[int, ...] = ()
    """Lines of the ``find_library`` that it can come from."""

    @property
    def plain(self) -> bool:
        """Whether it is certainly one of its texts."""
        return bool(self.texts) and not (self.dynamic or self.variables or self.found)


NOTHING = Value()
UNKNOWN = Value(dynamic=True)


def known(*texts: str) -> Value:
    """Return a value that is one of some texts."""
    return Value(dict.fromkeys(texts, EVERYWHERE))


def limited(value: Value, where: Platforms) -> Value:
    """Return what a value can be on some platforms."""
    if where == EVERYWHERE:
        return value
    return replace(value, texts=_merged((text, here.both(where)) for text, here in value.texts.items()))


def _merged(texts: Iterable[tuple[str, Platforms]]) -> dict[str, Platforms]:
    found: dict[str, Platforms] = {}
    for text, where in texts:
        if not where.none:
            found[text] = found[text].beside(where) if text in found else where
    return found


def _first(texts: Iterable[tuple[str, Platforms]]) -> dict[str, Platforms]:
    return dict(islice(texts, MOST_TEXTS))


def either(values: Iterable[Value]) -> Value:
    """Return what one of several values can be; many of them end as unknown."""
    parts = list(islice(values, _MOST_PARTS))
    texts = _merged(text for one in parts for text in one.texts.items())
    return Value(
        _first(texts.items()),
        any(one.dynamic for one in parts) or len(texts) > MOST_TEXTS or len(parts) == _MOST_PARTS,
        any(one.none for one in parts),
        tuple(dict.fromkeys(name for one in parts for name in one.variables))[:MOST_TEXTS],
        tuple(dict.fromkeys(line for one in parts for line in one.found))[:MOST_TEXTS],
    )


def joined(values: Iterable[Value], glue: Callable[[str, str], str]) -> Value:
    """Return the texts that parts make together; unknown parts make none."""
    texts = {"": EVERYWHERE}
    certain, variables = True, list[str]()
    for value in islice(values, _MOST_PARTS):
        made = _merged(
            (glue(one, two), here.both(there)) for one, here in texts.items() for two, there in value.texts.items()
        )
        texts = _first(one for one in made.items() if _sound(one[0]))
        certain = certain and value.plain and len(texts) == len(made)
        variables += value.variables
    return each(Value(texts, not certain, variables=tuple(dict.fromkeys(variables))), tidy)


def add(one: str, two: str) -> str:
    """Put one text after the other, for :func:`joined`."""
    return one + two


def join_paths(one: str, two: str) -> str:
    """Join as ``os.path.join`` does; the folder of the file is absolute."""
    return two if two.startswith(HERE) else posixpath.join(one, two)


def _sound(text: str) -> bool:
    return (
        len(text) <= _LONGEST and text.rfind(HERE) <= 0 and (not _is_here(text) or text[len(HERE) :][:1] in ("", "/"))
    )


def _is_here(text: str) -> bool:
    return text.startswith(HERE)


def tidy(text: str) -> str:
    """Return a path below the folder of the file in its shortest form; other texts as they are."""
    if not text.startswith(HERE + "/"):
        return text
    below = posixpath.normpath(text[len(HERE) + 1 :] or ".")
    return HERE if below == "." else f"{HERE}/{below}"


def folder_of(value: Value) -> Value:
    """Return the folders of paths, as ``os.path.dirname`` does."""
    folders = each(value, lambda one: tidy(f"{one}/..") if _is_here(one) else posixpath.dirname(one))
    unknown = value.dynamic or bool(value.variables or value.found)
    return replace(folders, dynamic=unknown, none=False, found=())


def absolute(text: str) -> str:
    """Mark what is looked for below the working directory, so that no loader searches for it."""
    return text if text.startswith((HERE, "/", "./")) else f"./{text}"


def constant(value: object) -> Value:
    """Return the value of a literal."""
    if isinstance(value, str):
        return known(value) if len(value) <= _LONGEST and _sound(value) else UNKNOWN
    if isinstance(value, bytes):
        return known(value[:_LONGEST].decode("utf-8", "replace"))
    if value is None:
        return Value(none=True)
    # flags such as False name no library
    return NOTHING if isinstance(value, (bool, int)) else UNKNOWN


def each(value: Value, change: Callable[[str], str]) -> Value:
    """Change the texts of a value."""
    return replace(value, texts=_merged((change(text), where) for text, where in value.texts.items()))


def filled(template: str, arguments: list[Value]) -> Value:
    """Return what ``%`` makes of a template; unknown where it has more than ``%s`` and ``%d``."""
    first, *rest = _PERCENT.split(template)
    if len(rest) != len(arguments) or any("%" in one for one in (first, *rest)):
        return UNKNOWN
    pairs = zip(arguments, map(known, rest), strict=True)
    return joined([known(first), *(one for pair in pairs for one in pair)], add)
