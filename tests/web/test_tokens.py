"""Tokens: what they open, what they do not, and that nothing that was withdrawn lives on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from apps.accounts import services as accounts
from apps.accounts import token_services as tokens
from apps.accounts.actors import FreshSignInNeeded, Role
from apps.accounts.models import ApiToken, RoleAssignment
from apps.agencies.models import Employee
from apps.core import clock
from apps.core.errors import Invalid, NotFound, NotPermitted
from tests.factories.cast import World, import_rows

pytestmark = pytest.mark.django_db


def bearing(text: str, **more: Any) -> Client:
    return Client(headers={"Authorization": f"Bearer {text}"}, **more)


def made(world: World, who: str, *scopes: str, **more: Any) -> tuple[ApiToken, str]:
    return tokens.token_create(
        actor=world.actor(who), owner=world.users[who], name="Script", scopes=list(scopes), **more
    )


def status_of(text: str, path: str = "/api/v1/requests/", **more: Any) -> int:
    return bearing(text, **more).get(path).status_code


def test_a_token_reads_what_its_owner_may_read_and_no_more(world: World) -> None:
    world.ask(world.employee("A003"))
    _, alices = made(world, "alice", "read")
    _, charlies = made(world, "charlie", "read")
    assert [row["employee"] for row in bearing(alices).get("/api/v1/requests/").json()["results"]] == ["A003"]
    assert bearing(charlies).get("/api/v1/requests/").json()["results"] == []
    assert status_of(alices, "/api/v1/ledger/") == 403


def test_a_token_does_what_it_was_made_for_alone(world: World) -> None:
    asked = world.ask(world.employee("A003"))
    _, reads = made(world, "alice", "read")
    _, decides = made(world, "alice", "requests:decide")
    body = {"ids": [asked.pk], "approve": True}
    refused = bearing(reads).post("/api/v1/requests/decide/", body, content_type="application/json")
    assert refused.status_code == 403
    assert refused.json()["type"] == "urn:beacon:scope_needed"
    assert "requests:decide" in refused.json()["title"]
    assert status_of(decides) == 403
    done = bearing(decides).post("/api/v1/requests/decide/", body, content_type="application/json")
    assert done.json()["results"][0]["state"] == "approved"


def test_only_the_digest_is_kept_and_the_text_is_in_no_event(world: World) -> None:
    token, text = made(world, "erin", "read")
    assert text.startswith("beacon_")
    assert text not in {token.digest, token.hint}
    kept = str(list(ApiToken.objects.values())) + str(list(world.users["erin"].role_assignments.values()) + _events())
    assert text not in kept


def _events() -> list[Any]:
    from apps.audit.models import AuditEvent

    return list(AuditEvent.objects.values())


def test_each_way_of_being_dead_is_named(world: World) -> None:
    token, text = made(world, "erin", "read", networks=["198.51.100.0/24"])

    def refusal(**more: Any) -> str:
        answer = bearing(text, **more).get("/api/v1/requests/")
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")
        return str(answer.json()["title"])

    assert "address" in refusal()
    assert status_of(text, REMOTE_ADDR="198.51.100.7") == 200
    with clock.shifted(timedelta(days=91)):
        assert "expired" in refusal(REMOTE_ADDR="198.51.100.7")
    tokens.token_withdraw(actor=world.erin, token=token)
    assert "withdrawn" in refusal(REMOTE_ADDR="198.51.100.7")
    assert status_of("beacon_" + "0" * 64) == 401
    assert status_of("") == 401


def test_a_withdrawn_role_and_a_separation_kill_the_token_at_once(world: World) -> None:
    _, audreys = made(world, "audrey", "read")
    assert status_of(audreys, "/api/v1/ledger/") == 200
    held = RoleAssignment.objects.get(user=world.users["audrey"])
    accounts.role_end(actor=world.erin, assignment=held, reason="New job")
    assert status_of(audreys, "/api/v1/ledger/") == 403
    _, alices = made(world, "alice", "read")
    import_rows([*(row for row in world.rows if row[0] != "A001"), *_many(world)])
    assert Employee.objects.get(employee_id="A001").status == "separated"
    assert status_of(alices) == 401


def _many(world: World) -> list[list[str]]:
    from tests.factories.cast import staff

    return staff("AAA", 60)


def test_a_token_opens_no_page_and_a_cookie_beside_it_counts_for_nothing(world: World) -> None:
    token, text = made(world, "alice", "read")
    assert bearing(text).get("/").status_code == 302
    both = Client(headers={"Authorization": f"Bearer {text}"})
    both.force_login(world.users["erin"])
    assert both.get("/api/v1/ledger/").status_code == 403
    tokens.token_withdraw(actor=world.alice, token=token)
    assert both.get("/api/v1/requests/").status_code == 401


def test_a_token_starts_a_stop_only_where_it_was_made_for_it(world: World) -> None:
    body = {"scope": "person", "employee": "A003", "reason": "Compromised"}
    _, writes = made(world, "erin", "read", "write")
    _, stops = made(world, "erin", "stops:start")
    refused = bearing(writes).post("/api/v1/stops/", body, content_type="application/json")
    assert refused.json()["type"] == "urn:beacon:fresh_sign_in_needed"
    assert bearing(stops).post("/api/v1/stops/", body, content_type="application/json").status_code == 201


def test_who_may_make_which_token(world: World) -> None:
    with pytest.raises(NotPermitted):
        made(world, "bob", "read")
    with pytest.raises(Invalid):
        made(world, "erin", "scim")
    with pytest.raises(Invalid):
        made(world, "erin", "read", days=91)
    with pytest.raises(Invalid):
        made(world, "erin", "read", networks=["everywhere"])
    with pytest.raises(NotPermitted):
        tokens.token_create(actor=world.erin, owner=world.users["alice"], name="x", scopes=["read"])
    from dataclasses import replace

    with pytest.raises(FreshSignInNeeded):
        tokens.token_create(
            actor=replace(world.erin, is_fresh=False), owner=world.users["erin"], name="x", scopes=["read"]
        )
    token, _ = made(world, "erin", "read")
    with pytest.raises(NotFound):
        tokens.token_withdraw(actor=world.alice, token=token)
    feed = tokens.connection_create(actor=world.erin, name="HR feed", reason="Contract 7")
    with pytest.raises(Invalid):
        accounts.role_grant(actor=world.erin, user=feed, role=Role.ADMINISTRATOR, reason="x")
    _, text = tokens.token_create(actor=world.erin, owner=feed, name="Entra", scopes=["scim"])
    assert status_of(text) == 403
    tokens.connection_end(actor=world.erin, connection=feed, reason="Replaced")
    assert status_of(text) == 401
