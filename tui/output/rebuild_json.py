"""Rebuild impact, rankings and comparisons of build graphs as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyclosure.queries.graph.build import BuildGraph
from pyclosure.queries.policy.rebuild import Weighed
from pyclosure.queries.rebuild.amplifiers import Amplifiers
from pyclosure.queries.rebuild.attributes import Attributes
from pyclosure.queries.rebuild.compare import Comparison
from pyclosure.queries.rebuild.edges import attributes_of_inputs
from pyclosure.queries.rebuild.ranking import Ranked
from pyclosure.tui.words.rebuild import Shown, rebuilt_first


def attributes_json(found: Attributes | None) -> dict[str, Any] | None:
    """Return which attributes are built anew; None when no attribute set is known."""
    if found is None:
        return None
    return {"changed": list(found.changed), "of": found.of, "elsewhere": found.elsewhere}


def impact_json(shown: Shown) -> dict[str, Any]:
    """Return what touching something rebuilds."""
    impact, graph = shown.impact, shown.impact.graph
    rows = rebuilt_first(impact)[: shown.top]
    attributes = {
        step: list(attributes_of_inputs(graph, step.derivation)[step.input])
        for step in {step for at in rows for step in impact.way(at)}
    }
    return {
        "label": shown.label,
        "command": shown.command,
        "lacking": shown.lacking or None,
        "seeds": [graph.paths[at] for at in impact.seeds],
        "counts": {
            "derivations": len(impact.rebuilt),
            "of": len(graph),
            "outputs": impact.outputs,
            "python": impact.python,
            "runtime": impact.count("runtime") if impact.closure is not None else None,
            "build": impact.count("build"),
            "test_only": impact.count("test"),
            "without_tests": len(impact.without_tests),
            "upper_bound": impact.upper_bound,
        },
        "closure": (
            {"paths": [impact.closure.path(at) for at in impact.paths], "nar_size": impact.nar_size}
            if impact.closure is not None
            else None
        ),
        "amplifiers": amplifiers_json(graph, shown.multiplied),
        "by_depth": list(impact.by_depth),
        "longest_chain": [graph.paths[at] for at in impact.longest],
        "policy": policy_json(shown.weighed),
        "attributes": attributes_json(shown.attributes),
        "rebuilt": [
            {
                "derivation": graph.paths[at],
                "reason": impact.reasons[at],
                "because": [
                    {
                        "derivation": graph.paths[step.derivation],
                        "input": graph.paths[step.input],
                        "test": step.test,
                        "attributes": attributes[step],
                    }
                    for step in impact.way(at)
                ],
                "references": [impact.closure.path(one) for one in impact.references(at)] if impact.closure else None,
            }
            for at in rows
        ],
    }


def amplifiers_json(graph: BuildGraph, found: Amplifiers | None) -> dict[str, Any] | None:
    """Return how tests multiply a rebuild; None when nobody weighed that."""
    if found is None:
        return None
    return {
        "rebuilds": found.rebuilds,
        "without_tests": found.without_tests,
        "packages": found.packages,
        "sets": [
            {
                "packages": [graph.paths[at] for at in one.packages],
                "edges": [{"derivation": graph.paths[user], "input": graph.paths[at]} for user, at in one.edges],
                "left": one.left,
                "saves": one.saves,
            }
            for one in found.sets
        ],
    }


def policy_json(weighed: Weighed) -> dict[str, Any]:
    """Return what a project makes of the number."""
    return {
        "profile": weighed.profile,
        "labels": list(weighed.labels),
        "branch": weighed.branch or None,
        "rule": weighed.rule,
        "source": weighed.source or None,
        "counted": weighed.counted,
        "project_counts": weighed.counts,
    }


def ranking_json(graph: BuildGraph, rows: Sequence[Ranked]) -> list[dict[str, Any]]:
    """Return which derivations rebuild most."""
    return [
        {
            "derivation": graph.paths[one.derivation],
            "rebuilds": one.rebuilds,
            "without_tests": one.without_tests,
            "python": one.python,
            "fixed_output": one.fixed,
        }
        for one in rows
    ]


def comparison_json(
    found: Comparison, weighed: Weighed, command: str, attributes: Attributes | None = None
) -> dict[str, Any]:
    """Return what changed between two graphs."""
    head, base = found.head, found.base
    return {
        "command": command,
        "counts": {
            "rebuilt": len(found.rebuilt),
            "fetched": len(found.fetched),
            "changed_drv_paths": found.changed_drv_paths,
            "churned": len(found.churned),
            "added": len(found.added),
            "removed": len(found.removed),
        },
        "policy": policy_json(weighed),
        "attributes": attributes_json(attributes),
        "root_causes": [
            {
                "derivation": head.paths[one.head],
                "was": base.paths[one.base],
                "differs": [{"attribute": d.attribute, "old": d.old, "new": d.new} for d in one.differences],
                "rebuilds": one.rebuilds,
                "nearest": one.nearest,
            }
            for one in found.causes
        ],
        "rebuilt": [head.paths[at] for at in sorted(found.rebuilt)],
        "added": [head.paths[at] for at in found.added],
        "removed": [base.paths[at] for at in found.removed],
    }
