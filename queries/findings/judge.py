"""Ask all rules, and say what could not be judged: a closure without data never passes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from pyclosure.queries.base.activity import Progress
from pyclosure.queries.base.errors import Cancelled
from pyclosure.queries.base.text import printable
from pyclosure.queries.base.verdicts import Finding, Judged, Unknown, worst_first
from pyclosure.queries.findings import all_rules
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.report import Accepted, Report
from pyclosure.queries.findings.rule import Need, Rule
from pyclosure.queries.opened.knowledge import TierState
from pyclosure.queries.policy.policy import Acceptance, Policy


def judge(context: Context, rules: Sequence[Rule] | None = None) -> Report:
    """Ask rules about a closure.

    Args:
        context: the closure.
        rules: those to ask; all by default. Which of them count is the policy's.

    Raises:
        Cancelled: the context's activity was cancelled.
    """
    policy = context.policy
    asked = [rule for rule in rules or all_rules() if policy.asks(rule.id) and _is_asked(rule, context)]
    findings: list[Finding] = []
    unknown: list[Unknown] = []
    judged: dict[str, Judged] = {}
    for done, rule in enumerate(asked):
        context.activity.check()
        context.activity.report(Progress("judging", done, len(asked), "rules"))
        for verdict in _ask(rule, context):
            if isinstance(verdict, Finding):
                severity = policy.severity(rule.id, verdict.severity)
                chain = verdict.chain or _chain(context, verdict)
                findings.append(_plain(replace(verdict, severity=severity, chain=chain)))
            elif isinstance(verdict, Unknown):
                unknown.append(verdict)
            else:
                judged[rule.id] = verdict
    findings.sort(key=worst_first)
    accepted = [Accepted(one, reason) for one in findings if (reason := _reason(policy, one)) is not None]
    covered = {id(one.finding) for one in accepted}
    blind = {one.rule for one in unknown}
    return Report(
        findings=tuple(one for one in findings if id(one) not in covered),
        unknown=tuple(unknown),
        accepted=tuple(accepted),
        judged=judged,
        stale=tuple(one for one in policy.accepted if _is_stale(one, findings, asked, blind)),
        unmatched=_unmatched(context),
        asked=tuple(rule.id for rule in asked),
        policy=policy,
    )


def _plain(finding: Finding) -> Finding:
    """Return a finding whose words are safe to show: attributes of derivations are quoted as they are."""
    evidence = (replace(proof, detail=printable(proof.detail)) for proof in finding.evidence)
    return replace(finding, title=printable(finding.title), evidence=tuple(evidence))


def _is_asked(rule: Rule, context: Context) -> bool:
    """Say whether a rule has a question here: without a lock file nobody asks about locks."""
    return "lock" not in rule.needs or bool(context.locks)


def _ask(rule: Rule, context: Context) -> Iterator[Finding | Unknown | Judged]:
    lacking = [one for need in rule.needs if (one := _lacking(rule, need, context)) is not None]
    if any(not one.paths for one in lacking):
        yield from lacking[:1]
        return
    yield from lacking
    try:
        yield from rule.check(context)
    except Cancelled:
        raise
    except RecursionError:
        yield Unknown(rule.id, "the closure is nested too deeply for it", "report it with the closure")


def _lacking(rule: Rule, need: Need, context: Context) -> Unknown | None:
    """Return what a rule lacks: for the whole closure, or for some of the paths that it judges."""
    if need in ("references", "lock"):
        return None
    knowledge = context.knowledge
    if need == "build":
        if knowledge.build is not None:
            return None
        return Unknown(rule.id, f"build graph not here: {_why(knowledge.build_state)}", _tells("derivations"))
    wanted = [context.path(index) for index in rule.judges(context)]
    if need == "files":
        state, missing = knowledge.files_state, [path for path in wanted if path not in knowledge.files]
    elif need == "inspection":
        state, missing = knowledge.inspections_state, [path for path in wanted if path not in knowledge.inspections]
    else:
        state = knowledge.derivations_state
        missing = [path for path in wanted if context.derivation(context.closure.position[path]) is None]
    if not missing and state.state in ("complete", "partial"):
        return None
    whole = not wanted or len(missing) == len(wanted)
    if whole and not wanted and state.state in ("complete", "partial"):
        return None
    words = {"derivations": "derivations not here", "inspection": "files not looked through"}
    what = words.get(need, "files not read")
    return Unknown(rule.id, f"{what}: {_why(state)}", _tells(need), () if whole else tuple(missing))


def _why(state: TierState) -> str:
    if state.state in ("waiting", "reading"):
        return "still reading" if state.state == "reading" else "nobody has looked yet"
    return state.reason or "some are missing"


def _tells(need: Need) -> str:
    if need == "derivations":
        return "evaluate the expression, or copy the closure with its derivations (nix copy --derivation)"
    return "open it where its files are: in the store that holds it, or a snapshot made with --evidence"


def _chain(context: Context, finding: Finding) -> tuple[str, ...]:
    if finding.edges:
        # by way of who brings it in, not of an environment that links to everything
        referrer, reference = finding.edges[0]
        return (*context.chain(context.closure.position[referrer]), reference)
    index = context.closure.position.get(finding.paths[0]) if finding.paths else None
    return context.chain(index) if index is not None else ()


def _unmatched(context: Context) -> tuple[str, ...]:
    """Return names that the policy wants in vain: misspelt, or gone."""
    if not context.policy.wanted:
        return ()
    names = {name for index in range(len(context.closure)) for name in context.names(index)}
    return tuple(one for one in context.policy.wanted if not any(fnmatchcase(name, one) for name in names))


def _reason(policy: Policy, finding: Finding) -> str | None:
    return next((one.reason for one in policy.accepted if one.covers(finding)), None)


def _is_stale(one: Acceptance, findings: Sequence[Finding], asked: Sequence[Rule], blind: set[str]) -> bool:
    could_judge = any(rule.id == one.rule for rule in asked) and one.rule not in blind
    return could_judge and not any(one.covers(finding) for finding in findings)
