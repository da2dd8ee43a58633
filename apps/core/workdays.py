"""Working days of the Commonwealth: clocks of incidents and questions run on them. Pure.

Monday to Friday without the legal holidays of Massachusetts (M.G.L. c. 4, § 7, cl. 18), as the `holidays` library
computes them.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import holidays

_HOLIDAYS = holidays.country_holidays("US", subdiv="MA")
SATURDAY = 5


def is_working_day(day: date) -> bool:
    """Whether state offices are open on a calendar day."""
    return day.weekday() < SATURDAY and day not in _HOLIDAYS


def after_working_days(moment: datetime, days: int) -> datetime:
    """The same time of day, so many working days later.

    `moment` is aware and in the state's time zone. What comes in on a day off counts from midnight of the next
    working day, so that a weekend costs nobody a day.
    """
    if not is_working_day(moment.date()):
        moment = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        while not is_working_day(moment.date()):
            moment += timedelta(days=1)
    for _ in range(days):
        moment += timedelta(days=1)
        while not is_working_day(moment.date()):
            moment += timedelta(days=1)
    return moment
