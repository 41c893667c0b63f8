"""The filter: as you type, kept or left, and the search that goes on with it."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from tests.tui.closures import small
from tests.tui.driving import (
    LARGE,
    app_of,
    demo,
    detail_text,
    filter_line,
    here,
    lines,
    names,
    opened,
    picture,
    screen_of,
    shown,
    stand_on,
    table_of,
    toasts,
    type_filter,
)


def is_open(pilot: Pilot[int]) -> bool:
    return screen_of(pilot).filter_bar.has_class("-open")


async def test_rows_follow_every_key_that_is_typed() -> None:
    async with opened() as pilot:
        await pilot.press("slash")
        assert is_open(pilot) and filter_line(pilot).has_focus
        seen = []
        for key in "gcc":
            await pilot.press(key)
            seen.append(len(names(pilot)))

        # g and c alone mean many paths; by the third key only compilers are left
        assert seen[0] > seen[1] >= seen[2] == 3
        assert names(pilot) == ["gcc-wrapper-14.2.0", "gcc-14.2.0", "gcc-14.2.0-lib"]
        await pilot.press("backspace", "backspace")
        assert len(names(pilot)) == seen[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data", ["data-1.0"]),
        ("1.0 tool", ["tool-1.0"]),
        ("LIBC", ["libc-1.0"]),
        ("lib shared", []),
        ("^(web|tool)-", ["web-1.0", "tool-1.0"]),
        ("^[wt].*1", ["web-1.0", "tool-1.0"]),
        ("(data", []),
        ("kind:unkn tool", ["tool-1.0"]),
        ("kind:lib", ["libc-1.0"]),
        ("kind:nonsense", []),
        ("", ["data-1.0", "shared-1.0", "libc-1.0", "web-1.0", "tool-1.0"]),
        ("   ", ["data-1.0", "shared-1.0", "libc-1.0", "web-1.0", "tool-1.0"]),
    ],
)
async def test_words_regular_expressions_and_kinds_mean_what_they_say(text: str, expected: list[str]) -> None:
    async with opened(small()) as pilot:
        await type_filter(pilot, text)

        assert names(pilot) == expected


async def test_a_kind_is_asked_for_by_a_part_of_its_name() -> None:
    async with opened() as pilot:
        await type_filter(pilot, "kind:interp")
        assert names(pilot) == ["python3-3.11.2"]
        await pilot.press("escape")
        await type_filter(pilot, "kind:python numpy")
        assert names(pilot) == ["python3.11-numpy-1.26.4"]


async def test_a_path_is_found_by_its_digest_and_by_its_distribution() -> None:
    async with opened() as pilot:
        await type_filter(pilot, "5m1iv2wyb1h0")
        assert names(pilot) == ["python3.11-msgpack-1.2.4"]
        await pilot.press("escape")
        await type_filter(pilot, "typing-extensions")
        assert names(pilot) == ["python3.11-typing-extensions-4.16.0"]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("gcc", "3 paths  enter keeps, esc shows all"),
        ("msgpack", "1 path  enter keeps, esc shows all"),
        ("^gcc", "regex, 3 paths  enter keeps, esc shows all"),
        ("gcc(", "not a regex, 0 paths  enter keeps, esc shows all"),
    ],
)
async def test_the_line_says_how_many_paths_match_and_what_was_understood(text: str, hint: str) -> None:
    async with opened() as pilot:
        await type_filter(pilot, text)

        assert shown(screen_of(pilot).filter_bar.query_one(".filter--hint")).strip() == hint
        assert hint in picture(pilot)


async def test_escape_shows_all_rows_again_with_the_cursor_on_the_same_path() -> None:
    async with opened() as pilot:
        everything = names(pilot)
        await type_filter(pilot, "openssl")
        assert names(pilot) == ["openssl-3.5.7", "openssl-3.0.20"]
        table_of(pilot).cursor = 1
        await pilot.press("escape")

        assert names(pilot) == everything
        assert here(pilot) == "openssl-3.0.20"
        assert not is_open(pilot) and filter_line(pilot).value == ""
        assert table_of(pilot).has_focus


async def test_enter_keeps_the_filter_and_gives_the_keys_to_the_rows() -> None:
    async with opened() as pilot:
        await pilot.press("slash", *"openssl", "enter")
        assert table_of(pilot).has_focus
        assert is_open(pilot) and filter_line(pilot).value == "openssl"
        await pilot.press("down")
        assert here(pilot) == "openssl-3.0.20"
        assert len(names(pilot)) == 2

        await pilot.press("escape")
        assert len(names(pilot)) == 72
        assert here(pilot) == "openssl-3.0.20"
        assert not is_open(pilot)


@pytest.mark.parametrize("key", ["down", "up"])
async def test_the_arrows_lead_from_the_line_to_the_rows(key: str) -> None:
    async with opened() as pilot:
        await type_filter(pilot, "openssl")
        await pilot.press(key)

        assert table_of(pilot).has_focus
        assert len(names(pilot)) == 2


async def test_an_empty_filter_closes_the_line() -> None:
    async with opened() as pilot:
        await pilot.press("slash", "enter")

        assert not is_open(pilot)
        assert table_of(pilot).has_focus
        assert len(names(pilot)) == 72


async def test_slash_opens_the_kept_filter_again_to_replace_it_or_to_add_to_it() -> None:
    async with opened() as pilot:
        await type_filter(pilot, "openssl")
        await pilot.press("enter", "slash", "end", *" 3.5", "enter")
        assert names(pilot) == ["openssl-3.5.7"]

        await pilot.press("slash", *"isl", "enter")
        assert names(pilot) == ["isl-0.27"]


async def test_keys_are_letters_while_a_filter_is_typed() -> None:
    async with opened() as pilot:
        await pilot.press("slash", *"q1?s")

        assert filter_line(pilot).value == "q1?s"
        assert app_of(pilot).current_mode == "overview"
        assert app_of(pilot).is_running


async def test_an_empty_result_says_what_to_try_and_no_key_breaks() -> None:
    async with opened() as pilot:
        await type_filter(pilot, "no such thing")
        assert lines(table_of(pilot))[2] == "  nothing matches 'no such thing'; escape shows all again"
        assert detail_text(screen_of(pilot).detail) == ""
        await pilot.press("enter", "down", "up", "home", "end", "pagedown")
        await pilot.press("d", "y", "o", "r", "a", "s", "S", "n", "N", "enter", "space")

        assert app_of(pilot).clipboard == ""
        assert app_of(pilot).screen is screen_of(pilot)
        await pilot.press("escape")
        assert len(names(pilot)) == 72


# -- in the tree -----------------------------------------------------------------------------------------


async def test_a_filter_in_the_tree_lists_all_matches_and_escape_brings_the_tree_back() -> None:
    async with opened(small(), screen="closure") as pilot:
        await type_filter(pilot, "1.0")
        assert len(names(pilot)) == 6
        await pilot.press("escape")

        assert names(pilot) == ["app-1.0", "data-1.0", "shared-1.0", "web-1.0"]


async def test_enter_on_a_match_shows_it_in_the_tree() -> None:
    async with opened(small(), screen="closure") as pilot:
        await type_filter(pilot, "libc")
        await pilot.press("enter", "enter")

        assert not is_open(pilot)
        assert here(pilot) == "libc-1.0"
        assert names(pilot) == ["app-1.0", "data-1.0", "shared-1.0", "libc-1.0", "web-1.0"]


async def test_the_title_of_the_tree_says_what_the_rows_match() -> None:
    async with opened(small(), screen="closure", size=LARGE) as pilot:
        await type_filter(pilot, "libc")

        assert shown(screen_of(pilot).trail).split() == ["matching", "libc", "1/1"]


# -- next and previous match -----------------------------------------------------------------------------


async def test_n_goes_to_the_next_match_and_round() -> None:
    async with opened() as pilot:
        await type_filter(pilot, "openssl")
        await pilot.press("escape", "home")
        places = []
        for _ in range(3):
            await pilot.press("n")
            places.append(here(pilot))
        assert places == ["openssl-3.5.7", "openssl-3.0.20", "openssl-3.5.7"]

        await pilot.press("N")
        assert here(pilot) == "openssl-3.0.20"
        await pilot.press("N")
        assert here(pilot) == "openssl-3.5.7"
        # the rows are all there still
        assert len(names(pilot)) == 72


async def test_n_reveals_a_match_that_is_folded_away() -> None:
    async with opened(small(), screen="closure") as pilot:
        await type_filter(pilot, "tool")
        await pilot.press("escape")
        assert "tool-1.0" not in names(pilot)
        await pilot.press("n")

        assert here(pilot) == "tool-1.0"
        assert "tool-1.0" in names(pilot)


async def test_n_goes_through_matches_on_the_screen_and_those_folded_away() -> None:
    async with opened(demo(), screen="closure") as pilot:
        await type_filter(pilot, "openssl")
        await pilot.press("escape", "home")
        found = set()
        for _ in range(4):
            await pilot.press("n")
            found.add(here(pilot))

        assert found == {"openssl-3.5.7", "openssl-3.0.20"}


async def test_capital_n_goes_the_other_way_round_in_the_tree() -> None:
    async with opened(small(), screen="closure") as pilot:
        await type_filter(pilot, "data|web|tool")
        await pilot.press("escape", "home")
        for key, expected in (("n", "data"), ("n", "web"), ("n", "tool"), ("N", "web"), ("N", "data"), ("N", "tool")):
            await pilot.press(key)
            assert here(pilot) == f"{expected}-1.0", (key, expected)


async def test_n_without_a_filter_says_what_to_do() -> None:
    async with opened() as pilot:
        await pilot.press("n")

        assert toasts(pilot) == ["type a filter first: /"]
        assert table_of(pilot).cursor == 0


async def test_n_says_when_nothing_below_this_path_matches() -> None:
    async with opened(small(), screen="closure") as pilot:
        await type_filter(pilot, "data")
        await pilot.press("escape")
        await stand_on(pilot, "web-1.0")
        await pilot.press("enter", "n")

        assert toasts(pilot) == ["nothing here matches 'data'"]
        assert here(pilot) == "web-1.0"


async def test_matches_stay_marked_in_the_tree() -> None:
    async with opened(small(), screen="closure") as pilot:
        await type_filter(pilot, "data")
        await pilot.press("escape", "home")
        table = table_of(pilot)
        match = table.get_component_rich_style("rows--match")
        styles = {
            segment.text.strip(): segment.style for y in range(1, 5) for segment in table.render_line(y) if segment.text
        }

        assert styles["data 1.0"] == match
        assert styles["web 1.0"] != match


async def test_the_filter_of_one_screen_leaves_the_others_alone() -> None:
    async with opened() as pilot:
        await pilot.press("slash", *"openssl", "enter", "3")
        assert len(names(pilot)) == 33
        await pilot.press("1")
        assert len(names(pilot)) == 2
