"""Sorting: by key and by mouse; the first row is always in view afterwards."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pyclosure.queries.opened.knowledge import Knowledge
from tests.support.closures import knowledge_of, records_of
from tests.tui.driving import WIDE, app_of, demo, here, lines, names, opened, stand_on, table_of


def _oracle(knowledge: Knowledge) -> dict[str, Callable[[int], object]]:
    """What each column sorts by, straight from the records."""
    closure, sizes = knowledge.closure, knowledge.sizes
    return {
        "added_size": lambda index: -sizes.added[index],
        "closure_size": lambda index: -sizes.closure[index],
        "nar_size": lambda index: -closure.infos[index].nar_size,
        "referrers": lambda index: -sum(closure.path(index) in info.references for info in closure.infos),
        "references": lambda index: -len(closure.infos[index].references),
        "depth": lambda index: -sizes.depth[index],
        "name": lambda index: closure.name(index),
        "kind": lambda index: knowledge.identity(index).kind.value,
    }


async def test_s_goes_through_all_columns_that_are_shown_and_comes_round() -> None:
    knowledge = demo()
    async with opened(knowledge, WIDE) as pilot:
        table = table_of(pilot)
        seen = []
        for _ in range(9):
            await pilot.press("s")
            key = table.browser.sort
            seen.append(key)
            positions = [table.browser.index(row) for row in range(table.row_count())]
            values = [_oracle(knowledge)[key](index) for index in positions]
            assert values == sorted(values), key
            assert len(positions) == 72

        assert seen == [
            *("closure_size", "nar_size", "referrers", "references", "depth", "name", "kind", "added_size"),
            "closure_size",
        ]


async def test_s_sorts_by_no_column_that_has_no_room() -> None:
    async with opened() as pilot:
        table = table_of(pilot)
        seen = []
        for _ in range(5):
            await pilot.press("s")
            seen.append(table.browser.sort)

        assert seen == ["closure_size", "nar_size", "name", "kind", "added_size"]


@pytest.mark.parametrize("key", ["s", "S"])
async def test_sorting_puts_the_first_row_into_view(key: str) -> None:
    async with opened() as pilot:
        table = table_of(pilot)
        await pilot.press("end")
        assert table.scroll_y > 0
        await pilot.press(key)

        assert round(table.scroll_y) == 0
        assert table.cursor == 0
        assert lines(table)[1].startswith(f"▌{app_of(pilot).session.labels[table.browser.index(0)]} ")


async def test_capital_s_turns_the_order_round_and_back() -> None:
    async with opened() as pilot:
        before = names(pilot)
        await pilot.press("S")
        turned = names(pilot)
        added = [table_of(pilot).browser.added(table_of(pilot).browser.index(row)) for row in range(72)]
        assert added == sorted(added)
        assert turned[-1] == before[0]

        await pilot.press("S")
        assert names(pilot) == before


async def test_the_header_shows_what_is_sorted_and_which_way() -> None:
    async with opened() as pilot:
        table = table_of(pilot)
        assert "added ▼" in lines(table)[0]
        await pilot.press("S")
        assert "added ▲" in lines(table)[0]
        await pilot.press("s", "s", "s")
        assert "name ▲" in lines(table)[0]
        assert "added ▼" not in lines(table)[0] and "added ▲" not in lines(table)[0]
        await pilot.press("S")
        assert "name ▼" in lines(table)[0]


@pytest.mark.parametrize("scrolled", [False, True])
async def test_a_click_on_a_header_sorts_and_a_second_one_turns_it_round(scrolled: bool) -> None:
    async with opened() as pilot:
        table = table_of(pilot)
        if scrolled:
            await pilot.press("end")
        x = lines(table)[0].index("NAR")
        await pilot.click(table, offset=(x, 0))
        assert (table.browser.sort, table.browser.reverse) == ("nar_size", False)
        assert names(pilot)[0] == "gcc-14.2.0"
        assert round(table.scroll_y) == 0

        await pilot.press("end")
        await pilot.pause(0.6)  # two quick clicks would be a double click
        await pilot.click(table, offset=(x, 0))
        assert (table.browser.sort, table.browser.reverse) == ("nar_size", True)
        assert names(pilot)[-1] == "gcc-14.2.0"
        assert round(table.scroll_y) == 0


async def test_every_title_that_looks_like_a_column_can_be_clicked_but_share_and_bar() -> None:
    async with opened(demo(), WIDE) as pilot:
        table = table_of(pilot)
        header = lines(table)[0]
        left = 1
        sorted_by = []
        for column, width in table._fit():
            await pilot.click(table, offset=(left + width - 1, 0))
            sorted_by.append((column.key, table.browser.sort))
            left += width + 1

        assert "share" in header
        for (key, now), (_, before) in zip(sorted_by[1:], sorted_by, strict=False):
            assert now == (before if key in ("share", "bar") else key)


async def test_sorting_the_tree_keeps_what_is_unfolded() -> None:
    async with opened(screen="closure", size=WIDE) as pilot:
        await stand_on(pilot, "python3.11-numpy-1.26.4")
        await pilot.press("space")
        rows = names(pilot)
        await pilot.press("s")

        assert table_of(pilot).browser.sort == "closure_size"
        assert sorted(names(pilot)) == sorted(rows)
        assert names(pilot) != rows
        assert here(pilot) == "python3-3.11.2-env"
        numpy = names(pilot).index("python3.11-numpy-1.26.4")
        assert set(names(pilot)[numpy + 1 : numpy + 6]) == {
            *("openblas-0.3.23", "python3-3.11.2", "glibc-2.41", "bash-5.2p37", "gcc-14.2.0-lib"),
        }


async def test_sizes_of_equal_rows_are_ordered_by_name_either_way() -> None:
    graph = {"root-1": ("b-1", "a-1", "c-1")}
    async with opened(knowledge_of(records_of(graph))) as pilot:
        assert names(pilot) == ["a-1", "b-1", "c-1"]
        await pilot.press("S")
        assert names(pilot) == ["a-1", "b-1", "c-1"]
