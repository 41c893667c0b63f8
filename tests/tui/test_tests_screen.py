"""The screen of tests: what it lists, what it says of a package, and where keys lead."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from pyclosure.queries.demo import demo_snapshot
from pyclosure.queries.opened.knowledge import know
from pyclosure.queries.sources.read import opened_snapshot
from pyclosure.queries.sources.resolve import Installables
from pyclosure.queries.sources.stores import Store
from pyclosure.queries.testing.evaluation import Expression
from pyclosure.tui.screens.findings import FindingsScreen
from pyclosure.tui.screens.tests import SORTS, TestsScreen
from pyclosure.tui.windows.dialogs import TextDialog
from pyclosure.tui.windows.document import DocumentDialog
from pyclosure.tui.windows.why import WhyScreen
from tests.tui.commanding import Cli
from tests.tui.driving import LARGE, app_of, here, lines, mode_screen_of, opened, picture, shown, toasts, until


def screen_of(pilot: Pilot[int]) -> TestsScreen:
    screen = mode_screen_of(pilot)
    assert isinstance(screen, TestsScreen)
    return screen


def packages(pilot: Pilot[int]) -> list[str]:
    return [one.name for one in screen_of(pilot).packages.rows]


def pane(pilot: Pilot[int]) -> str:
    """Return all of the pane, also what is scrolled out of sight."""
    return " ".join(shown(screen_of(pilot).evidence.query_one(Static)).split())


async def go_to(pilot: Pilot[int], name: str) -> None:
    screen_of(pilot).packages.rows_changed(packages(pilot).index(name))
    await pilot.pause()


async def test_it_has_the_packages_of_the_command_in_the_same_order(cli: Cli) -> None:
    expected = cli("tests", "demo:", "--format", "json").json["packages"]
    async with opened(screen="tests") as pilot:
        assert [one.path for one in screen_of(pilot).packages.rows] == [one["path"] for one in expected]


async def test_two_keys_show_a_gap_and_what_explains_it() -> None:
    async with opened(size=LARGE) as pilot:
        await pilot.press("5", "down")

        drawn = lines(screen_of(pilot).packages)
        assert any("▲ pandas 2.2.3" in line and "ran in part" in line and "hypothesis" in line for line in drawn)
        assert any("▲ requests 2.32.3" in line and "NOTHING RAN" in line for line in drawn)
        text = pane(pilot)
        assert text.startswith("pandas 2.2.3")
        assert "real gap, probable: declared for tests and not among the check inputs: hypothesis" in text
        assert 'hypothesis>=6.46.1; extra == "test" extra test asks for it' in text
        assert "not pandas/tests/io (disabledTestPaths)" in text
        assert "pytest-check-hook, pytest-xdist 3.8.0 (probable, by derivation: pytest-check-hook runs tests)" in text


async def test_the_head_says_how_many_and_what_tests_cost() -> None:
    async with opened(screen="tests", size=LARGE) as pilot:
        head = shown(screen_of(pilot).head)

        assert "31 packages · 7 ran · 2 real gaps · 1 weak gap · 1 nothing ran · 23 not run · 4 undeclared" in head
        assert "5 inputs for tests alone; changing them rebuilds 11 more derivations" in head


async def test_t_shows_one_kind_of_package_after_the_other() -> None:
    async with opened(screen="tests") as pilot:
        seen = [set(packages(pilot))]
        whole = seen[0]
        for _ in range(6):
            await pilot.press("t")
            seen.append(set(packages(pilot)))
            if seen[-1] == whole:
                break

        assert seen[1:3] == [{"humanize", "idna", "pandas"}, {"requests"}]
        assert seen[-1] == whole
        assert set().union(*seen[1:-1]) == whole
        assert sum(len(some) for some in seen[1:-1]) == len(whole)
        await pilot.press("t", "escape")
        assert set(packages(pilot)) == whole


async def test_the_filter_is_that_of_the_command(cli: Cli) -> None:
    expected = cli("tests", "demo:", "--filter", "real probable", "--format", "json").json["packages"]
    async with opened(screen="tests") as pilot:
        await pilot.press("slash", *"real", "space", *"probable")
        assert packages(pilot) == [one["distribution"] for one in expected] == ["humanize", "pandas"]
        assert "2 packages" in picture(pilot)
        await pilot.press("escape")
        assert len(packages(pilot)) == 31


@pytest.mark.parametrize("sort", SORTS)
async def test_every_order_is_an_order_and_turns_around(sort: str) -> None:
    async with opened(screen="tests") as pilot:
        while screen_of(pilot).packages.sort != sort:
            await pilot.press("s")
        rows = screen_of(pilot).packages.rows
        values = {
            "name": [one.name for one in rows],
            "missing": [-len(one.gap.missing) if one.verdict == "real" else 1 for one in rows],
            "saved": [-(one.cost.saved if one.cost is not None else -1) for one in rows],
        }.get(sort)
        assert values is None or values == sorted(values)
        before = packages(pilot)
        await pilot.press("S")
        assert packages(pilot) == before[::-1]


async def test_keys_lead_to_the_derivation_metadata_and_the_finding() -> None:
    async with opened(screen="tests", size=LARGE) as pilot:
        await go_to(pilot, "pandas")
        await pilot.press("v")
        assert isinstance(pilot.app.screen, DocumentDialog)
        assert 'disabledTestPaths = "pandas/tests/io";' in picture(pilot)
        assert "-pytest-check-hook" in picture(pilot)
        await pilot.press("escape", "p")
        assert toasts(pilot)[-1].startswith("METADATA cannot be shown: ")
        await pilot.press("f")
        await until(pilot, lambda: app_of(pilot).current_mode == "findings", "the screen of findings")
        found = mode_screen_of(pilot)
        assert isinstance(found, FindingsScreen)
        row = found.findings.here
        assert row is not None and row.finding is not None
        assert row.finding.title == "pandas 2.2.3 was tested without hypothesis"


async def test_a_package_without_a_finding_says_so() -> None:
    async with opened(screen="tests") as pilot:
        await go_to(pilot, "numpy")
        await pilot.press("f")
        assert toasts(pilot) == ["no finding is about the tests of this package"]


async def test_keys_lead_to_why_and_to_the_path() -> None:
    async with opened(screen="tests") as pilot:
        await go_to(pilot, "requests")
        await pilot.press("w")
        assert isinstance(pilot.app.screen, WhyScreen)
        await pilot.press("escape", "enter")
        await until(pilot, lambda: app_of(pilot).current_mode == "closure", "the closure screen")
        assert here(pilot) == "python3.11-requests-2.32.3"
        await pilot.press("backspace")
        await until(pilot, lambda: app_of(pilot).current_mode == "tests", "the way back")


async def test_all_tests_together_are_circles_costs_and_tools_elsewhere() -> None:
    async with opened(screen="tests", size=LARGE) as pilot:
        await pilot.press("i")
        assert isinstance(pilot.app.screen, TextDialog)
        text = " ".join(picture(pilot).split())

        assert "pytest –test✂→ requests –test→ pytest; cut: the tests of pytest are off" in text
        assert "changing pytest 8.3.3 rebuilds 16 instead of 7, ×2.3" in text
        assert "P10 test tools at runtime: pytest 8.3.3, pytest-cov 5.0.0, by humanize 4.17.0" in text


async def test_nothing_can_be_evaluated_without_an_expression() -> None:
    async with opened(screen="tests") as pilot:
        assert app_of(pilot).session.expressions == ()
        await pilot.press("e")
        assert toasts(pilot)[-1].startswith("no expression was opened: open it with pyclosure -f FILE")


async def test_what_was_evaluated_can_be_asked() -> None:
    async with opened(screen="tests") as pilot:
        app = app_of(pilot)
        app.session.opening.source = Installables(("env",), Store(None, "", False, "local store"), "/", "/default.nix")

        assert app.session.expressions == (Expression("env", "/default.nix", False, "/"),)


async def test_without_derivations_it_shows_what_is_declared_and_what_would_tell() -> None:
    saved = replace(demo_snapshot(), derivations=None, build=None)
    async with opened(know(opened_snapshot(saved)), LARGE, screen="tests") as pilot:
        head, text = shown(screen_of(pilot).head), ""
        assert "what ran is unknown: " in head
        assert {one.ran for one in screen_of(pilot).packages.rows} == {"unknown"}
        await go_to(pilot, "pandas")
        text = pane(pilot)

        assert "declared 3 requirements: extra test (METADATA)" in text
        assert "ran unknown: the derivation is not here" in text
        assert "nix path-info --derivation" in text
        assert all("?" in line for line in lines(screen_of(pilot).packages)[1:5])
        await pilot.press("v")
        assert toasts(pilot)[-1] == "the derivation is not here: nothing to show"


async def test_d_opens_all_that_is_known() -> None:
    async with opened(screen="tests") as pilot:
        await go_to(pilot, "requests")
        await pilot.press("d")
        assert isinstance(pilot.app.screen, TextDialog)
        assert "tests of requests 2.32.3" in picture(pilot)
        assert "NOTHING RAN" not in picture(pilot)
        assert "doInstallCheck is on, but no hook" in picture(pilot)


async def test_there_is_nothing_to_cut() -> None:
    async with opened(screen="tests") as pilot:
        await pilot.press("x")
        assert app_of(pilot).session.plan.marks == []
        assert toasts(pilot) == ["tests are no references: x cuts in the closure and in why"]


def test_the_json_is_what_the_screen_shows(cli: Cli) -> None:
    done = cli("tests", "demo:", "--package", "pandas", "--format", "json")
    one = json.loads(done.out)

    assert (one["verdict"], one["certainty"], one["ran"], one["runner"]) == ("real", "probable", "filtered", "pytest")
    assert one["missing"] == ["hypothesis"]
    assert {asked["name"]: asked["standing"] for asked in one["declared"]} == {
        "hypothesis": "missing",
        "pytest": "provided",
        "pytest-xdist": "provided",
    }
    assert [some["distribution"] for some in one["provided"]] == [None, "pytest-xdist"]
    assert one["limits"] == [{"attribute": "disabledTestPaths", "only": False, "values": ["pandas/tests/io"]}]
    assert one["cost"]["dependants"] == 1
