"""P14: test inputs that multiply what a change rebuilds."""

from __future__ import annotations

from collections.abc import Iterator

from pyclosure.queries.base.names import name_label, name_of
from pyclosure.queries.base.verdicts import Finding, Judged, Proof, Verdict
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.rule import Rule
from pyclosure.queries.findings.wording import some
from pyclosure.queries.testing.cost import Amplified

_LEAST, _FACTOR = 100, 2
"""Derivations that a change must rebuild, and how many times more than without tests."""


def _check(context: Context) -> Iterator[Verdict]:
    cost = context.tests.cost
    if cost is None:
        return
    found = [one for one in cost.amplified if amplifies(one)]
    for one in found:
        yield _finding(one, cost.missing)
    yield Judged(len(cost.amplified), "inputs of tests")


def amplifies(one: Amplified) -> bool:
    """Say whether tests multiply what a change of an input rebuilds so much that it is worth a finding."""
    # what stands behind others is named with them
    return bool(one.packages) and one.rebuilds >= _LEAST and one.rebuilds >= _FACTOR * one.without_tests


def _finding(one: Amplified, missing: int) -> Finding:
    label = name_label(name_of(one.derivation).removesuffix(".drv"))
    users = [name_label(name_of(path).removesuffix(".drv")) for path in one.packages]
    notes = (f"{missing:,} derivations could not be read: the counts are lower bounds.",) if missing else ()
    return Finding(
        rule=RULE.id,
        severity="info",
        certainty="probable",
        tier="D",
        title=f"changing {label} rebuilds {one.rebuilds:,} derivations, {one.without_tests:,} without tests in builds",
        paths=(),
        # who uses it changes; what it is stays, so that a decision about it does
        subjects=(label.partition(" ")[0],),
        evidence=tuple(Proof(path, "", f"check input: {label}") for path in one.packages),
        remedy=f"move the tests of {some(users)} to passthru.tests, or test a copy of the package",
        notes=notes,
    )


RULE = Rule(
    id="P14",
    name="rebuild-amplifier",
    title="test inputs that multiply rebuilds",
    severity="info",
    needs=("build",),
    what=(
        f"Touching an input of tests rebuilds {_LEAST} derivations or more, at least {_FACTOR} times what it would "
        "without tests."
    ),
    why="A change of a test tool becomes a mass rebuild, although nothing that is shipped depends on it.",
    how=(
        "The build graph of the closure, read from its derivations: what is built anew when the input changes, with "
        "all edges, and without those inputs that only tests need. Fixed-output derivations stop a change. Only the "
        "build graph of this closure is counted, not all of nixpkgs."
    ),
    fix="Tests in `passthru.tests`, `doCheck = false` near the root, or a test derivation of its own.",
    check=_check,
)
