"""May a change pass? Limits of size and of new findings, each judged by itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.text import printable
from pyclosure.queries.base.verdicts import SEVERITIES, Finding, Severity
from pyclosure.queries.findings import all_rules, find_rule

if TYPE_CHECKING:
    from pyclosure.queries.diff.review import Review
    from pyclosure.queries.findings.report import Report
    from pyclosure.queries.opened.knowledge import Knowledge

State = Literal["passed", "breached", "no data"]
LEAKS = ("P10", "P18")
"""Rules whose findings are things that no program needs when it runs: test tools, compilers, headers, sources."""
KEYS = ("max-increase", "max-size", "max-paths", "new")
_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)\s*([A-Za-z]*)")
_PERCENT = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)\s*%")


@dataclass(frozen=True, slots=True)
class Gates:
    """Limits; those that are None or empty are not asked."""

    max_increase: str | None = None
    """Of the closure size: a percentage of the old one, or bytes with a unit."""
    max_size: str | None = None
    """Of the new closure: bytes with a unit."""
    max_paths: int | None = None
    """Of the new closure: store paths."""
    new: tuple[str, ...] = ()
    """New findings that stop a change: severities (and all worse), rules, ``leak`` or ``any``."""

    @property
    def any(self) -> bool:
        """Whether there is any limit."""
        return self != Gates()

    @property
    def needs_base(self) -> bool:
        """Whether something to compare with is needed."""
        return self.max_increase is not None or bool(self.new)


@dataclass(frozen=True, slots=True)
class Gate:
    """One limit, judged."""

    name: str
    """``max-increase``, ``new:leak`` …"""
    limit: str
    value: str
    """What was measured, in words."""
    state: State
    findings: tuple[Finding, ...] = ()
    """Those that breach it, or may do so."""


def gates_of(table: Mapping[str, Any], where: str) -> Gates:
    """Return the limits that a table of TOML holds.

    Raises:
        BadInput: something in it is not understood.
    """
    if not isinstance(table, dict):
        raise BadInput(f"{where}: gates must be a table of {', '.join(KEYS)}", hint='such as max-increase = "5%"')
    for key in table:
        if key not in KEYS:
            raise BadInput(f"{where}: gates: unknown key {printable(str(key), 60)}", hint=f"known: {', '.join(KEYS)}")
    new = table.get("new", [])
    if not isinstance(new, list) or not all(isinstance(one, str) for one in new):
        raise BadInput(f"{where}: gates: new must be a list of words", hint='write new = ["leak", "error"]')
    paths = table.get("max-paths")
    if paths is not None and (not isinstance(paths, int) or isinstance(paths, bool) or not 0 <= paths < 2**63):
        raise BadInput(f"{where}: gates: max-paths must be a whole number", hint="such as max-paths = 400")
    return checked(
        Gates(_text(table, "max-increase", where), _text(table, "max-size", where), paths, tuple(new)), where
    )


def checked(gates: Gates, where: str) -> Gates:
    """Return limits that are all understood.

    Raises:
        BadInput: one is not.
    """
    if gates.max_increase is not None:
        _increase(gates.max_increase, 0, where)
    if gates.max_size is not None:
        size_in(gates.max_size, where)
    for word in gates.new:
        _rules(word, where)
    return gates


def size_in(text: str, where: str) -> int:
    """Return the bytes that a text such as ``400MiB`` or ``1.5 GB`` means.

    Raises:
        BadInput: it is no size.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None or match[2].upper() not in _UNITS:
        raise BadInput(
            f"{where}: {printable(text, 40)!r} is no size",
            hint="with a unit: 400MiB or 250MB; an increase may be a percentage: 5%",
        )
    return round(float(match[1]) * _UNITS[match[2].upper()])


def _increase(text: str, base: int, where: str) -> int:
    percent = _PERCENT.fullmatch(text.strip())
    if percent is not None:
        return int(base * float(percent[1]) / 100)
    if "%" in text:
        raise BadInput(f"{where}: {printable(text, 40)!r} is no percentage", hint="such as 5% or 20MiB")
    return size_in(text, where)


def _text(table: Mapping[str, Any], key: str, where: str) -> str | None:
    value = table.get(key)
    if value is not None and not isinstance(value, str):
        raise BadInput(f"{where}: gates: {key} must be a text", hint=f'such as {key} = "5%" or "20MiB"')
    return value


def _rules(word: str, where: str) -> tuple[frozenset[str], Severity]:
    """Return which rules a word means, and the mildest severity of theirs that counts."""
    every = frozenset(rule.id for rule in all_rules())
    if word == "leak":
        return frozenset(LEAKS), "info"
    if word == "any":
        return every, "info"
    if word in get_args(Severity):
        return every, cast(Severity, word)
    rule = find_rule(word)
    if rule is None:
        raise BadInput(
            f"{where}: new:{printable(word, 40)} is neither a severity nor a rule",
            hint="new:leak, new:any, new:error, new:warning, new:info, or a rule such as new:P18",
        )
    return frozenset((rule.id,)), "info"


def judge_size(gates: Gates, knowledge: Knowledge, shown: Callable[[int], str]) -> Iterator[Gate]:
    """Judge the limits that need nothing to compare with.

    Args:
        gates: the limits.
        knowledge: the new closure.
        shown: makes bytes readable.
    """
    if gates.max_size is not None:
        total, limit = knowledge.real_sizes.total, size_in(gates.max_size, "max-size")
        yield Gate("max-size", gates.max_size, shown(total), "passed" if total <= limit else "breached")
    if gates.max_paths is not None:
        count = len(knowledge.closure)
        state: State = "passed" if count <= gates.max_paths else "breached"
        yield Gate("max-paths", f"{gates.max_paths:,}", f"{count:,}", state)


def judge_change(gates: Gates, review: Review, shown: Callable[[int], str]) -> Iterator[Gate]:
    """Judge the limits of a change.

    Args:
        gates: the limits.
        review: the change.
        shown: makes a number of bytes readable, with its sign.
    """
    if gates.max_increase is not None:
        before, change = review.diff.old.real_sizes.total, review.diff.size_change
        limit = _increase(gates.max_increase, before, "max-increase")
        percent = f" ({100 * change / before:+.1f} %)" if before else ""
        yield Gate(
            "max-increase", gates.max_increase, f"{shown(change)}{percent}", "passed" if change <= limit else "breached"
        )
    for word in gates.new:
        yield _judge_new(word, review)


def _judge_new(word: str, review: Review) -> Gate:
    name = f"new:{word}"
    if review.findings is None or review.reports is None:
        return Gate(name, "none", "findings were not asked for", "no data")
    rules, mildest = _rules(word, name)
    unasked = sorted(rules - (set(review.reports[0].asked) & set(review.reports[1].asked))) if _is_exact(word) else []
    if unasked:
        return Gate(name, "none", f"{', '.join(unasked)} was not asked: it is off, ignored, or needs a lock", "no data")
    worst = SEVERITIES[: SEVERITIES.index(mildest) + 1]

    def counted(some: Iterable[Finding]) -> tuple[Finding, ...]:
        return tuple(one for one in some if one.rule in rules and one.severity in worst)

    found = counted(review.findings.new)
    if found:
        return Gate(name, "none", f"{len(found):,} new", "breached", found)
    unsure = counted(review.findings.unsure)
    if unsure:
        words = f"{len(unsure):,} may be new: the old closure could not be judged"
        return Gate(name, "none", words, "no data", unsure)
    blind = _blind(review.reports[1], rules)
    if blind:
        return Gate(name, "none", f"{', '.join(sorted(blind))} could not judge all of the new closure", "no data")
    return Gate(name, "none", "none", "passed")


def _is_exact(word: str) -> bool:
    """Say whether a word names rules, each of which has to be asked, and not all that there are."""
    return word != "any" and word not in get_args(Severity)


def _blind(report: Report, rules: frozenset[str]) -> frozenset[str]:
    """Return rules that could not judge all of a closure."""
    return frozenset(one.rule for one in report.unknown if one.rule in rules)
