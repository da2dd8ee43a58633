"""Versions of the terms, and who accepted which text."""

from __future__ import annotations

import hashlib

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from apps.agencies.models import Employee

BINDING = "en"
# The languages that most people in Massachusetts speak, each in its own name.
LANGUAGES = {
    BINDING: "English", "es": "Español", "pt": "Português", "zh-hans": "简体中文", "ht": "Kreyòl ayisyen",
    "vi": "Tiếng Việt", "fr": "Français", "ru": "Русский", "ar": "العربية", "km": "ភាសាខ្មែរ",
}  # fmt: skip


class TermsVersion(models.Model):
    """One version of the terms in one language. Published, its text, number and hash never change.

    Rows with the same number are one version: the English text binds, the others are its translations.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        SCHEDULED = "scheduled", "Scheduled"
        PUBLISHED = "published", "In force"
        SUPERSEDED = "superseded", "Superseded"

    number = models.PositiveIntegerField()
    language = models.CharField(max_length=10, default=BINDING)
    title = models.CharField(max_length=200)
    body = models.TextField(help_text="Markdown")
    summary_of_changes = models.TextField(blank=True)
    requires_reacceptance = models.BooleanField(default=True)
    grace_days = models.PositiveSmallIntegerField(default=14)
    effective_on = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    sha256 = models.CharField(max_length=64, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-number", "id"]
        constraints = [
            models.UniqueConstraint(fields=["number", "language"], name="terms_version_number"),
            models.UniqueConstraint(
                fields=["language"], condition=Q(state="published"), name="terms_one_version_in_force"
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | (~Q(sha256="") & Q(effective_on__isnull=False)),
                name="terms_published_is_hashed",
            ),
            # The next version is prepared alone: nobody can compare two drafts with each other.
            models.UniqueConstraint(
                fields=["language"], condition=Q(state__in=["draft", "scheduled"]), name="terms_one_next_version"
            ),
        ]

    def __str__(self) -> str:
        return f"Terms version {self.number}" + ("" if self.is_binding else f" ({self.language_label})")

    @property
    def is_binding(self) -> bool:
        return self.language == BINDING

    @property
    def language_label(self) -> str:
        return LANGUAGES.get(self.language, self.language)

    def digest(self) -> str:
        """SHA-256 of title and text: what a person agrees to."""
        return hashlib.sha256(f"{self.title}\n\n{self.body}".encode()).hexdigest()


class Acceptance(models.Model):
    """An employee's agreement to the exact text. Insert only; it outlives every draft."""

    employee = models.ForeignKey(Employee, models.PROTECT, related_name="acceptances")
    version = models.ForeignKey(TermsVersion, models.PROTECT, related_name="acceptances")
    accepted_at = models.DateTimeField(db_default=Now())
    sha256 = models.CharField(max_length=64)
    language = models.CharField(max_length=10)
    channel = models.CharField(max_length=20, default="console")

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["employee", "version"], name="terms_acceptance_once")]

    def __str__(self) -> str:
        return f"{self.employee} accepted version {self.version.number}"
