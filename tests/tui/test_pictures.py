"""What the screens look like. Read every difference before taking it as right."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from pyclosure.queries.base.activity import Progress
from pyclosure.queries.base.errors import NixFailed
from pyclosure.queries.findings import judge
from pyclosure.tui import screens
from pyclosure.tui.app.application import ClosureApp
from pyclosure.tui.session import session as session_module
from tests.support.closures import knowledge_of, records_of
from tests.tui.driving import (
    LARGE,
    SMALL,
    Hanging,
    Opens,
    Ready,
    app_for,
    app_of,
    filter_line,
    here,
    names,
    of_store,
    opened,
    picture,
    running,
    settled,
    stand_on,
    until,
)
from tests.tui.picturing import FOLDER, Pictures, normalised, text_of
from tests.tui.two_graphs import before, side_before

THEMES = ("midnight", "paper")
SIZES = (SMALL, LARGE)
Scene = Callable[[Pilot[int]], object]

WORDS = """\
error: cannot connect to socket at '/nix/var/nix/daemon-socket/socket': Connection refused
error: a second line of what nix said, which is long enough to be folded on a terminal of eighty columns
"""
TROUBLE = NixFailed(
    "the Nix daemon does not answer at /nix/var/nix/daemon-socket/socket",
    hint="start it (systemctl start nix-daemon), or name another store with --store",
    words=WORDS,
    command=(
        "nix",
        "--offline",
        "path-info",
        "--json",
        "-r",
        "/nix/store/9fcsa7l6ywjhr34pahr4ry89x8nv4fp9-demo-app-1.0",
    ),
)


async def overview(pilot: Pilot[int]) -> None:
    assert here(pilot) == "python3.11-msgpack-1.2.4"


async def tree(pilot: Pilot[int]) -> None:
    await pilot.press("2")
    for name in ("python3.11-numpy-1.26.4", "python3.11-pandas-2.2.3"):
        await stand_on(pilot, name)
        await pilot.press("space")
    # numpy hangs below pandas as well, where it says that it is shown above
    assert names(pilot).count("python3.11-numpy-1.26.4") == 2
    assert "↑" in picture(pilot)


async def flat(pilot: Pilot[int]) -> None:
    await pilot.press("2", "t")
    await stand_on(pilot, "glibc-2.41")


async def filtering(pilot: Pilot[int]) -> None:
    await pilot.press("slash")
    filter_line(pilot).cursor_blink = False
    filter_line(pilot).value = "kind:lib ssl"
    await pilot.pause()
    assert names(pilot) == ["openssl-3.5.7", "openssl-3.0.20"]


async def details(pilot: Pilot[int]) -> None:
    await stand_on(pilot, "python3.11-numpy-1.26.4")
    await pilot.press("d")


async def helping(pilot: Pilot[int]) -> None:
    """All keys but those of the number row, whose screens come and go."""
    await pilot.press("2")
    for spec in screens.find_all():
        del pilot.app._bindings.key_to_bindings[spec.key]
    await pilot.press("question_mark")


async def python(pilot: Pilot[int]) -> None:
    await pilot.press("3")
    assert here(pilot) == "python3-3.11.2-env"


async def commands(pilot: Pilot[int]) -> None:
    await stand_on(pilot, "python3.11-numpy-1.26.4")
    await pilot.press("o", "down", "down", "down")


async def why(pilot: Pilot[int]) -> None:
    await stand_on(pilot, "gcc-14.2.0")
    await pilot.press("w", "down", "down", "down", "down", "down", "down")


async def ways(pilot: Pilot[int]) -> None:
    await stand_on(pilot, "openblas-0.3.23")
    await pilot.press("w", "t", "down")


async def supposing(pilot: Pilot[int]) -> None:
    await pilot.press("2", "down", "space", "down", "x")
    assert app_of(pilot).session.status == "1 cut · saves 166.7 MiB"
    pilot.app.clear_notifications()


async def plan(pilot: Pilot[int]) -> None:
    await supposing(pilot)
    await pilot.press("X")
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def findings(pilot: Pilot[int]) -> None:
    """The second finding, with its evidence."""
    await pilot.press("4", "down")


async def gaps(pilot: Pilot[int]) -> None:
    """The second package, with what is missing."""
    await pilot.press("5", "down")


async def all_tests(pilot: Pilot[int]) -> None:
    await pilot.press("5", "i")


async def derivation(pilot: Pilot[int]) -> None:
    await pilot.press("5", "down", "v")


async def rebuild(pilot: Pilot[int]) -> None:
    """pytest, which tests alone make a heavy one."""
    await pilot.press("6", "s", "s", "down", "down")
    await pilot.app.workers.wait_for_complete()


SCENES: dict[str, Scene] = {
    "rebuild": rebuild,
    "tests": gaps,
    "all-tests": all_tests,
    "derivation": derivation,
    "findings": findings,
    "why": why,
    "ways": ways,
    "what-if": supposing,
    "plan": plan,
    "overview": overview,
    "tree": tree,
    "flat": flat,
    "filter": filtering,
    "details": details,
    "help": helping,
    "python": python,
    "commands": commands,
}
OTHERS = ("trouble", "loading", "build", "causes", "diff", "number-row")

RULES = frozenset(f"P{number:02}" for number in range(1, 27))
"""What the pictures ask; one more rule is no reason to take them anew."""
NUMBER_ROW = ("overview", "closure", "python", "findings", "tests", "rebuild", "diff")
"""What the one picture of it says, whatever screens there are."""

every_theme = pytest.mark.parametrize("theme", THEMES)
every_size = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")


@pytest.fixture(autouse=True)
def fixed_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = tuple(rule for rule in judge.all_rules() if rule.id in RULES)
    assert len(rules) == len(RULES)
    monkeypatch.setattr(judge, "all_rules", lambda: rules)


def without_tabs(app: ClosureApp) -> ClosureApp:
    """Leave the number row out of a picture: one more screen would change them all."""
    app.session.tabs = []
    return app


@asynccontextmanager
async def posing(what: Opens = None, size: tuple[int, int] = SMALL, **options: object) -> AsyncIterator[Pilot[int]]:
    """Run an app for a picture until everything about a source is known and shown."""
    async with running(without_tabs(app_for(what, **options)), size) as pilot:
        await settled(pilot)
        yield pilot


@every_size
@every_theme
@pytest.mark.parametrize("scene", SCENES)
async def test_the_demo_looks_like(pictures: Pictures, scene: str, theme: str, size: tuple[int, int]) -> None:
    async with posing(size=size, theme=theme) as pilot:
        await SCENES[scene](pilot)
        await pilot.pause()
        pictures.compare(pilot, scene)


@every_size
@every_theme
async def test_trouble_looks_like(pictures: Pictures, theme: str, size: tuple[int, int]) -> None:
    async with running(without_tabs(app_for(Ready(TROUBLE), theme=theme)), size) as pilot:
        await pilot.pause()
        pictures.compare(pilot, "trouble")


@every_size
@every_theme
async def test_loading_looks_like(
    pictures: Pictures, theme: str, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    opening = of_store(Hanging(Progress("nix path-info", 2114, 4000, "paths")))
    monkeypatch.setattr(session_module, "time", SimpleNamespace(monotonic=lambda: opening.began + 3.0))
    async with running(without_tabs(app_for(opening, theme=theme)), size) as pilot:
        await until(pilot, lambda: "2,114/4,000 paths" in picture(pilot), "the progress")
        pictures.compare(pilot, "loading")


@every_size
@every_theme
async def test_a_build_closure_looks_like(pictures: Pictures, theme: str, size: tuple[int, int]) -> None:
    graph = {
        "python3.11-app-1.0.drv": ("python3.11-lib-2.0.drv", "stdenv-linux.drv", "app-1.0.tar.gz.drv", "fix.patch"),
        "python3.11-lib-2.0.drv": ("stdenv-linux.drv", "lib-2.0.tar.gz.drv"),
        "stdenv-linux.drv": ("bash-5.2.drv", "default-builder.sh"),
    }
    sizes = {"python3.11-app-1.0.drv": 4120, "stdenv-linux.drv": 9200, "default-builder.sh": 150, "fix.patch": 2310}
    records = replace(records_of(graph, sizes), build_closure=True, origin="nix 2.18.1 · local store")
    async with posing(knowledge_of(records), size, theme=theme) as pilot:
        pictures.compare(pilot, "build")


@every_size
@every_theme
async def test_two_graphs_look_like(pictures: Pictures, theme: str, size: tuple[int, int]) -> None:
    options = {"screen": "rebuild", "open_base": lambda _: before(), "base": "./before"}
    async with posing(size=size, theme=theme, **options) as pilot:
        await until(pilot, lambda: app_of(pilot).session.compared is not None, "the comparison")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        pictures.compare(pilot, "causes")


@every_size
@every_theme
async def test_a_change_looks_like(pictures: Pictures, theme: str, size: tuple[int, int]) -> None:
    options = {"screen": "diff", "open_base": lambda _: side_before(), "base": "./before"}
    async with posing(size=size, theme=theme, **options) as pilot:
        session = app_of(pilot).session
        await until(pilot, lambda: session.review is not None and session.review.findings, "the review")
        await pilot.press("home", "down")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        pictures.compare(pilot, "diff")


@every_size
@every_theme
async def test_the_number_row_looks_like(pictures: Pictures, theme: str, size: tuple[int, int]) -> None:
    app = app_for(theme=theme, screen="python")
    app.session.tabs = [(str(number), name.capitalize(), name) for number, name in enumerate(NUMBER_ROW, 1)]
    async with running(app, size) as pilot:
        await settled(pilot)
        await pilot.pause()
        pictures.compare(pilot, "number-row")


# -- the comparing itself --------------------------------------------------------------------------------


def test_every_picture_belongs_to_a_test(pictures: Pictures) -> None:
    if pictures.update:
        pytest.skip("the pictures are being taken")
    expected = {
        f"{name}-{theme}-{width}x{height}.svg"
        for name in (*SCENES, *OTHERS)
        for theme in THEMES
        for width, height in SIZES
    }

    assert {path.name for path in FOLDER.iterdir()} == expected


def test_no_picture_names_a_font_on_the_web_or_an_id_of_its_own(pictures: Pictures) -> None:
    if pictures.update:
        pytest.skip("the pictures are being taken")
    for path in FOLDER.glob("*.svg"):
        text = path.read_text("utf-8")
        assert "font-face" not in text
        assert set(re.findall(r"https?://[^\s\"']+", text)) == {"http://www.w3.org/2000/svg"}
        assert not re.search(r"terminal-\d", text)


@asynccontextmanager
async def drawn() -> AsyncIterator[str]:
    async with opened() as pilot:
        yield pilot.app.export_screenshot(simplify=True)


async def test_two_runs_give_the_same_bytes() -> None:
    async with drawn() as first:
        pass
    async with drawn() as second:
        pass

    assert normalised(first) == normalised(second)


def test_a_difference_fails_keeps_the_new_picture_and_says_what_is_different(tmp_path: Path) -> None:
    svg = (FOLDER / "overview-midnight-80x24.svg").read_text("utf-8")
    (tmp_path / "taken").mkdir()
    pictures = Pictures(False, tmp_path / "taken", tmp_path / "failed")
    (tmp_path / "taken" / "x.svg").write_text(svg, "utf-8")
    pictures.compare_svg(svg, "x.svg")
    assert not (tmp_path / "failed").exists()

    with pytest.raises(AssertionError, match=r"x\.svg looks different now") as failure:
        pictures.compare_svg(svg.replace("msgpack", "MSGPACK"), "x.svg")
    assert "MSGPACK" in str(failure.value) and "--update-snapshots" in str(failure.value)
    assert "MSGPACK" in (tmp_path / "failed" / "x.svg").read_text("utf-8")

    with pytest.raises(AssertionError, match="only colours differ"):
        pictures.compare_svg(svg.replace("#10151c", "#10151d"), "x.svg")


def test_a_picture_that_was_never_taken_fails_and_taking_it_repairs_that(tmp_path: Path) -> None:
    svg = (FOLDER / "overview-midnight-80x24.svg").read_text("utf-8")
    with pytest.raises(AssertionError, match="has no picture yet"):
        Pictures(False, tmp_path, tmp_path / "failed").compare_svg(svg, "new.svg")

    Pictures(True, tmp_path).compare_svg(svg, "new.svg")
    Pictures(False, tmp_path, tmp_path / "failed").compare_svg(svg, "new.svg")
    assert text_of(svg)[0] == " pyclosure  python3-3.11.2-env"
