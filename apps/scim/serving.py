"""The library's server, told what is Beacon's: who may write what, how long a body may be, and what Entra means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any, TypeVar

from django.conf import settings
from scim2_models import (
    BaseModel,
    Context,
    InvalidSyntaxException,
    PayloadTooLargeException,
    Resource,
    ResourceType,
    ResponseParameters,
    SCIMException,
    SearchRequest,
)  # fmt: skip
from scim2_server.conditions import Conditions
from scim2_server.errors import MethodNotAllowedException
from scim2_server.handler import ScimHandler
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse
from scim2_server.routing import Operation, Target
from scim2_server.service import ScimService
from scim2_server.storage import SearchPage

from apps.accounts.actors import Actor
from apps.agencies.models import Agency
from apps.scim import groups
from apps.scim.schemas import ENTERPRISE, MAX_BODY, PROVIDER, Group
from apps.scim.storage import DirectoryStorage
from apps.scim.taming import MAX_DEPTH, depth, tame

_WRITES = {Operation.create, Operation.replace, Operation.patch, Operation.delete}
ModelT = TypeVar("ModelT", bound=BaseModel)


class DirectoryService(ScimService):
    """The protocol, with Beacon's rules at the steps that the library leaves open."""

    def authorize(self, request: ScimRequest, target: Target, resource_type: ResourceType) -> None:
        """Users may be written by whoever was let in; groups by nobody."""
        if resource_type.name == "Group" and target.operation in _WRITES:
            raise MethodNotAllowedException(
                detail="Groups are read-only: Beacon decides who holds a seat.", allowed=["GET"]
            )

    def read_body(self, model: type[ModelT], body: bytes, content_type: str | None, scim_ctx: Context) -> ModelT:
        """The body, with Entra's habits put right."""
        payload = self.decode_body(body, content_type)
        return super().read_body(model, json.dumps(tame(payload)).encode(), content_type, scim_ctx)

    def decode_body(self, body: bytes, content_type: str | None) -> Any:
        """The JSON of a body that is neither too long nor too deep."""
        if len(body) > MAX_BODY:
            raise PayloadTooLargeException(detail=f"A body has at most {MAX_BODY} bytes.")
        payload = super().decode_body(body, content_type)
        if depth(payload) > MAX_DEPTH:
            raise InvalidSyntaxException(detail=f"Objects and lists stand at most {MAX_DEPTH} deep in each other.")
        if not isinstance(payload, dict):
            raise InvalidSyntaxException(detail="A body is a JSON object.")
        return payload

    def query_response(
        self,
        base_url: str,
        resource: Resource[Any],
        response_parameters: ResponseParameters[Any],
        conditions: Conditions,
    ) -> ScimResponse:
        """A User, or a Group with its members where they are asked for."""
        answer = super().query_response(base_url, resource, response_parameters, conditions)
        if isinstance(resource, Group) and answer.body is not None:
            _add_members(answer.body, resource, base_url, response_parameters)
        return answer

    def search_response(
        self,
        base_url: str,
        resource_types: list[ResourceType],
        page: SearchPage,
        search_request: SearchRequest[Any],
    ) -> ScimResponse:
        """A page, likewise."""
        answer = super().search_response(base_url, resource_types, page, search_request)
        for body, resource in zip((answer.body or {}).get("Resources", []), page.resources, strict=False):
            if isinstance(resource, Group):
                _add_members(body, resource, base_url, search_request)
        return answer

    def schemas(self, location: str, query: Mapping[str, str]) -> ScimResponse:
        """The schemas, with the codes that a department may have today."""
        answer = super().schemas(location, query)
        for schema in (answer.body or {}).get("Resources", []):
            _name_departments(schema)
        return answer

    def schema(self, location: str, schema_id: str, query: Mapping[str, str]) -> ScimResponse:
        """One schema, likewise."""
        answer = super().schema(location, schema_id, query)
        _name_departments(answer.body or {})
        return answer


def _add_members(
    body: dict[str, Any], group: Group, base_url: str, asked: ResponseParameters[Any] | SearchRequest[Any]
) -> None:
    if parts := groups.wanted_members(asked):
        body["members"] = groups.member_rows(str(group.id), base_url, parts)


def _name_departments(schema: dict[str, Any]) -> None:
    if schema.get("id") == ENTERPRISE:
        codes = list(Agency.objects.filter(is_active=True).order_by("code").values_list("code", flat=True))
        for attribute in schema["attributes"]:
            if attribute["name"] == "department":
                attribute["canonicalValues"] = codes


@lru_cache(maxsize=1)
def service() -> DirectoryService:
    """The server of this process; it keeps nothing between requests."""
    return DirectoryService(PROVIDER, secret=settings.SECRET_KEY)


def serve(actor: Actor, request: ScimRequest) -> ScimResponse:
    """Answer one request on behalf of a token."""
    try:
        return ScimHandler(service(), DirectoryStorage(actor)).handle(request)
    except SCIMException as refusal:
        return service().error_response(refusal)


def refused(status: int, text: str) -> ScimResponse:
    """An answer in the form of a SCIM error, for what is refused before the server is asked."""
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": str(status), "detail": text}
    return ScimResponse(HTTPStatus(status), body)
