"""Contracts, requests, seats and their history."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from apps.accounts.models import RoleAssignment
from apps.agencies.models import Agency, Employee
from apps.core.db.now import BeaconNow
from apps.core.task_types import TASK_TYPES
from apps.licenses import lifecycle
from apps.rollout.models import Phase


class Contract(models.Model):
    """What was bought: seats, price and term. Amendments change the seats from a day on."""

    number = models.CharField(max_length=40)
    vendor = models.CharField(max_length=120)
    from_on = models.DateField()
    until_on = models.DateField()
    seats = models.PositiveIntegerField()
    seats_used = models.PositiveIntegerField(default=0, editable=False)
    price_per_seat_year = models.DecimalField(max_digits=9, decimal_places=2)

    class Meta:
        ordering = ["from_on"]
        constraints = [
            models.UniqueConstraint(fields=["number"], name="licenses_contract_number"),
            models.CheckConstraint(
                condition=Q(seats_used__gte=0) & Q(seats_used__lte=F("seats")), name="licenses_contract_seats_hold"
            ),
            models.CheckConstraint(condition=Q(until_on__gt=F("from_on")), name="licenses_contract_dates"),
        ]

    def __str__(self) -> str:
        return f"Contract {self.number}"

    @property
    def seats_free(self) -> int:
        return self.seats - self.seats_used

    @property
    def price_per_year(self) -> Decimal:
        return self.price_per_seat_year * self.seats


class Amendment(models.Model):
    """A dated change to a contract's seats."""

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="amendments")
    effective_on = models.DateField()
    seats = models.IntegerField(help_text="Seats added, or taken away where negative")
    note = models.TextField()
    recorded_by = models.CharField(max_length=200)
    recorded_at = models.DateTimeField(db_default=BeaconNow())

    def __str__(self) -> str:
        return f"{self.seats:+d} seats on {self.effective_on}"


class SeatRequest(models.Model):
    """An employee asks for a seat; a contact decides. Nobody gets a seat unasked."""

    class State(models.TextChoices):
        SUBMITTED = "submitted", "Waiting for a decision"
        APPROVED = "approved", "Approved"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Withdrawn"
        EXPIRED = "expired", "Expired"

    employee = models.ForeignKey(Employee, models.PROTECT, related_name="seat_requests")
    state = models.CharField(max_length=10, choices=State, default=State.SUBMITTED)
    # The request that counts now; an earlier one is history.
    is_current = models.BooleanField(default=True)
    task_types = ArrayField(models.CharField(max_length=20), default=list)
    note = models.TextField(blank=True, max_length=1000)
    submitted_at = models.DateTimeField(db_default=Now())
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(Employee, models.PROTECT, null=True, blank=True, related_name="+")
    decided_by_name = models.CharField(max_length=200, blank=True)
    decision_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["submitted_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["employee"], condition=Q(is_current=True), name="licenses_request_one_current"
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("employee")), name="licenses_request_not_own"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "declined"]) | Q(decided_at__isnull=False),
                name="licenses_request_decided",
            ),
        ]
        indexes = [models.Index(fields=["state", "submitted_at", "id"], name="licenses_request_queue")]

    def __str__(self) -> str:
        return f"Request {self.pk}"

    @property
    def task_labels(self) -> list[str]:
        return [TASK_TYPES.get(code, code) for code in self.task_types]


class Seat(models.Model):
    """What one employee holds: a reserved, live or suspended place, or one that was given back."""

    class State(models.TextChoices):
        HELD = "held", "Reserved"
        GRANTED = "granted", "Granted"
        SUSPENDED = "suspended", "Suspended"
        RELEASED = "released", "Released"

    employee = models.ForeignKey(Employee, models.PROTECT, related_name="seats")
    request = models.ForeignKey(SeatRequest, models.PROTECT, related_name="seats")
    contract = models.ForeignKey(Contract, models.PROTECT, related_name="+")
    phase = models.ForeignKey(Phase, models.PROTECT, related_name="seats")
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="seats")
    state = models.CharField(max_length=10, choices=State, default=State.HELD)
    reason = models.CharField(max_length=20, blank=True)
    changed_by = models.CharField(max_length=200)
    changed_at = models.DateTimeField(db_default=Now())
    held_at = models.DateTimeField(db_default=Now())
    granted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["employee"], condition=~Q(state="released"), name="licenses_seat_one_live"),
        ]
        indexes = [
            models.Index(fields=["agency", "state"], name="licenses_seat_agency"),
            models.Index(fields=["phase", "state"], name="licenses_seat_phase"),
        ]

    def __str__(self) -> str:
        return f"Seat {self.pk}"

    @property
    def reason_label(self) -> str:
        return lifecycle.REASONS.get(self.reason, self.reason)

    @property
    def machine(self) -> Any:
        return lifecycle.SEAT


class SeatPeriod(models.Model):
    """One stretch of a seat's history. Written by a trigger on seats; periods of a person never overlap."""

    seat = models.ForeignKey(Seat, models.PROTECT, related_name="periods")
    employee = models.ForeignKey(Employee, models.PROTECT, related_name="seat_periods")
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    phase = models.ForeignKey(Phase, models.PROTECT, related_name="+")
    state = models.CharField(max_length=10)
    reason = models.CharField(max_length=20, blank=True)
    changed_by = models.CharField(max_length=200)
    during = DateTimeRangeField()

    class Meta:
        ordering = ["during"]
        constraints = [
            ExclusionConstraint(
                name="licenses_period_no_overlap",
                expressions=[("employee", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            )
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.during}"


class OptOut(models.Model):
    """An employee does not take part: no reminder, no denominator, no report by name; back in one step."""

    employee = models.ForeignKey(Employee, models.PROTECT, related_name="opt_outs")
    since = models.DateTimeField(db_default=BeaconNow())
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["employee"], condition=Q(ended_at=None), name="licenses_optout_once")
        ]

    def __str__(self) -> str:
        return f"Opted out since {self.since}"


class SettleRun(models.Model):
    """When everybody's seat was last compared with the rules, and how many moved."""

    at = models.DateTimeField(db_default=Now())
    moved = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.moved} moved at {self.at}"


class LegalHold(models.Model):
    """While it lasts the person's account and what hangs on it are suspended at most, never removed."""

    employee = models.ForeignKey(Employee, models.PROTECT, related_name="legal_holds")
    matter = models.CharField(max_length=120)
    placed_at = models.DateTimeField(db_default=Now())
    placed_by = models.CharField(max_length=200)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["employee", "matter"], condition=Q(ended_at=None), name="licenses_hold_once"
            ),
        ]

    def __str__(self) -> str:
        return f"Legal hold {self.matter}"


class EmergencyStop(models.Model):
    """Access stopped at once for a person, an agency, a phase or everyone, until somebody lifts it."""

    class Scope(models.TextChoices):
        PERSON = "person", "One person"
        AGENCY = "agency", "One agency"
        PHASE = "phase", "One phase"
        EVERYONE = "everyone", "Everyone"

    scope = models.CharField(max_length=8, choices=Scope)
    employee = models.ForeignKey(Employee, models.PROTECT, null=True, blank=True, related_name="stops")
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, blank=True, related_name="stops")
    phase = models.ForeignKey(Phase, models.PROTECT, null=True, blank=True, related_name="stops")
    reason = models.TextField()
    started_at = models.DateTimeField(db_default=Now())
    started_by = models.CharField(max_length=200)
    # Whose seats were live when it began.
    people = models.PositiveIntegerField(default=0)
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.CharField(max_length=200, blank=True)
    lift_reason = models.TextField(blank=True)
    # Empty while seats are still being suspended, or restored after the lifting.
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(scope="person", employee__isnull=False, agency=None, phase=None)
                    | Q(scope="agency", employee=None, agency__isnull=False, phase=None)
                    | Q(scope="phase", employee=None, agency=None, phase__isnull=False)
                    | Q(scope="everyone", employee=None, agency=None, phase=None)
                ),
                name="licenses_stop_target",
            ),
            models.UniqueConstraint(
                fields=["scope", "employee", "agency", "phase"], condition=Q(lifted_at=None), nulls_distinct=False,
                name="licenses_stop_once",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="licenses_stop_reason"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"Emergency stop {self.pk}"

    @property
    def whom(self) -> str:
        """Who is stopped, in words."""
        return str(self.employee or self.agency or self.phase or "Everyone")

    @property
    def is_active(self) -> bool:
        return self.lifted_at is None


# ---- taking unused seats back --------------------------------------------------------------------------------


class ReclaimPolicy(models.Model):
    """What happens to unused seats of a contract. Days without use; a dry run counts and does nothing."""

    class Mode(models.TextChoices):
        OFF = "off", "Off"
        DRY = "dry", "Dry run: count, ask nobody"
        ON = "on", "On"

    contract = models.OneToOneField(Contract, models.PROTECT, primary_key=True, related_name="reclaim")
    mode = models.CharField(max_length=3, choices=Mode, default=Mode.OFF)
    never_first = models.PositiveSmallIntegerField(default=14)
    never_second = models.PositiveSmallIntegerField(default=30)
    never_release = models.PositiveSmallIntegerField(default=45)
    idle_first = models.PositiveSmallIntegerField(default=60)
    idle_second = models.PositiveSmallIntegerField(default=75)
    idle_release = models.PositiveSmallIntegerField(default=90)
    changed_by_key = models.CharField(max_length=80, blank=True)
    changed_by = models.CharField(max_length=200, blank=True)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(never_first__lt=F("never_second")) & Q(never_second__lt=F("never_release"))
                & Q(idle_first__lt=F("idle_second")) & Q(idle_second__lt=F("idle_release"))
                & Q(never_first__gte=7) & Q(never_release__gte=30) & Q(idle_release__gte=60),
                name="licenses_reclaim_steps",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"Unused seats of {self.contract}"


class ReclaimWatch(models.Model):
    """What the reclaim job remembers of a seat: the last question, and when it looks again. No use is kept here."""

    seat = models.OneToOneField(Seat, models.CASCADE, primary_key=True, related_name="watch")
    step = models.PositiveSmallIntegerField(default=0)
    told_on = models.DateField(null=True, blank=True)
    # The day from which the clock ran when the person was asked; use or "keep" moves it, and the steps begin anew.
    told_since = models.DateField(null=True, blank=True)
    release_on = models.DateField(null=True, blank=True)
    kept_on = models.DateField(null=True, blank=True)
    look_on = models.DateField()

    class Meta:
        indexes = [models.Index(fields=["look_on"], name="licenses_watch_due")]

    def __str__(self) -> str:
        return f"Watch of seat {self.seat_id}"


class ReclaimRun(models.Model):
    """One morning's look at unused seats, in counts. Held where it would release too many at once."""

    class State(models.TextChoices):
        DONE = "done", "Done"
        HELD = "held", "Held"
        RELEASED = "released", "Released by a second person"
        DISCARDED = "discarded", "Discarded"

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="reclaim_runs")
    at = models.DateTimeField(db_default=Now())
    mode = models.CharField(max_length=3, choices=ReclaimPolicy.Mode)
    state = models.CharField(max_length=9, choices=State, default=State.DONE)
    looked = models.PositiveIntegerField(default=0)
    asked = models.PositiveIntegerField(default=0)
    released = models.PositiveIntegerField(default=0)
    skipped = models.JSONField(default=dict)
    held_seats = ArrayField(models.BigIntegerField(), default=list)
    # Who set the rule that this look followed, whoever changes it later: that person does not confirm the plan.
    rule_by_key = models.CharField(max_length=80, blank=True, db_default="")
    settled_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Look at unused seats {self.pk}"


# ---- access reviews ----------------------------------------------------------------------------------------


class AccessReview(models.Model):
    """A campaign in which somebody says of each holder (or each privileged role) whether it is still right."""

    class Kind(models.TextChoices):
        MEMBERS = "members", "Holders of seats"
        ROLES = "roles", "Privileged roles"

    class State(models.TextChoices):
        OPEN = "open", "Open"
        CLOSED = "closed", "Closed"

    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=7, choices=Kind)
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, blank=True, related_name="access_reviews")
    state = models.CharField(max_length=6, choices=State, default=State.OPEN)
    opened_by = models.CharField(max_length=200)
    opened_at = models.DateTimeField(db_default=Now())
    due_on = models.DateField()
    closed_by = models.CharField(max_length=200, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Access review {self.pk}"


class ReviewItem(models.Model):
    """One holder or role as it was when the review began, and what was decided about it."""

    class Decision(models.TextChoices):
        WAITING = "", "No answer yet"
        CONFIRMED = "confirmed", "Confirmed"
        RELEASED = "released", "Released"

    review = models.ForeignKey(AccessReview, models.PROTECT, related_name="items")
    seat = models.ForeignKey(Seat, models.PROTECT, null=True, blank=True, related_name="reviews")
    assignment = models.ForeignKey(RoleAssignment, models.PROTECT, null=True, blank=True, related_name="reviews")
    # Whom it is about, and the agency whose contacts answer: as they were when the review began.
    employee = models.ForeignKey(Employee, models.PROTECT, null=True, blank=True, related_name="reviews")
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, blank=True, related_name="+")
    # A hint and not a reason: no use in the 30 days before the review began. None where nobody could tell.
    looks_unused = models.BooleanField(null=True)
    decision = models.CharField(max_length=9, choices=Decision, default=Decision.WAITING, blank=True)
    decided_by = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(seat__isnull=False, assignment=None) | Q(seat=None, assignment__isnull=False),
                name="licenses_reviewitem_target",
            ),
            models.UniqueConstraint(
                fields=["review", "seat", "assignment"], nulls_distinct=False, name="licenses_reviewitem_once"
            ),
        ]
        indexes = [models.Index(fields=["review", "decision", "agency"], name="licenses_reviewitem_open")]

    def __str__(self) -> str:
        return f"{self.whom} in {self.review}"

    @property
    def whom(self) -> str:
        return str(self.employee or (self.assignment and self.assignment.user) or "")

    @property
    def what(self) -> str:
        """What is held: a seat, or a role by name."""
        return self.assignment.get_role_display() if self.assignment else "Seat"
