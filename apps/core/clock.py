"""The one place that asks what time it is. Times are aware and in UTC; dates are the state's calendar days."""

from __future__ import annotations

from datetime import date, datetime

from django.utils import timezone


def now() -> datetime:
    """The present moment, aware, UTC."""
    return timezone.now()


def today() -> date:
    """The calendar day in the state's time zone (settings.TIME_ZONE): what a person would call today."""
    return timezone.localdate()
