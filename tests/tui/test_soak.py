"""Thousands of random keys on every screen: nothing breaks, nothing is left on the screen, and memory stays level.

The short run is part of all tests; ``make soak`` sends 10,000 keys to every screen and prints what they took.
"""

from __future__ import annotations

import os

import pytest

from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.tui import screens
from tests.tui.driving import demo, opened
from tests.tui.soaking import Soak
from tests.tui.two_graphs import side_before

KEYS = int(os.environ.get("PYCLOSURE_SOAK_KEYS", "300"))
SEED = int(os.environ.get("PYCLOSURE_SOAK_SEED", "1"))
REPORT = os.environ.get("PYCLOSURE_SOAK_REPORT", "")
"""A file that the figures are added to."""
MEMORY, OBJECTS = 64 * 1024**2, 250_000
"""What may be added after a fifth: Textual's caches of painted lines fill up to 60 MiB and 300,000 objects."""
GROWTH = 24 * 1024**2
"""Bytes that may be added in the last two fifths of a long run, when the caches are full."""
# a double click on a window that closes: textual 8.2 makes a coroutine to follow the selection, and drops it
pytestmark = pytest.mark.filterwarnings("ignore:.*_watch_selections:pytest.PytestUnraisableExceptionWarning")
NAMES = [spec.name for spec in screens.find_all()]


async def soaked(name: str, what: Knowledge, label: str = "") -> None:
    label = label or name
    spec = next(spec for spec in screens.find_all() if spec.name == name)
    options = {"open_base": lambda _: side_before(), "base": "./before"}
    async with opened(what, screen=name, **options) as pilot:
        soak = Soak(pilot, SEED, spec.key)
        await soak.rest()
        result = await soak.run(KEYS)
        await soak.leave()

    if REPORT:
        with open(REPORT, "a") as file:
            file.write(result.line(label) + "\n")
    warm, end = result.warm, result.end
    assert end.memory - warm.memory < MEMORY and end.objects - warm.objects < OBJECTS, result.line(label)
    assert end.memory - result.middle.memory < GROWTH, result.line(label)
    assert (end.screens, end.files) <= (warm.screens + len(NAMES), warm.files + 2), result.line(label)
    # screens that were never up are made once
    assert end.widgets <= warm.widgets + 25 * len(NAMES), result.line(label)
    assert end.threads <= warm.threads + 4, result.line(label)


@pytest.mark.parametrize("name", NAMES)
async def test_random_keys_break_no_screen(name: str) -> None:
    await soaked(name, demo())


@pytest.mark.parametrize("name", ["overview", "closure"])
async def test_random_keys_break_nothing_while_files_and_nix_are_asked(name: str, on_disk: Knowledge) -> None:
    await soaked(name, on_disk, f"{name}, with files and nix")
