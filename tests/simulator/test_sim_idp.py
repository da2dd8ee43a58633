"""The identity provider's pushes (item 22)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from simulator.testing import RunningSimulator, SimulatorError
from tests.simulator.conftest import Invite, Seats

DAY = 86_400
OWNER = "owner@beacon.example"


def managed(raw: httpx2.Client) -> dict[str, bool]:
    rows = raw.get("/organization/users", params={"limit": 100}).json()["data"]
    return {row["email"]: row["is_scim_managed"] for row in rows}


def group(seats: Seats, name: str) -> dict[str, Any]:
    rows: list[dict[str, Any]] = seats.ok("GET", "/groups")["data"]
    return next(row for row in rows if row["name"] == name)


def members(seats: Seats, name: str) -> set[str]:
    return {row["email"] for row in seats.ok("GET", f"/groups/{group(seats, name)['id']}/users")["data"]}


class TestPeople:
    def test_a_member_is_adopted_without_a_word(self, sim: RunningSimulator, raw: httpx2.Client) -> None:
        sim.add_members(["a@x.example", "b@x.example"])
        entries = sim.counts()["audit_entries"]
        assert sim.idp_sync(["A@x.example"])["adopted"] == 1
        assert managed(raw) == {OWNER: False, "a@x.example": True, "b@x.example": False}
        assert (sim.counts()["audit_entries"], sim.counts()["invites_pending"]) == (entries, 0)
        assert sim.idp_sync()["adopted"] == 0

    def test_a_stranger_is_invited_and_managed_once_they_accept(
        self, sim: RunningSimulator, seats: Seats, raw: httpx2.Client
    ) -> None:
        assert sim.idp_sync([{"email": "new@x.example", "name": "Nina"}])["invited"] == 1
        (row,) = seats.ok("GET", "/invites")["data"]
        assert (row["email"], row["role"], row["status"]) == ("new@x.example", "member", "pending")
        assert sim.idp_sync()["invited"] == 0
        sim.accept("new@x.example")
        assert managed(raw)["new@x.example"] is True

    def test_strangers_accept_by_themselves_after_a_while(self, sim: RunningSimulator, raw: httpx2.Client) -> None:
        sim.settings(accept_rate=1.0)
        sim.idp_sync(["new@x.example"])
        sim.advance(120)
        assert managed(raw)["new@x.example"] is True

    def test_an_invite_that_is_there_is_taken_over(
        self, sim: RunningSimulator, raw: httpx2.Client, invite: Invite
    ) -> None:
        invite("new@x.example")
        assert sim.idp_sync(["new@x.example"])["invited"] == 0
        sim.accept("new@x.example")
        assert managed(raw)["new@x.example"] is True

    def test_an_expired_invite_is_followed_by_another(self, sim: RunningSimulator) -> None:
        sim.idp_sync(["new@x.example"])
        sim.advance(8 * DAY)
        assert sim.idp_sync()["invited"] == 1
        assert (sim.counts()["invites_expired"], sim.counts()["invites_pending"]) == (1, 1)

    def test_who_is_no_longer_assigned_is_removed_and_others_stay(
        self, sim: RunningSimulator, raw: httpx2.Client
    ) -> None:
        sim.add_members(["a@x.example", "b@x.example", "own@x.example"])
        sim.idp_sync(["a@x.example", "b@x.example"])
        assert sim.idp_sync(["b@x.example"])["removed"] == 1
        assert managed(raw) == {OWNER: False, "b@x.example": True, "own@x.example": False}

    def test_the_last_owner_is_not_removed(self, sim: RunningSimulator, raw: httpx2.Client) -> None:
        sim.idp_sync([OWNER])
        assert sim.idp_sync([])["removed"] == 0
        assert managed(raw) == {OWNER: True}

    def test_who_was_removed_through_the_api_comes_back_with_the_next_push(
        self, sim: RunningSimulator, raw: httpx2.Client, seats: Seats
    ) -> None:
        user_id = sim.add_members(["a@x.example"])["a@x.example"]
        sim.idp_sync(["a@x.example"])
        assert raw.delete(f"/organization/users/{user_id}").status_code == 200
        assert raw.get(f"/organization/users/{user_id}").status_code == 404
        assert sim.idp_sync()["readded"] == 1
        assert raw.get(f"/organization/users/{user_id}").json()["is_scim_managed"] is True
        assert "a@x.example" in seats.emails()
        assert seats.refused("DELETE", f"/users/{user_id}") == (409, "scim_managed_resource")

    def test_whom_the_provider_removed_and_assigns_again_is_invited(self, sim: RunningSimulator) -> None:
        sim.add_members(["a@x.example"])
        sim.idp_sync(["a@x.example"])
        sim.idp_sync([])
        outcome = sim.idp_sync(["a@x.example"])
        assert (outcome["readded"], outcome["invited"]) == (0, 1)

    @pytest.mark.parametrize(("setting", "pending"), [("keep", 1), ("cancel", 0)])
    def test_whether_a_pending_invite_ends_with_the_assignment_is_a_setting(
        self, sim: RunningSimulator, invite: Invite, setting: str, pending: int
    ) -> None:
        sim.settings(idp_unassign_pending=setting)
        sim.idp_sync(["new@x.example"])
        invite("other@x.example")
        assert sim.idp_sync([])["invites_cancelled"] == 1 - pending
        assert sim.counts()["invites_pending"] == 1 + pending

    def test_what_was_pushed_survives_a_crash(self, tmp_path: Any, started: Callable[..., RunningSimulator]) -> None:
        own = started(tmp_path / "vendor.sqlite3")
        user_id = own.add_members(["a@x.example"])["a@x.example"]
        own.idp_sync(["a@x.example"], {"team": ["a@x.example"]})
        own.kill()
        own.restart()
        own.call("DELETE", f"/v1/organization/users/{user_id}")
        assert own.idp_sync()["readded"] == 1
        assert own.counts()["group_members"] == 1

    def test_a_wrong_push_is_refused_and_changes_nothing(self, sim: RunningSimulator) -> None:
        sim.idp_sync(["new@x.example"])
        with pytest.raises(SimulatorError, match="400"):
            sim.idp_sync([{"mail": "a@x.example"}])
        assert sim.counts()["idp_assigned"] == 1


class TestGroups:
    def test_a_group_of_the_same_name_is_taken_over(self, sim: RunningSimulator, seats: Seats) -> None:
        users = sim.add_members(["a@x.example", "b@x.example", "c@x.example"])
        made = seats.ok("POST", "/groups", json={"name": "Legal"})
        seats.ok("POST", f"/groups/{made['id']}/users", json={"user_ids": list(users.values())[1:]})
        sim.idp_sync(["a@x.example", "b@x.example"], {"Legal": ["a@x.example", "b@x.example"]})
        assert group(seats, "Legal") == {"id": made["id"], "name": "Legal", "source": "scim", "member_count": 2}
        assert members(seats, "Legal") == {"a@x.example", "b@x.example"}
        assert seats.refused("PATCH", f"/groups/{made['id']}", json={"name": "x"}) == (409, "scim_managed_resource")

    def test_a_new_group_is_made_and_later_joined_by_who_was_pending(self, sim: RunningSimulator, seats: Seats) -> None:
        sim.add_members(["a@x.example"])
        sim.idp_sync(["a@x.example", "new@x.example"], {"Legal": ["a@x.example", "new@x.example"]})
        assert members(seats, "Legal") == {"a@x.example"}
        sim.accept("new@x.example")
        assert members(seats, "Legal") == {"a@x.example", "new@x.example"}

    def test_who_comes_back_is_in_their_groups_again(
        self, sim: RunningSimulator, seats: Seats, raw: httpx2.Client
    ) -> None:
        user_id = sim.add_members(["a@x.example"])["a@x.example"]
        sim.idp_sync(["a@x.example"], {"Legal": ["a@x.example"]})
        raw.delete(f"/organization/users/{user_id}")
        assert members(seats, "Legal") == set()
        sim.idp_sync()
        assert members(seats, "Legal") == {"a@x.example"}

    def test_a_group_that_is_no_longer_pushed_goes_and_others_stay(self, sim: RunningSimulator, seats: Seats) -> None:
        seats.ok("POST", "/groups", json={"name": "Own"})
        sim.idp_sync([], {"Legal": [], "Sales": []})
        sim.idp_sync(groups={"Sales": []})
        assert [row["name"] for row in seats.ok("GET", "/groups")["data"]] == ["Own", "Sales"]
        sim.idp_sync([])
        assert len(seats.ok("GET", "/groups")["data"]) == 2
