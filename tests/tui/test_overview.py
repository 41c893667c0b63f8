"""The screen that opens first: the total, where the bytes are, and what would leave with each path."""

from __future__ import annotations

import re

import pytest

from pyclosure.queries.graph.reach import reachable_sums
from pyclosure.tui import screens
from pyclosure.tui.app.application import ClosureApp
from pyclosure.tui.frames.path_screen import WIDE
from tests.support.closures import knowledge_of, records_of, store_path
from tests.tui.closures import small, two_roots
from tests.tui.driving import (
    LARGE,
    app_of,
    demo,
    here,
    names,
    opened,
    screen_of,
    shown,
    summary,
    table_of,
)


async def test_it_opens_on_the_overview_with_the_answer_on_top() -> None:
    async with opened() as pilot:
        assert app_of(pilot).current_mode == "overview"
        assert summary(pilot).splitlines()[0].split("   ")[:4] == [
            "  444.6 MiB",
            "73 paths",
            "31 distributions",
            "1 interpreter",
        ]
        assert here(pilot) == "python3.11-msgpack-1.2.4"
        assert table_of(pilot).has_focus


async def test_the_heaviest_added_size_comes_first_and_the_root_is_left_out() -> None:
    async with opened(small()) as pilot:
        assert names(pilot) == ["data-1.0", "shared-1.0", "libc-1.0", "web-1.0", "tool-1.0"]


async def test_a_closure_of_one_path_still_shows_it() -> None:
    async with opened(knowledge_of(records_of({"only-1.0": ()}, {"only-1.0": 2048}))) as pilot:
        assert names(pilot) == ["only-1.0"]
        assert "2.0 KiB   1 path   " in summary(pilot)


async def test_every_byte_is_in_one_of_the_kinds_that_are_shown() -> None:
    async with opened(size=LARGE) as pilot:
        parts = app_of(pilot).session.overview.by_kind
        kinds = re.findall(r"^  (.{22}) *([\d.]+ \w+)  .* (\d+)$", summary(pilot), re.MULTILINE)

    assert len(kinds) == len(parts) == 8
    assert sum(int(paths) for _, _, paths in kinds) == 73
    assert kinds[0] == ("Python package        ", "136.7 MiB", "31")


async def test_on_a_small_terminal_the_least_kinds_are_summed_up() -> None:
    async with opened() as pilot:
        kinds = re.findall(r"^  (\D+?)  +.* (\d+)$", summary(pilot), re.MULTILINE)

        assert [words for words, _ in kinds][-1] == "all other kinds"
        assert sum(int(paths) for _, paths in kinds) == 73
        # the rest of the screen is for the rows
        assert table_of(pilot).size.height >= 7


@pytest.mark.parametrize("width", [WIDE - 1, 80, 200])
async def test_the_lines_above_the_rows_fit_whatever_the_terminal_becomes(width: int) -> None:
    async with opened(size=(WIDE, 40)) as pilot:
        for columns in (WIDE, width, WIDE):
            await pilot.resize_terminal(columns, 40)
            await pilot.pause()
            above = screen_of(pilot).summary.size.width
            line = next(line for line in summary(pilot).splitlines() if "Python package" in line)
            assert re.search(r" 30\.8 % +31$", line), f"at {columns}: {line}"
            assert above - 3 <= len(line) <= above


async def test_with_two_roots_the_overview_says_what_added_is_relative_to() -> None:
    async with opened(two_roots()) as pilot:
        assert "2 roots" in summary(pilot)
        assert "added size, on top of all 2 roots" in summary(pilot)
        assert names(pilot) == ["lib-1.0", "queue-1.0"]


async def test_enter_leads_to_the_path_in_the_tree() -> None:
    async with opened() as pilot:
        table_of(pilot).cursor = names(pilot).index("openblas-0.3.23")
        await pilot.press("enter")
        await pilot.pause()

        assert app_of(pilot).current_mode == "closure"
        assert here(pilot) == "openblas-0.3.23"
        browser = table_of(pilot).browser
        trail = [browser.knowledge.closure.name(index) for index in browser.trail(table_of(pilot).cursor)]
        assert trail == ["python3-3.11.2-env", "python3.11-numpy-1.26.4", "openblas-0.3.23"]


async def test_coming_back_to_the_overview_finds_the_same_row() -> None:
    async with opened() as pilot:
        await pilot.press("down", "down", "2", "1")

        assert app_of(pilot).current_mode == "overview"
        assert here(pilot) == "gcc-14.2.0"


@pytest.mark.parametrize(("key", "mode"), [("1", "overview"), ("2", "closure"), ("3", "python")])
async def test_the_number_row_switches_screens(key: str, mode: str) -> None:
    async with opened(screen="python" if key == "1" else "overview") as pilot:
        await pilot.press(key)

        assert app_of(pilot).current_mode == mode
        assert mode == screen_of(pilot).MODE
        assert screen_of(pilot).title_bar.here == mode
        assert table_of(pilot).has_focus


async def test_a_screen_that_does_not_exist_is_named_and_the_first_one_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    # a toast may be gone again before everything is known
    monkeypatch.setattr(ClosureApp, "notify", lambda app, words, **_: told.append(words))
    async with opened(screen="nonsense") as pilot:
        assert app_of(pilot).current_mode == "overview"
        there = ", ".join(spec.name for spec in screens.find_all() if not spec.needs_base)
        assert told == [f"there is no screen 'nonsense'; there are {there}"]


async def test_closure_sizes_are_shown_once_they_are_worked_out() -> None:
    knowledge = demo()
    assert knowledge.sizes.closure is None

    async with opened(knowledge, screen="overview") as pilot:
        closure = knowledge.closure
        expected = reachable_sums(closure.references, closure.nar_sizes, lambda: None)
        assert knowledge.sizes.closure == tuple(expected)
        assert table_of(pilot).render_line(1).text.split()[5:9] == ["237.8", "MiB", "168.4", "MiB"]


async def test_a_build_closure_is_not_summed_up_as_if_it_ran() -> None:
    graph = {"app-1.0.drv": ("lib-1.0.drv", "source.tar.gz")}
    records = records_of(graph, {"app-1.0.drv": 300, "lib-1.0.drv": 200, "source.tar.gz": 5000})
    records = type(records)(
        records.store_dir, records.roots, records.paths, records.origin, records.label, build_closure=True
    )
    async with opened(knowledge_of(records)) as pilot:
        assert "3 paths   2 derivations   1 source" in summary(pilot)
        assert "distribution" not in summary(pilot).splitlines()[0]
        assert "sizes are of .drv files and sources, not of what they build" in summary(pilot)


async def test_the_python_screen_holds_distributions_and_nothing_native() -> None:
    async with opened(screen="python") as pilot:
        held = names(pilot)

        assert len(held) == 31 + 2
        assert {"python3-3.11.2-env", "python3-3.11.2", "python3.11-numpy-1.26.4"} <= set(held)
        assert not {"glibc-2.41", "openblas-0.3.23", "tzdata-2026a"} & set(held)
        assert shown(screen_of(pilot).summary) == ("  31 distributions   137.0 MiB   1 interpreter   made by nixpkgs")


async def test_a_path_that_is_only_known_by_its_name_is_counted_as_about_one_distribution() -> None:
    graph = {"python3-3.11.2-env": ("python3.11-six-1.17.0", "glibc-2.41")}
    async with opened(knowledge_of(records_of(graph)), screen="python") as pilot:
        assert "python3.11-six-1.17.0" in names(pilot)
        assert "glibc-2.41" not in names(pilot)
        assert shown(screen_of(pilot).summary).startswith("  ~1 distribution ")


async def test_paths_of_the_same_name_are_told_apart() -> None:
    records = records_of({"app-1.0": ("python3.11-six-1.0", "python3.12-six-1.0")})
    async with opened(knowledge_of(records)) as pilot:
        labels = {app_of(pilot).session.labels[index] for index in range(3)}

        assert labels == {"app 1.0", "six 1.0 · python3.11", "six 1.0 · python3.12"}
        assert store_path("app-1.0") in {info.path for info in records.paths}
