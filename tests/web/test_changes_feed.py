"""The feed of changes: who reads it, how it goes on, and that it says what webhooks say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts import token_services as tokens
from apps.accounts.models import User
from apps.core import clock
from apps.incidents import report_services
from apps.webhooks import services as webhooks
from apps.webhooks.events import TYPES
from apps.webhooks.publishing import publish
from tests.factories.cast import World
from tests.factories.receiver import receiving
from tests.web.test_matrix import client_of
from tests.web.test_tokens import bearing, made

pytestmark = pytest.mark.django_db
PATH = "/api/v1/changes/"


def connection(world: World, *scopes: str) -> Client:
    system: User = tokens.connection_create(actor=world.erin, name="BI", reason="Agreement 9")
    return bearing(tokens.token_create(actor=world.erin, owner=system, name="Feed", scopes=list(scopes))[1])


def read(client: Client, **query: Any) -> dict[str, Any]:
    answer = client.get(PATH, query)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize(
    ("name", "status"), [("erin", 200), ("paula", 200), ("audrey", 200), ("alice", 403), ("bob", 403), ("charlie", 403), ("lee", 403)]
)  # fmt: skip
def test_who_reads_it(world: World, name: str, status: int) -> None:
    assert client_of(world, name).get(PATH).status_code == status


def test_a_persons_token_gives_no_more_than_the_person(world: World) -> None:
    for name in ("alice", "lee"):
        assert bearing(made(world, name, "feed")[1]).get(PATH).status_code == 403
    assert bearing(made(world, "audrey", "feed")[1]).get(PATH).status_code == 200
    assert bearing(made(world, "audrey", "requests:decide")[1]).get(PATH).status_code == 403


def test_a_connection_reads_the_feed_by_its_scope_and_nothing_else(world: World) -> None:
    client = connection(world, "feed")
    assert client.get(PATH).status_code == 200
    assert client.post(PATH).status_code in {403, 405}
    for path in ("/api/v1/seats/", "/api/v1/webhooks/", "/api/v1/audit-events/"):
        assert client.get(path).status_code == 403


def test_another_scope_of_a_connection_does_not_open_it(world: World) -> None:
    assert connection(world, "scim").get(PATH).status_code == 403


def test_it_goes_on_where_one_stopped_and_says_what_webhooks_say(world: World) -> None:
    client = connection(world, "feed")
    with receiving() as receiver:
        hub, _ = webhooks.subscription_create(
            actor=world.erin, name="Hub", address=receiver.address, types=list(TYPES), reason="x"
        )
        world.holder(world.employee("A003"))
        publish()
        from apps.webhooks.delivering import deliver

        deliver(hub)
    found: list[dict[str, Any]] = []
    after = ""
    while True:
        page = read(client, after=after, limit=2)
        found += page["events"]
        after = page["next"]
        if page["is_last"]:
            break
    assert {one["id"]: one for one in found} == {one["id"]: one for one in receiver.events}
    assert len({one["id"] for one in found}) == len(found)
    assert read(client, after=after) == {"events": [], "next": after, "is_last": True}
    report = report_services.Report("Secret words", "wrong_output", clock.today(), world.a)
    report_services.incident_report(actor=world.bob, report=report)
    publish()
    (new,) = read(client, after=after)["events"]
    assert new["type"].endswith("incident.reported")
    assert "Secret" not in json.dumps(new)


def test_lines_and_types(world: World) -> None:
    client = connection(world, "feed")
    world.holder(world.employee("A003"))
    publish()
    answer = client.get(PATH, {"type": "seat.granted"}, headers={"Accept": "application/x-ndjson"})
    assert answer["Content-Type"].startswith("application/x-ndjson")
    (line,) = answer.content.decode().splitlines()
    assert json.loads(line)["data"]["employee_id"] == "A003"
    assert answer["Beacon-Next"].isdecimal()


@pytest.mark.parametrize(
    "query", ["after=x", "after=-1", "limit=5000", "type=seat.eaten", f"after={2**70}", "after=%00"]
)
def test_what_cannot_be_read_is_refused(world: World, query: str) -> None:
    assert client_of(world, "audrey").get(f"{PATH}?{query}").status_code in {400, 409}


# ---- pages ---------------------------------------------------------------------------------------------------------------


def test_the_secret_is_shown_once(world: World) -> None:
    client = client_of(world, "erin")
    data = {"name": "Hub", "address": "http://127.0.0.1:9/", "types": ["seat.granted"], "reason": "Agreement 12"}
    shown = client.post(reverse("webhooks:subscription-new"), data).content.decode()
    assert "whsec_" in shown
    hub = webhooks.Subscription.objects.get()
    page = client.get(reverse("webhooks:subscription", args=[hub.pk])).content.decode()
    assert "whsec_" not in page
    assert hub.secret not in page
    wrong = client.post(reverse("webhooks:subscription-new"), data | {"name": "B", "address": "https://10.0.0.1/"})
    assert "not public" in wrong.content.decode()


def test_a_webhook_is_changed_by_its_page_and_by_the_interface(world: World) -> None:
    hub, _ = webhooks.subscription_create(
        actor=world.erin, name="Hub", address="http://127.0.0.1:9/", types=["phase.opened"], reason="x"
    )
    client, url = client_of(world, "erin"), reverse("webhooks:revise", args=[hub.pk])
    assert url in client.get(reverse("webhooks:subscription", args=[hub.pk])).content.decode()
    assert 'value="Hub"' in client.get(url).content.decode()
    data = {"name": "Lake", "address": "https://10.0.0.1/", "types": ["phase.paused"], "reason": "It moved"}
    assert "not public" in client.post(url, data).content.decode()
    assert client.post(url, data | {"address": hub.address}).status_code == 302
    hub.refresh_from_db()
    assert (hub.name, hub.types) == ("Lake", ["phase.paused"])
    told = data | {"address": hub.address, "name": "Sea"}
    answer = client.post(f"/api/v1/webhooks/{hub.pk}/revise/", told, content_type="application/json")
    assert (answer.status_code, answer.json()["name"]) == (200, "Sea")


def test_a_test_and_a_replay_by_the_pages(world: World) -> None:
    client = client_of(world, "erin")
    with receiving() as receiver:
        hub, _ = webhooks.subscription_create(
            actor=world.erin, name="Hub", address=receiver.address, types=["phase.opened"], reason="x"
        )
        publish()
        page = client.post(reverse("webhooks:test", args=[hub.pk]), follow=True).content.decode()
        assert "204" in page
        since = clock.now().strftime("%Y-%m-%dT00:00")
        client.post(reverse("webhooks:replay", args=[hub.pk]), {"since": since, "reason": "Lost"})
        assert hub.deliveries.get().state == "waiting"
    listed = client.get(reverse("webhooks:deliveries", args=[hub.pk]) + "?format=csv").content.decode()
    assert "A phase was opened" in listed
