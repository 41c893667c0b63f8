"""Themes: what ships can be read by everybody; what users add is checked; what they choose is remembered."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
from textual.color import Color
from textual.constants import DIM_FACTOR
from textual.css.stylesheet import Stylesheet
from textual.geometry import Region
from textual.pilot import Pilot
from textual.theme import Theme

from pyclosure.tui.app import theming
from pyclosure.tui.app.settings import Settings, read_settings
from tests.tui.driving import app_of, opened, picture, screen_of, table_of, toasts

FILES = [entry for entry in files("pyclosure.themes").iterdir() if entry.name.endswith(".toml")]
SHIPPED = sorted(entry.name.removesuffix(".toml") for entry in FILES)
GOOD = 'name = "mine"\nprimary = "#336699"\nbackground = "#000000"\nforeground = "#ffffff"\n'


def luminance(colour: Color) -> float:
    """Relative luminance as WCAG 2 defines it."""

    def linear(part: int) -> float:
        share = part / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(colour.r) + 0.7152 * linear(colour.g) + 0.0722 * linear(colour.b)


def contrast(one: Color, other: Color) -> float:
    """Contrast ratio as WCAG 2 defines it, 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_ratio_is_that_of_wcag() -> None:
    black, white, grey = Color.parse("#000000"), Color.parse("#ffffff"), Color.parse("#777777")

    assert contrast(black, white) == contrast(white, black) == 21
    assert round(contrast(grey, white), 2) == 4.48


def test_six_themes_ship_and_each_is_called_like_its_file() -> None:
    assert SHIPPED == ["contrast", "midnight", "moss", "okabe", "paper", "snow"]
    assert [theme.name for theme in theming.shipped()] == SHIPPED
    assert theming.DEFAULT in SHIPPED


def theme(name: str) -> Theme:
    return next(one for one in theming.shipped() if one.name == name)


@pytest.mark.parametrize("name", SHIPPED)
def test_text_stands_out_from_every_background(name: str) -> None:
    least = 7 if name == "contrast" else 4.5
    one = theme(name)
    foreground = Color.parse(one.foreground)

    for background in (one.background, one.surface, one.panel):
        assert contrast(foreground, Color.parse(background)) >= least, background


@pytest.mark.parametrize("name", SHIPPED)
def test_what_means_something_stands_out_from_the_background(name: str) -> None:
    one = theme(name)

    for colour in (one.primary, one.accent, one.success, one.warning, one.error):
        assert contrast(Color.parse(colour), Color.parse(one.background)) >= 3, colour


def drawn_contrasts(pilot: Pilot[int], inside: Region | None = None) -> dict[str, float]:
    """Return the contrast of every piece of text on the screen, as it is really drawn."""
    area = inside or pilot.app.size.region
    found: dict[str, float] = {}
    for strip in pilot.app.screen._compositor.render_strips()[area.y : area.bottom]:
        for segment in strip.crop(area.x, area.right):
            style = segment.style
            text = segment.text.strip(" ─│╭╮╰╯▌▏▎▍▋▊▉█▔▁▂▃▄▅▆▇")
            if not text or style is None or style.color is None or style.bgcolor is None:
                continue
            colours = [Color(*one.get_truecolor()) for one in (style.color, style.bgcolor)]
            if style.dim:
                colours[0] = colours[1].blend(colours[0], DIM_FACTOR)
            found[text] = min(contrast(*colours), found.get(text, 21.0))
    return found


@pytest.mark.parametrize("name", SHIPPED)
async def test_everything_that_is_drawn_can_be_read(name: str) -> None:
    least = 7 if name == "contrast" else 4.5
    async with opened(size=(130, 40), theme=name) as pilot:
        found = drawn_contrasts(pilot)
        await pilot.press("2", "slash", "g", "enter")
        found |= drawn_contrasts(pilot)
        await pilot.press("escape", "question_mark")
        # what lies below a window is dimmed on purpose
        found |= drawn_contrasts(pilot, pilot.app.screen.query_one(".dialog").region)

    assert len(found) > 100
    assert {text: round(ratio, 1) for text, ratio in sorted(found.items()) if ratio < least} == {}


@pytest.mark.parametrize("name", SHIPPED)
async def test_every_theme_can_be_chosen_and_nothing_is_drawn_elsewhere(name: str) -> None:
    async with opened() as pilot:
        before = picture(pilot)
        app_of(pilot).choose_theme(name)
        await pilot.pause()

        assert app_of(pilot).theme == name
        assert picture(pilot) == before
        background = table_of(pilot).styles.background
        assert background == Color.parse(theme(name).background)


async def test_only_our_own_themes_are_offered() -> None:
    async with opened() as pilot:
        assert app_of(pilot).theme_names() == SHIPPED


async def test_the_first_theme_is_midnight() -> None:
    async with opened() as pilot:
        assert app_of(pilot).theme == "midnight"


async def test_the_chosen_theme_is_there_again_the_next_time(home: Path) -> None:
    async with opened() as pilot:
        app_of(pilot).choose_theme("moss")
    assert (home / "state" / "pyclosure" / "theme").read_text("utf-8") == "moss\n"
    assert [path.name for path in (home / "state" / "pyclosure").iterdir()] == ["theme"]

    async with opened() as pilot:
        assert app_of(pilot).theme == "moss"


async def test_a_theme_of_the_command_line_is_for_this_time_only(home: Path) -> None:
    async with opened() as pilot:
        app_of(pilot).choose_theme("moss")
    async with opened(theme="paper") as pilot:
        assert app_of(pilot).theme == "paper"
    async with opened() as pilot:
        assert app_of(pilot).theme == "moss"


async def test_the_theme_of_the_settings_is_used_until_another_is_chosen(config: Path) -> None:
    (config / "settings.toml").write_text('theme = "snow"\n')
    async with opened(settings=read_settings()) as pilot:
        assert app_of(pilot).theme == "snow"
        app_of(pilot).choose_theme("okabe")
    async with opened(settings=read_settings()) as pilot:
        assert app_of(pilot).theme == "okabe"


async def test_a_theme_that_does_not_exist_is_named_with_those_that_do() -> None:
    async with opened(theme="nonsense") as pilot:
        assert app_of(pilot).theme == "midnight"
        assert toasts(pilot) == [f"there is no theme 'nonsense'; there are {', '.join(SHIPPED)}"]


async def test_a_home_that_cannot_be_written_is_no_reason_to_complain(home: Path) -> None:
    (home / "state").write_text("a file where a folder should be")
    async with opened() as pilot:
        app_of(pilot).choose_theme("moss")
        await pilot.pause()

        assert app_of(pilot).theme == "moss"
        assert toasts(pilot) == []


@pytest.mark.parametrize("remembered", [b"", b"\n", b"no such theme\n", b"\xff\xfe", b"x" * 100_000])
async def test_a_remembered_theme_that_is_no_theme_is_forgotten(home: Path, remembered: bytes) -> None:
    folder = home / "state" / "pyclosure"
    folder.mkdir(parents=True)
    (folder / "theme").write_bytes(remembered)
    async with opened() as pilot:
        assert app_of(pilot).theme == "midnight"


# -- the user's own --------------------------------------------------------------------------------------


async def test_a_theme_of_the_users_own_is_found(config: Path) -> None:
    (config / "themes" / "mine.toml").write_text(GOOD)
    async with opened(theme="mine") as pilot:
        assert app_of(pilot).theme == "mine"
        assert "mine" in app_of(pilot).theme_names()
        assert screen_of(pilot).styles.background == Color.parse("#000000")
        assert toasts(pilot) == []


async def test_rules_are_parsed_again_for_another_theme_and_for_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    parse = Stylesheet.reparse
    monkeypatch.setattr(Stylesheet, "reparse", lambda self: (parsed.append("again"), parse(self))[1])
    async with opened() as pilot:
        for key in ("2", "4", "5", "w", "escape", "question_mark", "escape"):
            await pilot.press(key)
        assert parsed == []
        before = pilot.app.screen.styles.background

        app_of(pilot).choose_theme("paper")
        await pilot.pause()

        assert parsed
        assert pilot.app.screen.styles.background != before


async def test_a_theme_of_the_users_own_may_replace_one_that_ships(config: Path) -> None:
    (config / "themes" / "midnight.toml").write_text(GOOD.replace("mine", "midnight"))
    async with opened() as pilot:
        assert screen_of(pilot).styles.background == Color.parse("#000000")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name = ", "theme bad.toml: "),
        ('name = "bad"', "theme bad.toml: needs the colour primary"),
        (GOOD + 'accent = "no colour"', "theme bad.toml: accent is 'no colour', not a colour such as #4a9eff"),
        (GOOD + "accent = 5", "theme bad.toml: accent is 5, not a colour"),
        (GOOD + "acent = '#000000'", "theme bad.toml: unknown key 'acent' (did you mean accent?)"),
        (GOOD + "dark = 'yes'", "theme bad.toml: dark must be true or false"),
        (GOOD + "[variables]\na = 1", "theme bad.toml: variables must be a table of texts"),
        (GOOD.replace('"mine"', '""'), "theme bad.toml: needs a name"),
        (GOOD.replace('"mine"', '"a\\u001bb"'), "theme bad.toml: needs a name"),
        # brackets would be markup in the palette
        (GOOD.replace("mine", "[/b]mine[red]"), "theme bad.toml: needs a name"),
        ("# " + "x" * 70_000, "theme bad.toml: larger than 65536 bytes"),
        ("a = " + "[" * 5000, "theme bad.toml: "),
        ("\x00", "theme bad.toml: "),
        ("dark = " + "9" * 5000, "theme bad.toml: a number has too many digits"),
        ("dark = 0x" + "9" * 5000, "theme bad.toml: a number has too many digits"),
    ],
)
async def test_a_broken_theme_is_named_and_the_default_is_used(config: Path, text: str, problem: str) -> None:
    (config / "themes" / "bad.toml").write_text(text)
    (config / "themes" / "good.toml").write_text(GOOD)
    async with opened() as pilot:
        assert app_of(pilot).theme == "midnight"
        assert len(toasts(pilot)) == 1
        assert toasts(pilot)[0].startswith(problem)
        # the others are there all the same
        assert "mine" in app_of(pilot).theme_names()


@pytest.mark.parametrize("colour", ["auto", "auto 50%", "ansi_red", "transparent", "red", "#12345678", "rgb(1,2,3)"])
async def test_any_way_to_write_a_colour_either_works_or_is_named(config: Path, colour: str) -> None:
    (config / "themes" / "mine.toml").write_text(GOOD + f'accent = "{colour}"\npanel = "{colour}"\n')
    async with opened(theme="mine") as pilot:
        if app_of(pilot).theme == "midnight":
            assert toasts(pilot)[0].startswith("theme mine.toml: ")
        else:
            assert app_of(pilot).theme == "mine"
        assert "msgpack 1.2.4" in picture(pilot)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('text-muted = "no colour; }"', "text-muted is 'no colour; }', not a colour such as #4a9eff"),
        ('text-muted = "$primary"', "text-muted is '$primary', not a colour"),
        ('"x; } Screen" = "#000000"', "'x; } Screen' is not the name of a variable"),
        ('block-cursor-text-style = "large"', "block-cursor-text-style holds 'large', not a text style such as bold"),
    ],
)
async def test_a_variable_that_no_stylesheet_understands_is_named(config: Path, line: str, problem: str) -> None:
    (config / "themes" / "mine.toml").write_text(GOOD + f"[variables]\n{line}\n")
    async with opened() as pilot:
        assert app_of(pilot).theme == "midnight"
        assert toasts(pilot)[0].startswith(f"theme mine.toml: {problem}")


async def test_variables_of_a_theme_are_used(config: Path) -> None:
    lines = 'text-muted = "#010203"\nblock-cursor-background = "#ff0000 50%"\nblock-cursor-foreground = "auto 90%"\n'
    (config / "themes" / "mine.toml").write_text(
        f"{GOOD}[variables]\n{lines}block-cursor-text-style = 'bold underline'\n"
    )
    async with opened(theme="mine") as pilot:
        assert toasts(pilot) == []
        assert app_of(pilot).theme == "mine"
        assert table_of(pilot).get_component_styles("rows--muted").color == Color.parse("#010203")


def test_titles_begin_with_the_name() -> None:
    for entry in FILES:
        table = tomllib.loads(entry.read_text("utf-8"))
        assert table["title"].lower().startswith(table["name"]), entry.name


async def test_no_color_is_obeyed_and_the_cursor_is_still_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened() as pilot:
        assert app_of(pilot).no_color
        table = table_of(pilot)
        cursor, other = table.render_line(1), table.render_line(2)
        assert cursor.text.startswith("▌") and other.text.startswith(" ")
        for strip in pilot.app.screen._compositor.render_strips():
            for segment in strip:
                for filter in pilot.app._filters:
                    [segment] = filter.apply([segment], Color(0, 0, 0))
                assert segment.style is None or segment.style.color is None or is_grey(segment.style.color)


def is_grey(colour: object) -> bool:
    red, green, blue = colour.get_truecolor()
    return red == green == blue


def test_settings_that_are_absent_are_no_problem() -> None:
    assert read_settings() == Settings()
