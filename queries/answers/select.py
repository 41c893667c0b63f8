"""Which path does the user mean by a word? Several answers are listed, never guessed."""

from __future__ import annotations

from collections.abc import Callable

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.names import name_of, parse_name, without_interpreter
from pyclosure.queries.base.text import first_of, printable
from pyclosure.queries.opened.knowledge import Knowledge

_SHOWN = 5


def select(knowledge: Knowledge, word: str) -> int:
    """Return the position of the one path that a word means.

    Tried in this order: store path (or something below it), digest or its beginning (6 characters at least),
    whole name, distribution or package name, part of a name.

    Raises:
        BadInput: nothing matches, or several do; the sentence lists them.
    """
    found = candidates(knowledge, word)
    if len(found) == 1:
        return found[0]
    closure = knowledge.closure
    shown = printable(word, 120)
    if not found:
        raise BadInput(
            f"{shown} is not in this closure",
            hint="see what is there with: pyclosure list, or filter with / on the screen",
        )
    names = first_of(
        found, _SHOWN, lambda index: f"{closure.path(index)[len(closure.store_dir) + 1 :][:12]}…-{closure.name(index)}"
    )
    raise BadInput(
        f"{shown} means {len(found):,} paths of this closure: {names}",
        hint="give the whole name, or the first characters of the digest",
    )


def candidates(knowledge: Knowledge, word: str) -> list[int]:
    """Return the positions that a word may mean, by the strongest reading that has any."""
    closure = knowledge.closure
    path = word.removeprefix(closure.store_dir + "/").split("/", 1)[0]
    exact = closure.position.get(f"{closure.store_dir}/{path}")
    if exact is not None:
        return [exact]
    everything = range(len(closure))
    lower = word.lower()
    readings: tuple[Callable[[int], bool], ...] = (
        (lambda index: len(word) >= 6 and closure.path(index)[len(closure.store_dir) + 1 :][:32].startswith(word)),
        (lambda index: closure.name(index) == word),
        (lambda index: without_interpreter(closure.name(index)) == word.replace(" ", "-")),
        (lambda index: knowledge.identity(index).distribution == lower.replace("_", "-").replace(".", "-")),
        (
            lambda index: (
                knowledge.identity(index).pname.lower() == lower and parse_name(closure.name(index)).output == "out"
            )
        ),
        (lambda index: lower in name_of(closure.path(index)).lower()),
    )
    for reading in readings:
        found = [index for index in everything if reading(index)]
        if found:
            return sorted(found, key=closure.path)
    return []
