"""P02: a requirement met by a version outside its specifier."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.specifiers import SpecifierSet

from pyclosure.queries.base.verdicts import Finding, Judged, Proof, Unknown, Verdict
from pyclosure.queries.environment.requirements import Needed, Requirements, undecided
from pyclosure.queries.environment.scopes import Installed
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.rule import Rule


def _check(context: Context) -> Iterator[Verdict]:
    seen: set[tuple[int, str]] = set()
    odd: set[int] = set()
    count = 0
    for requirements in context.requirements:
        violated = (need for need in requirements.all if need.applies is None and need.satisfied is False)
        yield from undecided(RULE.id, context, violated)
        for need in requirements.all:
            if not need.applies or not need.found:
                continue
            count += 1
            if need.satisfied is None:
                odd.update(one.index for one in need.found)
            elif not need.satisfied and (need.by.index, need.text) not in seen:
                seen.add((need.by.index, need.text))
                yield _finding(context, need)
        yield from _pythons(context, requirements)
    if odd:
        yield Unknown(
            RULE.id,
            "their versions are not of the standard form",
            "a version as PEP 440 has it",
            tuple(context.path(index) for index in sorted(odd)),
        )
    yield Judged(count, "requirements")


def _pythons(context: Context, requirements: Requirements) -> Iterator[Finding]:
    """Yield distributions that are not for the interpreter's version of Python."""
    version = requirements.platform.known.get("python_full_version") if requirements.platform else None
    minor = requirements.platform.known.get("python_version") if requirements.platform else None
    for some_ in requirements.installed.values():
        for one in some_:
            wanted = one.distribution.requires_python
            # of PyPy only the minor version is known
            if wanted and (version or minor) and _excludes(wanted, version or f"{minor}.99"):
                yield _wrong_python(context, one, wanted, version or minor or "")


def _excludes(wanted: str, version: str) -> bool:
    try:
        return not SpecifierSet(wanted).contains(version, prereleases=True)
    except ValueError:  # InvalidSpecifier, InvalidVersion
        return False


def _wrong_python(context: Context, one: Installed, wanted: str, version: str) -> Finding:
    metadata = f"{one.distribution.folder}/METADATA"
    return Finding(
        rule=RULE.id,
        severity="warning",
        certainty="certain",
        tier="F",
        title=f"{context.label(one.index)} needs Python {wanted}, runs on {version}",
        paths=(context.path(one.index),),
        subjects=("python", one.distribution.normalized),
        evidence=(Proof(context.path(one.index), metadata, f"Requires-Python: {wanted}"),),
        remedy="an older version of it, or a newer interpreter: disabled = pythonOlder … keeps such pairs apart",
    )


def _finding(context: Context, need: Needed) -> Finding:
    by = need.by
    found = need.found[0]
    derivation = context.derivation(by.index)
    relaxes = derivation is not None and bool(derivation.attribute("pythonRelaxDeps"))
    notes = ("The derivation relaxes requirements (pythonRelaxDeps), but not this one.",) if relaxes else ()
    remedy = "update one of the two; if it works all the same, pythonRelaxDeps; else override the whole set"
    if found.index in context.interpreters:
        notes = (*notes, "The interpreter brings it itself, at a version that goes with it.")
        remedy = "pythonRelaxDeps, if it works all the same; else another interpreter"
    metadata = f"{by.distribution.folder}/METADATA"
    return Finding(
        rule=RULE.id,
        severity="warning",
        certainty=need.certainty,
        tier=need.tier,
        title=f"{context.label(by.index)} needs {need.requirement.name}{need.requirement.specifier}, "
        f"has {found.distribution.version}",
        paths=(context.path(by.index), *(context.path(one.index) for one in need.found)),
        subjects=(need.name, by.distribution.normalized),
        evidence=(
            Proof(context.path(by.index), metadata, f"Requires-Dist: {need.text}"),
            *(
                Proof(
                    context.path(one.index),
                    f"{one.distribution.folder}/METADATA",
                    f"Version: {one.distribution.version}",
                )
                for one in need.found
            ),
        ),
        remedy=remedy,
        notes=notes,
    )


RULE = Rule(
    id="P02",
    name="requirement-version",
    title="a requirement of METADATA met by a version outside its specifier",
    severity="warning",
    needs=("files",),
    what="A required distribution is there, at a version that METADATA excludes.",
    why="nixpkgs has one version of each package and no solver: nobody tested this pair upstream.",
    how=(
        "As P01, but for requirements that something in the environment meets by name. The interpreter is compared"
        " with Requires-Python, too. Versions are compared as PEP 440 has it, pre-releases allowed, as nixpkgs' "
        "own check does. What `pythonRelaxDeps` changed is changed in METADATA, and fits."
    ),
    fix="Update, `pythonRelaxDeps`, or override the version for the whole set with `packageOverrides`.",
    check=_check,
    judges=lambda context: context.python_paths,
)
