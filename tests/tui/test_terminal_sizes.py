"""From huge to nothing: names never vanish, columns go in order, and below 40x10 one sentence is left."""

from __future__ import annotations

import re

import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from pyclosure.queries.base.errors import NixFailed
from pyclosure.tui.frames.path_screen import WIDE
from pyclosure.tui.windows.dialogs import DetailDialog
from pyclosure.tui.words.details import Line
from tests.support.closures import knowledge_of, records_of
from tests.tui.driving import (
    LARGE,
    SMALL,
    Ready,
    app_for,
    app_of,
    detail_text,
    drawn,
    here,
    lines,
    names,
    opened,
    picture,
    running,
    screen_of,
    shown,
    table_of,
)

TOO_SMALL = "The terminal is too small: pyclosure needs 40 columns and 10 lines."


async def test_at_80_columns_the_names_of_the_first_rows_are_whole() -> None:
    for screen in ("overview", "closure", "python"):
        async with opened(screen=screen) as pilot:
            table = table_of(pilot)
            rows = lines(table)[1:]
            assert len(rows) >= 7
            for row, line in enumerate(rows[:10]):
                assert app_of(pilot).session.labels[table.browser.index(row)] in line, f"{screen}: {line}"


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
async def test_names_never_vanish(width: int) -> None:
    async with opened(size=(width, 30)) as pilot:
        table = table_of(pilot)
        assert table.visible_columns()[0] == "name"
        assert "added_size" in table.visible_columns()
        for row, line in enumerate(lines(table)[1:]):
            label = app_of(pilot).session.labels[table.browser.index(row)]
            # at least what a name begins with and its version
            assert line[1:].startswith(label[:12]), line
            assert label.split(" ")[-1] in line
            assert len(line) <= width


async def test_columns_go_in_the_documented_order_and_come_back_in_the_same() -> None:
    async with opened(size=(200, 30)) as pilot:
        table = table_of(pilot)
        gone: list[str] = []
        before = table.visible_columns()
        for width in (119, 108, 97, 90, 80, 70, 60, 50, 40):
            await pilot.resize_terminal(width, 30)
            await pilot.pause()
            now = table.visible_columns()
            gone += [key for key in before if key not in now]
            assert set(now) <= set(before), f"a column came back at {width}"
            before = now

        assert before == ["name", "added_size"]
        # the last to go are those that say most
        assert gone[-4:] == ["bar", "closure_size", "kind", "nar_size"]
        assert set(gone[:3]) <= {"interpreter", "output", "depth"}

        await pilot.resize_terminal(200, 30)
        await pilot.pause()
        assert set(table.visible_columns()) == {"name", "added_size", *gone}


async def test_numbers_are_right_aligned_and_never_cut() -> None:
    async with opened(size=(120, 30)) as pilot:
        table = table_of(pilot)
        header = table.render_line(0).text
        ends = {title: header.index(title) + len(title) for title in ("NAR", "closure")}
        for line in lines(table)[1:]:
            for title, end in ends.items():
                assert line[end - 3 : end] in ("MiB", "KiB", "GiB") or line[end - 2 : end] == " B", f"{title}: {line}"
                assert "…" not in line[end - 10 : end]


@pytest.mark.parametrize("size", [(40, 10), (60, 15), (79, 24), (119, 31), (120, 32), (300, 80)])
@pytest.mark.parametrize("screen", ["overview", "closure", "python"])
async def test_every_screen_fits_at_every_size(screen: str, size: tuple[int, int]) -> None:
    async with opened(screen=screen, size=size) as pilot:
        all_lines = drawn(pilot)

        assert len(all_lines) == size[1]
        assert {len(line) for line in all_lines} == {size[0]}
        assert TOO_SMALL not in picture(pilot)
        assert any("▌" in line for line in all_lines), "no row is in view"
        assert re.match(r" (pyclosure  )?1 Over(view)? {1,2}2 Clos", all_lines[0])
        assert all_lines[-1].startswith(" enter open")


@pytest.mark.parametrize("size", [(39, 24), (80, 9), (39, 9), (20, 5), (1, 1), (2, 60), (200, 1)])
async def test_below_40x10_one_sentence_says_so(size: tuple[int, int]) -> None:
    async with opened(size=size) as pilot:
        text, whole = "".join(picture(pilot).split()), TOO_SMALL.replace(" ", "")

        assert text == whole[: len(text)]
        # as much of it as there are cells
        assert len(text) >= min(len(whole), size[0] * size[1] - 3 * size[1])
        assert text


async def test_resizing_while_running_loses_neither_place_nor_rows() -> None:
    async with opened(size=LARGE) as pilot:
        await pilot.press("2", "e")
        table = table_of(pilot)
        table.cursor = names(pilot).index("isl-0.27")
        for size in (SMALL, (1, 1), (40, 10), (300, 3), LARGE):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert here(pilot) == "isl-0.27"
            if size[0] >= 40 and size[1] >= 10:
                marked = [line for line in lines(table) if line.startswith("▌")]
                assert len(marked) == 1 and "isl 0.27" in marked[0], f"at {size}"

        assert len(names(pilot)) == len(table.browser.place.outline.rows) > 200


async def test_windows_survive_a_terminal_of_one_cell() -> None:
    async with opened(size=SMALL) as pilot:
        for key in ("d", "o", "question_mark", "ctrl+p"):
            await pilot.press(key)
            await pilot.resize_terminal(1, 1)
            await pilot.pause()
            await pilot.resize_terminal(*SMALL)
            await pilot.pause()
            assert len(pilot.app.screen_stack) == 2, key
            await pilot.press("escape")
            assert len(pilot.app.screen_stack) == 1, key


async def test_typing_a_filter_survives_a_terminal_of_one_cell() -> None:
    async with opened(size=SMALL) as pilot:
        await pilot.press("slash", *"gcc")
        await pilot.resize_terminal(1, 1)
        await pilot.pause()
        await pilot.resize_terminal(*SMALL)
        await pilot.pause()

        assert names(pilot) == ["gcc-wrapper-14.2.0", "gcc-14.2.0", "gcc-14.2.0-lib"]
        await pilot.press("escape")
        assert len(names(pilot)) == 72


@pytest.mark.parametrize(("width", "beside"), [(WIDE - 1, False), (WIDE, True)])
async def test_details_stand_beside_the_rows_on_wide_terminals_and_below_on_narrow_ones(
    width: int, beside: bool
) -> None:
    async with opened(size=(width, 40)) as pilot:
        detail, table = screen_of(pilot).detail.region, table_of(pilot).region

        assert (detail.x >= table.right) == beside
        assert (detail.y >= table.bottom) != beside


async def test_details_move_when_the_terminal_becomes_wide() -> None:
    async with opened(size=(100, 40)) as pilot:
        assert "closure size" not in detail_text(screen_of(pilot).detail)
        await pilot.resize_terminal(160, 40)
        await pilot.pause()

        assert "closure size" in detail_text(screen_of(pilot).detail)


async def test_a_long_name_is_cut_in_its_middle_and_keeps_its_version() -> None:
    name = "python3.11-a-package-with-a-name-that-nobody-can-remember-2.13.4"
    async with opened(knowledge_of(records_of({"root-1": (name,)})), size=(60, 20)) as pilot:
        line = lines(table_of(pilot))[1]

        assert line[1:].startswith("a-package")
        assert "…" in line
        assert "2.13.4" in line


async def test_deep_rows_keep_room_for_their_names_at_80_columns() -> None:
    graph = {f"a-package-1.{number}": (f"a-package-1.{number + 1}",) for number in range(20)}
    async with opened(knowledge_of(records_of(graph)), screen="closure") as pilot:
        await pilot.press("e", "end")
        for row, line in zip(range(21)[-len(lines(table_of(pilot))) + 1 :], lines(table_of(pilot))[1:], strict=True):
            assert f"a-package 1.{row}" in line


async def test_a_window_with_one_long_line_folds_it() -> None:
    async with opened(size=SMALL) as pilot:
        pilot.app.push_screen(DetailDialog("a title", [Line("", "/nix/store/" + "x" * 300)]))
        await pilot.pause()
        text = picture(pilot)

        assert text.count("x") >= 300
        assert all(len(line) <= 80 for line in text.splitlines())


def footer_of(pilot: Pilot[int]) -> str:
    return shown(screen_of(pilot).key_bar)


@pytest.mark.parametrize("width", [40, 50, 60, 70])
async def test_the_footer_drops_whole_keys_only(width: int) -> None:
    async with opened(size=(width, 24)) as pilot:
        words = {active.binding.description for active in screen_of(pilot).active_bindings.values()}
        keys = footer_of(pilot).strip().split("  ")

        assert keys[0] == "enter open"
        for key in keys:
            assert key.split(" ", 1)[1] in words, keys
        assert len(footer_of(pilot)) <= width


@pytest.fixture
def layouts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collects which screens lay themselves out."""
    found: list[str] = []
    original = Screen._refresh_layout

    def counted(screen: Screen, *arguments: object, **more: object) -> None:
        found.append(str(screen))
        original(screen, *arguments, **more)

    monkeypatch.setattr(Screen, "_refresh_layout", counted)
    return found


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (40, 10), LARGE])
async def test_an_app_that_nobody_touches_lays_nothing_out(size: tuple[int, int], layouts: list[str]) -> None:
    async with opened(size=SMALL) as pilot:
        await pilot.resize_terminal(*size)
        for window in ("", "d", "question_mark"):
            if window:
                await pilot.press("escape", window)
            await pilot.pause()
            layouts.clear()
            # a fifth of a second is twelve frames
            for _ in range(10):
                await pilot.pause(0.02)
            assert len(layouts) <= 2, f"{layouts[-1]} at {size}"


@pytest.mark.parametrize("size", [(1, 1), (2, 2), SMALL])
async def test_trouble_that_nobody_touches_lays_nothing_out(size: tuple[int, int], layouts: list[str]) -> None:
    error = NixFailed("it failed", hint="try", words="error: " + "a long story " * 40)
    async with running(app_for(Ready(error)), size) as pilot:
        await pilot.pause()
        layouts.clear()
        for _ in range(10):
            await pilot.pause(0.02)
        assert len(layouts) <= 2
