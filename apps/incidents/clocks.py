"""How soon an incident is acknowledged, and how the clock stands. Pure.

Targets: severity 1 within an hour and 2 within four, day or night; 3 within one working day, 4 and 5 within three.
Until somebody has looked, the severity is unknown and counts as 2: unknown is not low.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.core.workdays import after_working_days

HOURS = {1: 1, 2: 4}
WORKING_DAYS = {3: 1, 4: 3, 5: 3}
UNKNOWN_COUNTS_AS = 2
_WARN_AT = 0.75
_HOUR, _DAY = 3600, 86400


def acknowledge_by(reported_at: datetime, severity: int | None) -> datetime:
    """The end of the clock. `reported_at` is aware and in the state's time zone."""
    severity = severity or UNKNOWN_COUNTS_AS
    if severity in HOURS:
        return reported_at + timedelta(hours=HOURS[severity])
    return after_working_days(reported_at, WORKING_DAYS[severity])


def warn_at(reported_at: datetime, until: datetime) -> datetime:
    """The beginning of the clock's last quarter, when the privacy office is reminded once."""
    return reported_at + (until - reported_at) * _WARN_AT


@dataclass(frozen=True, slots=True)
class Clock:
    """How the clock stands in words, and as the kind of a status tag."""

    words: str
    kind: str
    is_late: bool = False


def clock_of(now: datetime, warn: datetime, until: datetime, met_at: datetime | None) -> Clock:
    """The state of an acknowledgment clock at `now`."""
    if met_at is not None:
        if met_at <= until:
            return Clock("Acknowledged in time", "good")
        return Clock(f"Acknowledged late by {_span(met_at - until)}", "neutral", is_late=True)
    if now > until:
        return Clock(f"Late by {_span(now - until)}", "bad", is_late=True)
    return Clock(f"Due in {_span(until - now)}", "warn" if now >= warn else "info")


def _span(span: timedelta) -> str:
    """A span as people say it: minutes below two hours, hours below two days, then days."""
    seconds = int(span.total_seconds())
    for size, word in ((_DAY, "day"), (_HOUR, "hour")):
        if seconds >= 2 * size:
            return f"{seconds // size} {word}s"
    minutes = max(1, seconds // 60)
    return f"{minutes} minute{'' if minutes == 1 else 's'}"
