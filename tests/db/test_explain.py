"""Explain this person: each requirement with since when and where that is known from."""

from __future__ import annotations

import pytest

from apps.console.explain import explained
from apps.console.homes import employee_home
from apps.core import requests
from apps.licenses import protection_services as protection
from apps.licenses import services as licenses
from apps.licenses.selectors import facts_for
from apps.vendors.models import Operation, VendorAccount, VendorInvite
from apps.vendors.selectors import decision_behind
from tests.factories.cast import World

pytestmark = pytest.mark.django_db


def test_every_requirement_of_a_holder_has_a_source_and_a_time(world: World) -> None:
    bob = world.employee("A003")
    world.holder(bob)
    lines = {line.requirement.code: line for line in explained(bob, facts_for(bob.pk))}
    assert set(lines) == {"employment", "phase", "terms", "training", "approval", "capacity", "placement"}
    assert all(line.source for line in lines.values())
    assert "open by Erin" in lines["phase"].source
    assert "decided by Alice" in lines["approval"].source
    assert "AI-101" in lines["training"].source
    # The world places agencies without an act, so that nothing tells since when.
    assert {code for code, line in lines.items() if line.since is None} == {"placement"}


def test_the_stop_that_is_named_is_the_one_that_concerns_the_person(world: World) -> None:
    bob, dana = world.employee("A003"), world.employee("B003")
    protection.stop_start(actor=world.erin, scope="person", employee=dana, reason="Lost laptop")
    own = protection.stop_start(actor=world.paula, scope="agency", agency=world.a, number=0, reason="Breach")
    line = explained(bob, facts_for(bob.pk))[0]
    assert (line.requirement.code, line.url_arg) == ("stop", own.pk)
    assert "Paula" in line.source


def test_an_operation_leads_back_to_the_decision_and_who_made_it(world: World) -> None:
    world.with_vendor("http://127.0.0.1:9/v1")
    bob = world.employee("A003")
    requests.begin("request-of-alice")
    seat = world.holder(bob)
    requests.begin("somebody-else-later")
    licenses.seat_suspend(actor=world.paula, seat=seat, code="incident", reason="Looked into")
    events = decision_behind(Operation.objects.get(employee=bob, kind="invite"))
    assert [event.verb for event in events] == ["licenses.seat.held", "licenses.seat.granted"]
    assert {event.actor_name for event in events} == {"Alice Contact"}


def test_bobs_home_says_what_the_workspace_of_his_agency_shows(world: World) -> None:
    """Also while an account is suspended at the vendor and the seat is live again, and while one waits elsewhere."""
    here = world.with_vendor("http://127.0.0.1:9/v1")
    there = world.with_vendor("http://127.0.0.1:9/v1", name="justice")
    bob = world.employee("A003")
    world.holder(bob)
    assert invitation_of(world) == ("Waiting", "Your invitation is on its way.")
    account = VendorAccount.objects.create(workspace=here, vendor_id="user-7", email=bob.email, employee=bob)
    assert invitation_of(world) == ("Done", "Your account is active.")
    VendorAccount.objects.filter(pk=account.pk).update(status="inactive")
    assert invitation_of(world) == ("Waiting", "Your account is being switched on again.")
    # The agency moves: the old account is active still, and the invitation of the new workspace is what Bob must accept.
    VendorAccount.objects.filter(pk=account.pk).update(status="active")
    type(world.a).objects.filter(pk=world.a.pk).update(workspace="justice")
    VendorInvite.objects.create(
        workspace=there, vendor_id="invite-7", email=bob.email, employee=bob, status="pending", is_ours=True
    )
    assert invitation_of(world) == ("To do", "Look for the vendor's e-mail and accept it.")


def invitation_of(world: World) -> tuple[str, str]:
    task = employee_home(world.bob)["tasks"][-1]
    return task.status, task.text
