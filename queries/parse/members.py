"""The members of a large JSON object, one after the other, while its text comes in pieces."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

LARGEST_MEMBER = 64 * 1024 * 1024
"""Bytes of one member that are read at most."""
_HEAD = 4096
"""Bytes by which the shape of a document is known."""
_LEGACY = re.compile(rb"\s*()\{")
_ENVELOPE = re.compile(rb'\s*\{\s*(?:"version"\s*:\s*\d+\s*,\s*)?"derivations"\s*:\s*()\{')
# all that is no brace, strings as a whole, and one brace: possessive, so that nothing is ever tried twice
_TO_BRACE = re.compile(rb'[^{}"]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^{}"]*+)*+[{}]', re.DOTALL)
_NAME = re.compile(rb'\s*(,?)\s*("(?:[^"\\]|\\.)*+")\s*:\s*', re.DOTALL)
_TEXT = msgspec.json.Decoder(str)
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Members:
    """Names and texts of the members that are objects, and what is left of the document without them.

    A document is an object, or one below ``derivations`` in another. Memory holds one member at a time.

    Args:
        chunks: the text.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._text = bytearray()
        self._ended = False
        self.rest: dict[str, msgspec.Raw] = {}
        """Once all were seen: what else the document holds; ``derivations`` is empty where there was such a member."""

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        """Yield names and JSON texts.

        Raises:
            msgspec.DecodeError: it is not JSON.
            msgspec.ValidationError: a member, or the whole, is no object.
        """
        while len(self._text) < _HEAD and self._more():
            pass
        start = _ENVELOPE.match(self._text) or _LEGACY.match(self._text)
        if start is None:
            while self._more():
                pass
            _OBJECT.decode(bytes(self._text))
            raise msgspec.ValidationError("Expected an object of derivations")
        before = bytes(self._text[: start.start(1)])
        position = start.end()
        del start
        del self._text[:position]
        mark, first = 0, True
        while True:
            end = self._to_brace(mark)
            between = bytes(self._text[mark : end - 1])
            if self._text[end - 1] == ord("}"):
                break
            named = _NAME.fullmatch(between)
            if named is None or bool(named[1]) == first:
                raise msgspec.DecodeError("a member of the object has no name")
            start_of_member, mark = end - 1, self._closing(end)
            yield _TEXT.decode(named[2]), bytes(self._text[start_of_member:mark])
            first = False
            if mark > len(self._text) // 2:
                del self._text[:mark]
                mark = 0
        del self._text[:end]
        while self._more():
            pass
        if between.strip():
            _OBJECT.decode(b"{" + between.lstrip().removeprefix(b"," if not first else b"") + b"}")
            raise msgspec.ValidationError("Expected an object for each derivation")
        self.rest = _OBJECT.decode(before + b"{}" + bytes(self._text))

    def _more(self) -> bool:
        for chunk in self._chunks:
            self._text += chunk
            return True
        self._ended = True
        return False

    def _to_brace(self, start: int) -> int:
        """Return the position behind the next brace that is in no string."""
        while True:
            match = _TO_BRACE.match(self._text, start)
            if match is not None:
                return match.end()
            if len(self._text) - start > LARGEST_MEMBER:
                raise msgspec.ValidationError(f"A derivation has more than {LARGEST_MEMBER >> 20} MiB")
            if not self._more():
                raise msgspec.DecodeError("Input data was truncated")

    def _closing(self, start: int) -> int:
        """Return the position behind the brace that closes an object that begins before ``start``."""
        depth, end = 1, start
        while depth:
            end = self._to_brace(end)
            depth += 1 if self._text[end - 1] == ord("{") else -1
            if end - start > LARGEST_MEMBER:
                raise msgspec.ValidationError(f"A derivation has more than {LARGEST_MEMBER >> 20} MiB")
        return end
