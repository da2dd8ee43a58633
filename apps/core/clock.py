"""The one place that asks what time it is. Times are aware and in UTC; dates are the state's calendar days."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, timedelta

from django.utils import timezone

_shift: ContextVar[timedelta] = ContextVar("clock_shift", default=timedelta())


def now() -> datetime:
    """The present moment, aware, UTC."""
    return timezone.now() + _shift.get()


def today() -> date:
    """The calendar day in the state's time zone (settings.TIME_ZONE): what a person would call today."""
    return timezone.localdate(now())


@contextmanager
def shifted(by: timedelta) -> Iterator[None]:
    """Let it be another time inside the block: the demo lives its past through the services, as people did."""
    token = _shift.set(_shift.get() + by)
    try:
        yield
    finally:
        _shift.reset(token)
