"""``pyclosure report``: the contract of its JSON, sums that add up, text and markdown that say the same."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from msgspec.structs import replace

from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.queries.opened.snapshot import write_snapshot
from pyclosure.tui.output.formats.markdown import markdown_text
from pyclosure.tui.output.report import write_report
from tests.support.closures import knowledge_of, records_of
from tests.tui.closures import dump_of, two_roots
from tests.tui.commanding import Cli

CONTRACT = {"roots", "paths", "closure_size", "distributions", "interpreters", "by_kind", "top"}
ROW = {
    *("path", "name", "kind", "output", "distribution", "version", "interpreter"),
    *("nar_size", "closure_size", "added_size", "referrers", "depth"),
}


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[Knowledge], str]:
    """Saves what is known where the command line can open it."""

    def save(knowledge: Knowledge) -> str:
        path = str(tmp_path / "some.pyclosure")
        write_snapshot(knowledge.snapshot(), path, datetime(2026, 11, 22, tzinfo=UTC))
        return path

    return save


def test_the_json_has_all_keys_of_the_contract(cli: Cli) -> None:
    report = cli("report", "demo:", "--format", "json").json

    assert set(report) >= CONTRACT
    assert all(set(part) == {"kind", "paths", "nar_size"} for part in report["by_kind"])
    assert all(set(row) == ROW for row in report["top"])
    assert all(path.startswith("/nix/store/") for path in (*report["roots"], *report["interpreters"]))


def test_the_parts_add_up_to_the_whole(cli: Cli) -> None:
    report = cli("report", "demo:", "--format", "json").json
    rows = cli("list", "demo:", "--format", "json").json

    assert report["paths"] == len(rows) == 73
    assert report["closure_size"] == sum(row["nar_size"] for row in rows)
    for parts in (report["by_kind"], report["by_group"]):
        assert sum(part["nar_size"] for part in parts) == report["closure_size"]
        assert sum(part["paths"] for part in parts) == report["paths"]
        assert len(parts) > 2
    kinds = {part["kind"]: part for part in report["by_kind"]}
    for kind, part in kinds.items():
        mine = [row for row in rows if row["kind"] == kind]
        assert (part["paths"], part["nar_size"]) == (len(mine), sum(row["nar_size"] for row in mine))


def test_kinds_come_largest_first(cli: Cli) -> None:
    sizes = [part["nar_size"] for part in cli("report", "demo:", "--format", "json").json["by_kind"]]

    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize(("top", "shown"), [("0", 0), ("3", 3), ("500", 72)])
def test_top_limits_the_heaviest_paths_and_never_holds_the_root(cli: Cli, top: str, shown: int) -> None:
    report = cli("report", "demo:", "--format", "json", "--top", top).json

    assert len(report["top"]) == shown
    added = [row["added_size"] for row in report["top"]]
    assert added == sorted(added, reverse=True)
    assert not {row["path"] for row in report["top"]} & set(report["roots"])


def test_the_rows_of_the_report_are_rows_of_the_list(cli: Cli) -> None:
    top = cli("report", "demo:", "--format", "json").json["top"]
    rows = cli("list", "demo:", "--format", "json", "--top", "11").json

    assert [row for row in rows if row["depth"]] == top


def test_the_text_says_the_same_as_the_json(cli: Cli) -> None:
    text = cli("report", "demo:").out

    assert "444.6 MiB   73 paths   31 distributions   1 interpreter" in text
    assert re.search(r"^Python package +31 +136\.7 MiB +30\.8 % +█", text, re.MULTILINE)
    assert re.search(r"^msgpack 1\.2\.4 +Python package +1\.7 MiB +237\.8 MiB +168\.4 MiB$", text, re.MULTILINE)
    assert "… 62 more paths; all of them: pyclosure list" in text
    assert "neither disk usage nor image or download size" in text


def test_with_several_roots_the_report_names_all_and_says_what_added_is_relative_to(cli: Cli, saved) -> None:
    path = saved(two_roots())
    text = cli("report", path).out
    report = cli("report", path, "--format", "json").json

    assert "added size, on top of all 2 roots" in text
    assert report["added_size_is"] == "on top of all 2 roots"
    assert len(report["roots"]) == 2
    assert all(root in text for root in report["roots"])
    assert [row["name"] for row in report["top"]] == ["lib-1.0", "queue-1.0"]


# -- markdown --------------------------------------------------------------------------------------------


def test_the_markdown_has_two_tables_of_even_columns(cli: Cli) -> None:
    text = cli("report", "demo:", "--format", "markdown").out
    rows = [line for line in text.splitlines() if line.startswith("|")]
    tables = text.split("\n\n")

    assert text.startswith("## Closure of `python3-3.11.2-env`\n")
    assert sum(table.startswith("|") for table in tables) == 2
    assert len(rows) == 2 + 8 + 2 + 10
    assert {line.count("|") for line in rows[:10]} == {5}
    assert {line.count("|") for line in rows[10:]} == {6}
    assert "| `msgpack 1.2.4` | Python package | 1.7 MiB | 237.8 MiB | 168.4 MiB |" in text


def test_markdown_takes_nothing_from_a_name_as_markup(cli: Cli) -> None:
    records = replace(records_of({"app-1.0": ("lib-1.0",)}), label="a`b|c*d_e <img src=x> @somebody")
    out = StringIO()
    write_report(knowledge_of(records), "markdown", 10, out)

    assert out.getvalue().startswith("## Closure of `a'b\\|c*d_e <img src=x> @somebody`\n")


def test_markdown_escapes_sentences(cli: Cli) -> None:
    assert markdown_text("a_b*c [d](e) <f> `g` |h| @i #j \x1b") == (
        "a\\_b\\*c \\[d\\](e) \\<f\\> \\`g\\` \\|h\\| @\u200bi \\#j \ufffd"
    )


# -- what is not known -----------------------------------------------------------------------------------


def test_what_was_not_read_is_said_and_is_not_zero(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "closure.json"
    file.write_bytes(dump_of({"python3-3.11.2-env": ("python3.11-six-1.17.0",), "python3.11-six-1.17.0": ()}))
    report = cli("report", str(file), "--format", "json").json
    reason = "the saved file holds none, and its store was not asked"

    assert report["evidence"]["files"] == {"state": "absent", "known": 0, "of": 2, "reason": reason}
    assert report["evidence"]["derivations"]["state"] == "absent"
    assert report["distributions_certain"] is False
    for form in ("text", "markdown"):
        text = cli("report", str(file), "--format", form).out
        assert f"files not read: {reason}" in text
        assert "derivations not read: the saved file holds no derivations" in text
        assert "about 1 distribution" in text


def test_no_files_and_no_derivations_are_obeyed(cli: Cli) -> None:
    # the demo brings both along
    evidence = cli("report", "demo:", "--no-files", "--no-derivations", "--format", "json").json["evidence"]

    assert evidence["files"]["state"] == "complete"


# -- snapshots -------------------------------------------------------------------------------------------


def test_a_snapshot_gives_the_same_report_again(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "env.pyclosure"
    done = cli("snapshot", "demo:", "-o", str(path))
    assert done.status == 0 and done.out == ""
    assert re.match(rf"{re.escape(str(path))}: 73 paths, [\d.]+ KiB\n", done.err)

    first = cli("report", "demo:", "--format", "json").json
    second = cli("report", str(path), "--format", "json").json
    # only where it is from differs
    assert first.pop("origin") != second.pop("origin")
    assert second == first
    assert cli("list", str(path), "--format", "json", "--columns", "all").out == (
        cli("list", "demo:", "--format", "json", "--columns", "all").out
    )


def test_a_snapshot_says_what_is_not_in_it(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "closure.json"
    file.write_bytes(dump_of({"app-1.0": ()}))
    done = cli("snapshot", str(file), "-o", str(tmp_path / "new.pyclosure"))

    assert "not in it: files not read: the saved file holds none" in done.err
    assert "not in it: derivations not read: the saved file holds no derivations" in done.err


def test_a_snapshot_that_cannot_be_written_exits_with_2_and_leaves_the_old_one(cli: Cli, tmp_path: Path) -> None:
    done = cli("snapshot", "demo:", "-o", str(tmp_path / "no-such-folder" / "x"))

    assert done.status == 2
    assert "cannot write the snapshot" in done.err


def test_a_damaged_snapshot_exits_with_2(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "env.pyclosure"
    cli("snapshot", "demo:", "-o", str(path))
    path.write_bytes(path.read_bytes()[:5000])
    done = cli("report", str(path))

    assert (done.status, done.out) == (2, "")
    assert "env.pyclosure is cut short" in done.err


def test_json_is_ascii_and_ends_with_a_newline(cli: Cli) -> None:
    for words in (["report", "demo:"], ["list", "demo:"]):
        out = cli(*words, "--format", "json").out
        assert out.isascii() and out.endswith("\n") and not out.endswith("\n\n")
        assert json.loads(out)
