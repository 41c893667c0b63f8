"""One row a path: values by column, and an order that is always the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyclosure.queries.answers.rows import BY_KEY, COLUMNS, CONTRACT, ordered, row
from pyclosure.queries.base.records import ClosureRecords
from pyclosure.queries.graph.sizes import with_closure_sizes
from tests.support.closures import derivation_of, index, knowledge_of, names, records_of, store_path
from tests.support.slow import random_records

#  env → python3.11-six-1.16.0 → libz-1.3, env → Zope-1.0, env → python3.11-attrs-23.1
GRAPH = {
    "env": ["python3.11-six-1.16.0", "Zope-1.0", "python3.11-attrs-23.1"],
    "python3.11-six-1.16.0": ["libz-1.3"],
    "Zope-1.0": ["Zope-1.0"],
}
SIZES = {"env": 5, "python3.11-six-1.16.0": 100, "libz-1.3": 20, "Zope-1.0": 20, "python3.11-attrs-23.1": 0}
RECORDS = records_of(GRAPH, SIZES, derivers={"libz-1.3": "libz-1.3.drv"})


def test_a_row_holds_what_the_contract_promises() -> None:
    knowledge = knowledge_of(RECORDS)
    six = index(knowledge.closure, "python3.11-six-1.16.0")

    assert row(knowledge, six) == {
        "path": store_path("python3.11-six-1.16.0"),
        "name": "python3.11-six-1.16.0",
        "kind": "python-package",
        "output": "out",
        "distribution": "six",
        "version": "1.16.0",
        "interpreter": "python3.11",
        "nar_size": 100,
        "closure_size": None,
        "added_size": 120,
        "referrers": 1,
        "depth": 1,
    }
    assert list(row(knowledge, six)) == list(CONTRACT)


def test_a_closure_size_is_unknown_until_it_was_worked_out() -> None:
    knowledge = knowledge_of(RECORDS)
    env = index(knowledge.closure, "env")
    assert row(knowledge, env, ["closure_size"]) == {"closure_size": None}

    knowledge.learn_sizes(with_closure_sizes(knowledge.sizes, knowledge.closure))

    assert row(knowledge, env, ["closure_size"]) == {"closure_size": 145}


def test_the_other_columns_say_where_knowledge_is_from() -> None:
    drv = derivation_of("libz-1.3", {"pname": "libz", "version": "1.3"})
    knowledge = knowledge_of(RECORDS, derivations={drv.path: drv})
    libz = index(knowledge.closure, "libz-1.3")

    assert row(knowledge, libz, ["deriver", "references", "pname", "producer", "tier", "certainty"]) == {
        "deriver": store_path("libz-1.3.drv"),
        "references": 0,
        "pname": "libz",
        "producer": None,
        "tier": "N",
        "certainty": "weak",
    }


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("nar_size", ["python3.11-six-1.16.0", "libz-1.3", "Zope-1.0", "env", "python3.11-attrs-23.1"]),
        ("added_size", ["env", "python3.11-six-1.16.0", "libz-1.3", "Zope-1.0", "python3.11-attrs-23.1"]),
        ("name", ["env", "libz-1.3", "python3.11-attrs-23.1", "python3.11-six-1.16.0", "Zope-1.0"]),
        ("distribution", ["python3.11-attrs-23.1", "python3.11-six-1.16.0", "env", "libz-1.3", "Zope-1.0"]),
        ("depth", ["libz-1.3", "python3.11-attrs-23.1", "python3.11-six-1.16.0", "Zope-1.0", "env"]),
        ("closure_size", ["env", "libz-1.3", "python3.11-attrs-23.1", "python3.11-six-1.16.0", "Zope-1.0"]),
    ],
)
def test_numbers_run_from_the_largest_and_text_from_a_with_the_unknown_last(key: str, expected: list[str]) -> None:
    knowledge = knowledge_of(RECORDS)

    assert names(knowledge.closure, ordered(knowledge, range(5), key)) == expected


def test_the_other_way_round_the_unknown_stays_last_and_ties_stay_by_name() -> None:
    knowledge = knowledge_of(RECORDS)

    by_distribution = names(knowledge.closure, ordered(knowledge, range(5), "distribution", reverse=True))
    by_size = names(knowledge.closure, ordered(knowledge, range(5), "nar_size", reverse=True))

    assert by_distribution == ["python3.11-six-1.16.0", "python3.11-attrs-23.1", "env", "libz-1.3", "Zope-1.0"]
    assert by_size == ["python3.11-attrs-23.1", "env", "libz-1.3", "Zope-1.0", "python3.11-six-1.16.0"]


def test_equal_names_are_told_apart_by_their_path_in_both_directions() -> None:
    records = records_of({"app": ["a", "b"]})
    twins = tuple(
        one if one.path == store_path("app") else type(one)(one.path.rsplit("-", 1)[0] + "-same", 1, ())
        for one in records.paths
    )
    app = next(one for one in twins if one.path == store_path("app"))
    others = sorted(one.path for one in twins if one is not app)
    app = type(app)(app.path, 1, tuple(others))
    knowledge = knowledge_of(
        ClosureRecords("/nix/store", (app.path,), (app, *(one for one in twins if one.path in others)), "", "")
    )

    for reverse in (False, True):
        order = [knowledge.closure.path(one) for one in ordered(knowledge, range(3), "name", reverse=reverse)]
        assert [path for path in order if path != app.path] == others


@given(random_records(), st.sampled_from([column.key for column in COLUMNS]), st.booleans())
def test_any_column_orders_everything_and_always_the_same_way(records: ClosureRecords, key: str, reverse: bool) -> None:
    knowledge = knowledge_of(records)
    everything = range(len(knowledge.closure))

    order = ordered(knowledge, everything, key, reverse=reverse)

    assert sorted(order) == list(everything)
    assert order == ordered(knowledge, reversed(everything), key, reverse=reverse)
    values = [BY_KEY[key].value(knowledge, one) for one in order]
    known = [value for value in values if value is not None]
    assert values[: len(known)] == known, "the unknown is last"
    numbers = [value if isinstance(value, int) else str(value).lower() for value in known]
    falling = BY_KEY[key].numeric != reverse
    assert numbers == sorted(numbers, reverse=falling)  # type: ignore[type-var]


def test_every_column_says_what_it_means() -> None:
    assert len(BY_KEY) == len(COLUMNS)
    assert all(column.meaning and column.title for column in COLUMNS)
    assert CONTRACT == (
        "path",
        "name",
        "kind",
        "output",
        "distribution",
        "version",
        "interpreter",
        "nar_size",
        "closure_size",
        "added_size",
        "referrers",
        "depth",
    )
