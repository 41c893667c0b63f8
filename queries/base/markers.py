"""Does a marker hold where not everything is known of the place? Yes, no, or None for unknown.

``packaging`` judges single comparisons, of variables whose value is given: what an environment lacks it would fill
in from the machine that it runs on, which is not the one asked about. A variable that can have several values is
asked with each of them; what a variable without any leaves unknown travels through ``and`` and ``or``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from packaging.markers import Marker
from packaging.utils import canonicalize_name

MOST_CANDIDATES = 2000
"""Environments that one marker is asked in: values of variables that are not known multiply."""
MOST_COMPARISONS = 5000
"""Comparisons of one marker with the values of a variable that is not known."""

_VALUE = r"'[^']*'|\"[^\"]*\"|[A-Za-z_.]+"
_TOKEN = re.compile(
    rf"[ \t]*(?:(?P<bracket>[()])|(?P<word>and|or)\b"
    rf"|(?P<left>{_VALUE})[ \t]*(?P<op>===|==|~=|!=|<=|>=|<|>|in\b|not[ \t]+in\b)[ \t]*(?P<right>{_VALUE}))[ \t]*"
)
_BINDING = {"or": 1, "and": 2}
_OLD_NAMES = {"python_implementation": "platform_python_implementation"}
_OF_PYTHON = ("python_full_version", "implementation_version")
_FULL = re.compile(r"\d+\.\d+\.(\d{1,9})")
_RARE_MACHINE = "riscv64"
"""One that no marker is likely to name."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Every environment for markers that fits what is known of one place."""

    environments: tuple[Mapping[str, str], ...]
    """Values by the names that markers use, the likeliest environment first; all have the same names. A variable that
    is not in them is unknown."""
    unknown: tuple[str, ...] = ()
    """Variables that can have other values than those of the environments."""

    @property
    def known(self) -> dict[str, str]:
        """The variables that have one value; what would be a guess is left out."""
        return {
            name: value
            for name, value in self.environments[0].items()
            if name not in self.unknown and all(one[name] == value for one in self.environments)
        }

    def having(self, name: str, value: str) -> Candidates:
        """Return the same with one variable more."""
        return Candidates(tuple({**one, name: value} for one in self.environments), self.unknown)

    def values(self, name: str, compared: Iterable[str]) -> tuple[str, ...]:
        """Return the values that a variable may have; empty when nothing is known of it.

        Args:
            name: of the variable.
            compared: texts that it is compared with; of a variable that is not known each of them asks for values
                on either side of it.
        """
        found = dict.fromkeys(one[name] for one in self.environments if name in one)
        if found and name in self.unknown:
            minors = {one.get("python_version", "") for one in self.environments}
            found |= dict.fromkeys(value for minor in minors for value in _telling_values(name, compared, minor))
        return tuple(found)


NOTHING_KNOWN = Candidates(({},))
"""No variable has a value that is known."""


class _Comparison(NamedTuple):
    variable: str
    """Empty where two texts or two variables are compared, which nobody can judge."""
    op: str
    literal: str
    literal_first: bool
    text: str
    """As packaging reads it."""


class Judge:
    """Markers in one place; remembers each answer.

    Args:
        candidates: what is known of the place.
        extras: extras in effect; None where ``extras`` means nothing, which is outside of lock files. For the
            ``extra`` of Requires-Dist, which has one value, the candidates have a variable.
        groups: dependency groups in effect; None as for extras.
        settled: whether ``extra`` has been decided elsewhere, so that every comparison with it holds.
    """

    def __init__(
        self,
        candidates: Candidates,
        extras: Collection[str] | None = (),
        groups: Collection[str] | None = (),
        *,
        settled: bool = False,
    ) -> None:
        self._candidates = candidates
        self._sets = {
            "extras": None if extras is None else frozenset(map(canonicalize_name, extras)),
            "dependency_groups": None if groups is None else frozenset(map(canonicalize_name, groups)),
        }
        self._settled = settled
        self._answers: dict[str, bool | None] = {}

    def holds(self, marker: str | None) -> bool | None:
        """Say whether a marker holds; None when it cannot be read, or asks for what is not known.

        >>> judge = Judge(Candidates(({"sys_platform": "linux"},)), extras=["socks"])
        >>> judge.holds("sys_platform == 'win32' and platform_release >= '10'")
        False
        >>> judge.holds("platform_release >= '10'") is None
        True
        >>> judge.holds("sys_platform == 'linux' and 'socks' in extras")
        True
        """
        if marker is None:
            return True
        if marker not in self._answers:
            self._answers[marker] = self._judged(marker)
        return self._answers[marker]

    def _judged(self, marker: str) -> bool | None:
        steps = _postfix(marker)
        if steps is None:
            return None
        comparisons = dict.fromkeys(one for one in steps if isinstance(one, _Comparison))
        environments = _asked(self._candidates, comparisons)
        columns = _columns(environments, {one.variable for one in comparisons})
        everywhere = (1 << len(environments)) - 1
        held = {one: self._where(one, columns.get(one.variable), everywhere) for one in comparisons}
        answers: list[tuple[int, int]] = []
        for one in steps:
            if isinstance(one, _Comparison):
                answers.append(held[one])
                continue
            (right_yes, right_no), (left_yes, left_no) = answers.pop(), answers.pop()
            is_and = one == "and"
            yes = left_yes & right_yes if is_and else left_yes | right_yes
            answers.append((yes, left_no | right_no if is_and else left_no & right_no))
        yes, no = answers.pop()
        return True if yes == everywhere else False if no == everywhere else None

    def _where(self, one: _Comparison, column: Mapping[str, int] | None, everywhere: int) -> tuple[int, int]:
        """Return where a comparison holds and where it does not, each as one bit an environment."""
        if column is None:
            answer = self._member(one)
            return (everywhere if answer is True else 0), (everywhere if answer is False else 0)
        yes = no = 0
        for value, where in column.items():
            answer = _compared(one.text, one.variable, value)
            yes |= where if answer is True else 0
            no |= where if answer is False else 0
        return yes, no

    def _member(self, one: _Comparison) -> bool | None:
        """Judge a comparison with a set of extras or groups."""
        if one.variable == "extra":
            members, wanted, other = self._sets["extras"], "==", "!="
        else:
            members, wanted, other = self._sets.get(one.variable), "in", "not in"
            if not one.literal_first:
                return None
        if one.op not in (wanted, other):
            return None
        if one.variable == "extra" and self._settled:
            return True
        return None if members is None else (canonicalize_name(one.literal) in members) == (one.op == wanted)


def _asked(candidates: Candidates, comparisons: Iterable[_Comparison]) -> list[dict[str, str]]:
    """Return the environments that comparisons tell apart, with the variables that they mention.

    A variable for which there would be too many environments is in none of them.
    """
    compared: dict[str, set[_Comparison]] = {}
    for comparison in comparisons:
        compared.setdefault(comparison.variable, set()).add(comparison)
    names = (*compared, "python_version")
    rows = dict.fromkeys(tuple((name, one[name]) for name in names if name in one) for one in candidates.environments)
    found = [dict(row) for row in rows]
    for name in (one for one in candidates.unknown if one in compared):
        literals = sorted(one.literal for one in compared[name])
        values = {minor: _telling_values(name, literals, minor) for minor in {_minor(row) for row in found}}
        count = len(found) + sum(len(values[_minor(row)]) for row in found)
        asked = len(compared[name]) * sum(map(len, values.values()))
        if count > MOST_CANDIDATES or asked > MOST_COMPARISONS:
            for row in found:
                row.pop(name, None)
        else:
            found += [{**row, name: value} for row in found for value in values[_minor(row)]]
    return found


def _columns(environments: Sequence[Mapping[str, str]], names: Iterable[str]) -> dict[str, dict[str, int]]:
    """Return variable → value → the environments that have it, one bit each."""
    found: dict[str, dict[str, int]] = {}
    for name in names:
        for index, one in enumerate(environments):
            if name in one:
                column = found.setdefault(name, {})
                column[one[name]] = column.get(one[name], 0) | 1 << index
    return found


def _minor(environment: Mapping[str, str]) -> str:
    return environment.get("python_version", "")


def _telling_values(name: str, compared: Iterable[str], minor: str) -> tuple[str, ...]:
    """Return values of an unknown variable: what it is compared with, what lies just above, and another."""
    found: dict[str, None] = {}
    for literal in compared:
        if name in _OF_PYTHON:
            for micro in _FULL.findall(literal):
                found |= dict.fromkeys((f"{minor}.{micro}", f"{minor}.{int(micro) + 1}"))
        elif name == "platform_machine":
            found |= dict.fromkeys((literal, _RARE_MACHINE))
        else:
            value = literal.removesuffix(".*")
            found |= dict.fromkeys((value, f"{value}.1"))
    return tuple(found)


@functools.lru_cache(4096)
def _compared(text: str, variable: str, value: str) -> bool | None:
    marker = _comparison(text)
    try:
        return None if marker is None else bool(marker.evaluate({variable: value}))
    except (ValueError, KeyError, TypeError):
        return None


@functools.lru_cache(1024)
def _comparison(text: str) -> Marker | None:
    try:
        return Marker(text)
    except ValueError:
        return None


@functools.lru_cache(512)
def _postfix(marker: str) -> tuple[_Comparison | str, ...] | None:
    """Return the comparisons of a marker, each ``and`` and ``or`` after what it joins; None when it cannot be read."""
    done: list[_Comparison | str] = []
    waiting: list[str] = []
    wants_value, index = True, 0
    while index < len(marker):
        token = _TOKEN.match(marker, index)
        if token is None or wants_value != (token["left"] is not None or token["bracket"] == "("):
            return None
        index = token.end()
        if token["left"] is not None:
            done.append(_read(token["left"], " ".join(token["op"].split()), token["right"]))
            wants_value = False
        elif token["bracket"] == "(":
            waiting.append("(")
        elif token["word"]:
            _join(done, waiting, _BINDING[token["word"]])
            waiting.append(token["word"])
            wants_value = True
        else:
            _join(done, waiting, 0)
            if not waiting:
                return None
            waiting.pop()
    _join(done, waiting, 0)
    return None if wants_value or waiting else tuple(done)


def _join(done: list[_Comparison | str], waiting: list[str], binding: int) -> None:
    """Write down what binds at least as tightly, back to the last open bracket."""
    while waiting and waiting[-1] != "(" and _BINDING[waiting[-1]] >= binding:
        done.append(waiting.pop())


def _read(left: str, op: str, right: str) -> _Comparison:
    literal_first = left[0] in "'\""
    name, literal = (right, left) if literal_first else (left, right)
    variable = name.replace(".", "_")
    if name[0] in "'\"" or literal[0] not in "'\"":
        variable = ""
    return _Comparison(_OLD_NAMES.get(variable, variable), op, literal[1:-1], literal_first, f"{left} {op} {right}")
