"""Files that change registers: what they hold, what each row would do, and what became of it."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from apps.accounts.models import User
from apps.registers.lifecycle import REGISTER_IMPORT


class RegisterImport(models.Model):
    """One file for one register, planned before it is applied."""

    class State(models.TextChoices):
        RECEIVED = "received", "Being planned"
        PLANNED = "planned", "Planned"
        APPLYING = "applying", "Being applied"
        APPLIED = "applied", "Applied"
        FAILED = "failed", "Failed"
        DISCARDED = "discarded", "Discarded"

    register = models.CharField(max_length=40)
    state = models.CharField(max_length=10, choices=State, default=State.RECEIVED)
    file_name = models.CharField(max_length=200)
    file_sha256 = models.CharField(max_length=64)
    # Columns of the file that the register does not have; they are left alone.
    ignored = ArrayField(models.CharField(max_length=100), default=list)
    rows = models.PositiveIntegerField(default=0)
    # What the plan found, and how many rows a worker has gone through since somebody confirmed it.
    added = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    worked = models.PositiveIntegerField(default=0)
    received_by = models.CharField(max_length=200)
    # Whose right the plan and the changes are made with; none for Beacon itself.
    received_user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    received_at = models.DateTimeField(db_default=Now())
    confirmed_by = models.CharField(max_length=200, blank=True)
    confirmed_user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["register", "-id"], name="registers_import_register")]

    def __str__(self) -> str:
        return f"Import {self.pk}"

    @property
    def machine(self) -> Any:
        return REGISTER_IMPORT

    @property
    def changes(self) -> int:
        """How many records confirming it would add or change."""
        return self.added + self.changed

    @property
    def is_working(self) -> bool:
        return self.state in {self.State.RECEIVED, self.State.APPLYING}


class RegisterFile(models.Model):
    """The file of an import, compressed, beside it: lists of imports do not read it."""

    run = models.OneToOneField(RegisterImport, models.CASCADE, primary_key=True, related_name="file")
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"File of {self.run}"


class RegisterRow(models.Model):
    """One row of a file: what stands in it, what it would do, and what it did."""

    class Outcome(models.TextChoices):
        WAITING = "waiting", "Not looked at yet"
        ADDED = "added", "New"
        CHANGED = "changed", "Changed"
        UNCHANGED = "unchanged", "Unchanged"
        REFUSED = "refused", "Refused"

    run = models.ForeignKey(RegisterImport, models.CASCADE, related_name="lines")
    line = models.PositiveIntegerField()
    values = models.JSONField(default=dict)
    planned = models.CharField(max_length=10, choices=Outcome, default=Outcome.WAITING)
    # Column by column: [before, after].
    changes = models.JSONField(default=dict)
    label = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)
    # Empty until a worker has applied the row.
    done = models.CharField(max_length=10, choices=Outcome, blank=True)

    class Meta:
        ordering = ["line"]
        constraints = [models.UniqueConstraint(fields=["run", "line"], name="registers_row_once")]

    def __str__(self) -> str:
        return f"Line {self.line}"


class PeopleExport(models.Model):
    """A file with people in it that somebody took, and what for. Insert only."""

    what = models.CharField(max_length=120)
    form = models.CharField(max_length=10)
    filters = models.CharField(max_length=1000, blank=True)
    rows = models.PositiveIntegerField()
    reason = models.TextField()
    taken_by = models.CharField(max_length=200)
    taken_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Export of {self.what}"
