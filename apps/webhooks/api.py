"""The feed of changes for BI tools (/api/v1/changes/): every event in order, the same as webhooks tell (docs/webhooks.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.decorators import login_not_required
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view, renderer_classes
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Role, Scope
from apps.core.errors import Invalid
from apps.webhooks.delivering import event_of
from apps.webhooks.events import TYPES
from apps.webhooks.models import Delivery
from apps.webhooks.selectors import changes_visible_to

PAGE, MOST = 500, 1000
_LAST = 2**63


class DeliveryOut(serializers.ModelSerializer[Delivery]):
    webhook = serializers.IntegerField(source="subscription_id")
    event = serializers.UUIDField(source="change.key")
    type = serializers.CharField(source="change.type")

    class Meta:
        model = Delivery
        fields = [
            "id", "webhook", "event", "type", "record", "position", "state", "attempts", "next_attempt_at", "delivered_at",
            "status", "answer",
        ]  # fmt: skip


class EventOut(serializers.Serializer[Any]):
    """One event in the form of CloudEvents 1.0."""

    specversion = serializers.CharField()
    id = serializers.UUIDField()
    source = serializers.CharField()  # type: ignore[assignment]  # a name of CloudEvents; DRF takes fields out of the class
    type = serializers.CharField()
    subject = serializers.CharField()
    time = serializers.DateTimeField()
    datacontenttype = serializers.CharField()
    dataschema = serializers.CharField()
    sequence = serializers.CharField()
    data = serializers.DictField()  # type: ignore[assignment]  # as above


class ChangesOut(serializers.Serializer[Any]):
    events = EventOut(many=True)
    next = serializers.CharField(help_text="What to send as `after` next time, also where there is nothing new")
    is_last = serializers.BooleanField(help_text="Nothing more is there at the moment")


class Ndjson(BaseRenderer):
    """One event a line; where to go on stands in the header Beacon-Next."""

    media_type, format, charset = "application/x-ndjson", "ndjson", "utf-8"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        lines = data["events"] if isinstance(data, dict) and "events" in data else [data]
        return "".join(f"{json.dumps(line, ensure_ascii=False, default=str)}\n" for line in lines).encode()


@extend_schema(
    responses=ChangesOut, operation_id="changes_list", tags=["changes"],
    parameters=[
        OpenApiParameter("after", str, description="Where to go on: `next` of the answer before. Nothing: from the beginning"),
        OpenApiParameter("limit", int, description="Events in an answer, 500 unless told, 1,000 at most"),
        OpenApiParameter("type", str, description="Only these types, separated by commas, such as seat.granted"),
    ],
)  # fmt: skip
@login_not_required
@allow(Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR, scope=Scope.FEED, connections=True)
@api_view(["GET"])
@renderer_classes([JSONRenderer, Ndjson])
def change_list(request: Request) -> Response:
    """Every change of seats, phases, terms and incidents, in order. It neither skips nor repeats, whenever it is read."""
    after = _number(request, "after", 0, _LAST - 1)
    limit = _number(request, "limit", PAGE, MOST)
    rows = changes_visible_to(actor_of(request)).filter(position__gt=after)
    if kinds := request.query_params.get("type", ""):
        wanted = {kind.strip() for kind in kinds.split(",")}
        if unknown := wanted - set(TYPES):
            raise Invalid(f"There is no such type: {', '.join(sorted(unknown))[:200]}.".replace("\x00", ""))
        rows = rows.filter(type__in=wanted)
    found = list(rows[: max(limit, 1) + 1])
    page = found[: max(limit, 1)]
    following = str(page[-1].position if page else after)
    body = {"events": [event_of(one) for one in page], "next": following, "is_last": len(found) == len(page)}
    return Response(body, headers={"Beacon-Next": following})


def _number(request: Request, name: str, default: int, most: int) -> int:
    text = request.query_params.get(name, "") or str(default)
    if not (text.isascii() and text.isdecimal()) or len(text) > 19 or int(text) > most:
        raise Invalid(f"{name} cannot be read.", how_to_fix=f"It is a number up to {most}.")
    return int(text)
