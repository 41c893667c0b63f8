"""P04: a propagated dependency that nobody asks for."""

from __future__ import annotations

from collections.abc import Iterator

from pyclosure.queries.base.verdicts import Finding, Judged, Proof, Verdict
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.rule import Rule
from pyclosure.queries.policy.conventions import is_python_build_tool, is_test_tool


def _check(context: Context) -> Iterator[Verdict]:
    count = 0
    for index in context.python_paths:
        facts, inspection = context.files(index), context.inspection(index)
        if facts is None or inspection is None or not facts.distributions or not context.lists_dependencies(index):
            continue
        for one in sorted(context.propagated[index] or ()):
            other = context.package_of(one)
            if other is None or other == index:
                continue
            count += 1
            if not _is_asked_for(context, index, other):
                yield _finding(context, index, one, other)
    yield Judged(count, "propagated Python dependencies")


def _is_asked_for(context: Context, index: int, other: int) -> bool:
    """Say whether METADATA names a distribution of the other path, under any condition, or the code imports it."""
    facts, theirs, inspection = context.files(index), context.files(other), context.inspection(index)
    assert facts is not None and inspection is not None
    if theirs is None or not theirs.distributions:
        return True
    names = {one.normalized for one in theirs.distributions}
    # a leaked test tool is P10's, and what builds is P18's
    if any(is_test_tool(name) or is_python_build_tool(name) for name in names):
        return True
    # extras that it asks for are brought by who asks, as nixpkgs does it
    if any(names & (context.required(one).names | context.required_by_extras(one)) for one in facts.distributions):
        return True
    modules = context.modules(other)
    return not modules or not modules.isdisjoint(inspection.imports)


def _finding(context: Context, index: int, propagated: int, other: int) -> Finding:
    facts = context.files(index)
    assert facts is not None
    listing = context.listing(index)
    assert listing is not None
    holders = {index} if listing.holder is None else {index, listing.holder}
    edges = sorted(
        (here, one) for here in holders for one in {propagated, other} if one in context.closure.references[here]
    )
    metadata = facts.distributions[0].folder
    modules = ", ".join(sorted(context.modules(other))[:4])
    return Finding(
        rule=RULE.id,
        severity="warning",
        certainty="probable",
        tier="F",
        title=f"{context.label(index)} propagates {context.label(other)} for nothing",
        paths=(context.path(index), context.path(other)),
        subjects=(context.name(index), context.name(other)),
        evidence=(
            Proof(listing.path, listing.file, f"propagates {context.label(propagated)}"),
            Proof(context.path(index), f"{metadata}/METADATA", "no Requires-Dist names it"),
            Proof(context.path(index), "", f"no Python file imports {modules}"),
        ),
        remedy="drop it from dependencies",
        cost=context.saving(edges).size,
        cost_meaning="saved",
        notes=("A name that is put together at run time would not be seen.",),
        edges=tuple((context.path(here), context.path(one)) for here, one in edges),
    )


RULE = Rule(
    id="P04",
    name="superfluous-dependency",
    title="a propagated dependency that METADATA does not name and no file imports",
    severity="warning",
    needs=("files", "inspection"),
    what="A package propagates another Python package that neither its METADATA names nor its code imports.",
    why="It is shipped with everything that uses the package, and every change of it rebuilds all of that.",
    how=(
        "Packages in nix-support/propagated-build-inputs (or in the derivation, where the list lies elsewhere), "
        "without those that any Requires-Dist names, whatever its marker or extra, and without those whose modules"
        " are mentioned in an import anywhere in the package, even in a string. Test tools are P10's."
    ),
    fix="Drop it from `dependencies`, and measure with `pyclosure cuts`.",
    check=_check,
    judges=lambda context: context.python_paths,
)
