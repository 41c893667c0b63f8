"""One file a screen; each ends with a ``SCREEN``, and the number row, help and palette find it by themselves.

What they say is read from the text of the files: a screen is imported when it is first shown, because the first
frame waits for everything that is imported before it.
"""

from __future__ import annotations

import ast
import pkgutil
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyclosure.tui.frames.mode_screen import ModeScreen
    from pyclosure.tui.session.session import Session

_KEYS = "1234567890"
"""In the order in which they lie, and in which screens stand on the number row."""


@dataclass(frozen=True, slots=True)
class ScreenSpec:
    """A screen, which need not have been imported yet."""

    name: str
    """Name of its file, and of its mode."""
    key: str
    needs_base: bool = False
    """Whether it is only there when something to compare with was named."""

    @property
    def title(self) -> str:
        """What it is called on the number row."""
        return self.name.capitalize()

    def load(self) -> type[ModeScreen]:
        """Import it."""
        found: type[ModeScreen] = import_module(f"{__name__}.{self.name}").SCREEN.screen
        return found

    def make(self, session: Session) -> ModeScreen:
        """Make it, importing it the first time."""
        return self.load()(session)


@cache
def find_all() -> tuple[ScreenSpec, ...]:
    """Return all screens in the order of their keys, without importing any."""
    names = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(map(_read, names), key=lambda spec: (_KEYS.index(spec.key), spec.name)))


def _read(name: str) -> ScreenSpec:
    """Return what the last line of a screen's file says of its place; the file may lie in an archive."""
    _, found, value = (pkgutil.get_data(__name__, f"{name}.py") or b"").rpartition(b"\nSCREEN = ")
    assert found, f"tui/screens/{name}.py does not end with SCREEN = NumberedScreen(…)"
    call = ast.parse(value.strip(), mode="eval").body
    assert isinstance(call, ast.Call)
    return ScreenSpec(name, **{one.arg: ast.literal_eval(one.value) for one in call.keywords if one.arg})
