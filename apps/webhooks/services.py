"""Every write to subscriptions, and what people do to deliveries: send again."""

from __future__ import annotations

import base64
import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from apps.accounts.actors import Actor, Role
from apps.accounts.sealing import seal
from apps.agencies.models import Agency
from apps.audit import services as audit
from apps.core import bell, clock, outgoing
from apps.core.errors import Invalid, given
from apps.webhooks import posting
from apps.webhooks.delivering import envelope, secrets_of
from apps.webhooks.events import PING, TYPES, cloud_event
from apps.webhooks.lifecycle import DELIVERY, SUBSCRIPTION
from apps.webhooks.models import Delivery, Subscription
from apps.webhooks.publishing import CONCERNS

# After a rotation the secret before it signs too, so long.
OVERLAP = timedelta(hours=24)
# Standard Webhooks asks for 24 to 64 bytes.
_SECRET_BYTES = 32
# How far back events are sent again, and how many at once.
REPLAY_DAYS, REPLAY_MOST = 30, 50_000
_STATES = Subscription.State


def subscription_create(
    *, actor: Actor, name: str, address: str, types: list[str], reason: str, agency: Agency | None = None
) -> tuple[Subscription, str]:
    """Tell another system of changes from now on. Returns the subscription and its secret, which is shown this once."""
    actor.require(Role.ADMINISTRATOR)
    actor.require_fresh()
    given(reason)
    _check(name, types)
    _check_address(address)
    secret = _new_secret()
    with transaction.atomic():
        made = Subscription.objects.create(
            name=name.strip(), address=address, types=[code for code in TYPES if code in types], agency=agency,
            secret=seal(secret), created_by=actor.name,
        )  # fmt: skip
        audit.record(
            actor, "webhooks.subscription.created", made, reason=reason,
            after={"address": address, "types": made.types, "agency": agency.code if agency else ""},
        )  # fmt: skip
    return made, secret


def subscription_revise(
    *, actor: Actor, subscription: Subscription, name: str, address: str, types: list[str], reason: str
) -> Subscription:
    """Change the name, the address or the events of a webhook. What waits already goes to the new address."""
    actor.require(Role.ADMINISTRATOR)
    actor.require_fresh()
    given(reason)
    _check(name, types, subscription)
    # One that is kept may be out of reach just now; it is judged at each call anyway.
    if address != subscription.address:
        _check_address(address)
    values: dict[str, Any] = {
        "name": name.strip(),
        "address": address,
        "types": [code for code in TYPES if code in types],
    }
    with transaction.atomic():
        found = _not_ended(subscription)
        changed = {key: value for key, value in values.items() if getattr(found, key) != value}
        if not changed:
            raise Invalid("Nothing was changed.")
        before = {key: getattr(found, key) for key in changed}
        if "address" in changed:
            # What the old address answered says nothing of the new one.
            changed |= {"tested_at": None, "test_answer": ""}
        for key, value in changed.items():
            setattr(found, key, value)
        found.save(update_fields=list(changed))
        after = {key: changed[key] for key in before}
        audit.record(actor, "webhooks.subscription.revised", found, before=before, after=after, reason=reason)
    return found


def subscription_pause(*, actor: Actor, subscription: Subscription, reason: str) -> Subscription:
    """Send nothing for a while. What happens meanwhile waits, and goes out in its order afterwards."""
    return _move(actor, subscription, _STATES.PAUSED, "paused", reason)


def subscription_resume(*, actor: Actor, subscription: Subscription, reason: str) -> Subscription:
    """Send again what waits. What a receiver missed while it was gone is sent by a replay."""
    from apps.webhooks.tasks import tell_subscription

    moved = _move(actor, subscription, _STATES.ACTIVE, "resumed", reason)
    bell.ring(tell_subscription, moved.pk)
    return moved


def subscription_end(*, actor: Actor, subscription: Subscription, reason: str) -> Subscription:
    """Tell this system nothing more, for good. What still waits is not sent."""
    with transaction.atomic():
        moved = _move(actor, subscription, _STATES.ENDED, "ended", reason)
        moved.deliveries.filter(state__in=["waiting", "sending"]).update(
            state=Delivery.State.CANCELLED, leased_until=None, next_attempt_at=clock.now()
        )
        # Nothing is signed with them any more.
        moved.secret, moved.previous_secret, moved.previous_until = "", "", None
        moved.save(update_fields=["secret", "previous_secret", "previous_until"])
    return moved


def secret_rotate(*, actor: Actor, subscription: Subscription, reason: str) -> tuple[Subscription, str]:
    """Make a new secret, shown this once. For a day both sign, so that the receiver can change over."""
    actor.require(Role.ADMINISTRATOR)
    actor.require_fresh()
    given(reason)
    secret = _new_secret()
    with transaction.atomic():
        found = _not_ended(subscription)
        found.previous_secret, found.previous_until = found.secret, clock.now() + OVERLAP
        found.secret = seal(secret)
        found.save(update_fields=["secret", "previous_secret", "previous_until"])
        audit.record(actor, "webhooks.secret.rotated", found, after={"both_until": found.previous_until}, reason=reason)
    return found, secret


def subscription_test(*, actor: Actor, subscription: Subscription) -> Subscription:
    """Send a ping at once, and keep what the receiver answered. It is in no feed and changes nothing there."""
    actor.require(Role.ADMINISTRATOR)
    if subscription.state == _STATES.ENDED:
        raise Invalid("The webhook has ended.")
    now = clock.now()
    event = cloud_event(
        envelope(), key=str(uuid.uuid4()), kind=PING, subject=f"webhook/{subscription.pk}", at=now, sequence=1,
        data={"id": subscription.pk},
    )  # fmt: skip
    # Outside of a transaction: nothing is locked while the receiver thinks.
    answer = posting.post(subscription.address, event, secrets=secrets_of(subscription), at=now)
    with transaction.atomic():
        subscription.tested_at, subscription.test_answer = now, str(answer)
        subscription.save(update_fields=["tested_at", "test_answer"])
        audit.record(actor, "webhooks.subscription.tested", subscription, after={"status": answer.status})
    return subscription


def delivery_replay(*, actor: Actor, delivery: Delivery, reason: str) -> Delivery:
    """Send one event again, under the same id."""
    from apps.webhooks.tasks import tell_subscription

    actor.require(Role.ADMINISTRATOR)
    actor.require_fresh_at_a_browser()
    given(reason)
    with transaction.atomic():
        _not_ended(delivery.subscription)
        found = Delivery.objects.select_for_update().get(pk=delivery.pk)
        DELIVERY.check(found.state, "waiting")
        before = found.state
        found.state, found.attempts, found.next_attempt_at = Delivery.State.WAITING, 0, clock.now()
        found.save(update_fields=["state", "attempts", "next_attempt_at"])
        audit.record(actor, "webhooks.delivery.replayed", found, before={"state": before}, reason=reason)
        bell.ring(tell_subscription, found.subscription_id)
    return found


# Those it never had, because it was gone, are among them.
_MISSED = f"""
    INSERT INTO webhooks_delivery (subscription_id, change_id, record, position, state, attempts, next_attempt_at, answer)
        SELECT s.id, c.id, c.record_type || '/' || c.record_id, c.position, 'waiting', 0, %(now)s, ''
        FROM webhooks_change c JOIN webhooks_subscription s ON c.type = ANY (s.types) AND {CONCERNS}
        WHERE s.id = %(subscription)s AND c.at >= %(since)s AND c.position IS NOT NULL ORDER BY c.position
        ON CONFLICT DO NOTHING
"""


def deliveries_replay(*, actor: Actor, subscription: Subscription, since: datetime, reason: str) -> Subscription:
    """Send everything again that happened since a moment, under the same ids and in order; at most 30 days back."""
    from apps.webhooks.tasks import tell_subscription

    actor.require(Role.ADMINISTRATOR)
    actor.require_fresh_at_a_browser()
    given(reason)
    now = clock.now()
    if not now - timedelta(days=REPLAY_DAYS) <= since <= now:
        raise Invalid(f"Events of the last {REPLAY_DAYS} days are sent again.", how_to_fix="Give a later day.")
    with transaction.atomic():
        found = _not_ended(subscription)
        again = found.deliveries.filter(change__at__gte=since, state__in=["delivered", "failed"])
        if (many := again.count()) > REPLAY_MOST:
            raise Invalid(f"{many:,} events are too many at once.", how_to_fix="Give a later day.")
        moved = again.update(state=Delivery.State.WAITING, attempts=0, next_attempt_at=now)
        with connection.cursor() as cursor:
            cursor.execute(_MISSED, {"now": now, "subscription": found.pk, "since": since})
            moved += max(cursor.rowcount, 0)
        audit.record(
            actor, "webhooks.deliveries.replayed", found, after={"since": since, "events": moved}, reason=reason
        )
        bell.ring(tell_subscription, found.pk)
    return found


def _move(actor: Actor, subscription: Subscription, state: str, past: str, reason: str) -> Subscription:
    actor.require(Role.ADMINISTRATOR)
    actor.require_fresh_at_a_browser()
    given(reason)
    with transaction.atomic():
        found = Subscription.objects.select_for_update().get(pk=subscription.pk)
        SUBSCRIPTION.check(found.state, state)
        before, found.state = found.state, state
        found.save(update_fields=["state"])
        audit.record(
            actor, f"webhooks.subscription.{past}", found, before={"state": before}, after={"state": state},
            reason=reason,
        )  # fmt: skip
    return found


def _not_ended(subscription: Subscription) -> Subscription:
    found = Subscription.objects.select_for_update().get(pk=subscription.pk)
    if found.state == _STATES.ENDED:
        raise Invalid("The webhook has ended.", how_to_fix="Make a new one.")
    return found


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def _check(name: str, types: list[str], itself: Subscription | None = None) -> None:
    if not name.strip():
        raise Invalid("Give it a name.")
    others = Subscription.objects.exclude(state=_STATES.ENDED).filter(name=name.strip())
    if (others.exclude(pk=itself.pk) if itself else others).exists():
        raise Invalid("There is a webhook with this name.", how_to_fix="Choose another name.")
    if not types or set(types) - set(TYPES):
        raise Invalid("Choose of which events it is told.")


def _check_address(address: str) -> None:
    try:
        posting.judged(address)
    except outgoing.AddressRefused as refused:
        raise Invalid(str(refused), how_to_fix="Give an address that begins with https:// and is public.") from refused
