"""The survey counts what people say, and nobody can tell who said it: not from rows, times, order or transactions."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from apps.accounts.actors import Actor
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.core.errors import Invalid, NotPermitted
from apps.licenses import services as licenses
from apps.licenses.models import Seat
from apps.reports.models import SurveyMark, SurveyTally
from apps.reports.survey import HELPED, MINUTES, quarter_end, quarter_of
from apps.reports.survey_selectors import time_saved, time_saved_by_agency
from apps.reports.survey_services import survey_answer
from tests.factories.cast import World
from tests.web.test_matrix import client_of

pytestmark = pytest.mark.django_db
LAST = quarter_of(clock.today()) - timedelta(days=1)


def quarter_ago() -> timedelta:
    """From now to noon of a day in the middle of the last quarter."""
    return clock.end_of(LAST - timedelta(days=40)) - timedelta(hours=12) - clock.now()


def actors(world: World, count: int) -> list[Actor]:
    return [world.as_employee(employee) for employee in world.staff(count)]


def lived(said: list[tuple[int, int]], *, holders: int = 24) -> World:
    """In the last quarter agency A had so many live seats, and the first of their holders said this."""
    with clock.shifted(quarter_ago()):
        world = World.build(more=holders)
        world.holders(holders)
        for actor, (minutes, helped) in zip(actors(world, holders), said, strict=False):
            survey_answer(actor=actor, minutes=minutes, helped=helped)
    return world


def test_a_quarter_that_is_over_has_its_figures() -> None:
    world = lived([(15, 3)] * 6 + [(60, 5)] * 6)
    found = time_saved(clock.today(), None)
    assert (found.lower, found.median, found.upper, found.much) == (15, 38, 60, 50)
    assert (found.answers, found.asked) == (12, 24)
    assert time_saved(clock.today(), [world.a.pk, world.b.pk]) == found
    assert set(time_saved_by_agency(clock.today(), [world.a.pk, world.b.pk])) == {world.a.pk}
    assert not time_saved(clock.today(), [world.b.pk]).is_shown
    # Before it was over, nothing was known of it.
    assert not time_saved(LAST - timedelta(days=1), None).is_shown
    assert time_saved(LAST, None) == found


def test_what_happens_later_changes_no_quarter_that_is_over() -> None:
    world = lived([(15, 3)] * 12)
    before = time_saved(LAST, None)
    licenses.seat_revoke(actor=world.erin, seat=Seat.objects.order_by("pk")[0], reason="Left")
    survey_answer(actor=actors(world, 20)[-1], minutes=180, helped=5)
    assert time_saved(LAST, None) == before
    with pytest.raises(IntegrityError), transaction.atomic():
        SurveyTally.objects.filter(quarter=quarter_of(LAST), value=15).update(count=13)


def test_nine_answers_are_not_shown() -> None:
    lived([(15, 3)] * 9)
    found = time_saved(clock.today(), None)
    assert not found.is_shown
    assert (found.answers, found.asked) == (None, None)


def test_nobody_is_asked_twice_nor_without_a_live_seat() -> None:
    world = lived([])
    actor = actors(world, 1)[0]
    survey_answer(actor=actor, minutes=30, helped=4)
    with pytest.raises(Invalid):
        survey_answer(actor=actor, minutes=60, helped=4)
    with pytest.raises(NotPermitted):
        survey_answer(actor=world.bob, minutes=60, helped=4)
    with pytest.raises(Invalid):
        survey_answer(actor=actors(world, 2)[1], minutes=61, helped=4)
    assert SurveyMark.objects.count() == 1
    following = quarter_end(clock.today()) + timedelta(days=2)
    with clock.shifted(clock.end_of(following) - timedelta(hours=12) - clock.now()):
        survey_answer(actor=actor, minutes=60, helped=4)
    assert SurveyMark.objects.count() == 2


def test_no_trace_leads_from_an_answer_to_a_person() -> None:
    world = lived([])
    people = actors(world, 12)
    for place, actor in enumerate(people):
        survey_answer(actor=actor, minutes=(0, 30, 90)[place % 3], helped=1 + place % 5)
    columns = {field.name for model in (SurveyMark, SurveyTally) for field in model._meta.get_fields()}
    assert columns == {"mark", "quarter", "id", "agency", "question", "value", "count"}
    keys = {str(actor.employee_id) for actor in people}
    assert not keys & set(SurveyMark.objects.values_list("mark", flat=True))
    with connection.cursor() as cursor:
        # The last answer rewrote every counter: the transaction of a row says nothing about who added what.
        cursor.execute("SELECT count(DISTINCT xmin::text || cmax::text) FROM reports_surveytally")
        assert cursor.fetchone()[0] == 1
    # The same rows, whatever was said and in which order.
    assert SurveyTally.objects.count() == len(MINUTES) + len(HELPED)
    events = AuditEvent.objects.filter(verb="reports.survey.answered")
    assert events.count() == 12
    for event in events:
        assert (event.actor_key, event.request_id) == ("anonymous", "")
        assert (event.at.minute, event.at.second, event.at.microsecond) == (0, 0, 0)
        assert set(event.after) == {"quarter"}


def test_a_small_agency_is_not_kept() -> None:
    world = lived([], holders=9)
    survey_answer(actor=actors(world, 1)[0], minutes=30, helped=4)
    assert set(SurveyTally.objects.values_list("agency", flat=True)) == {None}


def test_the_page_asks_says_what_is_kept_and_thanks(world: World) -> None:
    client = client_of(world, "bob")
    assert "No questions for you now" in client.get("/my/time-saved/").content.decode()
    world.holder(world.employee("A003"))
    page = client.get("/my/time-saved/").content.decode()
    assert "cannot be turned back into your name" in page
    assert "nothing depends on it" in page
    answered = client.post("/my/time-saved/", {"minutes": "30", "helped": "4"}, follow=True).content.decode()
    assert "You have answered in this quarter" in answered
    assert client.post("/my/time-saved/", {"minutes": "30", "helped": "4"}).status_code == 200
    assert SurveyTally.objects.get(question="minutes", value=30).count == 1


def test_results_are_labelled_and_each_reads_theirs() -> None:
    world = lived([(15, 3)] * 6 + [(60, 5)] * 6)
    for name, sees in (("erin", True), ("lee", True), ("alice", True), ("charlie", False)):
        page = client_of(world, name).get("/reports/time-saved/").content.decode()
        assert "38 minutes" in page
        assert "Time saved, self-reported" in page
        assert ("Agency of Apples" in page) is sees
        assert "95 minutes a day, on days used" in page
        assert "Published pilot, self-reported" in page
    told = client_of(world, "erin").get("/reports/time-saved/?format=json").json()
    assert told["all_agencies"]["answers"] == 12
    assert told["label"] == "Self-reported"
    csv = client_of(world, "erin").get("/reports/time-saved/?format=csv").content.decode()
    assert "All agencies,2" in csv
    assert "Pennsylvania" in csv
    assert client_of(world, "erin").get("/reports/time-saved/?quarter=2001-Q1").status_code == 400
    assert client_of(world, "bob").get("/reports/time-saved/").status_code == 403
