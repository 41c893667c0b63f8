"""``nix-store --dump-db``, for stores where ``nix path-info`` cannot be had."""

from __future__ import annotations

import msgspec
import pytest

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.parse.dump_db import parse_dump_db
from pyclosure.queries.parse.path_info import parse_path_info
from tests.support.closures import store_path
from tests.support.recorded import APP, VERSIONS, recording
from tests.support.sentences import assert_sentence

A, B = store_path("a"), store_path("b")


def block(path: str, size: str = "5", deriver: str = "", references: tuple[str, ...] = (), count: str = "") -> str:
    return "\n".join([path, "00ff", size, deriver, count or str(len(references)), *references]) + "\n"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_dump_gives_the_records_of_path_info(version: str) -> None:
    dumped = {info.path: info for info in parse_dump_db(recording(version, "dump-db").stdout.decode())}
    shown = {
        info.path: info
        for name in ("pi-json", "pi-json-plainadd")
        for info in parse_path_info(recording(version, name).stdout).valid
    }

    assert dumped.keys() == shown.keys()
    for path, info in dumped.items():
        wanted = shown[path]
        # hash in another base; signatures, times and content addresses are not dumped
        assert info == msgspec.structs.replace(
            wanted, nar_hash=info.nar_hash, registration_time=None, ca=None, ultimate=None
        )
    assert dumped[APP].nar_hash == "sha256:50b4c13e9f10a9239df5bb491cb997c81739b388d60c316531b4a53054335520"


def test_blocks_are_sorted_and_self_references_kept_apart() -> None:
    text = block(B, references=(B, A)) + block(A, "0", store_path("a.drv"))

    first, second = parse_dump_db(text)

    assert sorted((A, B)) == [first.path, second.path]
    a, b = (first, second) if first.path == A else (second, first)
    assert (a.nar_size, a.deriver, a.references, a.self_reference) == (0, store_path("a.drv"), (), False)
    assert (b.nar_size, b.deriver, b.references, b.self_reference) == (5, None, (A,), True)


def test_a_last_line_without_newline_is_a_line() -> None:
    assert parse_dump_db(block(A).rstrip("\n")) == parse_dump_db(block(A))


def test_no_text_is_no_path() -> None:
    assert parse_dump_db("") == ()


@pytest.mark.parametrize(
    "text",
    [
        "x\n",
        "\n\n\n\n\n",
        A + "\n",
        block(A, size="many"),
        block(A, size="-1"),
        block(A, count="1"),
        block(A, count="-1"),
        block(A, count="x"),
        block(A, references=("/etc/passwd",)),
        block("/etc/passwd"),
        block(A, deriver="\x1b[31m"),
        block(A, deriver="unknown"),
        block(A).replace("00ff", "\x1b]0;x"),
        block(A + "\r"),
        block(A, size="9" * 30),
        block(A, size="9" * 5000),
    ],
)
def test_a_damaged_dump_is_refused_with_its_line(text: str) -> None:
    whole = block(B)

    with pytest.raises(BadInput) as caught:
        parse_dump_db(whole + text)

    assert_sentence(caught.value, "near line 6", kind=BadInput, hint=False)
