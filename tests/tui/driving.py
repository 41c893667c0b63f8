"""How tests open the app, wait for it, and read what it shows. No test here ever starts a real nix."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Input, Static

from pyclosure.queries.base.activity import SILENT, Activity, Progress
from pyclosure.queries.base.errors import Cancelled
from pyclosure.queries.demo import demo_snapshot
from pyclosure.queries.nix.process import Command, Completed, Runner
from pyclosure.queries.opened.knowledge import Knowledge, know
from pyclosure.queries.sources.opening import Opening
from pyclosure.queries.sources.read import opened_snapshot
from pyclosure.queries.sources.resolve import Demo, SavedFile, Source, StorePaths
from pyclosure.queries.sources.stores import parse_store
from pyclosure.tui.app.application import ClosureApp
from pyclosure.tui.app.settings import Settings
from pyclosure.tui.frames.mode_screen import ModeScreen
from pyclosure.tui.frames.path_screen import PathScreen
from pyclosure.tui.screens.overview import OverviewScreen
from pyclosure.tui.widgets.detail_pane import DetailPane
from pyclosure.tui.widgets.path_table import PathTable
from pyclosure.tui.widgets.rows import RowView
from pyclosure.tui.windows.loading import LoadingScreen
from pyclosure.tui.words.units import Labels
from tests.support.programs import PATIENCE

SMALL, LARGE, WIDE = (80, 24), (200, 60), (200, 24)

SOMETHING = "/nix/store/98rgw0mchyp3rd2qwv6xx7g4dyy6i723-python3.11-msgpack-1.2.4"


# -- sources ---------------------------------------------------------------------------------------------


class NoRunner:
    """A nix that must not be asked."""

    def start(self, command: Command) -> object:
        raise AssertionError(f"a test started a program: {' '.join(command.argv)}")


class Hanging:
    """A nix that says how much it wrote and never ends, until it is stopped or let go."""

    def __init__(self, progress: Progress | None = None) -> None:
        self.progress = progress or Progress("nix path-info", 65536, None, "bytes")
        self.let_go = threading.Event()
        self.stopped = threading.Event()
        self.argv: tuple[str, ...] = ()

    def start(self, command: Command) -> Hanging:
        self.argv = command.argv
        return self

    def wait(self, activity: Activity = SILENT) -> Completed:
        activity.report(self.progress)
        try:
            while not self.let_go.wait(0.005):
                activity.check()
                activity.report(self.progress)
        except Cancelled:
            self.stop()
            raise
        raise Cancelled

    def stop(self) -> None:
        self.stopped.set()


class Ready:
    """An opening that is done: what was read is handed over, or the error that came instead."""

    def __init__(self, outcome: Knowledge | BaseException) -> None:
        self.outcome = outcome
        self.progress = Progress("starting")
        self.began = time.monotonic()
        self.done = True
        self.was_cancelled = False
        self.source = None

    def when_done(self, callback: Callable[[], None]) -> None:
        callback()

    def go_on(self) -> None: ...

    def cancel(self) -> None:
        self.was_cancelled = True

    def result(self) -> Knowledge:
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


def demo() -> Knowledge:
    """Return what is known of the demo, before anything was worked out in the background."""
    return know(opened_snapshot(demo_snapshot()))


def of_store(runner: Runner, path: str = SOMETHING) -> Opening:
    """Return a started opening of a store path, which asks the runner for nix."""
    return start(StorePaths((path,), parse_store(None, "/")), runner)


def start(source: Source, runner: Runner | None = None) -> Opening:
    """Return a started opening."""
    return Opening(source, runner or NoRunner()).start()


def of_file(path: object) -> Opening:
    """Return a started opening of a saved file."""
    return start(SavedFile(str(path)))


# -- the app ---------------------------------------------------------------------------------------------

Opens = Opening | Ready | Knowledge | Source | None


def app_for(what: Opens = None, **options: object) -> ClosureApp:
    """Return an app that opens the demo, or what is given."""
    if what is None:
        what = start(Demo())
    elif isinstance(what, Knowledge):
        what = Ready(what)
    elif not isinstance(what, (Opening, Ready)):
        what = start(what)
    options.setdefault("settings", Settings())
    app = ClosureApp(what, **options)  # type: ignore[arg-type]
    app.animation_level = "none"
    return app


@asynccontextmanager
async def running(app: ClosureApp, size: tuple[int, int] = SMALL) -> AsyncIterator[Pilot[int]]:
    """Run an app without a terminal; everything it started has ended afterwards."""
    try:
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: not isinstance(app.screen, LoadingScreen), "what comes after the first frame")
            yield pilot
    finally:
        app.session.opening.cancel()
        app.session.cancel_tasks()
        wait_for(lambda: not at_work("opening", "background"), "the threads of the app to end")


@asynccontextmanager
async def opened(
    what: Opens = None, size: tuple[int, int] = SMALL, *, screen: str = "overview", **options: object
) -> AsyncIterator[Pilot[int]]:
    """Run an app until everything about a source is known and shown."""
    async with running(app_for(what, screen=screen, **options), size) as pilot:
        await settled(pilot)
        yield pilot


async def until(pilot: Pilot[int], fact: Callable[[], object], what: str) -> None:
    """Let the app work until a fact holds."""
    deadline = time.monotonic() + PATIENCE
    while not fact():
        assert time.monotonic() < deadline, f"waited {PATIENCE:.0f} s in vain for {what}"
        await pilot.pause(0.005)
    await pilot.pause()


async def settled(pilot: Pilot[int]) -> None:
    """Wait until the source is read, the work behind it is done, and the screen shows it."""
    app = app_of(pilot)

    def done() -> bool:
        if app.session.knowledge is None or at_work("background"):
            return False
        if isinstance(app.screen, PathScreen):
            return app.screen.table.browser is not None
        return isinstance(app.screen, ModeScreen) and app.session.judgement is not None

    await until(pilot, done, "the source to be read and looked into")


def at_work(*names: str) -> bool:
    """Say whether a thread of the app is alive."""
    return any(thread.name in names for thread in threading.enumerate())


def wait_for(fact: Callable[[], object], what: str) -> None:
    """Wait for something that happens outside of the event loop."""
    deadline = time.monotonic() + PATIENCE
    while not fact():
        assert time.monotonic() < deadline, f"waited {PATIENCE:.0f} s in vain for {what}"
        time.sleep(0.002)


def app_of(pilot: Pilot[int]) -> ClosureApp:
    app = pilot.app
    assert isinstance(app, ClosureApp)
    return app


def mode_screen_of(pilot: Pilot[int]) -> ModeScreen:
    screen = pilot.app.screen
    assert isinstance(screen, ModeScreen), f"{screen} is up"
    return screen


def screen_of(pilot: Pilot[int]) -> PathScreen:
    screen = pilot.app.screen
    assert isinstance(screen, PathScreen), f"{screen} is up"
    return screen


def table_of(pilot: Pilot[int]) -> PathTable:
    return screen_of(pilot).table


def filter_line(pilot: Pilot[int]) -> Input:
    return screen_of(pilot).filter_bar.query_one(Input)


async def type_filter(pilot: Pilot[int], text: str) -> None:
    """Open the filter line, and put a text into it at once."""
    await pilot.press("slash")
    filter_line(pilot).value = text
    await pilot.pause()


def toasts(pilot: Pilot[int]) -> list[str]:
    """Return the texts of all toasts that are up."""
    return [note.message for note in pilot.app._notifications]


# -- what is shown ---------------------------------------------------------------------------------------


def names(pilot: Pilot[int]) -> list[str]:
    """Return the names of all rows of the table, shown or not, from the top."""
    browser = table_of(pilot).browser
    assert browser is not None
    closure = browser.knowledge.closure
    return [closure.name(browser.index(row)) for row in range(browser.count())]  # type: ignore[arg-type]


def here(pilot: Pilot[int]) -> str:
    """Return the name of the path under the cursor."""
    table = table_of(pilot)
    assert table.browser is not None and table.index is not None
    return table.browser.knowledge.closure.name(table.index)


def lines(view: RowView) -> list[str]:
    """Return the lines that a table draws, as text."""
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


def drawn(pilot: Pilot[int]) -> list[str]:
    """Return the whole terminal as lines of text, windows on top included."""
    return [strip.text for strip in pilot.app.screen._compositor.render_strips()]


def picture(pilot: Pilot[int]) -> str:
    """Return the whole terminal as one text."""
    return "\n".join(line.rstrip() for line in drawn(pilot))


def shown(widget: Widget) -> str:
    """Return the text that a widget draws, line by line."""
    return "\n".join(strip.text.rstrip() for strip in widget.render_lines(widget.outer_size.region)).rstrip()


def detail_text(pane: DetailPane) -> str:
    """Return all of a pane of details, also what is scrolled out of sight."""
    return shown(pane.query_one(Static))


def summary(pilot: Pilot[int]) -> str:
    screen = screen_of(pilot)
    assert isinstance(screen, OverviewScreen)
    return shown(screen.summary)


def row_named(pilot: Pilot[int], name: str) -> int:
    """Return the first row that shows a path of this name."""
    return names(pilot).index(name)


async def stand_on(pilot: Pilot[int], name: str) -> None:
    """Put the cursor on the first row that shows a path of this name."""
    table_of(pilot).cursor = row_named(pilot, name)
    await pilot.pause()


def all_labels(pilot: Pilot[int]) -> Labels:
    return app_of(pilot).session.labels


# -- the palette -----------------------------------------------------------------------------------------


async def search(pilot: Pilot[int], text: str) -> CommandPalette:
    """Open the palette and type into it; returns when everything was searched."""
    await pilot.press("ctrl+p")
    palette = pilot.app.screen
    assert isinstance(palette, CommandPalette)
    palette.query_one("CommandInput").value = text
    await pilot.pause()
    await until(pilot, lambda: all(worker.is_finished for worker in palette.workers), "the palette to search")
    return palette


def hits(palette: CommandPalette) -> list[str]:
    """Return what the palette offers, one line each."""
    options = palette.query_one("CommandList")
    return [str(options.get_option_at_index(index).prompt) for index in range(options.option_count)]


async def take_first(pilot: Pilot[int], palette: CommandPalette) -> None:
    await pilot.press("down", "enter")
    await until(pilot, lambda: pilot.app.screen is not palette, "the palette to close")
    await pilot.pause()
