"""A small fuzzer without dependencies: mutations, a corpus that grows with coverage, limits of time and memory.

One execution in :data:`TRACED_ONE_IN` is traced line by line; an input that makes new steps, from one line of pyclosure
to another, joins the corpus. All others run at full speed, but their outcome (accepted, or the words of the refusal)
is looked at, and one that nobody saw before is traced as well.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import resource
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import CodeType, FrameType
from typing import Any

from tests.fuzz.mutators import mutated

SECONDS = 2.0
"""Of processor time that one execution may take."""
GROWTH = 256 * 1024 * 1024
"""Bytes by which one execution may raise the peak of memory."""
TRACED_ONE_IN = 24
_MOST_INPUTS = 4000
_MINIMISING = 15.0
"""Seconds spent on making one failing input small."""

_PACKAGE = str(Path(__file__).resolve().parents[2])
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024
_SHAPE = re.compile(r"[\d'\"][^ ]*")


@dataclass(frozen=True, slots=True)
class Target:
    """Something that reads what others wrote."""

    name: str
    run: Callable[[bytes], object]
    """Raises one of ``refusals`` for input that it does not take; anything else that it raises is a bug.
    A text that it returns tells outcomes apart."""
    refusals: tuple[type[Exception], ...] = ()
    tokens: tuple[bytes, ...] = ()
    """Words of its format."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An input that no reader may answer like this."""

    target: str
    kind: str
    """``crash``, ``hang`` or ``memory``."""
    where: str
    """What identifies it: two inputs with the same have the same cause."""
    words: str
    data: bytes


@dataclass(slots=True)
class Result:
    """What came of fuzzing one target."""

    target: str
    executions: int = 0
    seconds: float = 0.0
    corpus: list[bytes] = field(default_factory=list)
    steps: int = 0
    """From one line of pyclosure to another, made by any input."""
    slowest: float = 0.0
    """Seconds of processor time."""
    peak: int = 0
    """Bytes by which the process grew."""
    failures: list[Failure] = field(default_factory=list)


class TookTooLong(BaseException):
    """Raised inside of an execution; no ``except Exception`` of a reader may swallow it."""


class _Steps:
    """The steps from one line of pyclosure to another that executions make."""

    def __init__(self) -> None:
        self.seen: set[tuple[CodeType, int, int]] = set()
        self._before = 0
        self._own: dict[CodeType, bool] = {}
        self._fresh = False

    def new_in(self, call: Callable[[], Any]) -> tuple[Any, bool]:
        """Call, and say whether that made a step for the first time."""
        self._fresh = False
        self._before = 0
        before = sys.gettrace()
        sys.settrace(self._enter)
        try:
            return call(), self._fresh
        finally:
            sys.settrace(before)

    def _enter(self, frame: FrameType, event: str, argument: object) -> Any:
        code = frame.f_code
        own = self._own.get(code)
        if own is None:
            name = code.co_filename
            own = self._own[code] = name.startswith(_PACKAGE) and "/tests/" not in name
        return self._line if own else None

    def _line(self, frame: FrameType, event: str, argument: object) -> Any:
        if event == "line":
            line = frame.f_lineno
            key = frame.f_code, line, self._before
            self._before = line
            if key not in self.seen:
                self.seen.add(key)
                self._fresh = True
        return self._line


def peak() -> int:
    """Return the most memory that this process ever had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_UNIT


@contextlib.contextmanager
def limited() -> Iterator[Callable[[float], None]]:
    """Make :class:`TookTooLong` possible; the value arms and, with 0, disarms the clock."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda seconds: None
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise TookTooLong

    before = signal.signal(signal.SIGPROF, stop)
    try:
        yield lambda seconds: _arm(seconds)
    finally:
        _arm(0)
        signal.signal(signal.SIGPROF, before)


def _arm(seconds: float) -> None:
    signal.setitimer(signal.ITIMER_PROF, seconds)


class Fuzzer:
    """Fuzzes one target.

    Args:
        target: what to fuzz.
        seeds: inputs to start from.
        seed: of chance.
        before: called with each input before it is executed, to keep it where a crash of Python leaves it.
    """

    def __init__(
        self,
        target: Target,
        seeds: Iterable[bytes],
        seed: int = 0,
        before: Callable[[bytes], None] | None = None,
    ) -> None:
        self.target = target
        self.result = Result(target.name)
        self.outcomes: set[str] = set()
        self._steps = _Steps()
        self._chance = Random(f"{seed} {target.name}")
        self._before = before
        self._arm: Callable[[float], None] = _arm
        self._known: set[str] = set()
        self._start_peak = peak()
        self._seeds = list(seeds) or [b""]

    def run(self, runs: int | None = None, seconds: float | None = None, failures: int | None = None) -> Result:
        """Fuzz until so many executions are done, so many seconds have passed, or so many failures were found."""
        start = time.monotonic()
        end = start + seconds if seconds is not None else None
        with limited() as arm:
            self._arm = arm
            for data in self._seeds:
                self._take(data, traced=True)
                self.result.corpus.append(data)
            while (
                (runs is None or self.result.executions < runs)
                and not (end and time.monotonic() >= end)
                and (failures is None or len(self.result.failures) < failures)
            ):
                self._next()
        self.result.seconds += time.monotonic() - start
        self.result.steps = len(self._steps.seen)
        self.result.peak = max(0, peak() - self._start_peak)
        return self.result

    def _next(self) -> None:
        corpus = self.result.corpus
        # what was found last is most likely to lead further
        index = len(corpus) - 1 - int(self._chance.expovariate(4 / len(corpus))) if self._chance.random() < 0.5 else -1
        data = corpus[index] if index >= 0 else self._chance.choice(corpus)
        data = mutated(data, self._chance, corpus, self.target.tokens)
        if self._take(data, traced=self.result.executions % TRACED_ONE_IN == 0) and len(corpus) < _MOST_INPUTS:
            corpus.append(data)

    def _take(self, data: bytes, traced: bool) -> bool:
        """Execute; return whether the input led to something new."""
        if traced:
            outcome, fresh = self._steps.new_in(lambda: self._outcome(data))
            self.outcomes.add(outcome)
            return fresh
        outcome = self._outcome(data)
        if outcome in self.outcomes:
            return False
        self.outcomes.add(outcome)
        return self._take(data, traced=True)

    def _outcome(self, data: bytes) -> str:
        """Execute once, within the limits; note what goes wrong."""
        if self._before is not None:
            self._before(data)
        self.result.executions += 1
        before, started = peak(), time.process_time()
        outcome, failure = attempt(self.target, data, self._arm, SECONDS if sys.gettrace() is None else 20 * SECONDS)
        spent = time.process_time() - started
        if sys.gettrace() is None:
            self.result.slowest = max(self.result.slowest, spent)
        if failure is None and peak() - before > GROWTH:
            grown = (peak() - before) >> 20
            failure = Failure(self.target.name, "memory", "memory", f"one input took {grown} MiB more", data)
        if failure is not None and failure.where not in self._known:
            self._known.add(failure.where)
            sys.settrace(None)
            self.result.failures.append(minimised(self.target, failure, self._arm))
        return outcome


def attempt(
    target: Target, data: bytes, arm: Callable[[float], None], seconds: float | None = None
) -> tuple[str, Failure | None]:
    """Execute a target once; return how it ended in words, and what was wrong with that."""
    try:
        arm(SECONDS if seconds is None else seconds)
        try:
            found = target.run(data)
        finally:
            arm(0)
    except target.refusals as error:
        return f"{type(error).__name__} {_SHAPE.sub('_', str(error))[:80]}", None
    except TookTooLong as error:
        return "hang", _failed(target, "hang", error, data)
    except Exception as error:
        return "crash", _failed(target, "crash", error, data)
    return f"accepted {found[:80]}" if isinstance(found, str) else "accepted", None


def _failed(target: Target, kind: str, error: BaseException, data: bytes) -> Failure:
    frames = [one for one in traceback.extract_tb(error.__traceback__) if one.filename.startswith(_PACKAGE)]
    # a deep recursion ends anywhere: its beginning tells it
    own = [one for one in frames if "/tests/fuzz/engine" not in one.filename][:6]
    # where a loop is stopped is chance: only the reader itself is the same every time
    last = own[min(2, len(own) - 1)] if kind == "hang" and own else own[-1] if own else None
    where = f"{kind} {type(error).__name__}" + (f" {Path(last.filename).name}:{last.name}" if last else "")
    lines = traceback.format_exception(type(error), error, error.__traceback__)
    return Failure(target.name, kind, where, "".join(lines[:1] + lines[-12:]), data)


def minimised(target: Target, failure: Failure, arm: Callable[[float], None]) -> Failure:
    """Return the same failure with a smaller input, as far as that goes quickly."""
    # memory is measured by its peak, once; and how deep a recursion may go depends on where it begins
    if failure.kind == "memory" or "RecursionError" in failure.where:
        return failure
    best = failure
    end = time.monotonic() + _MINIMISING
    size = max(1, len(best.data) // 2)
    while size and time.monotonic() < end:
        index = 0
        while index < len(best.data) and time.monotonic() < end:
            smaller = best.data[:index] + best.data[index + size :]
            found = attempt(target, smaller, arm)[1]
            if found is not None and found.where == best.where:
                best = found
            else:
                index += size
        size //= 2
    return best


def smallest_cover(target: Target, inputs: Iterable[bytes], start: Iterable[bytes] = ()) -> list[bytes]:
    """Return few and small inputs that together make all the steps that the given ones do.

    Args:
        target: what reads them.
        inputs: what to choose from.
        start: inputs that are there anyway.
    """
    chosen = []
    steps = _Steps()
    outcomes: set[str] = set()
    with limited() as arm:
        for data in (*start, *sorted(inputs, key=lambda one: (len(one), one))):
            (outcome, failed), fresh = steps.new_in(lambda data=data: attempt(target, data, arm, 20 * SECONDS))  # type: ignore[misc]
            if failed is None and (fresh or outcome not in outcomes):
                outcomes.add(outcome)
                chosen.append(data)
    return [one for one in chosen if one not in set(start)]


def name_of(data: bytes) -> str:
    """Return a name for an input: the same for the same bytes."""
    return hashlib.sha256(data).hexdigest()[:12]
