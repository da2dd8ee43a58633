"""Incidents: clocks, the timeline that only grows, containment, and an anonymous reporter whom nothing gives away."""

from __future__ import annotations

import io
import json
import logging
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client

from apps.audit.models import AuditEvent
from apps.audit.selectors import verify
from apps.core import clock
from apps.core.errors import BeaconError, Invalid, NotPermitted
from apps.core.logs import JsonFormatter, RequestIdFilter
from apps.incidents import breach_services as breaches
from apps.incidents import mails, report_services, services
from apps.incidents.anonymity import cleaned, new_code, read_code
from apps.incidents.clocks import acknowledge_by
from apps.incidents.hooks import employees_in_open_incidents
from apps.incidents.models import Incident, TimelineEntry
from apps.incidents.trends import suppressed
from apps.licenses.models import Seat
from apps.mail.models import Message
from tests.factories.cast import World
from tests.web.test_matrix import client_of


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, settings: Any) -> Iterator[None]:
    settings.INCIDENT_FILES = tmp_path / "files"
    return


def reported(world: World) -> Incident:
    report = report_services.Report("It made a rule up", "wrong_output", clock.today(), world.a)
    return report_services.incident_report(actor=world.bob, report=report)


def triaged(world: World) -> Incident:
    return services.incident_triage(
        actor=world.paula, incident=reported(world), category="data_entered", severity=2, agency=world.a
    )


def test_clocks_keep_hours_and_working_days() -> None:
    friday = datetime(2026, 11, 20, 15, tzinfo=UTC)
    hours = [(acknowledge_by(friday, severity) - friday).total_seconds() / 3600 for severity in (1, 2, None)]
    assert hours == [1, 4, 4]
    assert acknowledge_by(friday, 3) == datetime(2026, 11, 23, 15, tzinfo=UTC)
    assert acknowledge_by(friday, 4) == datetime(2026, 11, 25, 15, tzinfo=UTC)


def test_small_counts_are_hidden_with_what_would_give_them_away() -> None:
    assert suppressed([50, 3, 20]) == [50, None, None]
    assert suppressed([50, 20]) == [50, 20]
    assert suppressed([4, 3]) == [None, None]


def test_a_code_survives_being_typed_and_a_picture_loses_its_notes() -> None:
    code = new_code()
    assert read_code(code.lower().replace("-", " ").replace("0", "o").replace("1", "l")) == code.replace("-", "")
    from apps.core.uploads import JPEG, Upload

    picture = b"\xff\xd8\xff\xe1\x00\x06Bob!\xff\xda\x00\x02data\xff\xd9"
    assert b"Bob" not in cleaned(Upload("bob.jpg", JPEG, picture), 1).content


@pytest.mark.django_db
def test_the_privacy_office_is_told_once_near_the_end_and_once_after(world: World) -> None:
    reported(world)
    with clock.shifted(timedelta(hours=3.5)):
        assert [mails.sweep(), mails.sweep()] == [1, 0]
    with clock.shifted(timedelta(hours=5)):
        assert [mails.sweep(), mails.sweep()] == [1, 0]
    assert sorted(Message.objects.filter(kind__startswith="incidents").values_list("kind", flat=True)) == [
        "incidents_clock_due", "incidents_clock_late",
    ]  # fmt: skip


@pytest.mark.django_db
def test_containment_suspends_the_seat_in_the_same_act_or_does_nothing(world: World) -> None:
    seat = world.holder(world.employee("A003"))
    incident = triaged(world)
    with pytest.raises(BeaconError):
        services.incident_contain(actor=world.paula, incident=incident, note="Stop", seat=seat, case=7)
    assert Seat.objects.get(pk=seat.pk).state == "granted"
    services.incident_contain(actor=world.paula, incident=incident, note="Stop", seat=seat)
    seat.refresh_from_db()
    incident.refresh_from_db()
    assert (seat.state, seat.reason, incident.state) == ("suspended", "incident", "contained")
    assert list(employees_in_open_incidents()) == [seat.employee_id]


@pytest.mark.django_db
def test_only_the_privacy_office_and_handlers_read_what_was_written(world: World) -> None:
    incident = reported(world)
    url = f"/incidents/{incident.pk}/"
    for name, reads in (("paula", True), ("bob", True), ("erin", False), ("audrey", False), ("alice", False)):
        page = client_of(world, name).get(url).content.decode()
        assert ("It made a rule up" in page) is reads, name
    assert client_of(world, "charlie").get(url).status_code == 404
    with pytest.raises(NotPermitted):
        services.incident_note(actor=world.alice, incident=incident, text="x")
    services.handler_name(actor=world.paula, incident=incident, user=world.users["alice"])
    assert "It made a rule up" in client_of(world, "alice").get(url).content.decode()
    assert "made a rule" not in json.dumps(list(AuditEvent.objects.values()), default=str)


@pytest.mark.django_db
def test_not_a_breach_wants_every_answer_and_an_undecided_desk_keeps_the_incident_open(world: World) -> None:
    incident = triaged(world)
    desk = breaches.breach_open(actor=world.paula, incident=incident)
    with pytest.raises(Invalid):
        breaches.breach_decide(actor=world.paula, desk=desk, decision="not_breach", reason="Harmless")
    services.incident_move(actor=world.paula, incident=incident, state="investigating")
    with pytest.raises(BeaconError, match="breach desk"):
        services.incident_move(actor=world.paula, incident=incident, state="closed")
    with pytest.raises(NotPermitted):
        breaches.breach_decide(actor=world.erin, desk=desk, decision="breach", reason="x")


@pytest.mark.django_db(transaction=True)
def test_whoever_goes_round_the_triggers_is_found() -> None:
    world = World.build()
    incident = triaged(world)
    assert verify().is_intact
    entry = incident.timeline.first()
    for statement in ("UPDATE incidents_timelineentry SET text = 'other'", "DELETE FROM incidents_timelineentry"):
        with pytest.raises(Exception, match="cannot be changed"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert entry is not None
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE incidents_timelineentry SET text = 'other' WHERE id = %s", [entry.pk])
    assert verify().problem == f"timeline entry {entry.pk} was changed"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM incidents_timelineentry WHERE id = %s", [entry.pk])
    assert verify().problem == f"timeline entry {entry.pk} was removed"


HOSTILE = ["x" * 10_000, "مرحبا \u202e abc", "😀" * 500, "<script>alert(1)</script>", "[" * 5000 + "]" * 5000]


@pytest.mark.django_db
@pytest.mark.parametrize("text", HOSTILE, ids=["long", "right to left", "emoji", "script", "brackets"])
def test_whatever_is_written_is_kept_and_shown_harmlessly(world: World, text: str) -> None:
    body = {"text": text, "category": "outage", "occurred_on": clock.today().isoformat()}
    assert client_of(world, "bob").post("/incidents/report/", body).status_code == 302
    page = client_of(world, "paula").get(f"/incidents/{Incident.objects.get().pk}/").content.decode()
    assert "<script>alert" not in page
    assert TimelineEntry.objects.get().text == text


@pytest.mark.django_db
def test_nul_and_too_much_text_are_refused_kindly(world: World) -> None:
    for text in ("a\x00b", "x" * 10_001):
        body = {"text": text, "category": "outage", "occurred_on": clock.today().isoformat()}
        assert client_of(world, "bob").post("/incidents/report/", body).status_code == 200
    assert not Incident.objects.exists()


def _bomb() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"0" * 20_000_000)
    return made.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "content"),
    [("a.png", b"MZ\x90\x00" * 99), ("a.docx", _bomb()), ("a.txt", b"x" * 104_857_600)],
    ids=["renamed program", "bomb", "100 MB"],
)
def test_hostile_files_are_refused(name: str, content: bytes) -> None:
    body = {"text": "x", "category": "outage", "occurred_on": clock.today().isoformat()}
    answer = Client().post("/report/", body | {"file": SimpleUploadedFile(name, content)})
    assert answer.status_code == 200
    assert not Incident.objects.exists()


# ---- nobody ----------------------------------------------------------------------------------------------------


def _everything() -> str:
    """Every table as text."""
    said = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT COALESCE(json_agg(t)::text, '') FROM {table} t")
            said.append(f"{table}: {(cursor.fetchone() or [''])[0]}")
    return "\n".join(said)


@pytest.mark.django_db
def test_an_anonymous_reporter_cannot_be_found(world: World, caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    client = client_of(world, "bob")
    client.get("/")
    session = client.session.session_key
    before = _everything()
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(RequestIdFilter())
    logging.getLogger().addHandler(handler)
    body = {
        "text": "It showed me a stranger's file",
        "category": "data_shown",
        "occurred_on": clock.today().isoformat(),
    }
    upload = SimpleUploadedFile("bob-employee.txt", b"what it wrote")
    headers = {"User-Agent": "BobsBrowser/1", "X-Forwarded-For": "10.20.30.40", "X-Request-ID": "bobs-request-1"}
    try:
        shown = client.post("/report/", body | {"file": upload}, headers=headers, REMOTE_ADDR="10.20.30.40")
        code = shown.context["code"]
        read = client.post("/report/code/", {"code": code, "text": "One more thing"}, headers=headers)
    finally:
        logging.getLogger().removeHandler(handler)
    assert (shown.status_code, read.status_code) == (201, 200)
    assert not shown.cookies
    assert not read.cookies
    with clock.shifted(timedelta(hours=5)):
        mails.sweep()
    after = _everything()
    old = set(before.replace("},", "}\n").split("\n"))
    new = "\n".join(line for line in after.replace("},", "}\n").split("\n") if line not in old)
    bob, user = world.employee("A003"), world.users["bob"]
    traces = [bob.email, user.email, str(user.key), session, "Bob", "10.20.30.40", "BobsBrowser", "bobs-request-1"]
    places = {"tables": new, "log": stream.getvalue() + caplog.text, "page": read.content.decode()}
    assert [(place, trace) for place, text in places.items() for trace in traces if trace and trace in text] == []
    assert code not in after
    # No row says who, and no time says when within the hour.
    incident = Incident.objects.get()
    assert (incident.reporter_key, incident.reporter_name, incident.reporter_id, incident.agency_id) == (
        "",
        "",
        None,
        None,
    )
    times = {incident.reported_at, incident.aware_at, *incident.timeline.values_list("at", flat=True)}
    events = AuditEvent.objects.filter(actor_key="anonymous")
    times |= set(events.values_list("at", flat=True))
    assert {(moment.minute, moment.second, moment.microsecond) for moment in times} == {(0, 0, 0)}
    assert set(events.values_list("request_id", "actor_name", "role")) == {("", "Anonymous reporter", "anonymous")}
    kept = list((tmp_path / "files").iterdir())
    assert [time.gmtime(one.stat().st_mtime).tm_min for one in kept] == [0]


@pytest.mark.django_db
def test_reading_as_nobody_makes_no_session_and_a_wrong_code_says_what_to_do(world: World) -> None:
    client = Client()
    for url in ("/report/", "/report/code/"):
        assert not client.get(url).cookies
    wrong = client.post("/report/code/", {"code": new_code()}).content.decode()
    assert "There is no report with this code." in wrong
    assert "report anew" in wrong


@pytest.mark.django_db
def test_too_many_reports_are_asked_to_wait(settings: Any) -> None:
    settings.INCIDENT_REPORTS_PER_HOUR = 0
    body = {"text": "x", "category": "outage", "occurred_on": clock.today().isoformat()}
    assert "Try again in an hour" in Client().post("/report/", body).content.decode()
    assert not Incident.objects.exists()


@pytest.mark.django_db
def test_whoever_guesses_codes_locks_no_reporter_out(settings: Any) -> None:
    cache.clear()
    settings.INCIDENT_CODES_PER_HOUR = 1
    _, code = report_services.incident_report_anonymously(
        report=report_services.Report("It made a rule up", "wrong_output", clock.today())
    )
    client = Client()
    for _ in range(3):
        guessed = client.post("/report/code/", {"code": new_code()}).content.decode()
    assert "Try again in an hour" in guessed
    own = client.post("/report/code/", {"code": code}).content.decode()
    assert "Try again in an hour" not in own
    assert "There is no report with this code." not in own
