"""Workspaces, what the vendor shows there, what Beacon asked for, and where the two differ."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from apps.agencies.models import Agency, Employee
from apps.core import clock
from apps.vendors.lifecycle import DRIFT, OPEN, OPERATION, SYNC

STALE_AFTER = timedelta(minutes=15)


class Workspace(models.Model):
    """A place at the vendor where people get accounts. The key is a reference; it never stands in the database."""

    name = models.SlugField(max_length=60)
    title = models.CharField(max_length=120)
    adapter = models.CharField(max_length=40)
    address = models.URLField(help_text="Base address of the vendor's admin API")
    # "env:NAME" or "file:NAME" (a file under WORKSPACE_KEYS_DIR).
    credential = models.CharField(max_length=120)
    seats = models.PositiveIntegerField(default=0)
    retention_days = models.PositiveIntegerField(null=True, blank=True)
    expected_retention = models.CharField(max_length=60, blank=True)
    observed_retention = models.CharField(max_length=60, blank=True)
    posture_at = models.DateTimeField(null=True, blank=True)
    approved_owners = ArrayField(models.EmailField(), default=list, blank=True)
    is_active = models.BooleanField(default=True)
    halted_at = models.DateTimeField(null=True, blank=True)
    halt_reason = models.TextField(blank=True)
    # The circuit breaker: until then only removals are tried.
    paused_until = models.DateTimeField(null=True, blank=True)
    # One sync at a time: whoever holds the lease has the highest fence; writes of an older one are refused.
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.BigIntegerField(default=0)
    synced_at = models.DateTimeField(null=True, blank=True, help_text="Start of the last complete observation")

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["name"], name="vendors_workspace_name")]

    def __str__(self) -> str:
        return self.title

    @property
    def is_halted(self) -> bool:
        return self.halted_at is not None

    @property
    def is_stale(self) -> bool:
        return self.synced_at is None or clock.now() - self.synced_at > STALE_AFTER

    @property
    def posture_is_clean(self) -> bool:
        fresh = self.posture_at is not None and clock.now() - self.posture_at < timedelta(hours=24)
        return fresh and self.observed_retention == self.expected_retention and not self.is_halted


class VendorAccount(models.Model):
    """A member as the vendor shows it. `is_ours`: invited or adopted by Beacon; only those are ever removed."""

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="accounts")
    vendor_id = models.CharField(max_length=120)
    email = models.CharField(max_length=254, blank=True)
    email_key = models.CharField(max_length=254, blank=True)
    name = models.CharField(max_length=200, blank=True)
    role = models.CharField(max_length=40, blank=True)
    is_service = models.BooleanField(default=False)
    is_scim = models.BooleanField(default=False)
    added_at = models.DateTimeField(null=True)
    employee = models.ForeignKey(Employee, models.PROTECT, null=True, related_name="vendor_accounts")
    is_ours = models.BooleanField(default=False)
    groups = ArrayField(models.CharField(max_length=120), default=list)
    gone_at = models.DateTimeField(null=True)
    # By Beacon's own hand: a list that still shows it for a while only lags.
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "vendor_id"], name="vendors_account_once"),
        ]
        indexes = [
            models.Index(fields=["workspace", "email_key"], name="vendors_account_email"),
            models.Index(fields=["workspace"], condition=Q(gone_at=None), name="vendors_account_present"),
            models.Index(fields=["employee"], name="vendors_account_person"),
        ]

    def __str__(self) -> str:
        return self.email or self.vendor_id

    @property
    def is_protected(self) -> bool:
        """Never touched: managed by SCIM, a service account, or an owner."""
        return self.is_scim or self.is_service or self.role == "owner"


class VendorInvite(models.Model):
    """An invitation as the vendor shows it."""

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="invites")
    vendor_id = models.CharField(max_length=120)
    email = models.CharField(max_length=254)
    email_key = models.CharField(max_length=254)
    role = models.CharField(max_length=40, blank=True)
    status = models.CharField(max_length=40)
    invited_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    employee = models.ForeignKey(Employee, models.PROTECT, null=True, related_name="vendor_invites")
    is_ours = models.BooleanField(default=False)
    gone_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "vendor_id"], name="vendors_invite_once")]
        indexes = [
            models.Index(fields=["workspace", "email_key"], name="vendors_invite_email"),
            models.Index(fields=["employee"], name="vendors_invite_person"),
        ]

    def __str__(self) -> str:
        return f"Invitation of {self.email}"


class VendorGroup(models.Model):
    """A group at the vendor. Those named after an agency mirror it."""

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="groups")
    vendor_id = models.CharField(max_length=120)
    name = models.CharField(max_length=255)
    is_scim = models.BooleanField(default=False)
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, related_name="+")
    gone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "vendor_id"], name="vendors_group_once")]

    def __str__(self) -> str:
        return self.name


_PLANNED = {
    "invite": "to invite", "withdraw": "invitations to withdraw", "remove": "to remove", "group_create": "groups to make",
    "group_add": "to add to groups", "group_remove": "to take out of groups", "drift": "differences",
}  # fmt: skip


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

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["workspace", "-id"], name="vendors_run_latest")]

    def __str__(self) -> str:
        return f"Sync {self.pk} of {self.workspace}"

    @property
    def plan_words(self) -> str:
        """The plan in words: "33 to add to groups, 2 differences"."""
        return ", ".join(f"{count:,} {_PLANNED.get(kind, kind)}" for kind, count in self.counts.items())

    @property
    def removals(self) -> int:
        return int(self.counts.get("remove", 0)) + int(self.counts.get("withdraw", 0))

    @property
    def machine(self) -> Any:
        return SYNC


class Operation(models.Model):
    """One change asked of the vendor, with the decision it follows from."""

    class Kind(models.TextChoices):
        INVITE = "invite", "Invite"
        WITHDRAW = "withdraw", "Withdraw invitation"
        REMOVE = "remove", "Remove member"
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
                fields=["workspace", "priority", "next_attempt_at"],
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


class Cooldown(models.Model):
    """The vendor asked for a pause of one kind of call; all workers keep to it."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="cooldowns")
    kind = models.CharField(max_length=12)
    until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "kind"], name="vendors_cooldown_once")]

    def __str__(self) -> str:
        return f"{self.kind} until {self.until}"


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
