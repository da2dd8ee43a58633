"""Courses, completions and waivers."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from apps.agencies.models import Employee
from apps.core.db.now import BeaconNow
from apps.training import lifecycle


class Course(models.Model):
    """A course that a phase may require. `valid_days` empty: valid for ever."""

    code = models.CharField(max_length=30)
    title = models.CharField(max_length=200)
    provider = models.CharField(max_length=120, blank=True)
    url = models.URLField(blank=True)
    valid_days = models.PositiveIntegerField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    # Courses whose completion counts as this one's.
    equivalents = models.ManyToManyField("self", symmetrical=False, blank=True, related_name="counts_for")

    class Meta:
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["code"], name="training_course_code")]

    def __str__(self) -> str:
        return self.title


class Completion(models.Model):
    """A course completed by an employee, as its source told it. Insert only; the same record twice is one."""

    employee = models.ForeignKey(Employee, models.PROTECT, related_name="completions")
    course = models.ForeignKey(Course, models.PROTECT, related_name="completions")
    completed_on = models.DateField()
    score = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    source = models.CharField(max_length=40)
    source_id = models.CharField(max_length=80)
    recorded_at = models.DateTimeField(db_default=BeaconNow())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "source_id"], name="training_completion_once")]
        indexes = [models.Index(fields=["employee", "course", "completed_on"], name="training_completion_person")]

    def __str__(self) -> str:
        return f"{self.employee}: {self.course}"


class Waiver(models.Model):
    """A course waived for one person until a day, with a reason."""

    employee = models.ForeignKey(Employee, models.PROTECT, related_name="training_waivers")
    course = models.ForeignKey(Course, models.PROTECT, related_name="waivers")
    reason = models.TextField()
    granted_by = models.CharField(max_length=200)
    granted_at = models.DateTimeField(db_default=Now())
    until_on = models.DateField()
    ended_by = models.CharField(max_length=200, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.course} waived for {self.employee} until {self.until_on}"


class CompletionImport(models.Model):
    """One file (or call) of the learning system: what it held and what became of each row."""

    class State(models.TextChoices):
        RECEIVED = "received", "Columns to match"
        PLANNED = "planned", "Planned"
        APPLIED = "applied", "Applied"
        DISCARDED = "discarded", "Discarded"

    file_name = models.CharField(max_length=200)
    file_sha256 = models.CharField(max_length=64)
    imported_by = models.CharField(max_length=200)
    imported_at = models.DateTimeField(db_default=Now())
    state = models.CharField(max_length=10, choices=State, default=State.APPLIED)
    # Ours to theirs, where the file calls its columns otherwise.
    columns = models.JSONField(default=dict)
    rows = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    rejected = models.JSONField(default=list)
    # The lines that were new; good ones that are not among them were known.
    added_lines = ArrayField(models.IntegerField(), default=list)
    applied_by = models.CharField(max_length=200, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Training import {self.pk}"

    @property
    def machine(self) -> Any:
        return lifecycle.IMPORT


class CompletionFile(models.Model):
    """The file of an import, compressed, beside it: lists of imports do not read it."""

    run = models.OneToOneField(CompletionImport, models.CASCADE, primary_key=True, related_name="file")
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"File of {self.run}"


class CompletionMapping(models.Model):
    """What a learning system calls the columns; a file with these columns is read without asking."""

    name = models.CharField(max_length=80)
    columns = models.JSONField(default=dict)
    saved_by = models.CharField(max_length=200)
    saved_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["name"], name="training_mapping_name")]

    def __str__(self) -> str:
        return self.name
