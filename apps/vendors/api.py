"""The API of the vendor's side (/api/v1): workspaces, membership lists, operations, drift."""

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
from apps.vendors.memberships import memberships
from apps.vendors.models import Drift, Operation, Workspace
from apps.vendors.selectors import counts_of, workspaces_visible_to
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


class Memberships(serializers.Serializer[Any]):
    workspace = serializers.CharField()
    count = serializers.IntegerField()
    results = MembershipOut(many=True)


@extend_schema(responses=WorkspaceOut(many=True), operation_id="workspaces_list")
@login_not_required
@allow(*READERS)
@api_view(["GET"])
def workspace_list(request: Request) -> Response:
    """Workspaces with their counts and how old the picture of each is."""
    return Response(WorkspaceOut(workspaces_visible_to(actor_of(request)), many=True).data)


@extend_schema(responses=Memberships, operation_id="workspaces_members", parameters=[OpenApiParameter("step", str)])
@login_not_required
@allow(*READERS)
@api_view(["GET"])
def member_list(request: Request, name: str) -> Response:
    """Who belongs into which group of a workspace and what is still to be done, for the identity team; `?step=` narrows."""
    workspace = get_object_or_404(workspaces_visible_to(actor_of(request)), name=name)
    step = request.query_params.get("step", "")
    lines = [line._asdict() for line in memberships(workspace) if step in ("", line.step)]
    return Response({"workspace": name, "count": len(lines), "results": lines})
