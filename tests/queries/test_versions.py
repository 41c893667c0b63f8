"""Which Nix is it, and which switches does it take?"""

from __future__ import annotations

import pytest

from pyclosure.queries.nix.version import parse_version
from tests.support.recorded import VERSIONS, recording
from tests.support.sentences import assert_plain


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["version", "store-version"])
def test_recorded_versions_are_read(version: str, name: str) -> None:
    read = parse_version(recording(version, name).stdout.decode())

    assert read.flavor == "Nix"
    assert read.text == version
    assert ".".join(map(str, read.number)) == version
    assert read.known


@pytest.mark.parametrize(
    ("line", "flavor", "number", "json_format", "show"),
    [
        ("nix (Nix) 2.3.16", "Nix", (2, 3, 16), False, False),
        ("nix (Nix) 2.4", "Nix", (2, 4, 0), False, False),
        ("nix (Nix) 2.14.1", "Nix", (2, 14, 1), False, False),
        ("nix (Nix) 2.15.0", "Nix", (2, 15, 0), False, True),
        ("nix (Nix) 2.32.4", "Nix", (2, 32, 4), False, True),
        ("nix (Nix) 2.33.0", "Nix", (2, 33, 0), True, True),
        ("nix (Nix) 2.24.0pre20240708_abc", "Nix", (2, 24, 0), False, True),
        ("nix (Lix, like Nix) 2.91.1", "Lix", (2, 91, 1), False, True),
        ("nix (Lix, like Nix) 2.95.3-lix", "Lix", (2, 95, 3), False, True),
        ("nix (Determinate Nix 3.11.3) 2.31.2", "Determinate Nix", (2, 31, 2), False, True),
        ("nix (Determinate Nix 3.15.0) 2.33.1", "Determinate Nix", (2, 33, 1), True, True),
    ],
)
def test_flavor_comes_before_number(
    line: str,
    flavor: str,
    number: tuple[int, int, int],
    json_format: bool,
    show: bool,
) -> None:
    read = parse_version(line + "\n")

    assert (read.flavor, read.number) == (flavor, number)
    assert read.wants_json_format is json_format
    assert read.has_derivation_show is show


@pytest.mark.parametrize(
    "text",
    [
        *("", "\n", "hello", "nix", "nix (Nix)", "nix (Nix) new", "nix (Nix) x.y", "\x1b[31m\0"),
        *("nix (Nix) 1" + "0" * 5000 + ".2", "nix " + "(" * 200_000),
    ],
)
def test_garbage_is_an_unknown_version_and_no_error(text: str) -> None:
    read = parse_version(text)

    assert not read.known
    assert read.number == (0, 0, 0)
    assert not read.wants_json_format
    assert read.has_derivation_show, "the newer command is tried first"


def test_a_version_can_be_shown_whatever_it_is() -> None:
    read = parse_version("nix\x1b[31m (Nix) \x07" + "x" * 5000)

    assert_plain(read.text)
    assert len(read.text) < 250


def test_a_warning_before_the_version_is_passed_over() -> None:
    read = parse_version("warning: $HOME is not owned by you\nnix (Nix) 2.26.3\n")

    assert read.number == (2, 26, 3)
