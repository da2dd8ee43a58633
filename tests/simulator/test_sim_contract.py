"""Every answer, held strictly against the types of the vendor's own SDK: required fields, enums, types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from openai import OpenAI
from openai.pagination import SyncConversationCursorPage, SyncNextCursorPage
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
from openai.types.admin.organization.groups import (
    OrganizationGroupUser,
    UserCreateResponse,
    UserRetrieveResponse,
)
from openai.types.admin.organization.groups import UserDeleteResponse as GroupUserDeleteResponse
from pydantic import TypeAdapter

from simulator.testing import RunningSimulator

DAY = 86_400
CURSOR_KEYS = {"object", "data", "has_more", "first_id", "last_id"}
NEXT_KEYS = {"object", "data", "has_more", "next"}
CURSOR_LISTS = (
    ("/organization/users", OrganizationUser),
    ("/organization/invites", Invite),
    ("/organization/audit_logs", AuditLogListResponse),
)


def check(model: Any, response: httpx2.Response) -> Any:
    """Return the body after checking it against a type of the SDK."""
    assert response.status_code == 200, response.text
    document = response.json()
    TypeAdapter(model).validate_python(document)
    return document


@pytest.fixture
def busy(sim: RunningSimulator, raw: httpx2.Client) -> RunningSimulator:
    """An organization with odd members, invites of every status and a group with someone in it."""
    sim.seed(40, oddities=True, added_days_ago=30)
    for name in ("expired", "accepted", "pending"):
        if name == "accepted":
            sim.advance(8 * DAY)
        body = {"email": f"{name}@x.example", "role": "owner"}
        assert raw.post("/organization/invites", json=body).status_code == 200
    sim.accept("accepted@x.example")
    return sim


@pytest.mark.parametrize(("path", "model"), CURSOR_LISTS)
@pytest.mark.usefixtures("busy")
def test_rows_of_cursor_lists(raw: httpx2.Client, path: str, model: Any) -> None:
    page = check(SyncConversationCursorPage[model], raw.get(path, params={"limit": 100}))
    assert set(page) == CURSOR_KEYS
    assert page["data"]
    for row in page["data"]:
        TypeAdapter(model).validate_python(row)


@pytest.mark.usefixtures("busy")
def test_invites_have_every_status(raw: httpx2.Client) -> None:
    rows = raw.get("/organization/invites").json()["data"]
    assert {row["status"] for row in rows} == {"pending", "accepted", "expired"}


@pytest.mark.usefixtures("busy")
def test_single_objects_of_users_and_invites(raw: httpx2.Client) -> None:
    for user in raw.get("/organization/users", params={"limit": 100}).json()["data"]:
        assert check(OrganizationUser, raw.get(f"/organization/users/{user['id']}")) == user
    check(OrganizationUser, raw.post(f"/organization/users/{user['id']}", json={"role": "owner"}))
    check(UserDeleteResponse, raw.delete(f"/organization/users/{user['id']}"))
    body = {"email": "new@x.example", "role": "reader", "projects": [{"id": "p", "role": "owner"}]}
    invite = check(Invite, raw.post("/organization/invites", json=body))
    check(Invite, raw.get(f"/organization/invites/{invite['id']}"))
    check(InviteDeleteResponse, raw.delete(f"/organization/invites/{invite['id']}"))


@pytest.mark.usefixtures("busy")
def test_groups_and_their_members(raw: httpx2.Client) -> None:
    user_id = raw.get("/organization/users").json()["data"][0]["id"]
    group = check(Group, raw.post("/organization/groups", json={"name": "g"}))
    path = f"/organization/groups/{group['id']}"
    check(Group, raw.get(path))
    check(GroupUpdateResponse, raw.post(path, json={"name": "h"}))
    check(UserCreateResponse, raw.post(f"{path}/users", json={"user_id": user_id}))
    page = check(SyncNextCursorPage[Group], raw.get("/organization/groups"))
    assert set(page) == NEXT_KEYS
    page = check(SyncNextCursorPage[OrganizationGroupUser], raw.get(f"{path}/users"))
    assert (set(page), len(page["data"])) == (NEXT_KEYS, 1)
    check(UserRetrieveResponse, raw.get(f"{path}/users/{user_id}"))
    check(GroupUserDeleteResponse, raw.delete(f"{path}/users/{user_id}"))
    check(GroupDeleteResponse, raw.delete(path))


def test_usage_costs_and_retention(busy: RunningSimulator, raw: httpx2.Client) -> None:
    start = busy.now() - 20 * DAY
    for grouping in ([], ["user_id", "model", "batch"]):
        params: dict[str, Any] = {"start_time": start, "group_by": grouping}
        check(UsageCompletionsResponse, raw.get("/organization/usage/completions", params=params))
    for grouping in ([], ["line_item"]):
        params = {"start_time": start, "group_by": grouping}
        check(UsageCostsResponse, raw.get("/organization/costs", params=params))
    check(OrganizationDataRetention, raw.get("/organization/data_retention"))
    body = {"retention_type": "zero_data_retention"}
    check(OrganizationDataRetention, raw.post("/organization/data_retention", json=body))


@pytest.fixture
def strict(busy: RunningSimulator) -> Iterator[OpenAI]:
    with OpenAI(**busy.openai_options(_strict_response_validation=True)) as client:
        yield client


def test_sdk_with_its_own_strict_validation_accepts_everything(strict: OpenAI) -> None:
    org = strict.admin.organization
    users, invites = list(org.users.list(limit=7)), list(org.invites.list(limit=2))
    assert len(users) == 46
    assert len(invites) == 4
    assert list(org.audit_logs.list(limit=5))
    group = org.groups.create(name="g")
    org.groups.users.create(group.id, user_id=users[0].id)
    assert [row.id for row in org.groups.users.list(group.id)] == [users[0].id]
    assert org.groups.users.retrieve(users[0].id, group_id=group.id).id == users[0].id
    assert org.groups.users.delete(users[0].id, group_id=group.id).deleted
    assert org.groups.update(group.id, name="h").name == "h"
    assert org.groups.delete(group.id).deleted
    assert org.usage.completions(start_time=users[0].added_at, group_by=["user_id"], user_ids=["x"]).data
    assert org.usage.costs(start_time=users[0].added_at).data
    assert org.data_retention.retrieve().type == "modified_abuse_monitoring"
