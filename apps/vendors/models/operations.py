"""Sync runs, the operations that they and decisions ask for, and every call made for them."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from apps.agencies.models import Employee
from apps.vendors.lifecycle import OPEN, OPERATION, REMOVALS, SYNC
from apps.vendors.models.workspaces import Workspace

_PLANNED = {
    "invite": "to invite", "withdraw": "invitations to withdraw", "remove": "to remove", "suspend": "to suspend",
    "restore": "to restore", "group_create": "groups to make",
    "group_add": "to add to groups", "group_remove": "to take out of groups", "drift": "differences",
}  # fmt: skip

_PLANNED_ONE = {"withdraw": "invitation to withdraw", "group_create": "group to make", "drift": "difference"}


class SyncRun(models.Model):
    """One observation of a workspace and the plan that came of it."""

    class State(models.TextChoices):
        RUNNING = "running", "Under way"
        DONE = "done", "Complete"
        INCOMPLETE = "incomplete", "Incomplete"
        HELD = "held", "Held for a second person"
        RELEASED = "released", "Released"
        FAILED = "failed", "Failed"
        DISCARDED = "discarded", "Discarded"

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="runs")
    state = models.CharField(max_length=12, choices=State, default=State.RUNNING)
    started_by_key = models.CharField(max_length=64)
    started_by = models.CharField(max_length=200)
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    members = models.PositiveIntegerField(default=0)
    invites = models.PositiveIntegerField(default=0)
    groups = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    problems = models.JSONField(default=list)
    hold_reasons = models.JSONField(default=list)
    released_by = models.CharField(max_length=200, blank=True)
    # When the administrators were told that it waits.
    alarmed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["workspace", "-id"], name="vendors_run_latest")]

    def __str__(self) -> str:
        return f"Sync {self.pk} of {self.workspace}"

    @property
    def plan_words(self) -> str:
        """The plan in words: "33 to add to groups, 1 difference"."""
        words = {
            kind: _PLANNED_ONE if count == 1 and kind in _PLANNED_ONE else _PLANNED
            for kind, count in self.counts.items()
        }
        return ", ".join(f"{count:,} {words[kind].get(kind, kind)}" for kind, count in self.counts.items())

    @property
    def removals(self) -> int:
        """How many people lose their access by this plan."""
        return sum(int(self.counts.get(kind, 0)) for kind in REMOVALS)

    @property
    def machine(self) -> Any:
        return SYNC


class Operation(models.Model):
    """One change asked of the vendor, with the decision it follows from."""

    class Kind(models.TextChoices):
        INVITE = "invite", "Invite"
        WITHDRAW = "withdraw", "Withdraw invitation"
        REMOVE = "remove", "Remove member"
        SUSPEND = "suspend", "Suspend member"
        RESTORE = "restore", "Restore member"
        ROLE = "role", "Make a plain member"
        GROUP_CREATE = "group_create", "Create group"
        GROUP_ADD = "group_add", "Add to group"
        GROUP_REMOVE = "group_remove", "Take out of group"

    class State(models.TextChoices):
        PLANNED = "planned", "Planned, held"
        PENDING = "pending", "Waiting to be sent"
        RUNNING = "running", "Being sent"
        RETRY = "retry", "To be tried again"
        NEEDS_ATTENTION = "needs_attention", "Needs attention"
        DONE = "done", "Done"
        SUPERSEDED = "superseded", "No longer needed"
        DISCARDED = "discarded", "Discarded"

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="operations")
    kind = models.CharField(max_length=12, choices=Kind)
    # One open operation per target: the person for accounts, person and group for memberships.
    target = models.CharField(max_length=300)
    employee = models.ForeignKey(Employee, models.PROTECT, null=True, related_name="operations")
    email = models.CharField(max_length=254, blank=True)
    vendor_ref = models.CharField(max_length=120, blank=True)
    group_ref = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    priority = models.PositiveSmallIntegerField(default=5)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())
    leased_until = models.DateTimeField(null=True)
    last_attempt_at = models.DateTimeField(null=True)
    # The last attempt may have acted: nothing is sent again before an observation younger than it.
    is_unclear = models.BooleanField(default=False)
    last_error = models.TextField(blank=True)
    request_id = models.CharField(max_length=120, blank=True)
    cause = models.CharField(max_length=200)
    # The request in which it was decided: the audit trail tells the rest.
    decided_in = models.CharField(max_length=64, blank=True)
    run = models.ForeignKey(SyncRun, models.SET_NULL, null=True, related_name="operations")
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "target"], condition=Q(state__in=OPEN), name="vendors_operation_one_open"
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "kind", "priority", "next_attempt_at"],
                condition=Q(state__in=["pending", "retry"]),
                name="vendors_operation_due",
            ),
            models.Index(fields=["employee", "-id"], name="vendors_operation_person"),
            models.Index(fields=["run"], name="vendors_operation_run"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.email or self.target}"

    @property
    def machine(self) -> Any:
        return OPERATION


class Attempt(models.Model):
    """One call for an operation: written before it is made, completed after it."""

    operation = models.ForeignKey(Operation, models.CASCADE, related_name="tries")
    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())
    outcome = models.CharField(max_length=20, default="started")
    status = models.PositiveSmallIntegerField(default=0)
    request_id = models.CharField(max_length=120, blank=True)
    message = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["workspace", "-id"], name="vendors_attempt_latest")]

    def __str__(self) -> str:
        return f"{self.outcome} ({self.status})"


class Allowance(models.Model):
    """How many calls of one kind a workspace may make now: a bucket that all workers draw from.

    It fills by itself (see `limiter.py`); the vendor's own word to wait (HTTP 429) stands in `until`.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="allowances")
    kind = models.CharField(max_length=40)
    tokens = models.FloatField(default=0)
    filled_at = models.DateTimeField(db_default=Now())
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "kind"], name="vendors_allowance_once")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.tokens:.1f}"
