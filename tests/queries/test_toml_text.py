"""TOML that would take long or raise what nobody expects is refused in a few words."""

from __future__ import annotations

import pytest

from pyclosure.queries.base.toml_text import DEEPEST_KEY, LONGEST_NUMBER, BadToml, toml_table
from tests.support.sentences import assert_plain
from tests.support.work import at_most


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("a = ", "Invalid value", id="cut"),
        pytest.param("a = " + "[" * 5000, "nested too deeply", id="deep arrays"),
        pytest.param("a = " + "{b = " * 5000, "nested too deeply", id="deep tables"),
        pytest.param("a." * DEEPEST_KEY + "b = 1", "more than 100 parts", id="deep key"),
        pytest.param("[" + "a." * 50_000 + "b]", "more than 100 parts", id="deep header"),
        pytest.param("a = " + "9" * 5000, "too many digits", id="decimal"),
        pytest.param("a = 0x" + "f" * LONGEST_NUMBER, "too many digits", id="hexadecimal"),
        pytest.param("a = 0b1" + "0" * 100_000, "too many digits", id="binary"),
        pytest.param("\x1b[31m", "Invalid", id="escape"),
    ],
)
def test_bad_toml_is_refused_quickly_and_in_one_line(text: str, why: str) -> None:
    with at_most(10_000), pytest.raises(BadToml) as caught:
        toml_table(text)

    assert why in str(caught.value)
    assert_plain(str(caught.value))


def test_what_is_just_below_a_bound_is_read() -> None:
    assert len(str(toml_table("a = 0x" + "f" * (LONGEST_NUMBER - 1))["a"])) > LONGEST_NUMBER
    assert toml_table("a." * (DEEPEST_KEY - 1) + "b = 1")
