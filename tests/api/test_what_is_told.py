"""What a record that is in sight tells of what is not: figures of other agencies, names, records of others."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from apps.core import clock
from apps.incidents.report_services import Report, incident_report
from apps.incidents.services import handler_name, incident_merge
from apps.rollout.models import Phase, PhaseAgency
from tests.factories.cast import World
from tests.web.test_matrix import client_of

pytestmark = pytest.mark.django_db
TICKET = "Blocked by the web proxy, ticket 7"


def told(world: World, name: str, address: str) -> dict[str, Any]:
    answer = client_of(world, name).get(f"/api/v1/{address}/")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_how_many_seats_an_agency_uses_is_told_to_its_own_contacts_and_to_those_who_see_everyone(world: World) -> None:
    world.holder(world.employee("A003"))
    address = f"phase-agencies/{world.place.pk}"
    for name in ("erin", "paula", "audrey", "alice"):
        place = told(world, name, address)
        assert (place["seats_used"], place["allocation"], place["attestation"]) == (1, 50, TICKET), name
    for name in ("charlie", "dana", "bob"):
        place = told(world, name, address)
        assert (place["seats_used"], place["allocation"], place["attestation"]) == (None, None, ""), name
        assert place["attested_at"], name
    # A leader reads plans, and figures in reports, where they are cut by the privacy floor.
    led = told(world, "lee", address)
    assert (led["seats_used"], led["allocation"], led["attestation"]) == (None, 50, "")


def test_how_many_seats_a_phase_uses_is_told_like_on_its_page(world: World) -> None:
    world.holder(world.employee("A003"))
    for name, used in (("erin", 1), ("audrey", 1), ("lee", None), ("alice", None), ("charlie", None), ("bob", None)):
        assert told(world, name, "phases/1")["seats_used"] == used, name
        page = client_of(world, name).get(reverse("rollout:phases"))
        assert ("Seats in use" in page.content.decode()) == (name in {"erin", "audrey"}), name
    Phase.objects.filter(pk=world.phase.pk).update(seats_used=12)
    assert told(world, "lee", "phases/1")["seats_used"] == 12


def test_a_leader_sees_no_small_figure_of_an_agency_on_the_page_of_a_phase(world: World) -> None:
    PhaseAgency.objects.filter(pk=world.place.pk).update(seats_used=7)
    Phase.objects.filter(pk=world.phase.pk).update(seats_used=7)
    url = reverse("rollout:phase", args=[world.phase.number])
    assert "In use" in client_of(world, "erin").get(url).content.decode()
    page = client_of(world, "lee").get(url).content.decode()
    assert "Allocated" in page
    assert "In use" not in page


def test_who_signed_a_phase_off_is_not_told_to_leaders(world: World) -> None:
    Phase.objects.filter(pk=world.phase.pk).update(privacy_signed_by="Paula Privacy", privacy_signed_at=clock.now())
    assert told(world, "alice", "phases/1")["privacy_signed_by"] == "Paula Privacy"
    assert told(world, "lee", "phases/1")["privacy_signed_by"] == ""


def test_of_which_incident_of_another_agency_it_is_a_duplicate_is_not_told(world: World) -> None:
    mine, others = (
        incident_report(actor=world.erin, report=Report("It made a rule up", "wrong_output", clock.today(), agency))
        for agency in (world.a, world.b)
    )
    incident_merge(actor=world.paula, incident=mine, into=others)
    url = reverse("incidents:incident", args=[mine.pk])
    for name, is_told in (("erin", True), ("paula", True), ("alice", False)):
        assert told(world, name, f"incidents/{mine.pk}")["duplicate_of"] == (others.pk if is_told else None), name
        assert client_of(world, name).get("/api/v1/incidents/").json()["results"][-1]["duplicate_of"] == (
            others.pk if is_told else None
        ), name
        page = client_of(world, name).get(url).content.decode()
        assert (f"Incident {others.pk}" in page) == is_told, name
        assert "uplicate" in page, name


def test_who_handles_one_of_two_merged_incidents_is_not_told_the_number_of_the_other(world: World) -> None:
    mine, others = (
        incident_report(actor=world.erin, report=Report("It made a rule up", "wrong_output", clock.today(), agency))
        for agency in (world.a, world.b)
    )
    for incident, name in ((mine, "alice"), (others, "charlie")):
        handler_name(actor=world.paula, incident=incident, user=world.users[name])
    incident_merge(actor=world.paula, incident=mine, into=others)
    for incident, other, name in ((mine, others, "alice"), (others, mine, "charlie")):
        url = reverse("incidents:incident", args=[incident.pk])
        page = client_of(world, name).get(url).content.decode().lower()
        assert "about the same" in page or "a duplicate of" in page
        assert f"incident {other.pk}" not in page, name
        assert f"incident {other.pk}" in client_of(world, "paula").get(url).content.decode().lower()


def test_odd_signs_in_an_address_or_a_form_are_no_error_of_ours(world: World) -> None:
    alice = client_of(world, "alice")
    for address in ("incidents", "requests"):
        assert alice.get(f"/api/v1/{address}/?state=%00").status_code == 400, address
    answer = alice.post(reverse("licenses:decide"), {"ids": "9" * 5000, "approve": "yes"})
    assert answer.status_code == 200
