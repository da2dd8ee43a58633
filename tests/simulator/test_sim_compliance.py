"""The compliance API: people who left, and log files behind signed addresses (item 23)."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from hashlib import sha256
from itertools import pairwise
from typing import Any

import httpx2
import pytest

from simulator.testing import RunningSimulator
from tests.simulator.conftest import Seats

DAY = 86_400
FILE_SECONDS = 600
ROW = {"object", "id", "email", "name", "created_at", "role", "status"}
USERS = "GET /v1/compliance/workspaces/{workspace_id}/users"


class TestUsers:
    def test_the_inactive_and_the_removed_are_listed_as_inactive(self, sim: RunningSimulator, seats: Seats) -> None:
        sim.add_members(["here@x.example", "away@x.example", "gone@x.example"])
        sim.set_status("away@x.example", "inactive")
        sim.remove_members(["gone@x.example"])
        page = seats.ok("GET", "/users", "compliance")
        assert set(page) == {"object", "data", "last_id", "has_more"}
        assert all(set(row) == ROW and row["object"] == "compliance.workspace.user" for row in page["data"])
        assert {row["email"]: row["status"] for row in page["data"]} == {
            "owner@beacon.example": "active",
            "here@x.example": "active",
            "away@x.example": "inactive",
            "gone@x.example": "inactive",
        }

    def test_roles_have_words_of_their_own(self, sim: RunningSimulator, seats: Seats) -> None:
        words = {"owner": "account-owner", "admin": "account-admin"}
        words |= {"analytics-viewer": "analytics-viewer", "member": "standard-user"}
        users = sim.add_members([f"{role}@x.example" for role in words])
        for role in words:
            seats.ok("PATCH", f"/users/{users[f'{role}@x.example']}", json={"role": role})
        shown = {row["email"]: row["role"] for row in seats.ok("GET", "/users", "compliance")["data"][1:]}
        assert shown == {f"{role}@x.example": word for role, word in words.items()}

    def test_pages_hold_200_unless_asked_and_up_to_1000(self, sim: RunningSimulator, seats: Seats) -> None:
        sim.seed(1_100)
        assert len(seats.ok("GET", "/users", "compliance")["data"]) == 200
        assert len(set(seats.emails("compliance"))) == 1_101
        assert seats.refused("GET", "/users", "compliance", params={"limit": 1001})[0] == 400

    def test_after_takes_nothing_but_an_id_that_was_given_out(self, sim: RunningSimulator, seats: Seats) -> None:
        sim.settings(unknown_cursor="empty")
        refused = seats.refused("GET", "/users", "compliance", params={"after": "user-none"})
        assert refused == (400, "invalid_cursor")

    def test_reads_are_limited_per_minute(self, sim: RunningSimulator, seats: Seats) -> None:
        sim.settings(compliance_rate_limit=50)
        statuses = Counter(seats("GET", "/users", "compliance").status_code for _ in range(52))
        assert statuses == {200: 50, 429: 2}
        assert seats("GET", "/users").status_code == 200

    def test_faults_know_the_routes(self, sim: RunningSimulator, seats: Seats) -> None:
        sim.fault(USERS, "unknown_enum", field="status", value="asleep")
        assert seats.ok("GET", "/users", "compliance")["data"][0]["status"] == "asleep"


def files(seats: Seats, event_type: str = "AUDIT_LOG", **params: Any) -> list[dict[str, Any]]:
    page = seats.ok("GET", "/logs", "compliance", params={"event_type": event_type, "limit": 100, **params})
    assert set(page) == {"object", "data", "has_more", "last_end_time"}
    rows: list[dict[str, Any]] = page["data"]
    return rows


def fetch(seats: Seats, log_id: str) -> bytes:
    """Follow the redirect as a careful client does: without the key."""
    redirect = seats("GET", f"/logs/{log_id}", "compliance")
    assert redirect.status_code == 307, redirect.text
    response = httpx2.get(redirect.headers["location"], trust_env=False)
    assert response.status_code == 200, response.text
    return response.content


def lines(seats: Seats, log_id: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in fetch(seats, log_id).splitlines()]


class TestLogFiles:
    def test_calls_and_changes_arrive_in_files_once_their_stretch_is_over(
        self, sim: RunningSimulator, seats: Seats
    ) -> None:
        seats.ok("GET", "/users")
        seats.ok("POST", "/invites", json={"email": "a@x.example"})
        seats("GET", "/users/user-none")
        sim.advance(FILE_SECONDS)
        found = [line for file in files(seats) for line in lines(seats, file["id"])]
        actions = [line["action"] for line in found]
        for action in ("LIST_WORKSPACE_USERS", "CREATE_WORKSPACE_INVITE", "GET_WORKSPACE_USER", "invite.sent"):
            assert action in actions
        call = next(line for line in found if line["action"] == "GET_WORKSPACE_USER")
        assert call["actor"]["type"] == "API_KEY"
        assert call["request"]["status"] == 404
        assert call["details"] == {"user_id": "user-none"}
        assert {line["workspace_id"] for line in found} == {seats.workspace_id}
        assert {line["event_type"] for line in found} == {"AUDIT_LOG"}

    def test_a_file_is_described_by_size_and_digest(self, sim: RunningSimulator, seats: Seats) -> None:
        sim.advance(FILE_SECONDS)
        file = files(seats)[0]
        assert set(file) == {"id", "event_type", "end_time", "file_name", "file_size", "file_sha256"}
        content = fetch(seats, file["id"])
        assert (len(content), sha256(content).hexdigest()) == (file["file_size"], file["file_sha256"])

    def test_an_event_may_come_a_second_time_in_the_next_file(self, sim: RunningSimulator, seats: Seats) -> None:
        for n in range(3):
            sim.add_members([f"p{n}@x.example"])
            sim.advance(FILE_SECONDS)
        found = [lines(seats, file["id"]) for file in files(seats)]
        assert len(found) == 3
        for earlier, later in pairwise(found):
            assert later[0] == earlier[-1]
        events = Counter(line["event_id"] for file in found for line in file)
        assert max(events.values()) == 2

    def test_after_is_strict_and_the_order_is_by_end(self, sim: RunningSimulator, seats: Seats) -> None:
        for n in range(4):
            sim.add_members([f"p{n}@x.example"])
            sim.advance(FILE_SECONDS)
        every = files(seats)
        ends = [file["end_time"] for file in every]
        assert ends == sorted(ends)
        assert [file["end_time"] for file in files(seats, after=ends[1])] == ends[2:]
        assert [file["end_time"] for file in files(seats, after=ends[0], before=ends[3])] == ends[1:3]
        page = seats.ok("GET", "/logs", "compliance", params={"event_type": "AUDIT_LOG", "limit": 2})
        assert (page["has_more"], page["last_end_time"]) == (True, ends[1])

    def test_a_time_may_carry_a_zone(self, sim: RunningSimulator, seats: Seats) -> None:
        sim.advance(FILE_SECONDS)
        end = datetime.fromisoformat(files(seats)[0]["end_time"])
        assert end.tzinfo == UTC
        assert files(seats, after=end.isoformat()) == []
        assert len(files(seats, after=end.timestamp() and "2020-01-01")) == 1

    def test_signing_in_by_an_invites_link_is_in_the_log_of_sign_ins(self, sim: RunningSimulator, seats: Seats) -> None:
        seats.ok("POST", "/invites", json={"email": "a@x.example"})
        user_id = sim.accept("a@x.example")
        sim.advance(FILE_SECONDS)
        (file,) = files(seats, "AUTH_LOG")
        (line,) = lines(seats, file["id"])
        assert (line["action"], line["actor"]["id"]) == ("LOGIN_SUCCEEDED", user_id)
        assert files(seats, "CONVERSATION_MESSAGE") == []

    @pytest.mark.parametrize(
        "params", [{}, {"event_type": "EVERYTHING"}, {"event_type": "AUDIT_LOG", "after": "noon"},
                   {"event_type": "AUDIT_LOG", "limit": 101}, {"event_type": "AUDIT_LOG", "limit": 0}],
    )  # fmt: skip
    def test_wrong_parameters_are_400(self, seats: Seats, params: dict[str, Any]) -> None:
        assert seats.refused("GET", "/logs", "compliance", params=params)[0] == 400

    def test_after_thirty_days_a_file_is_gone(self, sim: RunningSimulator, seats: Seats) -> None:
        sim.advance(FILE_SECONDS)
        file = files(seats)[0]
        sim.advance(29 * DAY)
        assert file in files(seats)
        sim.advance(DAY + FILE_SECONDS)
        assert file not in files(seats)
        assert seats.refused("GET", f"/logs/{file['id']}", "compliance") == (410, "expired")

    def test_a_plan_may_lack_the_logs_and_still_have_the_users(self, sim: RunningSimulator, seats: Seats) -> None:
        sim.settings(plan_has_compliance_logs=False)
        assert seats.refused("GET", "/logs", "compliance", params={"event_type": "AUDIT_LOG"})[0] == 404
        assert seats.refused("GET", "/logs/x", "compliance")[0] == 404
        assert seats("GET", "/users", "compliance").status_code == 200


class TestSignedAddress:
    @pytest.fixture
    def location(self, sim: RunningSimulator, seats: Seats) -> str:
        sim.advance(FILE_SECONDS)
        redirect = seats("GET", f"/logs/{files(seats)[0]['id']}", "compliance")
        assert (redirect.status_code, redirect.content) == (307, b"")
        return str(redirect.headers["location"])

    def test_a_forwarded_key_is_refused(self, sim: RunningSimulator, location: str) -> None:
        headers = {"authorization": f"Bearer {sim.workspace_key}"}
        assert httpx2.get(location, headers=headers, trust_env=False).status_code == 400
        assert httpx2.get(location, trust_env=False).headers["content-type"] == "application/jsonl"

    def test_a_changed_or_old_address_is_refused(self, sim: RunningSimulator, location: str) -> None:
        assert httpx2.get(location + "0", trust_env=False).status_code == 403
        assert httpx2.get(location.partition("?")[0], trust_env=False).status_code == 403
        sim.advance(301)
        assert httpx2.get(location, trust_env=False).status_code == 403

    def test_the_file_itself_can_be_cut_short(self, sim: RunningSimulator, location: str) -> None:
        whole = httpx2.get(location, trust_env=False).content
        sim.fault("GET /_files/{log_id}", "truncated_json")
        assert len(httpx2.get(location, trust_env=False).content) == len(whole) // 2
        sim.fault("GET /_files/{log_id}", "missing_field")
        assert httpx2.get(location, trust_env=False).content == whole

    @pytest.mark.parametrize("log_id", ["x", "log-audit_log-600", "log-audit_log-601", "log-audit_log-99999999999600"])
    def test_an_unknown_file_is_not_found(self, seats: Seats, log_id: str) -> None:
        assert seats("GET", f"/logs/{log_id}", "compliance").status_code in (404, 410)

    def test_reading_does_not_need_the_right_to_administer(self, sim: RunningSimulator, seats: Seats) -> None:
        sim.settings(workspace_scopes=["compliance.read"])
        assert files(seats) == []
        assert seats("GET", "/users").status_code == 403
