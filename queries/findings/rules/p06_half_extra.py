"""P06: an optional dependency that vanished."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from packaging.utils import canonicalize_name

from pyclosure.queries.base.verdicts import Finding, Judged, Proof, Unknown, Verdict
from pyclosure.queries.environment.requirements import Needed, Requirements
from pyclosure.queries.environment.scopes import Installed
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.rule import Rule
from pyclosure.queries.policy.conventions import is_for_developers


def _check(context: Context) -> Iterator[Verdict]:
    seen: set[tuple[int, str]] = set()
    count = 0
    for requirements in context.requirements:
        for by in (one for some in requirements.installed.values() for one in some):
            by_extra = {extra: requirements.of_extra(by, extra) for extra in by.distribution.extras}
            whole = _of_whole_extras(by_extra)
            # tools for developers are no feature; P10 tells when they leak
            for extra in (one for one in by.distribution.extras if not is_for_developers(one)):
                count += 1
                found = _half(requirements, by, extra, by_extra[extra], whole)
                if found is not None and (by.index, extra) not in seen:
                    seen.add((by.index, extra))
                    yield _finding(context, by, extra, *found)
    if seen:
        yield Unknown(
            RULE.id,
            "whether an argument that defaulted to null was meant cannot be seen in what was built",
            "the expression of the package",
        )
    yield Judged(count, "extras")


def _half(
    requirements: Requirements, by: Installed, extra: str, needs: list[Needed], whole: set[str]
) -> tuple[list[Needed], list[Needed]] | None:
    """Return what the package itself propagates for an extra, and what is absent; None when it is all or nothing."""
    absent = [need for need in needs if need.reach == "absent"]
    if not absent or str(canonicalize_name(extra)) in requirements.extras[by.distribution.normalized]:
        return None
    # nothing but extras in part asks for it
    explained = requirements.base_of(by) | whole
    there = [need for need in needs if need.reach == "direct" and need.name not in explained]
    return (there, absent) if there else None


def _of_whole_extras(by_extra: Mapping[str, list[Needed]]) -> set[str]:
    """Return the names that extras ask for of which nothing is absent: they need no other explanation."""
    complete = (needs for needs in by_extra.values() if all(need.reach != "absent" for need in needs))
    return {need.name for needs in complete for need in needs}


def _finding(context: Context, by: Installed, extra: str, there: list[Needed], absent: list[Needed]) -> Finding:
    have, lack = (", ".join(sorted({need.name for need in some})) for some in (there, absent))
    return Finding(
        rule=RULE.id,
        severity="info",
        certainty="probable",
        tier="F",
        title=f"{context.label(by.index)} has its extra {extra} in part: {have}, but not {lack}",
        paths=(context.path(by.index),),
        subjects=(by.distribution.normalized, extra),
        evidence=tuple(
            Proof(context.path(by.index), f"{by.distribution.folder}/METADATA", f"Requires-Dist: {need.text}")
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
    judges=lambda context: context.python_paths,
)
