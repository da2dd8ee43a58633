"""Background work of webhooks: the tick numbers what is committed and rings for each receiver that is to be told."""

from __future__ import annotations

from celery import shared_task

from apps.core import bell, requests
from apps.webhooks.delivering import deliver, due_subscriptions, leases_expire
from apps.webhooks.models import Subscription
from apps.webhooks.publishing import publish
from apps.webhooks.retention import deliveries_forget


@shared_task
def tell_subscription(subscription_id: int) -> int:
    """Tell one receiver what is due; ring again if time ran out before the work did."""
    requests.begin()
    taken = deliver(Subscription.objects.get(pk=subscription_id))
    if taken and subscription_id in due_subscriptions():
        bell.ring(tell_subscription, subscription_id)
    return taken


def sweep() -> int:
    """Number what is new, take back what a dead worker had, ring for what is due, forget what is old (settings.TICK)."""
    found = publish() + leases_expire() + deliveries_forget()
    for subscription_id in due_subscriptions():
        bell.ring(tell_subscription, subscription_id)
        found += 1
    return found
