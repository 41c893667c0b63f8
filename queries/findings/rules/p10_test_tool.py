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
    found = leaks(context, lambda index: _is_tool(context, index))
    for leak in found:
        yield _finding(context, leak)
    told = {index for leak in found for index in leak.targets}
    unclear = [index for index in range(len(context.closure)) if index not in told and _may_be_leak(context, index)]
    if unclear:
        yield Unknown(
            RULE.id,
            "whether somebody propagates these test tools, or they were asked for, only files tell",
            "open it where its files are",
            tuple(context.path(index) for index in unclear),
        )
    yield Judged(len(context.closure), "paths")


def _may_be_leak(context: Context, index: int) -> bool:
    """Say whether a path could be a leaked test tool, for all that is known without files."""
    if context.is_wanted(index) or not is_test_tool(_name(context, index)):
        return False
    return context.is_blind(index) or bool(context.structure.reason and _is_tool(context, index))


def _is_tool(context: Context, index: int) -> bool:
    return context.kind(index) in ("python-package", "python-app", "python-dev") and is_test_tool(_name(context, index))


def _finding(context: Context, leak: Leak) -> Finding:
    names = [context.label(index) for index in leak.targets]
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
        title=f"{tools} at runtime: {some(names)}, by {some(context.label(index) for index in leak.referrers)}",
        paths=tuple(context.path(index) for index in (*leak.targets, *leak.referrers)),
        subjects=tuple(dict.fromkeys(_name(context, index) for index in (*leak.targets, *leak.referrers))),
        evidence=(*leak.proofs, *declared),
        remedy=remedy,
        # which references would follow only files tell
        cost=leak.saving.size if not context.structure.reason else None,
        cost_meaning="saved",
        notes=tuple(notes),
        edges=tuple((context.path(index), context.path(one)) for index, one in leak.edges),
    )


def _declared(context: Context, leak: Leak) -> list[Proof]:
    """Return the requirements in METADATA that ask for the tools, one for each reference that has one."""
    found = []
    for index, one in leak.edges:
        tool = _name(context, one)
        need = next((need for need in context.needs_of(index) if need.name == tool and need.applies), None)
        if need is not None:
            folder = need.by.distribution.folder
            found.append(Proof(context.path(index), f"{folder}/METADATA", f"Requires-Dist: {need.text}"))
    return found


def _name(context: Context, index: int) -> str:
    identity = context.identity(index)
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
