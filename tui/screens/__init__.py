"""One file a screen; each has a ``SCREEN``, and the number row, help and palette find it by themselves.

What the number row says is known from the files' names: a screen is imported when it is first shown, because
the first frame waits for everything that is imported before it.
"""

from __future__ import annotations

import pkgutil
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyclosure.tui.frames.mode_screen import ModeScreen
    from pyclosure.tui.session.session import Session

_ORDER = ("overview", "closure", "python", "findings", "tests", "rebuild", "diff")
"""Files in the order of their keys; one that is not named here comes after them."""
_NEED_BASE = frozenset({"diff"})
"""Screens that are only there when something to compare with was named."""


@dataclass(frozen=True, slots=True)
class ScreenSpec:
    """A screen, which need not have been imported yet."""

    name: str
    """Name of its file, and of its mode."""
    key: str

    @property
    def title(self) -> str:
        """What it is called on the number row."""
        return self.name.capitalize()

    @property
    def needs_base(self) -> bool:
        """Whether it is only there when something to compare with was named."""
        return self.name in _NEED_BASE

    def load(self) -> type[ModeScreen]:
        """Import it."""
        found: type[ModeScreen] = import_module(f"{__name__}.{self.name}").SCREEN
        return found

    def make(self, session: Session) -> ModeScreen:
        """Make it, importing it the first time."""
        return self.load()(session)


def find_all() -> list[ScreenSpec]:
    """Return all screens in the order of their keys, without importing any."""
    files = {module.name for module in pkgutil.iter_modules(__path__)}
    names = [name for name in _ORDER if name in files]
    names += sorted(files.difference(names))
    return [ScreenSpec(name, str(number)) for number, name in enumerate(names, 1)]
