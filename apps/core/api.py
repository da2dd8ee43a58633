"""What every API view shares: pages of rows, and answers to errors as problem details (RFC 9457) with the reasons that the
pages show.
"""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import exception_handler

from apps.core.errors import BeaconError, Reason


class Pages(CursorPagination):
    """Cursor paging, 100 rows a page: it neither skips nor repeats while rows are added."""

    page_size = 100
    ordering = "-id"


def paged(request: Request, rows: Any, serializer: type[serializers.BaseSerializer[Any]]) -> Response:
    """One page of `rows` (a queryset), newest first, each through the serializer."""
    pages = Pages()
    page: Any = pages.paginate_queryset(rows, request)
    return pages.get_paginated_response(serializer(page, many=True).data)


CONTENT_TYPE = "application/problem+json"


def problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. Unknown errors stay errors (500): nothing is swallowed."""
    if isinstance(error, BeaconError):
        return Response(problem_body(error), status=error.status, content_type=CONTENT_TYPE)
    response = exception_handler(error, context)
    if response is not None:
        detail = response.data
        title = str(detail.get("detail", "The request cannot be used.")) if isinstance(detail, dict) else ""
        response.data = {
            "type": "about:blank",
            "title": title or "The request cannot be used.",
            "status": response.status_code,
            "errors": detail,
        }
        response.content_type = CONTENT_TYPE
    return response


def problem_body(error: BeaconError) -> dict[str, Any]:
    """A refusal as problem details, with every reason."""
    return {
        "type": f"urn:beacon:{error.code()}",
        "title": error.reasons[0].text,
        "status": error.status,
        "reasons": [reason_json(reason) for reason in error.reasons],
    }


def reason_json(reason: Reason) -> dict[str, str]:
    return {
        "code": reason.code,
        "text": reason.text,
        "how_to_fix": reason.how_to_fix,
        "owner": reason.owner,
    }
