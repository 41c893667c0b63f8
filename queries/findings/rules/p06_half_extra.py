"""P06: an optional dependency that vanished."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.utils import canonicalize_name

from pyclosure.queries.findings.conventions import is_for_developers
from pyclosure.queries.findings.finding import Finding, Judged, Proof, Rule, Unknown, Verdict
from pyclosure.queries.findings.requirements import Needed, Requirements
from pyclosure.queries.findings.scene import Installed, Scene


def _check(scene: Scene) -> Iterator[Verdict]:
    seen: set[tuple[int, str]] = set()
    count = 0
    for requirements in scene.requirements:
        for some in requirements.installed.values():
            for by in some:
                for extra in by.distribution.extras:
                    # tools for developers are no feature; P10 tells when they leak
                    if is_for_developers(extra):
                        continue
                    count += 1
                    found = _half(scene, requirements, by, extra)
                    if found is not None and (by.at, extra) not in seen:
                        seen.add((by.at, extra))
                        yield _finding(scene, by, extra, *found)
    if seen:
        yield Unknown(
            RULE.id,
            "whether an argument that defaulted to null was meant cannot be seen in what was built",
            "the expression of the package",
        )
    yield Judged(count, "extras")


def _half(
    scene: Scene, requirements: Requirements, by: Installed, extra: str
) -> tuple[list[Needed], list[Needed]] | None:
    """Return what the package itself propagates for an extra, and what is absent; None when it is all or nothing."""
    needs = requirements.of_extra(by, extra)
    whole = _of_whole_extras(requirements, by)
    there = [need for need in needs if need.reach == "direct" and _only_for_extra(requirements, need, whole)]
    absent = [need for need in needs if need.reach == "absent"]
    in_effect = str(canonicalize_name(extra)) in requirements.extras[by.distribution.normalized]
    return (there, absent) if there and absent and not in_effect else None


def _of_whole_extras(requirements: Requirements, by: Installed) -> set[str]:
    """Return the names that extras ask for of which nothing is absent: they need no other explanation."""
    found: set[str] = set()
    for extra in by.distribution.extras:
        needs = requirements.of_extra(by, extra)
        if not any(need.reach == "absent" for need in needs):
            found.update(need.name for need in needs)
    return found


def _only_for_extra(requirements: Requirements, need: Needed, whole: set[str]) -> bool:
    """Say whether nothing but extras in part asks for what the package propagates."""
    base = {one.name for one in requirements.all if one.by == need.by and not one.extra}
    return need.name not in base | whole


def _finding(scene: Scene, by: Installed, extra: str, there: list[Needed], absent: list[Needed]) -> Finding:
    have, lack = (", ".join(sorted({need.name for need in some})) for some in (there, absent))
    return Finding(
        rule=RULE.id,
        severity="info",
        certainty="probable",
        tier="F",
        title=f"{scene.label(by.at)} has its extra {extra} in part: {have}, but not {lack}",
        paths=(scene.path(by.at),),
        subjects=(by.distribution.normalized, extra),
        evidence=tuple(
            Proof(scene.path(by.at), f"{by.distribution.folder}/METADATA", f"Requires-Dist: {need.text}")
            for need in (*absent, *there)
        ),
        remedy=f"package {lack}, or make the extra explicit: optional-dependencies.{extra}",
        notes=("An argument written as `x ? null` vanishes without a trace when the set has no such package.",),
    )


RULE = Rule(
    id="P06",
    name="extra-in-part",
    title="an extra of which only a part is there",
    severity="info",
    needs=("files",),
    what=(
        "A package itself propagates some requirements of one of its extras, while others of the same extra are absent."
    ),
    why="Arguments that default to null disappear silently, and with them a feature.",
    how=(
        "For each extra that is a feature (test, dev, doc and the like are not), whose marker holds here and that "
        "nobody asks for: requirements that only it has (or other extras in part), split into those that the "
        "package propagates and those that nothing brings. All or nothing is no finding. Whether the rest was left"
        " out on purpose only the expression tells."
    ),
    fix="Package what is missing, or list the extra under `optional-dependencies` and say which ones are taken.",
    check=_check,
    judges=lambda scene: scene.python_paths,
)
