"""P03: a requirement met by accident: by what builds the package, or by what others bring."""

from __future__ import annotations

from collections.abc import Iterator

from pyclosure.queries.base.verdicts import Finding, Judged, Proof, Unknown, Verdict
from pyclosure.queries.environment.requirements import Needed, Requirements, askers, is_plugin, undecided
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.rule import Rule
from pyclosure.queries.findings.wording import some


def _check(context: Context) -> Iterator[Verdict]:
    seen: set[tuple[int, str]] = set()
    blind: set[int] = set()
    count = 0
    for requirements in context.requirements:
        listed = [need for need in requirements.all if context.lists_dependencies(need.by.index)]
        yield from undecided(RULE.id, context, (need for need in listed if need.reach in ("absent", "scope")))
        for need in listed:
            count += 1
            if not need.applies or (need.by.index, need.name) in seen or is_plugin(context, need):
                continue
            if need.reach == "absent" and context.derivation(need.by.index) is None:
                blind.add(need.by.index)
            inputs = context.build_inputs_called(need.by.index, need.name) if need.reach == "absent" else ()
            python = [path for path, is_python in inputs if is_python]
            if python:
                seen.add((need.by.index, need.name))
                yield _built_with(context, need, python)
            elif need.reach == "scope" and not _is_settled(requirements, need):
                seen.add((need.by.index, need.name))
                yield _brought_by_others(context, need, askers(context, requirements, need))
    if blind:
        yield Unknown(
            RULE.id,
            "whether what they lack is among their build inputs: derivations not here",
            "evaluate the expression, or copy the closure with its derivations (nix copy --derivation)",
            tuple(context.path(index) for index in sorted(blind)),
        )
    yield Judged(count, "requirements")


def _is_settled(requirements: Requirements, need: Needed) -> bool:
    """Say whether somebody sees to a requirement: a circle is P23's, and of an extra who asks for it brings it."""
    in_a_circle = requirements.in_a_circle(need.by.distribution.normalized, need.name)
    return in_a_circle or requirements.brought_by_who_asks(need)


def _built_with(context: Context, need: Needed, inputs: list[str]) -> Finding:
    derivation = context.derivation(need.by.index)
    assert derivation is not None
    return Finding(
        rule=RULE.id,
        severity="error",
        certainty=need.certainty,
        tier="D",
        title=f"{context.label(need.by.index)} needs {need.requirement.name}: there only while it is built",
        paths=(context.path(need.by.index),),
        subjects=(need.name, need.by.distribution.normalized),
        evidence=(_required(context, need), *(Proof(derivation.path, "", f"input {path}") for path in inputs)),
        remedy=f"move {need.name} from the build or check inputs to dependencies",
        notes=(
            "nixpkgs' check of runtime dependencies is satisfied, because it sees all that is there while building.",
        ),
    )


def _brought_by_others(context: Context, need: Needed, asking: list[str]) -> Finding:
    others = {index for one in need.found for index in context.propagators(one.index)}
    holders = some(context.label(index) for index in sorted(others.intersection(need.scope.members)))
    where = context.label(need.scope.index)
    listing = context.listing(need.by.index)
    assert listing is not None
    extra = f" (extra {need.extra})" if need.extra else ""
    of_whom = f" of {some(one.partition(' (')[0] for one in asking)}" if asking else ""
    return Finding(
        rule=RULE.id,
        severity="warning",
        certainty=need.certainty,
        tier=need.tier if listing.holder is not None else "D",
        title=f"{context.label(need.by.index)} needs {need.requirement.name}{extra}, which only others bring",
        paths=(context.path(need.by.index), *(context.path(one.index) for one in need.found)),
        subjects=(need.name, need.by.distribution.normalized),
        evidence=(
            _required(context, need),
            Proof(listing.path, listing.file, f"what it propagates leads nowhere to {need.name}"),
        ),
        remedy=f"add {need.name} to dependencies{of_whom}: alone, or in another environment, the import fails",
        notes=(
            f"In {where} it comes with {holders}." if holders else f"{where} has it as a member of its own.",
            *((f"The extra is asked for by {some(asking)}, which should bring it.",) if asking else ()),
        ),
    )


def _required(context: Context, need: Needed) -> Proof:
    return Proof(context.path(need.by.index), f"{need.by.distribution.folder}/METADATA", f"Requires-Dist: {need.text}")


RULE = Rule(
    id="P03",
    name="requirement-by-accident",
    title="a requirement met only by accident",
    severity="error",
    needs=("files",),
    what=(
        "A required distribution is only among the build or check inputs, or is importable only because some other"
        " member of the environment brings it."
    ),
    why="It works here, and fails as soon as the package is used alone, or the other one lets go.",
    how=(
        "Requirements that apply (P01) but are not reached from what the package itself propagates, directly or "
        "not. Absent ones are looked for among the inputs of its derivation. Pairs that require each other in a "
        "circle are P23's: Nix had to cut one side. A pytest plugin is not to propagate pytest. Packages of "
        "pyproject.nix propagate nothing by design and are left out."
    ),
    fix="Add it to `dependencies`.",
    check=_check,
    judges=lambda context: context.python_paths,
)
