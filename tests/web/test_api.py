"""The API says and does the same as the pages."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.licenses.models import Seat
from tests.factories.cast import World
from tests.web.test_matrix import client_of

pytestmark = pytest.mark.django_db


def test_bob_asks_and_alice_approves_by_script(world: World) -> None:
    bob, alice = client_of(world, "bob"), client_of(world, "alice")
    asked = bob.post("/api/v1/requests/", {"task_types": ["drafting"]}, content_type="application/json")
    assert asked.status_code == 201
    me = bob.get("/api/v1/me/").json()
    assert me["next_step"]["code"] == "terms"
    decided = alice.post(
        "/api/v1/requests/decide/", {"ids": [asked.json()["id"]], "approve": True}, content_type="application/json"
    )
    assert decided.json()["results"][0] == {"id": asked.json()["id"], "state": "approved", "refusal": None}
    assert Seat.objects.get().state == "held"
    assert [seat["employee"] for seat in alice.get("/api/v1/seats/?state=held").json()["results"]] == ["A003"]


def test_refusals_are_problem_details_with_reasons(world: World) -> None:
    bob, alice = client_of(world, "bob"), client_of(world, "alice")
    again = [
        bob.post("/api/v1/requests/", {"task_types": ["drafting"]}, content_type="application/json") for _ in range(2)
    ]
    assert again[1].status_code == 409
    assert again[1]["Content-Type"] == "application/problem+json"
    assert again[1].json()["reasons"][0]["code"] == "already_requested"
    own = alice.post("/api/v1/requests/", {"task_types": ["research"]}, content_type="application/json").json()["id"]
    result = alice.post("/api/v1/requests/decide/", {"ids": [own], "approve": True}, content_type="application/json")
    assert result.json()["results"][0]["refusal"]["code"] == "own_request"


def test_charlie_decides_nothing_of_agency_a_and_learns_nothing(world: World) -> None:
    asked = client_of(world, "bob").post(
        "/api/v1/requests/", {"task_types": ["drafting"]}, content_type="application/json"
    )
    charlie = client_of(world, "charlie")
    body = {"ids": [asked.json()["id"]], "approve": True}
    assert charlie.post("/api/v1/requests/decide/", body, content_type="application/json").json() == {"results": []}
    assert charlie.get("/api/v1/requests/").json()["results"] == []


def test_a_wrong_body_is_named_and_strangers_are_turned_away(world: World) -> None:
    bad = client_of(world, "bob").post("/api/v1/requests/", {"task_types": ["magic"]}, content_type="application/json")
    assert bad.status_code == 400
    assert "task_types" in bad.json()["errors"]
    assert Client().get("/api/v1/me/").status_code == 401


def test_bob_accepts_the_terms_by_their_fingerprint_and_not_by_another(world: World) -> None:
    client = client_of(world, "bob")
    shown = client.get("/api/v1/terms/versions/").json()["results"][0]
    other = {"number": shown["number"], "sha256": "0" * 64}
    refused = client.post("/api/v1/terms/acceptances/", other, content_type="application/json")
    assert (refused.status_code, refused.json()["reasons"][0]["code"]) == (409, "other_text")
    right = {"number": shown["number"], "sha256": shown["sha256"]}
    assert client.post("/api/v1/terms/acceptances/", right, content_type="application/json").status_code == 201
    assert [a["employee"] for a in client.get("/api/v1/terms/acceptances/").json()["results"]] == ["A003"]
    assert client_of(world, "charlie").get("/api/v1/terms/acceptances/").json()["results"] == []


def test_the_learning_system_sends_rows_and_hears_of_each_bad_one(world: World) -> None:
    rows = {
        "rows": [
            {"employee_id": "A003", "course": "AI-101", "completed_on": "2026-01-05"},
            {"employee_id": "A003", "course": "NOPE", "completed_on": "2026-01-05"},
        ]
    }
    answer = client_of(world, "erin").post("/api/v1/training/completions/", rows, content_type="application/json")
    assert (answer.status_code, answer.json()["added"], answer.json()["rejected"][0]["line"]) == (201, 1, 2)
    assert client_of(world, "bob").post(
        "/api/v1/training/completions/", rows, content_type="application/json"
    ).status_code == 403  # fmt: skip


def test_an_incident_is_reported_and_read_without_what_was_written(world: World) -> None:
    bob, alice = client_of(world, "bob"), client_of(world, "alice")
    body = {"text": "It made a rule up", "category": "wrong_output", "occurred_on": "2026-01-05", "agency": "AAA"}
    made = bob.post("/api/v1/incidents/", body, content_type="application/json")
    assert made.status_code == 201
    number = made.json()["id"]
    for client in (bob, alice, client_of(world, "audrey")):
        found = client.get(f"/api/v1/incidents/{number}/")
        assert found.json()["state"] == "new"
        assert "rule up" not in found.content.decode()
    assert client_of(world, "charlie").get(f"/api/v1/incidents/{number}/").status_code == 404
    assert client_of(world, "lee").get("/api/v1/incidents/").json()["results"] == []
