"""The screen of differences: causes first, classes as sections, both sides of every key."""

from __future__ import annotations

from textual.pilot import Pilot
from textual.widgets import Static

from pyclosure.queries.base.errors import NoData
from pyclosure.queries.diff.match import CLASSES
from pyclosure.queries.diff.review import review
from pyclosure.queries.sources.graphs import OpenSide
from pyclosure.tui.screens.diff import DiffRow, DiffScreen
from pyclosure.tui.windows.contents import ContentsScreen
from pyclosure.tui.windows.dialogs import TextDialog
from pyclosure.tui.windows.document import DocumentDialog
from pyclosure.tui.windows.why import WhyScreen
from tests.tui.driving import LARGE, app_of, demo, mode_screen_of, opened, shown, toasts, until
from tests.tui.two_graphs import before, demo_before, side_before

COMPARED = {"screen": "diff", "open_base": lambda _: side_before(), "base": "./before"}


def screen_of(pilot: Pilot[int]) -> DiffScreen:
    screen = mode_screen_of(pilot)
    assert isinstance(screen, DiffScreen)
    return screen


def rows(pilot: Pilot[int]) -> list[DiffRow]:
    return screen_of(pilot).changes.rows


async def reviewed(pilot: Pilot[int]) -> None:
    session = app_of(pilot).session
    await until(pilot, lambda: session.review is not None and session.review.findings, "the review")
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def pane(pilot: Pilot[int]) -> str:
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()
    return " ".join(shown(screen_of(pilot).evidence.query_one(Static)).split())


async def go_to(pilot: Pilot[int], section: str, title: str) -> None:
    index = next(index for index, row in enumerate(rows(pilot)) if row.section == section and title in row.title)
    screen_of(pilot).changes.rows_changed(index)
    await pilot.pause()


async def test_causes_stand_first_and_say_what_they_bring() -> None:
    async with opened(size=LARGE, **COMPARED) as pilot:
        await reviewed(pilot)

        titles = [row.title for row in rows(pilot) if row.is_title]
        assert titles[0].endswith("causes") and titles[1].endswith("new findings")
        causes = [row for row in rows(pilot) if row.section == "causes" and not row.is_title]
        assert causes[0].title == "msgpack 1.2.4 → gcc-wrapper 14.2.0"
        assert {"humanize 4.17.0 → pytest 8.3.3", "humanize 4.17.0 → pytest-cov 5.0.0"} <= {row.title for row in causes}
        assert sum(row.size_change or 0 for row in causes) == rows(pilot)[0].size_change
        assert screen_of(pilot).changes.here == causes[0]
        text = await pane(pilot)
        assert "reference msgpack 1.2.4 → gcc-wrapper 14.2.0 in share/msgpack/build.ini:1" in text
        assert "brings" in text and "gcc 14.2.0" in text
        assert "since ./before" in shown(screen_of(pilot).head)


async def test_classes_are_sections_and_sum_to_the_change() -> None:
    async with opened(**COMPARED) as pilot:
        await reviewed(pilot)
        review = app_of(pilot).session.review
        assert review is not None
        await pilot.press("p", "p", "p")

        kinds = [row.section for row in rows(pilot) if row.is_title]
        assert kinds == [kind for kind in CLASSES[:-1] if review.diff.counts[kind]]
        changes = [row for row in rows(pilot) if not row.is_title]
        assert sum(row.size_change or 0 for row in changes) == review.diff.size_change
        assert "idna 3.7 → 3.20" in {row.title for row in changes}
        await pilot.press("escape")
        assert rows(pilot)[0].section == "causes"


async def test_the_rows_are_those_of_the_command() -> None:
    async with opened(**COMPARED) as pilot:
        await reviewed(pilot)
        knowledge = app_of(pilot).session.knowledge
        assert knowledge is not None
        plain = review(demo_before(), knowledge)

        assert [row.size_change for row in rows(pilot) if row.cause] == [one.size_change for one in plain.causes]
        assert plain.findings is not None
        new = [row.finding.title for row in rows(pilot) if row.finding is not None and row.section == "new finding"]
        assert new == [one.title for one in plain.findings.new]
        assert any("compiler" in title for title in new)


async def test_a_change_shows_both_sides_and_why() -> None:
    async with opened(size=LARGE, **COMPARED) as pilot:
        await reviewed(pilot)
        await go_to(pilot, "version", "idna 3.7 → 3.20")

        text = await pane(pilot)

        assert text.startswith("idna 3.7 → 3.20 old /nix/store/") and "-python3.11-idna-3.7" in text
        assert "new /nix/store/" in text and "the files of both sides are not on this machine" in text


async def test_why_looks_at_either_side() -> None:
    async with opened(**COMPARED) as pilot:
        await reviewed(pilot)
        await go_to(pilot, "version", "idna")
        await pilot.press("w")
        screen = pilot.app.screen
        assert isinstance(screen, WhyScreen)
        assert screen._knowledge is app_of(pilot).session.knowledge
        await pilot.press("escape")
        await pilot.press("W")
        screen = pilot.app.screen
        assert isinstance(screen, WhyScreen)
        review = app_of(pilot).session.review
        assert review is not None and screen._knowledge is review.diff.old
        assert "before: why idna 3.7" in shown(screen._head)
        # the old closure is only compared with
        await pilot.press("down", "x")
        assert "only compared with" in toasts(pilot)[-1]
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, WhyScreen)
        await pilot.press("escape")
        await go_to(pilot, "causes", "gcc-wrapper")
        await pilot.press("W")
        assert "it was not in the old closure" in toasts(pilot)[-1]
        await pilot.press("c")
        assert isinstance(pilot.app.screen, ContentsScreen)


async def test_enter_leads_into_the_closure_and_y_copies_the_comment() -> None:
    async with opened(**COMPARED) as pilot:
        await reviewed(pilot)
        await pilot.press("y")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        page = pilot.app.clipboard
        assert page.startswith("<!-- pyclosure diff -->") and "gcc-wrapper" in page
        assert f"{len(page.encode()):,} bytes of markdown" in toasts(pilot)[-1]
        await pilot.press("i")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert isinstance(pilot.app.screen, DocumentDialog)
        await pilot.press("escape")
        await pilot.press("enter")
        await pilot.pause()
        assert pilot.app.current_mode == "closure"


async def test_a_filter_keeps_what_matches_with_its_title() -> None:
    async with opened(**COMPARED) as pilot:
        await reviewed(pilot)
        await pilot.press("slash", *"idna")

        found = [row for row in rows(pilot) if not row.is_title]
        assert [row.section for row in found if row.title == "idna 3.7 → 3.20"] == ["causes", "version"]
        assert all("idna" in f"{row.title} {row.mark}" for row in found)
        assert {row.section for row in found} == {row.section for row in rows(pilot) if row.is_title}
        await pilot.press("escape")
        assert len(rows(pilot)) > 10


async def test_every_order_is_one_within_its_section() -> None:
    async with opened(**COMPARED) as pilot:
        await reviewed(pilot)
        await pilot.press("s")
        names = [row.title for row in rows(pilot) if row.section == "causes" and not row.is_title]
        assert names == sorted(names)
        await pilot.press("S")
        names = [row.title for row in rows(pilot) if row.section == "causes" and not row.is_title]
        assert names == sorted(names, reverse=True)


async def test_without_a_base_there_is_no_such_screen() -> None:
    async with opened() as pilot:
        assert "Diff" not in {title for _, title, _ in app_of(pilot).session.tabs}
        await pilot.press("7")
        assert pilot.app.current_mode == "overview"
        assert "nothing to compare with" in toasts(pilot)[-1]


async def test_a_base_that_cannot_be_read_is_told() -> None:
    def fail(_: object) -> OpenSide:
        raise NoData("cannot read ./before: No such file", hint="name another")

    async with opened(screen="diff", open_base=fail, base="./before") as pilot:
        await until(pilot, lambda: app_of(pilot).session.base_trouble, "the trouble")
        assert "nothing to compare with: cannot read ./before" in shown(screen_of(pilot).head)
        for key in ("p", "s", "y", "i", "w", "W", "c", "enter", "down", "slash", "escape"):
            await pilot.press(key)


async def test_a_closure_compared_with_itself_changed_nothing() -> None:
    async with opened(screen="diff", open_base=lambda _: OpenSide(None, demo(), "x"), base="x") as pilot:
        await reviewed_at_all(pilot)
        assert [row for row in rows(pilot) if not row.is_title] == []
        assert "±0" in shown(screen_of(pilot).head)


async def reviewed_at_all(pilot: Pilot[int]) -> None:
    await until(pilot, lambda: app_of(pilot).session.review is not None, "the review")
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def test_a_build_graph_alone_is_told_and_compared_on_its_own_screen() -> None:
    async with opened(screen="diff", open_base=lambda _: before(), base="./graph.json") as pilot:
        await until(pilot, lambda: app_of(pilot).session.compared is not None, "the comparison")
        assert "it is a build graph without a closure" in shown(screen_of(pilot).head)
        await pilot.press("6")
        assert "built anew" in shown(mode_screen_of(pilot).head)  # type: ignore[attr-defined]


async def test_keys_that_have_nothing_to_act_on_say_so() -> None:
    async with opened(**COMPARED) as pilot:
        await reviewed(pilot)
        await pilot.press("x")
        assert "a change is looked at as it is" in toasts(pilot)[-1]
        await pilot.press("d")
        assert isinstance(pilot.app.screen, TextDialog)
