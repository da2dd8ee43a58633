"""What is kept of the time-saved survey: that somebody answered, under a code, and apart from it how many said what.

There is no row for an answer. A quarter's figures of an agency are a fixed set of counters; an answer rewrites all of
them at once, so that not even the order or the transaction of rows tells what was added last (docs/survey.md).
"""

from __future__ import annotations

from django.db import models

from apps.agencies.models import Agency


class SurveyMark(models.Model):
    """Somebody has answered in this quarter. Who: a keyed hash, whose key is not in the database. No time is kept."""

    mark = models.CharField(max_length=64, primary_key=True)
    quarter = models.DateField()

    def __str__(self) -> str:
        return f"An answer in {self.quarter}"


class SurveyTally(models.Model):
    """How many said one thing, in one quarter and agency. No agency where fewer than ten people could have answered."""

    class Question(models.TextChoices):
        MINUTES = "minutes", "About how many minutes it saved, on days used"
        HELPED = "helped", "How much it helped"

    quarter = models.DateField()
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, related_name="+")
    question = models.CharField(max_length=7, choices=Question)
    value = models.PositiveSmallIntegerField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["quarter", "agency", "question", "value"], nulls_distinct=False, name="reports_tally_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_question_display()}: {self.value}"
