"""Keys, the footer, help and the palette: all made from the bindings, so that they cannot disagree."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import pytest
from textual.binding import Binding
from textual.command import CommandPalette
from textual.pilot import Pilot

from pyclosure.tui import screens
from pyclosure.tui.app import ClosureApp
from pyclosure.tui.dialogs import HelpDialog
from pyclosure.tui.screen import PathScreen
from pyclosure.tui.screens.closure import ClosureScreen
from pyclosure.tui.widgets.path_table import PathTable
from pyclosure.tui.widgets.rows import RowView
from tests.tui.driving import (
    LARGE,
    app_of,
    here,
    names,
    opened,
    screen_of,
    shown,
    table_of,
    toasts,
    until,
)

SCREENS = ("overview", "closure", "python")


def declared(*owners: type) -> Iterator[Binding]:
    """Return all bindings that some classes declare, one key each."""
    for owner in owners:
        yield from Binding.make_bindings(owner.__dict__["BINDINGS"])


def test_screens_have_distinct_names_and_keys() -> None:
    specs = screens.find_all()

    assert [spec.name for spec in specs] == list(SCREENS)
    assert len({spec.key for spec in specs}) == len(specs)
    assert all(spec.make.MODE == spec.name for spec in specs)


def test_no_two_bindings_share_a_key_or_a_name() -> None:
    bindings = list(declared(ClosureApp, PathScreen, ClosureScreen, PathTable, RowView))
    keys = Counter(binding.key for binding in bindings)
    names_of_actions = {(binding.id, binding.action) for binding in bindings}

    assert [key for key, times in keys.items() if times > 1] == []
    assert len({name for name, _ in names_of_actions}) == len(names_of_actions)
    assert None not in {binding.id for binding in bindings}


def help_text(pilot: Pilot[int]) -> str:
    dialog = pilot.app.screen
    assert isinstance(dialog, HelpDialog)
    return dialog._text().plain


@pytest.mark.parametrize("screen", SCREENS)
async def test_help_lists_every_binding_that_has_a_description(screen: str) -> None:
    async with opened(screen=screen) as pilot:
        await pilot.press("question_mark")
        text = help_text(pilot)
        owners = [ClosureApp, PathScreen, PathTable, RowView, *([ClosureScreen] if screen == "closure" else [])]
        rows = {line.split()[-1]: line for line in text.splitlines() if line.startswith("  ")}

        for binding in declared(*owners):
            assert binding.description, binding
            assert binding.id in rows, f"{binding.id} is not in the help"
            assert (binding.tooltip or binding.description) in rows[binding.id]
            key = pilot.app.get_key_display(binding)
            assert key in rows[binding.id].split(), f"{key} is not in {rows[binding.id]!r}"


async def test_the_keys_of_the_tree_are_in_the_help_of_the_closure_screen_only() -> None:
    async with opened() as pilot:
        await pilot.press("question_mark")
        assert "closure.flat" not in help_text(pilot)
        await pilot.press("escape", "2", "question_mark")

        assert "closure.flat" in help_text(pilot)


async def test_help_explains_the_sizes_and_how_to_type_a_filter() -> None:
    async with opened() as pilot:
        await pilot.press("question_mark")
        text = help_text(pilot)

    assert "not disk usage" in text
    assert all(word in text for word in ("NAR size", "closure size", "added size", "kind:lib", "regular expression"))


async def test_help_is_opened_once_and_closed_once() -> None:
    async with opened() as pilot:
        await pilot.press("question_mark", "question_mark")
        assert len(pilot.app.screen_stack) == 2
        await pilot.press("escape")
        assert len(pilot.app.screen_stack) == 1


# -- the footer ------------------------------------------------------------------------------------------


def footer(pilot: Pilot[int]) -> list[tuple[str, str]]:
    """Return the pairs of key and word that the footer draws."""
    return re.findall(r"(\S+) (\S+(?:, \w+)?)  ?", shown(screen_of(pilot).key_bar) + "  ")


@pytest.mark.parametrize("screen", SCREENS)
async def test_at_80_columns_the_footer_has_at_most_seven_keys_and_all_of_them_fit(screen: str) -> None:
    async with opened(screen=screen) as pilot:
        line = shown(screen_of(pilot).key_bar)
        keys = footer(pilot)

        assert 5 <= len(keys) <= 7
        assert len(line) <= 80
        assert keys[0] == ("enter", "open")
        assert keys[-1] == ("?", "help")
        # nothing that is shown by a binding was left out for want of room
        actions = {
            active.binding.action: active.binding.description
            for active in screen_of(pilot).active_bindings.values()
            if active.binding.show
        }
        assert [word for _, word in keys] == list(actions.values())


async def test_the_footer_says_what_goes_on_in_the_background() -> None:
    async with opened() as pilot:
        screen_of(pilot).key_bar.state = "reading files 64/73 paths"
        screen_of(pilot).key_bar.refresh()
        await pilot.pause()
        line = shown(screen_of(pilot).key_bar)

        assert line.endswith("[reading files 64/73 paths]")
        assert len(line) <= 80
        assert "enter open" in line


# -- the palette -----------------------------------------------------------------------------------------


async def choose(pilot: Pilot[int], text: str) -> None:
    """Type into the palette and take the first hit."""
    await pilot.press("ctrl+p")
    palette = pilot.app.screen
    assert isinstance(palette, CommandPalette)
    palette.query_one("CommandInput").value = text
    options = palette.query_one("CommandList")
    await until(pilot, lambda: options.option_count and not palette._is_searching(), "the palette to find something")
    await pilot.press("enter")
    if pilot.app.screen is palette:
        await pilot.press("enter")
    await until(pilot, lambda: pilot.app.screen is not palette, "the palette to close")
