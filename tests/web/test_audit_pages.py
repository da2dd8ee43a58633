"""The audit pages: found by person, act, record, stream and day; shown as a difference; exported as found; verified."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from openpyxl import load_workbook

from apps.accounts import services as accounts
from apps.accounts.actors import Role
from apps.audit import heads
from apps.audit import services as audit
from apps.audit.models import AuditEvent
from apps.console import audit_exports, audit_views, chain_services
from apps.console.audit_views import changes_of
from apps.console.tasks import walk_chain
from apps.core import clock
from apps.core.errors import NotPermitted
from tests.factories.cast import World
from tests.factories.trail import chained
from tests.web.test_matrix import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def audrey(world: World, tmp_path: Path, settings: Any) -> Client:
    settings.ENV = replace(settings.ENV, audit_heads=tmp_path / "heads", signing_keys=tmp_path / "keys")
    world.holder(world.employee("A003"))
    chained()
    return client_of(world, "audrey")


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def taken(client: Client, asked: dict[str, str], form: str) -> bytes:
    """The file of a search: it names people, so it is handed out for a reason."""
    return body(client.post(f"/audit/?{urlencode(asked | {'format': form})}", {"reason": "Request 7"}))


def found(client: Client, **asked: str) -> set[int]:
    """The events that a search finds, by its JSON export."""
    return {row["id"] for row in json.loads(taken(client, asked, "json"))}


def verified(client: Client) -> str:
    """The page of the chain's state after the button was pressed and a worker has walked the chain."""
    assert "being walked" in client.post("/audit/verify/", follow=True).content.decode()
    chained()
    walk_chain(AuditEvent.objects.filter(verb=chain_services.ASKED).latest("pk").pk)
    return client.get("/audit/chain/").content.decode()


def ids(**wanted: Any) -> set[int]:
    return set(AuditEvent.objects.filter(**wanted).values_list("pk", flat=True))


def test_a_person_is_found_as_who_acted_and_as_whom_it_was_about(audrey: Client, world: World) -> None:
    bob = world.employee("A003")
    seat, request = bob.seats.get(), bob.seat_requests.get()
    acted = ids(actor_name=str(bob)) | ids(actor_key=str(world.users["bob"].key))
    about = ids(record_type="licenses.Seat", record_id=str(seat.pk)) | ids(
        record_type="licenses.SeatRequest", record_id=str(request.pk)
    )
    assert about
    for person in ("bob employee", bob.email, "a003"):
        assert about <= found(audrey, person=person, part="subject")
        assert about <= found(audrey, person=person)
    assert ids(actor_key=str(world.users["alice"].key)) == found(audrey, person="Alice Contact", part="actor")
    assert acted <= found(audrey, person=str(bob)) | found(audrey, person="bob employee")
    key = str(world.users["alice"].key)
    assert found(audrey, person=f"key:{key}") == ids(actor_key=key)
    page = audrey.get("/audit/", {"person": "bo"}).content.decode()
    assert "three letters" in page


def test_acts_records_streams_and_days(audrey: Client, world: World) -> None:
    seat = world.employee("A003").seats.get()
    assert found(audrey, record=f"licenses.Seat:{seat.pk}") == ids(record_type="licenses.Seat", record_id=str(seat.pk))
    assert found(audrey, record="apples") == ids(record_name__icontains="apples")
    assert found(audrey, verb="rollout.phase.open") == ids(verb="rollout.phase.open") != set()
    assert found(audrey, stream="training") == ids(stream="training") != set()
    today = clock.today().isoformat()
    assert found(audrey, since=today, until=today) == ids()
    assert found(audrey, until="2020-01-01") == set() == found(audrey, since="2100-01-01")
    assert (
        "The search has a mistake"
        in audrey.get("/audit/", {"verb": "x", "format": "csv"}, follow=True).content.decode()
    )
    listed = audrey.get("/audit/", {"verb": "rollout.phase.open"}).content.decode()
    assert f"record=rollout.Phase%3A{world.phase.pk}" in listed


def test_the_three_exports_say_the_same_and_carry_no_formula(audrey: Client, world: World) -> None:
    accounts.role_grant(actor=world.erin, user=world.users["bob"], role=Role.AUDITOR, reason="Asked for")
    audit.record(world.erin, "audit.note.made", world.a, after={"x": "=1+1"}, reason="=cmd()")
    asked = {"person": "Erin Administrator", "part": "actor"}
    rows = json.loads(taken(audrey, asked, "json"))
    lines = list(csv.DictReader(io.StringIO(taken(audrey, asked, "csv").decode())))
    sheet = load_workbook(io.BytesIO(taken(audrey, asked, "xlsx"))).active
    assert sheet is not None
    head, *cells = list(sheet.values)
    assert head == audit_exports.COLUMNS == tuple(lines[0]) == tuple(rows[0])
    assert [str(row["id"]) for row in rows] == [line["id"] for line in lines] == [str(cell[0]) for cell in cells]
    assert len(rows) == len(ids(actor_name="Erin Administrator"))
    noted = next(line for line in lines if line["verb"] == "audit.note.made")
    assert noted["reason"] == "'=cmd()"
    assert json.loads(noted["after"]) == {"x": "=1+1"}
    chained_row = next(row for row in rows if row["place"])
    assert re.fullmatch("[0-9a-f]{64}", chained_row["hash"])


def test_a_workbook_that_would_be_too_long_is_refused_with_what_to_do(
    audrey: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_exports, "MOST_ROWS", 3)
    page = taken(audrey, {}, "xlsx").decode()
    assert "A workbook takes 3 events at most" in page
    assert not AuditEvent.objects.filter(verb="registers.people.exported").exists()


def test_the_newest_stand_first(audrey: Client, world: World) -> None:
    with clock.shifted(timedelta(hours=1)):
        newest = audit.record(world.erin, "audit.note.made", world.a, at=clock.now())
    first = re.search(r"/audit/(\d+)/", audrey.get("/audit/").content.decode())
    assert first
    assert int(first[1]) == newest.pk


def test_a_long_list_is_not_counted_to_its_end(audrey: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "of more than" not in audrey.get("/audit/").content.decode()
    monkeypatch.setattr(audit_views, "COUNTED", 30)
    page = audrey.get("/audit/").content.decode()
    assert "Showing 1–25 of more than 30 events" in page
    assert "Last page" not in page
    assert audrey.get("/audit/", {"page": 2}).status_code == 200


def test_an_event_shows_what_changed_in_words_and_its_place(audrey: Client, world: World) -> None:
    audit.record(
        world.erin, "agencies.agency.changed", world.a, before={"name": "Old name", "gone": [1, 2], "same": True},
        after={"name": "New name", "came": {"a_b": None}, "same": True},
    )  # fmt: skip
    chained()
    event = AuditEvent.objects.latest("pk")
    assert [(one.field, one.word) for one in changes_of(event)] == [
        ("came", "Added"), ("gone", "Removed"), ("name", "Changed"), ("same", "Same"),
    ]  # fmt: skip
    page = audrey.get(f"/audit/{event.pk}/").content.decode()
    for words in (
        "[added:",
        "[removed:",
        "Changed",
        "a b: none",
        "[removed: </span>1\n2",
        bytes(event.auditlink.hash).hex(),
        "Event before",
    ):
        assert words in page
    assert f"record=agencies.Agency%3A{world.a.pk}" in page


def test_the_chain_is_verified_by_a_button_and_the_answer_stays(audrey: Client, world: World, settings: Any) -> None:
    page = audrey.get("/audit/chain/").content.decode()
    assert "not verified from here yet" in page
    assert "None yet" in page
    heads.keep(settings.ENV.audit_heads)
    page = verified(audrey)
    assert "The trail was intact" in page
    assert "being walked" not in page
    assert "Last verified" in page
    assert re.search("[0-9a-f]{64}", page)
    event = AuditEvent.objects.get(verb="audit.chain.verified")
    assert (event.actor_name, event.after["intact"]) == ("Audrey", True)
    with pytest.raises(NotPermitted):
        chain_services.chain_verify(actor=world.audrey, asked=event)
    assert client_of(world, "paula").get("/audit/chain/").status_code == 200
    assert client_of(world, "paula").post("/audit/verify/").status_code == 403
    assert client_of(world, "alice").get("/audit/chain/").status_code == 403


def test_what_was_altered_is_named_on_the_page(audrey: Client, settings: Any) -> None:
    event = AuditEvent.objects.filter(stream="licenses").order_by("pk").first()
    assert event is not None
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditevent DISABLE TRIGGER USER")
        cursor.execute("UPDATE audit_auditevent SET reason = 'forged' WHERE id = %s", [event.pk])
        cursor.execute("ALTER TABLE audit_auditevent ENABLE TRIGGER USER")
    page = verified(audrey)
    assert "The trail was altered" in page
    assert f"event {event.pk} (place 1 of the stream licenses): changed" in page
    heads.keep(settings.ENV.audit_heads)
    path = settings.ENV.audit_heads / "heads.jsonl"
    path.write_text(path.read_text().replace('"seq": 1', '"seq": 9'))
    assert "of heads.jsonl was altered" in verified(audrey)
