"""settings.toml: keys of the user's own, and what happens to what cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyclosure.tui.app.settings import Settings, config_folder, read_settings, remembered_theme, state_folder
from tests.tui.driving import app_of, opened, picture, screen_of, shown, table_of, toasts


def write(config: Path, text: str) -> Settings:
    (config / "settings.toml").write_text(text)
    return read_settings()


async def test_a_key_can_be_given_to_another_action(config: Path) -> None:
    settings = write(config, '[keys]\n"path.copy" = "f5,Y"\n')
    async with opened(settings=settings) as pilot:
        for key in ("f5", "Y"):
            app_of(pilot).copy_to_clipboard("")
            await pilot.press(key)
            assert app_of(pilot).clipboard.endswith("-python3.11-msgpack-1.2.4"), key
        app_of(pilot).copy_to_clipboard("")
        await pilot.press("y")
        assert app_of(pilot).clipboard == ""


async def test_help_and_footer_show_the_users_own_keys(config: Path) -> None:
    settings = write(config, '[keys]\nfilter = "f"\n')
    async with opened(settings=settings) as pilot:
        assert "f filter" in shown(screen_of(pilot).key_bar)
        await pilot.press("question_mark")
        assert "f              Keep only rows that match" in picture(pilot) or "Keep only rows" in shown(
            pilot.app.screen.query_one("VerticalScroll > Static")
        )
        await pilot.press("escape", "f")
        assert screen_of(pilot).filter_bar.has_class("-open")


async def test_a_screen_can_be_given_another_key(config: Path) -> None:
    async with opened(settings=write(config, '[keys]\n"screen.closure" = "0"\n')) as pilot:
        await pilot.press("0")
        assert app_of(pilot).current_mode == "closure"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("theme = ", "settings.toml cannot be read: "),
        ("theme = 5", "settings.toml: theme must be a name"),
        ("colour = 'red'", "settings.toml: unknown setting 'colour' (known: theme, keys)"),
        ("[key]", "settings.toml: unknown setting 'key' (did you mean keys?)"),
        ("keys = 'y'", "settings.toml: keys must be a table of texts"),
        ('[keys]\n"path.copy" = 5', "settings.toml: keys must be a table of texts"),
        ("# " + "x" * 300_000, "settings.toml is larger than 262144 bytes and was not read"),
        ("a = " + "[" * 5000, "settings.toml cannot be read: "),
        ("\x00", "settings.toml cannot be read: "),
        ("a = " + "9" * 5000, "settings.toml cannot be read: a number has too many digits"),
        ("a." * 50_000 + "b = 1", "settings.toml cannot be read: a key has more than 100 parts"),
    ],
)
async def test_settings_that_cannot_be_read_are_named_and_keep_no_answer_back(
    config: Path, text: str, problem: str
) -> None:
    settings = write(config, text)
    assert len(settings.problems) == 1
    assert settings.problems[0].startswith(str(config / problem.split(" ")[0].split(":")[0]))
    assert problem in settings.problems[0]

    async with opened(settings=settings) as pilot:
        assert toasts(pilot) == list(settings.problems)
        assert "msgpack 1.2.4" in picture(pilot)


async def test_a_name_that_no_key_has_is_named(config: Path) -> None:
    settings = write(config, '[keys]\n"path.copi" = "c"\n"path.open" = "enter"\n')
    async with opened(settings=settings) as pilot:
        assert toasts(pilot) == ["settings.toml: no key is called 'path.copi'; help (?) shows their names"]


@pytest.mark.parametrize(
    ("name", "key", "other"),
    [("path.copy", "f5, s", "sort"), ("path.copy", "/", "filter"), ("screen.closure", "3", "screen.python")],
)
async def test_a_key_that_two_actions_would_have_is_named(config: Path, name: str, key: str, other: str) -> None:
    settings = write(config, f'[keys]\n"{name}" = "{key}"\n')
    async with opened(settings=settings) as pilot:
        key = {"f5, s": "s", "/": "slash"}.get(key, key)
        both = " and ".join(sorted([name, other]))
        assert toasts(pilot) == [f"settings.toml: the key {key} is that of {both} now"]


async def test_two_actions_may_swap_their_keys(config: Path) -> None:
    settings = write(config, '[keys]\n"path.copy" = "s"\nsort = "y"\n')
    async with opened(settings=settings) as pilot:
        await pilot.press("s", "y")

        assert app_of(pilot).clipboard.endswith("-python3.11-msgpack-1.2.4")
        assert table_of(pilot).browser.sort == "closure_size"
        assert not any("settings" in toast for toast in toasts(pilot))


def test_without_xdg_folders_the_home_is_used(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("XDG_STATE_HOME", "")

    assert config_folder() == home / ".config" / "pyclosure"
    assert state_folder() == home / ".local" / "state" / "pyclosure"


def test_a_folder_that_may_not_be_read_is_named(config: Path) -> None:
    (config / "settings.toml").mkdir()

    assert "cannot be read" in read_settings().problems[0]


def test_a_device_for_a_file_of_settings_is_read_within_bounds(config: Path) -> None:
    # its size is said to be nothing, and it never ends
    (config / "settings.toml").symlink_to("/dev/zero")

    assert "larger than" in read_settings().problems[0]


def test_the_remembered_theme_is_a_short_name(home: Path) -> None:
    state_folder().mkdir(parents=True)
    (state_folder() / "theme").symlink_to("/dev/zero")

    assert len(remembered_theme() or "") <= 100
