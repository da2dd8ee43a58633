"""The API of the terms (/api/v1/terms): texts, one's own acceptance, and acceptances within one's scope."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access import actor_of, allow
from apps.core.api import FIELDS, paged, pages_of
from apps.core.errors import NotFound
from apps.terms import services
from apps.terms.models import Acceptance, TermsVersion
from apps.terms.selectors import acceptances_visible_to, versions_visible_to


class VersionOut(serializers.ModelSerializer[TermsVersion]):
    class Meta:
        model = TermsVersion
        fields = [
            "id", "number", "language", "title", "body", "summary_of_changes", "state", "requires_reacceptance",
            "grace_days", "effective_on", "sha256", "published_at",
        ]  # fmt: skip


class AcceptanceOut(serializers.ModelSerializer[Acceptance]):
    employee = serializers.CharField(source="employee.employee_id")
    number = serializers.IntegerField(source="version.number")

    class Meta:
        model = Acceptance
        fields = ["id", "employee", "number", "language", "accepted_at", "sha256", "channel"]


class AcceptIn(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    language = serializers.CharField(default="en")
    sha256 = serializers.CharField(help_text="Of the text that was shown; another text is refused")


@extend_schema(
    methods=["GET"], responses=pages_of(AcceptanceOut), operation_id="acceptances_list",
    parameters=[OpenApiParameter("number", str), *FIELDS],
)  # fmt: skip
@extend_schema(methods=["POST"], request=AcceptIn, responses={201: AcceptanceOut}, operation_id="terms_accept")
@login_not_required
@allow()
@api_view(["GET", "POST"])
def acceptance_list(request: Request) -> Response:
    """GET: acceptances within one's scope, `?number=` narrows. POST: accept a text, known by its fingerprint."""
    actor = actor_of(request)
    if request.method == "POST":
        data = AcceptIn(data=request.data)
        data.is_valid(raise_exception=True)
        asked = data.validated_data
        version = versions_visible_to(actor).filter(number=asked["number"], language=asked["language"]).first()
        if version is None:
            raise NotFound()
        made = services.terms_accept(actor=actor, version=version, sha256=asked["sha256"], channel="api")
        return Response(AcceptanceOut(made).data, status=201)
    rows = acceptances_visible_to(actor)
    number = request.query_params.get("number", "")
    return paged(request, rows.filter(version__number=int(number)) if number.isdecimal() else rows, AcceptanceOut)
