"""The API of incidents (/api/v1/incidents/): numbers, kinds, states and clocks. What was written is never in it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access import actor_of, allow
from apps.agencies.models import Agency
from apps.core.api import FIELDS, paged, pages_of
from apps.incidents import report_services
from apps.incidents.models import Incident
from apps.incidents.report_services import Report
from apps.incidents.selectors import incidents_visible_to, others_in_sight
from apps.incidents.taxonomy import CATEGORIES
from apps.incidents.timeline import MOST


class IncidentOut(serializers.ModelSerializer[Incident]):
    agency = serializers.CharField(source="agency.code", default=None, allow_null=True)
    _others: set[int] | None = None
    duplicate_of = serializers.SerializerMethodField(help_text="Null where the other incident is not in sight")

    class Meta:
        model = Incident
        fields = [
            "id", "state", "category", "severity", "is_near_miss", "agency", "occurred_on", "reported_at",
            "acknowledge_by", "acknowledged_at", "contained_at", "closed_at", "duplicate_of",
        ]  # fmt: skip

    def get_duplicate_of(self, incident: Incident) -> int | None:
        # Once for a whole page of them.
        if self._others is None:
            page = getattr(self.parent, "instance", None) or [incident]
            self._others = others_in_sight(actor_of(self.context["request"]), page)
        return incident.duplicate_of_id if incident.duplicate_of_id in self._others else None


class ReportIn(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=MOST)
    category = serializers.ChoiceField(choices=list(CATEGORIES.items()))
    occurred_on = serializers.DateField()
    agency = serializers.CharField(required=False, help_text="Agency code")
    is_near_miss = serializers.BooleanField(required=False, default=False)


@extend_schema(
    methods=["GET"], responses=pages_of(IncidentOut), operation_id="incidents_list",
    parameters=[OpenApiParameter("state", str), *FIELDS],
)  # fmt: skip
@extend_schema(methods=["POST"], request=ReportIn, responses={201: IncidentOut}, operation_id="incidents_report")
@login_not_required
@allow()
@api_view(["GET", "POST"])
def incident_list(request: Request) -> Response:
    """GET: incidents within one's scope, `?state=` narrows. POST: report one with one's name."""
    actor = actor_of(request)
    if request.method == "POST":
        data = ReportIn(data=request.data)
        data.is_valid(raise_exception=True)
        said = dict(data.validated_data)
        code = said.pop("agency", "")
        agency = get_object_or_404(Agency, code=code, is_active=True) if code else None
        made = report_services.incident_report(actor=actor, report=Report(**said, agency=agency))
        return Response(IncidentOut(made, context={"request": request}).data, status=201)
    rows = incidents_visible_to(actor)
    if state := request.query_params.get("state"):
        rows = rows.filter(state=state)
    return paged(request, rows, IncidentOut)
