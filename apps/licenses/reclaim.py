"""When an unused seat is asked about and when it goes back. Pure: what is known of a seat in, what happens to it out.

Two kinds. Never used: asked about after 14 and 30 days, released after 45. Idle: asked after 60 and 75, released after
90 (docs/reclaim.md; the numbers stand in the contract's policy). The steps between are kept whatever happened before
the policy was switched on: nobody loses a seat without having been asked twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

FRESH = timedelta(hours=72)
SHIELD_DAYS = 30
RETURN_DAYS = 30
NEVER, IDLE = "never", "idle"


@dataclass(frozen=True, slots=True)
class Limits:
    """Days without use: first question, second question, release."""

    first: int
    second: int
    release: int

    def gap(self, step: int) -> int:
        """Days that must lie between a step and the next one."""
        return self.second - self.first if step == 1 else self.release - self.second


@dataclass(frozen=True, slots=True)
class Holding:
    """What is known of a granted seat. Days are the vendor's UTC days; `known_until` is the last one it told of.

    `step` and `told_on` are the last question (0: none) since `since`, from which the clock now runs.
    """

    granted_on: date
    hired_on: date | None
    status: str
    is_seasonal: bool
    is_shielded: bool
    first_use_on: date | None
    last_use_on: date | None
    known_until: date | None
    kept_on: date | None
    step: int = 0
    told_on: date | None = None
    told_since: date | None = None


class Why(StrEnum):
    """Why a seat is left alone, whatever its use."""

    LEAVE = "on leave"
    SEASONAL = "seasonal staff"
    NEW_HIRE = "hired less than 30 days ago"
    SHIELDED = "open incident or legal hold"
    STALE = "the vendor's figures are older than 72 hours"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What happens now: verb "leave", "skip" (with `why`), "ask" (with `step`) or "release"; and when to look again.

    `release_on` is the earliest day on which the seat would go back.
    """

    verb: str
    kind: str
    since: date
    days: int
    look_on: date
    step: int = 0
    why: Why | None = None
    release_on: date | None = None


def judge(holding: Holding, never: Limits, idle: Limits, today: date) -> Verdict:
    """Decide about one seat on a day (UTC)."""
    kind, since = _clock(holding)
    limits = never if kind == NEVER else idle
    days = ((holding.known_until or since) - since).days
    if why := _left_alone(holding, today):
        return Verdict("skip", kind, since, days, today + timedelta(days=1), why=why)
    step = holding.step if holding.told_since == since else 0
    due = _due(holding, limits, since, step)
    if today < due or days < (limits.first, limits.second, limits.release)[step]:
        return Verdict("leave", kind, since, days, max(due, today + timedelta(days=1)), step)
    if step == 2:
        return Verdict("release", kind, since, days, today, step)
    left = limits.gap(1) + limits.gap(2) if step == 0 else limits.gap(2)
    return Verdict(
        "ask", kind, since, days, today + timedelta(days=limits.gap(step + 1)), step + 1,
        release_on=today + timedelta(days=left),
    )  # fmt: skip


def _clock(holding: Holding) -> tuple[str, date]:
    """The kind, and the day from which days without use count."""
    last = holding.last_use_on
    kind = NEVER if last is None or last < holding.granted_on else IDLE
    since = [holding.granted_on]
    since += [day for day in (last, holding.kept_on) if day is not None]
    return kind, max(since)


def _left_alone(holding: Holding, today: date) -> Why | None:
    shield = timedelta(days=SHIELD_DAYS)
    if holding.status == "leave":
        return Why.LEAVE
    if holding.is_seasonal:
        return Why.SEASONAL
    if holding.is_shielded:
        return Why.SHIELDED
    if holding.hired_on and today - holding.hired_on < shield:
        return Why.NEW_HIRE
    if holding.known_until is None or today - holding.known_until > FRESH:
        return Why.STALE
    return None


def _due(holding: Holding, limits: Limits, since: date, step: int) -> date:
    """The day of the next step: from the first day without use, or the gap after the last question."""
    if step == 0 or holding.told_on is None:
        return since + timedelta(days=limits.first)
    return holding.told_on + timedelta(days=limits.gap(step))
