"""Deliveries that are done go after a while. The events themselves stay: the feed is read from its beginning."""

from __future__ import annotations

from apps.accounts.actors import SYSTEM
from apps.audit.retention import before, forget
from apps.licenses.selectors import seats_on_hold
from apps.webhooks.models import DONE, Delivery

# Longer than events are sent again (services.REPLAY_DAYS). The trigger webhooks_delivery_frozen (migrations/0003) says the same.
KEPT_DAYS = 90


def deliveries_forget() -> int:
    """Remove deliveries that were taken, given up or dropped, were due last 90 days ago and taken no later.

    What waits stays, however long. So does what is about the seat of somebody under legal hold. Returns how many.
    """
    until = before(KEPT_DAYS)
    held = [f"seat/{pk}" for pk in seats_on_hold()]
    old = Delivery.objects.filter(DONE, next_attempt_at__lt=until).exclude(delivered_at__gte=until)
    rows = old.exclude(record__in=held).order_by("next_attempt_at")
    return forget(
        SYSTEM, rows, "webhooks.deliveries.removed", until=until, reason=f"They are kept for {KEPT_DAYS} days."
    )
