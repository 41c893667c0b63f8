"""Random keys, clicks and sizes for a long time: the app lives, paints what is, and keeps nothing.

The same seed gives the same keys. What is sent is mostly what the screen says it listens to, then keys that move,
letters into a filter, clicks, and now and then a terminal of another size.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from textual import events
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Input

from tests.tui.driving import SMALL, app_of, at_work, drawn, picture, until

MOVES = ("up", "down", "left", "right", "pageup", "pagedown", "home", "end", "enter", "space", "tab", "escape")
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -_.:|^$*[](/\\é"
SIZES = ((80, 24), (80, 24), (120, 40), (200, 60), (60, 15), (40, 10), (39, 9), (1, 1), (300, 12))
LEAVES = {"ctrl+z"}
"""Keys that stop the process; leaving is taken from the app instead."""


@dataclass(frozen=True)
class Level:
    """What the process holds at one moment, with the app at rest on its first screen."""

    memory: int
    """Resident bytes."""
    objects: int
    widgets: int
    screens: int
    threads: int
    files: int


@dataclass(frozen=True)
class Soaked:
    """What came of it."""

    keys: int
    seconds: float
    warm: Level
    """After a fifth of the keys."""
    middle: Level
    """After three fifths."""
    end: Level
    left: int
    """How often a key would have left."""

    def line(self, name: str) -> str:
        """Return the figures in one line."""
        warm, middle, end = self.warm, self.middle, self.end
        levels = (warm, middle, end)
        memory = " → ".join(f"{one.memory / 2**20:.1f}" for one in levels)
        objects = " → ".join(f"{one.objects:,}" for one in levels)
        return (
            f"{name:<28} {self.keys:>6,} keys {self.seconds:6.1f} s  memory {memory} MiB  objects {objects}  "
            f"widgets {warm.widgets} → {end.widgets}  threads {warm.threads} → {end.threads}  "
            f"files {warm.files} → {end.files}"
        )


class Soak:
    """An app under random keys.

    Args:
        pilot: of the app, at rest on the screen to stay on.
        seed: of the keys.
        reached: key that leads to the screen.
    """

    def __init__(self, pilot: Pilot[int], seed: int, reached: str) -> None:
        self.pilot, self.app = pilot, app_of(pilot)
        self.reached = reached
        self.mode = self.app.current_mode
        self.random = random.Random(seed)
        self.sent: list[str] = []
        """The latest keys, for whoever wants to know what led there."""
        self.left = 0
        self._exit: Callable[..., None] = self.app.exit
        self.app.exit = self._stay  # type: ignore[method-assign]

    def _stay(self, *_: object, **__: object) -> None:
        self.left += 1

    # -- what is sent ------------------------------------------------------------------------------------

    def key(self) -> str:
        """Return a key for what is up."""
        bound = [key for key in self.app.screen.active_bindings if key not in LEAVES]
        chance = self.random.random()
        if isinstance(self.app.focused, Input) and chance < 0.6:
            return self.random.choice(LETTERS)
        if chance < 0.6 and bound:
            return self.random.choice(bound)
        if chance < 0.9:
            return self.random.choice(MOVES)
        return self.random.choice(LETTERS)

    def send(self, key: str) -> None:
        driver = self.app._driver
        assert driver is not None
        names = {" ": "space", "/": "slash", "?": "question_mark", "[": "left_square_bracket"}
        name = names.get(key, key)
        event = events.Key(name, key if len(key) == 1 else " " if key == "space" else None)
        event.set_sender(self.app)
        driver.send_message(event)
        self.sent = [*self.sent[-199:], name]

    async def burst(self, most: int) -> int:
        """Send keys that come together, as over a slow line; returns how many."""
        count = min(most, self.random.choice((1, 1, 2, 4, 8, 16)))
        for _ in range(count):
            self.send(self.key())
        chance = self.random.random()
        if chance < 0.02:
            size = self.random.choice(SIZES)
            self.sent.append(f"{size[0]}x{size[1]}")
            await self.pilot.resize_terminal(*size)
        elif chance < 0.06:
            width, height = self.app.size
            index = self.random.randrange(width), self.random.randrange(height)
            self.sent.append(f"click {index}")
            await self.pilot.click(offset=index, times=self.random.choice((1, 1, 2)))
        await self.pilot.pause()
        self.alive()
        return count

    # -- what must hold ----------------------------------------------------------------------------------

    def alive(self) -> None:
        error = self.app._exception
        assert error is None and self.app.is_running, f"after {' '.join(self.sent[-60:])}: {error!r}"

    async def rest(self) -> None:
        """Wait until nothing works, and go back to the first state of the screen."""
        app = self.app
        await self.pilot.resize_terminal(*SMALL)
        for _ in range(40):
            await self.pilot.pause()
            if len(app.screen_stack) == 1:
                break
            self.send("escape")
        assert len(app.screen_stack) == 1, f"{app.screen} does not close; after {' '.join(self.sent[-60:])}"
        for _ in range(4):
            if app.current_mode == self.mode:
                break
            # a filter that is open takes figures as text
            self.send("escape")
            await self.pilot.pause()
            self.send(self.reached)
            await self.pilot.pause()
        await self.quiet()
        assert app.current_mode == self.mode, f"not back from {app.current_mode}: {' '.join(self.sent[-60:])}"

    async def quiet(self) -> None:
        await until(self.pilot, lambda: not at_work("background"), "the background")
        with_work = [worker for worker in self.app.workers if not worker.is_finished]
        if with_work:
            await self.app.workers.wait_for_complete(with_work)
        self.app.clear_notifications()
        await self.pilot.pause()
        await self.pilot.pause()
        self.alive()

    async def painted(self) -> None:
        """Check that all that is shown is what painting everything anew would show."""
        await self.quiet()
        before = drawn(self.pilot)
        if self.app.size.width >= 40 and self.app.size.height >= 10:
            assert any(line.strip() for line in before), f"nothing is shown: {' '.join(self.sent[-60:])}"
        screen = self.app.screen
        for widget in (screen, *screen.walk_children(Widget)):
            widget.refresh(layout=widget is screen)
        await self.pilot.pause()
        await self.pilot.pause()
        after = drawn(self.pilot)
        assert before == after, f"painting anew gives something else after {' '.join(self.sent[-60:])}:\n" + "\n".join(
            f"- {one}\n+ {other}" for one, other in zip(before, after, strict=False) if one != other
        )

    def level(self) -> Level:
        gc.collect()
        app = self.app
        stacks = [screen for stack in app._screen_stacks.values() for screen in stack]
        return Level(
            memory=resident(),
            objects=len(gc.get_objects()),
            widgets=sum(1 for screen in stacks for _ in screen.walk_children(Widget)),
            screens=len(stacks),
            threads=threading.active_count(),
            files=len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 0,
        )

    # -- all of it ---------------------------------------------------------------------------------------

    async def run(self, keys: int) -> Soaked:
        """Send so many keys, looking at the screen every two hundred."""
        began = time.monotonic()
        done, looked = 0, 0
        levels: list[Level] = []
        while done < keys:
            done += await self.burst(keys - done)
            if done - looked >= 200 or done >= keys:
                looked = done
                await self.painted()
                await self.rest()
            if len(levels) < 2 and done >= keys * (1, 3)[len(levels)] // 5:
                await self.rest()
                levels.append(self.level())
        await self.rest()
        warm, middle = levels
        return Soaked(done, time.monotonic() - began, warm, middle, self.level(), self.left)

    async def leave(self) -> None:
        """Check that the app still can be left."""
        self.app.exit = self._exit  # type: ignore[method-assign]
        assert picture(self.pilot).strip()
        self.send("q")
        for _ in range(400):
            if not self.app.is_running:
                return
            await asyncio.sleep(0.01)
        raise AssertionError("q does not leave any more")


def resident() -> int:
    """Return the bytes of memory that this process has now."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
