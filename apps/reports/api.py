"""The API of reports (/api/v1/reports/): the same figures, cut in the same way, as page and file."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access import actor_of, allow
from apps.core.api import FIELDS, paged, pages_of
from apps.core.errors import Invalid
from apps.reports import services
from apps.reports.access import READERS, report_for
from apps.reports.document import data_of
from apps.reports.models import KINDS, StoredReport
from apps.reports.selectors import data_of_stored, reports_visible_to

_ASKED = [
    OpenApiParameter("scope", str, description="all, or agency:CODE, secretariat:CODE, phase:NUMBER, workspace:NAME"),
    OpenApiParameter("day", date, description="A day that is over; the newest where none is given"),
]


class StoredOut(serializers.ModelSerializer[StoredReport]):
    class Meta:
        model = StoredReport
        fields = [
            "id", "kind", "scope", "scope_label", "as_of", "is_floored", "state", "asked_at", "made_at", "opinion",
            "problem", "sha256", "signature", "key_id",
        ]  # fmt: skip


class KeepIn(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=list(KINDS.items()))
    scope = serializers.CharField(max_length=80, required=False, default="")
    day = serializers.DateField(required=False, default=None, allow_null=True)


@extend_schema(parameters=_ASKED, responses=OpenApiTypes.OBJECT, operation_id="reports_adoption")
@login_not_required
@allow(*READERS)
@api_view(["GET"])
def adoption(request: Request) -> Response:
    """The adoption report as data. A figure that is not shown is null."""
    return _answer(request, "adoption")


@extend_schema(parameters=_ASKED, responses=OpenApiTypes.OBJECT, operation_id="reports_compliance")
@login_not_required
@allow(*READERS)
@api_view(["GET"])
def compliance(request: Request) -> Response:
    """The compliance report as data. A figure that is not shown is null."""
    return _answer(request, "compliance")


def _answer(request: Request, kind: str) -> Response:
    asked = request.query_params.get("day", "")
    try:
        day = date.fromisoformat(asked) if asked else None
    except ValueError:
        raise Invalid("This is not a day.", how_to_fix="Write it as 2026-11-24.") from None
    return Response(data_of(report_for(actor_of(request), kind, request.query_params.get("scope", ""), day)))


@extend_schema(methods=["GET"], responses=pages_of(StoredOut), parameters=FIELDS, operation_id="stored_reports_list")
@extend_schema(methods=["POST"], request=KeepIn, responses={202: StoredOut}, operation_id="stored_reports_keep")
@login_not_required
@allow(*READERS)
@api_view(["GET", "POST"])
def stored_list(request: Request) -> Response:
    """GET: kept reports within one's scope. POST: have one made, signed and kept; its state says when it is ready."""
    actor = actor_of(request)
    if request.method == "GET":
        return paged(request, reports_visible_to(actor), StoredOut)
    data = KeepIn(data=request.data)
    data.is_valid(raise_exception=True)
    return Response(StoredOut(services.report_request(actor=actor, **data.validated_data)).data, status=202)


@extend_schema(responses=OpenApiTypes.OBJECT, operation_id="stored_reports_read")
@login_not_required
@allow(*READERS)
@api_view(["GET"])
def stored_detail(request: Request, pk: int) -> Response:
    """A kept report: its hash, its signature and, once it is made, its data."""
    report = get_object_or_404(reports_visible_to(actor_of(request)), pk=pk)
    made = report.state == StoredReport.State.DONE
    return Response(StoredOut(report).data | {"report": data_of_stored(report) if made else None})
