"""The best cuts: which references to drop for the heaviest paths, and what several save together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pyclosure.queries.answers.chains import Edge
from pyclosure.queries.answers.cuts import Cut, saved_by_edge, smallest_cut
from pyclosure.queries.answers.structure import Structure
from pyclosure.queries.base.activity import SILENT, Activity, Progress
from pyclosure.queries.opened.knowledge import Knowledge

_CANDIDATES = 200
"""Paths for which a cut is looked for; lighter ones save less than anybody asks about."""
_NEARLY = 0.8


def best_cuts(
    knowledge: Knowledge,
    structure: Structure,
    targets: Iterable[int] | None = None,
    activity: Activity = SILENT,
    *,
    most_references: int = 3,
) -> list[Cut]:
    """Return smallest cuts, those that save most first.

    Args:
        knowledge: the open closure.
        structure: which references are choices; what is wanted is never cut.
        targets: paths to drop, each with its own cut; by default the heaviest ones by added size, and of those
            that fall to the same cut only the one that it cuts off directly.
        activity: told how far it is; may cancel.
        most_references: without targets, cuts of more references are left out: they are no plan.
    """
    if targets is not None:
        asked = (smallest_cut(structure.closure, index, structure.wanted) for index in targets)
        return _by_saving([_with_assumptions(cut, structure) for cut in asked if cut is not None])
    found: dict[tuple[Edge, ...], Cut] = {}
    candidates = _heaviest(knowledge, structure)
    for done, target in enumerate(candidates):
        activity.check()
        activity.report(Progress("looking for cuts", done, len(candidates), "paths"))
        cut = smallest_cut(structure.closure, target, structure.wanted, most_references)
        if cut is None:
            continue
        if cut.edges not in found or target in {reference for _, reference in cut.edges}:
            found[cut.edges] = cut
    best = [cut for cut in found.values() if not _outdone(cut, found.values(), structure.closure.nar_sizes)]
    return _by_saving([_with_assumptions(cut, structure) for cut in best])


def _with_assumptions(cut: Cut, structure: Structure) -> Cut:
    lost = set(cut.saving.paths)
    assumed = sorted(edge for edge in structure.follows if edge[1] in lost and edge[0] not in lost)
    return replace(cut, assumes=tuple(assumed))


def _by_saving(cuts: list[Cut]) -> list[Cut]:
    return sorted(cuts, key=lambda cut: (-cut.saving.size, len(cut.edges), cut.target))


def _outdone(cut: Cut, others: Iterable[Cut], sizes: Sequence[int]) -> bool:
    """Say whether parts of a cut, which are listed by themselves, save nearly as much as the whole of it."""
    edges = set(cut.edges)
    covered: set[int] = set()
    for other in others:
        if set(other.edges) < edges:
            covered.update(other.saving.paths)
    return bool(covered) and sum(sizes[index] for index in covered) >= _NEARLY * cut.saving.size


def _heaviest(knowledge: Knowledge, structure: Structure) -> list[int]:
    closure = structure.closure
    wanted = {reference for _, reference in structure.wanted}
    everything = [index for index in range(len(closure)) if index not in wanted and index not in closure.roots]
    added = knowledge.sizes.added
    everything.sort(key=lambda index: (-added[index], -knowledge.sizes.nar[index], closure.path(index)))
    return everything[:_CANDIDATES]


def edge_savings(knowledge: Knowledge) -> list[tuple[Edge, int]]:
    """Return every reference of the closure with the bytes that leave if it alone goes, largest first.

    Few save anything: a path with two referrers stays whichever of them lets go.
    """
    closure, sizes = knowledge.closure, knowledge.real_sizes
    ranks = closure.name_ranks
    saving: list[tuple[Edge, int]] = []
    nothing: list[tuple[Edge, int]] = []
    for index, below in enumerate(closure.references):
        for one in below:
            saved = saved_by_edge(closure, sizes, (index, one))
            (saving if saved else nothing).append(((index, one), saved))
    saving.sort(key=lambda row: (-row[1], ranks[row[0][0]], ranks[row[0][1]]))
    return saving + nothing
