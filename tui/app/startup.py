"""From argv to the first frame: paint a skeleton, then import Textual while nix works."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyclosure.queries.base.activity import Activity
    from pyclosure.queries.sources.graphs import OpenSide
    from pyclosure.queries.sources.opening import Opening

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[2J\x1b[H"
_LEAVE = "\x1b[?25h\x1b[?1049l"


def run_app(
    opening: Opening,
    reopen: Callable[[], Opening] | None = None,
    *,
    theme: str | None = None,
    screen: str | None = None,
    read_files: bool = True,
    read_derivations: bool = True,
    open_base: Callable[[Activity], OpenSide] | None = None,
    base: str = "",
) -> int:
    """Run the UI; returns the exit status."""
    _skeleton()
    # objects of the start live as long as the program: collecting among them only costs time
    gc.disable()
    os.environ.setdefault("TEXTUAL_FPS", "120")
    painted = True
    try:
        from pyclosure.tui.app.application import ClosureApp
        from pyclosure.tui.app.settings import read_settings

        app = ClosureApp(
            opening,
            reopen,
            theme=theme,
            screen=screen,
            settings=read_settings(),
            read_files=read_files,
            read_derivations=read_derivations,
            open_base=open_base,
            base=base,
        )
        painted = False
        app.run()
        session = app.session
        if session.trouble is not None and session.knowledge is None:
            # what the screen said stays readable after it is gone
            from pyclosure.tui.words.errors import error_text

            print(error_text(session.trouble), file=sys.stderr)
        return app.return_code or 0
    finally:
        opening.cancel()
        if painted:
            _write(_LEAVE)


def _skeleton() -> None:
    """Paint a first line at once; Textual draws over it."""
    _write(f"{_ENTER} pyclosure  reading the closure …\r\n")


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
