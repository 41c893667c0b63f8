"""The answer that the first screen opens on."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pyclosure.queries.answers.overview import Share, overview
from pyclosure.queries.answers.rows import ordered
from pyclosure.queries.base.records import ClosureRecords, Distribution, FileFacts
from tests.support.closures import knowledge_of, names, records_of, store_path
from tests.support.slow import random_records

#  env → six → python3 → glibc,  env → python3,  env → tzdata
GRAPH = {
    "python3-3.11.9-env": ["python3.11-six-1.16.0", "python3-3.11.9", "tzdata-2024a", "mystery"],
    "python3.11-six-1.16.0": ["python3-3.11.9"],
    "python3-3.11.9": ["glibc-2.40-66"],
}
SIZES = {
    "python3-3.11.9-env": 1,
    "python3.11-six-1.16.0": 20,
    "python3-3.11.9": 300,
    "glibc-2.40-66": 4000,
    "tzdata-2024a": 50_000,
    "mystery": 600_000,
}


def test_the_whole_is_summed_up() -> None:
    knowledge = knowledge_of(records_of(GRAPH, SIZES))

    summary = overview(knowledge, top=3)

    assert names(knowledge.closure, summary.roots) == ["python3-3.11.9-env"]
    assert (summary.paths, summary.closure_size) == (6, 654_321)
    assert names(knowledge.closure, summary.interpreters) == ["python3-3.11.9"]
    assert (summary.distributions, summary.distributions_sure) == (1, False)
    assert names(knowledge.closure, summary.top) == ["mystery", "tzdata-2024a", "python3-3.11.9"]
    assert summary.by_kind == (
        Share("unknown", 1, 600_000),
        Share("data", 1, 50_000),
        Share("native-library", 1, 4000),
        Share("interpreter", 1, 300),
        Share("python-package", 1, 20),
        Share("python-env", 1, 1),
    )
    assert summary.by_group == (
        Share("python", 2, 21),
        Share("native", 1, 4000),
        Share("interpreter", 1, 300),
        Share("other", 2, 650_000),
    )


def test_roots_are_not_among_the_heaviest_paths() -> None:
    knowledge = knowledge_of(records_of(GRAPH, SIZES, roots=["python3-3.11.9-env", "mystery"]))

    assert "mystery" not in names(knowledge.closure, overview(knowledge).top)


def test_distributions_are_counted_where_their_metadata_lies() -> None:
    two = tuple(Distribution(name, name, "1", "python3.11", f"lib/{name}") for name in ("six", "attrs"))
    files = {store_path(name): FileFacts(shape="directory", only=("x",)) for name in SIZES}
    files[store_path("python3.11-six-1.16.0")] = FileFacts(shape="directory", distributions=two)

    summary = overview(knowledge_of(records_of(GRAPH, SIZES), files=files))

    assert (summary.distributions, summary.distributions_sure) == (2, True)


def test_the_other_group_is_left_out_when_it_is_empty() -> None:
    summary = overview(knowledge_of(records_of({"python3-3.11.9": ["glibc-2.40-66"]})))

    assert [share.key for share in summary.by_group] == ["python", "native", "interpreter"]
    assert summary.by_group[0] == Share("python", 0, 0)


@given(random_records(), st.integers(0, 12))
def test_the_heaviest_paths_are_those_that_ordering_all_of_them_begins_with(records: ClosureRecords, most: int) -> None:
    knowledge = knowledge_of(records)
    others = [index for index in range(len(knowledge.closure)) if index not in knowledge.closure.roots]

    assert list(overview(knowledge, most).top) == ordered(knowledge, others, "added_size")[:most]


@given(random_records())
def test_every_path_is_in_exactly_one_kind_and_one_group(records: ClosureRecords) -> None:
    knowledge = knowledge_of(records)

    summary = overview(knowledge)

    for shares in (summary.by_kind, summary.by_group):
        assert sum(share.paths for share in shares) == summary.paths == len(knowledge.closure)
        assert sum(share.nar_size for share in shares) == summary.closure_size
    assert len(summary.top) <= 10
