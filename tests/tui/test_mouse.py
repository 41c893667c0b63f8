"""Every click has a key that does the same; here are the clicks."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from pyclosure.tui.windows.dialogs import DetailDialog, HelpDialog
from pyclosure.tui.windows.why import WhyScreen
from tests.tui.closures import small
from tests.tui.driving import app_of, here, lines, names, opened, screen_of, shown, table_of


async def click_on(pilot: Pilot[int], widget: object, word: str, times: int = 1) -> None:
    """Click on the first place where a widget shows a word."""
    text = shown(widget).splitlines()
    y = next(y for y, line in enumerate(text) if word in line)
    await pilot.click(widget, offset=(text[y].index(word) + 1, y), times=times)
    await pilot.pause()


async def test_a_click_puts_the_cursor_on_a_row() -> None:
    async with opened() as pilot:
        await click_on(pilot, table_of(pilot), "numpy 1.26.4")

        assert here(pilot) == "python3.11-numpy-1.26.4"
        assert app_of(pilot).current_mode == "overview"


async def test_a_click_finds_the_row_after_scrolling() -> None:
    async with opened() as pilot:
        await pilot.press("end")
        await click_on(pilot, table_of(pilot), "iniconfig 2.3.1")

        assert here(pilot) == "python3.11-iniconfig-2.3.1"


async def test_a_double_click_goes_in() -> None:
    async with opened() as pilot:
        await click_on(pilot, table_of(pilot), "numpy 1.26.4", times=2)

        assert app_of(pilot).current_mode == "closure"
        assert here(pilot) == "python3.11-numpy-1.26.4"


async def test_a_double_click_in_the_tree_goes_in() -> None:
    async with opened(small(), screen="closure") as pilot:
        await click_on(pilot, table_of(pilot), "web 1.0", times=2)

        assert names(pilot) == ["web-1.0", "shared-1.0", "tool-1.0"]


async def test_a_click_below_the_rows_changes_nothing() -> None:
    async with opened(small()) as pilot:
        await pilot.press("down")
        await pilot.click(table_of(pilot), offset=(5, table_of(pilot).size.height - 1), times=2)

        assert table_of(pilot).cursor == 1
        assert app_of(pilot).current_mode == "overview"


async def test_a_click_on_the_triangle_unfolds_and_folds() -> None:
    async with opened(small(), screen="closure") as pilot:
        await click_on(pilot, table_of(pilot), " ▸ web 1.0")
        assert names(pilot)[-2:] == ["shared-1.0", "tool-1.0"]
        await pilot.pause(0.6)  # two quick clicks would be a double click
        await click_on(pilot, table_of(pilot), " ▾ web 1.0")

        assert names(pilot)[-1] == "web-1.0"


@pytest.mark.parametrize(("word", "mode"), [("2 Clo", "closure"), ("3 Pyt", "python")])
async def test_a_click_on_a_tab_switches_screens(word: str, mode: str) -> None:
    async with opened() as pilot:
        await click_on(pilot, screen_of(pilot).title_bar, word)

        assert app_of(pilot).current_mode == mode
        assert table_of(pilot).has_focus


async def test_a_click_on_a_key_in_the_footer_presses_it() -> None:
    async with opened() as pilot:
        bar = screen_of(pilot).key_bar
        await click_on(pilot, bar, "sort")
        assert table_of(pilot).browser.sort == "closure_size"
        await click_on(pilot, bar, "why")
        assert isinstance(pilot.app.screen, WhyScreen)
        await pilot.press("escape", "d")
        assert isinstance(pilot.app.screen, DetailDialog)
        await click_on(pilot, pilot.app.screen.query_one("KeyBar"), "close")
        assert pilot.app.screen is pilot.app.screen_stack[0]
        await click_on(pilot, bar, "help")
        assert isinstance(pilot.app.screen, HelpDialog)
        await pilot.press("escape")
        await click_on(pilot, bar, "filter")
        assert screen_of(pilot).filter_bar.has_class("-open")


@pytest.mark.parametrize("word", ["enter", "open"])
async def test_a_click_on_enter_in_the_footer_goes_in(word: str) -> None:
    async with opened() as pilot:
        await pilot.press("down")
        await click_on(pilot, screen_of(pilot).key_bar, word)

        assert app_of(pilot).current_mode == "closure"
        assert here(pilot) == "gcc-wrapper-14.2.0"


async def test_a_click_on_referrers_in_the_footer_shows_them() -> None:
    async with opened(small(), screen="closure") as pilot:
        await click_on(pilot, table_of(pilot), "web 1.0")
        await click_on(pilot, screen_of(pilot).key_bar, "referrers")

        assert names(pilot) == ["web-1.0", "app-1.0"]


async def test_the_wheel_scrolls_and_leaves_the_cursor_where_it_is() -> None:
    async with opened() as pilot:
        table = table_of(pilot)
        for _ in range(3):
            table._on_mouse_scroll_down(_wheel(table))
        await pilot.pause()

        assert table.scroll_y > 0
        assert table.cursor == 0
        assert not any(line.startswith("▌") for line in lines(table))
        await pilot.press("down")
        assert lines(table)[1 + 1 - round(table.scroll_y)].startswith("▌")


def _wheel(table: object) -> object:
    from textual.events import MouseScrollDown

    return MouseScrollDown(table, 5, 3, 0, 1, 0, False, False, False, 5, 13)
