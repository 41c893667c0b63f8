"""Saved files of any content: one sentence, exit status 2, never a traceback.

Everything goes through the road that ``pyclosure FILE`` takes: resolve, read, closure.
"""

from __future__ import annotations

import gzip
import json
import os
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pyclosure.queries.base.activity import Silent
from pyclosure.queries.base.errors import BadInput, Cancelled, QueryError
from pyclosure.queries.opened import snapshot as snapshots
from pyclosure.queries.opened.knowledge import Knowledge, know
from pyclosure.queries.opened.snapshot import Snapshot, encode_snapshot
from pyclosure.queries.sources.graphs import open_graph
from pyclosure.queries.sources.read import read_source
from pyclosure.queries.sources.request import Request
from pyclosure.queries.sources.resolve import SavedFile, resolve
from tests.support.closures import records_of, store_path
from tests.support.recorded import RecordedRunner
from tests.support.sentences import assert_sentence

A, B = store_path("a"), store_path("b")
NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def opened(tmp_path: Path, nix: RecordedRunner) -> Callable[[bytes], Knowledge]:
    """Open a file of the given content; nix may not be started for it."""

    def open_file(content: bytes) -> Knowledge:
        (tmp_path / "closure.json").write_bytes(content)
        return know(read_source(resolve(Request(("closure.json",), cwd=str(tmp_path))), nix))

    return open_file


def refusal(opened: Callable[[bytes], Knowledge], content: bytes) -> QueryError:
    with pytest.raises(QueryError) as caught:
        opened(content)
    return caught.value


def item(path: str = A, **changes: Any) -> dict[str, Any]:
    return {"path": path, "narSize": 1, "references": [], **changes}


def dump(*items: Any) -> bytes:
    return json.dumps(items).encode()


def deep(count: int, start: bytes, end: bytes = b"") -> bytes:
    return start * count + end * count


@pytest.mark.parametrize(
    ("content", "fact"),
    [
        pytest.param(b"", "neither a pyclosure snapshot nor", id="empty"),
        pytest.param(b" \n\t", "neither a pyclosure snapshot nor", id="blank"),
        pytest.param(b"null", "neither a pyclosure snapshot nor", id="null"),
        pytest.param(b"12", "neither a pyclosure snapshot nor", id="number"),
        pytest.param(b'"text"', "neither a pyclosure snapshot nor", id="string"),
        pytest.param(A.encode(), "neither a pyclosure snapshot nor", id="plain list of paths"),
        pytest.param(b"\x7fELF\x02\x01", "neither a pyclosure snapshot nor", id="a program"),
        pytest.param(b"\xff\xfe[\0]\0", "neither a pyclosure snapshot nor", id="UTF-16"),
        pytest.param(b"[]", "holds no store path", id="empty array"),
        pytest.param(b"{}", "holds no store path", id="empty object"),
        pytest.param(b"[", "not valid JSON (cut short?)", id="cut array"),
        pytest.param(dump(item())[:-5], "not valid JSON (cut short?)", id="truncated"),
        pytest.param(dump(item()) + b"x", "not valid JSON", id="more after the end"),
        pytest.param(dump(item()) * 2, "not valid JSON", id="two documents"),
        pytest.param(b'[{"path": "\xff"}]', "not valid JSON", id="not UTF-8"),
        pytest.param(b"[1]", "got `int` - at `$[0]`", id="array of numbers"),
        pytest.param(b"[null]", "got `null`", id="array of nulls"),
        pytest.param(b'{"x": 1}', "not a path-info document", id="another object"),
        pytest.param(dump(item(narSize="1")), "$[0].narSize", id="size as text"),
        pytest.param(dump(item(narSize=None)), "no NAR size", id="no size"),
        pytest.param(dump(item(narSize=1.5)), "$[0].narSize", id="size as a fraction"),
        pytest.param(dump(item(narSize=True)), "$[0].narSize", id="size as a boolean"),
        pytest.param(dump(item(narSize=-1)), "impossible -1 bytes", id="negative size"),
        pytest.param(dump(item(narSize=2**63)), f"impossible {2**63} bytes", id="size of 64 bits"),
        pytest.param(dump(item(narSize=10**4000)), "000… bytes", id="size of 4000 digits"),
        pytest.param(dump(item(narSize=10**29)), "impossible 1000000", id="size of 30 digits"),
        pytest.param(dump(item()).replace(b": 1,", b": " + b"9" * 5000 + b","), "narSize", id="size of 5000 digits"),
        pytest.param(dump(item(narSize=float("nan"))), "not valid JSON", id="NaN"),
        pytest.param(dump(item(narSize=float("inf"))), "not valid JSON", id="Infinity"),
        pytest.param(dump(item()).replace(b": 1,", b": 1e400,"), "$[0].narSize", id="exponent"),
        pytest.param(dump(item(references=None)), "no references", id="no references"),
        pytest.param(dump(item(references=[1])), "$[0].references[0]", id="reference as number"),
        pytest.param(dump(item(references=A)), "$[0].references", id="references as text"),
        pytest.param(dump(item(references=["../../etc"])), "'../../etc'", id="reference to elsewhere"),
        pytest.param(dump(item(deriver="nobody")), "'nobody'", id="deriver that is none"),
        pytest.param(dump(item(valid="yes")), "$[0].valid", id="valid as text"),
        pytest.param(dump({"narSize": 1, "references": []}), "without a `path`", id="no path"),
        pytest.param(dump(item("relative")), "'relative'", id="relative path"),
        pytest.param(dump(item(path="/nix/store/" + "a" * 32 + "-[red]")), "[red]", id="markup in a name"),
        pytest.param(dump(item(path=A + "\x1b[31m")), "not a store path", id="escape in a name"),
        pytest.param(dump(item(path="/\x1b]0;x\x07/" + A[11:])), "not a store path", id="escape in the store"),
        pytest.param(dump(item(path=A + "\n")), "not a store path", id="newline in a name"),
        pytest.param(dump(item(path="/" * 4000 + A)), "", id="four thousand slashes"),
        pytest.param(dump(item(path="/" * 4090 + A)), "not a store path", id="a folder that no system opens"),
        pytest.param(dump(item("/" + "x" * 4000 + A, narSize=-1)), "impossible -1 bytes", id="a long folder"),
        pytest.param(dump(item(), item(store_path("b", "/gnu/store"))), "mixes the stores", id="two stores"),
        pytest.param(
            dump(item(references=[store_path("b", "/gnu/store")])), "mixes the stores", id="foreign reference"
        ),
        pytest.param(dump(item(references=[B])), "not a whole closure", id="dump without -r"),
        pytest.param(dump(item(), item(B, valid=False)), B, id="an invalid path in it"),
        pytest.param(json.dumps({A: None}).encode(), A, id="only an invalid path"),
        pytest.param(dump(item(references=[B]), item(B, references=[A])), "cycle", id="cycle of two"),
        pytest.param(deep(100_000, b"["), "not a path-info document", id="deep arrays"),
        pytest.param(deep(100_000, b'{"a":'), "not valid JSON", id="deep objects"),
        pytest.param(
            b'[{"x": ' + deep(100_000, b"[", b"]") + b"}]", "not valid JSON", id="deep value of an unknown field"
        ),
        pytest.param(
            b'{"version": 2, "storeDir": "/nix/store", "info": {"x": ' + deep(100_000, b"[", b"]") + b"}}",
            "not ",
            id="deep value in format 2",
        ),
        pytest.param(b'{"version": 9, "storeDir": "/nix/store", "info": {}}', "format 9", id="format of the future"),
        pytest.param(b'{"version": "2", "storeDir": "/nix/store", "info": {}}', "$.version", id="version as text"),
        pytest.param(b'{"version": 2, "info": {}}', "storeDir", id="format 2 without storeDir"),
        pytest.param(
            json.dumps({"version": 2, "storeDir": "rel", "info": {A[11:]: None}}).encode(),
            "not a store path",
            id="relative storeDir",
        ),
        pytest.param(
            json.dumps({A + ".drv": {"outputs": {}, "env": {}, "name": "a"}}).encode(),
            "no NAR size",
            id="derivation show instead",
        ),
    ],
)
def test_a_bad_dump_is_refused_in_one_sentence(opened: Callable[[bytes], Knowledge], content: bytes, fact: str) -> None:
    if fact == "":
        assert opened(content).sizes.total == 1, "odd, but whole"
        return

    error = refusal(opened, content)

    assert_sentence(error, fact, kind=BadInput, hint=False)
    assert error.exit_code == 2


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"null", dump(item(references=[B])), b'{"x": 1}', dump(item(), item(B, valid=False))]
)
def test_a_refusal_says_how_to_make_a_good_dump(opened: Callable[[bytes], Knowledge], content: bytes) -> None:
    assert "nix" in refusal(opened, content).hint or "store" in refusal(opened, content).hint


def test_a_cycle_is_shown_by_its_members(opened: Callable[[bytes], Knowledge]) -> None:
    # a → b0 → b1 → … → b7 → b0
    ring = [item(store_path(f"b{n}"), references=[store_path(f"b{(n + 1) % 8}")]) for n in range(8)]

    error = refusal(opened, dump(item(references=[store_path("b0")]), *ring))

    assert_sentence(error, "b0 → b1 → b2 → b3 → … 4 more … → b0", kind=BadInput)


def test_a_self_reference_is_no_cycle(opened: Callable[[bytes], Knowledge]) -> None:
    knowledge = opened(dump(item(references=[A, B]), item(B, references=[B])))

    assert knowledge.sizes.total == 2
    assert knowledge.closure.self_references == {0, 1}


def test_a_path_twice_counts_once(opened: Callable[[bytes], Knowledge]) -> None:
    knowledge = opened(dump(item(references=[B]), item(B), item(B)))

    assert (len(knowledge.closure), knowledge.sizes.total) == (2, 2)


def test_a_chain_of_two_thousand_paths_is_no_problem(opened: Callable[[bytes], Knowledge]) -> None:
    chain = [store_path(str(n)) for n in range(2000)]
    items = [item(path, references=[below]) for path, below in zip(chain, [*chain[1:], chain[-1]], strict=True)]

    knowledge = opened(dump(*items))

    assert knowledge.sizes.total == 2000
    assert max(knowledge.sizes.depth) == 1999
    assert knowledge.sizes.added[knowledge.closure.position[chain[1000]]] == 1000


def test_roots_of_a_dump_are_what_nobody_else_references(opened: Callable[[bytes], Knowledge]) -> None:
    knowledge = opened(dump(item(references=[A]), item(B), item(store_path("c"), references=[B])))

    assert {knowledge.closure.name(root) for root in knowledge.closure.roots} == {"a", "c"}
    assert knowledge.closure.records.label == "2 roots"


def test_a_compressed_dump_is_read(opened: Callable[[bytes], Knowledge]) -> None:
    assert opened(gzip.compress(dump(item()))).sizes.total == 1


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch, nix: RecordedRunner) -> None:
    reading, writing = os.pipe()
    os.write(writing, dump(item()))
    os.close(writing)
    monkeypatch.setattr("pyclosure.queries.sources.read.STDIN", reading)

    records = read_source(resolve(Request(("-",))), nix).records

    assert records.roots == (A,)
    assert records.origin == "path-info dump standard input"


def test_waiting_for_standard_input_can_be_cancelled(monkeypatch: pytest.MonkeyPatch, nix: RecordedRunner) -> None:
    reading, _writing = os.pipe()
    monkeypatch.setattr("pyclosure.queries.sources.read.STDIN", reading)
    watch = Silent()
    watch.cancelled.set()

    with pytest.raises(Cancelled):
        read_source(resolve(Request(("-",))), nix, watch)


@pytest.mark.parametrize(
    ("content", "fact"),
    [
        (b'{"/\xff/' + B[11:43].encode() + b'-b.drv": {}}', "is not valid JSON"),
        (b'{"version": 4, "derivations": {"/\xff/' + B[11:43].encode() + b'-b.drv": {}}}', "is not valid JSON"),
        (b'{"derivations": {"x.drv": {}}}', "is not of a known shape"),
    ],
)
def test_a_bad_build_graph_is_refused_in_one_sentence(
    tmp_path: Path, nix: RecordedRunner, content: bytes, fact: str
) -> None:
    (tmp_path / "graph.json").write_bytes(content)

    with pytest.raises(BadInput) as caught:
        open_graph(resolve(Request(("graph.json",), cwd=str(tmp_path))), nix)

    assert_sentence(caught.value, "graph.json", fact, kind=BadInput, hint=False)


# -- snapshots -------------------------------------------------------------------------------------------


def saved(**changes: Any) -> dict[str, Any]:
    records = records_of({"a": ["b"], "b": ["b"]}, {"a": 1, "b": 10})
    document = json.loads(gzip.decompress(encode_snapshot(Snapshot(records, None, None), NOW)))
    return document | changes


def packed(document: dict[str, Any]) -> bytes:
    # the claim to be a snapshot must come first
    return gzip.compress(json.dumps(document).encode())


def path_of(called: str, **changes: Any) -> dict[str, Any]:
    return {"name": store_path(called)[11:], "nar_size": 1, "references": [], **changes}


def spot(**changes: Any) -> dict[str, Any]:
    return {"file": "x", "carrier": "text", "count": 1, "lines": [], "offsets": [], "excerpt": "x", **changes}


@pytest.mark.parametrize(
    ("changes", "fact"),
    [
        pytest.param({"version": 2}, "snapshot of version 2", id="of a newer version"),
        pytest.param({"version": 99, "made_by": "\x1b[31mevil"}, "\ufffd[31mevil", id="of an evil newer version"),
        pytest.param({"version": 0}, "not a snapshot", id="of no version"),
        pytest.param({"version": "1"}, "$.version", id="version as text"),
        pytest.param({"format": "other", "made_by": "pyclosure-snapshot"}, "not a snapshot", id="of another format"),
        pytest.param({"paths": []}, "holds no store path", id="without paths"),
        pytest.param({"roots": []}, "holds no store path", id="without roots"),
        pytest.param({"roots": [2]}, "leads to path 2 of 2", id="root out of range"),
        pytest.param({"roots": [10**4000]}, "000… of 2", id="root of 4000 digits"),
        pytest.param({"version": 10**4000}, "000… (by", id="version of 4000 digits"),
        pytest.param({"roots": [-1]}, "leads to path -1 of 2", id="negative root"),
        pytest.param({"roots": ["a"]}, "$.roots[0]", id="root as text"),
        pytest.param(
            {"paths": [path_of("a", references=[7])], "roots": [0]}, "path 7 of 1", id="reference out of range"
        ),
        pytest.param({"paths": [path_of("a"), path_of("a")]}, "twice", id="a path twice"),
        pytest.param({"paths": [path_of("a", nar_size=-5)], "roots": [0]}, "impossible size -5", id="negative size"),
        pytest.param({"paths": [path_of("a", nar_size=10**29)], "roots": [0]}, "impossible size 1", id="30 digits"),
        pytest.param({"paths": [path_of("a", nar_size="1")], "roots": [0]}, "nar_size", id="size as text"),
        pytest.param({"paths": [path_of("a", nar_size=10**4000)], "roots": [0]}, "000…", id="4000 digits"),
        pytest.param({"paths": [{"name": "../../etc"}]}, "$.paths[0]", id="missing fields"),
        pytest.param({"paths": [path_of("a", name="../../etc")], "roots": [0]}, "'../../etc'", id="path elsewhere"),
        pytest.param({"paths": [path_of("a", deriver="x")], "roots": [0]}, "'x'", id="deriver that is none"),
        pytest.param({"store_dir": "nix/store"}, "not a store path", id="relative store"),
        pytest.param({"store_dir": "/nix\x1b[31m"}, "not a store path", id="escape in the store"),
        pytest.param({"paths": [path_of("a", ca="\x1b[31m")], "roots": [0]}, "control characters", id="escape in ca"),
        pytest.param({"files": {A: {"shape": "tree"}}}, "shape", id="unknown shape"),
        pytest.param({"files": {A: {"shape": "file", "head": "a\x1b[0m"}}}, "control characters", id="escape in files"),
        pytest.param({"files": {A: {"shape": "file", "head": "a\u202eb"}}}, "control characters", id="direction mark"),
        pytest.param({"derivations": {A: {}}}, "$.derivations", id="empty derivation"),
        pytest.param({"evidence": {A: {B: [spot(excerpt="\x1b[31m")]}}}, "control characters", id="escape in evidence"),
        pytest.param(
            {"evidence": {A: {B: [spot(carrier="\x1b[31m")]}}}, "control characters", id="escape in a carrier"
        ),
        pytest.param(
            {"paths": [path_of("a", references=[1]), path_of("b", references=[0])], "roots": [0]}, "cycle", id="cycle"
        ),
        pytest.param({"paths": [path_of("a", references=[0])], "roots": [0]}, "cycle", id="reference to itself"),
    ],
)
def test_a_damaged_snapshot_is_refused_in_one_sentence(
    opened: Callable[[bytes], Knowledge], changes: dict[str, Any], fact: str
) -> None:
    error = refusal(opened, packed(saved(**changes)))

    assert_sentence(error, fact, kind=BadInput)
    assert error.exit_code == 2


def test_a_newer_snapshot_names_who_made_it_and_what_to_do(opened: Callable[[bytes], Knowledge]) -> None:
    error = refusal(opened, packed(saved(version=7, made_by="pyclosure 9.1", unheard="of")))

    assert_sentence(error, "version 7", "pyclosure 9.1", "up to version 1", kind=BadInput)
    assert "newer pyclosure" in error.hint


@pytest.mark.parametrize("cut", [2, 3, 10, 30, -1, -8, -9])
def test_a_snapshot_that_was_cut_short_says_so(opened: Callable[[bytes], Knowledge], cut: int) -> None:
    whole = packed(saved())

    error = refusal(opened, whole[:cut])

    assert_sentence(error, "closure.json is cut short", kind=BadInput)


@pytest.mark.parametrize("index", [3, 40, -6])
def test_a_snapshot_with_flipped_bits_is_damaged(opened: Callable[[bytes], Knowledge], index: int) -> None:
    bits = bytearray(packed(saved()))
    bits[index] ^= 0xFF

    error = refusal(opened, bytes(bits))

    assert_sentence(error, "closure.json", kind=BadInput, hint=False)


def test_something_after_the_compressed_data_is_damage(opened: Callable[[bytes], Knowledge]) -> None:
    assert_sentence(refusal(opened, packed(saved()) + b"more"), "damaged", kind=BadInput)


def test_a_truncated_document_inside_whole_compression_is_damaged(opened: Callable[[bytes], Knowledge]) -> None:
    document = json.dumps(saved()).encode()

    error = refusal(opened, gzip.compress(document[:-10]))

    assert_sentence(error, "damaged snapshot", kind=BadInput)


def test_a_deeply_nested_snapshot_is_refused(opened: Callable[[bytes], Knowledge]) -> None:
    document = json.dumps(saved()).encode()[:-1] + b', "x": ' + deep(100_000, b"[", b"]") + b"}"

    assert_sentence(refusal(opened, document), "damaged snapshot", kind=BadInput)


@pytest.mark.parametrize("compressed", [True, False])
def test_more_than_the_limit_is_not_read(
    tmp_path: Path, nix: RecordedRunner, monkeypatch: pytest.MonkeyPatch, compressed: bool
) -> None:
    monkeypatch.setattr(snapshots, "LARGEST_DOCUMENT", 100_000)
    bomb = b"[" + b" " * 10_000_000 + b"]"
    bomb = gzip.compress(bomb) if compressed else bomb
    (tmp_path / "bomb").write_bytes(bomb)
    del bomb

    tracemalloc.start()
    with pytest.raises(BadInput) as caught:
        read_source(SavedFile(str(tmp_path / "bomb")), nix)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert_sentence(caught.value, "bomb holds more than", kind=BadInput, hint=False)
    assert peak < 2_000_000, "it may not even be unpacked"


@pytest.mark.parametrize("compressed", [True, False])
def test_exactly_the_limit_is_read(
    opened: Callable[[bytes], Knowledge], monkeypatch: pytest.MonkeyPatch, compressed: bool
) -> None:
    content = dump(item())
    monkeypatch.setattr(snapshots, "LARGEST_DOCUMENT", len(content))

    assert opened(gzip.compress(content) if compressed else content).sizes.total == 1


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, nix: RecordedRunner) -> None:
    (tmp_path / "closure.json").write_bytes(b"[]")
    source = resolve(Request(("closure.json",), cwd=str(tmp_path)))
    (tmp_path / "closure.json").unlink()

    with pytest.raises(BadInput) as caught:
        read_source(source, nix)

    assert_sentence(caught.value, "cannot read closure.json: No such file", kind=BadInput)


def test_the_name_of_a_file_cannot_colour_the_screen(tmp_path: Path, nix: RecordedRunner) -> None:
    (tmp_path / "\x1b[31mred\n.json").write_bytes(b"[]")

    with pytest.raises(BadInput) as caught:
        read_source(resolve(Request(("\x1b[31mred\n.json",), cwd=str(tmp_path))), nix)

    assert_sentence(caught.value, "\ufffd[31mred\ufffd.json holds no store path", kind=BadInput)
