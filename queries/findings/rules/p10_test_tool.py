"""P10: test tools among what runs."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.utils import canonicalize_name

from pyclosure.queries.base.verdicts import Finding, Judged, Proof, Unknown, Verdict
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.leaks import Leak, assumption, leaks
from pyclosure.queries.findings.rule import Rule
from pyclosure.queries.findings.wording import some
from pyclosure.queries.policy.conventions import is_test_tool


def _check(context: Context) -> Iterator[Verdict]:
    found = leaks(context, lambda at: _is_tool(context, at))
    for leak in found:
        yield _finding(context, leak)
    told = {at for leak in found for at in leak.targets}
    unclear = [at for at in range(len(context.closure)) if at not in told and _may_be_leak(context, at)]
    if unclear:
        yield Unknown(
            RULE.id,
            "whether somebody propagates these test tools, or they were asked for, only files tell",
            "open it where its files are",
            tuple(context.path(at) for at in unclear),
        )
    yield Judged(len(context.closure), "paths")


def _may_be_leak(context: Context, at: int) -> bool:
    """Say whether a path could be a leaked test tool, for all that is known without files."""
    if context.is_wanted(at) or not is_test_tool(_name(context, at)):
        return False
    return context.is_blind(at) or bool(context.structure.reason and _is_tool(context, at))


def _is_tool(context: Context, at: int) -> bool:
    return context.kind(at) in ("python-package", "python-app", "python-dev") and is_test_tool(_name(context, at))


def _finding(context: Context, leak: Leak) -> Finding:
    names = [context.label(at) for at in leak.targets]
    declared = _declared(context, leak)
    upstream = len(declared) == len(leak.edges)
    notes = list(assumption(context, leak))
    if upstream:
        notes.insert(0, "METADATA requires it at run time: the change belongs upstream, or into pythonRemoveDeps.")
    tools = "test tools" if len(names) > 1 else "test tool"
    remedy = (
        "; ".join(leak.remedies)
        or "find the file that names it: pyclosure why, where the files are (or in a snapshot made with --evidence)"
    )
    return Finding(
        rule=RULE.id,
        severity="info" if upstream else "warning",
        certainty=leak.certainty,
        tier=leak.tier,
        title=f"{tools} at runtime: {some(names)}, by {some(context.label(at) for at in leak.referrers)}",
        paths=tuple(context.path(at) for at in (*leak.targets, *leak.referrers)),
        subjects=tuple(dict.fromkeys(_name(context, at) for at in (*leak.targets, *leak.referrers))),
        evidence=(*leak.proofs, *declared),
        remedy=remedy,
        # which references would follow only files tell
        cost=leak.saving.size if not context.structure.reason else None,
        cost_meaning="saved",
        notes=tuple(notes),
        edges=tuple((context.path(at), context.path(one)) for at, one in leak.edges),
    )


def _declared(context: Context, leak: Leak) -> list[Proof]:
    """Return the requirements in METADATA that ask for the tools, one for each reference that has one."""
    found = []
    for at, one in leak.edges:
        tool = _name(context, one)
        need = next((need for need in context.needs_of(at) if need.name == tool and need.applies), None)
        if need is not None:
            folder = need.by.distribution.folder
            found.append(Proof(context.path(at), f"{folder}/METADATA", f"Requires-Dist: {need.text}"))
    return found


def _name(context: Context, at: int) -> str:
    identity = context.identity(at)
    return identity.distribution or str(canonicalize_name(identity.pname))


RULE = Rule(
    id="P10",
    name="test-tool-at-runtime",
    title="test tool in the runtime closure",
    severity="warning",
    needs=("references",),
    what="pytest, hypothesis, mock, coverage or another test tool is propagated by a package that is none itself.",
    why="It and all it needs are shipped, and changing it rebuilds everything that depends on the package.",
    how=(
        "Distributions are told by METADATA, or by name where files are not known. Named is the package whose "
        "propagated-build-inputs (or another file) holds the reference; what a test tool itself needs is its "
        "consequence. No leak is a test tool that a root environment was asked for, or that only other test tools "
        "bring. When METADATA requires the tool at run time it is upstream's decision, and only mentioned."
    ),
    fix="Move it from `dependencies` to `nativeCheckInputs`.",
    check=_check,
)
