"""P24: requirements that the build changed."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.utils import canonicalize_name

from pyclosure.queries.base.verdicts import Finding, Judged, Proof, Verdict
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.rule import Rule
from pyclosure.queries.findings.wording import some

_ATTRIBUTES = {
    "pythonRelaxDeps": "relaxes the versions of",
    "pythonRemoveDeps": "drops the requirements",
    "dontCheckRuntimeDeps": "skips the check of",
}


def _check(context: Context) -> Iterator[Verdict]:
    count = 0
    for index in context.python_paths:
        derivation = context.derivation(index)
        if derivation is None or context.identity(index).output.value != "out":
            continue
        count += 1
        found = {key: derivation.attribute(key).split() for key in _ATTRIBUTES if derivation.attribute(key)}
        if found:
            yield _finding(context, index, derivation.path, found)
    yield Judged(count, "derivations")


def _finding(context: Context, index: int, drv: str, found: dict[str, list[str]]) -> Finding:
    vain = _in_vain(context, index, found.get("pythonRemoveDeps", []))
    parts = [f"{_ATTRIBUTES[key]} {_named(names)}" for key, names in found.items() if names != vain]
    if vain:
        parts.append(f"names {some(vain)} in pythonRemoveDeps, to no effect")
    words = "; ".join(parts)
    absent = [name for name in found.get("pythonRemoveDeps", ()) if _is_missing(context, name)]
    return Finding(
        rule=RULE.id,
        severity="warning" if vain else "info",
        certainty="certain",
        tier="D",
        title=f"{context.label(index)} {words}",
        paths=(context.path(index),),
        subjects=(context.name(index),),
        evidence=tuple(Proof(drv, "", f"{key} = {' '.join(names)}") for key, names in found.items()),
        remedy="correct the spelling, or see why the hook does not run: METADATA still has the requirement"
        if vain
        else "look whether upstream has loosened its bounds meanwhile; keep a comment that says why it is needed",
        notes=(f"Not in the closure at all: {', '.join(absent)}.",) if absent else (),
    )


def _in_vain(context: Context, index: int, names: list[str]) -> list[str]:
    """Return what pythonRemoveDeps names and METADATA requires all the same."""
    facts = context.files(index)
    required = {name for one in (facts.distributions if facts else ()) for name in context.required(one).names}
    return [name for name in names if str(canonicalize_name(name)) in required]


def _named(names: list[str]) -> str:
    return "everything" if names == ["1"] or names == ["true"] else some(names, 6)


def _is_missing(context: Context, name: str) -> bool:
    """Say whether it is known that no distribution of a name is in the closure."""
    whole = len(context.knowledge.files) == len(context.closure)
    return whole and str(canonicalize_name(name)) not in context.distribution_names


RULE = Rule(
    id="P24",
    name="relaxed-requirements",
    title="requirements that the build changed or did not check",
    severity="info",
    needs=("derivations",),
    what="The derivation loosens, drops or does not check what METADATA requires.",
    why="METADATA of the result no longer says what upstream tested; nobody is told when it stops being needed.",
    how=(
        "Attributes `pythonRelaxDeps`, `pythonRemoveDeps` and `dontCheckRuntimeDeps` of the derivations that are here."
    ),
    fix="Look after each update whether it is still needed.",
    check=_check,
    judges=lambda context: context.python_paths,
)
