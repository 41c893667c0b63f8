"""Work behind the screen that is stopped or fails, at every step: the app lives, and says what is not known and why."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from textual.pilot import Pilot

from pyclosure.queries.base.activity import Activity, Progress
from pyclosure.queries.opened import enrich
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.queries.sources.resolve import Installables
from pyclosure.queries.sources.stores import Store
from pyclosure.tui import screens
from pyclosure.tui.app import background
from pyclosure.tui.screens import diff, rebuild
from pyclosure.tui.windows import contents as contents_screen
from pyclosure.tui.windows import plan as plan_dialog
from tests.tui.closures import dump_of
from tests.tui.driving import (
    LARGE,
    app_for,
    app_of,
    at_work,
    demo,
    of_file,
    opened,
    picture,
    running,
    toasts,
    until,
)
from tests.tui.two_graphs import side_before

FAULTS = [RuntimeError("no luck"), MemoryError(), RecursionError("too deep"), OSError(5, "Input/output error")]
COMPARED = {"open_base": lambda _: side_before(), "base": "./before"}


# -- each step behind the screen -------------------------------------------------------------------------

STEPS: dict[str, tuple[object, str]] = {
    "overview": (background, "overview"),
    "closure sizes": (background, "with_closure_sizes"),
    "files": (enrich, "learn_files"),
    "derivations": (enrich, "learn_derivations"),
    "judging in part": (background.Background, "_judge"),
    "build graph": (enrich, "learn_build"),
    "outlook": (background.Background, "_look_ahead"),
    "the other side": (background.Background, "_compare"),
    "review": (background.Background, "_review"),
    "sources": (enrich, "learn_sources"),
    "tests": (background, "survey_closure"),
    "inspections": (enrich, "learn_inspections"),
    "judging": (background, "judge_closure"),
}


class Pausing:
    """Stands in the place of a step: waits until the work is cancelled, or until it may go on."""

    def __init__(self) -> None:
        self.reached = threading.Event()

    def __call__(self, *arguments: object, **_: object) -> object:
        activity = next(one for one in arguments if isinstance(one, background.Background))
        activity.report(Progress("something long", 3, 7, "pieces"))
        self.reached.set()
        while True:
            activity.check()
            threading.Event().wait(0.005)


class Failing:
    def __init__(self, error: BaseException) -> None:
        self.error = error
        self.reached = threading.Event()

    def __call__(self, *_: object, **__: object) -> object:
        self.reached.set()
        raise self.error


def put(monkeypatch: pytest.MonkeyPatch, step: str, stand_in: Callable[..., object]) -> None:
    where, name = STEPS[step]
    # a method needs to be a function to be handed its object
    monkeypatch.setattr(where, name, lambda *arguments, **named: stand_in(*arguments, **named))


async def looked_at(pilot: Pilot[int], *, why: str) -> None:
    """Go to every screen, and check that nothing claims to be still at work, and nothing unknown is a number."""
    await pilot.pause()
    for spec in screens.find_all():
        await pilot.press(spec.key)
        await pilot.pause()
        text = " ".join(picture(pilot).split())
        assert "still" not in text and "being read" not in text and "…]" not in text, f"{spec.name}: {text}"
    await pilot.press("4")
    text = " ".join(picture(pilot).split())
    assert why in text or app_of(pilot).session.judgement is not None, text
    for key in ("1", "down", "w", "escape", "c", "escape", "d", "escape", "2", "e", "x", "X", "escape", "u"):
        await pilot.press(key)
        await pilot.pause()
    assert len(pilot.app.screen_stack) == 1


@pytest.mark.parametrize("step", [step for step in STEPS if step != "overview"])
async def test_work_can_be_stopped_at_every_step(
    on_disk: Knowledge, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    pausing = Pausing()
    put(monkeypatch, step, pausing)
    app = app_for(on_disk, **COMPARED)
    async with running(app, LARGE) as pilot:
        await until(pilot, pausing.reached.is_set, "the step")
        await until(pilot, lambda: "something long 3/7 pieces" in picture(pilot), "its progress")
        await pilot.press("escape")
        await until(pilot, lambda: not at_work("background"), "the work to end")
        await pilot.pause()
        assert "stopped reading; what is known stays" in toasts(pilot)
        assert "something long" not in picture(pilot)
        app.clear_notifications()

        await looked_at(pilot, why="stopped by the user")
        await pilot.press("q")
        assert not app.is_running
    assert app.return_code == 0


@pytest.mark.parametrize(("step", "error"), list(zip(STEPS, itertools.cycle(FAULTS), strict=False)))
async def test_a_fault_at_any_step_is_named_and_the_app_lives(
    on_disk: Knowledge, monkeypatch: pytest.MonkeyPatch, step: str, error: Exception
) -> None:
    failing = Failing(error)
    put(monkeypatch, step, failing)
    app = app_for(on_disk, **COMPARED)
    async with running(app, LARGE) as pilot:
        await until(pilot, lambda: failing.reached.is_set() and not at_work("background"), "the fault")
        words = f"stopped by a fault: {type(error).__name__}"
        await until(pilot, lambda: words in picture(pilot), "the words")

        await looked_at(pilot, why=words)
        await pilot.press("q")
        assert not app.is_running
    assert app.return_code == 0


@pytest.mark.parametrize("what", ["files", "derivations", "build graph", "sources", "inspections"])
async def test_a_fault_is_the_reason_of_all_that_is_not_known(
    on_disk: Knowledge, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    put(monkeypatch, what, Failing(RuntimeError("no")))
    async with running(app_for(on_disk), LARGE) as pilot:
        await until(pilot, lambda: app_of(pilot).session.stopped, "the fault")
        state = {
            "files": on_disk.files_state,
            "derivations": on_disk.derivations_state,
            "build graph": on_disk.build_state,
            "sources": on_disk.sources_state,
            "inspections": on_disk.inspections_state,
        }[what]

        assert (state.state, state.reason) == ("absent", "a fault in pyclosure itself: RuntimeError")


@pytest.mark.parametrize(
    "where", ["pyclosure.queries.parse.path_info.parse_path_info", "pyclosure.queries.opened.knowledge.know"]
)
async def test_what_is_being_understood_can_be_cancelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    reached, go_on = threading.Event(), threading.Event()
    module, name = where.rsplit(".", 1)
    real = getattr(import_module(module), name)

    def slow(*arguments: object, **named: object) -> object:
        reached.set()
        assert go_on.wait(30)
        return real(*arguments, **named)

    monkeypatch.setattr(where, slow)
    dump = tmp_path / "closure.json"
    dump.write_bytes(dump_of({"app-1.0": ("lib-1.0",)}))
    async with running(app_for(of_file(dump))) as pilot:
        await until(pilot, reached.is_set, "the reading")
        await pilot.press("escape")
        go_on.set()
        await until(pilot, lambda: "Cancelled: nothing was opened" in picture(pilot), "the cancelling")

        assert app_of(pilot).session.knowledge is None
        await pilot.press("q")
    assert pilot.app.return_code == 130


async def test_evaluating_on_a_key_can_be_left(on_disk: Knowledge, monkeypatch: pytest.MonkeyPatch) -> None:
    reached, left = threading.Event(), threading.Event()

    def slow(knowledge: Knowledge, expressions: object, activity: Activity) -> list[str]:
        reached.set()
        try:
            while True:
                activity.check()
                threading.Event().wait(0.005)
        finally:
            left.set()

    monkeypatch.setattr("pyclosure.queries.testing.evaluated.learn_evaluation", slow)
    async with opened(on_disk, LARGE, screen="tests") as pilot:
        store = Store(None, "", False, "local store")
        app_of(pilot).session.opening.source = Installables(("env",), store, "/", "/default.nix")
        await pilot.press("e")
        await until(pilot, reached.is_set, "the evaluation")
        # every key is answered meanwhile
        await pilot.press("1", "2", "5")
        assert app_of(pilot).current_mode == "tests" and not left.is_set()
        await pilot.press("q")
    assert left.wait(10), "it works on without anybody"


async def test_evaluating_that_fails_is_said_so(on_disk: Knowledge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyclosure.queries.testing.evaluated.learn_evaluation", Failing(MemoryError()))
    async with opened(on_disk, LARGE, screen="tests") as pilot:
        store = Store(None, "", False, "local store")
        app_of(pilot).session.opening.source = Installables(("env",), store, "/", "/default.nix")
        await pilot.press("e")
        await until(pilot, lambda: any("MemoryError" in words for words in toasts(pilot)), "the fault")

        await pilot.press("1")
        assert len(pilot.app.screen_stack) == 1


# -- work on a key ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", FAULTS, ids=lambda error: type(error).__name__)
async def test_evidence_that_fails_is_not_looked_for_for_ever(
    on_disk: Knowledge, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async with opened(on_disk, LARGE) as pilot:
        monkeypatch.setattr(app_of(pilot).session.evidence, "scan", Failing(error))
        await pilot.press("w")
        await until(pilot, lambda: "files unknown: a fault in pyclosure itself" in picture(pilot), "the fault")
        assert "looking for the files" not in picture(pilot)
        assert any(type(error).__name__ in words for words in toasts(pilot))

        assert "scanning" not in picture(pilot)
        await pilot.press("escape", "2")
        assert len(pilot.app.screen_stack) == 1


@pytest.mark.parametrize(("name", "key"), [("contents", "c"), ("totals", "t")])
@pytest.mark.parametrize("error", FAULTS, ids=lambda error: type(error).__name__)
async def test_contents_that_fail_are_not_listed_for_ever(
    on_disk: Knowledge, monkeypatch: pytest.MonkeyPatch, name: str, key: str, error: Exception
) -> None:
    async with opened(on_disk, LARGE) as pilot:
        monkeypatch.setattr(contents_screen, name, Failing(error))
        await pilot.press("c")
        if key == "t":
            await until(pilot, lambda: "in 1 file" in picture(pilot), "the files")
            await pilot.press("t")
        await until(
            pilot, lambda: "The files are not known: a fault in pyclosure itself" in picture(pilot), "the words"
        )

        assert "listing" not in picture(pilot)
        await pilot.press("escape", "2")
        assert len(pilot.app.screen_stack) == 1


async def test_cuts_that_fail_are_not_looked_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(demo(), LARGE) as pilot:
        monkeypatch.setattr(plan_dialog, "best_cuts", Failing(RecursionError("too deep")))
        await pilot.press("X")
        await until(pilot, lambda: "not known: a fault in pyclosure itself: RecursionError" in picture(pilot), "it")

        assert "looking for the best cuts" not in picture(pilot)


@pytest.mark.parametrize(
    ("where", "name", "screen", "words"),
    [
        (rebuild.RebuildScreen, "_lines_of", "rebuild", "not known: a fault in pyclosure itself: MemoryError"),
        (diff.DiffScreen, "_lines_of", "diff", "not known: a fault in pyclosure itself: MemoryError"),
        (diff.DiffScreen, "_made", "diff", "the changes are not known: a fault in pyclosure itself: MemoryError"),
    ],
)
async def test_an_answer_that_fails_beside_the_rows_is_named(
    monkeypatch: pytest.MonkeyPatch, where: type, name: str, screen: str, words: str
) -> None:
    monkeypatch.setattr(where, name, Failing(MemoryError()))
    async with running(app_for(demo(), screen=screen, **COMPARED), LARGE) as pilot:
        await until(pilot, lambda: words in " ".join(picture(pilot).split()), words)
        await pilot.press("down", "1", "2")
        await pilot.press("q")
        assert not pilot.app.is_running


async def test_a_comment_that_fails_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diff.DiffScreen, "_page", Failing(RuntimeError("no luck")))
    async with opened(demo(), LARGE, screen="diff", **COMPARED) as pilot:
        await pilot.press("y")
        await until(pilot, lambda: any("RuntimeError: no luck" in one for one in toasts(pilot)), "the words")
        assert pilot.app.clipboard == ""
