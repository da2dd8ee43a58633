"""Bundles of public records that were asked for by agencies and dates."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from apps.agencies.models import Agency
from apps.reports.jobs import OneStep
from apps.reports.records_lifecycle import BUNDLE


class RecordsBundle(OneStep, models.Model):
    """One bundle: whose records, of which days, why; made once and kept."""

    class State(models.TextChoices):
        QUEUED = "queued", "Being made"
        DONE = "done", "Ready"
        FAILED = "failed", "Could not be made"

    agencies = models.ManyToManyField(Agency, related_name="+")
    # As they were called when it was asked for.
    about = models.CharField(max_length=500)
    since = models.DateField()
    until = models.DateField()
    reason = models.TextField()
    state = models.CharField(max_length=6, choices=State, default=State.QUEUED)
    asked_by_key = models.CharField(max_length=64)
    asked_by = models.CharField(max_length=200)
    asked_at = models.DateTimeField(db_default=Now())
    made_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True)
    documents = models.PositiveIntegerField(default=0)
    # Of the ZIP.
    sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(until__gte=F("since")), name="reports_bundle_dates"),
            models.CheckConstraint(condition=~Q(reason=""), name="reports_bundle_reason"),
            models.CheckConstraint(
                condition=~Q(state="done") | (~Q(sha256="") & Q(made_at__isnull=False)), name="reports_bundle_hashed"
            ),
        ]

    def __str__(self) -> str:
        return f"Public-records bundle {self.pk}"

    @property
    def machine(self) -> Any:
        return BUNDLE

    @property
    def status_label(self) -> str:
        return self.get_state_display()


class BundleFile(models.Model):
    """The ZIP of a bundle. Insert only."""

    bundle = models.OneToOneField(RecordsBundle, models.PROTECT, primary_key=True, related_name="file")
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"File of {self.bundle}"
