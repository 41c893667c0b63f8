"""Python that the parser takes gigabytes for is not given to it."""

from __future__ import annotations

import tracemalloc

import pytest

from pyclosure.queries.facts.calls.sites import call_sites
from pyclosure.queries.facts.python_text import MOST_PARTS, too_costly
from pyclosure.queries.facts.sources.project import parse
from tests.support.work import at_most

MANY = 1_000_000


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(b"import " + b"a." * 5000 + b"a", id="import"),
        pytest.param(b"from " + b"a." * 5000 + b"a import b", id="from"),
        pytest.param(b"import " + b"a . " * 5000 + b"a", id="blanks"),
        pytest.param(b"import " + b"a.\\\n" * 5000 + b"a", id="lines that go on"),
        pytest.param(b"import " + "ä.".encode() * 5000 + b"a", id="other letters"),
        pytest.param(b"# coding: utf-7\nimport " + b"a+AC4-" * 5000 + b"a", id="UTF-7"),
        pytest.param(b"\r#-*- coding=utf_7 -*-\rimport " + b"a+AC4-" * 5000 + b"a", id="UTF-7 in the second line"),
    ],
)
def test_names_of_very_many_parts_are_too_costly(source: bytes) -> None:
    assert too_costly(source, MANY)
    assert parse(source) is None


@pytest.mark.parametrize(
    "source",
    [
        b"import a.b.c",
        b"import " + b"a." * (MOST_PARTS - 1) + b"a",
        b"x = a" + b".b()" * 500,
        b"x = 1." + b" + 1." * 500,
        b"# coding: latin-1\nx = '\xe4'",
        b"# coding: nothing-of-the-kind\nx = 1",
        b"# coding: hex\nx = 1",
        b"# " + b"." * 5000,
        b"'" + b"..." * 5000 + b"'",
    ],
)
def test_what_people_write_is_not(source: bytes) -> None:
    assert not too_costly(source, MANY)


@pytest.mark.parametrize(
    "part", [b"a.", b"a ", b"a", b".", b"a .", b"a.a ", b"\\\n", b" " * 50 + b"a", b"a." * 99 + b"a "]
)
def test_looking_takes_little_time(part: bytes) -> None:
    with at_most(100):
        too_costly(b"# coding: utf-8\n" + part * (4_000_000 // len(part)), 10 * MANY)


def test_such_a_file_is_searched_line_by_line_in_little_memory() -> None:
    source = b"import ctypes" + b".s" * 30_000 + b"\nctypes.CDLL('libz.so')\n"
    tracemalloc.start()
    try:
        sites, problem = call_sites(source, "a.py")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert [one.names for one in sites] == [("libz.so",)]
    assert problem == "too large to parse; searched line by line"
    assert peak < 20_000_000
