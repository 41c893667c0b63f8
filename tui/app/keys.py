"""Keys of the user's own: which names there are, and what is wrong with a choice of keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from textual.binding import Binding
from textual.dom import DOMNode

from pyclosure.queries.base.text import printable


def named(owners: Iterable[type[DOMNode]]) -> Iterator[Binding]:
    """Return all keys with a name that classes, and what they are made of, listen to; one binding a key."""
    for owner in owners:
        for base in owner.__mro__:
            for binding in Binding.make_bindings(base.__dict__.get("BINDINGS", ())):
                if binding.id:
                    yield binding


def problems(keys: Mapping[str, str], owners: Iterable[type[DOMNode]]) -> list[str]:
    """Return one sentence for each name that no key has, and for each key that two names would have."""
    owners = tuple(owners)
    names = {binding.id for binding in named(owners)}
    found = [
        f"settings.toml: no key is called {printable(name, 40)!r}; help (?) shows their names"
        for name in keys
        if name not in names
    ]
    holders: dict[str, set[str]] = {}
    for owner in owners:
        # nearest class first: its keys replace those of what it is made of
        own: dict[str, str] = {}
        for binding in named((owner,)):
            own.setdefault(binding.key, binding.id or "")
        for key, name in own.items():
            for pressed in _normal(keys[name]) if keys.get(name) else (key,):
                holders.setdefault(pressed, set()).add(name)
    for key, some in holders.items():
        if len(some) > 1 and some & keys.keys():
            found.append(f"settings.toml: the key {printable(key, 40)} is that of {' and '.join(sorted(some))} now")
    return found


def _normal(keys: str) -> list[str]:
    """Return keys as Textual calls them: ``slash`` for ``/``."""
    clean = ",".join(key.strip() for key in keys.split(",") if key.strip())
    return [binding.key for binding in Binding.make_bindings([Binding(clean, "")])] if clean else []
