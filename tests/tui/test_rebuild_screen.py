"""The screen of rebuilds: the ranking, the impact of what is under the cursor, and where keys lead."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from pyclosure.queries.base.errors import NoData
from pyclosure.queries.demo import demo_snapshot
from pyclosure.queries.opened.knowledge import know
from pyclosure.queries.sources.graphs import OpenSide
from pyclosure.queries.sources.read import opened_snapshot
from pyclosure.tui.screens.rebuild import SORTS, RebuildScreen
from pyclosure.tui.windows.dialogs import TextDialog
from pyclosure.tui.windows.document import DocumentDialog
from tests.tui.commanding import Cli
from tests.tui.driving import (
    LARGE,
    app_of,
    here,
    mode_screen_of,
    opened,
    picture,
    shown,
    stand_on,
    toasts,
    until,
)
from tests.tui.two_graphs import after, before, saved


def screen_of(pilot: Pilot[int]) -> RebuildScreen:
    screen = mode_screen_of(pilot)
    assert isinstance(screen, RebuildScreen)
    return screen


def labels(pilot: Pilot[int]) -> list[str]:
    ranks = screen_of(pilot).ranks
    return [ranks.labels[one.derivation] for one in ranks.rows]


async def pane(pilot: Pilot[int]) -> str:
    """Return all of the pane, once the impact is worked out."""
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()
    return " ".join(shown(screen_of(pilot).evidence.query_one(Static)).split())


async def go_to(pilot: Pilot[int], label: str) -> None:
    screen_of(pilot).ranks.rows_changed(labels(pilot).index(label))
    await pilot.pause()


async def test_the_ranking_is_that_of_the_command(cli: Cli) -> None:
    rows = cli("rebuild", "demo:", "--top", "0", "--format", "json").json
    async with opened(screen="rebuild") as pilot:
        await pilot.press("p", "p", "p")
        outlook = app_of(pilot).session.outlook
        assert outlook is not None
        shown_rows = [
            (outlook.graph.paths[one.derivation], one.rebuilds, one.without_tests)
            for one in screen_of(pilot).ranks.rows
        ]
        assert shown_rows == [(one["derivation"], one["rebuilds"], one["without_tests"]) for one in rows]


async def test_three_keys_and_a_name_say_what_openssl_rebuilds(cli: Cli) -> None:
    found = cli("rebuild", "demo:", "openssl 3.0.20".replace(" ", "-"), "--format", "json").json
    async with opened(size=LARGE) as pilot:
        await pilot.press("6", "slash", *"openssl", "enter")
        assert labels(pilot) == ["openssl 3.0.20", "openssl 3.5.7"]
        text = await pane(pilot)

        counts = found["counts"]
        assert f"changing openssl 3.0.20 rebuilds {counts['derivations']} derivations of 225" in text
        assert f"runtime {counts['runtime']} · build {counts['build']} · only tests {counts['test_only']}" in text
        assert "branch master, for a change goes there while it is below 500 rebuilds" in text
        assert "because" in text and "→ openssl 3.0.20" in text


async def test_t_leaves_tests_out() -> None:
    async with opened(screen="rebuild", size=LARGE) as pilot:
        await go_to(pilot, "pytest 8.3.3")
        assert "pytest 8.3.3 rebuilds 17 derivations" in await pane(pilot)
        await pilot.press("t")
        await go_to(pilot, "pytest 8.3.3")
        assert "pytest 8.3.3 rebuilds 8 derivations" in await pane(pilot)
        assert "without tests in builds" in shown(screen_of(pilot).head)


async def test_several_are_touched_at_once() -> None:
    async with opened(screen="rebuild", size=LARGE) as pilot:
        await go_to(pilot, "openssl 3.0.20")
        await pilot.press("space")
        await go_to(pilot, "openssl 3.5.7")
        await pilot.press("space")
        assert "changing openssl 3.0.20, openssl 3.5.7 rebuilds 67 derivations" in await pane(pilot)
        await pilot.press("escape")
        await go_to(pilot, "openssl 3.5.7")
        assert "changing openssl 3.5.7 rebuilds 5 derivations" in await pane(pilot)


async def test_b_leads_there_from_any_path() -> None:
    async with opened(screen="closure", size=LARGE) as pilot:
        await pilot.press("t")
        await stand_on(pilot, "python3.11-numpy-1.26.4")
        await pilot.press("b")
        await until(pilot, lambda: app_of(pilot).current_mode == "rebuild", "the screen of rebuilds")
        assert "changing numpy 1.26.4 rebuilds" in await pane(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: app_of(pilot).current_mode == "closure", "the closure screen")
        assert here(pilot) == "python3.11-numpy-1.26.4"


@pytest.mark.parametrize("sort", SORTS)
async def test_every_order_is_an_order_and_turns_around(sort: str) -> None:
    async with opened(screen="rebuild") as pilot:
        while screen_of(pilot).ranks.sort != sort:
            await pilot.press("s")
        rows = screen_of(pilot).ranks.rows
        names = screen_of(pilot).ranks.labels
        values = {
            "rebuilds": [-one.rebuilds for one in rows],
            "without-tests": [-one.without_tests for one in rows],
            "factor": [one.without_tests - one.rebuilds for one in rows],
            "name": [names[one.derivation] for one in rows],
        }[sort]
        assert values == sorted(values)  # type: ignore[type-var]
        before = labels(pilot)
        await pilot.press("S")
        assert labels(pilot) == before[::-1]


async def test_p_shows_only_some() -> None:
    async with opened(screen="rebuild") as pilot:
        assert not any(one.fixed for one in screen_of(pilot).ranks.rows)
        await pilot.press("p")
        assert all(one.python for one in screen_of(pilot).ranks.rows)
        await pilot.press("p")
        outlook = app_of(pilot).session.outlook
        assert outlook is not None
        assert {one.derivation for one in screen_of(pilot).ranks.rows} == outlook.running
        await pilot.press("p")
        assert len(screen_of(pilot).ranks.rows) == 225
        await pilot.press("escape")
        assert len(screen_of(pilot).ranks.rows) == 225 - sum(outlook.graph.fixed)


async def test_i_shows_all_as_a_tree_and_v_the_derivation() -> None:
    async with opened(screen="rebuild", size=LARGE) as pilot:
        await go_to(pilot, "pytest 8.3.3")
        await pane(pilot)
        await pilot.press("i")
        assert isinstance(pilot.app.screen, TextDialog)
        assert "pytest-check-hook" in picture(pilot) and "idna 3.20   its tests, nativeBuildInputs" in picture(pilot)
        await pilot.press("escape", "v")
        assert isinstance(pilot.app.screen, DocumentDialog)
        assert 'pname = "pytest";' in picture(pilot)
        await pilot.press("escape", "y")
        assert toasts(pilot)[-1].startswith("copied /nix/store/") and toasts(pilot)[-1].endswith("pytest-8.3.3.drv")


async def test_without_a_build_graph_it_says_why_and_b_does_too() -> None:
    saved = replace(demo_snapshot(), build=None)
    async with opened(know(opened_snapshot(saved)), screen="rebuild") as pilot:
        assert "no build graph: the snapshot holds no build graph" in shown(screen_of(pilot).head)
        assert "a snapshot made with --evidence has it" in picture(pilot)
        await pilot.press("1", "b")
        assert toasts(pilot)[-1].startswith("no build graph: ")


# -- two graphs ------------------------------------------------------------------------------------------


async def test_what_differs_stands_first_and_says_in_what() -> None:
    async with opened(screen="rebuild", open_base=lambda _: before(), base="./before", size=LARGE) as pilot:
        await until(pilot, lambda: app_of(pilot).session.compared is not None, "the comparison")
        compared = app_of(pilot).session.compared
        assert compared is not None and compared.comparison is not None

        assert labels(pilot)[0] == "openssl 3.0.20"
        assert len(labels(pilot)) == len(compared.comparison.rebuilt)
        assert [screen_of(pilot).ranks.labels[index] for index in compared.causes] == ["openssl 3.0.20"]
        text = await pane(pilot)
        assert text.startswith("openssl 3.0.20 differs in configureFlags; rebuilds")
        assert "- no-legacy" in text and "\x1b" not in text
        assert "built anew since ./before · 1 cause" in shown(screen_of(pilot).head)
        await pilot.press("down")
        assert "differs in" not in await pane(pilot)
        await pilot.press("p")
        assert len(labels(pilot)) > len(compared.comparison.rebuilt)
        await pilot.press("escape")
        assert len(labels(pilot)) == len(compared.comparison.rebuilt)


async def test_the_comparison_is_that_of_the_command(cli: Cli, tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    for path, one in ((old, before().graph), (new, after())):
        path.write_bytes(saved(one))
    answer = cli("rebuild", "--base", str(old), "--head", str(new), "--format", "json").json
    async with opened(screen="rebuild", open_base=lambda _: before(), base="x") as pilot:
        await until(pilot, lambda: app_of(pilot).session.compared is not None, "the comparison")
        compared = app_of(pilot).session.compared
        assert compared is not None and compared.comparison is not None

        assert answer["counts"]["rebuilt"] == len(compared.comparison.rebuilt) == len(labels(pilot))
        assert [one["derivation"] for one in answer["root_causes"]] == [
            compared.comparison.head.paths[index] for index in compared.causes
        ]


async def test_a_base_that_cannot_be_read_is_told_and_the_ranking_stays() -> None:
    def fail(_: object) -> OpenSide:
        raise NoData("there is no build graph of x: no derivation is here", hint="bring one")

    async with opened(screen="rebuild", open_base=fail, base="./x") as pilot:
        await until(pilot, lambda: app_of(pilot).session.compared is not None, "the comparison")

        assert "nothing to compare with: there is no build graph of x" in shown(screen_of(pilot).head)
        assert len(labels(pilot)) > 10
