"""Keys, the footer, help and the palette: all made from the bindings, so that they cannot disagree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.pilot import Pilot

from pyclosure.tui import screens
from pyclosure.tui.app.application import ClosureApp
from pyclosure.tui.app.keys import palette_actions
from pyclosure.tui.frames.mode_screen import ModeScreen
from pyclosure.tui.frames.path_screen import PathScreen
from pyclosure.tui.screens import ScreenSpec
from pyclosure.tui.screens.closure import ClosureScreen
from pyclosure.tui.widgets.path_table import PathTable
from pyclosure.tui.widgets.rows import RowView
from pyclosure.tui.windows.dialogs import HelpDialog
from tests.tui.driving import (
    LARGE,
    Hanging,
    app_for,
    app_of,
    here,
    hits,
    mode_screen_of,
    names,
    of_store,
    opened,
    running,
    screen_of,
    search,
    shown,
    take_first,
)

SCREENS = tuple(spec.name for spec in screens.find_all())


def declared(*owners: type) -> Iterator[Binding]:
    """Return all bindings that some classes declare, one key each."""
    for owner in owners:
        yield from Binding.make_bindings(owner.__dict__["BINDINGS"])


def ours(owner: type) -> list[type]:
    """Return a class and what it is made of, as far as they have keys, but for those of every Textual class."""
    return [base for base in owner.__mro__ if base.__module__.startswith("pyclosure") and "BINDINGS" in base.__dict__]


def merged(owner: type) -> set[str]:
    """Return the keys that a class and what it is made of listen to, but for what every Textual class does."""
    return {binding.key for binding in declared(*ours(owner))}


def test_screens_stand_in_the_order_of_their_keys_which_are_distinct() -> None:
    specs = screens.find_all()

    assert [spec.key for spec in specs] == sorted({spec.key for spec in specs}, key="1234567890".index)
    assert all(spec.name == spec.load().MODE for spec in specs)
    assert [spec.name for spec in specs if spec.needs_base] == ["diff"]


def test_what_is_read_of_a_screen_is_what_its_file_says_when_it_is_imported() -> None:
    for spec in screens.find_all():
        place = import_module(f"pyclosure.tui.screens.{spec.name}").SCREEN
        assert (spec.key, spec.needs_base, spec.load()) == (place.key, place.needs_base, place.screen)


def test_no_class_gives_a_key_to_two_actions() -> None:
    for owner in (ClosureApp, ModeScreen, PathScreen, ClosureScreen, PathTable, RowView):
        keys = [binding.key for binding in declared(owner)]
        assert len(keys) == len(set(keys)), owner


@pytest.mark.parametrize("screen", screens.find_all(), ids=lambda spec: spec.name)
def test_the_table_its_screen_and_the_app_want_different_keys(screen: ScreenSpec) -> None:
    table = PathTable if issubclass(screen.load(), PathScreen) else RowView
    keys = Counter(key for node in (ClosureApp, screen.load(), table) for key in merged(node))

    assert [key for key, times in keys.items() if times > 1] == []


def test_every_binding_has_a_name_and_each_name_means_one_action() -> None:
    actions: dict[str, str] = {}
    for binding in declared(ClosureApp, ModeScreen, PathScreen, ClosureScreen, PathTable, RowView):
        assert binding.id, binding
        assert actions.setdefault(binding.id, binding.action) == binding.action
    assert len(actions) > 30


def help_text(pilot: Pilot[int]) -> str:
    dialog = pilot.app.screen
    assert isinstance(dialog, HelpDialog)
    return shown(dialog.query_one("VerticalScroll > Static"))


@pytest.mark.parametrize("screen", SCREENS)
async def test_help_lists_every_binding_that_has_a_description(screen: str) -> None:
    async with opened(screen=screen, size=LARGE) as pilot:
        below = mode_screen_of(pilot)
        await pilot.press("question_mark")
        text = help_text(pilot)
        owners = [ClosureApp, *ours(type(below)), *ours(type(below.rows()))]
        rows = {line.split()[-1]: line for line in text.split("Words")[0].splitlines()[1:] if line}

        shown_keys = {key: active.binding for key, active in pilot.app.screen_stack[0].active_bindings.items()}
        for binding in declared(*owners):
            assert binding.description, binding
            if shown_keys[binding.key].id != binding.id:
                # a class nearer to the user took the key
                continue
            assert binding.id in rows, f"{binding.id} is not in the help"
            assert (binding.tooltip or binding.description) in rows[binding.id]
            key = pilot.app.get_key_display(binding)
            assert key in rows[binding.id].split(), f"{key} is not in {rows[binding.id]!r}"


@pytest.mark.parametrize("columns", [40, 80])
async def test_help_says_what_keys_do_on_narrow_terminals_too(columns: int) -> None:
    async with opened(size=(columns, 24)) as pilot:
        await pilot.press("question_mark")
        words = " ".join(help_text(pilot).split())

        assert "↓ j next row" in words
        assert ("find.next" in words) == ("settings.toml" in words) == (columns >= 60)


async def test_the_keys_of_the_tree_are_in_the_help_of_the_closure_screen_only() -> None:
    async with opened() as pilot:
        await pilot.press("question_mark")
        assert "closure.flat" not in help_text(pilot)
        await pilot.press("escape", "2", "question_mark")

        assert "closure.flat" in help_text(pilot)


async def test_help_explains_the_sizes_and_how_to_type_a_filter() -> None:
    async with opened(size=LARGE) as pilot:
        await pilot.press("question_mark")
        text = help_text(pilot)

    assert "not disk usage" in text
    assert all(word in text for word in ("NAR size", "closure size", "added size", "kind:lib", "regular expression"))


async def test_the_key_that_opens_help_closes_it() -> None:
    async with opened() as pilot:
        await pilot.press("question_mark")
        assert len(pilot.app.screen_stack) == 2
        await pilot.press("question_mark")
        assert len(pilot.app.screen_stack) == 1


# -- the footer ------------------------------------------------------------------------------------------


def footer(pilot: Pilot[int]) -> list[tuple[str, str]]:
    """Return the pairs of key and word that the footer draws."""
    parts = shown(mode_screen_of(pilot).key_bar).strip().split("  ")
    return [(part.split(" ", 1)[0], part.split(" ", 1)[1]) for part in parts]


@pytest.mark.parametrize("screen", SCREENS)
async def test_at_80_columns_the_footer_has_at_most_seven_keys_and_all_of_them_fit(screen: str) -> None:
    async with opened(screen=screen) as pilot:
        line = shown(mode_screen_of(pilot).key_bar)
        keys = footer(pilot)

        assert 5 <= len(keys) <= 7
        assert len(line) <= 80
        assert keys[0] == ("enter", "open")
        assert keys[-1] == ("?", "help")
        words = [active.binding.description for active in pilot.app.screen.active_bindings.values()]
        assert all(word in words for _, word in keys)


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


async def test_the_palette_finds_a_path_and_goes_there() -> None:
    async with opened() as pilot:
        palette = await search(pilot, "openblas")
        assert hits(palette)[0].splitlines() == ["Go to openblas 0.3.23", "NAR 71.5 MiB, added 71.5 MiB"]
        await take_first(pilot, palette)

        assert app_of(pilot).current_mode == "closure"
        assert here(pilot) == "openblas-0.3.23"


async def test_the_palette_changes_the_theme_and_it_is_remembered(home: Path) -> None:
    async with opened() as pilot:
        palette = await search(pilot, "theme paper")
        assert hits(palette)[0].startswith("Theme: paper")
        await take_first(pilot, palette)

        assert app_of(pilot).theme == "paper"
    assert (home / "state" / "pyclosure" / "theme").read_text() == "paper\n"


async def test_the_palette_switches_screens() -> None:
    async with opened() as pilot:
        palette = await search(pilot, "screen python")
        await take_first(pilot, palette)

        assert app_of(pilot).current_mode == "python"


async def test_the_palette_does_what_the_keys_of_the_screen_below_do() -> None:
    async with opened() as pilot:
        palette = await search(pilot, "keep only rows")
        assert hits(palette)[0].splitlines() == ["Keep only rows that match", "slash"]
        await take_first(pilot, palette)

        assert screen_of(pilot).filter_bar.has_class("-open")


async def test_the_palette_does_what_the_keys_of_the_table_do() -> None:
    async with opened(screen="closure") as pilot:
        before = len(names(pilot))
        palette = await search(pilot, "unfold all")
        await take_first(pilot, palette)

        assert len(names(pilot)) > before


async def test_every_key_that_acts_has_an_entry_in_the_palette() -> None:
    async with opened(screen="closure", size=LARGE) as pilot:
        entries = {words.lower() for words, _, _ in palette_actions(pilot.app, pilot.app.screen)}
        moves = ("move", "page", "edge", "go(", "command_palette")
        pressed = {key: active.binding.id for key, active in screen_of(pilot).active_bindings.items()}

        for binding in declared(ModeScreen, PathScreen, ClosureScreen, PathTable, RowView):
            if not binding.action.startswith(moves) and pressed[binding.key] == binding.id:
                assert (binding.tooltip or binding.description).lower() in entries, binding


async def test_the_palette_offers_all_screens_and_themes_before_anything_is_typed() -> None:
    async with opened(size=LARGE) as pilot:
        found = [hit.splitlines()[0] for hit in hits(await search(pilot, ""))]

        assert {"Screen: Overview", "Screen: Closure", "Screen: Python"} <= set(found)
        assert {f"Theme: {name}" for name in app_of(pilot).theme_names()} <= set(found)


async def test_the_palette_works_while_nothing_is_known_yet() -> None:
    app = app_for(of_store(Hanging()))
    async with running(app) as pilot:
        await pilot.pause()
        palette = await search(pilot, "theme contrast")
        await take_first(pilot, palette)

        assert app.theme == "contrast"
        assert app.session.knowledge is None


# -- leaving ---------------------------------------------------------------------------------------------


async def test_q_leaves_with_status_0() -> None:
    async with opened() as pilot:
        await pilot.press("q")

        assert pilot.app.return_value == 0
        assert pilot.app.return_code == 0
        assert not pilot.app.is_running


async def test_ctrl_c_leaves_from_everywhere() -> None:
    async with opened() as pilot:
        await pilot.press("d", "ctrl+c")

        assert pilot.app.return_value == 0


async def test_ctrl_c_leaves_while_a_filter_is_typed() -> None:
    async with opened() as pilot:
        await pilot.press("slash", "g", "ctrl+c")

        assert pilot.app.return_value == 0
