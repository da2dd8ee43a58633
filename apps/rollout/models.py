"""Phases, the agencies in them, and the waivers of their gates."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from apps.agencies.models import Agency
from apps.rollout.lifecycle import PHASE


class Phase(models.Model):
    """One wave of the roll-out: agencies that get the assistant together, up to a number of seats."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        SCHEDULED = "scheduled", "Scheduled"
        OPEN = "open", "Open"
        PAUSED = "paused", "Paused"
        CLOSED = "closed", "Closed"
        ROLLED_BACK = "rolled_back", "Rolled back"

    number = models.PositiveSmallIntegerField(unique=True)
    name = models.CharField(max_length=120)
    goal = models.TextField(blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.DRAFT)
    planned_start = models.DateField()
    planned_end = models.DateField()
    seat_cap = models.PositiveIntegerField()
    # Kept by a trigger on seats; the CHECK below makes overselling impossible.
    seats_used = models.PositiveIntegerField(default=0, editable=False)
    # Codes of courses; an array and not a relation, because training is a stranger to this app.
    required_courses = ArrayField(models.CharField(max_length=30), default=list, blank=True)
    training_before_access = models.BooleanField(default=True)
    privacy_signed_by = models.CharField(max_length=200, blank=True)
    privacy_signed_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(
                condition=Q(seats_used__gte=0) & Q(seats_used__lte=F("seat_cap")), name="rollout_phase_cap_holds"
            ),
            models.CheckConstraint(condition=Q(planned_end__gte=F("planned_start")), name="rollout_phase_dates"),
        ]

    def __str__(self) -> str:
        return f"Phase {self.number}: {self.name}"

    @property
    def seats_free(self) -> int:
        return self.seat_cap - self.seats_used

    @property
    def machine(self) -> Any:
        return PHASE


class PhaseAgency(models.Model):
    """An agency's place in a phase: its allocation, and its word that public AI tools are blocked on its devices."""

    phase = models.ForeignKey(Phase, models.PROTECT, related_name="places")
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="places")
    allocation = models.PositiveIntegerField()
    seats_used = models.PositiveIntegerField(default=0, editable=False)
    # False once the phase has ended and the agency may join another.
    is_current = models.BooleanField(default=True)
    attested_by = models.CharField(max_length=200, blank=True)
    attested_at = models.DateTimeField(null=True, blank=True)
    attestation = models.TextField(blank=True)

    class Meta:
        ordering = ["agency__name"]
        constraints = [
            models.UniqueConstraint(fields=["phase", "agency"], name="rollout_agency_once_in_phase"),
            models.UniqueConstraint(
                fields=["agency"], condition=Q(is_current=True), name="rollout_agency_one_current_phase"
            ),
            models.CheckConstraint(
                condition=Q(seats_used__gte=0) & Q(seats_used__lte=F("allocation")), name="rollout_allocation_holds"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agency} in {self.phase}"

    @property
    def seats_free(self) -> int:
        return self.allocation - self.seats_used


class GateWaiver(models.Model):
    """A gate that two people let pass, for a reason that stands on every report."""

    phase = models.ForeignKey(Phase, models.CASCADE, related_name="waivers")
    gate = models.CharField(max_length=40)
    reason = models.TextField()
    requested_by_key = models.CharField(max_length=64)
    requested_by = models.CharField(max_length=200)
    requested_at = models.DateTimeField(db_default=Now())
    confirmed_by_key = models.CharField(max_length=64, blank=True)
    confirmed_by = models.CharField(max_length=200, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["phase", "gate"], name="rollout_waiver_once"),
            models.CheckConstraint(
                condition=~Q(confirmed_by_key=F("requested_by_key")), name="rollout_waiver_two_people"
            ),
        ]

    def __str__(self) -> str:
        return f"Waiver of {self.gate} for {self.phase}"

    @property
    def is_confirmed(self) -> bool:
        return self.confirmed_at is not None
