"""``python -m tests.fuzz``: fuzz the readers of pyclosure, each target in a process of its own."""

from __future__ import annotations

import argparse
import contextlib
import mmap
import os
import pickle
import resource
import signal
import struct
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from tests.fuzz.corpus import inputs_of, keep
from tests.fuzz.engine import SECONDS, Failure, Fuzzer, Result, Target, attempt, limited, name_of
from tests.fuzz.mutators import LONGEST_BLOWN_UP

_MEMORY = 4 * 1024**3
"""Bytes of address space of a process."""
_PATIENCE = 90.0
"""Seconds without a finished execution after which a process is stuck where no clock of its own can end it."""
_SLICE = 20.0
"""Seconds of a turn: targets take turns, so that an interrupted run has tried them all."""
_HEAD = struct.Struct("<QI")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; return the exit status."""
    from tests.fuzz.targets import TARGETS, folder

    folder()  # made here, for the processes of all targets, which cannot tidy up
    options = _parser(sorted(TARGETS)).parse_args(arguments)
    if options.replay is not None:
        return _replay(TARGETS, options.replay, options.target)
    targets = [TARGETS[name] for name in options.target or sorted(TARGETS)]
    results = _all(targets, options)
    print(_table(list(results.values())))
    failures = [one for result in results.values() for one in result.failures]
    if options.keep:
        for target in targets:
            print(f"{target.name}: {keep(target, results[target.name].corpus)} inputs are kept")
    print(f"{len(failures)} failures" if failures else "no failures")
    return 1 if failures else 0


def _parser(names: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m tests.fuzz", description="Feed hostile input to everything that reads.")
    parser.add_argument("--seconds", type=float, help="seconds in all, shared by the targets (60)")
    parser.add_argument("--runs", type=int, help="executions of each target instead; the same seed gives the same ones")
    parser.add_argument("--target", action="append", choices=names, metavar="NAME", help="one of: " + " ".join(names))
    parser.add_argument("--seed", type=int, default=0, help="another seed gives other inputs (0)")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="execute one saved input, and say what happens")
    parser.add_argument("--out", type=Path, default=Path(".fuzz-failed"), help="where failing inputs go (.fuzz-failed)")
    parser.add_argument("--keep", action="store_true", help="keep new inputs of interest in tests/fuzz/corpus")
    return parser


def _all(targets: Sequence[Target], options: argparse.Namespace) -> dict[str, Result]:
    """Fuzz all targets in turns; what one turn found the next one starts from."""
    results = {target.name: Result(target.name) for target in targets}
    if options.runs is not None:
        for target in targets:
            _add(
                results[target.name],
                _in_process(target, options.seed, results[target.name], options.runs, None),
                options,
            )
        return results
    total = 60.0 if options.seconds is None else options.seconds
    end = time.monotonic() + total
    turns = max(1, round(total / len(targets) / _SLICE))
    for turn in range(turns):
        for index, target in enumerate(targets):
            left = (turns - turn) * len(targets) - index
            share = max(0.1, (end - time.monotonic()) / left)
            seed = options.seed * 1_000_003 + turn
            _add(results[target.name], _in_process(target, seed, results[target.name], None, share), options)
        if turns > 1:
            print(_table(list(results.values())), flush=True)
    return results


def _add(whole: Result, turn: Result, options: argparse.Namespace) -> None:
    """Add what came of one turn; failures are saved at once, for the run may be interrupted."""
    whole.executions += turn.executions
    whole.seconds += turn.seconds
    whole.corpus = turn.corpus or whole.corpus
    whole.steps = max(whole.steps, turn.steps)
    whole.slowest = max(whole.slowest, turn.slowest)
    whole.peak = max(whole.peak, turn.peak)
    known = {one.where for one in whole.failures}
    for failed in turn.failures:
        if failed.where not in known:
            whole.failures.append(failed)
            _save(failed, options.out)


def _in_process(
    target: Target,
    seed: int,
    before: Result,
    runs: int | None,
    seconds: float | None,
    failures: int | None = None,
) -> Result:
    """Fuzz in a child: what kills it, or takes all memory, leaves the last input behind."""
    last = mmap.mmap(-1, _HEAD.size + LONGEST_BLOWN_UP * 2)
    with tempfile.TemporaryFile() as answer:
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            status = 1
            try:
                _child(target, seed, before, (runs, seconds, failures), last, answer)
                status = 0
            finally:
                os._exit(status)
        killed = _wait(child, last)
        answer.seek(0)
        stored = answer.read()
    if stored and not killed:
        found: Result = pickle.loads(stored)
        return found
    executions, size = _HEAD.unpack_from(last)
    data = last[_HEAD.size : _HEAD.size + size]
    words = f"the process ended with {killed or 'an error of the fuzzer'}"
    failed = Failure(target.name, "hang" if killed == "SIGKILL" else "crash", f"process {killed}", words, data)
    return Result(target.name, executions, failures=[failed])


def _child(
    target: Target,
    seed: int,
    before: Result,
    until: tuple[int | None, float | None, int | None],
    last: mmap.mmap,
    answer: IO[bytes],
) -> None:
    with contextlib.suppress(OSError, ValueError):  # macOS has no such limit
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    count = 0

    def remember(data: bytes) -> None:
        nonlocal count
        count += 1
        last[_HEAD.size : _HEAD.size + len(data)] = data
        _HEAD.pack_into(last, 0, count, len(data))

    seeds = [*inputs_of(target.name).values()]
    seeds += [one for one in before.corpus if one not in set(seeds)]
    fuzzer = Fuzzer(target, seeds, seed, remember)
    pickle.dump(fuzzer.run(*until), answer)
    answer.flush()


def _wait(child: int, last: mmap.mmap) -> str:
    """Wait for a child; return the name of the signal that ended it, empty for none."""
    done, since = -1, time.monotonic()
    while True:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else ""
        executions, _ = _HEAD.unpack_from(last)
        if executions != done:
            done, since = executions, time.monotonic()
        elif time.monotonic() - since > _PATIENCE:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.05)


def _save(failed: Failure, folder: Path) -> None:
    place = folder / failed.target / f"{failed.kind}-{name_of(failed.data)}"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(failed.data)
    print(f"\n{failed.target}: {failed.where}, {len(failed.data)} bytes\n{failed.words.rstrip()}")
    print(f"replay: python -m tests.fuzz --target {failed.target} --replay {place}", flush=True)


def _replay(targets: dict[str, Target], file: Path, named: Sequence[str] | None) -> int:
    """Execute one input; the folder that it lies in names the target unless an option does."""
    name = named[0] if named else file.resolve().parent.name
    if name not in targets:
        print(f"name the target with --target: the folder of {file} is none")
        return 2
    start = time.process_time()
    with limited() as arm:
        outcome, failed = attempt(targets[name], file.read_bytes(), arm, 10 * SECONDS)
    print(f"{name}: {outcome}, {time.process_time() - start:.3f} s")
    if failed is not None:
        print(failed.words.rstrip())
    return 1 if failed is not None else 0


def _table(results: Sequence[Result]) -> str:
    """Return what came of it as a table of markdown."""
    lines = ["| target | executions | per second | inputs | steps | slowest | peak |", "|---|--:|--:|--:|--:|--:|--:|"]
    for one in results:
        rate = f"{one.executions / one.seconds:,.0f}" if one.seconds else "-"
        lines.append(
            f"| {one.target} | {one.executions:,} | {rate} | {len(one.corpus):,} | {one.steps:,} "
            f"| {one.slowest * 1000:,.0f} ms | {one.peak / 2**20:,.0f} MiB |"
        )
    executions, seconds = sum(one.executions for one in results), sum(one.seconds for one in results)
    slowest, peak = max(one.slowest for one in results), max(one.peak for one in results)
    lines.append(
        f"| all, in {seconds / 60:,.1f} min | {executions:,} | {executions / max(seconds, 0.001):,.0f} "
        f"| {sum(len(one.corpus) for one in results):,} | | {slowest * 1000:,.0f} ms | {peak / 2**20:,.0f} MiB |"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
