"""P08: a whole package set twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from pyclosure.queries.answers.differs import differences
from pyclosure.queries.base.verdicts import Finding, Judged, Proof, Unknown, Verdict
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.rule import Rule
from pyclosure.queries.findings.wording import some

_MANY = 3
"""Distributions of equal version and different hash from which a second package set is likely."""


def _check(context: Context) -> Iterator[Verdict]:
    twins = _by_version(context, context.interpreters)
    for paths in twins:
        yield _interpreters(context, paths)
    if not twins:
        packages = _by_version(
            context, [index for index in context.python_paths if context.identity(index).distribution]
        )
        if len(packages) >= _MANY:
            yield _packages(context, packages)
        else:
            yield from _unclear(context, len(packages))
    yield Judged(len(context.interpreters), "interpreters")


def _unclear(context: Context, known: int) -> Iterator[Unknown]:
    """Yield paths of no known kind that would be a second set if they were Python packages."""
    blind = [index for index in range(len(context.closure)) if context.is_blind(index)]
    groups = _by_version(context, blind)
    if known + len(groups) >= _MANY:
        paths = tuple(context.path(index) for group in groups for index in group)
        yield Unknown(RULE.id, "whether these twins are Python packages is not known", "their files", paths)


def _by_version(context: Context, positions: list[int] | tuple[int, ...]) -> list[list[int]]:
    """Return groups of paths of one name, version, output and ABI; only those with several paths."""
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for index in positions:
        identity = context.identity(index)
        abi = context.abi(index)
        if identity.version:
            groups[identity.pname.lower(), identity.version, identity.output.value, abi].append(index)
    return [
        sorted(paths, key=lambda index: (-context.added(index), context.path(index)))
        for paths in groups.values()
        if len(paths) > 1
    ]


def _interpreters(context: Context, paths: list[int]) -> Finding:
    users = [context.users(index) for index in paths]
    fact = context.identity(paths[0]).interpreter
    # without files a free-threaded build looks like any other
    tier = fact.tier if fact is not None else "N"
    packages = sum(len(context.closure.referrers[index]) for index in paths[1:])
    return Finding(
        rule=RULE.id,
        severity="warning",
        certainty="certain" if tier != "N" else "probable",
        tier=tier,
        title=f"{len(paths)} builds of one interpreter: {context.label(paths[0])}",
        paths=tuple(context.path(index) for index in paths),
        subjects=(context.identity(paths[0]).pname,),
        evidence=tuple(
            Proof(context.path(index), "", f"used by {some(words)}") for index, words in zip(paths, users, strict=True)
        ),
        remedy="python3.override { self = …; packageOverrides = …; } once, and pass that interpreter everywhere",
        cost=sum(context.added(index) for index in paths[1:]),
        cost_meaning="added",
        notes=(
            *_difference(context, paths),
            f"{packages} paths reference the lesser ones, and are built for them alone.",
        ),
    )


def _packages(context: Context, groups: list[list[int]]) -> Finding:
    groups = sorted(
        groups, key=lambda paths: (-sum(context.added(index) for index in paths[1:]), context.label(paths[0]))
    )
    return Finding(
        rule=RULE.id,
        severity="warning",
        certainty="probable",
        tier="R",
        title=f"{len(groups)} packages twice at one version: {some(context.label(paths[0]) for paths in groups)}",
        paths=tuple(context.path(index) for paths in groups for index in paths),
        subjects=tuple(context.identity(paths[0]).pname for paths in groups),
        evidence=tuple(
            Proof(context.path(index), "", f"a build of {context.label(index)}") for paths in groups for index in paths
        ),
        remedy="build everything from one package set: packageOverrides instead of overriding single packages",
        cost=sum(context.added(index) for paths in groups for index in paths[1:]),
        cost_meaning="added",
        notes=_difference(context, groups[0]),
    )


def _difference(context: Context, paths: list[int]) -> tuple[str, ...]:
    one, other = (context.derivation(index) for index in paths[:2])
    if one is None or other is None:
        return ("What differs only the derivations would tell, which are not here.",)
    found = differences(one, other)
    return (f"They differ: {some(found)}.",) if found else ()


RULE = Rule(
    id="P08",
    name="package-set-twice",
    title="one interpreter version, or a whole package set, twice",
    severity="warning",
    needs=("references",),
    what=(
        "Two builds of one interpreter version are in the closure, or several packages at one version with two hashes."
    ),
    why="All packages of a second set are built, shipped and rebuilt once more.",
    how=(
        "Interpreters (or three packages and more) with the same name, version, output and ABI but different "
        "hashes. Where derivations are here, what differs between them is named. Two versions, or a CPython beside"
        " a PyPy, are no second set (P09 tells them)."
    ),
    fix="Override once: `python3.override { self = …; packageOverrides = …; }`, and take everything from that set.",
    check=_check,
)
