"""P01: a requirement that nothing meets."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.utils import canonicalize_name

from pyclosure.queries.base.verdicts import Finding, Judged, Proof, Unknown, Verdict
from pyclosure.queries.environment.requirements import Needed, Requirements, askers, is_plugin, undecided
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.rule import Rule
from pyclosure.queries.findings.wording import some


def _check(context: Context) -> Iterator[Verdict]:
    seen: set[tuple[int, str]] = set()
    count = 0
    for requirements in context.requirements:
        count += len(requirements.all)
        yield from _unknowns(context, requirements)
        for need in requirements.all:
            if (need.by.index, need.name) in seen or need.reach != "absent" or not need.applies:
                continue
            if _is_due(context, need):
                seen.add((need.by.index, need.name))
                yield _finding(context, need, askers(context, requirements, need))
    yield Judged(count, "requirements")


def _is_due(context: Context, need: Needed) -> bool:
    """Say whether it is this rule that tells of an absent requirement, and whether it has to be there."""
    if is_plugin(context, need):
        return need.scope.kind != "package"
    if not context.lists_dependencies(need.by.index):
        return need.scope.kind == "environment"
    # what only building brings is P03's, what another scope of names brings is P05's
    return not context.build_inputs_called(need.by.index, need.name)


def _unknowns(context: Context, requirements: Requirements) -> Iterator[Verdict]:
    silent = [
        index
        for index in requirements.scope.members
        if requirements.scope.kind != "environment" and not context.lists_dependencies(index)
    ]
    if silent:
        yield Unknown(
            RULE.id,
            "what these packages depend on is listed neither in their files nor in a derivation that is here",
            "open the environment that they are used in",
            tuple(context.path(index) for index in silent),
        )
    yield from undecided(RULE.id, context, (need for need in requirements.all if need.reach == "absent"))
    if requirements.unparsed:
        yield Unknown(
            RULE.id,
            f"not a requirement: {requirements.unparsed[0].text}",
            "METADATA as the standard has it",
            tuple(sorted({context.path(one.by.index) for one in requirements.unparsed})),
        )


def _finding(context: Context, need: Needed, asking: list[str]) -> Finding:
    by = need.by
    extra = f" (extra {need.extra})" if need.extra else ""
    derivation = context.derivation(by.index)
    words = derivation.attribute("pythonRemoveDeps").split() if derivation is not None else ()
    relaxed = need.name in {str(canonicalize_name(word)) for word in words}
    notes = ["pythonRemoveDeps names it, but METADATA still asks for it."] if relaxed else []
    if asking:
        notes.append(f"The extra is asked for by {some(asking)}, which should bring it.")
    remedy = f"add {need.name} to dependencies; if it is not needed, pythonRemoveDeps with a comment that says why"
    if relaxed:
        remedy = f"see why pythonRemoveDeps has no effect on {need.name}: its spelling, or the hook that reads it"
    return Finding(
        rule=RULE.id,
        severity="error",
        certainty=need.certainty,
        tier=need.tier,
        title=(
            f"{context.label(by.index)} needs {need.requirement.name}{extra}: not in {context.label(need.scope.index)}"
        ),
        paths=(context.path(by.index),),
        subjects=(need.name, by.distribution.normalized),
        evidence=(Proof(context.path(by.index), f"{by.distribution.folder}/METADATA", f"Requires-Dist: {need.text}"),),
        remedy=remedy,
        notes=tuple(notes),
    )


RULE = Rule(
    id="P01",
    name="requirement-absent",
    title="a requirement of METADATA that nothing in the environment meets",
    severity="error",
    needs=("files",),
    what="A distribution requires another one at run time, its marker holds, and it is not there.",
    why="The import fails in production, often only on the path that nobody tests.",
    how=(
        "Requires-Dist of every distribution, with markers evaluated for the closure's own interpreter and "
        "platform and the extras that other requirements ask for, against what is importable in the environment, "
        "the application, or what a package propagates. Requirements of other platforms and of extras that nobody "
        "asked for do not count, nor does pytest for a plugin that stands alone: it must not propagate it."
    ),
    fix="Add it to `dependencies`. If the package works without it, `pythonRemoveDeps` and a comment.",
    check=_check,
    judges=lambda context: context.python_paths,
)
