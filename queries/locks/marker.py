"""Does a marker hold in an environment of which not everything is known? Yes, no, or None for unknown.

``packaging`` fills in what an environment lacks from the machine that it runs on, which is not the one asked
about. So it judges single comparisons here, and what they leave unknown travels through ``and`` and ``or``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from packaging.markers import Marker
from packaging.utils import canonicalize_name

_VALUE = r"'[^']*'|\"[^\"]*\"|[A-Za-z_.]+"
_TOKEN = re.compile(
    rf"[ \t]*(?:(?P<bracket>[()])|(?P<word>and|or)\b"
    rf"|(?P<left>{_VALUE})[ \t]*(?P<op>===|==|~=|!=|<=|>=|<|>|in\b|not[ \t]+in\b)[ \t]*(?P<right>{_VALUE}))[ \t]*"
)
_SETS = ("extras", "dependency_groups")
_OLD_NAMES = {"python_implementation": "platform_python_implementation"}
_BINDING = {"or": 1, "and": 2}


class Judge:
    """Markers in one environment; remembers each answer.

    Args:
        environment: values by the names that markers use; names that are not in it are unknown.
        extras: extras in effect; None when ``extra`` has been settled, so that every comparison with it holds.
        groups: dependency groups in effect.
    """

    def __init__(
        self, environment: Mapping[str, str], extras: Collection[str] | None = (), groups: Collection[str] = ()
    ) -> None:
        self._environment = dict(environment)
        self._extras = None if extras is None else frozenset(map(canonicalize_name, extras))
        self._groups = frozenset(map(canonicalize_name, groups))
        self._known: dict[str, bool | None] = {}
        self._atoms: dict[tuple[str, str, str], bool | None] = {}

    def holds(self, marker: str | None) -> bool | None:
        """Say whether a marker holds; None when it cannot be read, or asks for what is not known.

        >>> judge = Judge({"sys_platform": "linux"}, extras=["socks"])
        >>> judge.holds("sys_platform == 'win32' and platform_release >= '10'")
        False
        >>> judge.holds("platform_release >= '10'") is None
        True
        >>> judge.holds("sys_platform == 'linux' and 'socks' in extras")
        True
        """
        if marker is None:
            return True
        if marker not in self._known:
            self._known[marker] = self._judged(marker)
        return self._known[marker]

    def _judged(self, marker: str) -> bool | None:
        values: list[bool | None] = []
        waiting: list[str] = []
        wants_value, at = True, 0
        while at < len(marker):
            token = _TOKEN.match(marker, at)
            if token is None or wants_value != (token["left"] is not None or token["bracket"] == "("):
                return None
            at = token.end()
            if token["left"] is not None:
                values.append(self._atom(token["left"], token["op"], token["right"]))
                wants_value = False
            elif token["bracket"] == "(":
                waiting.append("(")
            elif token["word"]:
                _apply(values, waiting, _BINDING[token["word"]])
                waiting.append(token["word"])
                wants_value = True
            else:
                _apply(values, waiting, 0)
                if not waiting:
                    return None
                waiting.pop()
        if wants_value:
            return None
        _apply(values, waiting, 0)
        return None if waiting else values[0]

    def _atom(self, left: str, op: str, right: str) -> bool | None:
        op = " ".join(op.split())
        key = (left, op, right)
        if key not in self._atoms:
            self._atoms[key] = self._compared(*key)
        return self._atoms[key]

    def _compared(self, left: str, op: str, right: str) -> bool | None:
        names = [one.replace(".", "_") for one in (left, right) if one[0] not in "'\""]
        if len(names) != 1:
            return None
        variable = _OLD_NAMES.get(names[0], names[0])
        literal = (left if left[0] in "'\"" else right)[1:-1]
        if variable == "extra":
            return self._extra(op, literal)
        if variable in _SETS:
            return self._member(variable, op, literal) if left[0] in "'\"" else None
        if variable not in self._environment:
            return None
        try:
            return Marker(f"{left} {op} {right}").evaluate(self._environment)
        except (ValueError, KeyError, TypeError):
            return None

    def _extra(self, op: str, name: str) -> bool | None:
        if op not in ("==", "!="):
            return None
        return self._extras is None or (canonicalize_name(name) in self._extras) == (op == "==")

    def _member(self, variable: str, op: str, name: str) -> bool | None:
        if op not in ("in", "not in"):
            return None
        members = self._extras if variable == "extras" else self._groups
        return members is None or (canonicalize_name(name) in members) == (op == "in")


def _apply(values: list[bool | None], waiting: list[str], binding: int) -> None:
    """Work out what binds at least as tightly, back to the last open bracket."""
    while waiting and waiting[-1] != "(" and _BINDING[waiting[-1]] >= binding:
        word, right, left = waiting.pop(), values.pop(), values.pop()
        decisive = word == "or"
        if left is decisive or right is decisive:
            values.append(decisive)
        else:
            values.append(None if left is None or right is None else not decisive)
