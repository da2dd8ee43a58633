"""Incidents: what happened, in which state it is, its timeline that only grows, its tasks, files and breach desk.

What people wrote stands in the timeline alone: the incident itself holds no narrative, so that a list, an export or an
interface that shows incidents has none to give away. An anonymous reporter leaves no key, no name and no exact time.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from django.db import models
from django.db.models import F, Q

from apps.accounts.models import User
from apps.agencies.models import Agency, Employee
from apps.core import clock
from apps.incidents.clocks import Clock, clock_of
from apps.incidents.lifecycle import OVER
from apps.incidents.taxonomy import ANSWERS, CATEGORIES, CONTENT, QUESTIONS, RECIPIENTS, risks_of
from apps.licenses.models import Seat

SEVERITIES = [(1, "1, critical"), (2, "2, high"), (3, "3, moderate"), (4, "4, low"), (5, "5, minor")]


class Incident(models.Model):
    """One thing that went wrong, or nearly. Its number is its key; numbers are never used again."""

    class State(models.TextChoices):
        NEW = "new", "New"
        TRIAGE = "triage", "In triage"
        INVESTIGATING = "investigating", "Being investigated"
        CONTAINED = "contained", "Contained"
        CORRECTIVE_ACTION = "corrective_action", "Corrective action"
        CLOSED = "closed", "Closed"
        DISMISSED = "dismissed", "Dismissed"
        REOPENED = "reopened", "Reopened"

    state = models.CharField(max_length=20, choices=State, default=State.NEW)
    category = models.CharField(max_length=20, choices=list(CATEGORIES.items()))
    severity = models.PositiveSmallIntegerField(null=True, blank=True, choices=SEVERITIES)
    is_near_miss = models.BooleanField(default=False)
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, blank=True, related_name="incidents")
    occurred_on = models.DateField()
    detected_on = models.DateField(null=True, blank=True)
    reported_at = models.DateTimeField()
    aware_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    contained_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    acknowledge_by = models.DateTimeField()
    warn_at = models.DateTimeField()
    # Set in the transaction that queues the mail, so that each is told once.
    warned_at = models.DateTimeField(null=True, blank=True)
    told_late_at = models.DateTimeField(null=True, blank=True)
    is_anonymous = models.BooleanField(default=False)
    reporter_key = models.CharField(max_length=64, blank=True)
    reporter_name = models.CharField(max_length=200, blank=True)
    reporter = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    # Keyed hash of the code; the code itself is known to the reporter alone.
    code_hash = models.CharField(max_length=64, blank=True)
    handlers = models.ManyToManyField(User, related_name="incidents_handled")
    concerned = models.ManyToManyField(Employee, related_name="incidents")
    duplicate_of = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="duplicates")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(duplicate_of=F("id")), name="incidents_incident_not_its_own"),
            models.CheckConstraint(
                condition=Q(severity=None) | Q(severity__range=(1, 5)), name="incidents_incident_severity"
            ),
            models.CheckConstraint(
                condition=Q(is_anonymous=False)
                | Q(reporter_key="", reporter_name="", reporter=None) & ~Q(code_hash=""),
                name="incidents_incident_anonymous",
            ),
            models.UniqueConstraint(fields=["code_hash"], condition=~Q(code_hash=""), name="incidents_incident_code"),
        ]
        indexes = [
            models.Index(fields=["agency", "state"], name="incidents_incident_agency"),
            models.Index(fields=["reporter_key"], name="incidents_incident_reporter"),
            models.Index(
                fields=["acknowledge_by"], condition=Q(acknowledged_at=None), name="incidents_incident_clock"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"Incident {self.pk}"

    @property
    def is_over(self) -> bool:
        return self.state in OVER

    @property
    def clock(self) -> Clock:
        """How the acknowledgment clock stands now. One dismissed unread was looked at: its clock stopped too."""
        return clock_of(clock.now(), self.warn_at, self.acknowledge_by, self.acknowledged_at)

    @property
    def severity_label(self) -> str:
        return str(self.get_severity_display()) if self.severity else "Unknown"

    @property
    def risks(self) -> list[str]:
        return risks_of(self.category)

    @property
    def days_aware(self) -> int:
        return max(0, (clock.now() - self.aware_at).days)


class TimelineEntry(models.Model):
    """One thing said or done. Insert only; the audit trail carries its SHA-256."""

    class Kind(models.TextChoices):
        REPORT = "report", "Report"
        NOTE = "note", "Note"
        QUESTION = "question", "Question to the reporter"
        ANSWER = "answer", "Answer of the reporter"
        STATE = "state", "State"
        CONTAINMENT = "containment", "Containment"
        ATTACHMENT = "attachment", "File"
        MERGE = "merge", "Merged"
        BREACH = "breach", "Breach desk"

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="timeline")
    at = models.DateTimeField()
    kind = models.CharField(max_length=12, choices=Kind)
    text = models.TextField()
    by = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of incident {self.incident_id}"

    @property
    def title(self) -> str:
        return str(self.get_kind_display())

    def digest(self) -> str:
        """SHA-256 over what the entry says: incident, time in microseconds, kind, author and text."""
        return entry_digest(self.incident_id, self.at, self.kind, self.by, self.text)


def entry_digest(incident: int, at: datetime, kind: str, by: str, text: str) -> str:
    moment = f"{at.timestamp():.6f}"
    return hashlib.sha256(json.dumps([incident, moment, kind, by, text], ensure_ascii=False).encode()).hexdigest()


class Attachment(models.Model):
    """A file of an incident. Its bytes lie outside the web root under a random name; insert only."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="attachments")
    entry = models.OneToOneField(TimelineEntry, models.PROTECT, related_name="attachment")
    name = models.CharField(max_length=100)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    stored_as = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class Task(models.Model):
    """Something to do about an incident, by whom and until when."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="tasks")
    what = models.TextField()
    owner = models.CharField(max_length=200)
    due_on = models.DateField()
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["due_on", "id"]

    def __str__(self) -> str:
        return f"Task {self.pk} of incident {self.incident_id}"


class Containment(models.Model):
    """What was done to stop it: a suspended seat, a suspended use case, or something else. Insert only."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="containments")
    seat = models.ForeignKey(Seat, models.PROTECT, null=True, related_name="+")
    case_number = models.PositiveIntegerField(null=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"Containment of incident {self.incident_id}"


class BreachAssessment(models.Model):
    """The breach desk of one incident (M.G.L. c. 93H): four answers, nine items, two letters."""

    class Decision(models.TextChoices):
        UNDECIDED = "undecided", "Not decided yet"
        BREACH = "breach", "A breach"
        NOT_BREACH = "not_breach", "Not a breach"

    incident = models.OneToOneField(Incident, models.PROTECT, related_name="breach")
    # Of each question its answer (yes, no or unknown) and a note.
    answers = models.JSONField(default=dict)
    # Of each item its text: the nine of taxonomy.CONTENT and the fields of the resident's letter.
    content = models.JSONField(default=dict)
    opened_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Breach desk of incident {self.incident_id}"

    @property
    def decided(self) -> BreachDecision | None:
        return self.decisions.last()

    @property
    def decision(self) -> str:
        last = self.decided
        return last.decision if last else self.Decision.UNDECIDED.value

    @property
    def decision_label(self) -> str:
        return str(self.Decision(self.decision).label)

    @property
    def questions(self) -> list[tuple[str, str, str]]:
        """(question, answer in words, note) of the four."""
        found = [(text, self.answers.get(code, {})) for code, text in QUESTIONS.items()]
        return [(text, ANSWERS[given.get("answer", "unknown")], given.get("note", "")) for text, given in found]

    @property
    def items(self) -> list[tuple[str, str]]:
        return [(label, self.content.get(code, "")) for code, label in CONTENT.items()]


class BreachDecision(models.Model):
    """A decision of the privacy office, with its reason. Insert only; the last one counts."""

    assessment = models.ForeignKey(BreachAssessment, models.PROTECT, related_name="decisions")
    decision = models.CharField(max_length=10, choices=BreachAssessment.Decision)
    reason = models.TextField()
    by = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="incidents_breach_has_reason")]

    def __str__(self) -> str:
        return str(self.get_decision_display())


class BreachNotice(models.Model):
    """That one of the five was told, on which day, by whom and how. Insert only."""

    assessment = models.ForeignKey(BreachAssessment, models.PROTECT, related_name="notices")
    recipient = models.CharField(max_length=20, choices=list(RECIPIENTS.items()))
    told_on = models.DateField()
    how = models.CharField(max_length=300)
    by = models.CharField(max_length=200)

    class Meta:
        ordering = ["told_on", "id"]

    def __str__(self) -> str:
        return f"{self.get_recipient_display()} told"
