"""What changed, who wants to hear of it, and what became of telling them."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from apps.agencies.models import Agency
from apps.webhooks.events import TYPES
from apps.webhooks.lifecycle import SUBSCRIPTION

WAITS = Q(state__in=["waiting", "sending"])
DONE = Q(state__in=["delivered", "failed", "cancelled"])


class Change(models.Model):
    """One event. Written by triggers on seats, phases, terms and incidents, in the transaction of the change.

    Its position comes later, from the one who numbers what is committed (publishing.py): so a reader who remembers a
    position misses none. Nothing else of it ever changes.
    """

    # The event's id, for ever and everywhere.
    key = models.UUIDField(db_default=RandomUUID(), unique=True, editable=False)
    position = models.BigIntegerField(null=True, blank=True, unique=True)
    type = models.CharField(max_length=40)
    record_type = models.CharField(max_length=20)
    record_id = models.BigIntegerField()
    # Counts the events of the record.
    sequence = models.PositiveIntegerField()
    at = models.DateTimeField()
    # Told no earlier: the hour in which an anonymous report came must be over, or its arrival would tell the minute.
    not_before = models.DateTimeField(null=True, blank=True)
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, blank=True, related_name="+")
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["record_type", "record_id", "sequence"], name="webhooks_change_in_order")
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(position=None), name="webhooks_change_new"),
            models.Index(fields=["at"], name="webhooks_change_at"),
        ]

    def __str__(self) -> str:
        return f"{self.type} of {self.record_type} {self.record_id}"

    @property
    def subject(self) -> str:
        return f"{self.record_type}/{self.record_id}"

    @property
    def type_label(self) -> str:
        return TYPES.get(self.type, self.type)


class Subscription(models.Model):
    """Another system that is told of changes: where, of which, and with which secret."""

    class State(models.TextChoices):
        ACTIVE = "active", "On"
        PAUSED = "paused", "Paused"
        OFF = "off", "The receiver is gone"
        ENDED = "ended", "Ended"

    name = models.CharField(max_length=80)
    address = models.CharField(max_length=500)
    types = ArrayField(models.CharField(max_length=40))
    # Only what concerns this agency and those under it; none: everything.
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    # Sealed (accounts.sealing). The one before it signs too until its day, so that a receiver can change over.
    secret = models.TextField()
    previous_secret = models.TextField(blank=True)
    previous_until = models.DateTimeField(null=True, blank=True)
    created_by = models.CharField(max_length=200)
    created_at = models.DateTimeField(db_default=Now())
    tested_at = models.DateTimeField(null=True, blank=True)
    test_answer = models.CharField(max_length=600, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=~Q(state="ended"), name="webhooks_subscription_name",
                violation_error_message="There is a webhook with this name.",
            ),
            models.CheckConstraint(condition=~Q(types=[]), name="webhooks_subscription_of_something"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name

    @property
    def machine(self) -> Any:
        return SUBSCRIPTION

    @property
    def type_labels(self) -> list[str]:
        return [TYPES.get(code, code) for code in self.types]


class Delivery(models.Model):
    """One event for one subscription. It goes out after all earlier ones of its record, until the receiver has taken it.

    Kept for 90 days after it is done (retention.py); a trigger lets it go no earlier.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waits to be sent"
        SENDING = "sending", "Being sent"
        DELIVERED = "delivered", "Taken"
        FAILED = "failed", "Given up"
        CANCELLED = "cancelled", "Not sent"

    subscription = models.ForeignKey(Subscription, models.PROTECT, related_name="deliveries")
    change = models.ForeignKey(Change, models.PROTECT, related_name="deliveries")
    # Of the change, here for the order: "seat/12", and its place among all.
    record = models.CharField(max_length=60)
    position = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    next_attempt_at = models.DateTimeField(db_default=Now())
    leased_until = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    # What the receiver answered last: the status (none: no answer), and a little of the text.
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    answer = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["subscription", "change"], name="webhooks_delivery_once"),
        ]
        indexes = [
            models.Index(
                fields=["subscription", "record", "position"], condition=WAITS, name="webhooks_delivery_order"
            ),
            models.Index(
                fields=["subscription", "position"], condition=Q(state="waiting"), name="webhooks_delivery_due"
            ),
            models.Index(fields=["next_attempt_at"], condition=DONE, name="webhooks_delivery_done"),
            models.Index(fields=["leased_until"], condition=Q(state="sending"), name="webhooks_delivery_leased"),
            models.Index(fields=["subscription", "state", "-id"], name="webhooks_delivery_state"),
        ]

    def __str__(self) -> str:
        return f"Delivery {self.pk}"
