"""What a snapshot carries for tests, and hostile ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

import msgspec
import pytest

from pyclosure.queries.base.errors import BadInput
from pyclosure.queries.demo import demo_snapshot
from pyclosure.queries.findings.context import Context
from pyclosure.queries.opened.evidence import EvidenceStore
from pyclosure.queries.opened.knowledge import Knowledge, know
from pyclosure.queries.opened.snapshot import Snapshot, encode_snapshot, read_document, read_snapshot
from pyclosure.queries.policy.policy import Policy
from pyclosure.queries.sources.read import opened_snapshot
from pyclosure.queries.testing.survey import Survey


def again(snapshot: Snapshot) -> Snapshot:
    data = encode_snapshot(snapshot, datetime(2026, 11, 22, tzinfo=UTC))
    return read_snapshot(read_document(BytesIO(data), "x"), "x")


def survey(knowledge: Knowledge) -> Survey:
    return Context(knowledge, EvidenceStore(knowledge), Policy()).tests


def test_a_snapshot_of_a_snapshot_says_the_same() -> None:
    first = know(opened_snapshot(demo_snapshot()))
    second = know(opened_snapshot(again(first.snapshot())))

    one, other = survey(first), survey(second)
    assert one.cost == other.cost
    assert one.cost is not None
    assert [(some.path, some.gap, some.run) for some in one.packages] == [
        (some.path, some.gap, some.run) for some in other.packages
    ]
    assert one.cycles == other.cycles


def test_without_a_build_graph_costs_are_unknown_and_verdicts_stay() -> None:
    whole = survey(know(opened_snapshot(demo_snapshot())))
    bare = survey(know(opened_snapshot(replace(demo_snapshot(), build=None, sources=None))))

    assert bare.cost is None
    assert "no build graph" in bare.why_no_cost
    assert [(some.name, some.ran, some.verdict) for some in sorted(bare.packages, key=lambda one: one.path)] == [
        (some.name, some.ran, some.verdict) for some in sorted(whole.packages, key=lambda one: one.path)
    ]


def test_what_could_not_be_read_makes_costs_lower_bounds() -> None:
    demo = demo_snapshot()
    assert demo.derivations is not None
    fewer = {path: drv for path, drv in demo.derivations.items() if "pandas" not in path and "-env" not in path}

    knowledge = know(opened_snapshot(replace(demo, derivations=fewer)))

    cost = survey(knowledge).cost
    assert cost is not None and cost.missing == 2
    assert knowledge.build_state.state == "partial"


def test_a_circle_of_inputs_costs_only_the_build_graph() -> None:
    demo = demo_snapshot()
    assert demo.build is not None
    build = dict(demo.build)
    path, drv = next((path, drv) for path, drv in build.items() if drv.input_derivations)
    below = next(one for one in drv.input_derivations if one in build)
    build[below] = msgspec.structs.replace(build[below], input_derivations={path: ("out",)})

    knowledge = know(opened_snapshot(again(replace(demo, build=build))))

    assert knowledge.build is None
    assert "form a circle" in knowledge.build_state.reason
    assert survey(knowledge).cost is None


@pytest.mark.parametrize("part", ["derivations", "build"])
def test_a_derivation_under_another_name_is_refused(part: str) -> None:
    demo = demo_snapshot()
    some = dict(getattr(demo, part))
    first, second = sorted(some)[:2]
    some[first] = some[second]

    with pytest.raises(BadInput, match="stands in it under another name"):
        again(replace(demo, **{part: some}))
