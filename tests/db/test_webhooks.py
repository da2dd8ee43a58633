"""Webhooks told as stories, with a real receiver: what is told, to whom, in which order, and how often."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from apps.accounts.actors import SYSTEM, FreshSignInNeeded
from apps.accounts.sealing import opened
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.core.errors import IllegalTransition, Invalid, NotPermitted
from apps.incidents import report_services, taxonomy
from apps.incidents import services as incidents
from apps.licenses import protection_services as protection
from apps.licenses import services as licenses
from apps.licenses.models import Seat, SeatPeriod
from apps.licenses.settle import seats_settle
from apps.rollout import services as rollout
from apps.terms import services as terms
from apps.webhooks import services
from apps.webhooks.models import Change, Delivery, Subscription
from apps.webhooks.publishing import publish
from tests.factories.cast import World, import_rows
from tests.factories.receiver import Receiver
from tests.factories.webhooks import sent, subscribed

pytestmark = pytest.mark.django_db
committed = pytest.mark.django_db(transaction=True)
State = Delivery.State


# ---- what is told --------------------------------------------------------------------------------------------------------


def test_a_seat_is_told_step_by_step_signed_and_without_names(world: World, receiver: Receiver) -> None:
    subscription, secret = subscribed(world, receiver.address)
    seat = world.holder(world.employee("A003"))
    licenses.seat_suspend(actor=world.paula, seat=seat, code="incident", reason="Bob wrote secrets")
    licenses.seat_restore(actor=world.paula, seat=seat, reason="Cleared")
    licenses.seat_revoke(actor=world.paula, seat=seat, reason="Asked for")
    sent(subscription)
    told = receiver.took(f"seat/{seat.pk}")
    assert told == ["seat.held", "seat.granted", "seat.suspended", "seat.restored", "seat.released"]
    for call in receiver.calls:
        Webhook(secret).verify(call.body, call.headers)
        assert call.headers["content-type"] == "application/cloudevents+json"
        assert call.headers["webhook-id"] == call.event["id"]
        assert call.path == "/hook?from=beacon"
    suspended = next(event for event in receiver.events if event["type"].endswith("suspended"))
    assert suspended["type"] == "us.state.beacon.seat.suspended"
    assert suspended["specversion"] == "1.0"
    assert suspended["sequence"] == "0000000003"
    assert suspended["data"] == {
        "id": seat.pk, "employee_id": "A003", "agency": "AAA", "phase": 1, "reason": "incident",
        "state_before": "granted", "state": "suspended",
    }  # fmt: skip
    everything = " ".join(call.body for call in receiver.calls)
    assert not re.search("Bob|secrets|mass.example|Cleared", everything)


def test_phases_and_terms_are_told(world: World, receiver: Receiver) -> None:
    subscription, _ = subscribed(world, receiver.address)
    publish()
    rollout.phase_pause(actor=world.erin, phase=world.phase, reason="Wait")
    rollout.phase_resume(actor=world.erin, phase=world.phase, reason="Go on")
    rollout.phase_roll_back(actor=world.erin, phase=world.phase, reason="No")
    draft = terms.terms_draft(actor=world.paula, title="Terms", body="Second")
    terms.terms_publish(actor=world.paula, version=draft, reason="Better")
    sent(subscription)
    assert receiver.took(f"phase/{world.phase.pk}")[-3:] == ["phase.paused", "phase.resumed", "phase.rolled_back"]
    assert receiver.took(f"terms/{draft.pk}") == ["terms.published"]
    assert receiver.took(f"terms/{world.version.pk}")[-1] == "terms.superseded"


def test_an_incident_is_told_by_number_and_kind(world: World, receiver: Receiver) -> None:
    subscription, _ = subscribed(world, receiver.address)
    report = report_services.Report("Bob pasted a list", "data_entered", clock.today(), world.a)
    incident = report_services.incident_report(actor=world.bob, report=report)
    incidents.incident_triage(actor=world.paula, incident=incident, category="data_entered", severity=2, agency=world.a)
    sent(subscription)
    assert receiver.took(f"incident/{incident.pk}") == ["incident.reported", "incident.triaged"]
    assert receiver.events[-1]["data"] == {
        "id": incident.pk, "state_before": "new", "state": "triage", "category": "data_entered", "severity": 2,
        "is_near_miss": False, "agency": "AAA",
    }  # fmt: skip
    assert "data_entered" in taxonomy.CATEGORIES


def test_an_anonymous_report_tells_no_minute(world: World, receiver: Receiver) -> None:
    """Neither by its time nor by the moment at which it arrives: it is held until its hour is over."""
    subscription, _ = subscribed(world, receiver.address)
    publish()
    with time_machine.travel("2030-03-05T10:17:31Z", tick=False):
        report = report_services.Report("x", "wrong_output", clock.today())
        incident, _ = report_services.incident_report_anonymously(report=report)
        incidents.incident_triage(
            actor=world.paula, incident=incident, category="wrong_output", severity=4, agency=None
        )
        sent(subscription)
        assert receiver.took(f"incident/{incident.pk}") == []
    with time_machine.travel("2030-03-05T11:00:01Z", tick=False):
        sent(subscription)
    assert receiver.took(f"incident/{incident.pk}") == ["incident.reported", "incident.triaged"]
    reported = next(event for event in receiver.events if event["type"].endswith("incident.reported"))
    assert reported["time"].endswith("T10:00:00.000000Z")


def test_bulk_changes_are_told_seat_by_seat(receiver: Receiver) -> None:
    """A separation by the roster and an emergency stop change many at once."""
    world = World.build(more=40)
    subscription, _ = subscribed(world, receiver.address)
    bob, frank = world.holder(world.employee("A003")), world.holder(world.employee("A100"))
    import_rows([row for row in world.rows if row[0] != "A100"])
    frank.refresh_from_db()
    assert frank.state == "released"
    live = Seat.objects.filter(agency=world.a, state__in=["granted", "suspended"])
    protection.stop_start(actor=world.erin, scope="agency", agency=world.a, reason="Leak", number=live.count())
    seats_settle(actor=SYSTEM)
    sent(subscription)
    assert receiver.took(f"seat/{frank.pk}")[-1] == "seat.released"
    assert receiver.took(f"seat/{bob.pk}")[-1] == "seat.suspended"


@pytest.mark.parametrize("seed", range(4))
def test_every_change_of_a_seat_is_one_event(seed: int) -> None:
    """The history that the seats' own trigger keeps, and the events, tell the same, whatever was done in which order."""
    from random import Random

    dice, world = Random(seed), World.build(more=4)
    seats = world.holders(4)
    for _ in range(25):
        seat = Seat.objects.get(pk=dice.choice(seats).pk)
        try:
            with transaction.atomic():
                _one_act(world, seat, dice)
        except (Invalid, IllegalTransition):
            continue
    for seat in seats:
        told = Change.objects.filter(record_type="seat", record_id=seat.pk).order_by("sequence")
        events = [(one.data["state"], one.data["reason"]) for one in told]
        assert [one.sequence for one in told] == list(range(1, len(told) + 1))
        assert [one.data["state_before"] for one in told] == ["", *(state for state, _ in events[:-1])]
        periods = SeatPeriod.objects.filter(seat=seat).order_by("during")
        kept = [(one.state, one.reason) for one in periods]
        # A stretch that lasted no time, or whose reason alone changed, may be missing in the periods, never in the events.
        rest = iter(events)
        assert all(one in rest for one in kept if one[0] != "released")
        seat.refresh_from_db()
        assert events[-1] == (seat.state, seat.reason)


def _one_act(world: World, seat: Seat, dice: Any) -> None:
    act = dice.choice(["suspend", "restore", "revoke", "pause", "resume", "raw", "many"])
    if act == "suspend":
        licenses.seat_suspend(actor=world.paula, seat=seat, code=dice.choice(["incident", "review"]), reason="x")
    elif act == "restore":
        licenses.seat_restore(actor=world.paula, seat=seat, reason="x")
    elif act == "revoke" and dice.random() < 0.2:
        licenses.seat_revoke(actor=world.paula, seat=seat, reason="x")
    elif act == "pause":
        rollout.phase_pause(actor=world.erin, phase=world.phase, reason="x")
    elif act == "resume":
        rollout.phase_resume(actor=world.erin, phase=world.phase, reason="x")
    elif act == "raw":
        Seat.objects.filter(pk=seat.pk, state="granted").update(state="suspended", reason="training")
    else:
        Seat.objects.filter(state="suspended").update(state="granted", reason="met")


def test_what_was_told_cannot_be_changed(world: World) -> None:
    publish()
    change = Change.objects.earliest("id")
    found = Change.objects.filter(pk=change.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        found.update(type="seat.held")
    with pytest.raises(IntegrityError), transaction.atomic():
        found.delete()


# ---- to whom -------------------------------------------------------------------------------------------------------------


def test_a_subscription_of_one_agency_hears_of_that_agency(world: World, receiver: Receiver) -> None:
    ours, _ = subscribed(world, receiver.address, name="A", agency=world.a)
    theirs, _ = subscribed(world, receiver.address, name="B", agency=world.b)
    some, _ = subscribed(world, receiver.address, name="C", types=["seat.granted"])
    publish()
    last = Change.objects.latest("position").position
    seat = world.holder(world.employee("A003"))
    rollout.phase_pause(actor=world.erin, phase=world.phase, reason="Wait")
    publish()
    heard = {
        one.name: set(one.deliveries.filter(position__gt=last).values_list("change__type", flat=True))
        for one in Subscription.objects.all()
    }
    assert {"seat.held", "seat.granted", "phase.paused"} <= heard["A"]
    assert heard["B"] == set()
    assert heard["C"] == {"seat.granted"}
    assert seat.agency == world.a
    assert {ours.pk, theirs.pk, some.pk} == set(Subscription.objects.values_list("pk", flat=True))


@pytest.mark.parametrize("name", ["alice", "bob", "charlie", "paula", "audrey", "lee"])
def test_only_administrators_make_one(world: World, receiver: Receiver, name: str) -> None:
    with pytest.raises(NotPermitted):
        services.subscription_create(
            actor=world.actor(name), name="x", address=receiver.address, types=["seat.held"], reason="x"
        )


def test_a_fresh_sign_in_and_a_public_address_are_asked_for(world: World, settings: Any) -> None:
    stale = replace(world.erin, is_fresh=False)
    with pytest.raises(FreshSignInNeeded):
        services.subscription_create(
            actor=stale, name="x", address="https://x.example", types=["seat.held"], reason="x"
        )
    settings.WEBHOOKS_LOOPBACK = False
    for address in (
        "http://example.com/", "https://127.0.0.1/", "https://10.0.0.1/x", "https://169.254.169.254/", "https://[::1]/",
        "https://u:p@example.com/", "https://nowhere.invalid/",
    ):  # fmt: skip
        with pytest.raises(Invalid):
            subscribed(world, address)


def test_the_secret_is_kept_sealed_and_stands_in_no_trail(world: World, receiver: Receiver) -> None:
    subscription, secret = subscribed(world, receiver.address)
    assert secret not in subscription.secret
    assert opened(subscription.secret) == secret
    event = AuditEvent.objects.get(verb="webhooks.subscription.created")
    assert secret not in str(event.after) + event.reason


def test_after_a_rotation_both_secrets_sign_for_a_day(world: World, receiver: Receiver) -> None:
    subscription, old = subscribed(world, receiver.address)
    subscription, new = services.secret_rotate(actor=world.erin, subscription=subscription, reason="Yearly")
    services.subscription_test(actor=world.erin, subscription=subscription)
    for secret in (old, new):
        Webhook(secret).verify(receiver.calls[-1].body, receiver.calls[-1].headers)
    later = clock.now() + timedelta(hours=25)
    with time_machine.travel(later, tick=False):
        services.subscription_test(actor=world.erin, subscription=subscription)
        Webhook(new).verify(receiver.calls[-1].body, receiver.calls[-1].headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(old).verify(receiver.calls[-1].body, receiver.calls[-1].headers)


def test_the_button_says_what_the_receiver_answered(world: World, receiver: Receiver) -> None:
    subscription, _ = subscribed(world, receiver.address)
    receiver.reply = lambda _: (418, {}, "I am a teapot\r\nkey=" + "k" * 40)
    services.subscription_test(actor=world.erin, subscription=subscription)
    assert subscription.test_answer == "418: I am a teapot …"
    assert receiver.events[-1]["type"] == "us.state.beacon.ping"
    assert not Delivery.objects.filter(change__type="ping").exists()
