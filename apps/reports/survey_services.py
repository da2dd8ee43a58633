"""Answering the time-saved survey: the one write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from django.db import IntegrityError, connection, transaction
from django.db.models import Case, F, Q, Value, When

from apps.accounts.actors import Actor
from apps.audit import services as audit
from apps.core import clock, requests
from apps.core.errors import Invalid, NotPermitted
from apps.core.floor import PRIVACY_FLOOR
from apps.licenses.models import Seat
from apps.reports.models import SurveyMark, SurveyTally
from apps.reports.survey import HELPED, MINUTES, quarter_of
from apps.reports.survey_selectors import has_answered, live_seat, marks_of

ANONYMOUS = Actor(key="anonymous", name="Somebody with a live seat")
_QUESTIONS = {SurveyTally.Question.MINUTES: MINUTES, SurveyTally.Question.HELPED: HELPED}
_LOCK = 0x5EA7


def survey_answer(*, actor: Actor, minutes: int, helped: int) -> None:
    """Count what a holder of a live seat says, once a quarter. Nothing that is written ties the answer to them.

    The event says that an answer came in, without who and what, and by the hour.
    """
    seat = live_seat(actor)
    if seat is None or actor.employee_id is None:
        raise NotPermitted("The survey is for people with a live seat.", how_to_fix="It waits until you have one.")
    if minutes not in MINUTES or helped not in HELPED:
        raise Invalid("Choose one of the answers to each question.")
    quarter = quarter_of(clock.today())
    with transaction.atomic():
        if has_answered(actor, quarter):
            raise Invalid("You have answered in this quarter.", how_to_fix="The next quarter has a survey of its own.")
        try:
            with transaction.atomic():
                SurveyMark.objects.create(mark=marks_of(actor.employee_id, quarter)[0], quarter=quarter)
        except IntegrityError:
            raise Invalid("You have answered in this quarter.") from None
        _count(quarter, _agency_kept(seat), minutes, helped)
        with _no_request():
            at = clock.now().replace(minute=0, second=0, microsecond=0)
            audit.record(
                ANONYMOUS, "reports.survey.answered", SurveyTally(quarter=quarter), name="Time-saved survey",
                after={"quarter": quarter}, role="anonymous", at=at,
            )  # fmt: skip


def _agency_kept(seat: Seat) -> int | None:
    """The agency, where at least ten people hold a live seat there; else none is kept."""
    there = Seat.objects.filter(agency=seat.agency_id, state=Seat.State.GRANTED).count()
    return seat.agency_id if there >= PRIVACY_FLOOR else None


def _count(quarter: date, agency_id: int | None, minutes: int, helped: int) -> None:
    """Add one to two counters by writing all counters of the agency and quarter anew."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, agency_id or 0])
    tallies = SurveyTally.objects.filter(quarter=quarter, agency=agency_id)
    if not tallies.exists():
        SurveyTally.objects.bulk_create(
            SurveyTally(quarter=quarter, agency_id=agency_id, question=question, value=value)
            for question, values in _QUESTIONS.items()
            for value in values
        )
    said = Q(question="minutes", value=minutes) | Q(question="helped", value=helped)
    tallies.update(count=F("count") + Case(When(said, then=Value(1)), default=Value(0)))


@contextmanager
def _no_request() -> Iterator[None]:
    """Without the id that would join the event to a log line, and that to a person."""
    before = requests.current()
    requests.forget()
    try:
        yield
    finally:
        if before:
            requests.begin(before)
