"""The API of training (/api/v1/training): what the learning system sends, and completions within one's scope."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Role
from apps.core.api import FIELDS, paged, pages_of
from apps.training.import_services import completions_post
from apps.training.models import Completion, Course
from apps.training.selectors import completions_visible_to

MOST_ROWS = 10_000


class CourseOut(serializers.ModelSerializer[Course]):
    equivalents: Any = serializers.SlugRelatedField(slug_field="code", many=True, read_only=True)

    class Meta:
        model = Course
        fields = ["id", "code", "title", "provider", "url", "valid_days", "is_active", "equivalents"]


class CompletionOut(serializers.ModelSerializer[Completion]):
    employee = serializers.CharField(source="employee.employee_id")
    course = serializers.CharField(source="course.code")

    class Meta:
        model = Completion
        fields = ["id", "employee", "course", "completed_on", "score", "source", "source_id"]


class RowIn(serializers.Serializer[Any]):
    employee_id = serializers.CharField(max_length=40)
    course = serializers.CharField(max_length=30)
    completed_on = serializers.CharField(max_length=10, help_text="2026-11-24 or 11/24/2026")
    score = serializers.CharField(max_length=10, required=False, allow_blank=True, help_text="Percent")
    record_id = serializers.CharField(max_length=80, required=False, allow_blank=True, help_text="Twice is once")


class RowsIn(serializers.Serializer[Any]):
    rows = serializers.ListField(child=RowIn(), allow_empty=False, max_length=MOST_ROWS)


@extend_schema(methods=["GET"], responses=pages_of(CompletionOut), parameters=FIELDS, operation_id="completions_list")
@extend_schema(methods=["POST"], request=RowsIn, responses={201: OpenApiTypes.OBJECT}, operation_id="completions_send")
@login_not_required
@allow()
@api_view(["GET", "POST"])
def completion_list(request: Request) -> Response:
    """GET: completions within one's scope. POST: up to 10,000 rows; the answer names each rejected one by its place."""
    actor = actor_of(request)
    if request.method == "GET":
        return paged(request, completions_visible_to(actor), CompletionOut)
    actor.require(Role.ADMINISTRATOR, Role.PRIVACY)
    data = RowsIn(data=request.data)
    data.is_valid(raise_exception=True)
    run = completions_post(actor=actor, rows=data.validated_data["rows"])
    return Response(
        {"import": run.pk, "rows": run.rows, "added": run.added, "known": run.unchanged, "rejected": run.rejected},
        status=201,
    )
