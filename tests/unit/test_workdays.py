"""Clocks on working days of Massachusetts."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from apps.core.workdays import after_working_days, is_working_day

BOSTON = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 11, 24), True),
        (date(2026, 11, 26), False),  # Thanksgiving
        (date(2026, 11, 28), False),  # a Saturday
        (date(2026, 4, 20), False),  # Patriots' Day: no federal holiday, but one of the Commonwealth
        (date(2026, 7, 3), True),
        (date(2027, 7, 5), False),  # the Fourth on a Sunday is kept on Monday
    ],
)
def test_days_on_which_offices_are_open(day: date, works: bool) -> None:
    assert is_working_day(day) is works


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (datetime(2026, 11, 24, 15, tzinfo=BOSTON), 1, datetime(2026, 11, 25, 15, tzinfo=BOSTON)),
        # over Thanksgiving and the weekend
        (datetime(2026, 11, 25, 15, tzinfo=BOSTON), 2, datetime(2026, 11, 30, 15, tzinfo=BOSTON)),
        # on a Saturday it begins with Monday
        (datetime(2026, 11, 28, 15, tzinfo=BOSTON), 1, datetime(2026, 12, 1, 0, tzinfo=BOSTON)),
        # the wall clock stays when the hour changes
        (datetime(2026, 10, 30, 9, tzinfo=BOSTON), 1, datetime(2026, 11, 2, 9, tzinfo=BOSTON)),
    ],
)
def test_the_same_time_of_day_so_many_working_days_later(start: datetime, days: int, end: datetime) -> None:
    assert after_working_days(start, days) == end
