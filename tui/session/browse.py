"""Where the user is in a closure: which rows, in which order, filtered by what. No widget here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pyclosure.queries.answers.matching import Filter, Searchable, parse_filter, searchable
from pyclosure.queries.answers.outline import Node, Outline, shortest_chain
from pyclosure.queries.answers.rows import BY_KEY, ordered
from pyclosure.queries.graph.sizes import added_within
from pyclosure.queries.opened.knowledge import Knowledge

Direction = Literal["references", "referrers"]
MOST_UNFOLDED = 20_000
"""Rows that "unfold all" shows at most."""


@dataclass(slots=True)
class Place:
    """A view of the closure that the user can come back to."""

    direction: Direction
    tops: tuple[int, ...]
    outline: Outline
    index: int | None = None
    """Path to stand on when coming back."""
    flat: bool = False
    filter: Filter = field(default_factory=lambda: parse_filter(""))
    """Whether a list was shown, and through which filter, when the user left."""


class Browser:
    """The rows of the closure screen, as a tree or as a flat table.

    Args:
        knowledge: what is shown.
        sort: key of the column to sort by.
        only: which positions a list shows; all by default. A browser with it is always a list.
    """

    def __init__(
        self, knowledge: Knowledge, sort: str = "added_size", *, only: Callable[[int], bool] | None = None
    ) -> None:
        self.knowledge = knowledge
        self._only = only
        self.sort, self.reverse = sort, False
        self.flat = only is not None
        self.filter = parse_filter("")
        self.within: int | None = None
        """The referrer that added sizes are relative to; None for all roots."""
        self._added: dict[int, int] = {}
        self._texts: list[Searchable] = []
        self._texts_of = -1
        self._flat_rows: list[int] = []
        self.places = [self._place("references", knowledge.closure.roots)]
        if len(self.place.outline.tops) == 1 and not self.flat:
            self.place.outline.unfold(self.place.outline.tops[0])
        self._refill()

    # -- rows --------------------------------------------------------------------------------------------

    @property
    def place(self) -> Place:
        """Where the user is now."""
        return self.places[-1]

    @property
    def listing(self) -> bool:
        """Whether rows are a flat list: by choice, or because a filter is on."""
        return self.flat or bool(self.filter.text)

    def count(self) -> int:
        """Return how many rows there are."""
        return len(self._flat_rows) if self.listing else len(self.place.outline.rows)

    def index(self, row: int) -> int | None:
        """Return the position that a row shows; None when there is no such row."""
        if not 0 <= row < self.count():
            return None
        return self._flat_rows[row] if self.listing else self.place.outline.rows[row].index

    def node(self, row: int) -> Node | None:
        """Return the node of a tree row; None in lists."""
        rows = self.place.outline.rows
        return rows[row] if not self.listing and 0 <= row < len(rows) else None

    def row_of(self, index: int) -> int | None:
        """Return the first row that shows a position; None when it is not shown."""
        if self.listing:
            return self._flat_rows.index(index) if index in self._flat_rows else None
        return next((node.row for node in self.place.outline.rows if node.index == index), None)

    def members(self) -> list[int]:
        """Return all positions that belong to the present place."""
        closure = self.knowledge.closure
        if self.place.direction == "references":
            return closure.requisites(self.place.tops)
        return sorted(closure.dependants(self.place.tops))

    def added(self, index: int) -> int | None:
        """Return the added size that the column shows; None when the path is outside of the chosen referrer."""
        if self.within is None:
            return self.knowledge.sizes.added[index]
        return self._added.get(index)

    # -- moving ------------------------------------------------------------------------------------------

    def go_in(self, index: int) -> None:
        """Make a path the top."""
        self._push(self._place("references", (index,)), index)

    def show_referrers(self, index: int) -> None:
        """Show what references a path, upwards."""
        self._push(self._place("referrers", (index,)), index)

    def show_in_tree(self, index: int) -> int:
        """Leave a list for the tree, at the place of a path; returns its row."""
        if self.listing:
            self._push(Place(self.place.direction, self.place.tops, self.place.outline), index)
        return self.reveal(index)

    def back(self) -> int | None:
        """Return to the place before, and the row to stand on; None when this is the first."""
        if len(self.places) == 1:
            return None
        self.places.pop()
        self.flat, self.filter = self.place.flat, self.place.filter
        self._refill()
        row = self.row_of(self.place.index) if self.place.index is not None else None
        return 0 if row is None else row

    def toggle(self, row: int) -> int | None:
        """Unfold or fold a row; returns the row to stand on when the path is unfolded elsewhere."""
        node = self.node(row)
        if node is None:
            return None
        outline = self.place.outline
        if outline.fold(node):
            return None
        other = outline.elsewhere(node)
        if other is not None:
            return other.row
        outline.unfold(node)
        return None

    def unfold_all(self) -> bool:
        """Unfold all; False when there were too many rows to show all of them."""
        return self.place.outline.unfold_all(MOST_UNFOLDED)

    def fold_all(self) -> None:
        """Fold all but the top."""
        self.place.outline.fold_all()

    def reveal(self, index: int) -> int:
        """Show a path in the tree, unfolding the shortest chain to it; returns its row.

        Leaves lists and filters, and goes back to the roots when the path is not below the present top.
        """
        self.flat = False
        self.set_filter("")
        known = self.row_of(index)
        if known is not None:
            return known
        closure = self.knowledge.closure
        for place in (self.place, self.places[0]):
            below = closure.references if place.direction == "references" else closure.referrers
            chain = shortest_chain(below, place.tops, index)
            if chain:
                del self.places[self.places.index(place) + 1 :]
                node = place.outline.reveal(chain)
                return node.row if node is not None else 0
        return 0

    def trail(self, row: int) -> list[int]:
        """Return the positions from the top down to a row; in lists only the row itself."""
        node = self.node(row)
        if node is None:
            index = self.index(row)
            return [] if index is None else [index]
        chain = []
        while node is not None:
            chain.append(node.index)
            node = node.parent
        return chain[::-1]

    # -- order and filter --------------------------------------------------------------------------------

    def sort_by(self, key: str, *, reverse: bool | None = None) -> None:
        """Sort by a column; the same column again sorts the other way round."""
        self.reverse = (key == self.sort and not self.reverse) if reverse is None else reverse
        self.sort = key
        self.resort()

    def resort(self) -> None:
        """Sort again, after more became known."""
        for place in self.places:
            place.outline.reorder(self._ordered)
        self._refill()

    def set_flat(self, flat: bool) -> None:
        """Show a flat table, or the tree."""
        self.flat = flat
        self._refill()

    def set_filter(self, text: str) -> None:
        """Keep only rows that a filter means; an empty text shows all."""
        self.filter = parse_filter(text)
        self._refill()

    def set_within(self, referrer: int | None) -> None:
        """Make added sizes relative to a referrer, or to all roots."""
        self.within = referrer
        self._added = {} if referrer is None else added_within(self.knowledge.closure, referrer)
        if self.sort == "added_size":
            self.resort()

    def matches(self, index: int, pattern: Filter) -> bool:
        """Say whether a filter means a position."""
        return pattern.matches(self._search_texts()[index])

    def find(self, pattern: Filter, row: int, step: int) -> int | None:
        """Return the next row, going round, that a filter means; in the tree hidden paths are revealed."""
        if self.listing:
            texts = self._search_texts()
            hits = [row for row, index in enumerate(self._flat_rows) if pattern.matches(texts[index])]
            return _next(hits, row, step)
        texts = self._search_texts()
        found = list(self._ordered(index for index in self.members() if pattern.matches(texts[index])))
        if not found:
            return None
        here = self.index(row)
        if here in found:
            return self.reveal(found[(found.index(here) + step) % len(found)])
        return self.reveal(found[0 if step > 0 else -1])

    def _ordered(self, positions: Iterable[int]) -> Sequence[int]:
        if self.sort == "added_size" and self.within is not None:
            some = ordered(self.knowledge, positions, "name")
            sign = 1 if self.reverse else -1
            inside = [index for index in some if index in self._added]
            inside.sort(key=lambda index: sign * self._added[index])
            return inside + [index for index in some if index not in self._added]
        return ordered(self.knowledge, positions, self.sort, reverse=self.reverse)

    def _refill(self) -> None:
        if not self.listing:
            self._flat_rows = []
            return
        members: list[int] = self.members()
        if self._only is not None:
            members = [index for index in members if self._only(index)]
        if self.filter.text:
            texts, matches = self._search_texts(), self.filter.matches
            members = [index for index in members if matches(texts[index])]
        self._flat_rows = list(self._ordered(members))

    def _search_texts(self) -> list[Searchable]:
        if self._texts_of != self.knowledge.revision:
            self._texts = [searchable(self.knowledge, index) for index in range(len(self.knowledge.closure))]
            self._texts_of = self.knowledge.revision
        return self._texts

    def _push(self, place: Place, index: int) -> None:
        self.place.index, self.place.flat, self.place.filter = index, self.flat, self.filter
        self.flat, self.filter = False, parse_filter("")
        self.places.append(place)
        place.outline.unfold(place.outline.tops[0])
        self._refill()

    def _place(self, direction: Direction, tops: tuple[int, ...]) -> Place:
        closure = self.knowledge.closure
        below = closure.references if direction == "references" else closure.referrers
        return Place(direction, tops, Outline(tops, below, self._ordered))


def _next(hits: list[int], row: int, step: int) -> int | None:
    if not hits:
        return None
    if step > 0:
        return next((hit for hit in hits if hit > row), hits[0])
    return next((hit for hit in reversed(hits) if hit < row), hits[-1])


def sort_columns() -> tuple[str, ...]:
    """Return the columns that the sort key goes through."""
    wanted = ("added_size", "closure_size", "nar_size", "referrers", "references", "depth", "name", "kind")
    return tuple(key for key in wanted if key in BY_KEY)
