"""Telling the receivers, the outbox way.

1. Claim a few deliveries of one subscription with SKIP LOCKED, leased; commit. Of each record only the first that waits can
   be claimed, and none while one before it is under way: so a record's events go out in their order.
2. Call the receiver; write down what it answered (commit).

A worker that dies in between leaves the delivery leased; when the lease ends it is sent again under the same id. So every
event arrives at least once, and a receiver knows by `webhook-id` what it has had.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction

from apps.accounts.actors import SYSTEM
from apps.accounts.sealing import opened
from apps.audit import services as audit
from apps.core import clock
from apps.webhooks.events import Envelope, cloud_event
from apps.webhooks.models import Change, Delivery, Subscription
from apps.webhooks.posting import Answer, post

BATCH = 20
BUDGET_SECONDS = 30.0
LEASE = timedelta(minutes=3)
# Three days, all together.
DELAYS = (10, 60, 300, 1800, 2 * 3600, 6 * 3600, 12 * 3600, 24 * 3600, 24 * 3600)
State = Delivery.State

# Materialized, so that the limit holds under every plan (tests/db/test_claims.py).
_CLAIM = """
    WITH due AS MATERIALIZED (
        SELECT d.id FROM webhooks_delivery d
        WHERE d.subscription_id = %(subscription)s AND d.state = 'waiting' AND d.next_attempt_at <= %(now)s
            AND EXISTS (SELECT 1 FROM webhooks_subscription s WHERE s.id = d.subscription_id AND s.state = 'active')
            AND NOT EXISTS (
                SELECT 1 FROM webhooks_delivery e
                WHERE e.subscription_id = d.subscription_id AND e.record = d.record AND e.position < d.position
                    AND e.state IN ('waiting', 'sending'))
        ORDER BY d.position LIMIT %(most)s FOR UPDATE OF d SKIP LOCKED)
    UPDATE webhooks_delivery SET state = 'sending', attempts = attempts + 1, leased_until = %(until)s
    WHERE id IN (SELECT id FROM due) RETURNING id
"""


def envelope() -> Envelope:
    return Envelope(str(settings.BASE_URL), settings.WEBHOOKS_PREFIX)


def event_of(change: Change) -> dict[str, object]:
    """A change as other systems are told of it."""
    return cloud_event(
        envelope(), key=str(change.key), kind=change.type, subject=change.subject, at=change.at,
        sequence=change.sequence, data=change.data,
    )  # fmt: skip


def secrets_of(subscription: Subscription) -> list[str]:
    """The secrets that sign now: after a rotation the one before it too, for a while."""
    found = [opened(subscription.secret)]
    if subscription.previous_secret and subscription.previous_until and subscription.previous_until > clock.now():
        found.append(opened(subscription.previous_secret))
    return found


def deliver(subscription: Subscription, *, budget: float = BUDGET_SECONDS, batch: int = BATCH) -> int:
    """Tell one receiver what is due, for `budget` seconds, or until it wants a rest. Returns how many it took.

    Must not run inside a transaction: each step is committed before the next.
    """
    taken, deadline = 0, time.monotonic() + budget
    while time.monotonic() < deadline:
        claimed = _claim(subscription, batch)
        if not claimed:
            break
        for place, delivery in enumerate(claimed):
            answer = _tell(subscription, delivery)
            taken += answer.is_taken
            if answer.wants_rest or answer.is_gone or time.monotonic() > deadline:
                _give_back(claimed[place + 1 :])
                return taken
    return taken


def leases_expire() -> int:
    """What a worker had in hand when it died waits again. Returns how many deliveries that were."""
    dead = Delivery.objects.filter(state=State.SENDING, leased_until__lt=clock.now())
    return dead.update(state=State.WAITING, next_attempt_at=clock.now(), leased_until=None)


def due_subscriptions() -> list[int]:
    """The subscriptions for which something may be sent now."""
    waiting = Delivery.objects.filter(state=State.WAITING, next_attempt_at__lte=clock.now())
    active = waiting.filter(subscription__state=Subscription.State.ACTIVE)
    return list(active.order_by("subscription").values_list("subscription", flat=True).distinct())


def _claim(subscription: Subscription, batch: int) -> list[Delivery]:
    now = clock.now()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"subscription": subscription.pk, "now": now, "most": batch, "until": now + LEASE})
        ids = [row[0] for row in cursor.fetchall()]
    return list(Delivery.objects.filter(pk__in=ids).select_related("change").order_by("position"))


def _tell(subscription: Subscription, delivery: Delivery) -> Answer:
    # Whoever waited longer than the lease, or was paused meanwhile, finds that it is not theirs any more.
    fresh = Subscription.objects.get(pk=subscription.pk)
    is_mine = Delivery.objects.filter(
        pk=delivery.pk, state=State.SENDING, attempts=delivery.attempts, leased_until__gt=clock.now()
    ).exists()
    if not is_mine or fresh.state != Subscription.State.ACTIVE:
        _give_back([delivery])
        return Answer(None, "Not sent.")
    answer = post(fresh.address, event_of(delivery.change), secrets=secrets_of(fresh), at=clock.now())
    _record(fresh, delivery, answer)
    return answer


def _record(subscription: Subscription, delivery: Delivery, answer: Answer) -> None:
    mine = Delivery.objects.filter(pk=delivery.pk, state=State.SENDING, attempts=delivery.attempts)
    said = {"status": answer.status, "answer": answer.text, "leased_until": None}
    if answer.is_taken:
        mine.update(state=State.DELIVERED, delivered_at=clock.now(), **said)
    elif answer.is_gone:
        with transaction.atomic():
            mine.update(state=State.FAILED, **said)
            _switch_off(subscription)
    elif delivery.attempts > len(DELAYS):
        mine.update(state=State.FAILED, **said)
    else:
        due = clock.now() + timedelta(seconds=DELAYS[delivery.attempts - 1])
        mine.update(state=State.WAITING, next_attempt_at=due, **said)


def _switch_off(subscription: Subscription) -> None:
    """The receiver said that it is gone for good."""
    moved = Subscription.objects.filter(pk=subscription.pk, state=Subscription.State.ACTIVE).update(
        state=Subscription.State.OFF
    )
    if moved:
        audit.record(
            SYSTEM, "webhooks.subscription.switched_off", subscription, after={"status": 410},
            reason="The receiver answered that it is gone.",
        )  # fmt: skip


def _give_back(deliveries: Sequence[Delivery]) -> None:
    """As they were: nothing was tried."""
    for delivery in deliveries:
        Delivery.objects.filter(pk=delivery.pk, state=State.SENDING, attempts=delivery.attempts).update(
            state=State.WAITING, attempts=delivery.attempts - 1, leased_until=None
        )
