"""Text from a closure and from nix is shown as it is: it is no markup, and it moves no cursor."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from pyclosure.queries.base.activity import Progress
from pyclosure.queries.base.errors import NixFailed
from pyclosure.queries.base.records import Distribution, FileFacts
from pyclosure.queries.opened.knowledge import Knowledge, know
from pyclosure.queries.opened.opened import Opened
from pyclosure.tui.widgets.detail_pane import DetailPane
from pyclosure.tui.windows.dialogs import DetailDialog
from tests.support.closures import derivation_of, knowledge_of, records_of, store_path
from tests.tui.driving import (
    WIDE,
    Hanging,
    Ready,
    app_for,
    app_of,
    detail_text,
    drawn,
    hits,
    of_store,
    opened,
    picture,
    running,
    screen_of,
    search,
    stand_on,
    toasts,
    type_filter,
    until,
)

MARKUP = "[red]x[/red]"
CLOSING = "[/nope]"
CLIPBOARD = "\x1b]52;c;aGVsbG8=\x07"
"""What would put a word into the clipboard of whoever looks at it."""
NASTY = f"{MARKUP}{CLOSING}\x1b[31m{CLIPBOARD}\x9b2J\u202e\r\n@click"


def assert_harmless(pilot: Pilot[int]) -> None:
    """Check everything that reaches the terminal."""
    for strip in pilot.app.screen._compositor.render_strips():
        for segment in strip:
            bad = [sign for sign in segment.text if not sign.isprintable()]
            assert not bad, f"{segment.text!r}"
            if "[red]" in segment.text or segment.text == "x":
                assert segment.style is None or segment.style.color is None or segment.style.color.name != "red"


def distribution(name: str) -> Distribution:
    return Distribution(
        name=name,
        normalized=name.lower(),
        version=f"1.0+{MARKUP}",
        interpreter="python3.11",
        folder=f"lib/python3.11/site-packages/{name}.dist-info",
        wheel_tags=(MARKUP,),
    )


def env_with(facts: FileFacts, **derivation: str) -> Knowledge:
    records = records_of(
        {"python3-3.11.2-env": ("python3.11-six-1.17.0",)},
        derivers={"python3.11-six-1.17.0": "python3.11-six-1.17.0.drv"},
    )
    path = store_path("python3.11-six-1.17.0")
    one = derivation_of("python3.11-six-1.17.0", derivation)
    return knowledge_of(records, derivations={one.path: one}, files={path: facts})


async def everything_drawn(pilot: Pilot[int]) -> str:
    """Look at a path everywhere, checking on the way; returns all that was shown."""
    seen = []
    for key in ("1", "3", "2"):
        await pilot.press(key)
        await pilot.pause()
        assert_harmless(pilot)
        seen.append(picture(pilot))
    await stand_on(pilot, "python3.11-six-1.17.0")
    await pilot.press("d")
    assert isinstance(pilot.app.screen, DetailDialog)
    assert_harmless(pilot)
    seen.append(detail_text(pilot.app.screen.query_one(DetailPane)))
    await pilot.press("escape", "o")
    assert_harmless(pilot)
    await pilot.press("escape")
    return "\n".join(seen)


async def test_markup_in_the_name_of_a_distribution_is_shown_as_it_is() -> None:
    facts = FileFacts("directory", interpreters=("python3.11",), distributions=(distribution(MARKUP + CLOSING),))
    async with opened(env_with(facts), WIDE) as pilot:
        words = " ".join((await everything_drawn(pilot)).split())

        assert f"{MARKUP}{CLOSING} 1.0+{MARKUP}" in words
        assert f"0 requirements, {MARKUP}" in words


@pytest.mark.parametrize("text", ["[red", "[/red]", "\\[red\\]x", "[@click=app.quit()]", "\\["])
async def test_the_palette_takes_markup_for_text(text: str) -> None:
    facts = FileFacts("directory", interpreters=("python3.11",), distributions=(distribution(MARKUP + CLOSING),))
    async with opened(env_with(facts)) as pilot:
        palette = await search(pilot, text)
        assert_harmless(pilot)
        assert palette.query_one("CommandInput").value == text


async def test_brackets_of_a_label_are_shown_in_the_palette() -> None:
    records = records_of({"app-1.0": ("zlib-aarch64-unknown-linux-gnu-1.3",)})
    async with opened(knowledge_of(records)) as pilot:
        palette = await search(pilot, "zlib")

        assert hits(palette)[0].startswith("Go to zlib 1.3 [aarch64-unknown-linux-gnu]")


async def test_a_filter_takes_markup_for_text() -> None:
    facts = FileFacts("directory", interpreters=("python3.11",), distributions=(distribution(MARKUP + CLOSING),))
    async with opened(env_with(facts)) as pilot:
        await type_filter(pilot, "nothing [/red] at all")
        assert_harmless(pilot)
        assert "nothing matches 'nothing [/red] at all'" in picture(pilot)
        await pilot.press("escape", "2", "n")
        assert_harmless(pilot)


async def test_what_a_derivation_says_is_shown_without_control_characters() -> None:
    facts = FileFacts("directory")
    async with opened(env_with(facts, pname=NASTY, version=NASTY, name=NASTY), WIDE) as pilot:
        words = await everything_drawn(pilot)

        assert MARKUP in words
        assert "\x1b" not in words and "\u202e" not in words and "\x9b" not in words


async def test_what_files_say_is_shown_without_control_characters(tmp_path: Path) -> None:
    # a store of its own, below which the files are really read
    records = records_of({"python3-3.11.2-env": ("python3.11-six-1.17.0",)})
    for info in records.paths:
        folder = tmp_path / info.path.lstrip("/") / "lib/python3.11/site-packages/six-1.17.0.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_bytes(
            f"Metadata-Version: 2.1\nName: {MARKUP}\x1b[31m\nVersion: 1.0\x1b]0;title\x07{CLOSING}\n".encode()
        )
        (folder / "INSTALLER").write_text(CLIPBOARD)
    async with opened(knowledge_of(replace(records, files_root=str(tmp_path))), WIDE) as pilot:
        words = await everything_drawn(pilot)

        assert app_of(pilot).session.knowledge.files_state.state == "complete"
        assert MARKUP in words
        assert "\x1b" not in words


async def test_words_of_nix_are_shown_as_they_are() -> None:
    error = NixFailed(
        f"nix failed at {MARKUP}",
        hint=f"look at {CLOSING}",
        words=f"error: {NASTY}",
        command=("nix", MARKUP, "\x1b[2J"),
    )
    async with running(app_for(Ready(error)), WIDE) as pilot:
        assert_harmless(pilot)
        text = picture(pilot)
        assert f"nix failed at {MARKUP}" in text
        assert f"look at {CLOSING}" in text
        assert f"error: {MARKUP}{CLOSING}" in text
        await pilot.press("y")
        assert "\x1b" not in pilot.app.clipboard


async def test_a_fault_with_markup_in_its_text_is_shown_as_it_is() -> None:
    async with running(app_for(Ready(ValueError(NASTY)))) as pilot:
        assert_harmless(pilot)
        assert MARKUP in picture(pilot)


async def test_names_with_a_triple_in_brackets_are_titles_as_they_are() -> None:
    records = records_of({"app-1.0": ("zlib-aarch64-unknown-linux-gnu-1.3",)})
    async with opened(knowledge_of(records), screen="closure") as pilot:
        await stand_on(pilot, "zlib-aarch64-unknown-linux-gnu-1.3")
        assert "zlib 1.3 [aarch64-unknown-linux-gnu]" in picture(pilot)
        await pilot.press("d")

        assert "─ zlib 1.3 [aarch64-unknown-linux-gnu] ─" in picture(pilot)


async def test_a_label_and_an_origin_with_markup_are_shown_as_they_are() -> None:
    records = replace(records_of({"app-1.0": ()}), label=MARKUP, origin=f"at {CLOSING}")
    async with opened(knowledge_of(records), WIDE) as pilot:
        assert f"{MARKUP} · at {CLOSING}" in drawn(pilot)[0]


@pytest.mark.parametrize("text", [MARKUP, CLOSING, "\\[", "[@click=app.quit()]x[/]"])
async def test_toasts_take_text_as_it_is(text: str) -> None:
    app = app_for(know(Opened(records_of({"app-1.0": ()}), None, notes=(text,))))
    async with app.run_test(notifications=True) as pilot:
        await pilot.pause()
        await pilot.pause()

        assert toasts(pilot) == [text]
        await until(pilot, lambda: text in picture(pilot), "the toast")
        assert app.is_running


async def test_the_screen_that_loads_takes_text_as_it_is() -> None:
    nix = Hanging(Progress(f"nix {MARKUP}{CLOSING}", 5 * 1024, None, "bytes"))
    async with running(app_for(of_store(nix))) as pilot:
        await until(pilot, lambda: "5 KiB" in picture(pilot), "the progress")

        assert f"nix {MARKUP}{CLOSING} … 5 KiB" in picture(pilot)
        assert screen_of(pilot).has_class("-loading")
