"""The organization's API against the vendor's published description, as its own SDK carries it.

The SDK is generated from the vendor's OpenAPI file: its models say which fields an answer has, its methods
which parameters a request may have. Both are walked here in full, so that a route of the simulator can
neither miss a field nor have one of its own making.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import httpx2
import pytest
from openai.pagination import SyncConversationCursorPage, SyncNextCursorPage
from openai.resources.admin.organization import Organization
from openai.types.admin.organization import (
    Group,
    GroupDeleteResponse,
    GroupUpdateResponse,
    Invite,
    InviteDeleteResponse,
    OrganizationDataRetention,
    OrganizationUser,
    UsageCompletionsResponse,
    UsageCostsResponse,
    UserDeleteResponse,
)
from openai.types.admin.organization.audit_log_list_response import AuditLogListResponse
from openai.types.admin.organization.groups import OrganizationGroupUser, UserCreateResponse, UserRetrieveResponse
from openai.types.admin.organization.groups import UserDeleteResponse as GroupUserDeleteResponse
from pydantic import BaseModel, TypeAdapter

from simulator.routes import ORGANIZATION_ROUTES
from simulator.testing import RunningSimulator

DAY = 86_400
PREFIX = "/v1/organization"
USER, GROUP = "/users/{user_id}", "/groups/{group_id}"
MEMBERSHIP = f"{GROUP}/users/{{user_id}}"

# The model of each route's answer.
MODELS: dict[str, Any] = {
    "GET /users": SyncConversationCursorPage[OrganizationUser],
    f"GET {USER}": OrganizationUser,
    f"POST {USER}": OrganizationUser,
    f"DELETE {USER}": UserDeleteResponse,
    "GET /invites": SyncConversationCursorPage[Invite],
    "POST /invites": Invite,
    "GET /invites/{invite_id}": Invite,
    "DELETE /invites/{invite_id}": InviteDeleteResponse,
    "GET /groups": SyncNextCursorPage[Group],
    "POST /groups": Group,
    f"GET {GROUP}": Group,
    f"POST {GROUP}": GroupUpdateResponse,
    f"DELETE {GROUP}": GroupDeleteResponse,
    f"GET {GROUP}/users": SyncNextCursorPage[OrganizationGroupUser],
    f"POST {GROUP}/users": UserCreateResponse,
    f"GET {MEMBERSHIP}": UserRetrieveResponse,
    f"DELETE {MEMBERSHIP}": GroupUserDeleteResponse,
    "GET /audit_logs": SyncConversationCursorPage[AuditLogListResponse],
    "GET /usage/completions": UsageCompletionsResponse,
    "GET /costs": UsageCostsResponse,
    "GET /data_retention": OrganizationDataRetention,
    "POST /data_retention": OrganizationDataRetention,
}

# What the models do not name although the published description or its examples do.
UNNAMED = {
    # The SDK's pages keep only what they need to go on; the description requires these.
    ("SyncConversationCursorPage", "object"),
    ("SyncConversationCursorPage", "first_id"),
    ("SyncNextCursorPage", "object"),
    # Only the examples show it.
    ("Group", "object"),
    ("GroupUpdateResponse", "object"),
    # Of these kinds of event no detail is described.
    ("AuditLogListResponse", "tenant.group.member.added"),
    ("AuditLogListResponse", "tenant.group.member.removed"),
    # How a change of retention is logged is not described; the event is the nearest there is.
    ("OrganizationUpdatedChangesRequested", "data_retention"),
    # Sessions have more in the examples than in the description.
    ("ActorSession", "user_agent"),
}
LISTED = ("GET /users", "GET /invites", "GET /groups", f"GET {GROUP}/users", "GET /audit_logs")


def unknown_fields(annotation: Any, value: Any) -> Iterator[tuple[str, str]]:
    """Yield (model, field) for each field of a document that its model does not name."""
    model = _model_for(annotation, value)
    if model is not None:
        known = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
        for name, inner in value.items():
            if name in known:
                yield from unknown_fields(known[name], inner)
            else:
                yield model.__name__.partition("[")[0], name
    elif isinstance(value, list):
        for inner in value:
            yield from unknown_fields(next(iter(get_args(_bare(annotation, list))), Any), inner)


def _choices(annotation: Any) -> Iterator[Any]:
    """Yield what an annotation allows, without its wrappers."""
    if get_origin(annotation) is Annotated:
        yield from _choices(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, types.UnionType):
        for choice in get_args(annotation):
            yield from _choices(choice)
    else:
        yield annotation


def _bare(annotation: Any, kind: type) -> Any:
    return next((choice for choice in _choices(annotation) if get_origin(choice) is kind), Any)


def _model_for(annotation: Any, value: Any) -> type[BaseModel] | None:
    """Return the model of an object: of several, the one whose `object` is the value's."""
    if not isinstance(value, dict):
        return None
    models = [choice for choice in _choices(annotation) if isinstance(choice, type) and issubclass(choice, BaseModel)]
    named = [model for model in models if value.get("object") in _objects(model)]
    return next(iter(named or models), None)


def _objects(model: type[BaseModel]) -> tuple[Any, ...]:
    field = model.model_fields.get("object")
    return get_args(field.annotation) if field and get_origin(field.annotation) is Literal else ()


class Walk:
    """Calls every route of the organization at least once and keeps the answers by route."""

    def __init__(self, sim: RunningSimulator, raw: httpx2.Client) -> None:
        self.raw = raw
        self.answers: dict[str, list[Any]] = {}
        sim.seed(20, oddities=True, added_days_ago=30)
        self.start = sim.now() - 20 * DAY
        self._people()
        self._invites(sim)
        self._groups()
        self._figures()

    def call(self, method: str, template: str, body: Any = None, **ids: Any) -> Any:
        query = ids.pop("query", None)
        response = self.raw.request(method, f"/organization{template.format(**ids)}", json=body, params=query)
        assert response.status_code == 200, response.text
        self.answers.setdefault(f"{method} {template}", []).append(response.json())
        return response.json()

    def _people(self) -> None:
        for row in self.call("GET", "/users", query={"limit": 100})["data"]:
            self.call("GET", USER, user_id=row["id"])
        self.user_id = row["id"]
        metadata = {"technical_level": "expert", "developer_persona": "builder"}
        self.call("POST", USER, {"role": "owner", **metadata}, user_id=self.user_id)

    def _invites(self, sim: RunningSimulator) -> None:
        expired = self.call("POST", "/invites", {"email": "old@x.example", "role": "owner"})
        sim.advance(8 * DAY)
        projects = [{"id": "p", "role": "owner"}]
        self.call("POST", "/invites", {"email": "in@x.example", "role": "reader", "projects": projects})
        self.joined = sim.accept("in@x.example")
        self.call("POST", "/invites", {"email": "new@x.example", "role": "reader", "projects": []})
        for row in self.call("GET", "/invites", query={"limit": 100})["data"]:
            self.call("GET", "/invites/{invite_id}", invite_id=row["id"])
        self.call("DELETE", "/invites/{invite_id}", invite_id=expired["id"])

    def _groups(self) -> None:
        group_id = self.call("POST", "/groups", {"name": "one"})["id"]
        self.call("GET", GROUP, group_id=group_id)
        self.call("POST", GROUP, {"name": "two"}, group_id=group_id)
        self.call("GET", "/groups", query={"limit": 1})
        for user_id in (self.user_id, self.joined):
            self.call("POST", f"{GROUP}/users", {"user_id": user_id}, group_id=group_id)
        self.call("GET", f"{GROUP}/users", group_id=group_id)
        self.call("GET", MEMBERSHIP, group_id=group_id, user_id=self.joined)
        self.call("DELETE", MEMBERSHIP, group_id=group_id, user_id=self.joined)
        self.call("DELETE", GROUP, group_id=group_id)
        self.call("DELETE", USER, user_id=self.joined)

    def _figures(self) -> None:
        grouped = ["project_id", "user_id", "api_key_id", "model", "batch", "service_tier"]
        for grouping in ([], grouped):
            query = {"start_time": self.start, "group_by": grouping}
            self.call("GET", "/usage/completions", query=query)
        for grouping in ([], ["project_id", "line_item", "api_key_id"]):
            self.call("GET", "/costs", query={"start_time": self.start, "group_by": grouping})
        self.call("POST", "/data_retention", {"retention_type": "zero_data_retention"})
        self.call("GET", "/data_retention")
        self.call("GET", "/audit_logs", query={"limit": 100})


@pytest.fixture
def answers(sim: RunningSimulator, raw: httpx2.Client) -> dict[str, list[Any]]:
    return Walk(sim, raw).answers


def test_every_route_is_walked(answers: dict[str, list[Any]]) -> None:
    served = {f"{method} {template.removeprefix(PREFIX)}" for method, template, _ in ORGANIZATION_ROUTES}
    assert served == set(MODELS) == set(answers)


def test_answers_have_every_required_field_and_strictly_the_right_types(answers: dict[str, list[Any]]) -> None:
    for route, documents in answers.items():
        model = TypeAdapter(MODELS[route])
        for document in documents:
            # Without a lenient reading: no number for a text, no text for a number, no word outside an enum.
            model.validate_python(document, strict=True)


def test_answers_have_no_field_that_is_not_described(answers: dict[str, list[Any]]) -> None:
    found = {
        unknown
        for route, documents in answers.items()
        for document in documents
        for unknown in unknown_fields(MODELS[route], document)
    }
    assert found == UNNAMED


def test_lists_have_exactly_their_envelope(answers: dict[str, list[Any]]) -> None:
    cursor, following = {"object", "data", "has_more", "first_id", "last_id"}, {"object", "data", "has_more", "next"}
    for route in LISTED:
        keys = following if "groups" in route else cursor
        for document in answers[route]:
            assert set(document) == keys
            assert document["data"], route
    for route in ("GET /usage/completions", "GET /costs"):
        assert all(set(document) == {"object", "data", "has_more", "next_page"} for document in answers[route])


def test_a_wrong_answer_would_be_noticed() -> None:
    right = {"id": "g", "name": "g", "created_at": 1, "is_scim_managed": False, "group_type": "group"}
    adapter = TypeAdapter(Group)
    adapter.validate_python(right, strict=True)
    for wrong in ({**right, "created_at": "1"}, {**right, "group_type": "team"}, {"id": "g"}):
        with pytest.raises(ValueError, match="validation error"):
            adapter.validate_python(wrong, strict=True)
    assert list(unknown_fields(Group, {**right, "colour": "red"})) == [("Group", "colour")]


EXTRAS = {"self", "extra_headers", "extra_query", "extra_body", "timeout"}
IN_PATH = {"user_id", "invite_id", "group_id"}

# Every parameter of every method, with a value that is in range.
PARAMETERS: dict[str, dict[str, Any]] = {
    "users.list": {"after": None, "emails": ["a@x.example"], "limit": 100},
    "users.retrieve": {},
    "users.update": {"role": "reader", "role_id": None, "technical_level": "t", "developer_persona": "d"},
    "users.delete": {},
    "invites.create": {"email": "b@x.example", "role": "reader", "projects": [{"id": "p", "role": "member"}]},
    "invites.retrieve": {},
    "invites.list": {"after": None, "limit": 100},
    "invites.delete": {},
    "groups.create": {"name": "g"},
    "groups.retrieve": {},
    "groups.update": {"name": "h"},
    "groups.list": {"after": None, "limit": 1000, "order": "desc"},
    "groups.delete": {},
    "groups.users.create": {},
    "groups.users.retrieve": {},
    "groups.users.list": {"after": None, "limit": 1000, "order": "asc"},
    "groups.users.delete": {},
    "audit_logs.list": {
        "effective_at": {"gt": 1, "gte": 1, "lt": 2**40, "lte": 2**40},
        "project_ids": ["proj-default"],
        "event_types": ["user.added"],
        "actor_ids": ["x"],
        "actor_emails": ["a@x.example"],
        "resource_ids": ["x"],
        "tenant_only": False,
        "limit": 100,
        "after": None,
        "before": None,
    },
    "usage.completions": {
        "start_time": 1_700_000_000,
        "end_time": 1_700_200_000,
        "bucket_width": "1h",
        "project_ids": ["proj-default"],
        "user_ids": ["x"],
        "api_key_ids": ["key-x"],
        "models": ["gpt-5.2"],
        "batch": False,
        "group_by": ["project_id", "user_id", "api_key_id", "model", "batch", "service_tier"],
        "limit": 168,
        "page": None,
    },
    "usage.costs": {
        "start_time": 1_700_000_000,
        "end_time": 1_700_200_000,
        "bucket_width": "1d",
        "project_ids": ["proj-default"],
        "api_key_ids": ["key-x"],
        "group_by": ["project_id", "line_item", "api_key_id"],
        "limit": 180,
        "page": None,
    },
    "data_retention.retrieve": {},
    "data_retention.update": {"retention_type": "zero_data_retention"},
}
# Of the SDK and not, or not yet, in the published description.
SDK_ONLY = {"usage.costs": {"user_ids", "line_items"}}
CURSORS = {"after", "before", "page"}


def method_of(org: Organization, name: str) -> Callable[..., Any]:
    target: Any = org
    for part in name.split("."):
        target = getattr(target, part)
    found: Callable[..., Any] = target
    return found


def signature(org: Organization, name: str) -> set[str]:
    return set(inspect.signature(method_of(org, name)).parameters) - EXTRAS


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_parameter_of_every_method_is_taken(sim: RunningSimulator, org: Organization, name: str) -> None:
    in_path = signature(org, name) & IN_PATH
    assert signature(org, name) - SDK_ONLY.get(name, set()) == set(PARAMETERS[name]) | in_path
    user = sim.add_members(["a@x.example"])["a@x.example"]
    invite_id = org.invites.create(email="i@x.example", role="reader", projects=[]).id
    group_id = org.groups.create(name="first").id
    if name.startswith("groups.users") and name != "groups.users.create":
        org.groups.users.create(group_id, user_id=user)
    known = {"user_id": user, "invite_id": invite_id, "group_id": group_id}
    given = {key: value for key, value in PARAMETERS[name].items() if key not in CURSORS}
    sim.clear_requests()
    method_of(org, name)(**given, **{key: known[key] for key in in_path})
    (sent,) = sim.requests()
    assert sent["status"] == 200
    for key in given:
        assert key in f"{sent['query']} {sent['body']}"


def test_lists_go_on_by_the_cursor_the_sdk_sends(sim: RunningSimulator, org: Organization) -> None:
    users = sim.add_members([f"p{n}@x.example" for n in range(3)])
    group = org.groups.create(name="g0")
    for n in range(1, 4):
        org.groups.create(name=f"g{n}")
        org.invites.create(email=f"i{n}@x.example", role="reader", projects=[])
    for user_id in users.values():
        org.groups.users.create(group.id, user_id=user_id)
    assert len(list(org.users.list(limit=2))) == 4
    assert len(list(org.invites.list(limit=2))) == 3
    assert [row.name for row in org.groups.list(limit=3, order="desc")] == ["g3", "g2", "g1", "g0"]
    assert [row.id for row in org.groups.users.list(group.id, limit=2, order="asc")] == list(users.values())
    newest = next(iter(org.audit_logs.list(limit=1)))
    assert [row.id for row in org.audit_logs.list(before=newest.id).data] == []
    page = org.usage.completions(start_time=sim.now() - 20 * DAY, limit=7)
    second = org.usage.completions(start_time=sim.now() - 20 * DAY, limit=7, page=str(page.next_page))
    assert second.data[0].start_time == page.data[-1].end_time
