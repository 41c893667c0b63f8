"""What is wrong with this closure? One rule a file below ``rules``; a new rule is a new file there."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from pyclosure.queries.findings import rules as _rules
from pyclosure.queries.findings.rule import Rule
from pyclosure.queries.policy.known_rules import KnownRules


@cache
def all_rules() -> tuple[Rule, ...]:
    """Return all rules in the order of their ids."""
    found = []
    for module in pkgutil.iter_modules(_rules.__path__):
        if not module.name.startswith("_"):
            rule = import_module(f"{_rules.__name__}.{module.name}").RULE
            assert isinstance(rule, Rule)
            found.append(rule)
    return tuple(sorted(found, key=lambda rule: rule.id))


@cache
def known_rules() -> KnownRules:
    """Return the ids and names of all rules, for who reads a policy."""
    return KnownRules({rule.id: rule.name for rule in all_rules()})


def find_rule(word: str) -> Rule | None:
    """Return a rule by its id in any case, or by its name; None when there is none."""
    return next((rule for rule in all_rules() if word.lower() in (rule.id.lower(), rule.name)), None)
