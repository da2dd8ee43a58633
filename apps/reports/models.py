"""Reports that were kept, and those that are made again by themselves."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from apps.accounts.models import User
from apps.reports.jobs import OneStep
from apps.reports.lifecycle import REPORT
from apps.reports.records_models import BundleFile, RecordsBundle
from apps.reports.survey_models import SurveyMark, SurveyTally

# Bundles of public records and the survey have modules of their own; Django finds models here.
__all__ = [
    "KINDS", "BundleFile", "RecordsBundle", "ReportFile", "SavedReport", "StoredReport", "SurveyMark", "SurveyTally",
    "Transparency",
]  # fmt: skip

KINDS = {"adoption": "Adoption", "compliance": "Compliance"}


class SavedReport(models.Model):
    """A report under a name, with the same questions every time; with a cadence it is made and mailed by itself."""

    class Cadence(models.TextChoices):
        NONE = "", "Only when asked for"
        WEEKLY = "weekly", "Every week, for the week that ended on Sunday"
        MONTHLY = "monthly", "Every month, for the month that ended"

    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=20, choices=list(KINDS.items()))
    scope = models.CharField(max_length=80)
    scope_label = models.CharField(max_length=250)
    is_floored = models.BooleanField()
    cadence = models.CharField(max_length=7, choices=Cadence, default=Cadence.NONE, blank=True)
    owner = models.ForeignKey(User, models.PROTECT, related_name="saved_reports")
    recipients = models.ManyToManyField(User, blank=True, related_name="reports_received")
    is_active = models.BooleanField(default=True)
    # The last day that it was made for.
    last_for = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class StoredReport(OneStep, models.Model):
    """A report about the end of a day, made once and kept: what it said, its hash and its signature never change."""

    class State(models.TextChoices):
        QUEUED = "queued", "Being made"
        DONE = "done", "Ready"
        FAILED = "failed", "Could not be made"

    kind = models.CharField(max_length=20, choices=list(KINDS.items()))
    scope = models.CharField(max_length=80)
    scope_label = models.CharField(max_length=250)
    as_of = models.DateField()
    is_floored = models.BooleanField()
    state = models.CharField(max_length=6, choices=State, default=State.QUEUED)
    asked_by_key = models.CharField(max_length=64)
    asked_by = models.CharField(max_length=200)
    asked_at = models.DateTimeField(db_default=Now())
    made_at = models.DateTimeField(null=True, blank=True)
    saved = models.ForeignKey(SavedReport, models.SET_NULL, null=True, blank=True, related_name="made")
    attempts = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True)
    opinion = models.CharField(max_length=500, blank=True)
    # Of the report's JSON.
    sha256 = models.CharField(max_length=64, blank=True)
    signature = models.CharField(max_length=200, blank=True)
    key_id = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "scope", "as_of", "is_floored"],
                condition=~Q(state="failed"),
                name="reports_report_once",
            ),
            models.CheckConstraint(
                condition=~Q(state="done") | (~Q(sha256="") & ~Q(signature="") & Q(made_at__isnull=False)),
                name="reports_report_signed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} report {self.pk}"

    @property
    def machine(self) -> Any:
        return REPORT

    @property
    def status_label(self) -> str:
        return self.get_state_display()


class ReportFile(models.Model):
    """What a stored report consists of: its data as JSON, which is signed, and its PDF. Insert only."""

    class Form(models.TextChoices):
        JSON = "json", "JSON"
        PDF = "pdf", "PDF"

    report = models.ForeignKey(StoredReport, models.PROTECT, related_name="files")
    form = models.CharField(max_length=4, choices=Form)
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "form"], name="reports_file_once")]

    def __str__(self) -> str:
        return f"{self.get_form_display()} of {self.report}"


class Transparency(models.Model):
    """Whether the public sees the transparency page. One row at most; none means no."""

    id = models.BooleanField(primary_key=True, default=True)
    is_on = models.BooleanField(default=False)
    changed_by = models.CharField(max_length=200)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=True), name="reports_transparency_single")]

    def __str__(self) -> str:
        return "Transparency page"
