"""P09: several interpreters where one is enough."""

from __future__ import annotations

from collections.abc import Iterator

from pyclosure.queries.answers.chains import Edge
from pyclosure.queries.base.verdicts import Finding, Judged, Proof, Severity, Verdict
from pyclosure.queries.environment.scopes import Scope
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.rule import Rule
from pyclosure.queries.findings.wording import some

_FARMS = frozenset({"system", "unknown", "native-tool", "data"})


def _check(context: Context) -> Iterator[Verdict]:
    reported: set[frozenset[int]] = set()
    tops = [scope for scope in context.scopes if scope.kind != "package"]
    for scope in tops:
        found = _different(context, scope.index)
        if len(found) > 1 and frozenset(found) not in reported:
            reported.add(frozenset(found))
            yield _finding(context, scope.index, found, _expected(context, scope))
    for root in context.closure.roots:
        found = _different(context, root)
        if len(found) > 1 and not any(set(found) <= one for one in reported):
            reported.add(frozenset(found))
            yield _finding(context, root, found, None)
    yield Judged(len(context.interpreters), "interpreters")


def _different(context: Context, top: int) -> list[int]:
    """Return interpreters below a path of different name, version or ABI; builds of one version are another rule's."""
    found: dict[tuple[str, str, str], int] = {}
    for index in context.interpreters_below(top):
        identity = context.identity(index)
        found.setdefault((identity.pname, identity.version, context.abi(index)), index)
    return sorted(
        found.values(),
        key=lambda index: (-len(context.closure.referrers[index]), context.label(index), context.path(index)),
    )


def _expected(context: Context, scope: Scope) -> int | None:
    return context.interpreter_of(scope)


def _finding(context: Context, top: int, found: list[int], expected: int | None) -> Finding:
    own = expected if expected in found else found[0]
    others = [index for index in found if index != own]
    edges = _entries(context, top, others)
    holders = {index for index, _ in edges}
    # a system, or several applications side by side, may have one each
    side_by_side = context.kind(top) in _FARMS or all(
        index in context.closure.roots and index != top for index in holders
    )
    severity: Severity = "info" if side_by_side else "warning"
    proofs = [proof for edge in edges for proof in context.proofs(*edge)]
    users = [Proof(context.path(index), "", f"referenced by {some(context.users(index))}") for index in found]
    sure = all(context.identity(index).kind.tier != "N" for index in found)
    return Finding(
        rule=RULE.id,
        severity=severity,
        certainty="certain" if sure else "probable",
        tier="F" if proofs and sure else context.identity(others[0]).kind.tier,
        title=f"{len(found)} interpreters in {context.label(top)}: {some(_names(context, found))}",
        paths=tuple(context.path(index) for index in (*others, own)),
        subjects=tuple(dict.fromkeys(context.identity(index).pname for index in (*others, own))),
        evidence=(*users, *proofs),
        remedy="find the reference to the other one (a script's first line, a tool that embeds Python) and drop it",
        cost=context.saving(edges).size,
        cost_meaning="saved",
        edges=tuple((context.path(index), context.path(one)) for index, one in edges),
    )


def _names(context: Context, found: list[int]) -> list[str]:
    """Return what the interpreters are called, with the ABI where that alone tells them apart."""
    labels = [context.label(index) for index in found]
    if len(set(labels)) == len(labels):
        return labels
    return [f"{context.label(index)} ({context.abi(index)})" for index in found]


def _entries(context: Context, top: int, others: list[int]) -> list[Edge]:
    """Return the references by which the other interpreters come in."""
    within = set(context.closure.requisites([top]))
    return [(index, one) for one in others for index in context.closure.referrers[one] if index in within]


RULE = Rule(
    id="P09",
    name="several-interpreters",
    title="several interpreters in the closure of one environment or application",
    severity="warning",
    needs=("references",),
    what="From one environment or application a second interpreter, of another version or kind, is reachable.",
    why="An interpreter weighs tens of MiB, often only for the first line of one script.",
    how=(
        "Interpreters are told by derivation, files or name; each is listed with what references it and with the "
        "files that hold the reference. A system or a farm of several applications may have one each: then it is "
        "only mentioned. Builds of one version with different hashes are P08's."
    ),
    fix=("Patch the first line of scripts, take tools apart from libraries (`toPythonApplication`), or drop the tool."),
    check=_check,
)
