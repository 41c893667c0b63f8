"""What changed between two closures, as JSON."""

from __future__ import annotations

from collections import Counter
from typing import Any

from pyclosure.queries.diff.causes import Cause
from pyclosure.queries.diff.match import Change
from pyclosure.queries.diff.review import Review
from pyclosure.queries.opened.knowledge import Knowledge
from pyclosure.tui.output.evidence import edge_json, evidence_json
from pyclosure.tui.output.findings_json import finding_json
from pyclosure.tui.words.diff import Shown


def review_json(shown: Shown) -> dict[str, Any]:
    """Return a review; unchanged paths are counted and not listed."""
    review = shown.review
    diff, found = review.diff, review.findings
    came, went = review.came_and_went
    return {
        "command": shown.command,
        "old": _side_json(diff.old, shown.labels[0]),
        "new": _side_json(diff.new, shown.labels[1]),
        "size_change": diff.size_change,
        "paths_added": came,
        "paths_removed": went,
        "counts": dict(diff.counts),
        "causes": [_cause_json(review, one) for one in review.causes],
        "classes": [_change_json(review, one) for one in diff.changes if one.kind != "unchanged"],
        "requirements": [
            {
                "distribution": one.distribution,
                "added": list(one.added),
                "removed": list(one.removed),
                "requires_python": {"old": one.python[0], "new": one.python[1]} if one.python is not None else None,
            }
            for one in review.requirements
        ],
        "findings": (
            {
                "new": [finding_json(one) for one in found.new],
                "gone": [finding_json(one) for one in found.gone],
                "unsure": [finding_json(one) for one in found.unsure],
                "kept": len(found.kept),
                "unjudged": list(found.unjudged),
            }
            if found is not None
            else None
        ),
        "test_gaps": (
            {
                "new": [_gap_json(one) for one in review.gaps.new],
                "gone": [_gap_json(one) for one in review.gaps.gone],
                "unsure": [_gap_json(one) for one in review.gaps.unsure],
            }
            if review.gaps is not None
            else None
        ),
        "root_causes": _root_causes_json(review),
        "lacking": list(review.lacking),
    }


def _side_json(knowledge: Knowledge, label: str) -> dict[str, Any]:
    closure = knowledge.closure
    kinds = Counter(knowledge.identity(at).kind.value for at in range(len(closure)))
    return {
        "label": label,
        "roots": [closure.path(at) for at in closure.roots],
        "paths": len(closure),
        "closure_size": knowledge.real_sizes.total,
        "distributions": sum(knowledge.identity(at).distributions for at in range(len(closure))),
        "kinds": dict(sorted(kinds.items())),
    }


def _cause_json(review: Review, cause: Cause) -> dict[str, Any]:
    side = review.diff.old if cause.kind == "drops" else review.diff.new
    return {
        "kind": cause.kind,
        "target": side.closure.path(cause.target),
        "edges": [
            {
                **edge_json(side, edge),
                "evidence": evidence_json(review.evidence[edge])
                if cause.kind == "brings" and edge in review.evidence
                else None,
            }
            for edge in cause.edges
        ],
        "via": [side.closure.path(at) for at in cause.via],
        "direct": cause.direct,
        "paths": [side.closure.path(at) for at in cause.paths],
        "size_change": cause.size_change,
    }


def _change_json(review: Review, change: Change) -> dict[str, Any]:
    old, new = review.diff.old, review.diff.new
    reason = review.reasons.by_path.get(change.new) if change.new is not None else None
    comparison = review.reasons.comparison
    return {
        "class": change.kind,
        "name": change.name,
        "old": old.closure.path(change.old) if change.old is not None else None,
        "new": new.closure.path(change.new) if change.new is not None else None,
        "old_version": old.identity(change.old).version or None if change.old is not None else None,
        "new_version": new.identity(change.new).version or None if change.new is not None else None,
        "direction": change.direction,
        "direct": review.is_direct(change),
        "size_change": change.size_change,
        "because": (
            {
                "path": new.closure.path(reason.path) if reason.path is not None else None,
                "lost": old.closure.path(reason.lost) if reason.lost is not None else None,
                "derivation": (
                    comparison.head.paths[reason.derivation]
                    if comparison is not None and reason.derivation is not None
                    else None
                ),
                "certainty": reason.certainty,
            }
            if reason is not None
            else None
        ),
    }


def _gap_json(one: Any) -> dict[str, Any]:
    return {"path": one.path, "distribution": one.name, "concern": one.concern, "missing": list(one.gap.missing)}


def _root_causes_json(review: Review) -> list[dict[str, Any]] | None:
    comparison = review.reasons.comparison
    if comparison is None:
        return None
    return [
        {
            "derivation": comparison.head.paths[one.head],
            "was": comparison.base.paths[one.base],
            "differs": [each.attribute for each in one.differences],
            "rebuilds": one.rebuilds,
        }
        for one in comparison.causes
    ]
