"""All that a reviewer wants to know of a change to a closure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from pyclosure.queries.answers.chains import Edge
from pyclosure.queries.base.activity import SILENT, Activity, Progress
from pyclosure.queries.diff.causes import Attribution, Cause
from pyclosure.queries.diff.match import Change, ClosureDiff
from pyclosure.queries.diff.reasons import Reasons
from pyclosure.queries.diff.requirements import RequirementChange, requirement_changes
from pyclosure.queries.diff.verdicts import FindingsDiff, GapsDiff, findings_diff, gaps_diff
from pyclosure.queries.findings.context import Context
from pyclosure.queries.findings.judge import judge
from pyclosure.queries.findings.report import Report
from pyclosure.queries.opened.evidence import EdgeEvidence, EvidenceStore
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.queries.policy.policy import Policy
from pyclosure.queries.rebuild.compare import Comparison
from pyclosure.queries.testing.survey import Survey

MOST_EVIDENCE = 12
"""References whose files are looked for: the ones that bring most."""


@dataclass(frozen=True)
class Review:
    """A difference with its causes and what they mean."""

    diff: ClosureDiff
    attribution: Attribution
    reasons: Reasons
    requirements: tuple[RequirementChange, ...]
    evidence: Mapping[Edge, EdgeEvidence]
    """Reference of the new closure that brings something → the files that hold it."""
    findings: FindingsDiff | None = None
    """None when nobody judged."""
    reports: tuple[Report, Report] | None = None
    """What rules found in the old and in the new closure."""
    gaps: GapsDiff | None = None

    @property
    def causes(self) -> tuple[Cause, ...]:
        """Causes of the difference, the greatest first."""
        return self.attribution.causes

    @cached_property
    def lacking(self) -> tuple[str, ...]:
        """What is not known of either closure, and why."""
        found = []
        for side, knowledge in (("old", self.diff.old), ("new", self.diff.new)):
            states = (("files", knowledge.files_state), ("derivations", knowledge.derivations_state))
            found += [f"{side}: {words} not known: {state.reason}" for words, state in states if state.reason]
        return tuple(found)

    @cached_property
    def came_and_went(self) -> tuple[int, int]:
        """How many store paths only the new closure has, and how many only the old one."""
        old, new = self.diff.old.closure.position.keys(), self.diff.new.closure.position.keys()
        return len(new - old), len(old - new)

    def is_direct(self, change: Change) -> bool:
        """Say whether somebody asked for a path: it is a root, or an environment has it of its own accord."""
        old, new = self.attribution.direct
        return change.new in new if change.new is not None else change.old in old


def review(
    old: Knowledge,
    new: Knowledge,
    policy: Policy | None = None,
    activity: Activity = SILENT,
    *,
    judged: bool = True,
    comparison: Comparison | None = None,
) -> Review:
    """Compare two closures as far as they are known.

    Args:
        old: before, with all that could be read.
        new: after.
        policy: decisions about findings.
        activity: is told of progress, and may cancel.
        judged: whether rules are asked on both sides.
        comparison: both build graphs side by side, where somebody compared them already.

    Raises:
        Cancelled: the activity was cancelled.
    """
    diff = ClosureDiff(old, new)
    attribution = Attribution(diff)
    store = EvidenceStore(new)
    evidence: dict[Edge, EdgeEvidence] = {}
    for cause in attribution.causes:
        for edge in cause.edges if cause.kind == "brings" else ():
            if len(evidence) < MOST_EVIDENCE and new.identity(edge[0]).kind.value != "python-env":
                activity.report(Progress("looking for references", len(evidence), MOST_EVIDENCE, "references"))
                evidence[edge] = store.of(*edge, activity)
    reasons, requirements = Reasons(diff, comparison), requirement_changes(diff)
    activity.report(Progress("comparing derivations"))
    # worked out here, because whoever shows it has no time
    activity.check()
    _ = reasons.by_path
    found = Review(diff, attribution, reasons, requirements, evidence)
    return with_verdicts(found, policy, activity) if judged else found


def with_verdicts(
    found: Review,
    policy: Policy | None = None,
    activity: Activity = SILENT,
    new: tuple[Report, Survey] | None = None,
) -> Review:
    """Return a review with findings and test gaps that are new or gone.

    Args:
        found: the review.
        policy: decisions about findings.
        activity: is told of progress, and may cancel.
        new: findings and tests of the new closure, where somebody judged it already.

    Raises:
        Cancelled: the activity was cancelled.
    """

    def judged(knowledge: Knowledge) -> tuple[Report, Survey]:
        context = Context(knowledge, EvidenceStore(knowledge), policy or Policy(), activity=activity)
        return judge(context), context.tests

    before, tests_before = judged(found.diff.old)
    after, tests_after = new or judged(found.diff.new)
    return replace(
        found,
        findings=findings_diff(before, after),
        reports=(before, after),
        gaps=gaps_diff(tests_before, tests_after),
    )


def share_knowledge(old: Knowledge, new: Knowledge) -> None:
    """Let the new closure know what was read of paths that both have: with one hash, their content is one."""
    for path, index in new.closure.position.items():
        other = old.closure.position.get(path)
        if other is None or new.closure.infos[index].nar_hash is None:
            continue
        if new.closure.infos[index].nar_hash == old.closure.infos[other].nar_hash and path in old.inspections:
            new.learn_inspection(path, old.inspections[path])
