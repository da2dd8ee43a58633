"""When an unused seat is asked about and goes back: the table of cases, and that nobody loses one unasked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.licenses.reclaim import Holding, Limits, Why, judge

NEVER, IDLE = Limits(14, 30, 45), Limits(60, 75, 90)
GRANTED = date(2026, 1, 1)
NEW = Holding(
    granted_on=GRANTED, hired_on=date(2019, 5, 6), status="active", is_seasonal=False, is_shielded=False,
    first_use_on=None, last_use_on=None, known_until=None, kept_on=None,
)  # fmt: skip


def on(day: int, **facts: object) -> tuple[Holding, date]:
    """The holding as known on a day after the granting, with figures up to the day before."""
    today = GRANTED + timedelta(days=day)
    return replace(NEW, **({"known_until": today - timedelta(days=1)} | facts)), today


def said(day: int, **facts: object) -> tuple[str, int]:
    holding, today = on(day, **facts)
    found = judge(holding, NEVER, IDLE, today)
    return found.verb, found.step


TOLD = {"step": 1, "told_on": GRANTED + timedelta(days=15), "told_since": GRANTED}
TWICE = {"step": 2, "told_on": GRANTED + timedelta(days=31), "told_since": GRANTED}
USED = {"first_use_on": GRANTED, "last_use_on": GRANTED + timedelta(days=5)}


@pytest.mark.parametrize(
    ("day", "facts", "verdict"),
    [
        (13, {}, ("leave", 0)),
        (15, {}, ("ask", 1)),
        (30, TOLD, ("leave", 1)),
        (31, TOLD, ("ask", 2)),
        (45, TWICE, ("leave", 2)),
        (46, TWICE, ("release", 2)),
        (40, USED, ("leave", 0)),
        (66, USED, ("ask", 1)),
        # asked because never used, used after that: the clock begins anew
        (46, TWICE | USED, ("leave", 0)),
        # kept
        (46, TWICE | {"kept_on": GRANTED + timedelta(days=40)}, ("leave", 0)),
        # idle for a year when the rule is switched on: asked first, not taken
        (365, {}, ("ask", 1)),
    ],
)
def test_questions_come_before_a_release(day: int, facts: dict[str, object], verdict: tuple[str, int]) -> None:
    assert said(day, **facts) == verdict


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"status": "leave"}, Why.LEAVE),
        ({"is_seasonal": True}, Why.SEASONAL),
        ({"is_shielded": True}, Why.SHIELDED),
        ({"hired_on": GRANTED + timedelta(days=30)}, Why.NEW_HIRE),
        ({"known_until": GRANTED + timedelta(days=40)}, Why.STALE),
        ({"known_until": None}, Why.STALE),
    ],
)
def test_who_is_left_alone(facts: dict[str, object], why: Why) -> None:
    holding, today = on(46, **(TWICE | facts))
    assert judge(holding, NEVER, IDLE, today).why is why


@settings(max_examples=300)
@given(
    st.lists(st.integers(1, 30), min_size=1, max_size=40),
    st.sets(st.integers(0, 400), max_size=8),
    st.sets(st.integers(0, 400), max_size=2),
)
def test_nobody_loses_a_seat_without_two_questions_and_a_gap_after_each(
    looks: list[int], uses: set[int], keeps: set[int]
) -> None:
    """Whatever days the job runs on, and however the person uses and keeps the seat."""
    step, told_on, told_since, day = 0, None, None, 0
    questions: list[date] = []
    for pause in looks:
        day += pause
        today = GRANTED + timedelta(days=day)
        used = [GRANTED + timedelta(days=d) for d in uses if d < day]
        kept = [GRANTED + timedelta(days=d) for d in keeps if d < day]
        holding = replace(
            NEW, known_until=today - timedelta(days=1), step=step, told_on=told_on, told_since=told_since,
            last_use_on=max(used, default=None), first_use_on=min(used, default=None), kept_on=max(kept, default=None),
        )  # fmt: skip
        verdict = judge(holding, NEVER, IDLE, today)
        if verdict.verb == "ask":
            questions = [*questions, today] if verdict.step == 2 else [today]
            step, told_on, told_since = verdict.step, today, verdict.since
        if verdict.verb == "release":
            assert len(questions) == 2
            assert (questions[1] - questions[0]).days >= 15
            assert (today - questions[1]).days >= 15
            assert not [d for d in (*used, *kept) if d > questions[0]]
            return
