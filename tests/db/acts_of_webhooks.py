"""How each service of webhooks is called once, for tests/db/test_one_event_each.py."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from apps.core import clock
from apps.webhooks import services as webhooks
from apps.webhooks.models import Delivery, Subscription
from apps.webhooks.publishing import publish
from tests.db.acts_of_registers import Act, with_
from tests.factories.cast import World


def _made(w: World) -> Subscription:
    # Nobody listens there: a ping has no answer, and that is told too.
    made, _ = webhooks.subscription_create(
        actor=w.erin, name="Hub", address="http://127.0.0.1:9/", types=["phase.opened"], reason="x"
    )
    return made


def _paused(w: World) -> object:
    return webhooks.subscription_pause(actor=w.erin, subscription=_made(w), reason="x")


def _revised(w: World, found: Subscription) -> object:
    return webhooks.subscription_revise(
        actor=w.erin, subscription=found, name="Lake", address=found.address, types=found.types, reason="x"
    )


def _given_up(w: World) -> Delivery:
    _made(w)
    publish()
    found = Delivery.objects.get()
    for state in ("sending", "failed"):
        Delivery.objects.filter(pk=found.pk).update(state=state)
    return found


def _replayed(w: World, found: Subscription) -> object:
    since = clock.now() - timedelta(days=1)
    return webhooks.deliveries_replay(actor=w.erin, subscription=found, since=since, reason="x")


EXAMPLES: dict[str, Callable[[World], Act]] = {
    "subscription_create": lambda w: lambda: _made(w),
    "subscription_revise": with_(_made, _revised),
    "subscription_pause": with_(_made, lambda w, s: webhooks.subscription_pause(actor=w.erin, subscription=s, reason="x")),
    "subscription_resume": with_(_paused, lambda w, s: webhooks.subscription_resume(actor=w.erin, subscription=s, reason="x")),
    "subscription_end": with_(_made, lambda w, s: webhooks.subscription_end(actor=w.erin, subscription=s, reason="x")),
    "subscription_test": with_(_made, lambda w, s: webhooks.subscription_test(actor=w.erin, subscription=s)),
    "secret_rotate": with_(_made, lambda w, s: webhooks.secret_rotate(actor=w.erin, subscription=s, reason="x")),
    "delivery_replay": with_(_given_up, lambda w, d: webhooks.delivery_replay(actor=w.erin, delivery=d, reason="x")),
    "deliveries_replay": with_(_made, _replayed),
}  # fmt: skip
