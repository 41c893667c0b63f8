"""Large JSON objects in pieces: the same members as decoding the whole, wherever it is cut, and the same refusals."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyclosure.queries.parse import members
from pyclosure.queries.parse.members import Members

TEXTS = st.text(st.sampled_from('ab{}[]",:\\/ \n\té\U0001f40d'), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(TEXTS, st.dictionaries(TEXTS, VALUES, max_size=3), max_size=5)


def in_pieces(document: bytes, size: int) -> list[bytes]:
    return [document[start : start + size] for start in range(0, len(document), size)]


def read(document: bytes, size: int) -> tuple[dict[str, Any], dict[str, msgspec.Raw]]:
    found = Members(in_pieces(document, size))
    every = {name: msgspec.json.decode(text) for name, text in found}
    return every, found.rest


@settings(max_examples=400)
@given(OBJECTS, st.integers(1, 40), st.sampled_from([None, 1]), st.booleans(), st.booleans())
def test_members_are_those_of_the_whole(
    value: dict[str, Any], size: int, indent: int | None, escaped: bool, envelope: bool
) -> None:
    shape = {"derivations": value, "version": 4} if envelope else value
    document = json.dumps(shape, indent=indent, ensure_ascii=escaped).encode()

    found, rest = read(document, size)

    # an object whose one member has the name of an envelope looks like one
    looks = not envelope and next(iter(value), None) == "derivations"
    assert found == (value if not looks else value["derivations"])
    assert list(found) == list(value if not looks else value["derivations"])
    if envelope:
        assert {name: msgspec.json.decode(text) for name, text in rest.items()} == {"derivations": {}, "version": 4}


@settings(max_examples=600)
@given(OBJECTS, st.data())
def test_what_is_damaged_is_refused_as_the_whole_would_be(value: dict[str, Any], data: st.DataObject) -> None:
    document = bytearray(json.dumps({"x.drv": {}, **value}).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        index = data.draw(st.integers(0, len(document) - 1))
        document[index : index + data.draw(st.integers(0, 2))] = data.draw(
            st.sampled_from([b"", b"{", b"}", b'"', b",", b"\\"])
        )
    text = bytes(document)

    def whole() -> dict[str, Any] | None:
        try:
            return msgspec.json.decode(text, type=dict[str, dict[str, Any]])
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None

    def piecewise() -> dict[str, Any] | None:
        try:
            found, rest = read(text, 7)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        return found if not rest else None

    assert piecewise() == whole()


@pytest.mark.parametrize(
    "text", ["{}", " { } ", '{"derivations": {}, "version": 4}', '{"version": 4, "derivations": {}}']
)
def test_an_empty_object_has_no_members(text: str) -> None:
    assert read(text.encode(), 3)[0] == {}


def test_a_member_that_is_too_large_is_refused_and_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "LARGEST_MEMBER", 1 << 20)
    given = 0

    def endless() -> Any:
        nonlocal given
        yield b'{"a.drv": {"env": {"x": "'
        while True:
            given += 1
            yield b"y" * 65536

    with pytest.raises(msgspec.ValidationError, match="more than 1 MiB"):
        list(Members(endless()))
    assert given < 40


def test_deep_nesting_is_refused_by_who_decodes_it() -> None:
    deep = b'{"a.drv": ' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}"

    ((name, text),) = Members(in_pieces(deep, 1000))

    assert name == "a.drv"
    with pytest.raises((msgspec.DecodeError, RecursionError)):
        msgspec.json.decode(text)
