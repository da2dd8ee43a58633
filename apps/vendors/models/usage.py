"""Use of the assistant, in counts alone: days as the vendor tells them, roll-ups by week, first and last use.

How it is kept and why: docs/usage.md. Days stand in monthly partitions that `usage_partition(day)` makes when a day
comes in; there is no default partition. The tables of figures have no foreign-key constraints: their rows are written
by joins on the tables they refer to, people are never deleted, and a check per row would double the cost of a day.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.functions import Now

from apps.agencies.models import Agency, Employee
from apps.vendors.lifecycle import USAGE_IMPORT
from apps.vendors.models.workspaces import Workspace


def _refers(to: type[models.Model]) -> Any:
    """A reference without constraint and index: both are in the keys."""
    return models.ForeignKey(to, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)


class UsageDay(models.Model):
    """What one person did in one workspace on one UTC day. A later correction overwrites it."""

    pk = models.CompositePrimaryKey("day", "employee_id", "workspace_id")
    day = models.DateField()
    employee = _refers(Employee)
    workspace = _refers(Workspace)
    messages = models.IntegerField()
    gpt_messages = models.IntegerField(default=0)
    tool_messages = models.IntegerField(default=0)
    project_messages = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"Use on {self.day}"


class UsagePresence(models.Model):
    """A person used the assistant in the week that begins on `week`, a Monday.

    Agency and workspace are those of that time and stay: whoever moves later counts where they were.
    """

    pk = models.CompositePrimaryKey("week", "employee_id")
    week = models.DateField()
    employee = _refers(Employee)
    agency = _refers(Agency)
    workspace = _refers(Workspace)

    def __str__(self) -> str:
        return f"Use in the week of {self.week}"


class UsageWeek(models.Model):
    """The figures of one agency in one workspace and week. Everybody counts once, so that figures add up."""

    week = models.DateField()
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="usage_weeks", db_index=False)
    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="usage_weeks", db_index=False)
    # People who used the assistant in this week; in the four weeks that end with it; in three of these four.
    active = models.IntegerField(default=0)
    active_28 = models.IntegerField(default=0)
    habitual = models.IntegerField(default=0)
    messages = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["week", "agency", "workspace"], name="vendors_usageweek_once")]

    def __str__(self) -> str:
        return f"{self.agency}, week of {self.week}"


class SeatUse(models.Model):
    """First and last day on which a person used a workspace, as far as Beacon ever learned. Only ever widens."""

    pk = models.CompositePrimaryKey("employee_id", "workspace_id")
    employee = _refers(Employee)
    workspace = _refers(Workspace)
    first_use_on = models.DateField()
    last_use_on = models.DateField()

    def __str__(self) -> str:
        return f"Used from {self.first_use_on} to {self.last_use_on}"


class UsageFetch(models.Model):
    """One reading of a workspace's usage. With a problem nothing of it was stored."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="usage_fetches")
    at = models.DateTimeField(db_default=Now())
    first = models.DateField()
    last = models.DateField()
    rows = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    # Accounts that belong to nobody in the directory: counted, never named.
    unknown = models.PositiveIntegerField(default=0)
    # Records that could not be read and were left out of an otherwise complete list.
    aside = models.PositiveIntegerField(default=0)
    problem = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["workspace", "-at"], name="vendors_usagefetch_latest")]

    def __str__(self) -> str:
        return f"Usage of {self.workspace} from {self.first} to {self.last}"


class UsageImport(models.Model):
    """One analytics file: what it held, what it would change, and whether that was done.

    The plan is kept as person and figures; names, addresses and the file itself are not.
    """

    class State(models.TextChoices):
        PLANNED = "planned", "Ready to apply"
        APPLIED = "applied", "Applied"
        DISCARDED = "discarded", "Discarded"

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="usage_imports")
    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)
    file_name = models.CharField(max_length=200)
    file_sha256 = models.CharField(max_length=64)
    imported_by = models.CharField(max_length=200)
    imported_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    rows = models.PositiveIntegerField(default=0)
    # Days that are new or other than known, as planned and then as applied; days that are known as they are.
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    # Rows of accounts that belong to nobody in the directory.
    unknown = models.PositiveIntegerField(default=0)
    # Rows of a week or a month: they tell first and last use, their messages count to nothing.
    periods = models.PositiveIntegerField(default=0)
    period_messages = models.PositiveBigIntegerField(default=0)
    first = models.DateField(null=True)
    last = models.DateField(null=True)
    recognised_columns = models.JSONField(default=list)
    ignored_columns = models.JSONField(default=list)
    rejected = models.JSONField(default=list)
    plan = models.BinaryField(default=b"")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Usage import {self.pk}"

    @property
    def machine(self) -> Any:
        return USAGE_IMPORT
