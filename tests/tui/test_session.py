"""What is open, marked and found, without any screen."""

from __future__ import annotations

import pytest

from pyclosure.tui.session.session import News, Session
from tests.tui.driving import Ready, demo

FOUND = object()


def opened() -> Session:
    knowledge = demo()
    session = Session(Ready(knowledge))  # type: ignore[arg-type]
    session.open(knowledge)
    return session


@pytest.mark.parametrize("what", ["judgement", "survey", "outlook", "compared", "review", "trouble"])
def test_later_news_stand_for_earlier_ones_only_where_nothing_is_lost(what: str) -> None:
    some, nothing = News(**{what: FOUND}), News()  # type: ignore[arg-type]

    assert some.covers(nothing) and some.covers(some)
    assert not nothing.covers(some)


def test_an_overview_is_made_anew_each_time() -> None:
    assert News().covers(News(overview=FOUND))  # type: ignore[arg-type]


def test_observers_are_told_until_they_stop() -> None:
    session, told = opened(), []
    stop = session.observe(lambda: told.append("first"))
    session.observe(lambda: told.append("second"))

    session.changed()
    stop()
    stop()
    session.changed()

    assert told == ["first", "second", "second"]


def test_a_cut_is_marked_and_taken_back() -> None:
    session = opened()
    assert session.knowledge is not None
    total = session.knowledge.sizes.total
    cut = next(index for index in range(len(session.knowledge.closure)) if index not in session.knowledge.closure.roots)

    assert session.toggle_cut(cut).startswith("cut: ")
    assert session.status.startswith("1 cut · saves ") and session.knowledge.sizes.total < total
    assert session.toggle_cut(cut).startswith("kept: ")
    assert session.status == "" and session.knowledge.sizes.total == total
    assert not session.undo_cut()


def test_in_a_large_closure_what_cuts_save_is_left_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    session, asked = opened(), []
    monkeypatch.setattr("pyclosure.tui.session.plan._QUICK", 0)
    session.plan_later = lambda: asked.append(list(session.plan.marks))
    plan = session.plan

    session.toggle_cut(1)
    assert asked == [[1]] and plan.result is None

    stale = plan.work_out((2,))
    assert not session.take_outcome(plan, stale) and plan.result is None
    assert session.take_outcome(plan, plan.work_out((1,))) and plan.result is not None
