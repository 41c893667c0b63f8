"""One file a screen; each has a ``SCREEN``, and the number row, help and palette find it by themselves."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from pyclosure.tui.mode_screen import ScreenSpec


def find_all() -> list[ScreenSpec]:
    """Import all screens, in the order of their keys."""
    specs = [import_module(f"{__name__}.{module.name}").SCREEN for module in pkgutil.iter_modules(__path__)]
    return sorted(specs, key=lambda spec: spec.key)
