"""What changed between two closures, and whether it may pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import field

from pyclosure.queries.diff import causes, gates, match
from pyclosure.queries.diff.review import Review
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.tui.output.answers import Answer
from pyclosure.tui.output.answers.findings import FindingAnswer, finding_answer
from pyclosure.tui.output.answers.references import HoldingFile, Reference, holding_files, reference
from pyclosure.tui.words.diff import Shown

if TYPE_CHECKING:
    from pyclosure.queries.testing.survey import PackageTests


class Side(Answer, frozen=True):
    """One of both closures."""

    label: str
    roots: Sequence[str]
    paths: int
    closure_size: int
    distributions: int
    kinds: Mapping[str, int]
    """kind → paths"""


class BringingReference(Reference, frozen=True):
    """A reference that is new or gone."""

    evidence: Sequence[HoldingFile] | None
    """files that hold it; null where they were not looked for"""


class CauseAnswer(Answer, frozen=True):
    """What a part of the change is because of."""

    kind: str
    """`brings`, `drops` or `changes`"""
    target: str
    edges: Sequence[BringingReference]
    via: Sequence[str]
    """targets of other causes that lead there, too"""
    direct: bool
    paths: Sequence[str]
    """those of `drops` are of the old closure"""
    size_change: int


class Because(Answer, frozen=True):
    """Why a path was rebuilt."""

    path: str | None
    """what changed that it references"""
    lost: str | None
    """what it no longer references"""
    derivation: str | None
    """what differs in itself"""
    certainty: str


class ChangeAnswer(Answer, frozen=True):
    """One path, or a pair of paths, that changed."""

    kind: str = field(name="class")
    """`added`, `removed`, `duplicated`, `de-duplicated`, `version`, `output-changed`, `interpreter-only`, `resized` or
    `rebuilt`"""
    name: str
    old: str | None
    """store path; null when it was added"""
    new: str | None
    """store path; null when it was removed"""
    old_version: str | None
    new_version: str | None
    direction: str | None
    """of the version"""
    direct: bool
    """an environment names it"""
    size_change: int
    because: Because | None


class PythonRange(Answer, frozen=True):
    """What Python is asked for, before and after."""

    old: str
    new: str


class RequirementChange(Answer, frozen=True):
    """What a distribution requires now and no longer."""

    distribution: str
    added: Sequence[str]
    removed: Sequence[str]
    requires_python: PythonRange | None
    """null when it is as before"""


class FindingChanges(Answer, frozen=True):
    """How findings compare."""

    new: Sequence[FindingAnswer]
    gone: Sequence[FindingAnswer]
    unsure: Sequence[FindingAnswer]
    """may be new"""
    kept: int
    unjudged: Sequence[str]
    """rules that could not judge everywhere"""


class GapAnswer(Answer, frozen=True):
    """A package whose tests lack something."""

    path: str
    distribution: str
    concern: str
    missing: Sequence[str]


class GapChanges(Answer, frozen=True):
    """How gaps of tests compare."""

    new: Sequence[GapAnswer]
    gone: Sequence[GapAnswer]
    unsure: Sequence[GapAnswer]


class ChangedDerivation(Answer, frozen=True):
    """A derivation that differs in itself."""

    derivation: str
    was: str
    differs: Sequence[str]
    """attributes"""
    rebuilds: int


class DiffAnswer(Answer, frozen=True):
    """What changed between two closures."""

    command: str
    """what asks the same again"""
    old: Side
    new: Side
    size_change: int
    """bytes; the sum over `causes`, and over `classes`"""
    paths_added: int
    paths_removed: int
    counts: Mapping[str, int]
    """class → paths or pairs of paths; `unchanged` ones are counted here only"""
    causes: Sequence[CauseAnswer]
    classes: Sequence[ChangeAnswer]
    requirements: Sequence[RequirementChange]
    findings: FindingChanges | None
    """null with `--no-findings`"""
    test_gaps: GapChanges | None
    """null when tests were not looked at"""
    root_causes: Sequence[ChangedDerivation] | None
    """null without both build graphs"""
    lacking: Sequence[str]
    """what is not known of either side, in sentences"""


class GateAnswer(Answer, frozen=True):
    """A limit, and what was measured."""

    gate: str
    """its name: `max-increase`, `max-size`, `max-paths`, `new:…`"""
    limit: str
    """as it was asked for"""
    value: str
    """what was measured, in words"""
    state: str
    """`passed`, `breached` or `no data`"""
    findings: Sequence[str]
    """keys of the findings that breach it"""


class GatedDiff(Answer, frozen=True):
    """Whether a change may pass."""

    gates: Sequence[GateAnswer]
    diff: DiffAnswer


def diff_answer(shown: Shown) -> DiffAnswer:
    """Return a review; unchanged paths are counted and not listed."""
    review = shown.review
    diff = review.diff
    came, went = review.came_and_went
    return DiffAnswer(
        command=shown.command,
        old=_side(diff.old, shown.labels[0]),
        new=_side(diff.new, shown.labels[1]),
        size_change=diff.size_change,
        paths_added=came,
        paths_removed=went,
        counts={kind: number for kind, number in diff.counts.items()},
        causes=[_cause(review, one) for one in review.causes],
        classes=[_change(review, one) for one in diff.changes if one.kind != "unchanged"],
        requirements=[
            RequirementChange(
                distribution=one.distribution,
                added=one.added,
                removed=one.removed,
                requires_python=PythonRange(*one.python) if one.python is not None else None,
            )
            for one in review.requirements
        ],
        findings=_findings(review),
        test_gaps=_gaps(review),
        root_causes=_changed_derivations(review),
        lacking=review.lacking,
    )


def gated_answer(shown: Shown, judged: Sequence[gates.Gate]) -> GatedDiff:
    """Return limits and the change itself."""
    found = [
        GateAnswer(one.name, one.limit, one.value, one.state, [each.key for each in one.findings]) for one in judged
    ]
    return GatedDiff(found, diff_answer(shown))


def _side(knowledge: Knowledge, label: str) -> Side:
    closure = knowledge.closure
    kinds = Counter(knowledge.identity(index).kind.value for index in range(len(closure)))
    return Side(
        label=label,
        roots=[closure.path(index) for index in closure.roots],
        paths=len(closure),
        closure_size=knowledge.real_sizes.total,
        distributions=sum(knowledge.identity(index).distributions for index in range(len(closure))),
        kinds=dict(sorted(kinds.items())),
    )


def _cause(review: Review, cause: causes.Cause) -> CauseAnswer:
    side = review.diff.old if cause.kind == "drops" else review.diff.new
    path = side.closure.path
    edges = []
    for edge in cause.edges:
        found = review.evidence.get(edge) if cause.kind == "brings" else None
        one = reference(side, edge)
        edges.append(
            BringingReference(one.referrer, one.reference, holding_files(found) if found is not None else None)
        )
    return CauseAnswer(
        kind=cause.kind,
        target=path(cause.target),
        edges=edges,
        via=[path(index) for index in cause.via],
        direct=cause.direct,
        paths=[path(index) for index in cause.paths],
        size_change=cause.size_change,
    )


def _change(review: Review, change: match.Change) -> ChangeAnswer:
    old, new = review.diff.old, review.diff.new
    return ChangeAnswer(
        kind=change.kind,
        name=change.name,
        old=old.closure.path(change.old) if change.old is not None else None,
        new=new.closure.path(change.new) if change.new is not None else None,
        old_version=old.identity(change.old).version or None if change.old is not None else None,
        new_version=new.identity(change.new).version or None if change.new is not None else None,
        direction=change.direction,
        direct=review.is_direct(change),
        size_change=change.size_change,
        because=_because(review, change),
    )


def _because(review: Review, change: match.Change) -> Because | None:
    reason = review.reasons.by_path.get(change.new) if change.new is not None else None
    if reason is None:
        return None
    comparison = review.reasons.comparison
    return Because(
        path=review.diff.new.closure.path(reason.path) if reason.path is not None else None,
        lost=review.diff.old.closure.path(reason.lost) if reason.lost is not None else None,
        derivation=(
            comparison.head.paths[reason.derivation]
            if comparison is not None and reason.derivation is not None
            else None
        ),
        certainty=reason.certainty,
    )


def _findings(review: Review) -> FindingChanges | None:
    found = review.findings
    if found is None:
        return None
    new, gone, unsure = ([finding_answer(one) for one in some] for some in (found.new, found.gone, found.unsure))
    return FindingChanges(new, gone, unsure, len(found.kept), found.unjudged)


def _gaps(review: Review) -> GapChanges | None:
    if review.gaps is None:
        return None
    return GapChanges(
        *([_gap(one) for one in some] for some in (review.gaps.new, review.gaps.gone, review.gaps.unsure))
    )


def _gap(one: PackageTests) -> GapAnswer:
    return GapAnswer(one.path, one.name, one.concern, one.gap.missing)


def _changed_derivations(review: Review) -> list[ChangedDerivation] | None:
    comparison = review.reasons.comparison
    if comparison is None:
        return None
    return [
        ChangedDerivation(
            derivation=comparison.head.paths[one.head],
            was=comparison.base.paths[one.base],
            differs=[each.attribute for each in one.differences],
            rebuilds=one.rebuilds,
        )
        for one in comparison.causes
    ]


PRINTED = {
    "pyclosure diff OLD NEW --format json": DiffAnswer,
    "pyclosure check OLD NEW --format json": GatedDiff,
}
