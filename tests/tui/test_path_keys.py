"""What can be done with the path under the cursor: copy it, ask nix, see all that is known."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from pyclosure.tui.widgets.detail_pane import DetailPane
from pyclosure.tui.widgets.rows import RowView
from pyclosure.tui.windows.dialogs import CommandDialog, DetailDialog
from tests.support.closures import knowledge_of, records_of, store_path
from tests.tui.closures import small
from tests.tui.driving import (
    LARGE,
    app_of,
    detail_text,
    here,
    names,
    opened,
    picture,
    screen_of,
    shown,
    stand_on,
    table_of,
    toasts,
)

NUMPY = "python3.11-numpy-1.26.4"


async def test_y_copies_the_whole_store_path() -> None:
    async with opened(small()) as pilot:
        await stand_on(pilot, "tool-1.0")
        await pilot.press("y")

        assert app_of(pilot).clipboard == store_path("tool-1.0")
        assert toasts(pilot) == [f"copied {store_path('tool-1.0')}"]


@pytest.mark.parametrize("screen", ["overview", "closure", "python"])
async def test_every_screen_can_copy(screen: str) -> None:
    async with opened(screen=screen) as pilot:
        await pilot.press("down", "y")
        table = table_of(pilot)

        assert app_of(pilot).clipboard == table.browser.knowledge.closure.path(table.index)
        assert app_of(pilot).clipboard.endswith(here(pilot))


def commands(pilot: Pilot[int]) -> list[tuple[str, str]]:
    dialog = pilot.app.screen
    assert isinstance(dialog, CommandDialog)
    return list(dialog._rows.commands)


async def test_o_shows_the_nix_commands_that_tell_the_same() -> None:
    async with opened(size=LARGE) as pilot:
        await stand_on(pilot, NUMPY)
        path = table_of(pilot).browser.knowledge.closure.path(table_of(pilot).index)
        root = table_of(pilot).browser.knowledge.closure.records.roots[0]
        await pilot.press("o")
        lines = dict(commands(pilot))

        assert lines["its sizes and references"] == f"nix path-info --json {path}"
        assert lines["its closure size"] == f"nix path-info -Sh {path}"
        assert lines["everything it needs"] == f"nix path-info -rsh {path}"
        assert lines["why it is in the closure"] == f"nix why-depends --precise {root} {path}"
        assert lines["what references it, in the whole store"] == f"nix-store --query --referrers {path}"
        assert lines["what built it"].startswith("nix show-derivation /nix/store/")
        assert lines["what built it"].endswith(f"{NUMPY}.drv")
        drawn = picture(pilot)
        for what, command in lines.items():
            assert what in drawn and command[:30] in drawn


async def test_nobody_asks_why_the_root_is_in_the_closure() -> None:
    async with opened(small(), screen="closure") as pilot:
        await pilot.press("o")

        assert "why it is in the closure" not in dict(commands(pilot))
        # nobody recorded what built it
        assert "what built it" not in dict(commands(pilot))


async def test_the_commands_name_the_store_that_was_named() -> None:
    records = records_of({"app-1.0": ("lib-1.0",)})
    async with opened(knowledge_of(replace(records, store_url="https://cache.example.org"))) as pilot:
        await pilot.press("o")

        for _, command in commands(pilot):
            assert " --store https://cache.example.org" in command


@pytest.mark.parametrize("key", ["y", "enter"])
async def test_a_command_is_copied_whole(key: str) -> None:
    async with opened(small()) as pilot:
        await stand_on(pilot, "web-1.0")
        await pilot.press("o")
        wanted = commands(pilot)
        # each command has two lines
        await pilot.press("down", "down", "down", key)

        assert app_of(pilot).clipboard == wanted[1][1] == f"nix path-info -Sh {store_path('web-1.0')}"
        assert "copied" in toasts(pilot)


async def test_the_whole_command_is_shown_below_even_where_its_line_is_cut() -> None:
    async with opened() as pilot:
        await stand_on(pilot, NUMPY)
        await pilot.press("o", "end")
        command = commands(pilot)[-1][1]
        below = shown(pilot.app.screen.query_one(".whole"))

        assert "".join(below.split()[-1:]) in command
        assert "".join(below.replace("─", "").split()) == command.replace(" ", "")


@pytest.mark.parametrize("key", ["escape", "q"])
@pytest.mark.parametrize("opens", ["d", "o", "question_mark"])
async def test_escape_and_q_close_a_window_and_come_back(opens: str, key: str) -> None:
    async with opened() as pilot:
        await pilot.press("down", opens)
        assert pilot.app.screen is not screen_below(pilot)
        await pilot.press(key)

        assert pilot.app.screen is screen_below(pilot)
        assert table_of(pilot).cursor == 1
        assert table_of(pilot).has_focus


def screen_below(pilot: Pilot[int]) -> object:
    return pilot.app.screen_stack[0]


async def test_d_shows_all_that_is_known_with_its_evidence() -> None:
    async with opened() as pilot:
        await stand_on(pilot, NUMPY)
        await pilot.press("d")
        assert isinstance(pilot.app.screen, DetailDialog)
        text = detail_text(pilot.app.screen.query_one(DetailPane))

    words = " ".join(text.split())
    assert words.startswith("/nix/store/") and f"-{NUMPY} " in words
    assert "kind Python package certain, by derivation:" in words
    assert "interpreter python3.11 certain, by files: python3.11/site-packages" in words
    assert "distribution numpy 1.26.4" in words
    assert "NAR size 38.5 MiB 8.7 % of the closure" in words
    assert "closure size 179.4 MiB with all it needs" in words
    assert "added size 110.0 MiB on top of the root" in words
    assert "referrers 2 referrers python3-3.11.2-env 444.6 MiB added pandas 2.2.3 72.7 MiB added" in words
    assert "references 5 references openblas 0.3.23 71.5 MiB added" in words
    assert "deriver python3.11-numpy-1.26.4.drv (here)" in words


async def test_long_details_can_be_scrolled_by_key() -> None:
    async with opened(screen="closure") as pilot:
        await pilot.press("d")
        pane = pilot.app.screen.query_one(DetailPane)
        assert "references itself" not in picture(pilot)
        await pilot.press("end")
        await pilot.pause()

        assert pane.scroll_y > 0
        assert "references itself" in picture(pilot)


async def test_many_referrers_are_counted_and_the_heaviest_are_named() -> None:
    async with opened() as pilot:
        await stand_on(pilot, "glibc-2.41")
        await pilot.press("d")
        words = " ".join(detail_text(pilot.app.screen.query_one(DetailPane)).split())

        assert "referrers 45 referrers python3-3.11.2-env 444.6 MiB added" in words
        assert "… 33 more references none" in words


async def test_wide_terminals_show_the_details_beside_the_rows_and_they_follow_the_cursor() -> None:
    async with opened(size=LARGE) as pilot:
        for name in (NUMPY, "glibc-2.41"):
            await stand_on(pilot, name)
            text = detail_text(screen_of(pilot).detail)
            # the path is folded over two lines
            assert "".join(text.split("\n\n")[0].split()).endswith(name)
            assert "closure size" in text


async def test_small_terminals_show_three_lines_below_the_rows() -> None:
    async with opened() as pilot:
        await stand_on(pilot, NUMPY)
        path, what, whence = detail_text(screen_of(pilot).detail).splitlines()

        assert path.startswith("/nix/store/") and path.endswith(NUMPY)
        assert what == "Python package · output out · python3.11 · nixpkgs · by derivation"
        assert whence == "2 referrers, 5 references · deriver python3.11-numpy-1.26.4.drv (here)"


async def test_the_windows_show_keys_of_their_own() -> None:
    async with opened() as pilot:
        await pilot.press("o")
        bar = shown(pilot.app.screen.query_one("KeyBar"))

        assert bar.split("  ") == [" enter copy command", "esc close"]
        assert isinstance(pilot.app.screen.focused, RowView)


async def test_the_rows_below_a_window_get_no_keys() -> None:
    async with opened() as pilot:
        await pilot.press("d", "2", "down", "slash", "t", "s", "y")

        assert isinstance(pilot.app.screen, DetailDialog)
        assert app_of(pilot).current_mode == "overview"
        assert app_of(pilot).clipboard == ""
        await pilot.press("escape")
        assert table_of(pilot).cursor == 0
        assert names(pilot)[0] == here(pilot)
