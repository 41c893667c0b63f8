"""What touching something rebuilds, what rebuilds most, and what changed between two build graphs."""

from __future__ import annotations

from collections.abc import Sequence

from pyclosure.queries.graph.build import BuildGraph
from pyclosure.queries.policy.rebuild import Weighed
from pyclosure.queries.rebuild import amplifiers, attributes, compare
from pyclosure.queries.rebuild.edges import attributes_of_inputs
from pyclosure.queries.rebuild.ranking import Ranked
from pyclosure.tui.output.answers import Answer
from pyclosure.tui.words.rebuild import Shown, rebuilt_first


class RebuildCounts(Answer, frozen=True):
    """How much is rebuilt; `derivations` and `outputs` include the seeds."""

    derivations: int
    of: int
    """derivations in the graph"""
    outputs: int
    python: int
    runtime: int | None
    """null when the closure is not known"""
    build: int
    test_only: int
    without_tests: int
    upper_bound: bool
    """content-addressed outputs may make it fewer"""


class Again(Answer, frozen=True):
    """What of the runtime closure is fetched or copied again."""

    paths: Sequence[str]
    nar_size: int | None


class BuildEdge(Answer, frozen=True):
    """A derivation and one of its inputs."""

    derivation: str
    input: str


class AmplifierSet(Answer, frozen=True):
    """Packages whose tests multiply the rebuild together."""

    packages: Sequence[str]
    edges: Sequence[BuildEdge]
    left: int
    """rebuilds once their tests are elsewhere"""
    saves: int


class Amplifiers(Answer, frozen=True):
    """How tests multiply a rebuild, seeds not counted."""

    rebuilds: int
    without_tests: int
    packages: int
    sets: Sequence[AmplifierSet]


class SeededAmplifiers(Answer, frozen=True):
    """How tests multiply a rebuild, seeds not counted."""

    label: str
    command: str
    seeds: Sequence[str]
    rebuilds: int
    without_tests: int
    packages: int
    sets: Sequence[AmplifierSet]


class PolicyAnswer(Answer, frozen=True):
    """What a project makes of the number."""

    profile: str
    labels: Sequence[str]
    branch: str | None
    rule: str
    source: str | None
    counted: str
    """what was counted here"""
    project_counts: str
    """what the project counts"""


class AttributesAnswer(Answer, frozen=True):
    """Attributes of a package set that are built anew."""

    changed: Sequence[str]
    of: int
    elsewhere: int
    """attributes that are not in this graph"""


class Step(BuildEdge, frozen=True):
    """A step from what is rebuilt to what was touched."""

    test: bool
    attributes: Sequence[str]
    """those that name the input"""


class Rebuilt(Answer, frozen=True):
    """A derivation that is rebuilt."""

    derivation: str
    reason: str
    """`runtime`, `build` or `test`"""
    because: Sequence[Step]
    references: Sequence[str] | None
    """a shortest chain of store paths to what changes; empty when none leads there, null when the closure is not
    known"""


class ImpactAnswer(Answer, frozen=True):
    """What touching something rebuilds."""

    label: str
    command: str
    """what asks the same again"""
    lacking: str | None
    """why the graph is not whole"""
    seeds: Sequence[str]
    """what is touched"""
    counts: RebuildCounts
    closure: Again | None
    amplifiers: Amplifiers | None
    """null with more than 128 packages, unless `--amplifiers` asks"""
    by_depth: Sequence[int]
    """how many are rebuilt at each distance"""
    longest_chain: Sequence[str]
    policy: PolicyAnswer
    attributes: AttributesAnswer | None
    """null without `--attributes`"""
    rebuilt: Sequence[Rebuilt]
    """nearest first, `--top` of them"""


class RankedAnswer(Answer, frozen=True):
    """How much one derivation rebuilds. What rebuilds most comes first."""

    derivation: str
    rebuilds: int
    without_tests: int
    """rebuilds if no package had its tests in its own build"""
    python: bool
    fixed_output: bool
    """it is fetched, not built"""


class ComparisonCounts(Answer, frozen=True):
    """How much changed between two graphs."""

    rebuilt: int
    fetched: int
    """of `rebuilt`"""
    changed_drv_paths: int
    churned: int
    """derivations with a new `.drv` and outputs as before"""
    added: int
    removed: int


class DifferenceAnswer(Answer, frozen=True):
    """An attribute that differs."""

    attribute: str
    old: str | None
    new: str | None


class RootCause(Answer, frozen=True):
    """A derivation that differs in itself once the digests of its inputs are left out."""

    derivation: str
    was: str
    differs: Sequence[DifferenceAnswer]
    rebuilds: int
    """all that follows from it"""
    nearest: int
    """what no other cause is nearer to"""


class ComparisonAnswer(Answer, frozen=True):
    """What changed between two build graphs."""

    command: str
    """what asks the same again"""
    counts: ComparisonCounts
    policy: PolicyAnswer
    attributes: AttributesAnswer | None
    root_causes: Sequence[RootCause]
    rebuilt: Sequence[str]
    added: Sequence[str]
    removed: Sequence[str]


def impact_answer(shown: Shown) -> ImpactAnswer:
    """Return what touching something rebuilds."""
    impact, graph = shown.impact, shown.impact.graph
    closure = impact.closure
    return ImpactAnswer(
        label=shown.label,
        command=shown.command,
        lacking=shown.lacking or None,
        seeds=_paths(graph, impact.seeds),
        counts=RebuildCounts(
            derivations=len(impact.rebuilt),
            of=len(graph),
            outputs=impact.outputs,
            python=impact.python,
            runtime=impact.count("runtime") if closure is not None else None,
            build=impact.count("build"),
            test_only=impact.count("test"),
            without_tests=len(impact.without_tests),
            upper_bound=impact.upper_bound,
        ),
        closure=Again([closure.path(index) for index in impact.paths], impact.nar_size)
        if closure is not None
        else None,
        amplifiers=_amplifiers(graph, shown.multiplied),
        by_depth=impact.by_depth,
        longest_chain=_paths(graph, impact.longest),
        policy=_policy(shown.weighed),
        attributes=_attributes(shown.attributes),
        rebuilt=_rebuilt(shown),
    )


def _rebuilt(shown: Shown) -> list[Rebuilt]:
    impact, graph = shown.impact, shown.impact.graph
    rows = rebuilt_first(impact)[: shown.top]
    steps = {
        step: Step(
            graph.paths[step.derivation],
            graph.paths[step.input],
            step.test,
            list(attributes_of_inputs(graph, step.derivation)[step.input]),
        )
        for step in {step for index in rows for step in impact.way(index)}
    }
    return [
        Rebuilt(
            derivation=graph.paths[index],
            reason=impact.reasons[index],
            because=[steps[step] for step in impact.way(index)],
            references=[impact.closure.path(one) for one in impact.references(index)] if impact.closure else None,
        )
        for index in rows
    ]


def amplifiers_answer(shown: Shown, found: amplifiers.Amplifiers) -> SeededAmplifiers:
    """Return how tests multiply a rebuild, by itself."""
    graph, impact = shown.impact.graph, shown.impact
    return SeededAmplifiers(
        label=shown.label,
        command=shown.command,
        seeds=_paths(graph, impact.seeds),
        rebuilds=found.rebuilds,
        without_tests=found.without_tests,
        packages=found.packages,
        sets=_sets(graph, found),
    )


def _amplifiers(graph: BuildGraph, found: amplifiers.Amplifiers | None) -> Amplifiers | None:
    if found is None:
        return None
    return Amplifiers(found.rebuilds, found.without_tests, found.packages, _sets(graph, found))


def _sets(graph: BuildGraph, found: amplifiers.Amplifiers) -> list[AmplifierSet]:
    return [
        AmplifierSet(
            packages=_paths(graph, one.packages),
            edges=[BuildEdge(graph.paths[user], graph.paths[index]) for user, index in one.edges],
            left=one.left,
            saves=one.saves,
        )
        for one in found.sets
    ]


def _policy(weighed: Weighed) -> PolicyAnswer:
    return PolicyAnswer(
        profile=weighed.profile,
        labels=weighed.labels,
        branch=weighed.branch or None,
        rule=weighed.rule,
        source=weighed.source or None,
        counted=weighed.counted,
        project_counts=weighed.counts,
    )


def _attributes(found: attributes.Attributes | None) -> AttributesAnswer | None:
    return AttributesAnswer(found.changed, found.of, found.elsewhere) if found is not None else None


def ranking_answers(graph: BuildGraph, rows: Sequence[Ranked]) -> list[RankedAnswer]:
    """Return which derivations rebuild most."""
    return [
        RankedAnswer(graph.paths[one.derivation], one.rebuilds, one.without_tests, one.python, one.fixed)
        for one in rows
    ]


def comparison_answer(
    found: compare.Comparison, weighed: Weighed, command: str, known: attributes.Attributes | None = None
) -> ComparisonAnswer:
    """Return what changed between two graphs."""
    head, base = found.head, found.base
    return ComparisonAnswer(
        command=command,
        counts=ComparisonCounts(
            rebuilt=len(found.rebuilt),
            fetched=len(found.fetched),
            changed_drv_paths=found.changed_drv_paths,
            churned=len(found.churned),
            added=len(found.added),
            removed=len(found.removed),
        ),
        policy=_policy(weighed),
        attributes=_attributes(known),
        root_causes=[
            RootCause(
                derivation=head.paths[one.head],
                was=base.paths[one.base],
                differs=[DifferenceAnswer(each.attribute, each.old, each.new) for each in one.differences],
                rebuilds=one.rebuilds,
                nearest=one.nearest,
            )
            for one in found.causes
        ],
        rebuilt=_paths(head, sorted(found.rebuilt)),
        added=_paths(head, found.added),
        removed=_paths(base, found.removed),
    )


def _paths(graph: BuildGraph, some: Sequence[int]) -> list[str]:
    return [graph.paths[index] for index in some]


PRINTED = {
    "pyclosure rebuild SOURCE X… --format json": ImpactAnswer,
    "pyclosure rebuild SOURCE X… --amplifiers --format json": SeededAmplifiers,
    "pyclosure rebuild SOURCE --format json": list[RankedAnswer],
    "pyclosure rebuild --base OLD --head NEW --format json": ComparisonAnswer,
}
