"""P26: tests that are shipped with the code."""

from __future__ import annotations

from collections.abc import Iterator

from pyclosure.queries.base.verdicts import Finding, Judged, Proof, Verdict
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.rule import Rule

_LEAST = 1024 * 1024
"""Bytes of tests in one package from which it is worth a line."""


def _check(context: Context) -> Iterator[Verdict]:
    count = 0
    for index in context.python_paths:
        inspection = context.inspection(index)
        if inspection is None:
            continue
        count += 1
        if inspection.tests_size >= _LEAST:
            share = 100 * inspection.tests_size / max(1, inspection.size)
            yield Finding(
                rule=RULE.id,
                severity="info",
                certainty="certain",
                tier="F",
                title=f"{context.label(index)} ships its tests",
                paths=(context.path(index),),
                subjects=(context.name(index),),
                evidence=(
                    Proof(
                        context.path(index),
                        "",
                        f"folders called test or tests: {share:.0f} % of its bytes, bytecode included",
                    ),
                ),
                remedy="if nothing imports them: delete them in postInstall, or move them to an output of their own",
                cost=inspection.tests_size,
                cost_meaning="files",
            )
    yield Judged(count, "packages")


RULE = Rule(
    id="P26",
    name="shipped-tests",
    title="tests inside an installed package",
    severity="info",
    needs=("inspection",),
    what="A package installs its own tests, a MiB of them or more.",
    why="Nothing runs them in production; with their bytecode they are often a third of a package.",
    how=(
        "Files in folders called `test` or `tests` anywhere below site-packages, bytecode included. Some packages "
        "import from such folders (numpy.testing does not, pandas' own fixtures do): hence only mentioned."
    ),
    fix="Delete the folders in `postInstall`, or move them to a `testout` output.",
    check=_check,
    judges=lambda context: context.python_paths,
)
