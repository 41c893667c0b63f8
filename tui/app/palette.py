"""The command palette: screens, keys, themes, and every path of the closure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from rich.text import Text
from textual.command import CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.screen import Screen

from pyclosure.queries.answers.matching import searchable
from pyclosure.tui.frames.navigation import ShowPath
from pyclosure.tui.session.session import Session
from pyclosure.tui.widgets.workarounds import LeftOnce
from pyclosure.tui.words.units import size

_MOST_HITS = 20
Entry = tuple[str, str, Callable[[], object]]
"""Words, help or key, and what choosing it does."""


class Palette(CommandPalette, LeftOnce[None]):
    """Textual's palette, on a terminal of any size: it cannot page through a list of no lines (textual 8.2)."""

    def _action_command_list(self, action: str) -> None:
        if self.query_one(CommandList).scrollable_content_region.height > 0:
            super()._action_command_list(action)


def providers(session: Session, entries: Callable[[Screen[object]], list[Entry]]) -> list[type[Provider]]:
    """Return what the palette searches.

    Args:
        session: whose paths it offers.
        entries: returns what else it offers above a screen.
    """

    class Actions(_Actions):
        def entries(self) -> list[Entry]:
            return entries(self.screen)

    class Paths(_Paths):
        @property
        def session(self) -> Session:
            return session

    return [Actions, Paths]


def screen_entries(tabs: Sequence[tuple[str, str, str]], go: Callable[[str], object]) -> Iterator[Entry]:
    """Yield the screens of the number row, each given as key, title and name."""
    for key, title, name in tabs:
        yield f"Screen: {title}", f"key {key}", partial(go, name)


def theme_entries(names: Sequence[str], used: str, choose: Callable[[str], object]) -> Iterator[Entry]:
    """Yield all themes, one of which is in use."""
    for name in names:
        yield f"Theme: {name}", "in use" if name == used else "use it and remember it", partial(choose, name)


class _Actions(Provider):
    """Screens, keys of the screen below, and themes."""

    def entries(self) -> list[Entry]:
        """Return all that there is."""
        raise NotImplementedError

    async def discover(self) -> Hits:
        for text, help_text, action in self.entries():
            yield DiscoveryHit(text, action, help=help_text)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for text, help_text, action in self.entries():
            score = matcher.match(text)
            if score > 0:
                yield Hit(score, matcher.highlight(text), action, help=help_text)


class _Paths(Provider):
    """Go to a path of the closure by a part of its name."""

    @property
    def session(self) -> Session:
        """What is open."""
        raise NotImplementedError

    async def search(self, query: str) -> Hits:
        knowledge = self.session.knowledge
        if knowledge is None:
            return
        words = query.lower().split()
        texts = (searchable(knowledge, index) for index in range(len(knowledge.closure)))
        found = [
            index for index, text in enumerate(texts) if all(any(word in name for name in text.names) for word in words)
        ]
        found.sort(key=lambda index: (len(knowledge.closure.name(index)), knowledge.closure.name_ranks[index]))
        for rank, index in enumerate(found[:_MOST_HITS]):
            label = self.session.labels[index]
            yield Hit(
                0.9 - rank / 100,
                Text(f"Go to {label}"),
                partial(self.app.post_message, ShowPath(index)),
                text=label,
                help=f"NAR {size(knowledge.sizes.nar[index])}, added {size(knowledge.sizes.added[index])}",
            )
