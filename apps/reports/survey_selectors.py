"""Reading the time-saved survey: whether somebody may answer, and what came of it, for any past day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.crypto import salted_hmac

from apps.accounts.actors import Actor
from apps.core import clock
from apps.core.floor import PRIVACY_FLOOR, floored
from apps.licenses.models import Seat
from apps.reports.models import SurveyMark, SurveyTally
from apps.reports.survey import METHOD, MUCH, PUBLISHED, Elsewhere, last_quarter, quarter_end, quartiles, shown_alone

# Whoever had a live seat at some time of the quarter could answer; each counts once, where they had it last.
_ASKED = """
    SELECT agency_id, count(*) FROM (
        SELECT DISTINCT ON (employee_id) employee_id, agency_id FROM licenses_seatperiod
        WHERE state = 'granted' AND during && tstzrange(%(begins)s, %(ends)s)
        ORDER BY employee_id, lower(during) DESC
    ) x GROUP BY agency_id
"""


@dataclass(frozen=True, slots=True)
class TimeSaved:
    """What people said for a quarter, always self-reported. Figures are None where there were fewer than ten answers.

    `asked` are those who had a live seat and could answer; None where the rest of them would be too few. `much` is how
    many percent said that it helped much or very much.
    """

    quarter: date
    answers: int | None
    asked: int | None
    lower: int | None = None
    median: int | None = None
    upper: int | None = None
    much: int | None = None
    method: str = METHOD
    elsewhere: Sequence[Elsewhere] = PUBLISHED

    @property
    def is_shown(self) -> bool:
        return self.median is not None


@dataclass(frozen=True, slots=True)
class _Quarter:
    """Everything of a quarter that is over: counters and people asked, by agency id (None: agencies too small to keep)."""

    first: date
    minutes: dict[int | None, dict[int, int]]
    helped: dict[int | None, dict[int, int]]
    asked: dict[int, int]

    @property
    def answers(self) -> dict[int | None, int]:
        return {agency: sum(counts.values()) for agency, counts in self.minutes.items()}

    @property
    def alone(self) -> set[Any]:
        return shown_alone(self.answers, self.asked)


def time_saved(day: date, agencies: Iterable[int] | None) -> TimeSaved:
    """What was known at the end of a day: the last quarter that was over by it, of some agencies or (None) of all.

    Figures of some agencies are of those among them that may be told alone; the others are only in the whole.
    """
    return _of(_quarter(last_quarter(day)), agencies)


def time_saved_by_agency(day: date, agencies: Iterable[int]) -> dict[int, TimeSaved]:
    """The agencies among these whose figures may be shown, each with its own."""
    quarter = _quarter(last_quarter(day))
    return {agency: _of(quarter, [agency]) for agency in agencies if agency in quarter.alone}


def quarters_known(day: date) -> list[date]:
    """The quarters with answers that were over at the end of a day, newest first."""
    rows = SurveyTally.objects.filter(quarter__lte=last_quarter(day)).values_list("quarter", flat=True)
    return list(rows.distinct().order_by("-quarter"))


def _of(quarter: _Quarter, agencies: Iterable[int] | None) -> TimeSaved:
    if agencies is None:
        groups: set[Any] = set(quarter.minutes)
        asked = sum(quarter.asked.values())
    else:
        groups = set(agencies) & quarter.alone
        asked = sum(quarter.asked.get(group, 0) for group in groups)
    minutes = _added(quarter.minutes[group] for group in groups)
    answers = sum(minutes.values())
    if answers < PRIVACY_FLOOR:
        return TimeSaved(
            quarter.first, floored(answers) if agencies is None else None, floored(asked) if not answers else None
        )
    helped = _added(quarter.helped[group] for group in groups)
    much = sum(count for value, count in helped.items() if value >= MUCH)
    return TimeSaved(
        quarter.first, answers, asked if floored(max(0, asked - answers)) is not None else None,
        *quartiles(minutes), round(100 * much / answers),
    )  # fmt: skip


def _added(counts: Iterable[dict[int, int]]) -> dict[int, int]:
    found: dict[int, int] = {}
    for one in counts:
        for value, count in one.items():
            found[value] = found.get(value, 0) + count
    return found


def _quarter(first: date) -> _Quarter:
    minutes: dict[int | None, dict[int, int]] = {}
    helped: dict[int | None, dict[int, int]] = {}
    into = {"minutes": minutes, "helped": helped}
    rows = SurveyTally.objects.filter(quarter=first).values_list("question", "agency", "value", "count")
    for question, agency, value, count in rows:
        into[question].setdefault(agency, {})[value] = count
    begins, ends = clock.end_of(date.fromordinal(first.toordinal() - 1)), clock.end_of(quarter_end(first))
    with connection.cursor() as cursor:
        cursor.execute(_ASKED, {"begins": begins, "ends": ends})
        return _Quarter(first, minutes, helped, dict(cursor.fetchall()))


# ---- one's own ---------------------------------------------------------------------------------------------


def live_seat(actor: Actor) -> Seat | None:
    """The live seat of the acting employee."""
    return Seat.objects.filter(employee=actor.employee_id or 0, state=Seat.State.GRANTED).first()


def marks_of(employee_id: int, quarter: date) -> list[str]:
    """The codes that say that somebody answered: with today's key first, then with those that were in use before."""
    return [
        salted_hmac("reports.survey", f"{quarter}/{employee_id}", secret=key, algorithm="sha256").hexdigest()
        for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    ]


def has_answered(actor: Actor, quarter: date) -> bool:
    """Whether the acting employee answered in a quarter."""
    return SurveyMark.objects.filter(mark__in=marks_of(actor.employee_id or 0, quarter)).exists()
