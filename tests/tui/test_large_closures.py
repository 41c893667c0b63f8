"""20,000 paths, chains of 2,000: everything works as with twenty. Nothing here looks at a clock."""

from __future__ import annotations

import pytest

from pyclosure.queries.opened.knowledge import Knowledge
from tests.support.closures import store_path
from tests.tui.closures import chain, wide
from tests.tui.driving import (
    LARGE,
    SMALL,
    app_of,
    filter_line,
    here,
    lines,
    opened,
    screen_of,
    shown,
    table_of,
    toasts,
    type_filter,
)

COUNT = 20_000
LAST = store_path("p01999-1")


@pytest.fixture(scope="module")
def large() -> Knowledge:
    return wide(COUNT)


async def test_twenty_thousand_paths_filter_sort_and_unfold(large: Knowledge) -> None:
    async with opened(large, SMALL) as pilot:
        table = table_of(pilot)
        assert table.row_count() == COUNT - 1
        added = [table.browser.added(table.browser.index(row)) for row in range(table.row_count())]
        assert added == sorted(added, reverse=True)

        # filter
        await type_filter(pilot, "leaf0123")
        assert sorted(large.closure.name(table.browser.index(row)) for row in range(table.row_count())) == [
            f"leaf0123{digit}-2.{digit}" for digit in range(10)
        ]
        filter_line(pilot).value = r"^leaf.*-2\.7\b"
        await pilot.pause()
        assert table.row_count() == sum(1 for number in range(COUNT - 101) if number % 10 == 7)
        await pilot.press("escape")
        assert table.row_count() == COUNT - 1

        # sort
        await pilot.press("end")
        assert table.cursor == COUNT - 2
        assert lines(table)[-1].startswith("▌")
        for key in ("nar_size", "name"):
            while table.browser.sort != key:
                await pilot.press("s")
            assert round(table.scroll_y) == 0
        names = [large.closure.name(table.browser.index(row)) for row in range(table.row_count())]
        assert names == sorted(names)
        await pilot.press("S")
        assert [large.closure.name(table.browser.index(row)) for row in range(table.row_count())] == names[::-1]

        # find
        await type_filter(pilot, "leaf19000")
        await pilot.press("escape", "home", "n")
        assert here(pilot) == "leaf19000-2.0"
        assert any(line.startswith("▌leaf19000 2.0 ") for line in lines(table))

        # unfold: a path that hangs in two places is unfolded in one
        await pilot.press("enter")
        assert app_of(pilot).current_mode == "closure"
        assert here(pilot) == "leaf19000-2.0"
        tree = table_of(pilot)
        await pilot.press("e")
        assert here(pilot) == "leaf19000-2.0"
        assert tree.row_count() <= 20_000
        assert toasts(pilot)[-1] == "too many rows to unfold all; the first levels are shown"
        await pilot.press("t")
        assert tree.row_count() == COUNT
        await pilot.press("G")
        assert shown(screen_of(pilot).trail).rstrip().endswith(f"{COUNT:,}/{COUNT:,}")


async def test_a_chain_of_two_thousand_unfolds_shows_and_folds() -> None:
    async with opened(chain(2000), LARGE) as pilot:
        assert table_of(pilot).row_count() == 1999
        await pilot.press("2", "e")
        table = table_of(pilot)
        assert table.row_count() == 2000
        await pilot.press("end")
        assert here(pilot) == "p01999-1"
        assert "1999›" in lines(table)[-1]
        trail = shown(screen_of(pilot).trail)
        assert trail.startswith(" p00000 1 › … › ")
        assert " › p01999 1 " in trail and trail.rstrip().endswith("2,000/2,000")

        await pilot.press("r")
        await pilot.pause()
        await pilot.press("e")
        assert table.row_count() == 2000
        await pilot.press("end")
        assert here(pilot) == "p00000-1"

        await pilot.press("backspace", "E")
        assert table.row_count() == 2


@pytest.mark.parametrize("seen_before", [False, True])
async def test_the_end_of_a_long_chain_is_in_view_after_going_there(seen_before: bool) -> None:
    async with opened(chain(2000)) as pilot:
        if seen_before:
            await pilot.press("2", "1")
        table_of(pilot).cursor = table_of(pilot).browser.row_of(app_of(pilot).session.knowledge.closure.position[LAST])
        await pilot.press("enter")
        await pilot.pause()

        table = table_of(pilot)
        assert app_of(pilot).current_mode == "closure"
        assert table.row_count() == 2000
        assert lines(table)[-1].startswith("▌") and "p01999 1" in lines(table)[-1]


async def test_a_chain_of_two_thousand_can_be_relative_to_its_referrer() -> None:
    async with opened(chain(2000), screen="closure") as pilot:
        await pilot.press("e", "end", "a")

        assert "added within p01998 1" in shown(screen_of(pilot).trail)
        assert here(pilot) == "p01999-1"
