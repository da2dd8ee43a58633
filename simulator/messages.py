"""A call as the handlers see it, and the reply they give. Handlers know nothing of HTTP servers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec
from starlette.datastructures import QueryParams
from starlette.types import Send

from simulator.errors import ApiError, bad_request

JSON = "application/json"
HTML = "text/html; charset=utf-8"

Shape = TypeVar("Shape")

# msgspec names the place of an error as `$.role` and an absent field as required field `role`.
_PLACE = re.compile(r"`\$\.?([^`]*)`$")
_ABSENT = re.compile(r"missing required field `([^`]+)`")


@dataclass(slots=True)
class Call:
    """One request. `route` is "METHOD /template"; `params` are the path's parameters."""

    method: str
    route: str
    path: str
    query: QueryParams
    params: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    request_id: str


@dataclass(slots=True)
class Reply:
    """One answer."""

    body: bytes
    status: int = HTTPStatus.OK
    media_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


def json_reply(value: Any, status: int = HTTPStatus.OK) -> Reply:
    """Return `value` as a JSON answer."""
    return Reply(msgspec.json.encode(value), status)


def error_reply(error: ApiError) -> Reply:
    """Return the answer that carries a refusal."""
    return Reply(error.body(), error.status, headers=error.headers)


def read_body(call: Call, shape: type[Shape]) -> Shape:
    """Return the request's JSON body as `shape`; raises a 400 that names the field at fault."""
    try:
        return msgspec.json.decode(call.body or b"{}", type=shape)
    except msgspec.ValidationError as error:
        raise bad_request(f"Invalid request body: {error}.", param=_field_at_fault(str(error))) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise bad_request("We could not parse the JSON body of your request.") from error


def _field_at_fault(message: str) -> str | None:
    absent, place = _ABSENT.search(message), _PLACE.search(message)
    parts = [match.group(1) for match in (place, absent) if match and match.group(1)]
    return ".".join(parts) or None


async def send_reply(send: Send, reply: Reply) -> None:
    """Put a reply on the wire."""
    headers = {
        "content-type": reply.media_type,
        "content-length": str(len(reply.body)),
        **reply.headers,
    }
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": raw})
    await send({"type": "http.response.body", "body": reply.body})
