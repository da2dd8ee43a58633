"""Webhooks on bad days and several at once: tried again, in order, under the same id, and never skipped."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event
from typing import Any

import pytest
import time_machine
from django.db import connection, connections, transaction

from apps.audit.models import AuditEvent
from apps.core import clock
from apps.core.errors import IllegalTransition, Invalid
from apps.incidents import report_services
from apps.incidents.models import Incident
from apps.licenses import services as licenses
from apps.licenses.models import Seat
from apps.webhooks import delivering, posting, services
from apps.webhooks.delivering import DELAYS, deliver, due_subscriptions, leases_expire
from apps.webhooks.events import TYPES
from apps.webhooks.models import Change, Delivery
from apps.webhooks.publishing import publish
from apps.webhooks.tasks import sweep
from tests.factories.cast import World
from tests.factories.receiver import Receiver, receiving
from tests.factories.webhooks import sent, subscribed

pytestmark = pytest.mark.django_db
committed = pytest.mark.django_db(transaction=True)
State = Delivery.State


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
            if key in failed:
                return 204
            failed.add(key)
            return 500

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
