"""The API of use cases (/api/v1/use-cases): the same selectors and services as the pages, in JSON."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Role
from apps.agencies.models import Agency
from apps.catalog import review_services
from apps.catalog.models import Adoption, UseCase
from apps.catalog.selectors import cases_matching, cases_visible_to
from apps.core.api import paged


class CaseOut(serializers.ModelSerializer[UseCase]):
    """Names of people are in none of the fields. Time saved is self-reported, in minutes on days used."""

    agency = serializers.CharField(source="agency.code")
    self_reported_minutes_on_days_used = serializers.IntegerField(source="minutes_saved")

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


class AdoptIn(serializers.Serializer[Any]):
    agency = serializers.CharField(max_length=10, help_text="Agency code")
    since_on = serializers.DateField(required=False)


@extend_schema(responses=CaseOut(many=True))
@login_not_required
@allow()
@api_view(["GET"])
def case_list(request: Request) -> Response:
    """Use cases within one's scope; `?state=`, `?agency=`, `?task_type=` narrow, `?q=` searches."""
    rows = cases_visible_to(actor_of(request))
    for name, path in (("state", "state"), ("agency", "agency__code"), ("task_type", "task_type")):
        if value := request.query_params.get(name, "").replace("\x00", ""):
            rows = rows.filter(**{path: value})
    if words := request.query_params.get("q", "").replace("\x00", "")[:200]:
        rows = cases_matching(rows, words)
    return paged(request, rows, CaseOut)


@extend_schema(responses=CaseOut)
@login_not_required
@allow()
@api_view(["GET"])
def case_one(request: Request, pk: int) -> Response:
    """One use case."""
    return Response(CaseOut(get_object_or_404(cases_visible_to(actor_of(request)), pk=pk)).data)


@extend_schema(request=AdoptIn, responses=AdoptionOut)
@login_not_required
@allow(Role.CONTACT, Role.ADMINISTRATOR)
@api_view(["POST"])
def case_adopt(request: Request, pk: int) -> Response:
    """Take a published case up for an agency that one speaks for."""
    actor = actor_of(request)
    case = get_object_or_404(cases_visible_to(actor), pk=pk)
    data = AdoptIn(data=request.data)
    data.is_valid(raise_exception=True)
    agency = get_object_or_404(Agency, code=data.validated_data["agency"])
    made = review_services.case_adopt(
        actor=actor, case=case, agency=agency, since_on=data.validated_data.get("since_on")
    )
    return Response(AdoptionOut(made).data, status=201)
