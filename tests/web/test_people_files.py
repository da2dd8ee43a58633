"""No file that names people leaves without a fresh sign-in, a reason and a line in the audit trail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.audit.models import AuditEvent
from apps.core import clock
from apps.registers.models import PeopleExport
from tests.factories.cast import World
from tests.web.samples import FOREIGN, furnished, is_api, pages
from tests.web.test_matrix import client_of

pytestmark = pytest.mark.django_db
# Whom a list is about. Who acted ("By: Erin Administrator") stands in many lists, and is no list of people.
NAMES = ("Bob", "bob.employee", "Employee, ", "A003", "B003", "Dana")


def taken(client: Client, url: str, reason: str = "Request 7 of the comptroller") -> Any:
    """The file behind an address that asks for the reason first."""
    return client.post(url, {"reason": reason})


def text_of(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return bytes(content).decode("utf-8", "replace")


def test_no_page_hands_out_names_by_a_link_alone(db: None) -> None:
    """Every address of every app, asked for as CSV: what comes at once as a file names nobody."""
    world, parameters = furnished()
    client, leaking, asked = client_of(world, "erin"), [], 0
    for page in pages():
        if page.name in FOREIGN or page.rule is None or is_api(page.name) or page.name == "accounts:sign-out":
            continue
        answer = client.get(reverse(page.name, kwargs=parameters.get(page.name)) + "?format=csv")
        if "csv" in answer.get("Content-Type", ""):
            text = text_of(answer)
            leaking += [(page.name, name) for name in NAMES if name in text]
        elif b"This file names people" in answer.content:
            asked += 1
    assert not leaking, leaking
    assert asked >= 18


@pytest.mark.parametrize(
    "name", ["agencies:people", "licenses:seats", "licenses:requests", "licenses:holds", "vendors:operations"]
)
def test_the_reason_opens_it_and_stands_in_the_trail(db: None, name: str) -> None:
    world, _ = furnished()
    client, url = client_of(world, "erin"), f"{reverse(name)}?format=csv&state="
    assert client.post(url, {"reason": " "}).status_code == 200, "the form again"
    assert not PeopleExport.objects.exists()
    answer = taken(client, url)
    assert answer["Content-Type"].startswith("text/csv")
    rows = text_of(answer).strip().count("\n")
    event = AuditEvent.objects.get(verb="registers.people.exported")
    assert (event.after["rows"], event.reason, event.actor_name) == (
        rows,
        "Request 7 of the comptroller",
        "Erin Administrator",
    )


def test_an_old_sign_in_is_confirmed_first(world: World) -> None:
    client = client_of(world, "erin")
    with clock.shifted(timedelta(minutes=11)):
        for answer in (client.get("/people/?format=csv"), taken(client, "/people/?format=csv")):
            assert answer["Location"].startswith("/accounts/confirm/")
    assert not PeopleExport.objects.exists()


def test_a_contact_takes_their_own_people_and_nobody_elses(world: World) -> None:
    text = text_of(taken(client_of(world, "charlie"), "/people/?format=csv"))
    assert "Dana" in text
    assert "Bob" not in text
