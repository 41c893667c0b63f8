"""The closure as a tree: unfolding, going in, coming back, and parts that hang in several places."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from pyclosure.tui.screens.closure import ClosureScreen
from tests.support.closures import knowledge_of, records_of
from tests.tui.closures import SMALL_GRAPH, small, two_roots
from tests.tui.driving import (
    WIDE,
    app_of,
    demo,
    detail_text,
    here,
    lines,
    names,
    opened,
    screen_of,
    shown,
    stand_on,
    table_of,
    toasts,
)

FOLDED = ["app-1.0", "data-1.0", "shared-1.0", "web-1.0"]


def trail(pilot: Pilot[int]) -> str:
    screen = screen_of(pilot)
    assert isinstance(screen, ClosureScreen)
    return shown(screen.trail)


def tree(what: object = None, size: tuple[int, int] = WIDE):
    return opened(what or small(), size, screen="closure")


# -- unfolding -------------------------------------------------------------------------------------------


async def test_the_tree_opens_with_the_root_unfolded() -> None:
    async with tree() as pilot:
        assert names(pilot) == FOLDED
        assert here(pilot) == "app-1.0"


async def test_several_roots_open_folded_side_by_side() -> None:
    async with tree(two_roots()) as pilot:
        assert names(pilot) == ["worker-1.0", "web-1.0"]


async def test_space_unfolds_a_row_and_folds_it_again() -> None:
    async with tree() as pilot:
        await stand_on(pilot, "web-1.0")
        await pilot.press("space")
        assert names(pilot) == [*FOLDED, "shared-1.0", "tool-1.0"]
        assert here(pilot) == "web-1.0"

        await pilot.press("space")
        assert names(pilot) == FOLDED


async def test_space_on_a_path_without_references_does_nothing() -> None:
    async with tree() as pilot:
        await stand_on(pilot, "data-1.0")
        await pilot.press("space", "right", "enter", "backspace")

        assert names(pilot) == FOLDED
        assert here(pilot) == "data-1.0"


@pytest.mark.parametrize(("unfold", "fold"), [("right", "left"), ("l", "h")])
async def test_right_unfolds_then_goes_down_and_left_goes_up_then_folds(unfold: str, fold: str) -> None:
    async with tree() as pilot:
        await stand_on(pilot, "shared-1.0")
        await pilot.press(unfold)
        assert names(pilot) == ["app-1.0", "data-1.0", "shared-1.0", "libc-1.0", "web-1.0"]
        assert here(pilot) == "shared-1.0"
        await pilot.press(unfold)
        assert here(pilot) == "libc-1.0"

        await pilot.press(fold)
        assert here(pilot) == "shared-1.0"
        await pilot.press(fold)
        assert names(pilot) == FOLDED
        await pilot.press(fold)
        assert here(pilot) == "app-1.0"


async def test_unfolding_all_shows_every_reference_once_and_folding_all_returns() -> None:
    async with tree() as pilot:
        await pilot.press("e")
        # one row for the root and one for each reference
        assert len(names(pilot)) == 1 + sum(map(len, SMALL_GRAPH.values()))
        assert names(pilot).count("libc-1.0") == 1

        await pilot.press("E")
        assert names(pilot) == FOLDED
        assert here(pilot) == "app-1.0"


async def test_unfolding_all_keeps_the_cursor_on_its_path() -> None:
    async with tree() as pilot:
        await stand_on(pilot, "web-1.0")
        await pilot.press("e")

        assert here(pilot) == "web-1.0"


async def test_a_path_that_is_unfolded_elsewhere_says_where() -> None:
    async with tree() as pilot:
        await stand_on(pilot, "web-1.0")
        await pilot.press("space")
        table = table_of(pilot)
        assert not any("shown" in line for line in lines(table))

        await stand_on(pilot, "shared-1.0")
        await pilot.press("space")

        drawn = lines(table)[1:8]
        below_web = drawn[names(pilot).index("web-1.0") + 1]
        assert [line for line in drawn if "shown above" in line] == [below_web]
        assert "shared 1.0  ↑ shown above" in below_web


async def test_on_a_small_terminal_a_repetition_is_marked_as_well() -> None:
    async with opened(screen="closure") as pilot:
        await pilot.press("e")
        repeated = next(line for line in lines(table_of(pilot)) if "▸ gmp" in line)

        assert "↓" in repeated


@pytest.mark.parametrize("key", ["space", "right"])
async def test_a_repetition_jumps_to_where_the_path_is_unfolded(key: str) -> None:
    async with tree() as pilot:
        await pilot.press("e")
        table = table_of(pilot)
        repeated = next(row for row, name in enumerate(names(pilot)) if name == "shared-1.0" and row > 3)
        table.cursor = repeated
        await pilot.press(key)

        assert here(pilot) == "shared-1.0"
        assert table.cursor == names(pilot).index("shared-1.0") < repeated
        assert "shown here already" in toasts(pilot)


async def test_folding_the_first_place_lets_the_path_unfold_in_the_second() -> None:
    async with tree() as pilot:
        await stand_on(pilot, "shared-1.0")
        await pilot.press("space")
        await stand_on(pilot, "web-1.0")
        await pilot.press("space")
        await stand_on(pilot, "shared-1.0")
        await pilot.press("space")
        table_of(pilot).cursor = 4
        assert here(pilot) == "shared-1.0"
        await pilot.press("space")

        assert names(pilot) == [*FOLDED, "shared-1.0", "libc-1.0", "tool-1.0"]


# -- going in and coming back ----------------------------------------------------------------------------


async def test_enter_goes_in_and_backspace_comes_back_to_the_same_row() -> None:
    async with tree() as pilot:
        await stand_on(pilot, "web-1.0")
        await pilot.press("enter")
        assert names(pilot) == ["web-1.0", "shared-1.0", "tool-1.0"]
        assert here(pilot) == "web-1.0"
        await pilot.press("down", "enter")
        assert names(pilot) == ["shared-1.0", "libc-1.0"]

        await pilot.press("backspace")
        assert names(pilot) == ["web-1.0", "shared-1.0", "tool-1.0"]
        assert here(pilot) == "shared-1.0"
        await pilot.press("backspace")
        assert names(pilot) == FOLDED
        assert here(pilot) == "web-1.0"
        await pilot.press("backspace")
        assert names(pilot) == FOLDED


async def test_enter_on_the_top_stays_where_it_is() -> None:
    async with tree() as pilot:
        await pilot.press("enter", "enter")

        assert len(table_of(pilot).browser.places) == 1


async def test_escape_comes_back_as_well() -> None:
    async with tree() as pilot:
        await stand_on(pilot, "web-1.0")
        await pilot.press("enter", "escape")

        assert names(pilot) == FOLDED
        assert here(pilot) == "web-1.0"


async def test_what_was_unfolded_is_unfolded_still_after_coming_back() -> None:
    async with tree() as pilot:
        await pilot.press("e")
        before = names(pilot)
        await stand_on(pilot, "web-1.0")
        await pilot.press("enter", "E", "backspace")

        assert names(pilot) == before


async def test_r_shows_what_references_a_path_upwards() -> None:
    async with tree() as pilot:
        await stand_on(pilot, "shared-1.0")
        await pilot.press("r")
        await pilot.pause()

        assert names(pilot) == ["shared-1.0", "app-1.0", "web-1.0"]
        assert here(pilot) == "shared-1.0"
        assert trail(pilot).startswith(" referrers of shared 1.0")
        await stand_on(pilot, "web-1.0")
        await pilot.press("space")
        assert names(pilot) == ["shared-1.0", "app-1.0", "web-1.0", "app-1.0"]

        await pilot.press("backspace")
        assert names(pilot) == FOLDED
        assert here(pilot) == "shared-1.0"


async def test_r_on_the_overview_leads_to_the_referrers() -> None:
    async with opened(small()) as pilot:
        await stand_on(pilot, "tool-1.0")
        await pilot.press("r")
        await pilot.pause()

        assert app_of(pilot).current_mode == "closure"
        assert names(pilot) == ["tool-1.0", "web-1.0"]


async def test_the_trail_names_the_way_and_the_position() -> None:
    async with tree() as pilot:
        assert trail(pilot).split() == ["app", "1.0", "1/4"]
        await pilot.press("e")
        await stand_on(pilot, "tool-1.0")

        assert trail(pilot).startswith(" app 1.0 › web 1.0 › tool 1.0 ")
        assert trail(pilot).rstrip().endswith(" 7/7")


async def test_a_long_trail_keeps_its_ends() -> None:
    graph = {f"a-long-name{number}-1.0": (f"a-long-name{number + 1}-1.0",) for number in range(8)}
    async with tree(knowledge_of(records_of(graph)), (80, 24)) as pilot:
        await pilot.press("e", "end")

        assert trail(pilot).startswith(" a-long-name0 1.0 › ")
        assert "…" in trail(pilot)
        assert "› a-long-name8 1.0 " in trail(pilot)
        assert trail(pilot).rstrip().endswith("9/9")
        assert len(trail(pilot)) <= 80


@pytest.mark.parametrize("size", [(80, 24), (119, 30), (120, 30), (200, 60)])
async def test_the_trail_is_whole_from_the_first_frame_on(size: tuple[int, int]) -> None:
    async with opened(demo(), size) as pilot:
        await pilot.press("2")
        assert trail(pilot).split() == ["python3-3.11.2-env", "1/34"]
        # the position stands at the right end of the rows
        assert len(trail(pilot).rstrip()) in range(table_of(pilot).size.width - 2, table_of(pilot).size.width + 1)


async def test_rows_that_hang_deep_show_their_level_instead_of_running_out_of_the_screen() -> None:
    graph = {f"p{number:02}-1.0": (f"p{number + 1:02}-1.0",) for number in range(40)}
    async with tree(knowledge_of(records_of(graph)), (80, 24)) as pilot:
        await pilot.press("e", "end")

        assert here(pilot) == "p40-1.0"
        last = lines(table_of(pilot))[-1]
        assert "40›" in last and "p40 1.0" in last


# -- flat ------------------------------------------------------------------------------------------------


async def test_t_shows_all_paths_as_a_table_and_t_again_the_tree_at_the_same_path() -> None:
    async with tree() as pilot:
        await pilot.press("t")
        assert names(pilot) == ["app-1.0", "data-1.0", "shared-1.0", "libc-1.0", "web-1.0", "tool-1.0"]
        assert trail(pilot).startswith(" all paths")

        await stand_on(pilot, "tool-1.0")
        await pilot.press("t")
        assert here(pilot) == "tool-1.0"
        assert names(pilot) == [*FOLDED, "shared-1.0", "tool-1.0"]


async def test_enter_in_the_flat_table_shows_the_path_in_the_tree() -> None:
    async with tree() as pilot:
        await pilot.press("t")
        await stand_on(pilot, "libc-1.0")
        await pilot.press("enter")

        assert not table_of(pilot).browser.listing
        assert here(pilot) == "libc-1.0"


async def test_the_flat_table_below_a_path_holds_what_it_needs_only() -> None:
    async with tree() as pilot:
        await stand_on(pilot, "web-1.0")
        await pilot.press("enter", "t")

        assert sorted(names(pilot)) == ["libc-1.0", "shared-1.0", "tool-1.0", "web-1.0"]


async def test_tree_keys_do_nothing_in_the_flat_table() -> None:
    async with tree() as pilot:
        await pilot.press("t")
        await stand_on(pilot, "web-1.0")
        before = names(pilot)
        await pilot.press("space", "right", "left", "e", "E")

        assert names(pilot) == before
        assert here(pilot) == "web-1.0"


# -- what added sizes are relative to --------------------------------------------------------------------


def added_column(pilot: Pilot[int]) -> list[str]:
    table = table_of(pilot)
    column = next(one for one in table.columns() if one.key == "added_size")
    return [table.cell(row, column, column.width).text for row in range(table.row_count())]


async def test_a_makes_added_sizes_relative_to_the_referrer_and_the_title_says_so() -> None:
    async with tree() as pilot:
        await pilot.press("e")
        await stand_on(pilot, "tool-1.0")
        assert added_column(pilot)[names(pilot).index("web-1.0")] == "15 B"
        assert "added" not in trail(pilot)

        await pilot.press("a")
        assert "added within web 1.0" in trail(pilot)
        assert "added sizes are within web 1.0" in toasts(pilot)
        assert here(pilot) == "tool-1.0"
        values = dict(zip(names(pilot), added_column(pilot), strict=True))
        # in the closure of web, everything it needs would leave with it
        assert values["web-1.0"] == "1.1 KiB"
        assert values["data-1.0"] == "–"

        await pilot.press("a")
        assert "added" not in trail(pilot)
        assert added_column(pilot)[names(pilot).index("web-1.0")] == "15 B"


async def test_within_a_referrer_rows_are_sorted_by_what_they_add_to_it() -> None:
    async with tree() as pilot:
        await pilot.press("e")
        await stand_on(pilot, "tool-1.0")
        await pilot.press("a")
        tops = [name for name in names(pilot) if name in FOLDED[1:]][:3]

        # data is not in the closure of web: unknown comes last
        assert tops[0] == "web-1.0"
        assert names(pilot)[-1] == "data-1.0"


async def test_a_row_that_hangs_from_nothing_says_that_there_is_no_referrer() -> None:
    async with tree() as pilot:
        await pilot.press("a")

        assert table_of(pilot).browser.within is None
        assert toasts(pilot) == ["this row hangs from no referrer; unfold one in the tree first"]


async def test_the_details_say_what_added_is_relative_to_as_well() -> None:
    async with tree() as pilot:
        await pilot.press("e")
        await stand_on(pilot, "tool-1.0")
        await pilot.press("a")

        text = detail_text(screen_of(pilot).detail)
        assert "added size   5 B  within web 1.0" in text


# -- moving ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "last"), [("home", "end"), ("g", "G")])
async def test_the_first_and_the_last_row_have_keys(first: str, last: str) -> None:
    async with opened() as pilot:
        table = table_of(pilot)
        await pilot.press(last)
        assert table.cursor == table.row_count() - 1 == 71
        assert lines(table)[-1].startswith("▌keyutils 1.6.3 (lib)")

        await pilot.press(first)
        assert table.cursor == 0
        assert round(table.scroll_y) == 0


async def test_pages_keep_a_row_in_common_and_stop_at_the_ends() -> None:
    async with opened() as pilot:
        table = table_of(pilot)
        page = table.size.height - 2
        await pilot.press("pagedown")
        assert table.cursor == page
        await pilot.press("pagedown")
        assert table.cursor == 2 * page
        await pilot.press("pageup", "pageup", "pageup")
        assert table.cursor == 0
        await pilot.press("end", "pagedown", "down")
        assert table.cursor == table.row_count() - 1


async def test_the_row_of_the_cursor_is_always_in_view() -> None:
    async with opened() as pilot:
        table = table_of(pilot)
        for key in ["down"] * 12 + ["k"] * 5 + ["j", "pagedown", "up", "end", "up", "home", "ctrl+f", "ctrl+b"]:
            await pilot.press(key)
            marked = [line for line in lines(table) if line.startswith("▌")]
            assert len(marked) == 1, key
            assert app_of(pilot).session.labels[table.index] in marked[0], key
