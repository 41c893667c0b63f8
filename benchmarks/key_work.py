"""What each key costs the thread that draws, at many rows: run by the measure ``keys`` in a process of its own.

The app runs headless, as under test. What its event loop does from a key on is added up: until something is
painted, which is the answer, and until the next silence, with all that follows from threads.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from asyncio import events

from textual.app import App
from textual.pilot import Pilot

from pyclosure.queries.nix.process import SystemRunner
from pyclosure.queries.opened.knowledge import know
from pyclosure.queries.sources.opening import Opening
from pyclosure.queries.sources.request import Request
from pyclosure.queries.sources.resolve import resolve
from pyclosure.tui.app.application import ClosureApp
from pyclosure.tui.app.settings import Settings

assert know  # imported before anything is timed

MOVING = ("down", "up", "pagedown", "pageup", "end", "home")
ROUNDS: dict[str, tuple[str, ...]] = {
    "overview": (
        *MOVING, "s", "s", "s", "S", "slash", *"lib1", "backspace", "enter", "escape", "n", "d", "escape", "a",
        "w", "tab", "t", "down", "escape", "c", "escape", "x", "X", "escape", "u", "b", "1", "question_mark", "escape",
    ),
    "closure": (
        *MOVING, "home", "space", "space", "right", "down", "left", "e", "end", "home", "E", "t", *MOVING, "s", "S",
        "t", "r", "backspace", "enter", "backspace", "slash", *"py", "enter", "n", "N", "escape",
        "x", "u", "w", "escape",
    ),
    "python": (*MOVING, "s", "S", "slash", *"num", "escape", "enter", "3"),
    "findings": (*MOVING, "s", "t", "slash", *"a", "escape"),
    "tests": (*MOVING, "s", "slash", *"a", "escape"),
    "rebuild": (*MOVING, "s", "slash", *"a", "escape"),
}  # fmt: skip


class Busy:
    """Adds up what the event loop does."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.longest = 0.0
        self.answered: float | None = None
        """Seconds until the first paint; None when there was none."""
        self._began = 0.0
        self._run, self._display = events.Handle._run, App._display

    def __enter__(self) -> Busy:
        run = self._run

        def timed(handle: events.Handle) -> None:
            self._began = time.perf_counter()
            run(handle)
            took = time.perf_counter() - self._began
            self.seconds += took
            self.longest = max(self.longest, took)

        def painted(app: App[object], screen: object, renderable: object) -> None:
            display(app, screen, renderable)  # type: ignore[arg-type]
            if self.answered is None:
                self.answered = self.seconds + time.perf_counter() - self._began

        display = self._display
        events.Handle._run = timed  # type: ignore[method-assign]
        App._display = painted  # type: ignore[assignment, method-assign]
        return self

    def __exit__(self, *_: object) -> None:
        events.Handle._run = self._run  # type: ignore[method-assign]
        App._display = self._display  # type: ignore[method-assign]


Work = tuple[str, str, float, float, float]
"""Screen, key, seconds of work until the answer, with all that follows, and of the longest piece of it."""


async def work(store: str, root: str, size: tuple[int, int]) -> list[Work]:
    """Return what each key in turn costs."""
    opening = Opening(resolve(Request((root,), store=store)), SystemRunner()).start()
    app = ClosureApp(opening, settings=Settings(), read_files=False, read_derivations=False)
    app.animation_level = "none"
    found: list[Work] = []
    async with app.run_test(size=size) as pilot:
        while not app.session.quiet:
            await pilot.pause(0.05)
        for number, (screen, keys) in enumerate(ROUNDS.items(), 1):
            await pilot.press(str(number))
            await pilot.pause(0.2)
            for key in (str(number), *keys):
                found.append((screen, key, *await timed(pilot, key)))
    return found


async def timed(pilot: Pilot[int], key: str) -> tuple[float, float, float]:
    """Press a key and return the seconds of work until the answer, of all of it, and of its longest piece."""
    with Busy() as busy:
        await pilot.press(key)
        await pilot.pause(0.3)
    return busy.seconds if busy.answered is None else busy.answered, busy.seconds, busy.longest


if __name__ == "__main__":
    # as the program does until the first answer is there
    gc.disable()
    size = (int(sys.argv[3]), int(sys.argv[4]))
    print(json.dumps(asyncio.run(work(sys.argv[1], sys.argv[2], size))))
