"""The tree that can be unfolded: a path is unfolded in one place only, whatever the user does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st

from pyclosure.queries.answers.outline import Node, Order, Outline, shortest_chain
from pyclosure.queries.base.records import ClosureRecords
from pyclosure.queries.graph.closure import Closure
from tests.support.closures import closure_of, index, names
from tests.support.slow import random_records, with_virtual_root

Chain = tuple[int, ...]

#  app → lib → libc
#  app → tool → libc, tool → data
DIAMOND = {"app": ["lib", "tool"], "lib": ["libc"], "tool": ["libc", "data"]}


def forwards(positions: Iterable[int]) -> Sequence[int]:
    return sorted(positions)


def backwards(positions: Iterable[int]) -> Sequence[int]:
    return sorted(positions, reverse=True)


def outline_of(closure: Closure, order: Order = forwards) -> Outline:
    return Outline(closure.roots, closure.references, order)


def shown(closure: Closure, outline: Outline) -> list[str]:
    return ["  " * node.level + closure.name(node.index) for node in outline.rows]


def chain_of(node: Node) -> Chain:
    chain: list[int] = []
    here: Node | None = node
    while here is not None:
        chain.append(here.index)
        here = here.parent
    return tuple(reversed(chain))


def row(closure: Closure, outline: Outline, name: str, nth: int = 0) -> Node:
    return [node for node in outline.rows if closure.name(node.index) == name][nth]


@dataclass
class SlowOutline:
    """The same tree by chains: where something is unfolded is a set of chains, and rows are made anew."""

    tops: Sequence[int]
    below: Sequence[Sequence[int]]
    order: Order
    unfolded: set[Chain] = field(default_factory=set)

    def rows(self) -> list[Chain]:
        found: list[Chain] = []

        def add(chain: Chain) -> None:
            found.append(chain)
            if chain in self.unfolded:
                for one in self.order(self.below[chain[-1]]):
                    add((*chain, one))

        for top in self.order(self.tops):
            add((top,))
        return found

    def unfold(self, chain: Chain) -> bool:
        if not self.below[chain[-1]] or any(one[-1] == chain[-1] for one in self.unfolded):
            return False
        self.unfolded.add(chain)
        return True

    def fold(self, chain: Chain) -> bool:
        if chain not in self.unfolded:
            return False
        self.unfolded = {one for one in self.unfolded if one[: len(chain)] != chain}
        return True


def check(outline: Outline, slow: SlowOutline) -> None:
    assert [chain_of(node) for node in outline.rows] == slow.rows()
    assert [node.row for node in outline.rows] == list(range(len(outline.rows)))
    places = [node.index for node in outline.rows if node.children is not None]
    assert len(places) == len(set(places)), "a path is unfolded in one place at most"
    for node in outline.rows:
        assert node.level == len(chain_of(node)) - 1
        assert outline.leaf(node) == (not slow.below[node.index])
        other = outline.elsewhere(node)
        expected = [chain for chain in slow.unfolded if chain[-1] == node.index and chain != chain_of(node)]
        assert ([chain_of(other)] if other else []) == expected
        assert other is None or other.row >= 0


@settings(max_examples=150)
@given(random_records(9), st.lists(st.tuples(st.sampled_from("uuuufra"), st.integers(0, 99)), max_size=25))
def test_any_unfolding_and_folding_shows_what_the_slow_twin_shows(
    records: ClosureRecords, steps: list[tuple[str, int]]
) -> None:
    closure = Closure(records)
    outline = outline_of(closure)
    slow = SlowOutline(closure.roots, closure.references, forwards)

    for step, number in steps:
        node = outline.rows[number % len(outline.rows)]
        chain = chain_of(node)
        if step == "u":
            assert outline.unfold(node) == slow.unfold(chain)
        elif step == "f":
            assert outline.fold(node) == slow.fold(chain)
        elif step == "a":
            outline.fold_all()
            slow.unfolded = set()
            if len(slow.tops) == 1:
                slow.unfold((slow.tops[0],))
        else:
            order = backwards if number % 2 else forwards
            outline.reorder(order)
            slow.order = order
        check(outline, slow)


@given(random_records(10), st.lists(st.integers(0, 99), max_size=6), st.data())
def test_revealing_a_chain_ends_at_a_visible_node_and_breaks_nothing(
    records: ClosureRecords, unfolds: list[int], data: st.DataObject
) -> None:
    closure = Closure(records)
    outline = outline_of(closure)
    for number in unfolds:
        outline.unfold(outline.rows[number % len(outline.rows)])
    target = data.draw(st.integers(0, len(closure) - 1))
    chain = shortest_chain(closure.references, closure.roots, target)

    node = outline.reveal(chain)

    assert node is not None and node.index == target
    assert outline.rows[node.row] is node
    places = {chain_of(one) for one in outline.rows if one.children is not None}
    check(outline, SlowOutline(closure.roots, closure.references, forwards, places))


@given(random_records(10), st.lists(st.integers(0, 99), max_size=6))
def test_unfolding_everything_shows_every_path_and_unfolds_it_once(records: ClosureRecords, unfolds: list[int]) -> None:
    closure = Closure(records)
    outline = outline_of(closure)
    for number in unfolds:
        outline.unfold(outline.rows[number % len(outline.rows)])

    assert outline.unfold_all(10_000)

    assert {node.index for node in outline.rows} == set(range(len(closure)))
    unfolded = [node.index for node in outline.rows if node.children is not None]
    assert sorted(unfolded) == [one for one in range(len(closure)) if closure.references[one]]
    assert len(outline.rows) == len(closure.roots) + sum(map(len, closure.references))
    assert outline.unfold_all(10_000), "nothing is left out the second time either"


@given(random_records(10), st.integers(1, 30))
def test_unfolding_everything_stops_at_its_limit_and_says_so(records: ClosureRecords, limit: int) -> None:
    closure = Closure(records)
    outline = outline_of(closure)
    whole = len(closure.roots) + sum(map(len, closure.references))

    complete = outline.unfold_all(limit)

    assert len(outline.rows) <= max(limit, len(closure.roots))
    assert complete == (len(outline.rows) == whole)
    places = {chain_of(one) for one in outline.rows if one.children is not None}
    check(outline, SlowOutline(closure.roots, closure.references, forwards, places))


def test_a_shared_path_points_to_where_it_is_unfolded() -> None:
    closure = closure_of({**DIAMOND, "libc": ["locale"]})
    outline = outline_of(closure, lambda positions: sorted(positions, key=closure.name))
    for name in ("app", "lib", "libc", "tool"):
        assert outline.unfold(row(closure, outline, name))

    assert shown(closure, outline) == [
        "app",
        "  lib",
        "    libc",
        "      locale",
        "  tool",
        "    data",
        "    libc",
    ]
    second = row(closure, outline, "libc", 1)
    assert not outline.unfold(second)
    assert outline.elsewhere(second) is row(closure, outline, "libc", 0)


def test_folding_frees_what_was_unfolded_inside() -> None:
    closure = closure_of({**DIAMOND, "libc": ["locale"]})
    outline = outline_of(closure, lambda positions: sorted(positions, key=closure.name))
    for name in ("app", "lib", "libc", "tool"):
        outline.unfold(row(closure, outline, name))

    outline.fold(row(closure, outline, "lib"))

    assert outline.elsewhere(row(closure, outline, "libc")) is None
    assert outline.unfold(row(closure, outline, "libc"))
    assert shown(closure, outline)[-1] == "      locale"


def test_referrers_unfold_upwards() -> None:
    closure = closure_of(DIAMOND)
    outline = Outline([index(closure, "libc")], closure.referrers, lambda some: sorted(some, key=closure.name))

    outline.unfold_all(100)

    assert shown(closure, outline) == ["libc", "  lib", "    app", "  tool", "    app"]


def test_a_hidden_node_has_no_row() -> None:
    closure = closure_of(DIAMOND)
    outline = outline_of(closure)
    outline.unfold(outline.rows[0])
    inner = outline.rows[1]

    outline.fold(outline.rows[0])

    assert inner.row == -1
    assert not outline.fold(outline.rows[0])


def test_reordering_keeps_what_is_unfolded() -> None:
    closure = closure_of(DIAMOND)
    outline = outline_of(closure, lambda some: sorted(some, key=closure.name))
    outline.unfold_all(100)

    outline.reorder(lambda some: sorted(some, key=closure.name, reverse=True))

    assert shown(closure, outline) == ["app", "  tool", "    libc", "    data", "  lib", "    libc"]


def test_a_chain_that_does_not_hang_together_is_not_revealed() -> None:
    closure = closure_of(DIAMOND)
    outline = outline_of(closure)

    assert outline.reveal([index(closure, "lib")]) is None
    assert outline.reveal([index(closure, "app"), index(closure, "data")]) is None
    assert outline.reveal([]) is None


@given(random_records(), st.data())
def test_a_shortest_chain_is_as_short_as_networkx_finds_and_hangs_together(
    records: ClosureRecords, data: st.DataObject
) -> None:
    closure = Closure(records)
    target = data.draw(st.integers(0, len(closure) - 1))

    chain = shortest_chain(closure.references, closure.roots, target)

    length = nx.shortest_path_length(with_virtual_root(closure), "virtual root", closure.path(target))
    assert len(chain) == length
    assert chain[0] in closure.roots and chain[-1] == target
    assert all(below in closure.references[above] for above, below in pairwise(chain))


def test_there_is_no_chain_to_what_is_not_reached() -> None:
    closure = closure_of(DIAMOND)

    assert shortest_chain(closure.references, [index(closure, "lib")], index(closure, "data")) == []
    assert names(closure, shortest_chain(closure.references, closure.roots, index(closure, "app"))) == ["app"]
