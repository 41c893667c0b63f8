"""The screen of findings: what it lists, and where keys lead from there."""

from __future__ import annotations

import json

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from pyclosure.queries.base.records import ClosureRecords
from pyclosure.queries.demo import demo_snapshot
from pyclosure.queries.opened.knowledge import Knowledge, know
from pyclosure.queries.opened.snapshot import Snapshot
from pyclosure.queries.sources.read import opened_snapshot
from pyclosure.tui.screens.findings import FindingsScreen
from pyclosure.tui.windows.contents import ContentsScreen
from pyclosure.tui.windows.dialogs import TextDialog
from pyclosure.tui.windows.why import WhyScreen
from pyclosure.tui.words.findings import Group
from tests.support.closures import knowledge_of, records_of
from tests.tui.commanding import Cli
from tests.tui.driving import LARGE, app_of, here, lines, mode_screen_of, opened, picture, shown, toasts, until

GCC = "compiler at runtime: gcc-wrapper 14.2.0, by msgpack 1.2.4"


def findings_of(pilot: Pilot[int]) -> FindingsScreen:
    screen = mode_screen_of(pilot)
    assert isinstance(screen, FindingsScreen)
    return screen


def titles(pilot: Pilot[int]) -> list[str]:
    return [row.finding.title for row in findings_of(pilot).findings.rows if row.finding is not None]


def evidence(pilot: Pilot[int]) -> str:
    """Return all of the pane, also what is scrolled out of sight."""
    return shown(findings_of(pilot).evidence.query_one(Static))


async def go_to(pilot: Pilot[int], title: str) -> None:
    """Put the cursor on a finding."""
    screen = findings_of(pilot)
    screen.findings.rows_changed(titles(pilot).index(title))
    await pilot.pause()


async def test_it_has_the_findings_of_the_command_in_the_same_order(cli: Cli) -> None:
    expected = {
        sort: [
            one["title"]
            for one in json.loads(cli("check", "demo:", "--sort", sort, "--format", "json").out)["findings"]
        ]
        for sort in ("severity", "cost", "rule")
    }
    async with opened() as pilot:
        await pilot.press("4")
        for sort in ("severity", "cost", "rule"):
            assert titles(pilot) == expected[sort], sort
            assert f"by {sort}" in shown(findings_of(pilot).head)
            await pilot.press("s")


async def test_two_keys_show_the_leaked_compiler_and_what_it_costs() -> None:
    async with opened() as pilot:
        await pilot.press("4")

        assert any(
            "P18" in line and "compiler at runtime: gcc-wrapper" in line and "166.7 MiB" in line
            for line in lines(findings_of(pilot).findings)
        )


async def test_the_pane_shows_evidence_remedy_and_chain() -> None:
    async with opened(screen="findings", size=LARGE) as pilot:
        await go_to(pilot, GCC)
        text = " ".join(evidence(pilot).split())

        assert "warning · certain, by files · saves 166.7 MiB" in text
        assert "share/msgpack/build.ini:1: text file" in text
        assert "do: " in text and "removeReferencesTo" in text
        assert "chain: python3-3.11.2-env → msgpack 1.2.4 → gcc-wrapper 14.2.0" in text
        assert "▸ gcc-wrapper 14.2.0" in text


async def test_keys_lead_to_why_contents_and_the_path() -> None:
    async with opened(screen="findings") as pilot:
        await go_to(pilot, GCC)
        await pilot.press("w")
        assert isinstance(pilot.app.screen, WhyScreen)
        assert "why gcc-wrapper 14.2.0" in picture(pilot)
        await pilot.press("escape", "c")
        assert isinstance(pilot.app.screen, ContentsScreen)
        await pilot.press("escape", "enter")
        await until(pilot, lambda: app_of(pilot).current_mode == "closure", "the closure screen")
        assert here(pilot) == "gcc-wrapper-14.2.0"


async def test_tab_lets_keys_act_on_the_next_path_of_the_finding() -> None:
    async with opened(screen="findings") as pilot:
        await go_to(pilot, GCC)
        await pilot.press("tab", "w")

        assert "why msgpack 1.2.4" in picture(pilot)


async def test_x_marks_the_references_of_the_finding_as_cut() -> None:
    async with opened(screen="findings") as pilot:
        await go_to(pilot, GCC)
        await pilot.press("x")
        assert len(app_of(pilot).session.plan.marks) == 1
        assert "saves 166.7 MiB" in app_of(pilot).session.plan.words()
        await pilot.press("u")
        assert app_of(pilot).session.plan.marks == []

        await go_to(pilot, next(title for title in titles(pilot) if title.endswith("ships its tests")))
        await pilot.press("x")
        assert toasts(pilot) == ["this finding names no reference to cut"]


async def test_what_the_marked_cuts_drop_is_told_as_cut() -> None:
    async with opened(screen="findings", size=LARGE) as pilot:
        await go_to(pilot, GCC)
        await pilot.press("x")
        await pilot.pause()
        drawn = {line.split()[1]: line for line in lines(findings_of(pilot).findings) if "✂" in line}
        assert "P18" in drawn and drawn["P18"].rstrip().endswith("cut")
        # coreutils comes with the compiler alone
        assert any("✂" in line and "coreutils" in line for line in lines(findings_of(pilot).findings))


async def test_the_cursor_stays_on_top_until_it_is_moved() -> None:
    async with opened(screen="findings") as pilot:
        screen = findings_of(pilot)
        screen.show_rows()
        assert screen.findings.cursor == 0
        await pilot.press("down", "down")
        row = screen.findings.here
        assert row is not None and screen.findings.cursor == 2
        await pilot.press("s")
        assert screen.findings.here is not None and screen.findings.here.key == row.key


async def test_d_opens_what_a_small_terminal_has_no_room_for() -> None:
    async with opened(screen="findings", size=(60, 12)) as pilot:
        await go_to(pilot, GCC)
        await pilot.press("d")
        assert isinstance(pilot.app.screen, TextDialog)
        assert "share/msgpack/build.ini:1" in picture(pilot)


async def test_a_filter_keeps_matching_findings_and_escape_shows_all() -> None:
    async with opened(screen="findings") as pilot:
        everything = titles(pilot)
        await pilot.press("slash", *"compiler")
        await pilot.pause()
        assert titles(pilot) == [GCC]
        await pilot.press("enter")
        assert titles(pilot) == [GCC]
        assert findings_of(pilot).findings.has_focus
        await pilot.press("escape")
        assert titles(pilot) == everything

        await pilot.press("slash", *"zzz")
        await pilot.pause()
        assert "nothing matches 'zzz'" in picture(pilot)


async def test_t_groups_by_rule_and_by_path_and_space_folds() -> None:
    async with opened(screen="findings", size=LARGE) as pilot:
        flat = titles(pilot)
        await pilot.press("t")
        screen = findings_of(pilot)
        groups = [row.entry for row in screen.findings.rows if isinstance(row.entry, Group)]
        assert sorted(titles(pilot)) == sorted(flat)
        assert [group.title for group in groups] == list(dict.fromkeys(group.title for group in groups))
        assert "P18 not for running" in [group.title for group in groups]
        assert all(len({one.rule for one in group.findings}) == 1 for group in groups)

        await pilot.press("g", "space")
        assert len(titles(pilot)) == len(flat) - len(groups[0].findings)
        assert all(one.title[:40] in evidence(pilot) for one in groups[0].findings)
        await pilot.press("down", "space", "up", "space")
        assert screen.findings.cursor == 0 and groups[0].findings[0].title in titles(pilot)

        await pilot.press("t")
        assert "in groups by path" in shown(screen.head)
        await pilot.press("t")
        assert titles(pilot) == flat


async def test_keys_on_a_group_do_nothing_but_explain() -> None:
    async with opened(screen="findings") as pilot:
        await pilot.press("t", "g", "w", "c", "enter", "x", "y")
        assert isinstance(pilot.app.screen, FindingsScreen)
        await pilot.press("i")
        assert isinstance(pilot.app.screen, TextDialog)


async def test_i_explains_the_rule() -> None:
    async with opened(screen="findings", size=LARGE) as pilot:
        await go_to(pilot, GCC)
        await pilot.press("i")

        assert isinstance(pilot.app.screen, TextDialog)
        assert "How it is found" in picture(pilot)
        assert "paths looked at" in picture(pilot)


def without_inspections() -> Knowledge:
    whole = demo_snapshot()
    return know(opened_snapshot(Snapshot(whole.records, whole.derivations, whole.files)))


async def test_what_could_not_be_judged_is_listed_with_what_would_tell() -> None:
    async with opened(without_inspections(), screen="findings", size=LARGE) as pilot:
        screen = findings_of(pilot)
        unknown = [index for index, row in enumerate(screen.findings.rows) if row.finding is None]
        # rules that lack the same are one question
        assert 1 <= len(unknown) < len({one.rule for one in app_of(pilot).session.judgement.report.unknown})
        screen.findings.rows_changed(unknown[0])
        await pilot.pause()

        assert "could not judge" in evidence(pilot)
        assert "to know: " in evidence(pilot)
        await pilot.press("i", "escape", "x")
        assert toasts(pilot) == ["this finding names no reference to cut"]


async def test_nothing_wrong_says_so() -> None:
    async with opened(without_rules_to_break(), screen="findings") as pilot:
        assert titles(pilot) == []


def without_rules_to_break() -> Knowledge:
    return knowledge_of(records_of({"app-1.0": ("lib-1.0",)}))


async def test_a_name_that_looks_like_markup_is_shown_as_it_is() -> None:
    records: ClosureRecords = records_of(
        {"python3-3.11.9-env": ("python3.11-app-1.0",), "python3.11-app-1.0": ("gcc-1.0=?",)}
    )
    async with opened(knowledge_of(records), screen="findings") as pilot:
        assert titles(pilot) == ["compiler at runtime: gcc 1.0=?, by app 1.0"]


async def test_the_overview_counts_what_is_wrong_and_the_details_name_it() -> None:
    async with opened(size=LARGE) as pilot:
        text = picture(pilot)

        assert "▲" in text.splitlines()[1]
        assert GCC[:40] in text
    async with opened(screen="closure", size=LARGE) as pilot:
        await pilot.press("slash", *"gcc-wrapper", "enter")
        await pilot.pause()
        assert "P18" in picture(pilot)


@pytest.mark.parametrize("size", [(40, 10), (80, 10), (60, 16)])
async def test_small_terminals_show_the_rows(size: tuple[int, int]) -> None:
    async with opened(screen="findings", size=size) as pilot:
        assert len(lines(findings_of(pilot).findings)) >= 3
        await go_to(pilot, GCC)
        assert "compiler at" in picture(pilot)


async def test_a_policy_that_cannot_be_read_is_told_and_keeps_no_finding_back(home: object) -> None:
    from pathlib import Path

    (Path(str(home)) / "pyclosure.toml").write_text("wanted = 3\n")
    async with opened(screen="findings", size=LARGE) as pilot:
        assert GCC in titles(pilot)
        assert "wanted must be" in shown(findings_of(pilot).head)
