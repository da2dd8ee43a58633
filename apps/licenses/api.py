"""The API of requests and seats (/api/v1): the same selectors and services as the pages, in JSON."""

from __future__ import annotations

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
from apps.accounts.actors import Role, Scope
from apps.agencies.models import Agency
from apps.agencies.selectors import employees_visible_to
from apps.core.api import FIELDS, paged, pages_of, reason_json
from apps.core.errors import NotFound
from apps.core.task_types import TASK_TYPES
from apps.licenses import protection_services, services
from apps.licenses.chargeback_forms import data_of
from apps.licenses.chargeback_selectors import READERS as STATEMENT_READERS
from apps.licenses.chargeback_selectors import month_named, statement_for
from apps.licenses.eligibility import next_step, requirements
from apps.licenses.models import EmergencyStop, Seat, SeatRequest
from apps.licenses.selectors import facts_for, ledger, requests_visible_to, stops_visible_to
from apps.rollout.models import Phase


class RequestOut(serializers.ModelSerializer[SeatRequest]):
    employee = serializers.CharField(source="employee.employee_id")
    agency = serializers.CharField(source="employee.agency.code")

    class Meta:
        model = SeatRequest
        fields = [
            "id", "employee", "agency", "state", "task_types", "note", "submitted_at", "decided_at", "decided_by_name",
            "decision_reason",
        ]  # fmt: skip


class SeatOut(serializers.ModelSerializer[Seat]):
    employee = serializers.CharField(source="employee.employee_id")
    agency = serializers.CharField(source="agency.code")
    phase = serializers.IntegerField(source="phase.number")

    class Meta:
        model = Seat
        fields = ["id", "employee", "agency", "phase", "state", "reason", "changed_at", "changed_by", "granted_at"]


class StopOut(serializers.ModelSerializer[EmergencyStop]):
    whom = serializers.CharField()

    class Meta:
        model = EmergencyStop
        fields = [
            "id",
            "scope",
            "whom",
            "reason",
            "people",
            "started_at",
            "started_by",
            "lifted_at",
            "lifted_by",
            "settled_at",
        ]


class StopIn(serializers.Serializer[Any]):
    scope = serializers.ChoiceField(choices=EmergencyStop.Scope.choices)
    employee = serializers.CharField(required=False, help_text="Employee id, for one person")
    agency = serializers.CharField(required=False, help_text="Agency code")
    phase = serializers.IntegerField(required=False, help_text="Phase number")
    number = serializers.IntegerField(required=False, help_text="Live seats concerned; for more than one person")
    reason = serializers.CharField(max_length=1000)


class AskIn(serializers.Serializer[Any]):
    task_types = serializers.ListField(child=serializers.ChoiceField(choices=list(TASK_TYPES)), allow_empty=False)
    note = serializers.CharField(required=False, allow_blank=True, max_length=1000, default="")


class DecideIn(serializers.Serializer[Any]):
    ids = serializers.ListField(child=serializers.IntegerField(), allow_empty=False, max_length=1000)
    approve = serializers.BooleanField()
    reason = serializers.CharField(required=False, allow_blank=True, max_length=1000, default="")


@extend_schema(responses=OpenApiTypes.OBJECT, operation_id="me")
@login_not_required
@allow()
@api_view(["GET"])
def me(request: Request) -> Response:
    """One's own requirements and the single next step."""
    actor = actor_of(request)
    if actor.employee_id is None:
        raise NotFound("There is no employee behind this sign-in.")
    facts = facts_for(actor.employee_id)
    step = next_step(facts)
    return Response(
        {
            "requirements": [
                {"code": r.code, "title": r.title, "status": r.status.value, "text": r.text, "owner": r.owner}
                for r in requirements(facts)
            ],
            "next_step": reason_json(step.reason()) if step else None,
            "seat": {"id": facts.seat_id, "state": facts.seat_state} if facts.seat_id else None,
        }
    )


@extend_schema(
    methods=["GET"], responses=pages_of(RequestOut), operation_id="requests_list",
    parameters=[OpenApiParameter("state", str), *FIELDS],
)  # fmt: skip
@extend_schema(methods=["POST"], request=AskIn, responses={201: RequestOut}, operation_id="requests_create")
@login_not_required
@allow()
@api_view(["GET", "POST"])
def request_list(request: Request) -> Response:
    """GET: requests within one's scope, `?state=` narrows. POST: ask for a seat."""
    actor = actor_of(request)
    if request.method == "POST":
        data = AskIn(data=request.data)
        data.is_valid(raise_exception=True)
        made = services.request_submit(actor=actor, **data.validated_data)
        return Response(RequestOut(made).data, status=201)
    rows = requests_visible_to(actor)
    if state := request.query_params.get("state"):
        rows = rows.filter(state=state)
    return paged(request, rows, RequestOut)


@extend_schema(request=DecideIn, responses=OpenApiTypes.OBJECT, operation_id="requests_decide")
@login_not_required
@allow(Role.CONTACT, Role.ADMINISTRATOR, scope=Scope.DECIDE)
@api_view(["POST"])
def decide(request: Request) -> Response:
    """Approve or decline up to 1,000 requests; the answer says what became of each."""
    data = DecideIn(data=request.data)
    data.is_valid(raise_exception=True)
    wanted = data.validated_data
    outcomes = services.requests_decide(
        actor=actor_of(request), request_ids=wanted["ids"], approve=wanted["approve"], reason=wanted["reason"]
    )
    return Response(
        {
            "results": [
                {"id": o.request.pk, "state": o.request.state, "refusal": reason_json(o.refusal) if o.refusal else None}
                for o in outcomes
            ]
        }
    )


@extend_schema(methods=["GET"], responses=pages_of(StopOut), parameters=FIELDS, operation_id="stops_list")
@extend_schema(methods=["POST"], request=StopIn, responses={201: StopOut}, operation_id="stops_start")
@login_not_required
@allow(Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR, scope=Scope.STOP)
@api_view(["GET", "POST"])
def stop_list(request: Request) -> Response:
    """GET: emergency stops, newest first. POST: stop access at once for a person, an agency, a phase or everyone."""
    actor = actor_of(request)
    if request.method == "GET":
        return paged(request, stops_visible_to(actor), StopOut)
    data = StopIn(data=request.data)
    data.is_valid(raise_exception=True)
    wanted = data.validated_data
    target: dict[str, Any] = {}
    if wanted["scope"] == "person":
        target["employee"] = get_object_or_404(employees_visible_to(actor), employee_id=wanted.get("employee", ""))
    elif wanted["scope"] == "agency":
        target["agency"] = get_object_or_404(Agency, code=wanted.get("agency", ""))
    elif wanted["scope"] == "phase":
        target["phase"] = get_object_or_404(Phase, number=wanted.get("phase", 0))
    stop = protection_services.stop_start(
        actor=actor, scope=wanted["scope"], reason=wanted["reason"], number=wanted.get("number"), **target
    )
    return Response(StopOut(stop).data, status=201)


@extend_schema(responses=OpenApiTypes.OBJECT, operation_id="ledger")
@login_not_required
@allow(Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR)
@api_view(["GET"])
def ledger_list(_request: Request) -> Response:
    """Bought, free, held, granted and suspended seats of each contract."""
    return Response(
        {
            "contracts": [
                {
                    "name": line.name, "purchased": line.purchased, "free": line.free, "held": line.held,
                    "granted": line.granted, "suspended": line.suspended, "balances": line.balances,
                }
                for line in ledger()
            ]
        }
    )  # fmt: skip


@extend_schema(responses=OpenApiTypes.OBJECT, operation_id="charge_back_retrieve")
@login_not_required
@allow(*STATEMENT_READERS)
@api_view(["GET"])
def charge_back(request: Request) -> Response:
    """The charge-back statement of a finished month (`?month=2026-10`, else the last), cut to one's scope."""
    month = month_named(request.query_params.get("month", ""))
    return Response(data_of(statement_for(actor_of(request), month)))
