"""P05: a name that resolved to the other kind of package."""

from __future__ import annotations

from collections.abc import Iterator

from pyclosure.queries.base.names import STORE_PATH, name_of, parse_name
from pyclosure.queries.base.verdicts import Finding, Judged, Proof, Verdict
from pyclosure.queries.environment.requirements import Needed, Requirements, undecided
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.rule import Rule
from pyclosure.queries.policy.conventions import is_both, is_for_developers


def _check(context: Context) -> Iterator[Verdict]:
    seen: set[tuple[int, str]] = set()
    for requirements in context.requirements:
        yield from undecided(RULE.id, context, (need for need in requirements.all if _native_inputs(context, need)))
        # what is asked for comes first, so that it is told as such
        for asked, needs in ((True, requirements.all), (False, _optional(context, requirements))):
            for need in needs:
                native = _native_inputs(context, need)
                if native and need.applies and (need.by.index, need.name) not in seen:
                    seen.add((need.by.index, need.name))
                    yield _native_for_python(context, need, native, asked=asked)
    for index in context.python_paths:
        for path in _python_for_native(context, index):
            yield _python_finding(context, index, path)
    yield Judged(len(context.python_paths), "packages")


def _optional(context: Context, requirements: Requirements) -> Iterator[Needed]:
    """Yield requirements of extras that are features, of packages that could be given the wrong thing."""
    for by in (one for some in requirements.installed.values() for one in some):
        if context.lists_dependencies(by.index) and context.derivation(by.index) is not None:
            for extra in by.distribution.extras:
                if not is_for_developers(extra):
                    yield from requirements.of_extra(by, extra)


def _native_inputs(context: Context, need: Needed) -> list[str]:
    """Return the native packages that a package was given for an absent requirement."""
    # packages of pyproject.nix have no prefix, so that names tell nothing of their inputs
    if need.reach != "absent" or not context.lists_dependencies(need.by.index):
        return []
    inputs = context.build_inputs_called(need.by.index, need.name)
    return [path for path, _ in inputs] if not any(python for _, python in inputs) else []


def _native_for_python(context: Context, need: Needed, inputs: list[str], *, asked: bool) -> Finding:
    by = need.by
    derivation = context.derivation(by.index)
    assert derivation is not None
    extra = f" (extra {need.extra})" if need.extra else ""
    return Finding(
        rule=RULE.id,
        severity="error" if asked else "warning",
        certainty="probable",
        tier="D",
        title=(
            f"{context.label(by.index)} needs the Python {need.requirement.name}{extra}, was given {name_of(inputs[0])}"
        ),
        paths=(context.path(by.index),),
        subjects=(need.name, by.distribution.normalized),
        evidence=(
            Proof(context.path(by.index), f"{by.distribution.folder}/METADATA", f"Requires-Dist: {need.text}"),
            *(Proof(derivation.path, "", f"input {path}") for path in inputs),
        ),
        remedy=f"take python3Packages.{need.name} explicitly: callPackage gave the native package of that name",
    )


def _python_for_native(context: Context, index: int) -> Iterator[str]:
    derivation = context.derivation(index)
    if derivation is None:
        return
    for word in derivation.attribute("buildInputs").split():
        parts = parse_name(name_of(word)) if STORE_PATH.fullmatch(word) else None
        if parts is not None and parts.interpreter and is_both(parts.pname.lower()):
            facts = context.files(index)
            required = {need.name for need in context.needs_of(index)}
            if facts is not None and parts.pname.lower() not in required:
                yield word


def _python_finding(context: Context, index: int, path: str) -> Finding:
    derivation = context.derivation(index)
    assert derivation is not None
    pname = parse_name(name_of(path)).pname
    return Finding(
        rule=RULE.id,
        severity="error",
        certainty="probable",
        tier="D",
        title=f"{context.label(index)} is built against the Python {pname} where a C library of that name exists",
        paths=(context.path(index),),
        subjects=(pname.lower(), context.name(index)),
        evidence=(Proof(derivation.path, "", f"buildInputs names {path}"),),
        remedy=f"take pkgs.{pname} explicitly: callPackage of the Python set gave the Python package of that name",
    )


RULE = Rule(
    id="P05",
    name="wrong-scope",
    title="a dependency that resolved to the native package, or to the Python one, of that name",
    severity="error",
    needs=("files", "derivations"),
    what=(
        "A Python requirement is absent, and the derivation has a native package of that name among its inputs; or"
        " a Python package stands in buildInputs where a C library has the same name."
    ),
    why="callPackage resolves arguments by name alone, first in the Python set, then in nixpkgs: nothing warns.",
    how=(
        "Absent requirements (P01), extras included, are looked for by name among the native inputs of the "
        "derivation; Python packages in buildInputs are compared with the names that exist as both "
        "(conventions.toml). That a name meant the other one is an inference, hence probable."
    ),
    fix="Name the set: `pkgs.zlib-ng`, `python3Packages.brotli`.",
    check=_check,
    judges=lambda context: context.python_paths,
)
