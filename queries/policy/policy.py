"""What the owner of a closure decided: which rules count, how much, what is wanted, and what is accepted.

Read from ``pyclosure.toml``, or from ``[tool.pyclosure]`` of a ``pyproject.toml``::

    fail-on = "warning"                # error, warning, info or never
    wanted = ["pytest", "gcc-wrapper"] # in the closure on purpose: no leak

    [rules]
    P17 = "off"                        # error, warning, info or off
    test-tool-at-runtime = "error"     # by name, too

    [[accept]]
    rule = "P18"
    subject = "numpy"                  # a name in the finding; may end in *
    reason = "f2py needs the compiler" # must be given

    [tests]
    extras = ["spec"]                  # more extras and groups that hold what tests need; "!dev" takes one away
    left-out = ["pytest-sugar"]        # more that no test needs; "!pytest-benchmark" takes one away

    [rebuild]
    profile = "nixpkgs"                # whose labels and branches; own ones are tables below [rebuild.profiles]

    [gates]
    max-size = "400MiB"                # limits of a change: pyclosure check OLD NEW
    max-increase = "5%"
    new = ["leak", "error"]            # new findings that stop it
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any, cast, get_args

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.names import name_of
from pyclosure.queries.base.text import printable
from pyclosure.queries.base.verdicts import SEVERITIES, Finding, Severity
from pyclosure.queries.policy.gates import Gates, gates_of
from pyclosure.queries.policy.known_rules import KnownRules
from pyclosure.queries.policy.rebuild import Profiles, profiles_of
from pyclosure.queries.policy.tests import TestConventions

LONGEST_NAME = 300
"""Characters of a name, which may be a pattern: to make one ready takes the square of them."""
FAIL_ON = (*SEVERITIES, "never")
_KEYS = ("fail-on", "wanted", "rules", "accept", "tests", "rebuild", "gates")
_TEST_KEYS = ("extras", "left-out")
_ACCEPT_KEYS = ("rule", "subject", "reason")


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A finding that its owner lives with."""

    rule: str
    """Id."""
    subject: str
    """A subject of the finding, or the name of one of its paths; ``*`` matches any characters."""
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Say whether it is meant for a finding."""
        if finding.rule != self.rule:
            return False
        names = (*finding.subjects, *(name_of(path) for path in finding.paths[:1]))
        return any(fnmatchcase(name, self.subject) for name in names)


@dataclass(frozen=True, slots=True)
class Policy:
    """Decisions; the default ones where nothing was said."""

    fail_on: str = "warning"
    """The mildest severity that fails a check; ``never`` for none."""
    wanted: tuple[str, ...] = ()
    """Names of packages that are in the closure on purpose; ``*`` matches any characters."""
    severities: Mapping[str, str] = field(default_factory=dict)
    """Rule id → severity, or ``off``."""
    accepted: tuple[Acceptance, ...] = ()
    only: tuple[str, ...] = ()
    """Ids of the only rules to ask, even those that are off; empty for all that are not off."""
    tests: TestConventions = field(default_factory=TestConventions)
    """What names mean for tests."""
    rebuilds: Profiles = field(default_factory=Profiles)
    """How numbers of rebuilds are weighed."""
    gates: Gates = field(default_factory=Gates)
    """What a change must keep to."""
    origin: str = ""
    """The file it was read from; empty for the default."""

    def asks(self, rule: str) -> bool:
        """Say whether a rule is to be asked."""
        return rule in self.only if self.only else self.severities.get(rule) != "off"

    def severity(self, rule: str, usual: Severity) -> Severity:
        """Return how bad a finding of a rule is."""
        chosen = self.severities.get(rule, usual)
        return usual if chosen == "off" else cast(Severity, chosen)

    def fails(self, severity: Severity) -> bool:
        """Say whether something of a severity fails a check."""
        return self.fail_on != "never" and SEVERITIES.index(severity) <= SEVERITIES.index(cast(Severity, self.fail_on))

    def is_wanted(self, *names: str) -> bool:
        """Say whether any of the names is wanted."""
        return any(fnmatchcase(name, pattern) for name in names for pattern in self.wanted)


def policy_of(table: Mapping[str, Any], where: str, rules: KnownRules) -> Policy:
    """Return the policy that a table of TOML holds.

    Args:
        table: the table.
        where: its file, for messages.
        rules: those that it may name.

    Raises:
        BadInput: a key or value is not understood; everything is named, nothing is passed over.
    """
    for key in table:
        if key not in _KEYS:
            raise BadInput(
                f"{where}: unknown key {_shown(key)}", hint=_near(key, _KEYS) or f"known: {', '.join(_KEYS)}"
            )
    fail_on = table.get("fail-on", "warning")
    if fail_on not in FAIL_ON:
        raise BadInput(f"{where}: fail-on is {_shown(fail_on)}", hint=f"one of {', '.join(FAIL_ON)}")
    wanted = table.get("wanted", [])
    if not isinstance(wanted, list) or not all(isinstance(one, str) for one in wanted):
        raise BadInput(f"{where}: wanted must be a list of names", hint='write wanted = ["pytest", "gcc-wrapper"]')
    for name in wanted:
        _check_length(name, f"{where}: wanted")
    return Policy(
        fail_on=fail_on,
        wanted=tuple(wanted),
        severities=_severities(table.get("rules", {}), where, rules),
        accepted=_accepted(table.get("accept", []), where, rules),
        tests=_tests(table.get("tests", {}), where),
        rebuilds=profiles_of(table.get("rebuild", {}), where),
        gates=gates_of(table.get("gates", {}), where, rules),
        origin=where,
    )


def _tests(table: Any, where: str) -> TestConventions:
    if not isinstance(table, dict):
        raise BadInput(f"{where}: tests must be a table", hint="write [tests] above extras and left-out")
    for key, names in table.items():
        if key not in _TEST_KEYS:
            hint = _near(key, _TEST_KEYS) or f"known: {', '.join(_TEST_KEYS)}"
            raise BadInput(f"{where}: tests: unknown key {_shown(key)}", hint=hint)
        if not isinstance(names, list) or not all(isinstance(one, str) and one.strip("! ") for one in names):
            raise BadInput(f"{where}: tests: {key} must be a list of names", hint=f'write {key} = ["one", "!other"]')
    return TestConventions().changed(extras=table.get("extras", ()), left_out=table.get("left-out", ()))


def rule_id(word: object, where: str, rules: KnownRules) -> str:
    """Return the id of the rule that a word names.

    Raises:
        BadInput: there is none.
    """
    found = rules.find(word) if isinstance(word, str) else None
    if found is None:
        known = [name for both in rules.names.items() for name in both]
        raise BadInput(
            f"{where}: there is no rule {_shown(word)}",
            hint=_near(str(word), known) or "see them all: pyclosure check --list-rules",
        )
    return found


def _severities(table: Any, where: str, rules: KnownRules) -> dict[str, str]:
    if not isinstance(table, dict):
        raise BadInput(f"{where}: rules must be a table of rule = severity", hint="write [rules] above them")
    allowed = (*get_args(Severity), "off")
    found = {}
    for word, value in table.items():
        if value not in allowed:
            raise BadInput(
                f"{where}: rule {_shown(word)} is set to {_shown(value)}", hint=f"one of {', '.join(allowed)}"
            )
        rule = rule_id(word, where, rules)
        if rule in found:
            raise BadInput(f"{where}: rule {rule} is set twice", hint="once by its id or once by its name")
        found[rule] = value
    return found


def _accepted(entries: Any, where: str, rules: KnownRules) -> tuple[Acceptance, ...]:
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadInput(f"{where}: accept must be a list of tables", hint="write [[accept]] above each")
    return tuple(_acceptance(entry, f"{where}: accept {number}", rules) for number, entry in enumerate(entries, 1))


def _acceptance(entry: Mapping[str, Any], where: str, rules: KnownRules) -> Acceptance:
    for key in entry:
        if key not in _ACCEPT_KEYS:
            hint = _near(key, _ACCEPT_KEYS) or f"known: {', '.join(_ACCEPT_KEYS)}"
            raise BadInput(f"{where}: unknown key {_shown(key)}", hint=hint)
    for key in _ACCEPT_KEYS:
        value = entry.get(key)
        if not isinstance(value, str) or not value.strip():
            lack = "is missing" if value is None else "must be a text that says something"
            raise BadInput(f"{where}: {key} {lack}", hint="it needs a rule, a subject and a reason")
    _check_length(entry["subject"], f"{where}: subject")
    return Acceptance(
        rule_id(entry["rule"], where, rules), entry["subject"], printable(" ".join(entry["reason"].split()), 400)
    )


def _check_length(name: str, where: str) -> None:
    if len(name) > LONGEST_NAME:
        raise BadInput(
            f"{where} has a name of {len(name):,} characters: {_shown(name)}",
            hint=f"no name has more than {LONGEST_NAME}",
        )


def _shown(value: object) -> str:
    return repr(printable(str(value), 60))


def _near(word: str, known: Any) -> str:
    close = get_close_matches(str(word), known, 1, 0.6)
    return f"did you mean {close[0]}?" if close else ""
