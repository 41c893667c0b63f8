"""P23: requirements in a circle, and the edge that Nix had to cut."""

from __future__ import annotations

from collections.abc import Iterator

from pyclosure.queries.base.verdicts import Finding, Judged, Proof, Verdict
from pyclosure.queries.environment.requirements import Needed, undecided
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.rule import Rule


def _check(context: Context) -> Iterator[Verdict]:
    seen: set[frozenset[str]] = set()
    count = 0
    for requirements in context.requirements:
        count += len(requirements.installed)
        yield from undecided(RULE.id, context, (need for need in requirements.all if need.found))
        for members in requirements.circles:
            if members not in seen:
                seen.add(members)
                yield _finding(context, members, requirements.of_circles[members])
    yield Judged(count, "distributions")


def _finding(context: Context, members: frozenset[str], inside: list[Needed]) -> Finding:
    cut = [need for need in inside if need.reach == "scope"]
    names = sorted(members)
    told = ", ".join(f"{need.by.distribution.normalized} → {need.name}" for need in cut[:3])
    outcome = f"; not realised: {told}" if cut else ""
    positions = dict.fromkeys(need.by.index for need in (*cut, *inside))
    return Finding(
        rule=RULE.id,
        severity="info",
        certainty="certain",
        tier="F",
        title=f"metadata cycle: {' ⇄ '.join(names[:4])}{' …' if len(names) > 4 else ''}{outcome}",
        paths=tuple(context.path(index) for index in positions),
        subjects=tuple(names),
        evidence=tuple(_proof(context, need) for need in sorted(inside, key=lambda one: one.reach != "scope")),
        remedy=(
            "nothing, where both ends are always used together; else say in a comment which edge was cut, "
            "or merge the two"
        ),
        notes=("Nix allows no circle between builds, so that one side cannot propagate the other.",) if cut else (),
    )


def _proof(context: Context, need: Needed) -> Proof:
    realised = {"direct": "propagated", "transitive": "propagated by what it propagates", "scope": "not propagated"}
    words = realised.get(need.reach, "not known whether it is propagated")
    folder = need.by.distribution.folder
    return Proof(context.path(need.by.index), f"{folder}/METADATA", f"Requires-Dist: {need.text} ({words})")


RULE = Rule(
    id="P23",
    name="metadata-cycle",
    title="distributions that require each other in a circle",
    severity="info",
    needs=("files",),
    what="Requirements of METADATA lead back to where they began, which Nix cannot build as they stand.",
    why="One edge was cut to build it; who uses that side alone misses the other.",
    how=(
        "Strongly connected distributions of the graph of requirements that apply, extras in effect included. Each"
        " requirement inside is marked as propagated or not; the one that is not is where the circle was cut. That"
        " it was cut for this reason is an inference."
    ),
    fix="Nothing, or a comment beside the dependency that was left out.",
    check=_check,
    judges=lambda context: context.python_paths,
)
