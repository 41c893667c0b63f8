"""What each key costs the thread that draws, at many rows: run by the measure ``keys`` in a process of its own.

The app runs headless, as under test. Everything that its event loop does between a key and the next silence
is added up: handling the key, laying out, painting.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from asyncio import events

from textual.pilot import Pilot

from pyclosure.queries.knowledge import know
from pyclosure.queries.nix.process import SystemRunner
from pyclosure.queries.sources.opening import Opening
from pyclosure.queries.sources.request import Request
from pyclosure.queries.sources.resolve import resolve
from pyclosure.tui.app import ClosureApp
from pyclosure.tui.settings import Settings

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
        self._run = events.Handle._run

    def __enter__(self) -> Busy:
        run = self._run

        def timed(handle: events.Handle) -> None:
            began = time.perf_counter()
            run(handle)
            took = time.perf_counter() - began
            self.seconds += took
            self.longest = max(self.longest, took)

        events.Handle._run = timed  # type: ignore[method-assign]
        return self

    def __exit__(self, *_: object) -> None:
        events.Handle._run = self._run  # type: ignore[method-assign]


async def work(store: str, root: str, size: tuple[int, int]) -> list[tuple[str, str, float, float]]:
    """Return screen, key, seconds of work, and the longest piece of it, for each key in turn."""
    opening = Opening(resolve(Request((root,), store=store)), SystemRunner()).start()
    app = ClosureApp(opening, settings=Settings(), read_files=False, read_derivations=False)
    app.animation_level = "none"
    found: list[tuple[str, str, float, float]] = []
    async with app.run_test(size=size) as pilot:
        while not app.quiet:
            await pilot.pause(0.05)
        for number, (screen, keys) in enumerate(ROUNDS.items(), 1):
            await pilot.press(str(number))
            await pilot.pause(0.2)
            for key in (str(number), *keys):
                found.append((screen, key, *await timed(pilot, key)))
    return found


async def timed(pilot: Pilot[int], key: str) -> tuple[float, float]:
    """Press a key and return the seconds of work that it caused, and those of the longest piece."""
    with Busy() as busy:
        await pilot.press(key)
        await pilot.pause()
    # what works on in threads is not timed, and must not disturb the next key
    await pilot.pause(0.05)
    return busy.seconds, busy.longest


if __name__ == "__main__":
    # as the program does until the first answer is there
    gc.disable()
    size = (int(sys.argv[3]), int(sys.argv[4]))
    print(json.dumps(asyncio.run(work(sys.argv[1], sys.argv[2], size))))
