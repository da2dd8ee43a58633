"""The workspace's groups, spending limits and daily activity (item 21)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from simulator.testing import RunningSimulator
from tests.simulator.conftest import Seats

DAY = 86_400
SCIM = (409, "scim_managed_resource")


def group_id(seats: Seats, name: str = "g") -> str:
    return str(seats.ok("POST", "/groups", json={"name": name})["id"])


def all_rows(seats: Seats, path: str, limit: int) -> list[dict[str, Any]]:
    """Return every row of a list that pages by an opaque cursor."""
    rows: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = seats.ok("GET", path, params={"limit": limit, **cursor})
        assert set(page) == {"object", "data", "has_more", "cursor"}
        assert page["has_more"] == (page["cursor"] is not None)
        rows += page["data"]
        if page["cursor"] is None:
            return rows
        cursor = {"cursor": page["cursor"]}


class TestGroups:
    def test_create_retrieve_rename_delete(self, seats: Seats, raw: httpx2.Client) -> None:
        made = seats.ok("POST", "/groups", json={"name": "one"})
        path = f"/groups/{made['id']}"
        assert made == {"id": made["id"], "name": "one", "source": "manual", "member_count": 0}
        assert seats.ok("PATCH", path, json={"name": "two"}) == {**made, "name": "two"}
        assert seats.ok("GET", path)["name"] == raw.get(f"/organization/groups/{made['id']}").json()["name"] == "two"
        assert seats.refused("PATCH", path, json={"name": ""})[0] == 400
        removed = seats.ok("DELETE", path)
        assert (removed["object"], removed["id"], removed["deleted"]) == (
            "directory.workspace.group.deleted",
            made["id"],
            True,
        )
        for method, body in (("GET", None), ("PATCH", {"name": "x"}), ("DELETE", None)):
            assert seats.refused(method, path, json=body) == (404, "not_found")

    def test_pages_follow_by_an_opaque_cursor(self, seats: Seats) -> None:
        ids = [group_id(seats, f"g{n}") for n in range(7)]
        assert [row["id"] for row in all_rows(seats, "/groups", 3)] == ids
        cursor = seats.ok("GET", "/groups", params={"limit": 1})["cursor"]
        assert cursor not in ids

    @pytest.mark.parametrize("limit", ["0", "101", "x"])
    def test_limit_out_of_range_is_400(self, seats: Seats, limit: str) -> None:
        group = group_id(seats)
        for path in ("/groups", f"/groups/{group}/users"):
            assert seats.refused("GET", path, params={"limit": limit})[0] == 400

    @pytest.mark.parametrize(
        "cursor", ["x", "group-1", "cur_", "cur_4pyT", "cur_MS4y", "cur_OTk5OTk5OTk5OTk5OTk5OTk5OTk"]
    )
    def test_unknown_cursor_is_400_or_empty(self, sim: RunningSimulator, seats: Seats, cursor: str) -> None:
        assert seats.refused("GET", "/groups", params={"cursor": cursor}) == (400, "invalid_cursor")
        sim.settings(unknown_cursor="empty")
        assert seats.ok("GET", "/groups", params={"cursor": cursor})["data"] == []

    def test_a_group_of_the_directory_refuses_writes(self, sim: RunningSimulator, seats: Seats) -> None:
        sim.seed(0, oddities=True)
        group = next(row for row in seats.ok("GET", "/groups")["data"] if row["source"] == "scim")
        path = f"/groups/{group['id']}"
        user = seats.ok("GET", f"{path}/users")["data"][0]
        assert user["is_scim_managed"] is True
        assert group["member_count"] == 1
        assert seats.refused("PATCH", path, json={"name": "x"}) == SCIM
        assert seats.refused("DELETE", path) == SCIM
        assert seats.refused("POST", f"{path}/users", json={"user_id": user["id"]}) == SCIM
        assert seats.refused("DELETE", f"{path}/users/{user['id']}") == SCIM


class TestMembers:
    def test_one_or_many_are_added_and_counted(self, sim: RunningSimulator, seats: Seats) -> None:
        ids = list(sim.add_members([f"p{n}@x.example" for n in range(5)]).values())
        group = group_id(seats)
        path = f"/groups/{group}/users"
        one = seats.ok("POST", path, json={"user_id": ids[0]})
        assert (one["group_id"], one["user_id"]) == (group, ids[0])
        many = seats.ok("POST", path, json={"user_ids": ids[1:]})
        assert [row["user_id"] for row in many["data"]] == ids[1:]
        assert seats.ok("GET", f"/groups/{group}")["member_count"] == 5
        assert [row["id"] for row in all_rows(seats, path, 2)] == ids

    def test_rows_show_status_role_and_who_manages_them(self, sim: RunningSimulator, seats: Seats) -> None:
        user = sim.add_members([{"email": "a@x.example", "workspace_role": "admin"}])["a@x.example"]
        group = group_id(seats)
        seats.ok("POST", f"/groups/{group}/users", json={"user_id": user})
        sim.set_status("a@x.example", "inactive")
        row = seats.ok("GET", f"/groups/{group}/users")["data"][0]
        assert row == {
            "id": user,
            "email": "a@x.example",
            "status": "inactive",
            "role": "admin",
            "is_scim_managed": False,
        }

    def test_an_unknown_member_among_many_adds_none(self, sim: RunningSimulator, seats: Seats) -> None:
        user = sim.add_members(["a@x.example"])["a@x.example"]
        group = group_id(seats)
        body = {"user_ids": [user, "user-none"]}
        assert seats.refused("POST", f"/groups/{group}/users", json=body) == (404, "not_found")
        assert seats.ok("GET", f"/groups/{group}")["member_count"] == 0

    @pytest.mark.parametrize(
        "body", [{}, {"user_ids": []}, {"user_id": "a", "user_ids": ["b"]}, {"user_ids": ["x"] * 101}]
    )
    def test_a_wrong_order_is_400(self, seats: Seats, body: dict[str, Any]) -> None:
        assert seats.refused("POST", f"/groups/{group_id(seats)}/users", json=body)[0] == 400

    def test_adding_twice_is_a_setting(self, sim: RunningSimulator, seats: Seats) -> None:
        user = sim.add_members(["a@x.example"])["a@x.example"]
        path = f"/groups/{group_id(seats)}/users"
        for _ in range(2):
            seats.ok("POST", path, json={"user_id": user})
        sim.settings(duplicate_group_add=409)
        assert seats.refused("POST", path, json={"user_ids": [user]}) == (409, "already_in_group")

    def test_removing_answers_with_all_ids_and_the_second_is_404(self, sim: RunningSimulator, seats: Seats) -> None:
        user = sim.add_members(["a@x.example"])["a@x.example"]
        group = group_id(seats)
        seats.ok("POST", f"/groups/{group}/users", json={"user_id": user})
        assert seats.ok("DELETE", f"/groups/{group}/users/{user}") == {
            "object": "directory.workspace.group_user.deleted",
            "deleted": True,
            "workspace_id": seats.workspace_id,
            "group_id": group,
            "user_id": user,
        }
        assert seats.refused("DELETE", f"/groups/{group}/users/{user}") == (404, "not_found")

    def test_a_members_groups_can_be_listed(self, sim: RunningSimulator, seats: Seats) -> None:
        user = sim.add_members(["a@x.example"])["a@x.example"]
        groups = [group_id(seats, name) for name in ("one", "two", "three")]
        for group in (groups[0], groups[2]):
            seats.ok("POST", f"/groups/{group}/users", json={"user_id": user})
        assert [row["name"] for row in all_rows(seats, f"/users/{user}/groups", 1)] == ["one", "three"]
        assert seats.refused("GET", "/users/user-none/groups") == (404, "not_found")


class TestLimits:
    def test_a_member_has_the_workspaces_limit_until_given_one(self, sim: RunningSimulator, seats: Seats) -> None:
        user = sim.add_members(["a@x.example"])["a@x.example"]
        own, workspace = f"/usage_limits/users/{user}", "/usage_limits/workspace"
        assert seats.ok("GET", workspace)["amount"] is None
        assert seats.ok("PATCH", workspace, json={"amount": 500, "unit": "credit"})["amount"] == 500
        shown = seats.ok("GET", own)
        assert (shown["amount"], shown["unit"], shown["source"]) == (500, "credit", "workspace")
        shown = seats.ok("PATCH", own, json={"amount": 12.5, "unit": "usd"})
        assert (shown["amount"], shown["unit"], shown["source"]) == (12.5, "usd", "user")
        assert seats.ok("PATCH", own, json={"amount": None})["source"] == "workspace"

    @pytest.mark.parametrize("body", [{"amount": -1}, {"unit": "eur"}, {"amount": "much"}])
    def test_a_wrong_limit_is_400(self, seats: Seats, body: dict[str, Any]) -> None:
        assert seats.refused("PATCH", "/usage_limits/workspace", json=body)[0] == 400

    def test_an_unknown_member_has_none(self, seats: Seats) -> None:
        for method, path in (("GET", ""), ("PATCH", ""), ("GET", "/monthly-usage")):
            assert seats.refused(method, f"/usage_limits/users/none{path}", json={}) == (404, "not_found")

    def test_monthly_usage_adds_up_the_months_days(self, sim: RunningSimulator, seats: Seats) -> None:
        sim.settings(usage_correction_days=0)
        sim.seed(10, added_days_ago=90)
        now = datetime.fromtimestamp(sim.now(), UTC)
        rows = usage(seats, now.replace(day=1))
        for row in seats.ok("GET", "/users")["data"][1:]:
            shown = seats.ok("GET", f"/usage_limits/users/{row['id']}/monthly-usage")
            used = sum(day["messages"] for day in rows if day["user_id"] == row["id"])
            assert (shown["amount"], shown["unit"], shown["month"]) == (used, "credit", now.strftime("%Y-%m"))


def usage(seats: Seats, start: datetime, limit: int = 1_000, **more: str) -> list[dict[str, Any]]:
    """Return all rows of daily activity from a day on."""
    rows: list[dict[str, Any]] = []
    params: dict[str, Any] = {"start_date": start.strftime("%Y-%m-%d"), "limit": limit, **more}
    while True:
        page = seats.ok("GET", "/usage", "analytics", params=params)
        assert set(page) == {"object", "data", "has_more", "next_page"}
        rows += page["data"]
        if not page["has_more"]:
            return rows
        params["page"] = page["next_page"]


class TestActivity:
    @pytest.fixture
    def since(self, sim: RunningSimulator) -> datetime:
        sim.seed(60, added_days_ago=90)
        return datetime.fromtimestamp(sim.now() - 20 * DAY, UTC)

    def test_rows_are_by_day_and_member_and_the_same_every_time(self, seats: Seats, since: datetime) -> None:
        rows = usage(seats, since)
        keys = [(row["date"], row["user_id"]) for row in rows]
        assert rows
        assert len(keys) == len(set(keys))
        assert [date for date, _ in keys] == sorted(date for date, _ in keys)
        assert usage(seats, since, limit=37) == rows
        for row in rows:
            assert row["object"] == "workspace.usage"
            assert row["email"]
            assert row["messages"] > 0
            for part in ("gpt_messages", "tool_messages", "project_messages"):
                assert 0 <= row[part] <= row["messages"]

    def test_idle_days_are_absent(self, seats: Seats, since: datetime) -> None:
        rows = usage(seats, since)
        people = {row["user_id"] for row in rows}
        assert len(people) < 61
        assert len(rows) < len(people) * 21

    def test_the_end_is_exclusive_and_there_is_no_filter_by_member(self, seats: Seats, since: datetime) -> None:
        day = since.strftime("%Y-%m-%d")
        following = datetime.fromtimestamp(since.timestamp() + DAY, UTC).strftime("%Y-%m-%d")
        rows = usage(seats, since, end_date=following)
        assert {row["date"] for row in rows} <= {day}
        assert usage(seats, since, end_date=following, user_id="user-none") == rows

    def test_the_last_days_are_corrected_upwards_later(
        self, sim: RunningSimulator, seats: Seats, since: datetime
    ) -> None:
        today = datetime.fromtimestamp(sim.now(), UTC).strftime("%Y-%m-%d")
        before = {(row["date"], row["user_id"]): row["messages"] for row in usage(seats, since, end_date=today)}
        sim.advance(4 * DAY)
        after = {(row["date"], row["user_id"]): row["messages"] for row in usage(seats, since, end_date=today)}
        changed = {date for (date, user), count in after.items() if before.get((date, user)) != count}
        assert before.keys() <= after.keys()
        assert all(count <= after[key] for key, count in before.items())
        now = datetime.fromtimestamp(sim.now() - 4 * DAY, UTC)
        last_two = {datetime.fromtimestamp(now.timestamp() - n * DAY, UTC).strftime("%Y-%m-%d") for n in (1, 2)}
        assert changed
        assert changed <= last_two

    def test_without_corrections_a_day_stays_as_it_was(
        self, sim: RunningSimulator, seats: Seats, since: datetime
    ) -> None:
        sim.settings(usage_correction_days=0)
        today = datetime.fromtimestamp(sim.now(), UTC).strftime("%Y-%m-%d")
        before = usage(seats, since, end_date=today)
        sim.advance(4 * DAY)
        assert usage(seats, since, end_date=today) == before

    def test_who_became_inactive_uses_nothing_from_then_on(
        self, sim: RunningSimulator, seats: Seats, since: datetime
    ) -> None:
        for row in seats.ok("GET", "/users")["data"][1:]:
            sim.set_status(row["email"], "inactive")
        sim.advance(10 * DAY)
        last = datetime.fromtimestamp(sim.now() - 9 * DAY, UTC)
        assert {row["email"] for row in usage(seats, last)} <= {"owner@beacon.example"}

    def test_a_setting_turns_it_off(self, sim: RunningSimulator, seats: Seats, since: datetime) -> None:
        sim.settings(usage_enabled=False)
        assert usage(seats, since) == []

    @pytest.mark.parametrize(
        "params",
        [
            {},
            {"start_date": "yesterday"},
            {"start_date": "2026-02-30"},
            {"start_date": "2026-02-02", "end_date": "2026-02-02"},
            {"start_date": "2026-02-02", "limit": "1001"},
            {"start_date": "2026-02-02", "page": "x"},
        ],
    )
    def test_wrong_parameters_are_400(self, seats: Seats, params: dict[str, str]) -> None:
        assert seats.refused("GET", "/usage", "analytics", params=params)[0] == 400
