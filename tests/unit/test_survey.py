"""Which figures of the survey may be shown, and how they are worked out."""

from __future__ import annotations

from datetime import date
from itertools import chain, combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.reports.survey import (
    PUBLISHED,
    last_quarter,
    quarter_end,
    quarter_name,
    quarter_of,
    quartiles,
    shown_alone,
)


def test_quarters() -> None:
    assert quarter_of(date(2026, 11, 27)) == date(2026, 10, 1)
    assert quarter_end(date(2026, 11, 27)) == date(2026, 12, 31)
    assert quarter_end(date(2024, 1, 1)) == date(2024, 3, 31)
    assert last_quarter(date(2026, 12, 30)) == date(2026, 7, 1)
    assert last_quarter(date(2026, 12, 31)) == date(2026, 10, 1)
    assert quarter_name(date(2026, 10, 1)) == "2026-Q4"


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({30: 1}, (30, 30, 30)),
        ({0: 5, 30: 5, 60: 5}, (0, 30, 60)),
        ({0: 1, 60: 1}, (15, 30, 45)),
        ({15: 100, 180: 1}, (15, 15, 15)),
    ],
)
def test_quartiles(counts: dict[int, int], expected: tuple[int, int, int]) -> None:
    assert quartiles(counts) == expected


def test_what_others_published_is_labelled() -> None:
    assert [(one.state, one.answers) for one in PUBLISHED] == [("Pennsylvania", 175), ("North Carolina", None)]
    assert all("self-reported" in one.label for one in PUBLISHED)


GROUPS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=6).map(lambda them: dict(enumerate(them)))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy
@given(GROUPS)
def test_no_combination_of_figures_is_about_fewer_than_ten(groups: dict[int, tuple[int, int]]) -> None:
    """Sums and differences of the whole and of any groups together: each about nobody or about ten at least."""
    answers = {group: said for group, (said, _) in groups.items()}
    silent = {group: rest for group, (_, rest) in groups.items()}
    asked = {group: answers[group] + silent[group] for group in groups}
    alone = shown_alone(answers, asked)
    hidden = set(groups) - alone
    subsets = chain.from_iterable(combinations(sorted(alone), size) for size in range(len(alone) + 1))
    for chosen in subsets:
        for figures in (answers, silent, asked):
            there = sum(figures[group] for group in chosen)
            assert there == 0 or there >= 10
            rest = sum(figures[group] for group in hidden)
            assert not alone or rest == 0 or rest >= 10
