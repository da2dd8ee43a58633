"""The API of use cases (/api/v1/use-cases): the same selectors and services as the pages, in JSON."""

from __future__ import annotations

from rest_framework import serializers

from apps.catalog.models import Adoption, UseCase


class CaseOut(serializers.ModelSerializer[UseCase]):
    """Names of people are in none of the fields. Time saved is self-reported, in minutes on days used."""

    agency = serializers.CharField(source="agency.code")
    self_reported_minutes_on_days_used = serializers.IntegerField(source="minutes_saved", allow_null=True)

    class Meta:
        model = UseCase
        fields = [
            "id", "number", "state", "stage", "tier", "agency", "title", "problem", "benefits", "how", "outputs", "task_type",
            "topic_area", "common_task", "data_class", "checker", "check_how", "measure", "baseline", "target", "result",
            "self_reported_minutes_on_days_used", "answers", "method", "example_prompt", "conditions", "agencies_using",
            "published_at", "operational_on", "review_on", "retired_on",
        ]  # fmt: skip


class AdoptionOut(serializers.ModelSerializer[Adoption]):
    agency = serializers.CharField(source="agency.code")

    class Meta:
        model = Adoption
        fields = ["id", "case", "agency", "since_on", "result", "minutes_saved", "answers", "method"]
