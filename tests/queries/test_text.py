"""Text from closures cannot move the cursor, colour the screen or pass for something else."""

from __future__ import annotations

import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyclosure.queries.base.text import UNSAFE, plain_lines, printable
from tests.support.sentences import assert_plain

ANYTHING = st.text(st.characters(exclude_categories=()), max_size=60)
"""Any code point, lone surrogates included."""


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("requests-2.31.0", "requests-2.31.0"),
        ("\x1b[31mred", "\ufffd[31mred"),
        ("a\nb\tc\0", "a\ufffdb\ufffdc\ufffd"),
        ("del\x7f c1\x9b31m", "del\ufffd c1\ufffd31m"),
        ("gpj.\u202eexe", "gpj.\ufffdexe"),
        ("pay\u200bpal \ufeff\u2066\u061c", "pay\ufffdpal \ufffd\ufffd\ufffd"),
        ("not\udc80utf8", "not\ufffdutf8"),
        ("[red]bold[/red]", "[red]bold[/red]"),
        ("größe 中文 🐍", "größe 中文 🐍"),
    ],
)
def test_printable_replaces_what_could_deceive_and_keeps_the_rest(raw: str, shown: str) -> None:
    assert printable(raw) == shown


def test_printable_cuts_long_text_and_says_so() -> None:
    assert printable("abcdef", 3) == "abc…"
    assert printable("abc", 3) == "abc"


def test_what_is_left_as_it_is_holds_nothing_that_is_replaced() -> None:
    quick = {code for code in range(sys.maxunicode + 1) if chr(code).isprintable()}
    unsafe = re.compile(f"[{UNSAFE}]")

    assert len(quick) > 100_000
    assert not [code for code in quick if unsafe.match(chr(code))]


@given(ANYTHING)
def test_printable_text_is_one_line_and_can_be_encoded(text: str) -> None:
    shown = printable(text)

    assert_plain(shown)
    assert len(shown) == len(text)
    shown.encode()


def test_plain_lines_removes_escape_sequences_and_keeps_lines() -> None:
    words = "\x1b[31;1merror:\x1b[0m path '\x1b[35;1m/nix/store/x\x1b[0m' is not valid\r\n\tat a\n\n"

    assert plain_lines(words) == "error: path '/nix/store/x' is not valid\n\tat a"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b]0;new title\x07after", "after"),
        ("\x1b]8;;http://example.org\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b7\x1b[2J\x1bMtop", "\ufffd7top"),
        ("unfinished \x1b[12", "unfinished \ufffd[12"),
        ("bell\a", "bell\ufffd"),
        ("surrogate \udcff", "surrogate \ufffd"),
    ],
)
def test_plain_lines_leaves_no_control_behind(raw: str, shown: str) -> None:
    assert plain_lines(raw) == shown


def test_plain_lines_keeps_the_end_of_a_flood() -> None:
    assert plain_lines("x" * 100 + "\nerror: the end", 20) == "xxxxx\nerror: the end"


@given(ANYTHING)
def test_every_line_of_plain_lines_is_plain(text: str) -> None:
    for line in plain_lines(text).split("\n"):
        assert_plain(line.replace("\t", ""))
