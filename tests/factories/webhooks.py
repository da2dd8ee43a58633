"""A webhook of the cast, and what goes out by it."""

from __future__ import annotations

from typing import Any

from apps.webhooks import services
from apps.webhooks.delivering import deliver
from apps.webhooks.events import TYPES
from apps.webhooks.models import Subscription
from apps.webhooks.publishing import publish
from tests.factories.cast import World


def subscribed(world: World, address: str, **more: Any) -> tuple[Subscription, str]:
    """A subscription to every type of event at an address, and its secret."""
    values: dict[str, Any] = {"name": "Data hub", "types": list(TYPES), "reason": "Agreement 12"} | more
    return services.subscription_create(actor=world.erin, address=address, **values)


def sent(subscription: Subscription) -> int:
    """Number what is committed and send it; how many went out."""
    publish()
    return deliver(subscription)
