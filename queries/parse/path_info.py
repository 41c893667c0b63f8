"""``nix path-info --json`` of every version since 2.4, and Lix, to :class:`PathInfo` records.

The shape is taken from the document itself, never from a version number: an array (up to 2.18, Lix), an
object by full path (from 2.19), or ``{version, storeDir, info}`` with base names (``--json-format`` 2 and 3).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.names import STORE_PATH
from pyclosure.queries.base.records import LARGEST_SIZE, PathInfo
from pyclosure.queries.base.text import printable

_ABSENT = msgspec.Raw()
_ENDS = 64
"""Bytes at both ends of what was taken that tell whether it is of the same document."""


class _Signature(msgspec.Struct, gc=False):
    keyName: str
    sig: str


class _ContentAddress(msgspec.Struct, gc=False):
    method: str
    hash: str | None = None


class _Item(msgspec.Struct, gc=False):
    path: str | None = None
    valid: bool | None = None
    narSize: int | None = None
    narHash: str | dict[str, Any] | None = None
    references: list[str] | None = None
    deriver: str | None = None
    signatures: list[str | _Signature] | None = None
    ca: str | _ContentAddress | None = None
    registrationTime: int | None = None
    ultimate: bool | None = None
    downloadSize: int | None = None
    storeDir: str | None = None


class _Envelope(msgspec.Struct, gc=False):
    version: int
    storeDir: str
    info: dict[str, _Item | None]


class _Head(msgspec.Struct, gc=False):
    # in a union with None msgspec would accept nothing but null here
    version: msgspec.Raw = _ABSENT
    info: msgspec.Raw = _ABSENT


_ARRAY = msgspec.json.Decoder(list[_Item])
_OBJECT = msgspec.json.Decoder(dict[str, _Item | None])
_ENVELOPE = msgspec.json.Decoder(_Envelope)
_HEAD = msgspec.json.Decoder(_Head)


@dataclass(frozen=True, slots=True)
class PathInfoDocument:
    """A decoded document: what is valid, and what was asked for but is not."""

    valid: tuple[PathInfo, ...]
    invalid: tuple[str, ...]
    store_dir: str
    """Empty when the document holds no path at all."""


def parse_path_info(document: bytes, what: str = "the output of nix path-info") -> PathInfoDocument:
    """Decode and validate one document.

    Args:
        document: the JSON text, of any era.
        what: names the document in errors.

    Raises:
        BadInput: the text is not such a document; the sentence names the place in it.
    """
    start = document.lstrip()[:1]
    if not start:
        raise BadInput(f"{what} is empty", hint="nix prints nothing when it was interrupted; run it again")
    try:
        return _decode(document, start, what)
    except msgspec.ValidationError as error:
        raise BadInput(
            f"{what} is not a path-info document of a known Nix version: {printable(str(error), 200)}",
            hint="expected the output of: nix path-info --json -r PATH",
        ) from None
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        reason = printable(str(error), 200) or type(error).__name__
        cut = " (cut short?)" if "truncated" in reason else ""
        raise BadInput(f"{what} is not valid JSON{cut}: {reason}") from None


class PathInfoReader:
    """Reads a document while nix is still writing it, item by item, so that little is left to do at its end.

    Only the two common shapes, an array and an object by full path. Whatever is unusual is left to
    :func:`parse_path_info` at the end, which also says what is wrong.
    """

    def __init__(self) -> None:
        self._open = b""
        """``[`` or ``{``; empty before the first byte, and once something was unusual."""
        self._unusual = False
        self._left = b""
        self._taken = 0
        self._first = self._last = b""
        self._check = _Checker(None, "the output of nix path-info")
        self._records: dict[str, PathInfo] = {}

    def feed(self, data: bytes) -> None:
        """Take what was written since the last time."""
        if self._taken == 0:
            self._first = data[:_ENDS]
            self._open = data[:1]
            self._unusual = data[:1] != b"[" and data[:2] != b'{"'[: len(data)]
            data_left = data[1:]
        else:
            data_left = data
        self._taken += len(data)
        self._last = (self._last + data)[-_ENDS:]
        if self._unusual:
            return
        self._left += data_left
        # quotes within a text are escaped: this can only be the end of one item and the beginning of the next
        end = self._left.rfind(b'},{"path":"' if self._open == b"[" else b'},"/')
        if end != -1:
            self._read(self._left[: end + 1])
            self._left = self._left[end + 2 :]

    def finish(self, document: bytes) -> PathInfoDocument:
        """Return what the whole document holds.

        Raises:
            BadInput: as :func:`parse_path_info`, which reads it again where something was unusual.
        """
        same = document[: len(self._first)] == self._first and document[: self._taken][-len(self._last) :] == self._last
        if self._taken == 0 or self._unusual or not same or not self._records:
            return parse_path_info(document)
        rest = (self._left + document[self._taken :]).rstrip()
        if rest[-1:] != (b"]" if self._open == b"[" else b"}"):
            return parse_path_info(document)
        self._read(rest[:-1])
        if self._unusual:
            return parse_path_info(document)
        ordered = tuple(self._records[path] for path in sorted(self._records))
        return PathInfoDocument(ordered, (), self._check.store_dir or "")

    def _read(self, items: bytes) -> None:
        try:
            if self._open == b"[":
                pairs: Iterable[tuple[str | None, _Item | None]] = (
                    (item.path, item) for item in _ARRAY.decode(b"[%b]" % items)
                )
            else:
                pairs = _OBJECT.decode(b"{%b}" % items).items()
            for key, item in pairs:
                if key is None or item is None or item.valid is False or key in self._records:
                    self._unusual = True
                    return
                info = _record(self._check.path(key), item, self._check)
                self._records[info.path] = info
        except (msgspec.DecodeError, BadInput, RecursionError, UnicodeError):
            self._unusual = True


def _decode(document: bytes, start: bytes, what: str) -> PathInfoDocument:
    if start == b"[":
        pairs: Iterable[tuple[str | None, _Item | None]] = ((item.path, item) for item in _ARRAY.decode(document))
        return _collect(pairs, None, what)
    if start != b"{":
        raise BadInput(f"{what} is JSON, but neither an array nor an object")
    head = _HEAD.decode(document)
    if bytes(head.info) and bytes(head.version):
        envelope = _ENVELOPE.decode(document)
        if envelope.version not in (2, 3):
            raise BadInput(
                f"{what} has path-info format {printable(str(envelope.version), 40)}; "
                "this pyclosure reads formats 1, 2 and 3",
                hint="a newer pyclosure may read it, or make it with: nix path-info --json --json-format 2",
            )
        return _collect(envelope.info.items(), envelope.storeDir, what)
    return _collect(_OBJECT.decode(document).items(), None, what)


def _collect(pairs: Iterable[tuple[str | None, _Item | None]], store_dir: str | None, what: str) -> PathInfoDocument:
    valid: dict[str, PathInfo] = {}
    invalid: list[str] = []
    check = _Checker(store_dir, what)
    for key, item in pairs:
        if key is None:
            raise BadInput(f"{what} has an item without a `path`")
        path = check.path(key)
        if item is None or item.valid is False:
            invalid.append(path)
            continue
        info = _record(path, item, check)
        valid[info.path] = info
    ordered = tuple(valid[path] for path in sorted(valid))
    return PathInfoDocument(ordered, tuple(sorted(invalid)), check.store_dir or "")


class _Checker:
    """Makes paths full and refuses what cannot be a store path of this document's store."""

    def __init__(self, store_dir: str | None, what: str) -> None:
        self.store_dir = store_dir
        self.what = what
        self.seen: dict[str, str] = {}
        """What was checked already: as it was written → the full path."""

    def path(self, text: str) -> str:
        known = self.seen.get(text)
        if known is not None:
            return known
        full = text if text.startswith("/") else f"{self.store_dir or '/nix/store'}/{text}"
        match = STORE_PATH.fullmatch(full)
        if match is None:
            raise BadInput(f"{self.what} names {printable(text, 120)!r}, which is not a store path")
        if self.store_dir is None:
            self.store_dir = match["dir"]
        elif match["dir"] != self.store_dir:
            raise BadInput(
                f"{self.what} mixes the stores {printable(self.store_dir, 80)} and {printable(match['dir'], 80)}"
            )
        self.seen[text] = full
        return full

    def paths(self, texts: list[str]) -> set[str]:
        """Return full paths, each as one object however often it is mentioned."""
        seen = self.seen
        return {seen.get(text) or self.path(text) for text in texts}

    def deriver(self, text: str | None) -> str | None:
        return self.path(text) if text else None


def _record(path: str, item: _Item, check: _Checker) -> PathInfo:
    size = item.narSize
    if size is None or not 0 <= size <= LARGEST_SIZE:
        shown = "no" if size is None else f"the impossible {printable(str(size), 40)} bytes as"
        raise BadInput(f"{check.what} gives {shown} NAR size for {printable(path, 300)}")
    if item.references is None:
        raise BadInput(f"{check.what} gives no references for {printable(path, 300)}")
    references = check.paths(item.references)
    itself = path in references
    references.discard(path)
    return PathInfo(
        path=path,
        nar_size=size,
        references=tuple(sorted(references)),
        self_reference=itself,
        nar_hash=_hash(item.narHash),
        deriver=check.deriver(item.deriver),
        signatures=tuple(_signature(one) for one in item.signatures or ()),
        registration_time=item.registrationTime,
        ca=_content_address(item.ca),
        ultimate=item.ultimate,
        download_size=item.downloadSize,
    )


def _hash(value: str | dict[str, Any] | None) -> str | None:
    if value is None or isinstance(value, str):
        return None if value is None else printable(value, 200)
    return printable(f"{value.get('algorithm')}-{value.get('hash')}", 200)


def _signature(value: str | _Signature) -> str:
    return printable(value if isinstance(value, str) else f"{value.keyName}:{value.sig}", 400)


def _content_address(value: str | _ContentAddress | None) -> str | None:
    if value is None or isinstance(value, str):
        return None if value is None else printable(value, 200)
    return printable(f"{value.method}:{value.hash or ''}", 200)
