"""What holds on every route: keys, errors, request ids, envelopes, limits, cursors, arrays (items 1 to 5)."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import openai
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import (
    booleans,
    dictionaries,
    integers,
    lists,
    none,
    recursive,
    sampled_from,
    text,
)
from openai import OpenAI
from openai.resources.admin.organization import Organization

from simulator.testing import RunningSimulator

ERROR_KEYS = {"message", "type", "param", "code"}
PARAMETERS = (
    "limit",
    "after",
    "before",
    "order",
    "emails",
    "effective_at[gt]",
    "event_types[]",
    "page",
    "end_time",
)
CURSOR_LISTS = ("/organization/users", "/organization/invites", "/organization/audit_logs")
LISTS = (*CURSOR_LISTS, "/organization/groups", "/organization/usage/completions", "/organization/costs")


def add_people(sim: RunningSimulator, count: int) -> list[str]:
    """Add members p000@x.example, ...; returns their ids in the order of the list."""
    return list(sim.add_members([f"p{n:03}@x.example" for n in range(count)]).values())


class TestKeys:
    """Item 1."""

    @pytest.mark.parametrize("header", [{"authorization": "Bearer wrong"}, {"authorization": "Basic x"}, {}])
    def test_bad_bearer_is_401_with_all_four_keys(self, sim: RunningSimulator, header: dict[str, str]) -> None:
        response = httpx2.get(f"{sim.vendor_url}/organization/users", headers=header, trust_env=False)
        assert response.status_code == 401
        assert set(response.json()["error"]) == ERROR_KEYS

    def test_sdk_raises_its_authentication_error(self, sim: RunningSimulator) -> None:
        options = sim.openai_options(admin_api_key="wrong")
        with OpenAI(**options) as client, pytest.raises(openai.AuthenticationError) as caught:
            client.admin.organization.users.list()
        assert caught.value.code == "invalid_api_key"
        assert caught.value.request_id

    def test_bad_key_changes_nothing(self, sim: RunningSimulator) -> None:
        answer = sim.call("POST", "/v1/organization/invites", {"email": "a@x.example", "role": "reader"}, key="wrong")
        assert answer.status == 401
        assert sim.counts()["invites_pending"] == 0

    def test_every_answer_has_its_own_request_id(self, raw: httpx2.Client, sim: RunningSimulator) -> None:
        answers = [raw.get("/organization/users") for _ in range(3)]
        answers += [raw.get("/organization/users/none"), raw.get("/nowhere"), raw.put("/organization/users")]
        answers += [raw.get("/organization/users", headers={"authorization": "Bearer wrong"})]
        sim.fault("*", "status", status="502_html")
        answers += [raw.get("/organization/users")]
        ids = [answer.headers["x-request-id"] for answer in answers]
        assert len(set(ids)) == len(ids)

    @pytest.mark.parametrize(
        ("method", "path", "status"), [("GET", "/nowhere", 404), ("PUT", "/organization/users", 405)]
    )
    def test_unknown_path_or_method_is_a_four_key_error(
        self, raw: httpx2.Client, method: str, path: str, status: int
    ) -> None:
        response = raw.request(method, path)
        assert response.status_code == status
        assert set(response.json()["error"]) == ERROR_KEYS

    @pytest.mark.parametrize("body", [b"{", b"[]", b"", b"\xff", b'{"email":"\\ud800@x.example","role":"reader"}'])
    def test_body_that_is_no_json_object_is_400(self, raw: httpx2.Client, body: bytes) -> None:
        response = raw.post("/organization/invites", content=body)
        assert response.status_code == 400
        assert set(response.json()["error"]) == ERROR_KEYS


class TestCursorLists:
    """Item 2: users, invites and audit logs."""

    def test_envelope(self, sim: RunningSimulator, raw: httpx2.Client) -> None:
        ids = [raw.get("/organization/users").json()["data"][0]["id"], *add_people(sim, 2)]
        page = raw.get("/organization/users", params={"limit": 2}).json()
        assert list(page) == ["object", "data", "first_id", "last_id", "has_more"]
        assert page["object"] == "list"
        assert (page["first_id"], page["last_id"], page["has_more"]) == (ids[0], ids[1], True)
        page = raw.get("/organization/users", params={"limit": 2, "after": page["last_id"]}).json()
        assert (page["first_id"], page["last_id"], page["has_more"]) == (ids[2], ids[2], False)

    def test_empty_list_has_null_ids(self, raw: httpx2.Client) -> None:
        assert raw.get("/organization/invites").json() == {
            "object": "list",
            "data": [],
            "first_id": None,
            "last_id": None,
            "has_more": False,
        }

    def test_limit_defaults_to_20(self, sim: RunningSimulator, raw: httpx2.Client) -> None:
        add_people(sim, 30)
        for path in ("/organization/users", "/organization/audit_logs"):
            assert len(raw.get(path).json()["data"]) == 20
        assert len(raw.get("/organization/users", params={"limit": 100}).json()["data"]) == 31

    @pytest.mark.parametrize("path", CURSOR_LISTS)
    @pytest.mark.parametrize("limit", ["0", "101", "-1", "many", ""])
    def test_limit_out_of_range_is_400(self, raw: httpx2.Client, path: str, limit: str) -> None:
        response = raw.get(path, params={"limit": limit})
        assert response.status_code == 400
        assert response.json()["error"]["param"] == "limit"

    @pytest.mark.parametrize(("limit", "rows"), [("0", 1), ("101", 100), ("many", 20)])
    def test_limit_out_of_range_is_clamped_by_setting(
        self, sim: RunningSimulator, raw: httpx2.Client, limit: str, rows: int
    ) -> None:
        sim.settings(limit_out_of_range="clamp")
        add_people(sim, 110)
        assert len(raw.get("/organization/users", params={"limit": limit}).json()["data"]) == rows

    def test_sdk_pages_through_all_of_them_once(self, sim: RunningSimulator, org: Organization) -> None:
        ids = add_people(sim, 45)
        assert [user.id for user in org.users.list(limit=7)][1:] == ids


class TestNextLists:
    """Item 3: groups and group users."""

    def test_envelope(self, org: Organization, raw: httpx2.Client) -> None:
        ids = [org.groups.create(name=f"g{n}").id for n in range(3)]
        page = raw.get("/organization/groups", params={"limit": 2}).json()
        assert list(page) == ["object", "data", "has_more", "next"]
        assert [group["id"] for group in page["data"]] == ids[:2]
        assert page["has_more"] is True
        page = raw.get("/organization/groups", params={"limit": 2, "after": page["next"]}).json()
        assert [group["id"] for group in page["data"]] == ids[2:]
        assert (page["has_more"], page["next"]) == (False, None)

    def test_limits_default_to_100_and_end_at_1000(
        self, sim: RunningSimulator, org: Organization, raw: httpx2.Client
    ) -> None:
        group = org.groups.create(name="g")
        for user_id in add_people(sim, 101):
            raw.post(f"/organization/groups/{group.id}/users", json={"user_id": user_id})
        path = f"/organization/groups/{group.id}/users"
        page = raw.get(path).json()
        assert (len(page["data"]), page["has_more"]) == (100, True)
        page = raw.get(path, params={"limit": 1000}).json()
        assert (len(page["data"]), page["has_more"], page["next"]) == (101, False, None)
        assert raw.get(path, params={"limit": 0}).json()["data"] == []
        for limit in ("-1", "1001", "x"):
            assert raw.get(path, params={"limit": limit}).status_code == 400

    def test_groups_come_oldest_first_and_group_users_newest_first(
        self, sim: RunningSimulator, org: Organization
    ) -> None:
        first, second = org.groups.create(name="a"), org.groups.create(name="b")
        assert [group.id for group in org.groups.list()] == [first.id, second.id]
        assert [group.id for group in org.groups.list(order="desc")] == [second.id, first.id]
        early, late = add_people(sim, 2)
        for user_id in (early, late):
            org.groups.users.create(first.id, user_id=user_id)
        assert [user.id for user in org.groups.users.list(first.id)] == [late, early]
        assert [user.id for user in org.groups.users.list(first.id, order="asc")] == [early, late]

    @pytest.mark.parametrize("order", ["asc", "desc"])
    def test_sdk_pages_through_all_of_them_once(self, sim: RunningSimulator, org: Organization, order: Any) -> None:
        group = org.groups.create(name="g")
        ids = add_people(sim, 9)
        for user_id in ids:
            org.groups.users.create(group.id, user_id=user_id)
        found = [user.id for user in org.groups.users.list(group.id, order=order, limit=2)]
        assert found == (ids if order == "asc" else ids[::-1])

    def test_unknown_order_is_400(self, raw: httpx2.Client) -> None:
        assert raw.get("/organization/groups", params={"order": "up"}).json()["error"]["param"] == "order"


class TestCursors:
    """Item 4."""

    @pytest.mark.parametrize("path", [*CURSOR_LISTS, "/organization/groups"])
    def test_unknown_cursor_is_400(self, raw: httpx2.Client, path: str) -> None:
        response = raw.get(path, params={"after": "nothing-1"})
        assert response.status_code == 400
        assert response.json()["error"]["param"] == "after"

    @pytest.mark.parametrize("path", [*CURSOR_LISTS, "/organization/groups"])
    def test_unknown_cursor_is_an_empty_page_by_setting(
        self, sim: RunningSimulator, raw: httpx2.Client, path: str
    ) -> None:
        sim.settings(unknown_cursor="empty")
        page = raw.get(path, params={"after": "nothing-1"}).json()
        assert (page["data"], page["has_more"]) == ([], False)

    def test_listing_goes_on_after_a_cursor_whose_row_was_deleted(
        self, sim: RunningSimulator, org: Organization, raw: httpx2.Client
    ) -> None:
        ids = add_people(sim, 4)
        page = raw.get("/organization/users", params={"limit": 2}).json()
        assert page["last_id"] == ids[0]
        org.users.delete(ids[0])
        page = raw.get("/organization/users", params={"after": ids[0]}).json()
        assert [user["id"] for user in page["data"]] == ids[1:]

    def test_group_listings_go_on_after_a_deleted_cursor_too(
        self, sim: RunningSimulator, org: Organization, raw: httpx2.Client
    ) -> None:
        group, other = org.groups.create(name="g"), org.groups.create(name="h")
        ids = add_people(sim, 3)
        for user_id in ids:
            org.groups.users.create(group.id, user_id=user_id)
        org.groups.users.delete(ids[1], group_id=group.id)
        page = raw.get(f"/organization/groups/{group.id}/users", params={"after": ids[1]}).json()
        assert [user["id"] for user in page["data"]] == [ids[0]]
        org.groups.delete(group.id)
        page = raw.get("/organization/groups", params={"after": group.id}).json()
        assert [row["id"] for row in page["data"]] == [other.id]


class TestArrays:
    """Item 5."""

    @pytest.mark.parametrize("name", ["emails", "emails[]"])
    def test_brackets_are_optional(self, sim: RunningSimulator, raw: httpx2.Client, name: str) -> None:
        ids = add_people(sim, 3)
        page = raw.get("/organization/users", params={name: ["p000@x.example", "P002@X.example"]}).json()
        assert [user["id"] for user in page["data"]] == [ids[0], ids[2]]

    def test_sdk_arrays_are_understood(self, sim: RunningSimulator, org: Organization) -> None:
        ids = add_people(sim, 3)
        found = org.users.list(emails=["p001@x.example", "nobody@x.example"])
        assert [user.id for user in found] == [ids[1]]

    def test_filtered_lists_page_as_well(self, sim: RunningSimulator, org: Organization) -> None:
        ids = add_people(sim, 5)
        found = org.users.list(emails=[f"p{n:03}@x.example" for n in range(5)], limit=2)
        assert [user.id for user in found] == ids


class TestAnything:
    """Whatever is sent is answered as the vendor would: taken as it is or refused, never a crash."""

    CALM = settings(
        max_examples=60,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )

    @CALM
    @given(name=text())
    def test_names_come_back_as_they_were_sent(self, raw: httpx2.Client, name: str) -> None:
        response = raw.post("/organization/groups", content=json.dumps({"name": name}))
        assert response.status_code == (200 if 1 <= len(name) <= 255 else 400)
        if response.status_code == 200:
            newest = raw.get("/organization/groups", params={"limit": 1, "order": "desc"}).json()["data"][0]
            assert response.json()["name"] == newest["name"] == name

    @CALM
    @given(path=sampled_from(LISTS), name=sampled_from(PARAMETERS), value=text())
    def test_parameters(self, raw: httpx2.Client, path: str, name: str, value: str) -> None:
        response = raw.get(path, params={"start_time": "1700000000", name: value})
        assert response.status_code in (200, 400)
        assert response.json()

    @CALM
    @given(
        value=recursive(
            none() | booleans() | integers() | text(),
            lambda inner: lists(inner) | dictionaries(text(), inner),
        )
    )
    def test_bodies(self, raw: httpx2.Client, value: object) -> None:
        for field in ("email", "role", "projects"):
            body = {"email": "a@x.example", "role": "reader", "projects": [], field: value}
            response = raw.post("/organization/invites", content=json.dumps(body))
            assert response.status_code in (200, 400)
