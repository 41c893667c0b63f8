"""What leaves when references go? Asked often, so that an answer costs only what leaves, not the whole closure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from pyclosure.queries.answers.chains import Edge
from pyclosure.queries.answers.cuts import Saving, saving_of
from pyclosure.queries.graph.closure import Closure


class Savings:
    """Answers as :func:`saving_of` does, for one closure.

    Args:
        closure: paths that no root reaches count as having left.
    """

    def __init__(self, closure: Closure) -> None:
        self._closure = closure
        self._before = frozenset(saving_of(closure).paths)
        self._holders = Counter(closure.roots)
        for index, below in enumerate(closure.references):
            if index not in self._before:
                self._holders.update(below)

    def of(self, edges: Iterable[Edge]) -> Saving:
        """Return what leaves when some references go."""
        references = self._closure.references
        cut = {edge for edge in edges if edge[0] not in self._before and edge[1] in references[edge[0]]}
        queue = list(cut)
        lost: Counter[int] = Counter()
        gone = set(self._before)
        for _, index in queue:
            lost[index] += 1
            # references come first, so that there is no circle which holds itself
            if lost[index] == self._holders[index]:
                gone.add(index)
                queue += [(index, one) for one in references[index] if (index, one) not in cut]
        return Saving(sum(self._closure.nar_sizes[index] for index in gone), tuple(sorted(gone)))
