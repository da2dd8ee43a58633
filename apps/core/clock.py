"""The one place that asks what time it is. Times are aware and in UTC; dates are the state's calendar days."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time, timedelta

from django.db import connection
from django.utils import timezone

_shift: ContextVar[timedelta] = ContextVar("clock_shift", default=timedelta())


def now() -> datetime:
    """The present moment, aware, UTC."""
    return timezone.now() + _shift.get()


def today() -> date:
    """The calendar day in the state's time zone (settings.TIME_ZONE): what a person would call today."""
    return timezone.localdate(now())


def end_of(day: date) -> datetime:
    """The moment at which a calendar day of the state is over, aware."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))


def day_of(moment: datetime) -> date:
    """The calendar day of the state at a moment."""
    return timezone.localdate(moment)


def day_before(moment: datetime) -> date:
    """The calendar day of the state that was over last at a moment."""
    return timezone.localdate(moment) - timedelta(days=1)


@contextmanager
def shifted(by: timedelta) -> Iterator[None]:
    """Let it be another time inside the block: the demo lives its past through the services, as people did.

    The database's history follows (beacon_now); columns that default to the database's now() do not.
    """
    before = _shift.get()
    token = _shift.set(before + by)
    _tell_database(before + by)
    try:
        yield
    finally:
        _shift.reset(token)
        _tell_database(before)


def _tell_database(shift: timedelta) -> None:
    # In a transaction that has failed nothing can be said, and nothing need be: its end takes the setting back.
    if not connection.needs_rollback:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('beacon.shift', %s, false)", [f"{shift.total_seconds():.6f} seconds"])
