"""The command palette: screens, keys, themes, and every path of the closure."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, cast

from rich.text import Text
from textual.command import CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider

from pyclosure.queries.answers.matching import searchable
from pyclosure.tui.widgets.workarounds import LeftOnce
from pyclosure.tui.words.units import size

if TYPE_CHECKING:
    from pyclosure.tui.app.application import ClosureApp

_MOST_HITS = 20


class Palette(CommandPalette, LeftOnce[None]):
    """Textual's palette, on a terminal of any size: it cannot page through a list of no lines (textual 8.2)."""

    def _action_command_list(self, action: str) -> None:
        if self.query_one(CommandList).scrollable_content_region.height > 0:
            super()._action_command_list(action)


class ActionProvider(Provider):
    """Screens, keys of the screen below, and themes."""

    def _entries(self) -> list[tuple[str, str, Callable[[], object]]]:
        app = cast("ClosureApp", self.app)
        entries: list[tuple[str, str, Callable[[], object]]] = []
        for key, title, mode in app.tabs:
            entries.append((f"Screen: {title}", f"key {key}", partial(app.action_go, mode)))
        for name, words, action in app.palette_actions(self.screen):
            entries.append((words, name, action))
        for theme in app.theme_names():
            entries.append(
                (
                    f"Theme: {theme}",
                    "in use" if theme == app.theme else "use it and remember it",
                    partial(app.choose_theme, theme),
                )
            )
        return entries

    async def discover(self) -> Hits:
        for text, help_text, action in self._entries():
            yield DiscoveryHit(text, action, help=help_text)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for text, help_text, action in self._entries():
            score = matcher.match(text)
            if score > 0:
                yield Hit(score, matcher.highlight(text), action, help=help_text)


class PathProvider(Provider):
    """Go to a path of the closure by a part of its name."""

    async def search(self, query: str) -> Hits:
        app = cast("ClosureApp", self.app)
        knowledge = app.knowledge
        if knowledge is None:
            return
        words = query.lower().split()
        texts = (searchable(knowledge, at) for at in range(len(knowledge.closure)))
        found = [at for at, text in enumerate(texts) if all(any(word in name for name in text.names) for word in words)]
        found.sort(key=lambda at: (len(knowledge.closure.name(at)), knowledge.closure.name_ranks[at]))
        for rank, at in enumerate(found[:_MOST_HITS]):
            label = app.labels[at]
            yield Hit(
                0.9 - rank / 100,
                Text(f"Go to {label}"),
                partial(app.show_path, at),
                text=label,
                help=f"NAR {size(knowledge.sizes.nar[at])}, added {size(knowledge.sizes.added[at])}",
            )
