"""The directory: agencies, employees, contacts, and the runs that bring the HR file in."""

from __future__ import annotations

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, Lower, Now, NullIf, Upper

from apps.accounts.models import User
from apps.agencies.lifecycle import ROSTER_RUN


class Agency(models.Model):
    """A secretariat (no parent) or an agency that belongs to one. Two levels, no more."""

    code = models.CharField(max_length=10, unique=True)
    name = models.CharField(max_length=200)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="agencies")
    planned_headcount = models.PositiveIntegerField(default=0)
    is_active = models.BooleanField(default=True)
    # Name of the ChatGPT workspace its people are placed in; regulated agencies have their own. Empty: none yet.
    workspace = models.CharField(max_length=60, blank=True)
    # Criminal-justice and federal tax information stay out unless the agency has it in writing.
    permits_cji = models.BooleanField(default=False)
    permits_fti = models.BooleanField(default=False)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "agencies"
        constraints = [
            models.CheckConstraint(condition=Q(code=Upper("code")), name="agencies_agency_code_upper"),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="agencies_agency_not_its_parent"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_secretariat(self) -> bool:
        return self.parent_id is None


class Employee(models.Model):
    """A person in the directory. No social-security, license or account number is ever kept."""

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        LEAVE = "leave", "On leave"
        SEPARATED = "separated", "Separated"

    class Source(models.TextChoices):
        HR = "hr", "HR file"
        SCIM = "scim", "Identity provider"
        HAND = "hand", "By hand"

    employee_id = models.CharField(max_length=40, unique=True)
    email = models.EmailField()
    first_name = models.CharField(max_length=100)
    last_name = models.CharField(max_length=100)
    title = models.CharField(max_length=150, blank=True)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="employees")
    manager_ref = models.CharField(max_length=40, blank=True)
    status = models.CharField(max_length=10, choices=Status)
    is_seasonal = models.BooleanField(default=False)
    start_on = models.DateField(null=True, blank=True)
    end_on = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=5, choices=Source, default=Source.HR)
    # Digest of the HR row that this record last came from; empty after a change from elsewhere.
    source_digest = models.CharField(max_length=32, blank=True)
    user = models.OneToOneField(User, models.SET_NULL, null=True, blank=True, related_name="employee")
    updated_at = models.DateTimeField(db_default=Now())
    created_at = models.DateTimeField(db_default=Now())
    # What other systems call this person by: it cannot be guessed and never changes.
    key = models.UUIDField(db_default=RandomUUID(), unique=True, editable=False)
    # The identity provider's own names of the person; empty where it has not written them. See apps/scim.
    sign_in_name = models.CharField(max_length=254, blank=True, db_default="")
    external_id = models.CharField(max_length=254, blank=True, db_default="")
    # The identity provider removed this person from its view. Beacon keeps the record, as somebody who has left.
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    # What the person is looked up by: the sign-in name, else the work address, in lower case.
    lookup_name = models.GeneratedField(
        expression=Lower(Coalesce(NullIf("sign_in_name", Value("")), "email")),
        output_field=models.CharField(max_length=254, db_collation="C"),
        db_persist=True,
    )

    class Meta:
        ordering = ["last_name", "first_name", "id"]
        constraints = [
            # An address may be given to a new hire once its former holder has left.
            models.UniqueConstraint(Lower("email"), condition=~Q(status="separated"), name="agencies_employee_email"),
            models.CheckConstraint(
                condition=Q(status__in=["active", "leave", "separated"]), name="agencies_employee_status"
            ),
            models.CheckConstraint(
                condition=Q(end_on=None) | Q(start_on=None) | Q(end_on__gte=F("start_on")),
                name="agencies_employee_dates",
            ),
            models.UniqueConstraint(
                Lower("sign_in_name"),
                condition=~Q(status="separated") & ~Q(sign_in_name=""),
                name="agencies_employee_sign_in_name",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(status="separated"), name="agencies_employee_withdrawn"
            ),
        ]
        indexes = [
            models.Index(fields=["agency", "status"], name="agencies_employee_agency"),
            models.Index(fields=["last_name", "first_name", "id"], name="agencies_employee_name"),
            models.Index(fields=["lookup_name"], name="agencies_employee_lookup"),
            models.Index(fields=["external_id"], name="agencies_employee_external", condition=~Q(external_id="")),
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}"

    @property
    def is_present(self) -> bool:
        """Employed: active or on leave."""
        return self.status != self.Status.SEPARATED


class AgencyContact(models.Model):
    """An employee who speaks for an agency: approves staff, answers questions, attests."""

    class Kind(models.TextChoices):
        PRIMARY = "primary", "Primary contact"
        BACKUP = "backup", "Backup contact"

    employee = models.ForeignKey(Employee, models.PROTECT, related_name="contact_for")
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="contacts")
    kind = models.CharField(max_length=8, choices=Kind)
    from_on = models.DateField()
    until_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["employee", "agency"], condition=Q(until_on=None), name="agencies_contact_once"
            ),
            models.UniqueConstraint(
                fields=["agency"],
                condition=Q(until_on=None, kind="primary"),
                name="agencies_contact_one_primary",
            ),
            models.CheckConstraint(
                condition=Q(until_on=None) | Q(until_on__gte=F("from_on")), name="agencies_contact_dates"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.employee} for {self.agency}"


class RosterMapping(models.Model):
    """How the state's HR system calls the columns, where it calls them otherwise. One row at most."""

    id = models.BooleanField(primary_key=True, default=True)
    columns = models.JSONField(default=dict)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=True), name="agencies_mapping_single")]

    def __str__(self) -> str:
        return "Column names of the HR file"


class RosterRun(models.Model):
    """One HR file on its way into the directory: received, planned, perhaps held, applied."""

    class State(models.TextChoices):
        RECEIVED = "received", "Being read"
        PLANNED = "planned", "Ready to apply"
        HELD = "held", "Held for a second person"
        QUEUED = "queued", "Being applied"
        APPLIED = "applied", "Applied"
        FAILED = "failed", "Failed"
        DISCARDED = "discarded", "Discarded"

    class Source(models.TextChoices):
        FILE = "file", "HR file"
        SCIM = "scim", "Identity provider"

    state = models.CharField(max_length=10, choices=State, default=State.RECEIVED)
    # A run of the identity provider holds the separations that it asked for and that wait for a person.
    source = models.CharField(max_length=4, choices=Source, default=Source.FILE, db_default="file")
    file_name = models.CharField(max_length=200)
    file_sha256 = models.CharField(max_length=64)
    proposed_by_key = models.CharField(max_length=64)
    proposed_by = models.CharField(max_length=200)
    created_at = models.DateTimeField(db_default=Now())
    planned_at = models.DateTimeField(null=True)
    applied_at = models.DateTimeField(null=True)
    # The last run that was applied when this plan was made: a plan against an older directory is stale.
    based_on = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")
    rows = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    ignored_columns = models.JSONField(default=list)
    hold_reasons = models.JSONField(default=list)
    released_by = models.CharField(max_length=200, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Roster import {self.pk}"

    @property
    def leavers(self) -> int:
        return int(self.counts.get("leavers", 0))

    @property
    def is_file(self) -> bool:
        return self.source == self.Source.FILE

    # What the progress component asks for.
    @property
    def total(self) -> int:
        return self.rows

    @property
    def done(self) -> int:
        return self.rows if self.is_finished else 0

    @property
    def is_finished(self) -> bool:
        return self.state not in {self.State.RECEIVED, self.State.QUEUED}

    @property
    def status_label(self) -> str:
        return self.get_state_display()

    @property
    def message(self) -> str:
        return self.error

    @property
    def machine(self) -> object:
        return ROSTER_RUN


class RosterFile(models.Model):
    """The uploaded file, compressed, until its run ends. Apart from the run, so that runs stay light to read and write."""

    run = models.OneToOneField(RosterRun, models.CASCADE, primary_key=True, related_name="file")
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"File of {self.run}"


class RosterLine(models.Model):
    """What one row of the file asks for. It is the plan that people read and the staging table that is applied."""

    class Kind(models.TextChoices):
        JOIN = "join", "Joins"
        LEAVE = "leave", "Leaves"
        MOVE = "move", "Moves"
        CHANGE = "change", "Changes"
        REJECT = "reject", "Rejected"

    run = models.ForeignKey(RosterRun, models.CASCADE, related_name="lines", db_index=False)
    # Line of the file, counting the header as 1; empty for people who are missing from it.
    line = models.PositiveIntegerField(null=True)
    kind = models.CharField(max_length=6, choices=Kind)
    employee_id = models.CharField(max_length=40, blank=True)
    email = models.CharField(max_length=254, blank=True)
    first_name = models.CharField(max_length=100, blank=True)
    last_name = models.CharField(max_length=100, blank=True)
    title = models.CharField(max_length=150, blank=True)
    agency = models.ForeignKey(Agency, models.CASCADE, null=True, related_name="+", db_index=False, db_constraint=False)
    manager_ref = models.CharField(max_length=40, blank=True)
    status = models.CharField(max_length=10, blank=True)
    is_seasonal = models.BooleanField(default=False)
    start_on = models.DateField(null=True)
    end_on = models.DateField(null=True)
    digest = models.CharField(max_length=32, blank=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["run", "kind", "line", "id"]
        indexes = [models.Index(fields=["run", "kind"], name="agencies_rosterline_kind")]

    def __str__(self) -> str:
        return f"Line {self.line}: {self.kind}"


class FeedChange(models.Model):
    """One change that the identity provider made, one person at a time. The window of the hold rule is counted in it."""

    employee = models.ForeignKey(Employee, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=6, choices=RosterLine.Kind)
    # Where the person worked before the change.
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField(db_default=Now())
    by_key = models.CharField(max_length=64)
    by = models.CharField(max_length=200)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["kind", "at"], name="agencies_feedchange_window")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.employee_id}"
