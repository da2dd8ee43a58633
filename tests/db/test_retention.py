"""What is kept for a while is kept so long, and then goes: by the tick, in batches, with one event each."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from apps.accounts import tasks as sign_ins
from apps.accounts.models import Session, SignIn
from apps.audit import retention
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.licenses import protection_services as protection
from apps.webhooks import services
from apps.webhooks.models import Change, Delivery, Subscription
from apps.webhooks.retention import KEPT_DAYS, deliveries_forget
from tests.factories.cast import World
from tests.factories.receiver import Receiver
from tests.factories.webhooks import sent, subscribed

pytestmark = pytest.mark.django_db


def events(verb: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(verb=verb).order_by("pk"))


def signed_in(world: World, *names: str) -> None:
    for name in names:
        SignIn.objects.create(user=world.users[name], method="oidc:state", outcome=SignIn.Outcome.DONE)


# ---- sign-ins ------------------------------------------------------------------------------------------------------------


def test_a_sign_in_goes_after_400_days_and_no_earlier(world: World) -> None:
    signed_in(world, "erin", "bob")
    SignIn.objects.create(method="oidc:state", outcome=SignIn.Outcome.REFUSED)
    with clock.shifted(timedelta(days=400)):
        assert sign_ins.sweep() == 0
    with clock.shifted(timedelta(days=402)):
        signed = clock.now()
        assert [sign_ins.sweep(), sign_ins.sweep()] == [3, 0]
    (event,) = events("accounts.sign_ins.removed")
    assert (event.actor_key, event.after["removed"]) == ("system", 3)
    assert datetime.fromisoformat(event.after["until"]) <= signed - timedelta(days=400)
    assert "bob" not in str(event.after) + event.record_name


def test_those_of_somebody_under_legal_hold_stay_until_it_ends(world: World) -> None:
    signed_in(world, "erin", "bob")
    hold = protection.hold_place(actor=world.paula, employee=world.employee("A003"), matter="Case 7", reason="x")
    with clock.shifted(timedelta(days=500)):
        assert sign_ins.sweep() == 1
        assert SignIn.objects.get().user == world.users["bob"]
        protection.hold_end(actor=world.paula, hold=hold, reason="Settled")
        assert sign_ins.sweep() == 1


def test_they_go_in_batches_each_with_its_event(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    signed_in(world, "erin", "bob", "alice", "paula", "lee")
    with clock.shifted(timedelta(days=402)):
        assert [sign_ins.sweep() for _ in range(4)] == [2, 2, 1, 0]
    assert [event.after["removed"] for event in events("accounts.sign_ins.removed")] == [2, 2, 1]


def test_a_session_that_ran_out_is_removed_and_one_that_lasts_is_not(world: World) -> None:
    now = clock.now()
    for key, ends in (("old", now - timedelta(days=3)), ("lasts", now + timedelta(hours=1))):
        Session.objects.create(session_key=key, user=world.users["bob"], expire_date=ends)
    assert [sign_ins.sweep(), sign_ins.sweep()] == [1, 0]
    assert Session.objects.get().session_key == "lasts"
    (event,) = events("accounts.sessions.removed")
    assert "old" not in (event.record_id, event.record_name, *map(str, event.after.values()))


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM accounts_signin", "UPDATE accounts_signin SET outcome = 'done'",
        "UPDATE accounts_signin SET at = at - interval '2 years'", "TRUNCATE accounts_signin",
    ],
)  # fmt: skip
def test_the_owner_of_the_tables_does_not_remove_a_young_sign_in(world: World, statement: str) -> None:
    SignIn.objects.create(user=world.users["bob"], method="oidc:state", outcome=SignIn.Outcome.REFUSED)
    with pytest.raises(IntegrityError, match="sign-in cannot be changed or removed"):
        sql(statement)


def sql(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # as a commit would: nothing of the rows is pending
        cursor.execute(statement)


# ---- deliveries ----------------------------------------------------------------------------------------------------------


def delivered(world: World, receiver: Receiver) -> Subscription:
    subscription, _ = subscribed(world, receiver.address)
    world.holder(world.employee("A003"))
    sent(subscription)
    assert set(subscription.deliveries.values_list("state", flat=True)) == {"delivered"}
    return subscription


def test_a_delivery_that_is_done_goes_after_90_days_and_its_event_stays(world: World, receiver: Receiver) -> None:
    subscription = delivered(world, receiver)
    many, told = subscription.deliveries.count(), Change.objects.count()
    with clock.shifted(timedelta(days=KEPT_DAYS)):
        assert deliveries_forget() == 0
    with clock.shifted(timedelta(days=KEPT_DAYS + 2)):
        assert [deliveries_forget(), deliveries_forget()] == [many, 0]
    (event,) = events("webhooks.deliveries.removed")
    assert (event.actor_key, event.after["removed"]) == ("system", many)
    assert Change.objects.count() == told
    assert services.REPLAY_DAYS < KEPT_DAYS


def test_what_waits_stays_and_the_days_of_what_is_sent_again_begin_anew(world: World, receiver: Receiver) -> None:
    subscription = delivered(world, receiver)
    again, waits = subscription.deliveries.order_by("position")[:2]
    with clock.shifted(timedelta(days=60)):
        services.delivery_replay(actor=world.erin, delivery=again, reason="Lost")
        sent(subscription)
        services.delivery_replay(actor=world.erin, delivery=waits, reason="Lost")
    with clock.shifted(timedelta(days=100)):
        assert deliveries_forget()
        assert set(Delivery.objects.values_list("pk", flat=True)) == {again.pk, waits.pk}
    with clock.shifted(timedelta(days=500)):
        assert deliveries_forget() == 1
        assert Delivery.objects.get().pk == waits.pk


def test_those_about_a_seat_of_somebody_under_legal_hold_stay(world: World, receiver: Receiver) -> None:
    subscription = delivered(world, receiver)
    protection.hold_place(actor=world.paula, employee=world.employee("A003"), matter="Case 7", reason="x")
    with clock.shifted(timedelta(days=KEPT_DAYS + 2)):
        assert deliveries_forget()
    assert {record.partition("/")[0] for record in subscription.deliveries.values_list("record", flat=True)} == {"seat"}


def test_what_is_dropped_when_a_webhook_ends_is_kept_from_then_on(world: World, receiver: Receiver) -> None:
    subscription, _ = subscribed(world, receiver.address)
    services.subscription_pause(actor=world.erin, subscription=subscription, reason="x")
    world.holder(world.employee("A003"))
    sent(subscription)
    with clock.shifted(timedelta(days=200)):
        assert deliveries_forget() == 0
        services.subscription_end(actor=world.erin, subscription=subscription, reason="x")
        assert deliveries_forget() == 0
    with clock.shifted(timedelta(days=200 + KEPT_DAYS + 2)):
        assert deliveries_forget() > 0
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("statement", ["DELETE FROM webhooks_delivery", "TRUNCATE webhooks_delivery"])
@pytest.mark.parametrize("days", [0, KEPT_DAYS - 1])
def test_the_owner_of_the_tables_does_not_remove_a_young_delivery(
    world: World, receiver: Receiver, statement: str, days: int
) -> None:
    delivered(world, receiver)
    with clock.shifted(timedelta(days=days)), pytest.raises(IntegrityError, match="cannot be changed or removed"):
        sql(statement)


def test_the_owner_of_the_tables_never_removes_one_that_waits(world: World, receiver: Receiver) -> None:
    subscription = delivered(world, receiver)
    services.delivery_replay(actor=world.erin, delivery=subscription.deliveries.latest("position"), reason="Lost")
    with clock.shifted(timedelta(days=1000)), pytest.raises(IntegrityError, match="cannot be changed or removed"):
        sql("DELETE FROM webhooks_delivery")
