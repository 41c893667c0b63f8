"""``pyclosure list``: its contract, its filters, and how a path may be named."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pyclosure.queries.answers.rows import COLUMNS
from pyclosure.queries.kinds.identity import KINDS
from tests.tui.closures import dump_of
from tests.tui.commanding import Cli

CONTRACT = [
    *("path", "name", "kind", "output", "distribution", "version", "interpreter"),
    *("nar_size", "closure_size", "added_size", "referrers", "depth"),
]
NUMPY = "/nix/store/dykm59y1qvgq1hk54gjsmrfzwagka8xd-python3.11-numpy-1.26.4"


@pytest.fixture
def rows(cli: Cli) -> Callable[..., list[dict[str, object]]]:
    """Rows of the demo as JSON."""
    return lambda *words: cli("list", "demo:", "--format", "json", *words).json


Rows = Callable[..., list[dict[str, object]]]


def names(some: list[dict[str, object]]) -> list[object]:
    return [row["name"] for row in some]


def test_every_row_has_exactly_the_keys_of_the_contract_in_their_order(rows: Rows) -> None:
    some = rows()

    assert len(some) == 73
    assert all(list(row) == CONTRACT for row in some)


def test_values_have_the_promised_types(rows: Rows) -> None:
    for row in rows():
        assert row["path"].startswith("/nix/store/") and row["path"].endswith(row["name"])
        assert row["kind"] in KINDS
        for key in ("nar_size", "closure_size", "added_size", "referrers", "depth"):
            assert type(row[key]) is int and row[key] >= 0
        for key in ("distribution", "version", "interpreter"):
            assert row[key] is None or row[key]


def test_sizes_of_the_root_are_those_of_the_whole(rows: Rows) -> None:
    root, *others = rows()
    total = root["nar_size"] + sum(row["nar_size"] for row in others)

    assert root["depth"] == root["referrers"] == 0
    assert root["closure_size"] == root["added_size"] == total
    assert all(row["nar_size"] <= row["added_size"] <= row["closure_size"] for row in others)


# -- which rows ------------------------------------------------------------------------------------------


def test_kinds_can_be_chosen_and_add_up(rows: Rows) -> None:
    one, two = rows("--kind", "interpreter"), rows("--kind", "data")

    assert names(one) == ["python3-3.11.2"]
    assert len(two) == 2
    assert sorted(names(rows("--kind", "interpreter", "--kind", "data"))) == sorted(names(one + two))
    assert rows("--kind", "docs") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("openssl", ["openssl-3.5.7", "openssl-3.0.20"]),
        ("OPENSSL 3.5", ["openssl-3.5.7"]),
        ("^(gcc|binutils)-", ["gcc-wrapper-14.2.0", "gcc-14.2.0", "binutils-2.44", "gcc-14.2.0-lib"]),
        ("kind:interp", ["python3-3.11.2"]),
        ("no such thing", []),
        ("gcc(", []),
    ],
)
def test_a_filter_means_the_same_as_on_the_screen(rows: Rows, text: str, expected: list[str]) -> None:
    assert names(rows("--filter", text)) == expected


@pytest.mark.parametrize(
    ("size", "least"),
    [
        ("40MiB", 40 * 1024**2),
        ("38.5 mib", int(38.5 * 1024**2)),
        ("30000000", 30_000_000),
        ("0.03G", int(0.03 * 1024**3)),
    ],
)
def test_a_least_size_is_in_binary_units(rows: Rows, size: str, least: int) -> None:
    everything = rows()
    kept = rows("--min-size", size)

    assert 0 < len(kept) < 10
    assert kept == [row for row in everything if row["nar_size"] >= least]


def test_depends_on_and_needed_by_are_two_sides_of_one(rows: Rows) -> None:
    below = set(names(rows("--needed-by", "numpy")))
    above = set(names(rows("--depends-on", "openblas")))

    assert below == {
        *("python3.11-numpy-1.26.4", "openblas-0.3.23", "gcc-14.2.0-lib", "glibc-2.41", "bash-5.2p37"),
        *names(rows("--needed-by", "python3-3.11.2")),
    }
    assert above == {
        *("python3.11-numpy-1.26.4", "python3.11-pandas-2.2.3", "python3-3.11.2-env"),
    }
    both = names(rows("--needed-by", "pandas", "--depends-on", "openblas"))
    assert both == ["python3.11-numpy-1.26.4", "python3.11-pandas-2.2.3"]


@pytest.mark.parametrize(("top", "count"), [("1", 1), ("5", 5), ("1000", 73)])
def test_top_keeps_the_first_rows(rows: Rows, top: str, count: int) -> None:
    assert rows("--top", top) == rows()[:count]


@pytest.mark.parametrize("top", ["0", "-1", "1.5", "all"])
def test_top_wants_a_whole_number(cli: Cli, top: str) -> None:
    done = cli("list", "demo:", "--top", top)

    assert (done.status, done.out) == (2, "")
    assert f"'{top}' is not a whole number" in done.err


@pytest.mark.parametrize("key", [column.key for column in COLUMNS])
def test_every_column_can_be_sorted_by_and_turned_round(rows: Rows, key: str) -> None:
    down, up = rows("--columns", "all", "--sort", key), rows("--columns", "all", "--sort", key, "--reverse")
    assert len(down) == len(up) == 73
    for some, turned in ((down, False), (up, True)):
        values = [row[key] for row in some]
        known = [value for value in values if value is not None]
        # what is not known comes last, either way
        assert values[len(known) :] == [None] * (73 - len(known))
        numeric = isinstance(known[0], int)
        keyed = known if numeric or key == "name" else [str(value).lower() for value in known]
        assert keyed == sorted(keyed, reverse=numeric != turned), key


# -- which columns ---------------------------------------------------------------------------------------


def test_columns_can_be_chosen_in_any_order(rows: Rows) -> None:
    assert [list(row) for row in rows("--columns", "added_size, name", "--top", "2")] == [["added_size", "name"]] * 2


def test_all_columns_begin_with_those_of_the_contract(rows: Rows) -> None:
    row = rows("--columns", "all", "--top", "1")[0]

    assert list(row)[:12] == CONTRACT
    assert list(row) == [column.key for column in COLUMNS]


def test_columns_are_explained(cli: Cli) -> None:
    out = cli("list", "--list-columns").out

    assert [line.split()[0] for line in out.splitlines()] == [column.key for column in COLUMNS]
    assert all(len(line.split()) > 1 for line in out.splitlines())


def test_the_text_shows_what_is_not_known_as_a_dash(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "closure.json"
    file.write_bytes(dump_of({"app-1.0": ()}))
    out = cli("list", str(file), "--columns", "name,distribution,interpreter,deriver").out

    assert out.splitlines()[1].split() == ["app", "1.0", "–", "–", "–"]


def test_csv_parses_to_the_same_rows_as_json(cli: Cli, rows: Rows) -> None:
    text = cli("list", "demo:", "--format", "csv", "--columns", "all").out
    parsed = list(csv.DictReader(io.StringIO(text)))
    expected = rows("--columns", "all")

    assert list(parsed[0]) == list(expected[0])
    assert parsed == [{key: "" if value is None else str(value) for key, value in row.items()} for row in expected]


def test_the_text_has_one_line_for_each_row_in_the_same_order(cli: Cli, rows: Rows) -> None:
    lines = cli("list", "demo:", "--columns", "path,nar_size").out.splitlines()

    assert lines[0].split() == ["store", "path", "NAR"]
    assert [line.split()[0] for line in lines[1:]] == [row["path"] for row in rows()]


# -- naming a path ---------------------------------------------------------------------------------------


def first(rows: Rows, word: str) -> object:
    """Return the path that a word means: of what it needs, itself included, it has the largest closure."""
    return rows("--needed-by", word, "--sort", "closure_size", "--top", "1")[0]["name"]


@pytest.mark.parametrize(
    "word",
    [
        "python3.11-numpy-1.26.4",
        "numpy",
        "NumPy",
        "numpy-1",
    ],
)
def test_a_path_is_named_by_its_name_its_distribution_or_a_part(rows: Rows, word: str) -> None:
    assert first(rows, word) == "python3.11-numpy-1.26.4"


def test_a_path_is_named_by_itself_its_digest_or_something_in_it(rows: Rows) -> None:
    path = rows("--filter", "^python3.11-numpy")[0]["path"]
    base = path.removeprefix("/nix/store/")
    for word in (path, f"{path}/lib/python3.11", base, base[:32], base[:6], base[:12]):
        assert first(rows, word) == "python3.11-numpy-1.26.4", word


def test_a_distribution_is_named_in_any_spelling(rows: Rows) -> None:
    for word in ("typing-extensions", "typing_extensions", "Typing.Extensions"):
        assert first(rows, word) == "python3.11-typing-extensions-4.16.0", word


def test_a_word_that_means_several_paths_lists_them_and_exits_with_2(cli: Cli) -> None:
    done = cli("list", "demo:", "--needed-by", "openssl")

    assert (done.status, done.out) == (2, "")
    first_line, hint = done.err.splitlines()
    assert re.fullmatch(
        r"pyclosure: openssl means 2 paths of this closure: "
        r"[0-9a-z]{12}…-openssl-3\.\d+\.\d+, [0-9a-z]{12}…-openssl-3\.\d+\.\d+",
        first_line,
    )
    assert hint == "  give the whole name, or the first characters of the digest"


def test_many_candidates_are_counted(cli: Cli) -> None:
    done = cli("list", "demo:", "--needed-by", "python3.1")

    assert done.status == 2
    assert re.search(r"means \d+ paths of this closure: .* and \d+ more$", done.err.splitlines()[0])


def test_the_candidates_can_be_told_apart_by_what_is_listed(cli: Cli, rows: Rows) -> None:
    err = cli("list", "demo:", "--needed-by", "openssl").err
    for digest, name in re.findall(r"([0-9a-z]{12})…-(openssl-[\d.]+)", err):
        assert first(rows, digest) == name


def test_nothing_is_listed_for_a_path_that_is_not_there(cli: Cli) -> None:
    done = cli("list", "demo:", "--depends-on", "/nix/store/00000000000000000000000000000000-gone")

    assert (done.status, done.out) == (2, "")
    assert "is not in this closure" in done.err
