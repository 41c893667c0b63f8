"""The details of a path, where they are made the quick way."""

from __future__ import annotations

from hypothesis import given

from pyclosure.queries.base.records import ClosureRecords
from pyclosure.tui.words import details
from pyclosure.tui.words.units import Labels, size
from tests.support.closures import knowledge_of
from tests.support.slow import random_records


@given(random_records(40))
def test_the_heaviest_neighbours_are_named_in_the_order_that_sorting_all_of_them_gives(records: ClosureRecords) -> None:
    knowledge = knowledge_of(records)
    closure, added, labels = knowledge.closure, knowledge.sizes.added, Labels(knowledge)
    for index in range(len(closure)):
        for neighbours in (closure.referrers[index], closure.references[index]):
            lines = details._named("references", neighbours, labels, knowledge)
            ordered = sorted(neighbours, key=lambda one: (-added[one], closure.name_ranks[one]))
            expected = [(labels[one], f"{size(added[one])} added") for one in ordered[: details._NAMED]]

            assert [(line.value.rsplit("  ", 1)[0], line.note) for line in lines[1 : 1 + len(expected)]] == expected
            assert len(lines) == 1 + len(expected) + (len(neighbours) > details._NAMED)
