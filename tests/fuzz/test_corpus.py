"""Every kept input is answered or refused, a short look for others finds no bug, and the fuzzer finds planted ones."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.fuzz import __main__ as program
from tests.fuzz import corpus as kept
from tests.fuzz import engine
from tests.fuzz.corpus import CORPUS, MOST_BYTES, MOST_BYTES_IN_ALL, MOST_FILES, inputs_of, keep
from tests.fuzz.engine import Fuzzer, Target, attempt, limited
from tests.fuzz.mutators import LONGEST, LONGEST_BLOWN_UP, mutated, with_checksums
from tests.fuzz.targets import TARGETS

RUNS = {"archive": 600, "store-path": 300, "source": 400, "python": 600, "policy": 800, "theme": 800, "phases": 800}
"""Executions of the slower targets; the others get 2000."""


@pytest.mark.parametrize("name", TARGETS)
def test_every_kept_input_is_answered_or_refused(name: str) -> None:
    target = TARGETS[name]
    outcomes = set()
    with limited() as arm:
        for file, data in inputs_of(name).items():
            outcome, failure = attempt(target, data, arm)
            assert failure is None, f"{file}: {failure.words}"
            outcomes.add(outcome.partition(" ")[0])

    assert "accepted" in outcomes, "a corpus that is refused as a whole tests nothing"
    assert not target.refusals or len(outcomes) > 1, "a reader that refuses nothing is not tried"


@pytest.mark.parametrize("name", TARGETS)
def test_a_short_look_finds_nothing(name: str) -> None:
    result = Fuzzer(TARGETS[name], inputs_of(name).values(), seed=20261122).run(RUNS.get(name, 2000))

    assert [(one.where, one.words) for one in result.failures] == []
    assert result.executions >= RUNS.get(name, 2000)


def test_the_corpus_is_small_and_belongs_to_targets() -> None:
    folders = {one.name: [*one.iterdir()] for one in CORPUS.iterdir()}

    assert folders.keys() == TARGETS.keys()
    for name, files in folders.items():
        assert 0 < len(files) <= MOST_FILES, name
        assert sum(one.stat().st_size for one in files) <= MOST_BYTES, name
        assert all(one.name.startswith(("seed-", "bug-", "found-")) for one in files), name
    assert sum(one.stat().st_size for files in folders.values() for one in files) <= MOST_BYTES_IN_ALL


# -- the fuzzer itself: bugs that were planted -----------------------------------------------------------


def crashes(data: bytes) -> None:
    document = json.loads(data)
    if isinstance(document, dict) and isinstance(document.get("path"), list):
        raise KeyError("planted")


def hangs(data: bytes) -> None:
    re.search(rb"(a+)+$", data)


def eats(data: bytes) -> None:
    if b"2147483648" in data:
        bytearray(b"x") * (engine.GROWTH * 3 // 2)


def recurses(data: bytes) -> None:
    def depth(text: bytes) -> int:
        return 1 + depth(text[1:]) if text.startswith(b"[") else 0

    depth(data)


PLANTED: dict[str, tuple[Callable[[bytes], None], bytes, str]] = {
    "crashes": (crashes, b'{"path": "x", "size": 1}', "crash KeyError"),
    "hangs": (hangs, b"aaaa", "hang"),
    "eats": (eats, b"size 10", "memory"),
    "recurses": (recurses, b"[[]]", "crash RecursionError"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_bug_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "SECONDS", 0.1)
    monkeypatch.setattr(engine, "_MINIMISING", 2.0)
    run, seed, where = PLANTED[name]
    target = Target(name, run, (json.JSONDecodeError, UnicodeDecodeError))
    monkeypatch.setattr(program, "inputs_of", lambda name: {"seed-x": seed})

    # in a process of its own, as the command does it: the peak of this one may be anything
    result = program._in_process(target, 0, engine.Result(name), 3000, None, failures=1)

    assert [one.where.startswith(where) for one in result.failures] == [True]
    failure = result.failures[0]
    assert failure.data != seed
    if name != "eats":
        with limited() as arm:
            again = attempt(target, failure.data, arm, 0.1)[1]
        assert again is not None and again.where == failure.where, "what was saved shows it again"


def test_a_failing_input_is_made_small() -> None:
    def run(data: bytes) -> None:
        assert b"\0\xff" not in data

    target = Target("small", run)
    with limited() as arm:
        failure = attempt(target, b"x" * 500 + b"\0\xff" + b"y" * 500, arm)[1]
        assert failure is not None
        assert engine.minimised(target, failure, arm).data == b"\0\xff"


def test_a_reader_cannot_swallow_the_end_of_its_time() -> None:
    def run(data: bytes) -> None:
        try:
            while True:
                time.monotonic()
        except Exception:
            return

    with limited() as arm:
        assert attempt(Target("patient", run), b"", arm, 0.05)[0] == "hang"


def test_what_makes_new_steps_joins_the_corpus() -> None:
    found = Fuzzer(TARGETS["path-info"], [b"[]"], seed=1).run(3000)

    assert len(found.corpus) > 3
    assert found.steps > 60


def test_the_same_seed_makes_the_same_inputs() -> None:
    def inputs(seed: int) -> list[bytes]:
        seen: list[bytes] = []
        Fuzzer(Target("same", lambda data: None), [b'{"a": [1, 2]}'], seed, seen.append).run(300)
        return seen

    assert inputs(3) == inputs(3)
    assert inputs(3) != inputs(4)


def test_inputs_stay_within_their_bounds() -> None:
    chance = Random(5)
    corpus = [b"[1, 2]", b"x" * LONGEST, b""]
    sizes = [len(mutated(chance.choice(corpus), chance, corpus)) for _ in range(3000)]

    assert max(sizes) <= LONGEST_BLOWN_UP
    assert max(sizes) > LONGEST, "some are blown up, for quadratic time"


def test_headers_of_tar_keep_their_checksums() -> None:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("six/PKG-INFO"))
    changed = bytearray(written.getvalue())
    changed[0] ^= 1

    with tarfile.open(fileobj=io.BytesIO(with_checksums(bytes(changed)))) as archive:
        assert archive.getnames() == ["rix/PKG-INFO"]


# -- the command -----------------------------------------------------------------------------------------


def test_the_command_says_what_it_did(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status = program.main(["--runs", "60", "--target", "text", "--target", "dump-db", "--out", str(tmp_path)])

    out = capsys.readouterr().out
    assert status == 0
    assert "| text | 60 |" in out and "| dump-db | 60 |" in out
    assert out.endswith("no failures\n")
    assert [*tmp_path.iterdir()] == []


def test_a_failure_is_saved_told_and_replayed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setitem(TARGETS, "text", Target("text", crashes, (ValueError,)))  # type: ignore[attr-defined]
    monkeypatch.setattr(program, "inputs_of", lambda name: {"seed-x": b'{"path": []}'})

    assert program.main(["--runs", "5", "--target", "text", "--out", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    (saved,) = (tmp_path / "text").iterdir()
    assert "KeyError: 'planted'" in out and "1 failures" in out
    assert f"python -m tests.fuzz --target text --replay {saved}" in out

    assert program.main(["--replay", str(saved)]) == 1
    assert "KeyError" in capsys.readouterr().out
    assert program.main(["--replay", str(saved.rename(tmp_path / "moved"))]) == 2


def test_a_process_that_dies_leaves_its_input_behind(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def run(data: bytes) -> None:
        if data == b"die":
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setitem(TARGETS, "text", Target("text", run))  # type: ignore[attr-defined]
    monkeypatch.setattr(program, "inputs_of", lambda name: {"seed-x": b"live", "seed-y": b"die"})

    assert program.main(["--runs", "5", "--target", "text", "--out", str(tmp_path)]) == 1
    (saved,) = (tmp_path / "text").iterdir()
    assert saved.read_bytes() == b"die"
    assert "SIGTERM" in capsys.readouterr().out


def test_only_what_reaches_further_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(kept, "CORPUS", tmp_path)
    (tmp_path / "dump-db").mkdir()
    (tmp_path / "dump-db" / "seed-empty").write_bytes(b"")

    whole = b"/nix/store/" + b"0" * 32 + b"-a\nabc\n1\n\n0\n"
    assert keep(TARGETS["dump-db"], [b"", b"\n", whole, whole + whole, b"x" * 100_000]) <= 4
    names = {one.name: one.read_bytes() for one in (tmp_path / "dump-db").iterdir()}
    assert names["seed-empty"] == b""
    assert whole in names.values() and whole + whole not in names.values()
    assert keep(TARGETS["dump-db"], []) == len(names)
