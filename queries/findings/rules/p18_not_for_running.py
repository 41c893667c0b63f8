"""P18: compilers, headers, sources and build tools among what runs."""

from __future__ import annotations

from collections.abc import Iterator

from pyclosure.queries.base.names import name_of, parse_name
from pyclosure.queries.base.verdicts import Finding, Judged, Unknown, Verdict
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.leaks import Leak, assumption, leaks
from pyclosure.queries.findings.rule import Rule
from pyclosure.queries.findings.wording import some
from pyclosure.queries.kinds.by_name import kind_by_name
from pyclosure.queries.policy.conventions import is_native_build_tool, is_python_build_tool

_WORDS = {
    "toolchain": "compiler",
    "dev": "headers",
    "source": "sources",
    "hook": "build hook",
    "tool": "build tool",
}
_FIXES = {
    "toolchain": "find what records the compiler, and removeReferencesTo",
    "dev": "propagatedBuildInputs → buildInputs, or take the library alone: lib.getLib",
    "source": "do not copy or mention src in the output; removeReferencesTo if it is only recorded",
    "hook": "nativeBuildInputs instead of propagatedBuildInputs",
    "tool": "build-system or nativeBuildInputs instead of dependencies",
}


def _check(context: Context) -> Iterator[Verdict]:
    found = leaks(context, lambda index: _class(context, index) is not None)
    for leak in found:
        yield _finding(context, leak)
    unclear = tuple(context.path(index) for index in range(len(context.closure)) if context.is_blind(index))
    if unclear:
        yield Unknown(RULE.id, "what these paths are is not known", "their files or derivations", unclear)
    tools = tuple(context.path(index) for index in context.python_paths if _is_python_tool(context, index))
    if tools and not context.knows_metadata:
        yield Unknown(RULE.id, "whether METADATA requires these build tools is not known", "the packages' files", tools)
    yield Judged(len(context.closure), "paths")


def _class(context: Context, index: int) -> str | None:
    """Return what kind of leak a path is; None for what may run."""
    identity = context.identity(index)
    kind = identity.kind.value
    if kind == "source":
        return "source" if _looks_like_source(context, index) else None
    if kind in ("toolchain", "dev", "hook"):
        return kind
    if kind == "native-tool" and is_native_build_tool(identity.pname):
        return "tool"
    if _is_python_tool(context, index) and context.knows_metadata:
        # what METADATA of anything here asks for is needed, whatever the conditions
        return None if identity.distribution in context.required_names else "tool"
    return None


def _is_python_tool(context: Context, index: int) -> bool:
    return context.kind(index) == "python-package" and is_python_build_tool(context.identity(index).distribution or "")


def _looks_like_source(context: Context, index: int) -> bool:
    """Say whether something that was fetched is source code, rather than data which is used as it is."""
    name = name_of(context.path(index))
    facts = context.files(index)
    by_name = kind_by_name(name, parse_name(name))
    named = by_name is not None and by_name.value == "source"
    return named or bool(facts and (facts.source_marks or facts.head == "archive"))


def _finding(context: Context, leak: Leak) -> Finding:
    first = leak.targets[0]
    worst = _class(context, first) or "toolchain"
    names = some(context.label(index) for index in leak.targets)
    referrers = some(context.label(index) for index in leak.referrers)
    below = [index for index in leak.saving.paths if index not in leak.targets]
    notes = list(assumption(context, leak))
    if below:
        heaviest = sorted(below, key=lambda index: -context.closure.nar_sizes[index])
        notes.insert(0, f"With it leave {some(map(context.label, heaviest))}.")
    # who holds it says more than what it is
    fixes = dict.fromkeys(leak.remedies or (_FIXES[_class(context, index) or "toolchain"] for index in leak.targets))
    return Finding(
        rule=RULE.id,
        severity="warning",
        certainty=leak.certainty,
        tier=leak.tier,
        title=f"{_WORDS[worst]} at runtime: {names}, by {referrers}",
        paths=tuple(context.path(index) for index in (*leak.targets, *leak.referrers)),
        subjects=tuple(dict.fromkeys(context.identity(index).pname for index in (*leak.targets, *leak.referrers))),
        evidence=leak.proofs,
        remedy="; ".join([*fixes, "keep it out for good: disallowedReferences"]),
        cost=leak.saving.size,
        cost_meaning="saved",
        notes=tuple(notes),
        edges=tuple((context.path(index), context.path(one)) for index, one in leak.edges),
    )


RULE = Rule(
    id="P18",
    name="not-for-running",
    title="compiler, headers, sources or build tools in the runtime closure",
    severity="warning",
    needs=("references",),
    what=(
        "A compiler or linker, a -dev output with headers, source code, a setup hook or a build tool is in the "
        "runtime closure, because a file of something that runs mentions it."
    ),
    why=("Compilers and headers are often the largest part of an image, and what nobody runs still has to be patched."),
    how=(
        "Paths are told apart by derivation, files, or name. Named is who brings the path in, with every file that"
        " holds the reference and the .pyc twin of each Python file; what only a leaked path needs is its "
        "consequence. These are not leaks: the libraries of a compiler (gcc-lib, libgcc), Python's own -dev "
        "outputs, which hold nothing but lists of dependencies, fetched data that is no source code, build tools that "
        "some METADATA requires, what a root environment was asked to hold, and what the policy wants. The bytes are "
        "those that leave when all named references go."
    ),
    fix=(
        "Move it from `propagatedBuildInputs` to `buildInputs` or `nativeBuildInputs`; take the library alone with"
        " `lib.getLib`; drop recorded paths with `removeReferencesTo` before bytecode is compiled; keep it out for"
        " good with `disallowedReferences`."
    ),
    check=_check,
)
