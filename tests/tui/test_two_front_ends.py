"""Two front ends, one answer: the rows of the screen are the rows that ``pyclosure list`` prints."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from pyclosure.queries.sources.resolve import SavedFile
from pyclosure.tui.words.units import UNKNOWN, size
from tests.tui.closures import dump_of
from tests.tui.commanding import Cli
from tests.tui.driving import LARGE, WIDE, app_of, opened, shown, summary, table_of, type_filter

SORTED = (
    *("added_size", "closure_size", "nar_size", "references", "referrers", "depth"),
    *("name", "kind", "interpreter", "output"),
)


def rows_on_screen(pilot: Pilot[int]) -> list[str]:
    """Return the store paths of all rows, from the top."""
    browser = table_of(pilot).browser
    return [browser.knowledge.closure.path(browser.index(row)) for row in range(browser.count())]


def cells_on_screen(pilot: Pilot[int]) -> list[dict[str, str]]:
    """Return what the columns of each row show."""
    table = table_of(pilot)
    columns = [column for column in table.columns() if column.key not in ("bar", "share")]
    return [{one.key: table.cell(row, one, 200).text for one in columns} for row in range(table.row_count())]


def listed(cli: Cli, *words: str) -> list[str]:
    """Return the store paths that the command line lists, in its order; not while an app holds stdout."""
    return [row["path"] for row in cli("list", "demo:", "--format", "json", *words).json]


@pytest.mark.parametrize("reverse", [False, True])
async def test_the_flat_table_has_the_rows_of_the_list_for_every_column(cli: Cli, reverse: bool) -> None:
    more = ["--reverse"] if reverse else []
    expected = {key: listed(cli, "--sort", key, *more) for key in SORTED}
    async with opened(screen="closure", size=WIDE) as pilot:
        await pilot.press("t")
        for key in SORTED:
            table_of(pilot).browser.sort_by(key, reverse=reverse)

            assert rows_on_screen(pilot) == expected[key], key


async def test_the_keys_that_sort_lead_to_the_same_rows_as_the_option(cli: Cli) -> None:
    expected = {key: listed(cli, "--sort", key) for key in SORTED}
    async with opened(screen="closure", size=WIDE) as pilot:
        await pilot.press("t")
        for _ in range(3):
            await pilot.press("s")
            assert rows_on_screen(pilot) == expected[table_of(pilot).browser.sort]


async def test_every_cell_shows_the_value_of_the_list(cli: Cli) -> None:
    expected = cli("list", "demo:", "--format", "json", "--columns", "all").json
    async with opened(screen="closure", size=WIDE) as pilot:
        await pilot.press("t")
        cells = cells_on_screen(pilot)

    assert len(cells) == len(expected) == 73
    for shown_row, row in zip(cells, expected, strict=True):
        for key in ("nar_size", "closure_size", "added_size"):
            assert shown_row[key] == size(row[key])
        for key in ("references", "referrers", "depth"):
            assert shown_row[key] == str(row[key])
        assert shown_row["interpreter"] == (row["interpreter"] or "")
        assert shown_row["output"] == row["output"]


async def test_names_are_the_same_in_the_text_and_on_the_screen(cli: Cli) -> None:
    text = cli("list", "demo:", "--columns", "name,nar_size").out.splitlines()[1:]
    async with opened(screen="closure", size=WIDE) as pilot:
        await pilot.press("t")
        cells = cells_on_screen(pilot)

    assert [line.rsplit("  ", 1)[0].rstrip() for line in text] == [row["name"] for row in cells]


@pytest.mark.parametrize("text", ["gcc", "^python3", "kind:lib", "openssl 3", "gcc(", "nothing at all", "lib|tool"])
async def test_a_filter_keeps_the_same_rows(cli: Cli, text: str) -> None:
    expected = listed(cli, "--filter", text)
    async with opened(screen="closure") as pilot:
        await type_filter(pilot, text)

        assert rows_on_screen(pilot) == expected


async def test_the_overview_says_what_the_report_says(cli: Cli) -> None:
    report = cli("report", "demo:", "--format", "json").json
    found = [
        one["severity"]
        for one in cli("check", "demo:", "--no-config", "--fail-on", "never", "--format", "json").json["findings"]
    ]
    counts = [f"{found.count(one)} {sign}" for one, sign in (("error", "✘"), ("warning", "▲")) if one in found]
    async with opened(size=WIDE) as pilot:
        answer = app_of(pilot).session.overview
        head = summary(pilot).splitlines()[0]

        assert head.split("   ") == [
            f"  {size(report['closure_size'])}",
            f"{report['paths']} paths",
            f"{report['distributions']} distributions",
            f"{len(report['interpreters'])} interpreter",
            " ".join(counts),
        ]
        assert [(one.key, one.paths, one.nar_size) for one in answer.by_kind] == [
            (one["kind"], one["paths"], one["nar_size"]) for one in report["by_kind"]
        ]
        assert rows_on_screen(pilot)[:10] == [row["path"] for row in report["top"]]


async def test_what_is_not_known_is_not_known_in_both(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "closure.json"
    file.write_bytes(dump_of({"app-1.0": ("lib-1.0",), "lib-1.0": ()}))
    row = cli("list", str(file), "--format", "json", "--columns", "interpreter,distribution,deriver").json[0]
    async with opened(SavedFile(str(file)), LARGE, screen="closure") as pilot:
        cell = cells_on_screen(pilot)[0]
        details = shown(pilot.app.screen.detail.query_one("Static"))

    assert row == {"interpreter": None, "distribution": None, "deriver": None}
    assert cell["interpreter"] in ("", UNKNOWN)
    assert "deriver      not recorded" in details
