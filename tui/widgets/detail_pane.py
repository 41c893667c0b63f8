"""The details of the path under the cursor: three lines when narrow, everything when wide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.console import Group
from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from pyclosure.tui.widgets.fitting import middle_ellipsis
from pyclosure.tui.words.details import Line

_LABEL = 12


class DetailPane(VerticalScroll, can_focus=False):
    """A pane of lines; the data in it is never read as markup."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"detail--label", "detail--value", "detail--note", "detail--path"}
    DEFAULT_CSS = """
    DetailPane {
        background: $surface;
        padding: 0 1;
        scrollbar-size-vertical: 1;
        & > .detail--label { color: $text-muted; }
        & > .detail--value { color: $foreground; }
        & > .detail--note { color: $text-muted; text-style: italic; }
        & > .detail--path { color: $accent; }
        & Static { height: auto; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._body = Static(Text(), markup=False)

    def compose(self) -> ComposeResult:
        yield self._body

    def show_summary(self, lines: Sequence[str], width: int) -> None:
        """Show a few lines, cut to the width; the first is the path."""
        text = Text("\n").join(
            Text(middle_ellipsis(line, max(1, width - 3)), self._style("path" if number == 0 else "label"))
            for number, line in enumerate(lines)
        )
        self._body.update(text)

    def show_lines(self, lines: Sequence[Line]) -> None:
        """Show labelled lines with their evidence; values keep their column when they wrap."""
        grid = Table.grid(padding=(0, 1, 0, 0), expand=True)
        grid.add_column(width=_LABEL, no_wrap=True)
        grid.add_column(ratio=1, overflow="fold")
        head = Text(overflow="fold")
        for number, line in enumerate(lines):
            if number == 0 and not line.label:
                head.append(line.value, self._style("path"))
                continue
            value = Text(line.value, self._style("value"), overflow="fold")
            if line.note:
                value.append(f"  {line.note}", self._style("note"))
            grid.add_row(Text(line.label, self._style("label")), value)
        self._body.update(Group(head, Text(), grid) if head.plain else grid)
        self.scroll_home(animate=False)

    def clear(self) -> None:
        """Show nothing."""
        self._body.update(Text())

    def _style(self, role: str) -> Style:
        return self.get_component_rich_style(f"detail--{role}")
