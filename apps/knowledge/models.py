"""Tools and what holds for them, questions and their answers, articles, the vendor's obligations, news, and proxy counts."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now

from apps.agencies.models import Agency, Employee
from apps.core import clock

OFFICES = {"eotss": "EOTSS", "privacy": "Privacy office"}


class Tool(models.Model):
    """An AI tool, and whether state employees may use it."""

    class Status(models.TextChoices):
        APPROVED = "approved", "Approved"
        PROHIBITED = "prohibited", "Not permitted"
        RULES = "rules", "Other rules"

    name = models.CharField(max_length=150)
    # Further names, as typed; `names` has all of them as they are compared (addresses.plain).
    aliases = ArrayField(models.CharField(max_length=150), default=list, blank=True)
    names = ArrayField(models.CharField(max_length=300), default=list)
    # Hosts without "www."; each covers its sub-domains.
    domains = ArrayField(models.CharField(max_length=253), default=list, blank=True)
    status = models.CharField(max_length=10, choices=Status)
    answer = models.TextField(blank=True)
    instead = models.TextField(blank=True)
    owner = models.CharField(max_length=10, choices=list(OFFICES.items()))
    review_on = models.DateField()
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="knowledge_tool_name"),
            models.CheckConstraint(condition=~Q(status="rules") | ~Q(answer=""), name="knowledge_tool_rules"),
        ]
        indexes = [
            GinIndex(fields=["names"], name="knowledge_tool_names"),
            GinIndex(fields=["domains"], name="knowledge_tool_domains"),
            GinIndex(fields=["name"], opclasses=["gin_trgm_ops"], name="knowledge_tool_alike"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def sentence(self) -> str:
        """The plain answer to "May I use this tool?"."""
        starts = {
            self.Status.APPROVED: f"{self.name}: approved for state business.",
            self.Status.RULES: f"{self.name}: other rules apply.",
            self.Status.PROHIBITED: f"{self.name} on a state device: not permitted.",
        }
        return " ".join(filter(None, (starts[self.Status(self.status)], self.answer, self.instead)))


class Question(models.Model):
    """What an employee asks their agency's contacts. What was said about it stands in its entries."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        ANSWERED = "answered", "Answered"

    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    asker = models.ForeignKey(Employee, models.PROTECT, related_name="questions")
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="questions")
    subject = models.CharField(max_length=150)
    text = models.TextField()
    asked_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField()
    # Who owes the answer: the agency's contacts (empty), or the office that it was handed to.
    office = models.CharField(max_length=10, choices=list(OFFICES.items()), blank=True)
    # Every office that it was handed to; each goes on seeing it.
    handed_to = ArrayField(models.CharField(max_length=10), default=list)
    answered_at = models.DateTimeField(null=True)
    is_reopened = models.BooleanField(default=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="answered") | Q(answered_at__isnull=False), name="knowledge_question_answered"
            ),
        ]
        indexes = [
            models.Index(fields=["agency", "due_at"], condition=Q(state="open"), name="knowledge_question_open"),
            models.Index(fields=["office", "due_at"], condition=Q(state="open"), name="knowledge_question_office"),
        ]

    def __str__(self) -> str:
        return f"Question {self.pk}"

    @property
    def with_whom(self) -> str:
        return self.get_office_display() if self.office else "The agency's contacts"

    @property
    def is_overdue(self) -> bool:
        return self.state == self.State.OPEN and self.due_at < clock.now()


class QuestionEntry(models.Model):
    """A note of a hand-over, an answer, or why it was reopened. Insert only."""

    class Kind(models.TextChoices):
        HANDED_OVER = "handed_over", "Handed over"
        ANSWERED = "answered", "Answered"
        REOPENED = "reopened", "Asked again"

    question = models.ForeignKey(Question, models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=12, choices=Kind)
    office = models.CharField(max_length=10, choices=list(OFFICES.items()), blank=True)
    text = models.TextField()
    by_name = models.CharField(max_length=200)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.question}"


class Article(models.Model):
    """A page of the knowledge center: the text in the making. Readers see the version published last."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        RETIRED = "retired", "Retired"

    class Section(models.TextChoices):
        START = "start", "Getting started"
        USE = "use", "Using the assistant"
        DATA = "data", "Data and privacy"
        TRAINING = "training", "Training and terms"
        HELP = "help", "When something goes wrong"
        CONTACTS = "contacts", "For contacts"

    class Audience(models.TextChoices):
        EVERYONE = "everyone", "Everyone"
        CONTACTS = "contacts", "Agency contacts"
        PRIVACY = "privacy", "Privacy office"

    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    section = models.CharField(max_length=10, choices=Section)
    audience = models.CharField(max_length=10, choices=Audience, default=Audience.EVERYONE)
    # The number of the phase that it is about; none where it is about all.
    phase = models.PositiveSmallIntegerField(null=True, blank=True)
    title = models.CharField(max_length=150)
    body = models.TextField()
    owner = models.CharField(max_length=10, choices=list(OFFICES.items()))
    review_on = models.DateField()
    current = models.ForeignKey("ArticleVersion", models.PROTECT, null=True, related_name="+")
    question = models.OneToOneField(Question, models.PROTECT, null=True, related_name="article")
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["title", "id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="published") | Q(current__isnull=False), name="knowledge_article_version"
            ),
        ]
        indexes = [
            models.Index(fields=["state", "section"], name="knowledge_article_state"),
            models.Index(fields=["review_on"], condition=Q(state="published"), name="knowledge_article_review"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_changed(self) -> bool:
        """Whether the text has moved on since it was published."""
        return self.current is not None and (self.title, self.body) != (self.current.title, self.current.body)


class ArticleVersion(models.Model):
    """What was published, word for word. Insert only."""

    article = models.ForeignKey(Article, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=150)
    body = models.TextField()
    by_name = models.CharField(max_length=200)
    at = models.DateTimeField(db_default=Now())
    search = models.GeneratedField(
        expression=SearchVector("title", weight="A", config="english")
        + SearchVector("body", weight="B", config="english"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["article", "number"], name="knowledge_version_once")]
        indexes = [
            GinIndex(fields=["search"], name="knowledge_version_search"),
            GinIndex(fields=["title"], opclasses=["gin_trgm_ops"], name="knowledge_version_title"),
        ]

    def __str__(self) -> str:
        return f"{self.title}, version {self.number}"


class Obligation(models.Model):
    """Something that the vendor owes under one of the five criteria by which it was chosen."""

    class Head(models.TextChoices):
        SECURITY = "security", "Security and privacy compliance"
        USABILITY = "usability", "Usability and accessibility"
        TRAINING = "training", "Training and support plans"
        LICENSING = "licensing", "Licensing flexibility"
        PARTNERSHIP = "partnership", "Long-term partnership and responsible AI"

    class State(models.TextChoices):
        MET = "met", "Met"
        PART = "part", "Met in part"
        NOT_MET = "not_met", "Not met"
        NOT_CHECKED = "not_checked", "Not checked"

    head = models.CharField(max_length=12, choices=Head)
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=12, choices=State, default=State.NOT_CHECKED)
    evidence = models.TextField(blank=True)
    evidence_url = models.URLField(max_length=500, blank=True)
    owner = models.CharField(max_length=10, choices=list(OFFICES.items()))
    review_on = models.DateField()
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["head", "title", "id"]
        constraints = [
            models.UniqueConstraint(Lower("title"), name="knowledge_obligation_title"),
            models.CheckConstraint(
                condition=~Q(state__in=["met", "part"]) | ~Q(evidence="") | ~Q(evidence_url=""),
                name="knowledge_obligation_evidence",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Announcement(models.Model):
    """News on the home page of those concerned: one agency or all, one phase or all, from one day until another."""

    title = models.CharField(max_length=150)
    text = models.TextField()
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, blank=True, related_name="announcements")
    phase = models.PositiveSmallIntegerField(null=True, blank=True)
    from_on = models.DateField()
    until_on = models.DateField()

    class Meta:
        ordering = ["-from_on", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(until_on__gte=F("from_on")), name="knowledge_announcement_days"),
        ]
        indexes = [models.Index(fields=["until_on", "from_on"], name="knowledge_announcement_now")]

    def __str__(self) -> str:
        return self.title

    @property
    def is_for_everybody(self) -> bool:
        return self.agency_id is None and self.phase is None


class ProxyFile(models.Model):
    """A file of web-proxy counts that came in; the same content comes in once."""

    file_name = models.CharField(max_length=100)
    sha256 = models.CharField(max_length=64, unique=True)
    lines = models.PositiveIntegerField()
    imported_by = models.CharField(max_length=200)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.file_name


class ProxyDay(models.Model):
    """Requests to a tool from an agency's network on one day. Of people nothing is known."""

    file = models.ForeignKey(ProxyFile, models.PROTECT, related_name="+")
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    day = models.DateField()
    label = models.CharField(max_length=253)
    requests = models.PositiveBigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agency", "day", "label"], name="knowledge_proxyday_once")]

    def __str__(self) -> str:
        return f"{self.label} on {self.day}"


class ProxyMonth(models.Model):
    """The days of a month added up, as the pages show them."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    month = models.DateField()
    label = models.CharField(max_length=253)
    tool = models.ForeignKey(Tool, models.PROTECT, null=True, related_name="+")
    requests = models.PositiveBigIntegerField()

    class Meta:
        ordering = ["-month", "-requests", "id"]
        constraints = [models.UniqueConstraint(fields=["agency", "month", "label"], name="knowledge_proxymonth_once")]

    def __str__(self) -> str:
        return f"{self.label} in {self.month:%B %Y}"
