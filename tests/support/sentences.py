"""What every error must be: one sentence, safe to show, with an exit status."""

from __future__ import annotations

import re

from pyclosure.queries.base.errors import QueryError

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def assert_plain(text: str) -> None:
    """Check that text is one line without anything that moves a cursor or reorders what is read."""
    found = _CONTROL.search(text)
    assert found is None, f"{text!r} holds {found[0]!r}"


def assert_sentence(error: BaseException, *needed: str, kind: type[QueryError], hint: bool = True) -> None:
    """Check an error: its class, one sentence, the facts in it, and a hint where one is due."""
    assert type(error) is kind, repr(error)
    sentence = str(error)
    assert sentence and sentence == sentence.strip()
    assert_plain(sentence)
    assert "Traceback" not in sentence and "<class" not in sentence
    assert not sentence.endswith(".") or sentence.endswith("..")
    assert not re.search(r"[a-z]\. [A-Z]", sentence), f"more than one sentence: {sentence}"
    assert len(sentence) < 700, "nobody reads that much"
    for fact in needed:
        assert fact in sentence, f"{fact!r} is not in {sentence!r}"
    assert isinstance(error, QueryError)
    assert_plain(error.hint)
    assert bool(error.hint) >= hint, f"no hint: {sentence}"
