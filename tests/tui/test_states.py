"""Loading, cancelled, failed, partly known: each state says what it is and what can be done."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot
from textual.widgets import Static

from pyclosure.queries.base.activity import Progress
from pyclosure.queries.base.errors import BadInput, Cancelled, NixFailed
from pyclosure.queries.base.records import FileFacts
from pyclosure.queries.nix.process import Command, Completed
from pyclosure.queries.opened import enrich
from pyclosure.queries.opened.knowledge import know
from pyclosure.queries.sources import read
from pyclosure.queries.sources.resolve import SavedFile
from pyclosure.tui.app import background
from pyclosure.tui.widgets.bars import KeyBar
from pyclosure.tui.windows.dialogs import TroubleScreen
from tests.support.closures import knowledge_of, records_of, store_path
from tests.tui.closures import dump_of, small
from tests.tui.driving import (
    LARGE,
    SMALL,
    SOMETHING,
    Hanging,
    Ready,
    app_for,
    app_of,
    demo,
    detail_text,
    names,
    of_store,
    opened,
    picture,
    running,
    screen_of,
    settled,
    shown,
    table_of,
    toasts,
    until,
)


class Answers:
    """A nix that answers its version, and everything else as it is told; each answer is used once."""

    def __init__(self, *answers: Completed) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, ...]] = []
        self.argv: tuple[str, ...] = ()

    def start(self, command: Command) -> Answers:
        self.argv = command.argv
        self.asked.append(command.argv)
        return self

    def wait(self, activity: object = None) -> Completed:
        if self.asked[-1] == ("nix", "--version"):
            return Completed(self.asked[-1], 0, b"nix (Nix) 2.18.1\n", "")
        one = self.answers.pop(0)
        return Completed(self.asked[-1], one.status, one.stdout, one.stderr)

    def stop(self) -> None: ...


def failing(stderr: str, status: int = 1) -> Answers:
    return Answers(Completed((), status, b"", stderr))


# -- loading ---------------------------------------------------------------------------------------------


def loading_text(pilot: Pilot[int]) -> str:
    return shown(screen_of(pilot).query_one("#loading", Static))


async def test_loading_names_the_command_what_is_done_and_how_to_stop() -> None:
    nix = Hanging(Progress("nix path-info", 64 * 1024, None, "bytes"))
    async with running(app_for(of_store(nix))) as pilot:
        await until(pilot, lambda: "64 KiB" in loading_text(pilot), "the progress")
        words = loading_text(pilot)

        assert words.strip().startswith("nix path-info … 64 KiB")
        assert "esc cancels" in words
        assert not screen_of(pilot).query_one("#body").display
        assert app_of(pilot).session.knowledge is None
        assert shown(screen_of(pilot).title_bar).startswith(" pyclosure  1 Overview  2 Closure  3 Python")


async def test_no_key_breaks_while_nothing_is_known() -> None:
    async with running(app_for(of_store(Hanging()))) as pilot:
        for key in ("down", "enter", "slash", "s", "S", "r", "y", "o", "d", "n", "N", "a", "backspace", "end"):
            await pilot.press(key)
        for key in ("2", "t", "e", "E", "space", "right", "left", "enter", "3", "enter", "1"):
            await pilot.press(key)
        await pilot.press("question_mark", "escape")

        assert app_of(pilot).current_mode == "overview"
        assert app_of(pilot).clipboard == ""
        assert "esc cancels" in loading_text(pilot)


async def test_every_screen_shows_that_it_is_loading() -> None:
    async with running(app_for(of_store(Hanging()))) as pilot:
        for key in "123":
            await pilot.press(key)
            assert "esc cancels" in loading_text(pilot)


async def test_rows_appear_on_every_screen_once_they_are_known() -> None:
    nix = Hanging()
    data = Completed((), 0, dump_of({"app-1.0": ("lib-1.0",)}), "")
    app = app_for(of_store(nix))
    async with running(app) as pilot:
        await pilot.press("2", "3", "2")
        assert "esc cancels" in loading_text(pilot)
        nix.wait = lambda activity=None: data  # type: ignore[method-assign]
        nix.let_go.set()
        await until(pilot, lambda: isinstance(app.screen, TroubleScreen), "the first opening to end")
        app._reopen = lambda: of_store(Answers(data), store_path("app-1.0"))
        await pilot.press("r")
        await settled(pilot)

        assert names(pilot) == ["app-1.0", "lib-1.0"]
        await pilot.press("1")
        assert names(pilot) == ["lib-1.0"]


async def test_escape_cancels_and_nix_is_stopped() -> None:
    nix = Hanging()
    async with running(app_for(of_store(nix))) as pilot:
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, TroubleScreen), "the cancelling")

        assert nix.stopped.is_set()
        assert picture(pilot).lstrip().startswith("Cancelled: nothing was opened, and nix was stopped.")
        assert "r tries again, q quits" in picture(pilot)
        await pilot.press("q")
    assert pilot.app.return_code == Cancelled.exit_code == 130


async def test_ctrl_c_while_loading_leaves_with_130() -> None:
    nix = Hanging()
    app = app_for(of_store(nix))
    async with running(app) as pilot:
        await pilot.press("ctrl+c")
        assert not app.is_running
    assert app.return_code == 130
    assert nix.stopped.is_set()


async def test_q_while_loading_stops_nix() -> None:
    nix = Hanging()
    app = app_for(of_store(nix))
    async with running(app) as pilot:
        await pilot.press("q")
    assert app.return_code == 130
    assert nix.stopped.is_set()


async def test_r_after_cancelling_tries_again() -> None:
    tries: list[str] = []

    def again() -> Ready:
        tries.append("again")
        return Ready(small())

    app = app_for(of_store(Hanging()), reopen=again)
    async with running(app) as pilot:
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, TroubleScreen), "the cancelling")
        await pilot.press("r")
        await settled(pilot)

        assert tries == ["again"]
        assert names(pilot) == ["data-1.0", "shared-1.0", "libc-1.0", "web-1.0", "tool-1.0"]


async def test_a_source_that_fails_again_says_so_again_and_windows_do_not_pile_up() -> None:
    app = app_for(Ready(BadInput("no", hint="x")), reopen=lambda: Ready(BadInput("still no", hint="y")))
    async with running(app) as pilot:
        for _ in range(3):
            await pilot.press("r")
            await pilot.pause()

        assert "still no" in picture(pilot)
        assert len(app.screen_stack) == 2


async def test_a_source_that_cannot_be_resolved_any_more_says_so() -> None:
    def gone() -> Ready:
        raise BadInput("the link is gone", hint="build it again")

    app = app_for(Ready(BadInput("no")), reopen=gone)
    async with running(app) as pilot:
        await pilot.press("r")
        await pilot.pause()

        assert "the link is gone" in picture(pilot) and "build it again" in picture(pilot)
        assert len(app.screen_stack) == 2


async def test_what_cannot_be_read_twice_says_so() -> None:
    app = app_for(Ready(BadInput("no")))
    async with running(app) as pilot:
        await pilot.press("r")

        assert toasts(pilot) == ["this source cannot be read again"]


# -- trouble ---------------------------------------------------------------------------------------------


async def test_trouble_shows_one_sentence_the_next_step_nix_words_and_the_command() -> None:
    words = f"error: path '{SOMETHING}' is not valid"
    async with running(app_for(of_store(failing(words)))) as pilot:
        await until(pilot, lambda: isinstance(pilot.app.screen, TroubleScreen), "the trouble")
        text = picture(pilot)
        flat = " ".join(text.split())

        assert "is not a valid path of this store: never built here, or collected since" in flat
        assert "build or fetch it first (nix build, nix-store --realise)" in flat
        assert f"nix says {words}" in flat
        assert f"path-info --json -r {SOMETHING}" in flat
        assert flat.index("never built") < flat.index("build or fetch") < flat.index("nix says") < flat.index("command")
        assert "r try again" in shown(pilot.app.screen.query_one(KeyBar))
        await pilot.press("q")
    assert pilot.app.return_code == 2


async def test_a_store_that_fails_leaves_with_status_3() -> None:
    words = "error: cannot connect to socket at '/nix/var/nix/daemon-socket/socket': Connection refused"
    async with running(app_for(of_store(failing(words)))) as pilot:
        await until(pilot, lambda: isinstance(pilot.app.screen, TroubleScreen), "the trouble")
        assert "the Nix daemon does not answer" in picture(pilot)
        await pilot.press("escape")
    assert pilot.app.return_code == 3


@pytest.mark.parametrize(("error", "status"), [(BadInput("no"), 2), (NixFailed("no"), 3), (RuntimeError("no"), 70)])
async def test_the_exit_status_is_that_of_the_error(error: Exception, status: int) -> None:
    for key in ("q", "ctrl+c"):
        app = app_for(Ready(error))
        async with running(app) as pilot:
            await pilot.press(key)
        assert app.return_code == (status if key == "q" else 130)


async def test_a_fault_of_ours_while_opening_is_called_that() -> None:
    async with running(app_for(Ready(ZeroDivisionError("division by zero")))) as pilot:
        assert "a fault in pyclosure itself: ZeroDivisionError: division by zero" in picture(pilot)


async def test_trouble_can_be_copied_whole() -> None:
    words = "error: something\n" + "\n".join(f"line {number} of what nix said" for number in range(60))
    error = NixFailed("it failed", hint="try", words=words, command=("nix", "a b"))
    async with running(app_for(Ready(error))) as pilot:
        await pilot.press("y")

        copied = pilot.app.clipboard
        assert copied.startswith("it failed\n\ntry\n\nnix says\nerror: something\n")
        assert "line 59 of what nix said" in copied
        assert copied.rstrip().endswith("nix 'a b'")


async def test_long_words_of_nix_can_be_scrolled() -> None:
    words = "\n".join(f"line {number} of what nix said" for number in range(60))
    async with running(app_for(Ready(NixFailed("it failed", words=words)))) as pilot:
        assert "line 59" not in picture(pilot)
        await pilot.press("end")
        await pilot.pause()
        assert "line 59" in picture(pilot)


@pytest.mark.parametrize("key", ["1", "2", "3", "slash", "d", "s", "t"])
async def test_keys_of_the_rows_do_nothing_in_trouble(key: str) -> None:
    async with running(app_for(Ready(BadInput("no")))) as pilot:
        await pilot.press(key)

        assert isinstance(pilot.app.screen, TroubleScreen)


async def test_trouble_survives_any_size() -> None:
    async with running(app_for(Ready(NixFailed("it failed", hint="try", words="error: x")))) as pilot:
        for size in ((1, 1), (20, 5), (300, 80), SMALL):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        assert "it failed" in picture(pilot)


async def test_help_and_palette_work_in_trouble() -> None:
    async with running(app_for(Ready(BadInput("no")))) as pilot:
        await pilot.press("question_mark")
        assert "try again" in picture(pilot)
        await pilot.press("escape", "ctrl+p", "escape")
        assert isinstance(pilot.app.screen, TroubleScreen)


# -- the background --------------------------------------------------------------------------------------


async def test_a_fault_in_the_background_leaves_the_app_alive_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(background, "with_closure_sizes", fault)
    async with opened() as pilot:
        line = shown(screen_of(pilot).key_bar)
        assert line.endswith("[stopped by a fault: ZeroDivisionError]")
        assert names(pilot)[0] == "python3.11-msgpack-1.2.4"
        # what was not worked out is not known, and not 0
        assert " –  168.4 MiB" in table_of(pilot).render_line(1).text
        await pilot.press("2", "down", "d")
        assert "closure size –" in " ".join(picture(pilot).split())


async def test_work_in_the_background_is_named_and_escape_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    let_go = threading.Event()

    def slow(sizes: object, closure: object, activity: object) -> object:
        activity.report(Progress("closure sizes", 7, 73, "paths"))
        while not let_go.wait(0.005):
            activity.check()
        return sizes

    monkeypatch.setattr(background, "with_closure_sizes", slow)
    app = app_for()
    async with running(app) as pilot:
        await until(pilot, lambda: "7/73" in shown(screen_of(pilot).key_bar), "the progress")
        assert shown(screen_of(pilot).key_bar).endswith("[closure sizes 7/73 paths]")
        # the answer is there already
        assert names(pilot)[0] == "python3.11-msgpack-1.2.4"

        await pilot.press("escape")
        await settled(pilot)
        assert toasts(pilot) == ["stopped reading; what is known stays"]
        assert "closure sizes" not in shown(screen_of(pilot).key_bar)
        assert len(names(pilot)) == 72
        # escape has nothing to stop any more
        await pilot.press("escape")
        assert len(toasts(pilot)) == 1


async def test_files_that_are_read_behind_the_first_answer_change_what_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    records = records_of({"app-1.0": ("python3.11-six-1.17.0", "lib-1.0")})
    knowledge = knowledge_of(replace(records, files_root=""))
    path = store_path("lib-1.0")

    def found(closure: object, activity: object) -> object:
        yield {info.path: FileFacts("directory", libraries=("lib/libx.so",)) for info in records.paths[:2]}
        yield {path: FileFacts("directory", libraries=("lib/libx.so",)), records.paths[2].path: FileFacts("directory")}

    monkeypatch.setattr(enrich, "read_files", found)
    before = knowledge.identity(knowledge.closure.position[path]).kind.value
    async with opened(knowledge, LARGE) as pilot:
        assert knowledge.files_state.state == "complete"
        index = knowledge.closure.position[path]
        assert (before, knowledge.identity(index).kind.value) == ("unknown", "native-library")
        table = table_of(pilot)
        line = table.render_line(1 + table.browser.row_of(index)).text
        assert " lib " in line


@pytest.mark.parametrize("option", ["read_files", "read_derivations"])
async def test_what_was_not_asked_for_is_not_read(option: str, monkeypatch: pytest.MonkeyPatch) -> None:
    records = replace(records_of({"app-1.0": ()}), files_root="")
    knowledge = knowledge_of(records)
    monkeypatch.setattr(enrich, "read_files", lambda closure, activity: iter([{}]))
    async with opened(knowledge, **{option: False}):
        state = knowledge.files_state
        assert (state.reason == "not asked for") == (option == "read_files")


# -- what is not known -----------------------------------------------------------------------------------


async def test_a_dump_without_files_says_what_is_unknown_and_why(tmp_path: Path) -> None:
    file = tmp_path / "closure.json"
    file.write_bytes(dump_of({"python3-3.11.2-env": ("python3.11-six-1.17.0",), "python3.11-six-1.17.0": ()}))
    async with opened(SavedFile(str(file)), LARGE) as pilot:
        text = " ".join(picture(pilot).split())

        assert "about 1 distribution" in text
        assert "files not read: the saved file holds none, and its store was not asked" in text
        details = " ".join(detail_text(screen_of(pilot).detail).split())
        assert "deriver not recorded" in details
        assert "files not read the saved file holds none" in details
        assert "certain" not in details
        assert "0 distributions" not in text


async def test_a_deriver_that_was_not_read_is_not_called_absent() -> None:
    records = records_of({"app-1.0": ()}, derivers={"app-1.0": "app-1.0.drv"})
    async with opened(knowledge_of(records)) as pilot:
        words = detail_text(screen_of(pilot).detail)

        assert "deriver app-1.0.drv (not looked at)" in words or "deriver app-1.0.drv (not here)" in words


async def test_nothing_unknown_is_printed_as_zero() -> None:
    async with opened(knowledge_of(records_of({"app-1.0": ("lib-1.0",)})), LARGE) as pilot:
        await pilot.press("2")
        table = table_of(pilot)
        columns = {column.key: column for column in table.columns()}
        assert table.cell(0, columns["interpreter"], 11).text == ""
        assert table.cell(0, columns["closure_size"], 10).text == "2 B"


async def test_a_snapshot_that_lacks_something_says_so_in_a_toast() -> None:
    opened_one = read.Opened(
        records_of({"app-1.0": ()}), None, notes=("files: stopped by the user", "derivations: [none]")
    )
    async with opened(know(opened_one)) as pilot:
        assert toasts(pilot) == ["files: stopped by the user", "derivations: [none]"]


async def test_the_title_says_where_it_was_read_from() -> None:
    async with opened(demo(), LARGE) as pilot:
        title = shown(screen_of(pilot).title_bar)

        assert title.endswith("python3-3.11.2-env · snapshot of 2026-11-22 · nix 2.8.0 · local store")
    async with opened(demo()) as pilot:
        # where there is no room for both, the name stays
        assert shown(screen_of(pilot).title_bar).endswith("  python3-3.11.2-env")
