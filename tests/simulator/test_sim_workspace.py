"""The workspace's API: its key and rights, its members and its invitations (item 21)."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import booleans, integers, lists, none, recursive, sampled_from, text
from openai import OpenAI

from simulator.settings import SCOPES
from simulator.testing import RunningSimulator, SimulatorError, start
from tests.simulator.conftest import Invite, Seats

DAY = 86_400
OWNER = "owner@beacon.example"
USERS = "GET /v1/manage/workspaces/{workspace_id}/users"
ENVELOPE = {"object", "data", "has_more", "first_id", "last_id"}
MEMBER_FIELDS = {"object", "id", "email", "name", "role", "seat_type", "status", "created_at"}
LISTS = (
    ("/users", "manage"),
    ("/invites", "manage"),
    ("/groups", "manage"),
    ("/usage", "analytics"),
    ("/users", "compliance"),
    ("/logs", "compliance"),
)
CALM = settings(
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
INVITE_FIELDS = {"object", "id", "email", "role", "seat_type", "status", "created_at", "expires_at", "accepted_at"}

# One route for each scope, with a body that would be taken.
SCOPED = (
    ("GET", "/users", "manage", "chatgpt.enterprise.user.read"),
    ("DELETE", "/users/x", "manage", "chatgpt.enterprise.user.write"),
    ("GET", "/invites", "manage", "chatgpt.enterprise.invitation.read"),
    ("POST", "/invites", "manage", "chatgpt.enterprise.invitation.write"),
    ("GET", "/groups", "manage", "chatgpt.enterprise.directory.read"),
    ("POST", "/groups", "manage", "chatgpt.enterprise.directory.write"),
    ("GET", "/usage_limits/workspace", "manage", "chatgpt.enterprise.usage_limit.read"),
    ("PATCH", "/usage_limits/workspace", "manage", "chatgpt.enterprise.usage_limit.write"),
    ("GET", "/usage", "analytics", "enterprise.analytics.usage.read"),
    ("GET", "/users", "compliance", "compliance.read"),
)


def member_id(sim: RunningSimulator, email: str, **more: Any) -> str:
    return sim.add_members([{"email": email, **more}])[email]


class TestKey:
    def test_an_organization_key_does_not_open_the_workspace_nor_the_other_way_round(
        self, sim: RunningSimulator
    ) -> None:
        assert sim.workspace_call("GET", "/users", key=sim.admin_key).status == 401
        assert sim.workspace_call("GET", "/users", key=None).status == 401
        answer = sim.call("GET", "/v1/organization/users", key=sim.workspace_key)
        assert (answer.status, answer.json["error"]["code"]) == (401, "invalid_api_key")

    @pytest.mark.parametrize(
        ("workspace", "status", "code"),
        [
            ("main", 400, None),
            ("11111111222243338444555555555555", 400, None),
            ("99999999-2222-4333-8444-555555555555", 403, "workspace_mismatch"),
        ],
    )
    @pytest.mark.parametrize("surface", ["manage", "compliance"])
    def test_the_path_names_the_keys_own_workspace_as_a_uuid(
        self, seats: Seats, surface: str, workspace: str, status: int, code: str | None
    ) -> None:
        other = Seats(seats.client, workspace)
        assert other.refused("GET", "/users", surface) == (status, code)

    def test_a_plan_without_the_api_has_none_of_its_routes(self, sim: RunningSimulator, seats: Seats) -> None:
        sim.settings(plan_has_admin_api=False)
        for method, path, surface, scope in SCOPED:
            if scope != "compliance.read":
                assert seats(method, path, surface).status_code == 404
        assert seats("GET", "/users", "compliance").status_code == 200

    @pytest.mark.parametrize(("method", "path", "surface", "scope"), SCOPED)
    def test_a_missing_scope_is_403(
        self, sim: RunningSimulator, seats: Seats, method: str, path: str, surface: str, scope: str
    ) -> None:
        sim.settings(workspace_scopes=[name for name in SCOPES if name != scope])
        assert seats.refused(method, path, surface) == (403, "insufficient_permissions")
        sim.settings(workspace_scopes=[scope])
        assert seats(method, path, surface).status_code not in (401, 403)

    def test_every_scope_has_a_route_here_and_an_unknown_one_is_no_setting(self, sim: RunningSimulator) -> None:
        assert {scope for _, _, _, scope in SCOPED} == set(SCOPES)
        with pytest.raises(SimulatorError, match="400"):
            sim.settings(workspace_scopes=["chatgpt.enterprise.everything"])

    def test_an_expired_key_opens_nothing(self, sim: RunningSimulator, seats: Seats, raw: httpx2.Client) -> None:
        sim.settings(key_expires_at=sim.now() + 100)
        assert seats("GET", "/users").status_code == 200
        sim.advance(101)
        assert seats.refused("GET", "/users") == (401, "invalid_api_key")
        assert seats.refused("GET", "/users", "compliance") == (401, "invalid_api_key")
        assert raw.get("/organization/users").json()["error"]["code"] == "invalid_api_key"

    def test_both_keys_can_be_made_to_expire_at_once(
        self, sim: RunningSimulator, seats: Seats, raw: httpx2.Client
    ) -> None:
        sim.expire_key()
        assert seats("GET", "/users").status_code == raw.get("/organization/users").status_code == 401
        sim.settings(key_expires_at=None)
        assert seats("GET", "/users").status_code == 200

    def test_a_key_dies_with_its_creators_role(self, sim: RunningSimulator, seats: Seats, raw: httpx2.Client) -> None:
        sim.settings(creator_active=False)
        assert seats.refused("GET", "/users") == (401, "invalid_api_key")
        assert raw.get("/organization/users").status_code == 200

    def test_the_key_can_be_chosen_and_survives_a_restart(self) -> None:
        with start(workspace_key="another") as own:
            assert own.workspace_call("GET", "/users").status == 200
            assert own.workspace_call("GET", "/users", key="sim-workspace-key").status == 401
            own.restart()
            assert own.workspace_call("GET", "/users").status == 200

    def test_calls_are_limited_per_method_and_route_and_minute(self, sim: RunningSimulator, seats: Seats) -> None:
        sim.settings(workspace_rate_limit=2)
        statuses = [seats("GET", "/users").status_code for _ in range(3)]
        assert statuses == [200, 200, 429]
        assert seats("GET", "/groups").status_code == 200
        sim.advance(61)
        assert seats("GET", "/users").status_code == 200
        sim.settings(rate_limits={USERS: 0})
        refused = seats("GET", "/users")
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "rate_limit_exceeded")
        assert int(refused.headers["retry-after"]) >= 1

    def test_every_answer_has_its_own_request_id(self, seats: Seats) -> None:
        answers = [seats("GET", "/users"), seats("GET", "/users/none"), seats("PUT", "/users"), seats("GET", "/none")]
        assert [answer.status_code for answer in answers] == [200, 404, 405, 404]
        assert len({answer.headers["x-request-id"] for answer in answers}) == 4

    def test_the_sdk_can_call_it_by_path(self, sim: RunningSimulator, seats: Seats) -> None:
        options = sim.openai_options(admin_api_key=sim.workspace_key, base_url=sim.workspace_url)
        with OpenAI(**options) as client:
            page: Any = client.get(
                f"/manage/workspaces/{seats.workspace_id}/users", cast_to=object, options={"params": {"limit": 1}}
            )
        assert page["data"][0]["email"] == OWNER


class TestMemberList:
    def test_rows_have_their_fields_in_an_envelope_of_cursors(self, sim: RunningSimulator, seats: Seats) -> None:
        page = seats.ok("GET", "/users")
        assert set(page) == ENVELOPE
        row = page["data"][0]
        assert set(row) == MEMBER_FIELDS
        assert (row["object"], row["role"], row["seat_type"]) == ("workspace.user", "owner", "chatgpt")
        assert page["first_id"] == page["last_id"] == row["id"]
        assert row["created_at"] <= sim.now()

    def test_only_active_people_are_listed(self, sim: RunningSimulator, seats: Seats, invite: Invite) -> None:
        sim.seed(5, oddities=True)
        sim.add_members(["gone@x.example", "away@x.example", "here@x.example"])
        sim.remove_members(["gone@x.example"])
        sim.set_status("away@x.example", "inactive")
        invite("pending@x.example")
        emails = seats.emails()
        assert None in emails
        assert {"gone@x.example", "away@x.example", "pending@x.example"}.isdisjoint(emails)
        # The owner, five, three of the oddities beside the service account, and who is here.
        assert len(emails) == 1 + 5 + 3 + 1
        assert not any(row["name"] == "Nightly export" for row in seats.ok("GET", "/users")["data"])

    def test_an_unknown_address_is_left_out_of_the_row(self, sim: RunningSimulator, seats: Seats) -> None:
        sim.add_members([{"email": None, "name": "Nobody"}])
        row = seats.ok("GET", "/users")["data"][-1]
        assert row["name"] == "Nobody"
        assert "email" not in row

    def test_pages_of_up_to_a_thousand_follow_in_the_order_of_creation(
        self, sim: RunningSimulator, seats: Seats
    ) -> None:
        sim.seed(2_500)
        assert len(seats.ok("GET", "/users")["data"]) == 100
        emails = seats.emails()
        assert len(emails) == len(set(emails)) == 2_501
        assert emails[0] == OWNER
        assert emails == seats.emails(limit=499)

    @pytest.mark.parametrize("limit", ["0", "1001", "x"])
    def test_limit_out_of_range_is_400(self, seats: Seats, limit: str) -> None:
        assert seats.refused("GET", "/users", params={"limit": limit})[0] == 400

    def test_unknown_cursor_is_400_or_empty(self, sim: RunningSimulator, seats: Seats) -> None:
        assert seats.refused("GET", "/users", params={"after": "user-none"}) == (400, "invalid_cursor")
        sim.settings(unknown_cursor="empty")
        assert seats.ok("GET", "/users", params={"after": "user-none"})["data"] == []

    def test_a_cursor_whose_member_left_still_continues(self, sim: RunningSimulator, seats: Seats) -> None:
        sim.add_members(["a@x.example", "b@x.example", "c@x.example"])
        page = seats.ok("GET", "/users", params={"limit": 2})
        sim.remove_members(["a@x.example"])
        rest = seats.ok("GET", "/users", params={"after": page["last_id"]})["data"]
        assert [row["email"] for row in rest] == ["b@x.example", "c@x.example"]

    def test_email_filters_exactly_and_without_regard_to_case(self, sim: RunningSimulator, seats: Seats) -> None:
        sim.add_members(["ann@x.example", "ann.b@x.example"])
        assert seats.emails(email="Ann@X.example") == ["ann@x.example"]
        assert seats.emails(email="ann") == []
        sim.set_status("ann@x.example", "inactive")
        assert seats.emails(email="ann@x.example") == []

    def test_the_list_trails_and_a_single_member_does_not(self, sim: RunningSimulator, seats: Seats) -> None:
        user_id = member_id(sim, "a@x.example")
        sim.advance(100)
        sim.settings(read_lag_seconds=60)
        seats.ok("PATCH", f"/users/{user_id}", json={"role": "admin", "status": "inactive"})
        assert seats.ok("GET", f"/users/{user_id}")["status"] == "inactive"
        shown = seats.ok("GET", "/users")["data"][-1]
        assert (shown["email"], shown["role"], shown["status"]) == ("a@x.example", "member", "active")
        sim.advance(61)
        assert seats.emails() == [OWNER]
        seats.ok("PATCH", f"/users/{user_id}", json={"status": "active"})
        assert seats.emails() == [OWNER]
        sim.advance(61)
        assert seats.emails() == [OWNER, "a@x.example"]

    def test_journal_and_faults_know_the_routes(self, sim: RunningSimulator, seats: Seats) -> None:
        sim.add_members(["a@x.example"])
        sim.fault(USERS, "stuck_cursor", nth=2)
        sim.fault(USERS, "status", status=503, nth=3)
        seats.ok("GET", "/users", params={"limit": 1})
        first = seats.ok("GET", "/users")["data"][0]["id"]
        assert seats("GET", "/users", params={"after": first}).status_code == 503
        sim.fault(USERS, "missing_field", field="email")
        assert "email" not in seats.ok("GET", "/users")["data"][0]
        assert sim.request_total("GET", "/v1/manage/workspaces/{workspace_id}/users") == 4
        assert "PATCH *" in sim.call("POST", "/_sim/faults", {"route": "no", "kind": "status"}, key=None).body.decode()


class TestMember:
    def test_one_member_is_shown_whatever_their_status(self, sim: RunningSimulator, seats: Seats) -> None:
        user_id = member_id(sim, "a@x.example", name="Ann")
        assert sim.set_status("a@x.example", "inactive") == user_id
        row = seats.ok("GET", f"/users/{user_id}")
        assert (row["name"], row["status"]) == ("Ann", "inactive")
        sim.remove_members(["a@x.example"])
        assert seats.refused("GET", f"/users/{user_id}") == (404, "not_found")

    def test_a_service_account_is_no_member(self, sim: RunningSimulator, seats: Seats) -> None:
        robot = member_id(sim, "bot@x.example", is_service_account=True)
        assert seats.refused("GET", f"/users/{robot}") == (404, "not_found")

    def test_role_seat_and_status_change_alone_or_together(self, sim: RunningSimulator, seats: Seats) -> None:
        user_id = member_id(sim, "a@x.example")
        path = f"/users/{user_id}"
        assert seats.ok("PATCH", path, json={"role": "analytics-viewer"})["role"] == "analytics-viewer"
        assert seats.ok("PATCH", path, json={"seat_type": "codex"})["seat_type"] == "codex"
        row = seats.ok("PATCH", path, json={"role": "owner", "status": "inactive"})
        assert (row["role"], row["seat_type"], row["status"]) == ("owner", "codex", "inactive")
        assert seats.ok("PATCH", path, json={}) == row

    @pytest.mark.parametrize("body", [{"role": "reader"}, {"seat_type": "gold"}, {"status": "removed"}])
    def test_unknown_words_are_400(self, sim: RunningSimulator, seats: Seats, body: dict[str, str]) -> None:
        user_id = member_id(sim, "a@x.example")
        assert seats.refused("PATCH", f"/users/{user_id}", json=body)[0] == 400

    def test_both_surfaces_show_the_same_people_in_their_own_words(
        self, sim: RunningSimulator, seats: Seats, raw: httpx2.Client
    ) -> None:
        user_id = member_id(sim, "a@x.example")
        organization = f"/organization/users/{user_id}"
        seats.ok("PATCH", f"/users/{user_id}", json={"role": "admin", "status": "inactive"})
        shown = raw.get(organization).json()
        assert (shown["role"], shown["user"]["enabled"]) == ("reader", False)
        raw.post(organization, json={"role": "owner"})
        assert seats.ok("GET", f"/users/{user_id}")["role"] == "owner"
        raw.post(organization, json={"role": "reader"})
        assert seats.ok("GET", f"/users/{user_id}")["role"] == "member"
        raw.delete(organization)
        assert seats("GET", f"/users/{user_id}").status_code == 404

    def test_delete_gives_its_object_and_the_second_is_404(
        self, sim: RunningSimulator, seats: Seats, raw: httpx2.Client
    ) -> None:
        user_id = member_id(sim, "a@x.example")
        removed = seats.ok("DELETE", f"/users/{user_id}")
        assert removed == {"object": "workspace.user.deleted", "id": user_id, "deleted": True}
        assert seats.refused("DELETE", f"/users/{user_id}") == (404, "not_found")
        assert raw.get(f"/organization/users/{user_id}").status_code == 404

    def test_whom_the_directory_manages_refuses_writes(self, sim: RunningSimulator, seats: Seats) -> None:
        user_id = member_id(sim, "a@x.example", is_scim_managed=True)
        assert seats.refused("PATCH", f"/users/{user_id}", json={"role": "admin"}) == (409, "scim_managed_resource")
        assert seats.refused("DELETE", f"/users/{user_id}") == (409, "scim_managed_resource")
        assert seats.ok("GET", f"/users/{user_id}")["role"] == "member"

    @pytest.mark.parametrize("body", [{"role": "admin"}, {"status": "inactive"}])
    def test_the_last_active_owner_stays(self, sim: RunningSimulator, seats: Seats, body: dict[str, str]) -> None:
        owner = seats.ok("GET", "/users")["data"][0]["id"]
        second = member_id(sim, "second@x.example", role="owner")
        seats.ok("PATCH", f"/users/{second}", json={"status": "inactive"})
        assert seats.refused("PATCH", f"/users/{owner}", json=body) == (400, "last_owner")
        assert seats.refused("DELETE", f"/users/{owner}") == (400, "last_owner")
        seats.ok("PATCH", f"/users/{second}", json={"status": "active"})
        seats.ok("PATCH", f"/users/{owner}", json=body)

    def test_changes_stand_in_the_organizations_audit_log_under_the_workspaces_key(
        self, sim: RunningSimulator, seats: Seats, raw: httpx2.Client
    ) -> None:
        user_id = member_id(sim, "a@x.example")
        seats.ok("PATCH", f"/users/{user_id}", json={"seat_type": "codex"})
        entry = raw.get("/organization/audit_logs", params={"limit": 1}).json()["data"][0]
        assert entry["type"] == "user.updated"
        assert entry["user.updated"] == {"id": user_id, "changes_requested": {"seat_type": "codex"}}
        assert entry["actor"]["api_key"]["id"] == "key_simulator_workspace"


class TestInvites:
    def test_an_invite_has_its_fields_and_is_the_organizations_too(
        self, sim: RunningSimulator, seats: Seats, raw: httpx2.Client
    ) -> None:
        made = seats.ok("POST", "/invites", json={"email": "a@x.example", "role": "member", "seat_type": "codex"})
        assert set(made) == INVITE_FIELDS
        assert (made["object"], made["role"], made["status"]) == ("workspace.invite", "member", "pending")
        assert made["expires_at"] == made["created_at"] + 7 * DAY
        assert made["accepted_at"] is None
        assert seats.ok("GET", f"/invites/{made['id']}") == made
        assert raw.get(f"/organization/invites/{made['id']}").json()["role"] == "reader"

    def test_who_accepts_gets_the_role_and_seat_of_the_invite(self, sim: RunningSimulator, seats: Seats) -> None:
        order = {"email": "a@x.example", "role": "analytics-viewer", "seat_type": "codex"}
        made = seats.ok("POST", "/invites", json=order)
        user_id = sim.accept("a@x.example")
        row = seats.ok("GET", f"/users/{user_id}")
        assert (row["role"], row["seat_type"], row["status"]) == ("analytics-viewer", "codex", "active")
        accepted = seats.ok("GET", f"/invites/{made['id']}")
        assert accepted["status"] == "accepted"
        assert accepted["accepted_at"] >= accepted["created_at"]

    def test_people_accept_by_themselves_after_a_while(self, sim: RunningSimulator, seats: Seats) -> None:
        sim.settings(accept_rate=1.0)
        seats.ok("POST", "/invites", json={"email": "a@x.example"})
        assert seats.emails() == [OWNER]
        sim.advance(120)
        assert seats.emails() == [OWNER, "a@x.example"]

    def test_the_list_holds_every_status_and_follows_by_cursor(
        self, sim: RunningSimulator, seats: Seats, invite: Invite
    ) -> None:
        invite("old@x.example")
        sim.advance(8 * DAY)
        seats.ok("POST", "/invites", json={"email": "in@x.example", "role": "owner"})
        sim.accept("in@x.example")
        seats.ok("POST", "/invites", json={"email": "new@x.example"})
        page = seats.ok("GET", "/invites", params={"limit": 2})
        assert (set(page), page["has_more"]) == (ENVELOPE, True)
        rest = seats.ok("GET", "/invites", params={"after": page["last_id"], "limit": 1000})
        rows = page["data"] + rest["data"]
        assert [(row["status"], row["role"]) for row in rows] == [
            ("expired", "member"),
            ("accepted", "owner"),
            ("pending", "member"),
        ]
        assert seats.refused("GET", "/invites", params={"limit": 1001})[0] == 400

    @pytest.mark.parametrize(
        "body", [{"email": "nobody"}, {"email": "a@x.example", "role": "reader"}, {"role": "member"}, {}]
    )
    def test_a_wrong_order_is_400(self, seats: Seats, body: dict[str, str]) -> None:
        assert seats.refused("POST", "/invites", json=body)[0] == 400

    @pytest.mark.parametrize(("setting", "status"), [("duplicate", 200), ("error", 400), ("same", 200)])
    def test_inviting_a_pending_address_again_is_a_setting(
        self, sim: RunningSimulator, seats: Seats, setting: str, status: int
    ) -> None:
        sim.settings(reinvite_pending=setting)
        first = seats.ok("POST", "/invites", json={"email": "a@x.example"})
        second = seats("POST", "/invites", json={"email": "A@x.example"})
        assert second.status_code == status
        assert (second.json().get("id") == first["id"]) == (setting == "same")

    @pytest.mark.parametrize("status", [400, 409, 200])
    def test_inviting_a_member_is_a_setting(self, sim: RunningSimulator, seats: Seats, status: int) -> None:
        sim.settings(invite_member=status)
        assert seats("POST", "/invites", json={"email": OWNER}).status_code == status

    @pytest.mark.parametrize("days", [1, 8])
    def test_resending_a_pending_or_expired_invite_starts_its_time_anew(
        self, sim: RunningSimulator, seats: Seats, days: int
    ) -> None:
        made = seats.ok("POST", "/invites", json={"email": "a@x.example"})
        sim.advance(days * DAY)
        assert seats.ok("GET", f"/invites/{made['id']}")["status"] == ("pending" if days == 1 else "expired")
        sent = seats.ok("POST", f"/invites/{made['id']}/resend")
        assert (sent["id"], sent["status"], sent["created_at"]) == (made["id"], "pending", made["created_at"])
        assert sent["expires_at"] >= made["expires_at"] + days * DAY
        sim.advance(6 * DAY)
        assert seats.ok("GET", f"/invites/{made['id']}")["status"] == "pending"

    def test_who_ignored_the_first_may_follow_the_second(self, sim: RunningSimulator, seats: Seats) -> None:
        made = seats.ok("POST", "/invites", json={"email": "a@x.example"})
        sim.settings(accept_rate=1.0)
        sim.advance(DAY)
        assert seats.emails() == [OWNER]
        seats.ok("POST", f"/invites/{made['id']}/resend")
        sim.advance(120)
        assert seats.emails() == [OWNER, "a@x.example"]

    def test_a_reminder_does_not_delay_who_was_about_to_accept(self, sim: RunningSimulator, seats: Seats) -> None:
        sim.settings(accept_rate=1.0, accept_after_seconds=[300, 300])
        made = seats.ok("POST", "/invites", json={"email": "a@x.example"})
        sim.advance(200)
        seats.ok("POST", f"/invites/{made['id']}/resend")
        sim.advance(101)
        assert seats.emails() == [OWNER, "a@x.example"]

    def test_an_accepted_invite_is_neither_resent_nor_deleted(self, sim: RunningSimulator, seats: Seats) -> None:
        made = seats.ok("POST", "/invites", json={"email": "a@x.example"})
        sim.accept("a@x.example")
        assert seats.refused("POST", f"/invites/{made['id']}/resend") == (400, "invite_already_accepted")
        assert seats.refused("DELETE", f"/invites/{made['id']}") == (400, "invite_already_accepted")

    def test_delete_gives_its_object_and_the_second_is_404(self, seats: Seats) -> None:
        made = seats.ok("POST", "/invites", json={"email": "a@x.example"})
        removed = seats.ok("DELETE", f"/invites/{made['id']}")
        assert removed == {"object": "workspace.invite.deleted", "id": made["id"], "deleted": True}
        for method, path in (("DELETE", ""), ("GET", ""), ("POST", "/resend")):
            assert seats.refused(method, f"/invites/{made['id']}{path}") == (404, "not_found")


class TestAnything:
    """Whatever is sent, the answer is one of the documented kind."""

    @CALM
    @given(
        place=sampled_from(LISTS),
        name=sampled_from(
            ("limit", "after", "before", "cursor", "page", "email", "start_date", "end_date", "event_type")
        ),
        value=text(),
    )
    def test_parameters(self, seats: Seats, place: tuple[str, str], name: str, value: str) -> None:
        path, surface = place
        needed = {"start_date": "2026-01-01", "event_type": "AUDIT_LOG"}
        response = seats("GET", path, surface, params={**needed, name: value})
        assert response.status_code in (200, 400)
        assert response.json()

    @CALM
    @given(value=recursive(none() | booleans() | integers() | text(), lists))
    def test_bodies(self, seats: Seats, value: object) -> None:
        user_id = seats.ok("GET", "/users", "compliance")["data"][0]["id"]
        for method, path, fields in (
            ("POST", "/invites", ("email", "role", "seat_type")),
            ("PATCH", f"/users/{user_id}", ("role", "seat_type", "status")),
            ("PATCH", "/usage_limits/workspace", ("amount", "unit")),
            ("PATCH", f"/usage_limits/users/{user_id}", ("amount", "unit")),
        ):
            for field in fields:
                body = json.dumps({"email": "a@x.example", field: value})
                if path != "/invites":
                    body = json.dumps({field: value})
                assert seats(method, path, content=body).status_code in (200, 400)
