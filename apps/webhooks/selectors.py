"""The only door to subscriptions, deliveries and the feed of changes."""

from __future__ import annotations

from django.db.models import QuerySet

from apps.accounts.actors import Actor
from apps.accounts.selectors import REVIEWERS
from apps.webhooks.models import Change, Delivery, Subscription


def subscriptions_visible_to(actor: Actor) -> QuerySet[Subscription]:
    """Administrators, the privacy office and auditors see who is told of changes."""
    rows = Subscription.objects.select_related("agency")
    return rows if actor.has(*REVIEWERS) else rows.none()


def deliveries_visible_to(actor: Actor) -> QuerySet[Delivery]:
    """What became of telling them."""
    rows = Delivery.objects.select_related("subscription", "change")
    return rows if actor.has(*REVIEWERS) else rows.none()


def changes_visible_to(actor: Actor) -> QuerySet[Change]:
    """Every change that has its place in the feed, in order. It names seats of all agencies: for those who see everyone."""
    rows = Change.objects.filter(position__isnull=False).order_by("position")
    return rows if actor.sees_everyone else rows.none()
