"""Use cases, what each office said about them, and the agencies that took them up."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from apps.agencies.models import Agency, Employee
from apps.catalog.lifecycle import LIVE, SHOWN, WAITING, WRITABLE
from apps.catalog.screening import DATA_CLASSES, OFFICES, TIERS, Answers, Verdict, screen
from apps.core.task_types import TASK_TYPES

ANSWERS_FLOOR = 10
# What the author writes, in the order of the pages; a version keeps these.
TEXTS = (
    "title", "problem", "benefits", "how", "outputs", "task_type", "topic_area", "common_task", "data_class", "data_notes",
    "checker", "check_how", "measure", "baseline", "target", "example_prompt", "decides", "to_residents", "principal_basis",
    "show_author",
)  # fmt: skip
_MEASURED = Q(minutes_saved=None) | (Q(answers__gte=ANSWERS_FLOOR) & ~Q(method=""))


class UseCase(models.Model):
    """One use of the assistant. Its number is the identity column's and is never given twice: rows are never deleted."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        SUBMITTED = "submitted", "Sent in"
        IN_REVIEW = "in_review", "In review"
        PUBLISHED = "published", "Published"
        CONDITIONS = "conditions", "Published with conditions"
        CHANGES_REQUESTED = "changes_requested", "Changes requested"
        REFUSED = "refused", "Refused"
        WITHDRAWN = "withdrawn", "Withdrawn"
        SUSPENDED = "suspended", "Suspended"
        RETIRED = "retired", "Retired"

    class Stage(models.TextChoices):
        PRE_DEPLOYMENT = "pre_deployment", "Pre-deployment"
        PILOT = "pilot", "Pilot"
        DEPLOYED = "deployed", "Deployed"
        RETIRED = "retired", "Retired"

    state = models.CharField(max_length=20, choices=State, default=State.DRAFT)
    stage = models.CharField(max_length=20, choices=Stage, default=Stage.PRE_DEPLOYMENT)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="use_cases")
    author = models.ForeignKey(Employee, models.PROTECT, related_name="use_cases")
    show_author = models.BooleanField(default=False)
    title = models.CharField(max_length=150)
    problem = models.TextField()
    benefits = models.TextField(blank=True)
    how = models.TextField(blank=True)
    outputs = models.TextField(blank=True)
    task_type = models.CharField(max_length=20, choices=list(TASK_TYPES.items()), blank=True)
    topic_area = models.CharField(max_length=60, blank=True)
    common_task = models.CharField(max_length=30, blank=True)
    data_class = models.CharField(max_length=20, choices=list(DATA_CLASSES.items()), blank=True)
    data_notes = models.TextField(blank=True)
    checker = models.CharField(max_length=150, blank=True)
    check_how = models.TextField(blank=True)
    measure = models.TextField(blank=True)
    baseline = models.TextField(blank=True)
    target = models.TextField(blank=True)
    example_prompt = models.TextField(blank=True)
    decides = models.BooleanField(null=True)
    to_residents = models.BooleanField(null=True)
    principal_basis = models.BooleanField(null=True)
    tier = models.CharField(max_length=10, choices=list(TIERS.items()), blank=True)
    # Counts the times it was sent in; every office reviews each round.
    round = models.PositiveSmallIntegerField(default=0)
    conditions = models.TextField(blank=True)
    result = models.TextField(blank=True)
    # Self-reported, minutes per person on days used.
    minutes_saved = models.PositiveSmallIntegerField(null=True, blank=True)
    answers = models.PositiveIntegerField(null=True, blank=True)
    method = models.CharField(max_length=300, blank=True)
    # Answers to the nine questions on high-impact uses, by the column names of the federal inventory.
    practices = models.JSONField(default=dict)
    agencies_using = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(db_default=Now())
    submitted_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    operational_on = models.DateField(null=True, blank=True)
    review_on = models.DateField(null=True)
    retired_on = models.DateField(null=True)
    search = models.GeneratedField(
        expression=SearchVector("title", weight="A", config="english")
        + SearchVector("problem", weight="B", config="english")
        + SearchVector("how", weight="C", config="english"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=_MEASURED, name="catalog_usecase_answers"),
            models.CheckConstraint(
                condition=~Q(state__in=SHOWN) | Q(published_at__isnull=False), name="catalog_usecase_published_at"
            ),
            models.CheckConstraint(
                condition=Q(stage="retired", retired_on__isnull=False) | (~Q(stage="retired") & Q(retired_on=None)),
                name="catalog_usecase_retired",
            ),
        ]
        indexes = [
            GinIndex(fields=["search"], name="catalog_usecase_search"),
            GinIndex(fields=["title"], opclasses=["gin_trgm_ops"], name="catalog_usecase_title"),
            models.Index(fields=["state", "agency"], name="catalog_usecase_state"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return f"UC-{self.pk:04d}" if self.pk else "New use case"

    @property
    def verdict(self) -> Verdict:
        """What the screening says of the answers as they stand; unanswered counts as no."""
        return screen(Answers(bool(self.decides), bool(self.to_residents), bool(self.principal_basis), self.data_class))

    @property
    def answered(self) -> dict[str, Any]:
        """The answers that the tier follows from."""
        return {
            "decides": self.decides, "to_residents": self.to_residents, "principal_basis": self.principal_basis,
            "data_class": self.data_class,
        }  # fmt: skip

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    @property
    def is_shown(self) -> bool:
        return self.state in SHOWN

    @property
    def is_waiting(self) -> bool:
        return self.state in WAITING

    @property
    def is_writable(self) -> bool:
        return self.state in WRITABLE


class CaseVersion(models.Model):
    """What the author sent in, word for word. Insert only."""

    case = models.ForeignKey(UseCase, models.PROTECT, related_name="versions")
    round = models.PositiveSmallIntegerField()
    texts = models.JSONField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["round"]
        constraints = [models.UniqueConstraint(fields=["case", "round"], name="catalog_version_once")]

    def __str__(self) -> str:
        return f"{self.case} as sent in the {self.round}. time"


class Review(models.Model):
    """What one office said about one round of a use case. Insert only."""

    class Decision(models.TextChoices):
        ACCEPT = "accept", "Accept"
        CONDITIONS = "conditions", "Accept with conditions"
        CHANGES = "changes", "Ask for changes"
        REFUSE = "refuse", "Refuse"

    case = models.ForeignKey(UseCase, models.PROTECT, related_name="reviews")
    round = models.PositiveSmallIntegerField()
    office = models.CharField(max_length=10, choices=list(OFFICES.items()))
    decision = models.CharField(max_length=10, choices=Decision)
    # The conditions, or what to change, or why not; the author reads it.
    text = models.TextField(blank=True)
    by_key = models.CharField(max_length=64)
    by_name = models.CharField(max_length=200)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["case", "round", "office"], name="catalog_review_office_once"),
            models.UniqueConstraint(fields=["case", "round", "by_key"], name="catalog_review_person_once"),
            models.CheckConstraint(condition=Q(decision="accept") | ~Q(text=""), name="catalog_review_text"),
        ]

    def __str__(self) -> str:
        return f"{self.get_office_display()} on {self.case}"


class Lowering(models.Model):
    """A reviewer asks for a lower tier than the answers give; a second person decides."""

    case = models.ForeignKey(UseCase, models.PROTECT, related_name="lowerings")
    from_tier = models.CharField(max_length=10, choices=list(TIERS.items()))
    to_tier = models.CharField(max_length=10, choices=list(TIERS.items()))
    # The lower tier holds for these answers alone.
    answered = models.JSONField()
    justification = models.TextField()
    requested_by_key = models.CharField(max_length=64)
    requested_by = models.CharField(max_length=200)
    requested_at = models.DateTimeField(db_default=Now())
    is_confirmed = models.BooleanField(null=True)
    decided_by_key = models.CharField(max_length=64, blank=True)
    decided_by = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=Q(is_confirmed=None), name="catalog_lowering_one_open"),
            models.CheckConstraint(
                condition=Q(is_confirmed=None) | ~Q(decided_by_key=F("requested_by_key")),
                name="catalog_lowering_second_person",
            ),
        ]

    def __str__(self) -> str:
        return f"Lower tier for {self.case}"


class Adoption(models.Model):
    """An agency that took up a published use case, and what came of it there."""

    case = models.ForeignKey(UseCase, models.PROTECT, related_name="adoptions")
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="adoptions")
    since_on = models.DateField()
    recorded_by = models.CharField(max_length=200)
    result = models.TextField(blank=True)
    minutes_saved = models.PositiveSmallIntegerField(null=True, blank=True)
    answers = models.PositiveIntegerField(null=True, blank=True)
    method = models.CharField(max_length=300, blank=True)
    reported_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["since_on", "id"]
        constraints = [
            models.UniqueConstraint(fields=["case", "agency"], name="catalog_adoption_once"),
            models.CheckConstraint(condition=_MEASURED, name="catalog_adoption_answers"),
        ]

    def __str__(self) -> str:
        return f"{self.agency} uses {self.case}"
