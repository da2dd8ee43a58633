"""A month of the contracts falls on agencies to the cent, and no line tells of fewer than ten people."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.floor import PRIVACY_FLOOR
from apps.licenses.chargeback import (
    Terms,
    cells,
    corrections,
    cost_in,
    month_end,
    months_between,
    seat_days_in,
    shared,
    split,
)

DAYS = st.dates(date(2024, 1, 1), date(2027, 12, 31))
YEAR = timedelta(days=365)


@st.composite
def contracts(draw: st.DrawFn) -> Terms:
    begins = draw(DAYS)
    until = begins + timedelta(days=draw(st.integers(1, 1500)))
    seats = draw(st.integers(1, 50_000))
    changes = draw(st.lists(st.tuples(DAYS, st.integers(-20, 20_000)), max_size=4))
    return Terms(1, "C-1", begins, until, seats, draw(st.integers(1, 100_000)), tuple(changes))


def test_twelve_months_give_the_year_and_a_cut_month_its_days() -> None:
    plain = Terms(1, "C-1", date(2026, 1, 1), date(2026, 12, 31), 40_000, 10_800)
    months = [cost_in(plain, month, month_end(month)) for month in months_between(plain.from_on, plain.until_on)]
    assert sum(months) == 40_000 * 10_800
    assert months[0] == round(40_000 * 10_800 * 31 / 365)
    # From the 21st of January: thirteen months, of which two are cut, are still the year.
    late = Terms(1, "C-1", date(2026, 1, 21), date(2027, 1, 20), 333, 10_799)
    cut = [cost_in(late, month, month_end(month)) for month in months_between(late.from_on, late.until_on)]
    assert len(cut) == 13
    assert sum(cut) == 333 * 10_799
    assert cut[0] == round(333 * 10_799 * 11 / 365)


def test_a_leap_year_costs_no_more_and_february_29_has_anniversaries() -> None:
    leap = Terms(1, "C-1", date(2024, 2, 29), date(2025, 2, 28), 100, 36_600)
    assert cost_in(leap, date(2024, 2, 1), date(2025, 3, 31)) == 100 * 36_600
    assert cost_in(leap, date(2024, 2, 29), date(2024, 2, 29)) == 100 * 36_600 // 366


def test_an_amendment_counts_from_its_day() -> None:
    terms = Terms(1, "C-1", date(2026, 1, 1), date(2026, 12, 31), 10, 36_500, ((date(2026, 3, 11), 10),))
    assert seat_days_in(terms, date(2026, 3, 1), date(2026, 3, 31)) == 10 * 10 + 20 * 21
    assert cost_in(terms, date(2026, 3, 1), date(2026, 3, 31)) == 100 * (10 * 10 + 20 * 21)
    assert cost_in(terms, date(2026, 2, 1), date(2026, 2, 28)) == 100 * 10 * 28


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=30))
def test_a_split_loses_no_cent(cents: int, weights: list[int]) -> None:
    shares = split(cents, weights)
    whole = sum(weights)
    assert sum(shares) == (cents if whole else 0)
    assert all(
        abs(share * whole - cents * weight) < whole for share, weight in zip(shares, weights, strict=True) if whole
    )


@settings(max_examples=200, deadline=None)
@given(contracts(), st.dictionaries(st.integers(1, 9), st.integers(0, 3000), max_size=9), DAYS)
def test_lines_sum_to_the_months_cost(terms: Terms, seat_days: dict[int, int], day: date) -> None:
    share = shared(terms, day.replace(day=1), seat_days)
    assert sum(share.amounts.values()) + share.unassigned == share.cost
    assert share.unassigned >= 0
    assert share.cost == cost_in(terms, day.replace(day=1), month_end(day))


@settings(max_examples=100, deadline=None)
@given(contracts())
def test_all_months_give_the_whole_term(terms: Terms) -> None:
    months = [cost_in(terms, month, month_end(month)) for month in months_between(terms.from_on, terms.until_on)]
    assert sum(months) == cost_in(terms, terms.from_on, terms.until_on)


@settings(max_examples=100, deadline=None)
@given(contracts(), st.lists(st.tuples(st.integers(0, 40), DAYS, st.integers(1, 500)), max_size=5))
def test_months_and_corrections_add_up_to_what_is_known_at_last(
    terms: Terms, later: list[tuple[int, date, int]]
) -> None:
    """Amendments recorded in any month, for any earlier day: what was charged by the end is what the contract cost."""
    months = months_between(terms.from_on, terms.until_on)
    recorded = {
        place: [(min(day, month_end(months[place])), seats) for at, day, seats in later if at % len(months) == place]
        for place in range(len(months))
    }
    known: list[Terms] = []
    charged, changes = 0, list(terms.changes)
    for place, month in enumerate(months):
        changes += recorded[place]
        now = Terms(1, "C-1", terms.from_on, terms.until_on, terms.seats, terms.cents, tuple(changes))
        charged += cost_in(now, month, month_end(month)) + sum(one.cents for one in corrections(known, [now], month))
        known = [now]
    assert charged == cost_in(known[0], terms.from_on, terms.until_on)


def test_a_late_amendment_is_a_correction_of_each_month_since_its_day() -> None:
    before = Terms(1, "C-1", date(2026, 1, 1), date(2026, 12, 31), 10, 36_500)
    after = Terms(1, "C-1", date(2026, 1, 1), date(2026, 12, 31), 10, 36_500, ((date(2026, 2, 15), 2),))
    found = corrections([before], [after], date(2026, 4, 1))
    assert [(one.month, one.cents) for one in found] == [
        (date(2026, 2, 1), 2 * 14 * 100), (date(2026, 3, 1), 2 * 31 * 100),
    ]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.one_of(st.integers(1, 12), st.integers(10, 400))), max_size=12))
def test_no_line_is_about_fewer_than_ten(agencies: list[tuple[int, int]]) -> None:
    people = {place: count for place, (_, count) in enumerate(agencies)}
    parents = {place: parent for place, (parent, _) in enumerate(agencies)}
    found = cells(people, parents)
    assert sorted(pk for _, cell in found for pk in cell) == sorted(people)
    for parent, cell in found:
        if parent is not None:
            assert {parents[pk] for pk in cell} == {parent}
        few = sum(people[pk] for pk in cell) < PRIVACY_FLOOR
        assert not few or (parent is None and len(found) == 1)


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ({1: 3, 2: 40, 3: 60}, [(0, {3}), (0, {1, 2})]),
        ({1: 6, 2: 7, 3: 60}, [(0, {3}), (0, {1, 2})]),
        ({1: 3}, [(None, {1})]),
    ],
)
def test_small_agencies_come_together(people: dict[int, int], expected: list[tuple[int | None, set[int]]]) -> None:
    assert cells(people, dict.fromkeys(people, 0)) == [(parent, frozenset(cell)) for parent, cell in expected]
