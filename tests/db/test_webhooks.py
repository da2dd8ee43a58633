"""Webhooks told as stories, with a real receiver: what is told, to whom, in which order, and how often."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Event
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, connections, transaction
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from apps.accounts.actors import SYSTEM, FreshSignInNeeded
from apps.accounts.sealing import opened
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.core.errors import IllegalTransition, Invalid, NotPermitted
from apps.incidents import report_services, taxonomy
from apps.incidents import services as incidents
from apps.incidents.models import Incident
from apps.licenses import protection_services as protection
from apps.licenses import services as licenses
from apps.licenses.models import Seat, SeatPeriod
from apps.licenses.settle import seats_settle
from apps.rollout import services as rollout
from apps.terms import services as terms
from apps.webhooks import delivering, posting, services
from apps.webhooks.delivering import DELAYS, deliver, due_subscriptions, leases_expire
from apps.webhooks.events import TYPES
from apps.webhooks.models import Change, Delivery, Subscription
from apps.webhooks.publishing import publish
from apps.webhooks.tasks import sweep
from tests.factories.cast import World, import_rows
from tests.factories.receiver import Receiver, receiving

pytestmark = pytest.mark.django_db
committed = pytest.mark.django_db(transaction=True)
State = Delivery.State


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def subscribed(world: World, address: str, **more: Any) -> tuple[Subscription, str]:
    values: dict[str, Any] = {"name": "Data hub", "types": list(TYPES), "reason": "Agreement 12"} | more
    return services.subscription_create(actor=world.erin, address=address, **values)


def sent(subscription: Subscription) -> int:
    publish()
    return deliver(subscription)


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
    Delivery.objects.all().delete()
    seat = world.holder(world.employee("A003"))
    rollout.phase_pause(actor=world.erin, phase=world.phase, reason="Wait")
    publish()
    heard = {one.name: set(one.deliveries.values_list("change__type", flat=True)) for one in Subscription.objects.all()}
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


# ---- bad days ------------------------------------------------------------------------------------------------------------


def test_it_is_tried_again_with_the_same_id_and_in_order(world: World, receiver: Receiver) -> None:
    subscription, _ = subscribed(world, receiver.address, types=["seat.held", "seat.granted"])
    answers = iter([500, 500, 503])
    receiver.reply = lambda _: next(answers, 204)
    seat = world.holder(world.employee("A003"))
    start = clock.now()
    for minutes in range(0, 20, 2):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False):
            sent(subscription)
    assert receiver.took(f"seat/{seat.pk}") == ["seat.held"] * 4 + ["seat.granted"]
    assert len({call.headers["webhook-id"] for call in receiver.calls}) == 2
    assert not Delivery.objects.exclude(state=State.DELIVERED).exists()


def test_after_three_days_it_is_given_up_and_the_next_goes_on(world: World, receiver: Receiver) -> None:
    subscription, _ = subscribed(world, receiver.address, types=["seat.held", "seat.granted"])
    receiver.reply = lambda call: 500 if call.event["type"].endswith("held") else 200
    world.holder(world.employee("A003"))
    moment = clock.now()
    for pause in (0, *DELAYS):
        moment += timedelta(seconds=pause + 1)
        with time_machine.travel(moment, tick=False):
            sent(subscription)
    assert len(receiver.calls) == len(DELAYS) + 2
    assert timedelta(days=2) < timedelta(seconds=sum(DELAYS)) <= timedelta(days=3)
    assert sorted(Delivery.objects.values_list("state", "status")) == [("delivered", 200), ("failed", 500)]


def test_a_receiver_that_is_gone_is_switched_off(world: World, receiver: Receiver) -> None:
    subscription, _ = subscribed(world, receiver.address)
    receiver.reply = lambda _: 410
    world.holder(world.employee("A003"))
    sent(subscription)
    sent(subscription)
    subscription.refresh_from_db()
    assert len(receiver.calls) == 1
    assert subscription.state == "off"
    assert AuditEvent.objects.filter(verb="webhooks.subscription.switched_off").count() == 1
    # On again, and everything since is sent, what it missed too.
    receiver.reply = lambda _: 200
    services.subscription_resume(actor=world.erin, subscription=subscription, reason="It is back")
    services.deliveries_replay(
        actor=world.erin, subscription=subscription, since=clock.now() - timedelta(days=1), reason="Missed"
    )
    sent(subscription)
    assert not Delivery.objects.exclude(state=State.DELIVERED).exists()


def test_a_redirect_is_not_followed(world: World, receiver: Receiver) -> None:
    subscription, _ = subscribed(world, receiver.address)
    receiver.reply = lambda _: (307, {"Location": receiver.address.replace("hook", "elsewhere")}, "")
    services.subscription_test(actor=world.erin, subscription=subscription)
    assert [call.path for call in receiver.calls] == ["/hook?from=beacon"]
    assert subscription.test_answer.startswith("307")


def test_a_slow_receiver_is_left(world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    subscription, _ = subscribed(world, receiver.address)
    monkeypatch.setattr(posting, "TIMEOUT_SECONDS", 0.2)
    done = Event()

    def reply(_: object) -> int:
        done.wait(5)
        return 200

    receiver.reply = reply
    services.subscription_test(actor=world.erin, subscription=subscription)
    done.set()
    assert subscription.test_answer == "No answer (ReadTimeout)."


def test_a_name_that_leads_into_the_house_is_not_called(
    world: World, receiver: Receiver, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name was public when the webhook was made; at the delivery it leads to 10.0.0.1 (DNS rebinding)."""
    settings.WEBHOOKS_LOOPBACK = False
    found = ["93.184.215.14"]
    monkeypatch.setattr(posting, "resolve", lambda _host, _port: found)
    subscription, _ = subscribed(world, "https://hooks.example.com/in")
    called: list[str] = []

    def call(url: str, host: str, *_: Any) -> posting.Answer:
        called.append(f"{url} as {host}")
        return posting.Answer(200, "")

    monkeypatch.setattr(posting, "_called", call)
    services.subscription_test(actor=world.erin, subscription=subscription)
    assert called == ["https://93.184.215.14:443/in as hooks.example.com"]
    for trap in (["10.0.0.1"], ["93.184.215.14", "10.0.0.1"], ["169.254.169.254"], ["::ffff:10.0.0.1"], []):
        found[:] = trap
        services.subscription_test(actor=world.erin, subscription=subscription)
        assert subscription.test_answer.startswith("Not called.")
    assert len(called) == 1


def test_a_worker_that_dies_after_sending_sends_again_under_the_same_id(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscription, _ = subscribed(world, receiver.address, types=["seat.held", "seat.granted"])
    seat = world.holder(world.employee("A003"))

    def die(*_: Any) -> None:
        raise SystemExit(9)

    with monkeypatch.context() as patched:
        patched.setattr(delivering, "_record", die)
        with pytest.raises(SystemExit):
            sent(subscription)
    assert sent(subscription) == 0
    with time_machine.travel(clock.now() + timedelta(minutes=4), tick=False):
        assert leases_expire() == 1
        assert sent(subscription) == 2
    assert receiver.took(f"seat/{seat.pk}") == ["seat.held", "seat.held", "seat.granted"]
    first, second, _ = receiver.calls
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


def test_paused_it_waits_and_ended_it_is_over(world: World, receiver: Receiver) -> None:
    subscription, _ = subscribed(world, receiver.address)
    services.subscription_pause(actor=world.erin, subscription=subscription, reason="Maintenance")
    seat = world.holder(world.employee("A003"))
    assert sent(subscription) == 0
    assert due_subscriptions() == []
    services.subscription_resume(actor=world.erin, subscription=subscription, reason="Done")
    sent(subscription)
    assert receiver.took(f"seat/{seat.pk}") == ["seat.held", "seat.granted"]
    licenses.seat_revoke(actor=world.paula, seat=seat, reason="x")
    publish()
    ended = services.subscription_end(actor=world.erin, subscription=subscription, reason="Contract is over")
    assert ended.secret == ""
    assert Delivery.objects.get(change__type="seat.released").state == State.CANCELLED
    with pytest.raises(Invalid):
        services.secret_rotate(actor=world.erin, subscription=ended, reason="x")
    with pytest.raises(IllegalTransition):
        services.subscription_resume(actor=world.erin, subscription=ended, reason="x")


def test_a_replay_sends_under_the_same_ids_in_order(world: World, receiver: Receiver) -> None:
    subscription, _ = subscribed(world, receiver.address, types=["seat.held", "seat.granted"])
    seat = world.holder(world.employee("A003"))
    sent(subscription)
    ids = [call.headers["webhook-id"] for call in receiver.calls]
    delivery = Delivery.objects.earliest("position")
    services.delivery_replay(actor=world.erin, delivery=delivery, reason="Lost there")
    sent(subscription)
    assert [call.headers["webhook-id"] for call in receiver.calls] == [*ids, ids[0]]
    services.deliveries_replay(
        actor=world.erin, subscription=subscription, since=clock.now() - timedelta(days=1), reason="Lost there"
    )
    sent(subscription)
    assert receiver.took(f"seat/{seat.pk}")[3:] == ["seat.held", "seat.granted"]
    with pytest.raises(Invalid):
        services.deliveries_replay(
            actor=world.erin, subscription=subscription, since=clock.now() - timedelta(days=31), reason="x"
        )


# ---- several at once -----------------------------------------------------------------------------------------------------


@committed
def test_two_workers_keep_the_order_of_every_record() -> None:
    with receiving() as receiver:
        world = World.build(more=4)
        subscription, _ = subscribed(
            world, receiver.address, types=[code for code in TYPES if code.startswith("seat.")]
        )
        failed: set[str] = set()

        def reply(call: Any) -> int:
            # Every event fails the first time.
            key = call.headers["webhook-id"]
            return 204 if key in failed else (failed.add(key) or 500)  # type: ignore[func-returns-value]  # add, then 500

        receiver.reply = reply
        seats = world.holders(4)
        for seat in seats:
            licenses.seat_suspend(actor=world.paula, seat=seat, code="review", reason="x")
            licenses.seat_restore(actor=world.paula, seat=seat, reason="x")

        def work(_: int) -> int:
            try:
                return sum(deliver(subscription, batch=1) for _ in range(3))
            finally:
                connections.close_all()

        publish()
        for _ in range(40):
            if not Delivery.objects.exclude(state=State.DELIVERED).exists():
                break
            Delivery.objects.filter(state=State.WAITING).update(next_attempt_at=clock.now())
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(work, range(2)))
        steps = ["seat.held", "seat.granted", "seat.suspended", "seat.restored"]
        for seat in seats:
            assert receiver.took(f"seat/{seat.pk}") == [step for step in steps for _ in range(2)]


@committed
def test_what_commits_late_is_neither_skipped_nor_told_twice() -> None:
    """Two transactions begin in one order and commit in the other, while a reader follows the positions."""
    world = World.build(more=1)
    (late,) = world.holders(1)
    report = report_services.Report("x", "wrong_output", clock.today())
    early = report_services.incident_report(actor=world.bob, report=report)
    seen: list[int] = []
    begun, read = Barrier(2, timeout=30), Barrier(2, timeout=30)

    def look() -> None:
        publish()
        after = max(Change.objects.filter(pk__in=seen).values_list("position", flat=True), default=0)
        seen.extend(Change.objects.filter(position__gt=after).order_by("position").values_list("pk", flat=True))

    def slow() -> None:
        try:
            with transaction.atomic():
                Incident.objects.filter(pk=early.pk).update(state="triage")
                begun.wait()
                read.wait()
        finally:
            connections.close_all()

    look()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(slow)
        begun.wait()
        Seat.objects.filter(pk=late.pk).update(state="suspended", reason="review")
        look()
        assert Change.objects.filter(record_id=late.pk, type="seat.suspended", pk__in=seen).exists()
        read.wait()
        running.result()
    look()
    look()
    assert len(seen) == len(set(seen)) == Change.objects.count()
    assert Change.objects.filter(record_id=early.pk, type="incident.triaged", pk__in=seen).exists()


@committed
def test_one_numbers_at_a_time() -> None:
    World.build()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('webhooks_publishing'))")
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(_published).result() == 0
    assert publish() > 0
    assert sorted(Change.objects.values_list("position", flat=True)) == list(range(1, Change.objects.count() + 1))


def _published() -> int:
    try:
        return publish()
    finally:
        connections.close_all()


@committed
def test_the_tick_does_it_all(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[int] = []
    with receiving() as receiver:
        world = World.build()
        subscription, _ = subscribed(world, receiver.address)
        world.holder(world.employee("A003"))
        monkeypatch.setattr("apps.core.bell.ring", lambda _task, pk: rung.append(pk))
        assert sweep() > 0
        assert subscription.pk in rung
        assert deliver(subscription) == Delivery.objects.count() > 0
