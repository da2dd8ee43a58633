"""The interface tells everybody exactly what the selectors tell them, and does exactly what the services do."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.agencies.services import contact_end
from apps.api.building import Noun
from apps.api.nouns import NOUNS
from apps.api.urls import BY_MODEL
from apps.api.verbs import NO_VERB, VERBS
from apps.licenses.models import Seat, SeatRequest
from apps.rollout.models import Phase
from tests.db.test_one_event_each import public_services
from tests.factories.cast import World
from tests.web.samples import furnished
from tests.web.test_matrix import client_of
from tests.web.test_tokens import bearing, made

pytestmark = pytest.mark.django_db
CAST = ("erin", "paula", "audrey", "alice", "charlie", "lee", "bob")


def test_every_service_is_a_verb_or_has_its_reason() -> None:
    done = {verb.service.__name__ for verb in VERBS}
    assert set(public_services()) == done | set(NO_VERB) - (set(NO_VERB) - set(public_services()))
    assert not done & set(NO_VERB)


def test_every_noun_has_an_address_of_its_own_and_every_verb_a_noun() -> None:
    paths = [noun.path for noun in NOUNS]
    assert len(set(paths)) == len(paths)
    assert {verb.noun for verb in VERBS} - set(paths) == {"reports"}
    assert all(noun.fields or noun.out for noun in NOUNS)


def everything(client: Client, noun: Noun) -> list[dict[str, Any]]:
    answer = client.get(f"/api/v1/{noun.path}/?page_size=1000")
    assert answer.status_code == 200, (noun.path, answer.content[:300])
    return list(answer.json()["results"])


def test_everybody_is_told_of_the_records_in_their_sight_and_of_no_other(db: None) -> None:
    """Each noun, each of the cast: the list is the selector, and a record outside it does not exist."""
    world, _ = furnished()
    wrong: list[Any] = []
    for name in CAST:
        client, actor = client_of(world, name), world.actor(name)
        for noun in NOUNS:
            if noun.roles and not actor.has(*noun.roles):
                if client.get(f"/api/v1/{noun.path}/").status_code not in {403, 404}:
                    wrong.append((name, noun.path, "open"))
                continue
            seen = noun.selector(actor)
            if noun.has_list and len(everything(client, noun)) != seen.count():
                wrong.append((name, noun.path, "list"))
            if not noun.has_detail:
                continue
            hidden = noun.model._default_manager.exclude(pk__in=seen.values("pk")).first()
            for record, status in ((seen.first(), 200), (hidden, 404)):
                if record is not None:
                    answer = client.get(f"/api/v1/{noun.path}/{getattr(record, noun.key)}/")
                    if answer.status_code != status:
                        wrong.append((name, noun.path, status, answer.status_code))
    assert wrong == []


def test_a_list_asks_the_database_no_more_for_more_rows(db: None) -> None:
    world, _ = furnished()
    client, actor = client_of(world, "erin"), world.erin
    more: dict[str, tuple[int, int]] = {}
    long = 0
    for noun in NOUNS:
        if not noun.has_list or (noun.roles and not actor.has(*noun.roles)) or noun.selector(actor).count() < 2:
            continue
        asked = []
        client.get(f"/api/v1/{noun.path}/")
        for size in (1, 1000):
            with CaptureQueriesContext(connection) as queries:
                client.get(f"/api/v1/{noun.path}/?page_size={size}")
            asked.append(len(queries))
        long += 1
        if asked[1] > asked[0]:
            more[noun.path] = (asked[0], asked[1])
    assert more == {}
    assert long > 15


def test_charlie_does_nothing_to_a_record_of_agency_a_by_any_verb(db: None) -> None:
    """Every verb on every record that he does not see: 404, whatever is sent, and nothing changes."""
    from apps.audit.models import AuditEvent

    world, _ = furnished()
    client, charlie = client_of(world, "charlie"), world.charlie
    last = AuditEvent.objects.latest("pk").pk
    tried = 0
    for verb in VERBS:
        noun = next((noun for noun in NOUNS if noun.path == verb.noun), None)
        if not verb.record or noun is None:
            continue
        hidden = noun.model._default_manager.exclude(pk__in=noun.selector(charlie).values("pk")).first()
        if hidden is None:
            continue
        url = f"/api/v1/{verb.noun}/{getattr(hidden, noun.key)}/{verb.name}/"
        answer = client.post(url, {"reason": "Because", "text": "x"}, content_type="application/json")
        assert answer.status_code == 404, url
        tried += 1
    assert tried > 40
    assert not AuditEvent.objects.filter(pk__gt=last).exists()


def test_a_script_leads_a_request_to_a_seat_and_takes_it_back(world: World) -> None:
    bob = world.employee("A003")
    world.accept(bob)
    world.train(bob)
    asked = world.ask(bob)
    _, text = made(world, "alice", "read", "write")
    alice = bearing(text)
    done = alice.post(f"/api/v1/requests/{asked.pk}/approve/", {}, content_type="application/json")
    assert done.json()["state"] == "approved"
    seat = alice.get("/api/v1/seats/?state=granted&fields=id,employee").json()["results"]
    assert [set(one) for one in seat] == [{"id", "employee"}]
    body = {"reason": "Moved to another office"}
    revoke = f"/api/v1/seats/{seat[0]['id']}/revoke/"
    assert alice.post(revoke, body, content_type="application/json").status_code == 403
    _, erins = made(world, "erin", "read", "write")
    back = bearing(erins).post(revoke, body, content_type="application/json")
    assert back.status_code == 200, back.content
    assert back.json()["state"] == "released"
    again = alice.post(f"/api/v1/requests/{asked.pk}/approve/", {}, content_type="application/json")
    assert again.status_code == 409
    assert again.json()["reasons"][0]["code"]


def test_a_record_is_named_by_its_key_and_only_if_it_is_in_sight(world: World) -> None:
    erin, alice = client_of(world, "erin"), client_of(world, "alice")
    body = {"employee": "A003", "course": "AI-101", "until_on": "2099-01-01", "reason": "On leave"}
    made_one = erin.post("/api/v1/training/waivers/", body, content_type="application/json")
    assert (made_one.status_code, made_one.json()["employee"], made_one.json()["course"]) == (201, "A003", "AI-101")
    unknown = alice.post(
        "/api/v1/contacts/", {"employee": "B003", "agency": "AAA", "kind": "backup"}, content_type="application/json"
    )
    assert unknown.status_code == 400
    assert "employee" in unknown.json()["errors"]


def test_what_asks_for_a_fresh_sign_in_does_so_here_too(world: World) -> None:
    _, text = made(world, "erin", "read", "write")
    refused = bearing(text).post("/api/v1/phases/1/roll-back/", {"reason": "x"}, content_type="application/json")
    assert refused.status_code == 403
    assert refused.json()["type"] == "urn:beacon:fresh_sign_in_needed"
    assert Phase.objects.get(number=1).state == "open"
    done = client_of(world, "erin").post(
        "/api/v1/phases/1/roll-back/", {"reason": "Wrong agency"}, content_type="application/json"
    )
    assert done.json()["state"] == "rolled_back"


# -- what every call has -----------------------------------------------------------------------------------------------


def test_the_same_key_twice_is_one_act(world: World) -> None:
    _, text = made(world, "alice", "read", "write")
    client = bearing(text)
    body, headers = {"task_types": ["drafting"]}, {"Idempotency-Key": "order-00000001"}
    first = client.post("/api/v1/requests/", body, content_type="application/json", headers=headers)
    again = client.post("/api/v1/requests/", body, content_type="application/json", headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again["Idempotency-Replayed"] == "true"
    assert SeatRequest.objects.count() == 1
    other = client.post(
        "/api/v1/requests/", {"task_types": ["research"]}, content_type="application/json", headers=headers
    )
    assert other.status_code == 422
    assert (
        client.post(
            "/api/v1/requests/", body, content_type="application/json", headers={"Idempotency-Key": "x"}
        ).status_code
        == 400
    )


def test_a_refused_call_leaves_its_key_free(world: World) -> None:
    bob = client_of(world, "bob")
    headers = {"Idempotency-Key": "order-00000002"}
    bad = bob.post("/api/v1/requests/", {"task_types": ["magic"]}, content_type="application/json", headers=headers)
    assert bad.status_code == 400
    good = bob.post("/api/v1/requests/", {"task_types": ["drafting"]}, content_type="application/json", headers=headers)
    assert good.status_code == 201
    # Somebody else's key of the same name is another key.
    alice = client_of(world, "alice")
    mine = alice.post(
        "/api/v1/requests/", {"task_types": ["drafting"]}, content_type="application/json", headers=headers
    )
    assert mine.status_code == 201
    assert SeatRequest.objects.count() == 2


def test_an_answer_is_not_given_again_to_whoever_has_lost_the_right(world: World) -> None:
    """The first answer names people: a role that ended, or a token that may less, does not get it a second time."""
    asked = world.ask(world.employee("A003"))
    _, text = made(world, "alice", "read", "write")
    _, reads = made(world, "alice", "read")
    _, writes = made(world, "alice", "read", "write")
    address, headers = f"/api/v1/requests/{asked.pk}/approve/", {"Idempotency-Key": "order-00000003"}

    def again(token: str) -> Any:
        return bearing(token).post(address, {"reason": ""}, content_type="application/json", headers=headers)

    assert again(text).json()["employee"] == "A003"
    # A new token for the same is as good as the one before it.
    assert again(writes)["Idempotency-Replayed"] == "true"
    assert again(reads).status_code == 422
    contact = world.a.contacts.get(employee__employee_id="A001")
    contact_end(actor=world.erin, contact=contact, reason="New job")
    late = again(text)
    assert late.status_code == 422
    assert "A003" not in late.content.decode()


def test_what_did_not_change_is_not_sent_again(world: World) -> None:
    client = client_of(world, "erin")
    first = client.get("/api/v1/phases/1/")
    assert client.get("/api/v1/phases/1/", headers={"If-None-Match": first["ETag"]}).status_code == 304
    Phase.objects.filter(number=1).update(name="Renamed")
    assert client.get("/api/v1/phases/1/", headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_fields_filters_and_pages_are_checked(world: World) -> None:
    client = client_of(world, "erin")
    assert client.get("/api/v1/seats/?fields=id,secret").status_code == 400
    assert client.get("/api/v1/seats/?phase=first").status_code == 400
    for path in ("seats/?state=a%00b", "requests/?state=%00", "incidents/?q=%00", "knowledge/tools/?q=a%00"):
        assert client.get(f"/api/v1/{path}").status_code == 400, path
    assert client.get("/api/v1/seats/?cursor=nonsense").status_code == 404
    page = client.get("/api/v1/employees/?page_size=4").json()
    assert len(page["results"]) == 4
    seen = [row["employee_id"] for row in page["results"]]
    while page["next"]:
        page = client.get(page["next"]).json()
        seen += [row["employee_id"] for row in page["results"]]
    assert len(seen) == len(set(seen)) == 9
    assert [
        row["employee_id"] for row in client.get("/api/v1/employees/?agency=BBB&fields=employee_id").json()["results"]
    ] == ["B003", "B002", "B001"]


def test_too_many_calls_in_a_minute_wait(world: World, settings: Any) -> None:
    from django.core.cache import cache

    cache.clear()
    settings.API_CALLS_A_MINUTE = 5
    _, text = made(world, "erin", "read")
    answers = [bearing(text).get("/api/v1/phases/") for _ in range(7)]
    assert [answer.status_code for answer in answers][:5] == [200] * 5
    assert answers[-1].status_code == 429
    assert 0 < int(answers[-1]["Retry-After"]) <= 60
    assert client_of(world, "eve").get("/api/v1/phases/").status_code == 200


def test_nothing_of_a_model_gets_out_that_was_not_named() -> None:
    """Names of people, digests and secrets stand in no noun but those that are about them."""
    told = {noun.path: set(noun.serializer()().fields) for noun in NOUNS}  # type: ignore[attr-defined]
    for path, fields in told.items():
        assert not fields & {
            "password",
            "digest",
            "code_hash",
            "credential",
            "session_key",
            "reporter_key",
            "content",
        }, path
    named = {path for path, fields in told.items() if fields & {"email", "first_name", "last_name"}}
    assert named == {"employees", "people", "operations"}, "who an operation at the vendor is about is its target"
    assert Seat in BY_MODEL


def test_the_description_is_the_one_that_is_kept() -> None:
    from django.conf import settings

    from apps.api.docs_views import as_yaml

    kept = settings.BASE_DIR / "docs" / "openapi.yaml"
    assert kept.read_bytes() == as_yaml(), "Run: manage.py check_openapi --write"
