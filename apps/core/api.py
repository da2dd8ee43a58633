"""What every API view shares: pages of rows, chosen fields, and answers to errors as problem details (RFC 9457) with the
reasons that the pages show.
"""

from __future__ import annotations

from typing import Any, cast

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import exception_handler

from apps.core.errors import BeaconError, Invalid, Reason


class Pages(CursorPagination):
    """Cursor paging, 100 rows a page (`page_size` up to 1,000): it neither skips nor repeats while rows are added."""

    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 1000
    ordering = "-pk"


FIELDS = [
    OpenApiParameter("fields", str, description="Only these fields of each record, separated by commas"),
    OpenApiParameter("cursor", str, description="Where the page begins; taken from `next` or `previous`"),
    OpenApiParameter("page_size", int, description="Records on a page, 100 unless told, 1,000 at most"),
]


def paged(request: Request, rows: Any, serializer: type[serializers.BaseSerializer[Any]]) -> Response:
    """One page of `rows` (a queryset), newest first, each through the serializer, cut to `?fields=`."""
    pages = Pages()
    page: Any = pages.paginate_queryset(rows, request)
    many: Any = serializer(page, many=True, context={"request": request})
    if wanted := request.query_params.get("fields", ""):
        _cut(many.child, wanted)
    return pages.get_paginated_response(many.data)


def _cut(serializer: Any, wanted: str) -> None:
    """Leave only the fields that were asked for. Raises `Invalid` for one that there is not."""
    names = {name.strip() for name in wanted.split(",") if name.strip()}
    if unknown := names - set(serializer.fields):
        raise Invalid(
            f"There is no such field: {', '.join(sorted(unknown))[:200]}.",
            how_to_fix=f"There are: {', '.join(serializer.fields)}.",
        )
    for name in set(serializer.fields) - names:
        serializer.fields.pop(name)


_PAGES: dict[str, Any] = {}


def pages_of(serializer: type[serializers.BaseSerializer[Any]]) -> type[serializers.BaseSerializer[Any]]:
    """How a page of such records looks, for the description of the interface."""
    name = serializer.__name__.removesuffix("Out") + "Page"
    if name in _PAGES:
        return cast(type[serializers.BaseSerializer[Any]], _PAGES[name])
    fields = {
        "next": serializers.CharField(allow_null=True),
        "previous": serializers.CharField(allow_null=True),
        "results": serializer(many=True),
    }
    _PAGES[name] = type(name, (serializers.Serializer,), fields | {"__doc__": ""})
    return cast(type[serializers.BaseSerializer[Any]], _PAGES[name])


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
