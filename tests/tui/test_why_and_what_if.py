"""Why, contents and what-if on the screen and on the command line."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from textual.events import Key
from textual.pilot import Pilot

from pyclosure.queries.answers.cuts import Cut
from pyclosure.queries.base.records import ClosureRecords, PathInfo
from pyclosure.queries.opened.knowledge import Knowledge, know
from pyclosure.queries.opened.opened import Opened
from pyclosure.tui.session.plan import Mark, Outcome, Plan
from pyclosure.tui.windows.contents import ContentsScreen
from pyclosure.tui.windows.plan import PlanDialog
from pyclosure.tui.windows.why import WhyScreen
from tests.support.closures import knowledge_of, records_of
from tests.support.trees import Link, Program, plant_path
from tests.tui.closures import small
from tests.tui.commanding import Cli
from tests.tui.driving import (
    LARGE,
    app_of,
    demo,
    opened,
    picture,
    screen_of,
    shown,
    stand_on,
    summary,
    table_of,
    toasts,
    until,
)

SITE = "lib/python3.11/site-packages"


def on_disk(tmp_path: Path) -> Knowledge:
    """A closure whose files are there: env → app → gcc, env → libc, gcc → libc."""
    store = tmp_path / "store"
    libc = plant_path(store, "glibc-2.40", {"lib/libc.so.6": "libc"})
    gcc = plant_path(store, "gcc-13.2.0", {"bin/gcc": Program(f"#!/bin/sh\nexec {libc}/lib/ld.so\n")})
    app = plant_path(
        store,
        "python3.11-app-1.0",
        {
            f"{SITE}/app/__config__.py": f"# built with\ncc = '{gcc}/bin/gcc'\n",
            f"{SITE}/app/__pycache__/__config__.cpython-311.pyc": b"\0" + gcc.encode(),
            f"{SITE}/app/tests/test_app.py": "x" * 5000,
        },
    )
    env = plant_path(store, "python3-3.11.9-env", {f"{SITE}/app": Link(f"{app}/{SITE}/app"), "lib/libc": Link(libc)})
    infos = (
        PathInfo(env, 10, tuple(sorted((app, libc)))),
        PathInfo(app, 1000, (gcc,)),
        PathInfo(gcc, 500_000, (libc,)),
        PathInfo(libc, 30_000, ()),
    )
    records = ClosureRecords(str(store), (env,), tuple(sorted(infos, key=lambda info: info.path)), "a test", "env")
    import msgspec

    return know(Opened(msgspec.structs.replace(records, files_root=""), None))


async def why_of(pilot: Pilot[int], name: str) -> WhyScreen:
    """Ask why a path is there, and wait for the files."""
    await pilot.press("2", "slash", *name, "enter", "w")
    app = app_of(pilot)
    await until(pilot, lambda: isinstance(app.screen, WhyScreen), "the screen")
    await app.workers.wait_for_complete()
    await pilot.pause()
    assert isinstance(app.screen, WhyScreen)
    return app.screen


def text_of(screen: WhyScreen) -> list[str]:
    rows = screen._rows
    return [rows.render_line(line).text.rstrip() for line in range(1, min(rows.size.height, rows.row_count() + 1))]


async def test_w_shows_the_chain_and_the_files_that_hold_each_reference(tmp_path: Path) -> None:
    async with opened(on_disk(tmp_path), size=LARGE) as pilot:
        screen = await why_of(pilot, "gcc-13")

        lines = text_of(screen)
        paths = [screen.label[row.index] for row in screen._rows.rows if row.evidence is None and not row.remark]
        assert paths == ["python3-3.11.9-env", "app 1.0", "gcc 13.2.0"]
        assert any(f"{SITE}/app/__config__.py:2" in line and "record of the build" in line for line in lines)
        assert any("__config__.cpython-311.pyc" in line and "bytecode" in line for line in lines)
        assert "every one passes app 1.0" in shown(screen._head)


async def test_the_preview_shows_the_line_and_the_twin_of_bytecode(tmp_path: Path) -> None:
    async with opened(on_disk(tmp_path), size=LARGE) as pilot:
        screen = await why_of(pilot, "gcc-13")
        index = next(n for n, row in enumerate(screen._rows.rows) if row.evidence and row.evidence.file.endswith(".py"))
        screen._rows.cursor = index
        await pilot.pause()
        assert "gcc-13.2.0/bin/gcc'" in shown(screen._preview)
        assert "# built with" in shown(screen._preview)

        twin = next(n for n, row in enumerate(screen._rows.rows) if row.evidence and row.evidence.twin)
        screen._rows.cursor = twin
        await pilot.pause()
        words = " ".join(shown(screen._preview).split())
        assert f"its Python file holds it too: {SITE}/app/__config__.py" in words


async def test_tab_goes_through_the_chains_and_t_shows_all_ways(tmp_path: Path) -> None:
    async with opened(on_disk(tmp_path)) as pilot:
        screen = await why_of(pilot, "glibc")
        assert screen.answer.chains == 2
        assert len(screen.chain) == 2

        await pilot.press("tab")
        assert len(screen.chain) == 4
        await pilot.press("tab")
        assert len(screen.chain) == 2

        await pilot.press("t")
        assert screen._tree is not None
        assert {row.index for row in screen._rows.rows} <= screen.answer.members


async def test_cutting_in_why_makes_every_size_follow_and_u_undoes_it(tmp_path: Path) -> None:
    async with opened(on_disk(tmp_path)) as pilot:
        screen = await why_of(pilot, "gcc-13")
        app = app_of(pilot)
        index = next(
            n for n, row in enumerate(screen._rows.rows) if row.edge and screen.label[row.index] == "gcc 13.2.0"
        )
        screen._rows.cursor = index
        await pilot.press("x")

        assert app.session.knowledge is not None
        assert app.session.knowledge.sizes.total == 531_010 - 500_000
        assert app.session.overview is not None
        assert (app.session.overview.closure_size, app.session.overview.paths) == (31_010, 3)
        assert "saves 488.3 KiB" in app.session.status

        await pilot.press("escape", "u")
        assert app.session.knowledge.sizes.total == 531_010
        assert app.session.status == ""


async def test_what_left_is_marked_as_gone_and_details_say_what_it_really_adds(tmp_path: Path) -> None:
    async with opened(on_disk(tmp_path), screen="closure", size=LARGE) as pilot:
        table = table_of(pilot)
        await pilot.press("down", "space", "down", "x")
        await pilot.pause()

        line = table.render_line(table.cursor + 1).text
        assert "gcc 13.2.0" in line and "✂ cut" in line and "gone" in line
        assert "normally adds 488.3 KiB" in " ".join(shown(screen_of(pilot).detail._body).split())


async def test_x_in_a_list_drops_the_path_whoever_references_it(tmp_path: Path) -> None:
    async with opened(on_disk(tmp_path)) as pilot:
        await pilot.press("slash", *"glibc", "enter", "x")

        app = app_of(pilot)
        assert app.session.plan.marks == [app.session.knowledge.closure.position[app.session.knowledge.closure.path(0)]]  # type: ignore[union-attr]
        assert app.session.knowledge is not None and app.session.knowledge.sizes.total == 501_010


async def test_a_root_cannot_be_cut() -> None:
    async with opened(knowledge_of(records_of({"app": ["lib"]})), screen="closure") as pilot:
        await pilot.press("x")

        assert app_of(pilot).session.plan.marks == []


async def test_the_plan_lists_marks_with_their_total_and_suggests_cuts(tmp_path: Path) -> None:
    async with opened(on_disk(tmp_path)) as pilot:
        await pilot.press("X")
        app = app_of(pilot)
        await app.workers.wait_for_complete()
        await pilot.pause()
        dialog = app.screen
        assert isinstance(dialog, PlanDialog)
        cuts = [line for line in dialog.lines if isinstance(line, Cut)]
        assert [cut.saving.size for cut in cuts] == sorted((cut.saving.size for cut in cuts), reverse=True)

        dialog._rows.cursor = dialog.lines.index(cuts[0])
        await pilot.press("x")
        assert set(app.session.plan.marks) == set(cuts[0].edges)
        assert "saves 488.3 KiB" in shown(dialog._total)

        copied: list[str] = []
        app.copy_to_clipboard = copied.append  # type: ignore[method-assign]
        await pilot.press("y")
        assert "must not reference `gcc 13.2.0`" in copied[0]

        await pilot.press("u")
        assert app.session.plan.marks == []


async def test_c_shows_what_a_path_contains_and_t_the_whole_closure(tmp_path: Path) -> None:
    async with opened(on_disk(tmp_path), size=LARGE) as pilot:
        await pilot.press("slash", *"app-1.0", "enter", "c")
        app = app_of(pilot)
        await until(pilot, lambda: isinstance(app.screen, ContentsScreen) and app.screen.found, "the files")
        screen = app.screen
        assert isinstance(screen, ContentsScreen)
        assert "tests, with their bytecode" in shown(screen._head)
        assert "4.9 KiB" in shown(screen._head)
        assert any("test_app.py" in screen._rows.render_line(line).text for line in range(1, 20))

        await pilot.press("t")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "the whole closure" in shown(screen._head)


async def test_without_files_evidence_and_contents_say_why_not() -> None:
    knowledge = knowledge_of(records_of({"app": ["lib"]}))
    async with opened(knowledge, size=LARGE) as pilot:
        screen = await why_of(pilot, "lib")
        assert any("files unknown" in line for line in text_of(screen))
        await pilot.press("escape", "c")
        await pilot.pause()
        contents = app_of(pilot).screen
        assert isinstance(contents, ContentsScreen)
        assert "are not known" in shown(contents._head)


async def test_a_snapshot_with_evidence_names_the_files() -> None:
    async with opened(demo(), size=LARGE) as pilot:
        screen = await why_of(pilot, "gcc-wrapper")

        assert any("share/msgpack/build.ini:1" in line for line in text_of(screen))


async def test_keys_that_arrive_together_reach_the_screens_they_are_meant_for(tmp_path: Path) -> None:
    async with opened(on_disk(tmp_path)) as pilot:
        app = app_of(pilot)
        for character in "2/gcc-13\rw":
            name = {"/": "slash", "-": "minus", "\r": "enter"}.get(character, character)
            app.post_message(Key(name, character))
        await until(pilot, lambda: isinstance(app.screen, WhyScreen), "why")

        assert isinstance(app.screen, WhyScreen)
        assert app.session.labels[app.screen._target] == "gcc 13.2.0"


# -- commands --------------------------------------------------------------------------------------------


def test_why_prints_the_contract(cli) -> None:  # type: ignore[no-untyped-def]
    answer = json.loads(cli("why", "demo:", "gcc-wrapper", "--format", "json").out)

    assert {"target", "chain", "chains", "must_pass", "edges"} <= set(answer)
    assert answer["chain"][0].endswith("-env") and answer["chain"][-1] == answer["target"]
    assert answer["chains"] == 1
    assert answer["edges"][-1]["evidence"][0]["file"] == "share/msgpack/build.ini"
    assert {"file", "carrier", "line"} <= set(answer["edges"][-1]["evidence"][0])


def test_why_in_text_names_the_file_and_what_every_chain_passes(cli) -> None:  # type: ignore[no-untyped-def]
    out = cli("why", "demo:", "gcc-wrapper").out

    assert "share/msgpack/build.ini:1" in out
    assert "Dropping any one of these references drops it" in out


def test_cuts_print_the_contract_largest_first(cli) -> None:  # type: ignore[no-untyped-def]
    cuts = json.loads(cli("cuts", "demo:", "--format", "json").out)

    assert [cut["saved_size"] for cut in cuts] == sorted((cut["saved_size"] for cut in cuts), reverse=True)
    first = cuts[0]
    assert {"target", "cut", "saved_size", "saved_paths"} <= set(first)
    assert first["target"] in first["saved_paths"]
    assert first["cut"][0]["reference"].endswith("gcc-wrapper-14.2.0")


def test_cuts_of_ones_own_give_the_exact_total(cli) -> None:  # type: ignore[no-untyped-def]
    answer = json.loads(cli("cuts", "demo:", "--cut", "msgpack:gcc-wrapper", "--format", "json").out)

    assert answer["left_size"] + answer["saved_size"] == answer["closure_size"]
    assert answer["cut"][0]["remedy"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("why", "demo:"), "why needs a SOURCE and a PATH"),
        (("contents", "demo:"), "contents needs a SOURCE and a PATH"),
        (("contents", "demo:", "pandas"), "the files of"),
        (("why", "demo:", "nothing-like-it"), "is not in this closure"),
        (("why", "demo:", "numpy", "--nix"), "a saved file has no nix to ask"),
        (("cuts", "demo:", "--cut", "msgpack"), "names no reference"),
        (("cuts", "demo:", "--cut", "numpy:gcc-wrapper"), "does not reference"),
    ],
)
def test_what_cannot_be_answered_is_one_sentence_and_status_2(cli, words, sentence) -> None:  # type: ignore[no-untyped-def]
    done = cli(*words)

    assert done.status == 2
    assert sentence in done.err.splitlines()[0]
    assert done.out == ""


def test_every_reference_is_listed_with_what_it_saves(cli) -> None:  # type: ignore[no-untyped-def]
    rows = json.loads(cli("cuts", "demo:", "--edges", "--format", "json").out)

    assert all({"referrer", "reference", "saved_size", "saved_paths"} <= set(row) for row in rows)
    assert 0 < sum(1 for row in rows if row["saved_size"]) < len(rows)
    for row in rows:
        assert (row["reference"] in row["saved_paths"]) == (row["saved_size"] > 0)


def test_words_after_the_source_are_paths_even_when_they_are_on_disk(cli, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    numpy = json.loads(cli("list", "demo:", "--filter", "numpy", "--format", "json").out)[0]["path"]
    (tmp_path / "home" / "pandas").touch()

    for word in (numpy, "pandas"):
        (cut,) = json.loads(cli("cuts", "demo:", word, "--strict", "--format", "json").out) or [None]
        assert cut is None or word in cut["target"]


def test_contents_of_a_path_add_up(cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    knowledge = on_disk(tmp_path)
    dump = tmp_path / "closure.json"
    document = {
        info.path: {"narSize": info.nar_size, "references": list(info.references)} for info in knowledge.closure.infos
    }
    dump.write_text(json.dumps(document))
    monkeypatch.setenv("NIX_STORE_DIR", knowledge.closure.store_dir)

    answer = json.loads(cli("contents", str(dump), "app", "--format", "json", "--depth", "0").out)

    assert sum(group["size"] for group in answer["groups"]) == answer["size"]
    assert sum(1 for entry in answer["entries"] if entry["kind"] != "folder") == answer["files"]
    whole = json.loads(cli("contents", str(dump), "--all", "--format", "json").out)
    assert whole["size"] > answer["size"]


def test_strict_cuts_say_what_they_count(cli: Cli) -> None:
    text = cli("cuts", "demo:", "pytest", "--strict").out
    assert "counted as references like any other (--strict)" in text
    assert "unknown: " not in text


# -- a closure that is too large to wait for -------------------------------------------------------------


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Take every closure for a large one, whose cuts are worked out when the event is set."""
    gate = threading.Event()
    work_out = Plan.work_out

    def slow(self: Plan, marks: Sequence[Mark]) -> Outcome:
        assert gate.wait(30)
        return work_out(self, marks)

    monkeypatch.setattr("pyclosure.tui.session.plan._QUICK", 0)
    monkeypatch.setattr(Plan, "work_out", slow)
    return gate


async def test_a_mark_stands_at_once_and_sizes_follow(large: threading.Event) -> None:
    async with opened(small()) as pilot:
        await stand_on(pilot, "data-1.0")
        before = summary(pilot)
        await pilot.press("x")

        assert "✂ cut" in picture(pilot)
        assert "1 cut · working out what is saved" in picture(pilot)
        assert summary(pilot) == before

        large.set()
        await until(pilot, lambda: not app_of(pilot).session.plan.behind, "what the cut saves")
        await until(pilot, lambda: summary(pilot) != before, "the new sum")
        assert "1 cut · saves" in picture(pilot)


async def test_marks_that_changed_meanwhile_are_worked_out_anew(large: threading.Event) -> None:
    async with opened(small()) as pilot:
        await stand_on(pilot, "data-1.0")
        await pilot.press("x", "u")
        large.set()
        await pilot.pause(0.1)

        plan = app_of(pilot).session.plan
        assert (plan.marks, plan.result, plan.behind) == ([], None, False)
        assert app_of(pilot).session.knowledge.gone == frozenset()  # type: ignore[union-attr]

        await stand_on(pilot, "web-1.0")
        await pilot.press("x", "X")
        await until(pilot, lambda: "saves" in picture(pilot) and not plan.behind, "what the cut saves")
        assert "working out" not in picture(pilot)


async def test_cuts_that_cannot_be_worked_out_are_said_so(
    large: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Plan, marks: Sequence[Mark]) -> Outcome:
        raise MemoryError

    monkeypatch.setattr(Plan, "work_out", broken)
    async with opened(small()) as pilot:
        await stand_on(pilot, "data-1.0")
        await pilot.press("x")
        await until(pilot, lambda: any("MemoryError" in one for one in toasts(pilot)), "the fault")

        assert "what the cuts save could not be worked out: MemoryError" in toasts(pilot)
        await pilot.press("u")
        assert app_of(pilot).session.plan.marks == []
