"""Drift: where the vendor differs from what was decided. Posture: whether a workspace is as it should be."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from apps.agencies.models import Employee
from apps.vendors.lifecycle import DRIFT
from apps.vendors.models.observed import VendorAccount
from apps.vendors.models.workspaces import Workspace


class Drift(models.Model):
    """A difference between what Beacon decided and what the vendor shows, until somebody or something settles it."""

    class Kind(models.TextChoices):
        ORPHAN = "orphan", "Account without a seat"
        GHOST = "ghost", "Seat without its account"
        UNMANAGED = "unmanaged", "Account of nobody in the directory"
        WRONG_ROLE = "wrong_role", "Wrong role"
        WRONG_WORKSPACE = "wrong_workspace", "Wrong workspace"
        STALE_INVITE = "stale_invite", "Invitation never accepted"
        LEAVER = "leaver", "Leaver still active"
        DUPLICATE = "duplicate", "Several accounts of one person"

    class State(models.TextChoices):
        OPEN = "open", "Open"
        RESOLVED = "resolved", "Resolved"
        IGNORED = "ignored", "Ignored until a date"

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="drifts")
    kind = models.CharField(max_length=20, choices=Kind)
    target = models.CharField(max_length=300)
    account = models.ForeignKey(VendorAccount, models.PROTECT, null=True, related_name="drifts")
    employee = models.ForeignKey(Employee, models.PROTECT, null=True, related_name="drifts")
    detail = models.TextField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    first_seen_at = models.DateTimeField(db_default=Now())
    ignored_until = models.DateField(null=True, blank=True)
    resolution = models.CharField(max_length=40, blank=True)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "kind", "target"],
                condition=~Q(state="resolved"),
                name="vendors_drift_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.target}"

    @property
    def machine(self) -> Any:
        return DRIFT


class PostureCheck(models.Model):
    """One thing that a workspace must show: expected and last seen value, and since when it is so."""

    class State(models.TextChoices):
        GOOD = "good", "As expected"
        BAD = "bad", "Not as expected"
        UNKNOWN = "unknown", "Not known"

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="posture")
    code = models.CharField(max_length=40)
    expected = models.TextField(blank=True)
    observed = models.TextField(blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.UNKNOWN)
    since = models.DateTimeField(db_default=Now())
    checked_at = models.DateTimeField(null=True)
    alarmed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["workspace", "code"], name="vendors_posture_once")]

    def __str__(self) -> str:
        return f"{self.code} of {self.workspace}"


class VendorEvent(models.Model):
    """One line of the vendor's own audit log, kept as it came. Types that nobody documented are kept too."""

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="events")
    event_id = models.CharField(max_length=120)
    type = models.CharField(max_length=120)
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=40, blank=True)
    actor = models.CharField(max_length=254, blank=True)
    subject = models.CharField(max_length=254, blank=True)
    detail = models.JSONField(default=dict)
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [models.UniqueConstraint(fields=["workspace", "event_id"], name="vendors_event_once")]
        indexes = [
            models.Index(fields=["workspace", "-at"], name="vendors_event_latest"),
            models.Index(fields=["type", "-at"], name="vendors_event_type"),
            models.Index(fields=["subject", "-at"], name="vendors_event_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.type} at {self.at}"
