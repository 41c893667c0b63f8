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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, TypeGuard, cast, get_args

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.base.names import name_of
from pyclosure.queries.base.tables import NAMES, TABLE, TABLES, Kind, did_you_mean, quoted, table_of
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
    found = table_of(table, where, _KEYS)
    fail_on = table.get("fail-on", "warning")
    if fail_on not in FAIL_ON:
        raise BadInput(f"{where}: fail-on is {quoted(fail_on)}", hint=f"one of {', '.join(FAIL_ON)}")
    wanted = found.get("wanted", NAMES, 'write wanted = ["pytest", "gcc-wrapper"]') or []
    for name in wanted:
        _check_length(name, f"{where}: wanted")
    return Policy(
        fail_on=fail_on,
        wanted=tuple(wanted),
        severities=_severities(found.get("rules", TABLE, "write [rules] above rule = severity") or {}, where, rules),
        accepted=_accepted(found.get("accept", TABLES, "write [[accept]] above each") or [], where, rules),
        tests=_tests(found.get("tests", TABLE, "write [tests] above extras and left-out") or {}, where),
        rebuilds=profiles_of(found.get("rebuild", TABLE, 'write [rebuild] above profile = "nixpkgs"') or {}, where),
        gates=gates_of(found.get("gates", TABLE, 'write [gates] above max-increase = "5%"') or {}, where, rules),
        origin=where,
    )


def _tests(values: Mapping[str, Any], where: str) -> TestConventions:
    table = table_of(values, f"{where}: tests", _TEST_KEYS)
    extras, left_out = (table.get(key, _PATTERNS, f'write {key} = ["one", "!other"]') or [] for key in _TEST_KEYS)
    return TestConventions().changed(extras=extras, left_out=left_out)


def _are_patterns(value: object) -> TypeGuard[list[str]]:
    return NAMES.fits(value) and all(one.strip("! ") for one in value)


_PATTERNS = Kind(NAMES.words, _are_patterns)


def rule_id(word: object, where: str, rules: KnownRules) -> str:
    """Return the id of the rule that a word names.

    Raises:
        BadInput: there is none.
    """
    found = rules.find(word) if isinstance(word, str) else None
    if found is None:
        known = [name for both in rules.names.items() for name in both]
        raise BadInput(
            f"{where}: there is no rule {quoted(word)}",
            hint=did_you_mean(word, known) or "see them all: pyclosure check --list-rules",
        )
    return found


def _severities(table: Mapping[str, Any], where: str, rules: KnownRules) -> dict[str, str]:
    allowed = (*get_args(Severity), "off")
    found = {}
    for word, value in table.items():
        if value not in allowed:
            raise BadInput(
                f"{where}: rule {quoted(word)} is set to {quoted(value)}", hint=f"one of {', '.join(allowed)}"
            )
        rule = rule_id(word, where, rules)
        if rule in found:
            raise BadInput(f"{where}: rule {rule} is set twice", hint="once by its id or once by its name")
        found[rule] = value
    return found


def _accepted(entries: Sequence[Mapping[str, Any]], where: str, rules: KnownRules) -> tuple[Acceptance, ...]:
    return tuple(_acceptance(entry, f"{where}: accept {number}", rules) for number, entry in enumerate(entries, 1))


def _acceptance(entry: Mapping[str, Any], where: str, rules: KnownRules) -> Acceptance:
    table_of(entry, where, _ACCEPT_KEYS)
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
            f"{where} has a name of {len(name):,} characters: {quoted(name)}",
            hint=f"no name has more than {LONGEST_NAME}",
        )
