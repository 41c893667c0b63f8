"""Keys: those of a screen for help and palette, and the user's own with what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen

from pyclosure.queries.base.text import printable

if TYPE_CHECKING:
    from pyclosure.tui.app.palette import Entry


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


def help_rows(app: App[Any], screen: Screen[object]) -> list[tuple[str, str, str]]:
    """Return what help says of the keys of a screen: keys, words, the name for settings."""
    rows: dict[str, tuple[list[str], str, str]] = {}
    for key, active in screen.active_bindings.items():
        binding = active.binding
        if not binding.description or not (binding.id or binding.action == "app.command_palette"):
            continue  # inherited from Textual, and of no use here
        words = binding.tooltip or binding.description
        keys, _, _ = rows.setdefault(binding.action, ([], words, binding.id or ""))
        keys.append(app.get_key_display(binding.with_key(key)))
    return [(" ".join(keys), words, name) for keys, words, name in rows.values()]


def palette_actions(app: App[Any], screen: Screen[object]) -> list[Entry]:
    """Return what keys of a screen do, for the palette."""
    entries: list[Entry] = []
    seen: set[str] = set()
    for key, active in screen.active_bindings.items():
        binding, node = active.binding, active.node
        if not binding.description or binding.action in seen or not active.enabled or binding.system:
            continue
        if binding.action.startswith(("move", "page", "edge", "go(", "command_palette")):
            continue
        seen.add(binding.action)

        def act(action: str = binding.action, where: object = node) -> None:
            app.call_later(app.run_action, action, where)

        words = binding.tooltip or binding.description
        entries.append((words[:1].upper() + words[1:], key, act))
    return entries
