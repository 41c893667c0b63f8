"""Snapshots: what is written comes back, the same bytes every time, and an old file survives a full disk."""

from __future__ import annotations

import errno
import gzip
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.records import ClosureRecords, Distribution, FileFacts, PathInfo
from pyclosure.queries.demo import demo_snapshot
from pyclosure.queries.facts.layout import look
from pyclosure.queries.graph.closure import Closure
from pyclosure.queries.opened.snapshot import (
    Snapshot,
    encode_snapshot,
    is_snapshot,
    read_document,
    read_snapshot,
    write_snapshot,
)
from tests.support.closures import derivation_of, knowledge_of, records_of, store_path
from tests.support.sentences import assert_sentence

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
ROOT_CAN_DO_ALL = pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")


@pytest.fixture(autouse=True)
def _umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def rich_snapshot() -> Snapshot:
    """app → lib → libc, lib mentions itself, with everything that can be known."""
    records = records_of({"app": ["lib"], "lib": ["lib", "libc"]}, {"app": 1, "lib": 2**40, "libc": 0})
    lib = next(info for info in records.paths if info.path == store_path("lib"))
    known = PathInfo(
        path=lib.path,
        nar_size=lib.nar_size,
        references=lib.references,
        self_reference=True,
        nar_hash="sha256-AAAA",
        deriver=store_path("lib.drv"),
        signatures=("cache-1:AAAA", "cache-2:BBBB"),
        registration_time=1700000000,
        ca="fixed:r:sha256:0000",
        ultimate=False,
        download_size=17,
    )
    paths = tuple(known if info.path == lib.path else info for info in records.paths)
    derivation = derivation_of(
        "lib",
        {"pname": "lib", "text": "two\nlines \x1b[31m"},
        outputs=("out", "dev"),
        structured={"a": [1, {"b": None}]},
    )
    distribution = Distribution(
        name="Lib",
        normalized="lib",
        version="1.0",
        interpreter="python3.11",
        folder="lib/python3.11/site-packages/Lib-1.0.dist-info",
        requires_dist=('x>=1; extra == "test"',),
        extras=("test",),
        scripts=("lib-tool",),
        summary="größe",
    )
    facts = FileFacts(shape="directory", interpreters=("python3.11",), distributions=(distribution,), only=("lib",))
    return Snapshot(
        msgspec.structs.replace(records, paths=paths, nix_version="nix 2.8.0"),
        {derivation.path: derivation},
        {store_path("lib"): facts},
        ("files: 2 of 3 paths are not on disk (collected?)",),
    )


def again(snapshot: Snapshot) -> Snapshot:
    return read_snapshot(gzip.decompress(encode_snapshot(snapshot, NOW)), "x")


def test_all_that_is_known_comes_back() -> None:
    snapshot = rich_snapshot()

    read = again(snapshot)

    assert read.derivations == snapshot.derivations
    assert read.files == snapshot.files
    assert read.notes == snapshot.notes
    assert read.records.paths == snapshot.records.paths
    assert read.records == msgspec.structs.replace(snapshot.records, origin="snapshot of 2026-11-22 · a test")


def test_what_was_never_read_is_not_saved_as_empty() -> None:
    records = rich_snapshot().records

    absent, empty = again(Snapshot(records, None, None)), again(Snapshot(records, {}, {}))

    assert (absent.derivations, absent.files) == (None, None)
    assert (empty.derivations, empty.files) == ({}, {})


def test_a_build_closure_stays_one() -> None:
    records = msgspec.structs.replace(records_of({"a.drv": ["b.drv"]}), build_closure=True)

    assert again(Snapshot(records, None, None)).records.build_closure


def test_several_roots_in_another_store_come_back_in_order() -> None:
    records = records_of({"b": [], "a": ["b"], "c": []}, roots=["c", "a", "b"], store_dir="/home/me/store")

    read = again(Snapshot(records, None, None)).records

    assert read.store_dir == "/home/me/store"
    assert read.roots == records.roots
    assert read.paths == records.paths
    assert (read.store_url, read.files_root) == (None, None)


def test_the_same_snapshot_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_000_000_000.0)
    first = encode_snapshot(rich_snapshot(), NOW)
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)
    second = encode_snapshot(rich_snapshot(), NOW)

    assert first == second


def test_the_order_in_which_facts_were_learned_changes_nothing() -> None:
    snapshot = rich_snapshot()
    other = derivation_of("app")
    one = Snapshot(snapshot.records, {**(snapshot.derivations or {}), other.path: other}, None)
    two = Snapshot(snapshot.records, {other.path: other, **(snapshot.derivations or {})}, None)

    assert encode_snapshot(one, NOW) == encode_snapshot(two, NOW)


def test_a_snapshot_is_known_by_its_beginning() -> None:
    document = gzip.decompress(encode_snapshot(rich_snapshot(), NOW))

    assert is_snapshot(document)
    assert not is_snapshot(b'{"/nix/store/x": null}')


def test_knowledge_round_trips_through_its_snapshot() -> None:
    snapshot = rich_snapshot()
    knowledge = knowledge_of(snapshot.records, derivations=snapshot.derivations, files=snapshot.files)

    read = again(knowledge.snapshot())

    other = knowledge_of(read.records, derivations=read.derivations, files=read.files)
    assert other.closure.infos == knowledge.closure.infos
    assert other.sizes == knowledge.sizes
    assert [other.identity(index) for index in range(3)] == [knowledge.identity(index) for index in range(3)]
    assert any("snapshot holds them for" in note for note in read.notes)


SIZES = st.integers(min_value=0, max_value=2**63 - 1)


@given(
    st.lists(st.tuples(SIZES, st.sets(st.integers(min_value=0, max_value=11)), st.booleans()), min_size=1, max_size=12)
)
def test_any_closure_comes_back(paths: list[tuple[int, set[int], bool]]) -> None:
    # references only to later ones, so that there is no cycle
    graph = {
        str(index): [str(one) for one in references if index < one < len(paths)] + ([str(index)] if itself else [])
        for index, (_, references, itself) in enumerate(paths)
    }
    records = records_of(graph, {str(index): size for index, (size, _, _) in enumerate(paths)})

    read = again(Snapshot(records, None, None)).records

    assert read.paths == records.paths
    assert Closure(read).roots == Closure(records).roots


def test_file_names_that_are_not_utf_8_can_be_saved(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    with open(os.fsencode(tmp_path) + b"/bin/\xff\xfe", "w"):
        pass
    os.chmod(os.fsencode(tmp_path) + b"/bin/\xff\xfe", 0o755)
    facts = look(str(tmp_path))
    assert facts is not None

    read = again(Snapshot(rich_snapshot().records, None, {store_path("lib"): facts}))

    assert read.files == {store_path("lib"): facts}
    assert facts.programs == ("\ufffd\ufffd",)


# -- writing ---------------------------------------------------------------------------------------------


def written(path: Path) -> ClosureRecords:
    with path.open("rb") as file:
        return read_snapshot(read_document(file, path.name), path.name).records


def test_a_written_snapshot_is_compressed_and_readable_by_others(tmp_path: Path) -> None:
    target = tmp_path / "closure.pyclosure"

    count = write_snapshot(rich_snapshot(), str(target), NOW)

    assert target.stat().st_size == count
    assert target.read_bytes()[:2] == b"\x1f\x8b"
    assert stat.S_IMODE(target.stat().st_mode) == 0o644
    assert written(target).paths == rich_snapshot().records.paths


def test_permissions_follow_the_umask(tmp_path: Path) -> None:
    os.umask(0o077)

    write_snapshot(rich_snapshot(), str(tmp_path / "x"), NOW)

    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o600
    assert os.umask(0o022) == 0o077, "the umask is as it was"


def test_the_present_time_is_recorded_by_default(tmp_path: Path) -> None:
    write_snapshot(rich_snapshot(), str(tmp_path / "x"))

    assert datetime.now(UTC).strftime("%Y-%m") in written(tmp_path / "x").origin


def test_an_old_snapshot_is_replaced(tmp_path: Path) -> None:
    target = tmp_path / "x"
    target.write_text("old")

    write_snapshot(rich_snapshot(), str(target), NOW)

    assert len(written(target).paths) == 3
    assert os.listdir(tmp_path) == ["x"]


@pytest.mark.parametrize("call", ["fsync", "replace", "fchmod"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_a_full_disk_leaves_the_old_snapshot_and_no_rubbish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    target = tmp_path / "x"
    write_snapshot(rich_snapshot(), str(target), NOW)
    before = target.read_bytes()

    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(BadInput) as caught:
        write_snapshot(Snapshot(records_of({"other": []}), None, None), str(target), NOW)

    monkeypatch.undo()
    assert_sentence(caught.value, str(target), os.strerror(code), kind=BadInput)
    assert target.read_bytes() == before
    assert os.listdir(tmp_path) == ["x"]


@pytest.mark.parametrize(
    ("name", "fact"),
    [
        ("no/such/folder/x", "No such file or directory"),
        ("folder", "Is a directory"),
        ("file/x", "Not a directory"),
    ],
)
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, name: str, fact: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()

    with pytest.raises(BadInput) as caught:
        write_snapshot(rich_snapshot(), str(tmp_path / name), NOW)

    assert_sentence(caught.value, name, fact, kind=BadInput)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


@ROOT_CAN_DO_ALL
def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)

    with pytest.raises(BadInput) as caught:
        write_snapshot(rich_snapshot(), str(tmp_path / "x"), NOW)

    assert_sentence(caught.value, "Permission denied", kind=BadInput)


def test_a_link_stays_a_link_and_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")

    write_snapshot(rich_snapshot(), str(tmp_path / "link"), NOW)

    assert (tmp_path / "link").is_symlink()
    assert len(written(tmp_path / "real").paths) == 3


def test_a_replaced_file_keeps_its_permissions(tmp_path: Path) -> None:
    (tmp_path / "x").touch(mode=0o640)

    write_snapshot(rich_snapshot(), str(tmp_path / "x"), NOW)

    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o640


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_device_is_written_into_and_never_replaced() -> None:
    with pytest.raises(BadInput) as caught:
        write_snapshot(rich_snapshot(), "/dev/full", NOW)

    assert_sentence(caught.value, "/dev/full: No space left on device", kind=BadInput)
    assert write_snapshot(rich_snapshot(), "/dev/null", NOW) > 0
    assert not os.path.isfile("/dev/full") and not os.path.isfile("/dev/null")


def test_two_threads_may_read_the_first_snapshot_at_once(tmp_path: Path) -> None:
    """msgspec builds the types of a decoder when it is first used, and two threads at it end in a crash."""
    path = tmp_path / "x.snapshot"
    write_snapshot(demo_snapshot(), str(path))
    script = (
        "import sys, threading\n"
        "sys.setswitchinterval(1e-6)\n"
        "from pyclosure.queries.opened.snapshot import read_document, read_snapshot\n"
        "document = read_document(open(sys.argv[1], 'rb'), 'x')\n"
        "gate = threading.Barrier(4)\n"
        "def read():\n"
        "    gate.wait(); read_snapshot(document, 'x')\n"
        "threads = [threading.Thread(target=read) for _ in range(4)]\n"
        "[one.start() for one in threads]; [one.join() for one in threads]\n"
    )
    for _ in range(8):
        done = subprocess.run([sys.executable, "-c", script, str(path)], timeout=60, check=False, capture_output=True)
        assert done.returncode == 0, done.stderr.decode()[-2000:]
