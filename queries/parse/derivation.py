"""``nix derivation show`` (``show-derivation`` up to 2.14) of every version to :class:`Derivation` records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.names import STORE_PATH, name_of
from pyclosure.queries.base.records import Derivation, Output
from pyclosure.queries.base.text import printable
from pyclosure.queries.parse.members import Members

_CHUNK = 1 << 20


class _Output(msgspec.Struct, gc=False):
    path: str | None = None
    hashAlgo: str | None = None
    hash: str | None = None
    method: str | None = None


class _Outputs(msgspec.Struct, gc=False):
    outputs: list[str]


_Inputs = dict[str, list[str] | _Outputs]


class _Nested(msgspec.Struct, gc=False):
    srcs: list[str] = []
    drvs: _Inputs = {}


class _Item(msgspec.Struct, gc=False):
    system: str
    builder: str
    args: list[str]
    env: dict[str, str]
    outputs: dict[str, _Output]
    name: str | None = None
    inputSrcs: list[str] | None = None
    inputDrvs: _Inputs | None = None
    inputs: _Nested | None = None
    structuredAttrs: dict[str, Any] | None = None


_ITEM = msgspec.json.Decoder(_Item)


def parse_derivations(
    document: bytes, store_dir: str, what: str = "the output of nix derivation show"
) -> dict[str, Derivation]:
    """Decode a document of any era into derivations by their full store path.

    Args:
        document: the JSON text.
        store_dir: put before the base names of Nix 2.32 and later.
        what: names the document in errors.

    Raises:
        BadInput: the text is not such a document.
    """
    chunks = (document[start : start + _CHUNK] for start in range(0, len(document), _CHUNK))
    return {one.path: one for one in derivations_in(chunks, store_dir, what)}


def derivations_in(chunks: Iterable[bytes], store_dir: str, what: str) -> Iterator[Derivation]:
    """Decode a document that comes in pieces, one derivation after the other: it is never there as a whole.

    Args:
        chunks: the JSON text, in pieces.
        store_dir: put before the base names of Nix 2.32 and later.
        what: names the document in errors.

    Raises:
        BadInput: the text is not such a document; maybe only after some derivations.
    """
    full = _Paths(store_dir, what)
    members = Members(chunks)
    try:
        for key, item in members:
            yield _record(key, _ITEM.decode(item), full)
        if "derivations" in members.rest:
            version = msgspec.json.decode(members.rest.get("version", b"null"))
            if version != 4:
                shown = printable(str(version), 20)
                raise BadInput(f"{what} has derivation format {shown}; this pyclosure reads formats up to 4")
    except msgspec.ValidationError as error:
        raise BadInput(f"{what} is not of a known shape: {printable(str(error), 200)}") from None
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise BadInput(f"{what} is not valid JSON: {printable(str(error), 200)}") from None


class _Paths(dict[str, str]):
    """A path as it was written → the full store path: checked once, and one string wherever it is named."""

    def __init__(self, store_dir: str, what: str) -> None:
        super().__init__()
        self.store_dir = store_dir
        self.what = what

    def __missing__(self, path: str) -> str:
        whole = path if path.startswith("/") else f"{self.store_dir}/{path}"
        if STORE_PATH.fullmatch(whole) is None:
            raise BadInput(f"{self.what} names {printable(path, 120)!r}, which is not a store path")
        self[path] = whole
        return whole


def _record(key: str, item: _Item, full: _Paths) -> Derivation:
    path = full[key]
    inputs = item.inputs or _Nested(item.inputSrcs or [], item.inputDrvs or {})
    structured = item.structuredAttrs
    if structured is None and "__json" in item.env:
        structured = _structured(item.env["__json"])
    return Derivation(
        path=path,
        name=item.name or name_of(path).removesuffix(".drv"),
        system=item.system,
        builder=item.builder,
        args=tuple(item.args),
        env={name: value for name, value in item.env.items() if name != "__json"},
        outputs={name: _output(name, output, item.env, full) for name, output in item.outputs.items()},
        input_sources=tuple(sorted(full[source] for source in inputs.srcs)),
        input_derivations={
            full[drv]: tuple(used if isinstance(used, list) else used.outputs)
            for drv, used in sorted(inputs.drvs.items())
        },
        structured_attrs=structured,
    )


def _structured(text: str) -> dict[str, Any] | None:
    try:
        return msgspec.json.decode(text.encode(), type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return None


def _output(name: str, output: _Output, env: dict[str, str], full: _Paths) -> Output:
    path = output.path
    if path is None and output.hash is not None:
        # since 2.32 fixed outputs lose their path; the builder's environment still has it
        candidate = env.get(name, "")
        path = candidate if STORE_PATH.fullmatch(candidate) else None
    algorithm = output.hashAlgo
    method = output.method
    if method is None and algorithm is not None:
        method, algorithm = ("nar", algorithm[2:]) if algorithm.startswith("r:") else ("flat", algorithm)
    return Output(full[path] if path else None, algorithm, output.hash, method)
