"""The API of the vendor's side (/api/v1): workspaces, membership lists, operations, drift."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access import actor_of, allow
from apps.core.api import paged
from apps.vendors.memberships import memberships
from apps.vendors.models import Drift, Operation, Workspace
from apps.vendors.selectors import counts_of, drifts_visible_to, operations_visible_to, workspaces_visible_to
from apps.vendors.views import READERS


class WorkspaceOut(serializers.ModelSerializer[Workspace]):
    counts = serializers.SerializerMethodField()

    class Meta:
        model = Workspace
        fields = [
            "name",
            "title",
            "adapter",
            "seats",
            "retention_days",
            "synced_at",
            "halted_at",
            "halt_reason",
            "counts",
        ]

    def get_counts(self, workspace: Workspace) -> dict[str, int]:
        return counts_of(workspace)


class OperationOut(serializers.ModelSerializer[Operation]):
    employee = serializers.CharField(source="employee.employee_id", default=None)
    workspace = serializers.CharField(source="workspace.name")

    class Meta:
        model = Operation
        fields = [
            "id", "workspace", "kind", "employee", "email", "state", "attempts", "next_attempt_at", "last_error",
            "request_id", "cause", "created_at", "finished_at",
        ]  # fmt: skip


class DriftOut(serializers.ModelSerializer[Drift]):
    employee = serializers.CharField(source="employee.employee_id", default=None)
    workspace = serializers.CharField(source="workspace.name")

    class Meta:
        model = Drift
        fields = [
            "id",
            "workspace",
            "kind",
            "employee",
            "detail",
            "state",
            "first_seen_at",
            "ignored_until",
            "resolution",
        ]


class MembershipOut(serializers.Serializer[Any]):
    group = serializers.CharField()
    employee_id = serializers.CharField()
    email = serializers.CharField()
    step = serializers.ChoiceField(choices=["add", "remove", "suspend", "keep"])


@extend_schema(responses=WorkspaceOut(many=True))
@login_not_required
@allow(*READERS)
@api_view(["GET"])
def workspace_list(request: Request) -> Response:
    """Workspaces with their counts and how old the picture of each is."""
    return Response(WorkspaceOut(workspaces_visible_to(actor_of(request)), many=True).data)


@extend_schema(responses=MembershipOut(many=True))
@login_not_required
@allow(*READERS)
@api_view(["GET"])
def member_list(request: Request, name: str) -> Response:
    """Who belongs into which group of a workspace and what is still to be done, for the identity team; `?step=` narrows."""
    workspace = get_object_or_404(workspaces_visible_to(actor_of(request)), name=name)
    step = request.query_params.get("step", "")
    lines = [line._asdict() for line in memberships(workspace) if step in ("", line.step)]
    return Response({"workspace": name, "count": len(lines), "results": lines})


@extend_schema(responses=OperationOut(many=True))
@login_not_required
@allow(*READERS)
@api_view(["GET"])
def operation_list(request: Request) -> Response:
    """Every change asked of the vendor, newest first; `?state=` narrows."""
    rows = operations_visible_to(actor_of(request))
    if state := request.query_params.get("state"):
        rows = rows.filter(state=state)
    return paged(request, rows, OperationOut)


@extend_schema(responses=DriftOut(many=True), operation_id="drift_list", request=OpenApiTypes.NONE)
@login_not_required
@allow(*READERS)
@api_view(["GET"])
def drift_list(request: Request) -> Response:
    """What the vendor has that was not decided, and the other way round; `?state=` narrows."""
    rows = drifts_visible_to(actor_of(request))
    if state := request.query_params.get("state"):
        rows = rows.filter(state=state)
    return paged(request, rows, DriftOut)
