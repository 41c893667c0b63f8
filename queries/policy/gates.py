"""The limits that a change must keep to: how large it may become, and which new findings stop it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast, get_args

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.tables import COUNT, TEXT, WORDS, table_of
from pyclosure.queries.base.text import printable
from pyclosure.queries.base.verdicts import Severity
from pyclosure.queries.policy.known_rules import KnownRules

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


def gates_of(values: Mapping[str, Any], where: str, rules: KnownRules) -> Gates:
    """Return the limits that a table of TOML holds.

    Raises:
        BadInput: something in it is not understood.
    """
    table = table_of(values, f"{where}: gates", KEYS)
    gates = Gates(
        table.get("max-increase", TEXT, 'such as max-increase = "5%" or "20MiB"'),
        table.get("max-size", TEXT, 'such as max-size = "400MiB"'),
        table.get("max-paths", COUNT, "such as max-paths = 400"),
        tuple(table.get("new", WORDS, 'write new = ["leak", "error"]') or ()),
    )
    return checked(gates, where, rules)


def checked(gates: Gates, where: str, rules: KnownRules) -> Gates:
    """Return limits that are all understood.

    Raises:
        BadInput: one is not.
    """
    if gates.max_increase is not None:
        increase_in(gates.max_increase, 0, where)
    if gates.max_size is not None:
        size_in(gates.max_size, where)
    for word in gates.new:
        rules_meant(word, where, rules)
    return gates


def size_in(text: str, where: str, *, may_be_percent: bool = False) -> int:
    """Return the bytes that a text such as ``400MiB`` or ``1.5 GB`` means.

    Args:
        text: what the user wrote.
        where: the option or key, for messages.
        may_be_percent: whether a percentage would be understood there, for messages.

    Raises:
        BadInput: it is not a size.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is not None and not match[2]:
        percent = f"{match[1]}% or " if may_be_percent else ""
        raise BadInput(f"{where}: {match[1]!r} has no unit", hint=f"write {percent}{match[1]}MiB")
    if match is None or match[2].upper() not in _UNITS:
        percent = ", or a percentage: 5%" if may_be_percent else ""
        raise BadInput(
            f"{where}: {printable(text, 40)!r} is not a size", hint=f"write a number and a unit: 400MiB{percent}"
        )
    return round(float(match[1]) * _UNITS[match[2].upper()])


def increase_in(text: str, base: int, where: str) -> int:
    """Return the bytes that a limit of growth means, a percentage being one of ``base``.

    Raises:
        BadInput: it is neither a percentage nor a size.
    """
    percent = _PERCENT.fullmatch(text.strip())
    if percent is not None:
        return int(base * float(percent[1]) / 100)
    if "%" in text:
        raise BadInput(f"{where}: {printable(text, 40)!r} is not a percentage", hint="such as 5% or 20MiB")
    return size_in(text, where, may_be_percent=True)


def rules_meant(word: str, where: str, rules: KnownRules) -> tuple[frozenset[str], Severity]:
    """Return which rules a word means, and the mildest severity of theirs that counts.

    Raises:
        BadInput: it is neither a severity nor a rule.
    """
    every = frozenset(rules.names)
    if word == "leak":
        return frozenset(LEAKS), "info"
    if word == "any":
        return every, "info"
    if word in get_args(Severity):
        return every, cast(Severity, word)
    rule = rules.find(word)
    if rule is None:
        raise BadInput(
            f"{where}: new:{printable(word, 40)} is neither a severity nor a rule",
            hint="new:leak, new:any, new:error, new:warning, new:info, or a rule such as new:P18",
        )
    return frozenset((rule,)), "info"
