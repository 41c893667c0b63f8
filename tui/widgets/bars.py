"""The line on top (where am I) and the line below (which keys count, what is going on)."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.app import RenderResult
from textual.screen import Screen
from textual.widget import Widget

from pyclosure.tui.widgets.fitting import middle_ellipsis

_MOST_KEYS = 7
_LABEL = 12
"""Cells of what is open that are enough while titles stay whole."""
_WIDE = 120
_KEY_NAMES = {
    "slash": "/",
    "question_mark": "?",
    "escape": "esc",
    "backspace": "⌫",
    "ctrl+p": "^p",
    "space": "space",
    "enter": "enter",
}


_TITLES = (
    (" pyclosure  ", None, "  "),
    (" ", None, "  "),
    (" ", None, " "),
    *((" ", letters, " ") for letters in range(7, 3, -1)),
)
"""What goes first where there is no room: the program's name, air, then letters of the other screens' titles."""


class TitleBar(Widget):
    """Program, screens, and what is open."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"title--name", "title--tab", "title--here", "title--label"}
    DEFAULT_CSS = """
    TitleBar {
        height: 1;
        background: $panel;
        & > .title--name { color: $primary; text-style: bold; }
        & > .title--tab { color: $text-muted; }
        & > .title--here { color: $accent; text-style: bold underline; }
        & > .title--label { color: $foreground; }
        &:nocolor > .title--here { text-style: reverse bold; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.tabs: list[tuple[str, str, str]] = []
        """Key, title and mode of each screen."""
        self.here = ""
        self.label = ""
        self.origin = ""

    def render(self) -> RenderResult:
        # what is open says more than who shows it, and more than whole words for the other screens
        for name, letters, gap in _TITLES:
            text = self._tabs(name, letters, gap)
            least = min(len(self.label), _LABEL) if letters is None and gap == " " else len(self.label)
            if self.size.width - text.cell_len - 1 >= least:
                break
        room = self.size.width - text.cell_len - 1
        right = self.label
        if self.origin and len(right) + len(self.origin) + 3 <= room:
            right = f"{right} · {self.origin}"
        right = middle_ellipsis(right, max(0, room))
        text.append(" " * max(0, room - len(right)))
        text.append(right, self._style("label"))
        return text

    def _tabs(self, name: str, letters: int | None, gap: str) -> Text:
        text = Text(no_wrap=True)
        text.append(name, self._style("name"))
        for key, title, mode in self.tabs:
            here = mode == self.here
            shown = title if here else title[:letters]
            click = Style(meta={"@click": f"app.go('{mode}')"})
            text.append(f"{key} {shown}", self._style("here" if here else "tab") + click)
            text.append(gap)
        return text

    def _style(self, role: str) -> Style:
        return self.get_component_rich_style(f"title--{role}")


class KeyBar(Widget):
    """The few keys that count here, made from the bindings, and the work in the background."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"keys--key", "keys--word", "keys--state"}
    DEFAULT_CSS = """
    KeyBar {
        height: 1;
        background: $panel;
        & > .keys--key { color: $accent; text-style: bold; }
        & > .keys--word { color: $text-muted; }
        & > .keys--state { color: $warning; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.state = ""
        """What is going on, or went wrong; shown at the right."""

    def on_mount(self) -> None:
        screen: Screen[object] = self.screen
        screen.bindings_updated_signal.subscribe(self, lambda _: self.refresh())

    def render(self) -> RenderResult:
        state = f"[{self.state}] " if self.state else ""
        room = self.size.width - len(state) - 1
        text = Text(" ", no_wrap=True)
        keys = self._keys()
        while len(keys) > 1 and 1 + sum(len(name) + len(word) + 3 for _, name, word in keys) > room:
            # the last one stays: it is help
            del keys[-2]
        for key, name, word in keys:
            click = Style(meta={"@click": f"press('{key}')"})
            text.append(name, self._style("key") + click)
            text.append(f" {word}", self._style("word") + click)
            text.append("  ")
        text.append(" " * max(0, self.size.width - text.cell_len - len(state)))
        text.append(state, self._style("state"))
        return text

    def action_press(self, key: str) -> None:
        """Act as if a key was pressed, wherever it is bound."""
        self.app.simulate_key(key)

    def _keys(self) -> list[tuple[str, str, str]]:
        found: dict[str, tuple[str, str, str]] = {}
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if not binding.show or not active.enabled or binding.action in found:
                continue
            name = binding.key_display or _KEY_NAMES.get(binding.key, binding.key)
            found[binding.action] = (binding.key, name, binding.description)
        most = _MOST_KEYS if self.size.width < _WIDE else 2 * _MOST_KEYS
        # help is where all other keys are found, so it always has its place
        help_key = found.pop("help", None)
        kept = list(found.values())[: most - 1]
        return [*kept, help_key] if help_key else kept

    def _style(self, role: str) -> Style:
        return self.get_component_rich_style(f"keys--{role}")
