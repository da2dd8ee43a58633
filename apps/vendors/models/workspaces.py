"""Workspaces: where people get accounts, and how Beacon reaches each."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.core import clock

STALE_AFTER = timedelta(minutes=15)


class Workspace(models.Model):
    """A place at the vendor where people get accounts. The key is a reference; it never stands in the database."""

    name = models.SlugField(max_length=60)
    title = models.CharField(max_length=120)
    adapter = models.CharField(max_length=40)
    address = models.URLField(help_text="Base address of the vendor's admin API")
    # "env:NAME" or "file:NAME" (a file under WORKSPACE_KEYS_DIR).
    credential = models.CharField(max_length=120)
    # When the key ends at the vendor: it cannot be extended there, so somebody has to make a new one in time.
    key_expires_on = models.DateField(null=True, blank=True)
    # The workspace's own id at the vendor, where its API asks for one.
    vendor_ref = models.CharField(max_length=60, blank=True)
    seats = models.PositiveIntegerField(default=0)
    retention_days = models.PositiveIntegerField(null=True, blank=True)
    # What the posture checks hold the vendor's answers against; empty: not checked.
    expected_retention = models.CharField(max_length=60, blank=True)
    expects_audit_log = models.BooleanField(default=False)
    expected_scim = models.CharField(max_length=3, choices=[("on", "On"), ("off", "Off")], blank=True)
    approved_owners = ArrayField(models.EmailField(), default=list, blank=True)
    # Break-glass accounts and the like: never touched, whatever the record says.
    protected_emails = ArrayField(models.EmailField(), default=list, blank=True)
    # Calls a minute by kind of call ("invite", "list_members", ...); "*" is the rest. Empty: the adapter's own.
    rate_limits = models.JSONField(default=dict, blank=True)
    is_active = models.BooleanField(default=True)
    halted_at = models.DateTimeField(null=True, blank=True)
    halt_reason = models.TextField(blank=True)
    # When the administrators were told of the halt.
    alarmed_at = models.DateTimeField(null=True, blank=True)
    # The circuit breaker: until then only removals are tried.
    paused_until = models.DateTimeField(null=True, blank=True)
    # One sync at a time: whoever holds the lease has the highest fence; writes of an older one are refused.
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.BigIntegerField(default=0)
    synced_at = models.DateTimeField(null=True, blank=True, help_text="Start of the last complete observation")
    # The vendor's audit log was read up to here; the next reading begins a little earlier.
    log_read_at = models.DateTimeField(null=True, blank=True)
    log_until = models.DateTimeField(null=True, blank=True)

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


class Assumption(models.Model):
    """What Beacon believes of the vendor's API without the vendor's word: the value in use, and who confirmed it.

    The list of assumptions with their defaults and sources stands in the adapter; a row is kept only for what was
    changed, confirmed or checked.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="assumptions")
    code = models.CharField(max_length=60)
    # Whether `value` replaces the adapter's default; it may be empty, which means "do without".
    is_changed = models.BooleanField(default=False)
    value = models.CharField(max_length=300, blank=True)
    confirmed_by = models.CharField(max_length=200, blank=True)
    confirmed_on = models.DateField(null=True, blank=True)
    note = models.TextField(blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    check_holds = models.BooleanField(null=True)
    check_answer = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "code"], name="vendors_assumption_once")]

    def __str__(self) -> str:
        return f"{self.code} of {self.workspace}"
