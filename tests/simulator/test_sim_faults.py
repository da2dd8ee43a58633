"""The limiter (item 15), faults (item 16) and the journal of calls (item 18)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx2
import openai
import pytest
from openai import OpenAI
from openai.resources.admin.organization import Organization

from simulator.testing import RunningSimulator, SimulatorError

USERS = "GET /v1/organization/users"
INVITE = "POST /v1/organization/invites"
BODY = {"email": "a@x.example", "role": "reader", "projects": []}

Invite = Callable[..., dict[str, Any]]


class TestLimiter:
    """Item 15."""

    def test_off_by_default(self, raw: httpx2.Client) -> None:
        assert {raw.get("/organization/users").status_code for _ in range(150)} == {200}

    def test_counts_per_method_and_route_and_opens_again_after_a_minute(
        self, sim: RunningSimulator, raw: httpx2.Client
    ) -> None:
        sim.settings(rate_limits={USERS: 3})
        assert [raw.get("/organization/users").status_code for _ in range(5)] == [200, 200, 200, 429, 429]
        assert raw.get("/organization/invites").status_code == 200
        sim.advance(60)
        assert raw.get("/organization/users").status_code == 200

    def test_star_gives_every_route_its_own_allowance(self, sim: RunningSimulator, raw: httpx2.Client) -> None:
        sim.settings(rate_limits={"*": 0, "GET *": 1, USERS: 2})
        paths = ["/organization/groups", "/organization/groups", "/organization/users", "/organization/users"]
        assert [raw.get(path).status_code for path in paths] == [200, 429, 200, 200]
        assert raw.post("/organization/groups", json={"name": "g"}).status_code == 429

    @pytest.mark.parametrize(("mode", "least", "most"), [("with", 1, 60), ("long", 121, 10_000)])
    def test_retry_after(self, sim: RunningSimulator, raw: httpx2.Client, mode: str, least: int, most: int) -> None:
        sim.settings(rate_limits={USERS: 0}, rate_limit_retry_after=mode)
        response = raw.get("/organization/users")
        assert response.status_code == 429
        assert least <= int(response.headers["retry-after"]) <= most
        assert response.json()["error"]["code"] == "rate_limit_exceeded"

    def test_without_retry_after(self, sim: RunningSimulator, raw: httpx2.Client) -> None:
        sim.settings(rate_limits={USERS: 0}, rate_limit_retry_after="without")
        response = raw.get("/organization/users")
        assert (response.status_code, response.headers.get("retry-after")) == (429, None)
        assert "x-should-retry" not in response.headers

    @pytest.mark.parametrize(("setting", "header"), [(True, "true"), (False, "false")])
    def test_should_retry(self, sim: RunningSimulator, raw: httpx2.Client, setting: bool, header: str) -> None:
        sim.settings(rate_limits={USERS: 0}, rate_limit_should_retry=setting)
        assert raw.get("/organization/users").headers["x-should-retry"] == header

    def test_a_refused_call_has_no_effect(self, sim: RunningSimulator, raw: httpx2.Client) -> None:
        sim.settings(rate_limits={INVITE: 0})
        assert raw.post("/organization/invites", json=BODY).status_code == 429
        assert sim.counts()["invites_pending"] == 0


class TestFiring:
    """Item 16: on which call a fault fires."""

    def statuses(self, raw: httpx2.Client, count: int) -> list[int]:
        return [raw.get("/organization/users").status_code for _ in range(count)]

    def test_nth_and_times(self, sim: RunningSimulator, raw: httpx2.Client) -> None:
        sim.fault(USERS, "status", nth=2, times=2)
        assert self.statuses(raw, 5) == [200, 500, 500, 200, 200]
        assert [(fault["seen"], fault["fired"]) for fault in sim.faults()] == [(5, 2)]

    def test_for_ever_until_cleared(self, sim: RunningSimulator, raw: httpx2.Client) -> None:
        sim.fault(USERS, "status", times=None)
        assert self.statuses(raw, 4) == [500] * 4
        sim.clear_faults()
        assert self.statuses(raw, 1) == [200]

    @pytest.mark.parametrize(("route", "status"), [("*", 500), ("GET *", 500), ("POST *", 200), (INVITE, 200)])
    def test_by_route(self, sim: RunningSimulator, raw: httpx2.Client, route: str, status: int) -> None:
        sim.fault(route, "status")
        assert self.statuses(raw, 1) == [status]

    def test_by_text_in_the_call(self, sim: RunningSimulator, raw: httpx2.Client) -> None:
        sim.fault(INVITE, "status", match="bob@")
        emails = ["a@x.example", "bob@x.example", "c@x.example"]
        answers = [raw.post("/organization/invites", json={**BODY, "email": email}) for email in emails]
        assert [answer.status_code for answer in answers] == [200, 500, 200]

    def test_one_can_be_taken_off(self, sim: RunningSimulator, raw: httpx2.Client) -> None:
        number = sim.fault(USERS, "status")
        sim.fault(USERS, "status", status=503)
        assert sim.call("DELETE", f"/_sim/faults?id={number}").status == 200
        assert self.statuses(raw, 1) == [503]
        assert sim.call("DELETE", f"/_sim/faults?id={number}").status == 404

    def test_what_does_not_exist_is_refused(self, sim: RunningSimulator) -> None:
        with pytest.raises(SimulatorError, match="kind"):
            sim.fault(USERS, "earthquake")
        with pytest.raises(SimulatorError, match="No route"):
            sim.fault("GET /v1/organization/user", "status")
        with pytest.raises(SimulatorError, match="No route"):
            sim.settings(rate_limits={"GET /v1/organization/user": 1})
        with pytest.raises(SimulatorError, match="oops"):
            sim.fault(USERS, "status", oops=1)


class TestStatus:
    """Item 16: refusals."""

    @pytest.mark.parametrize("status", [401, 403, 409, 429, 500, 503])
    def test_error_has_no_effect(self, sim: RunningSimulator, raw: httpx2.Client, status: int) -> None:
        sim.fault(INVITE, "status", status=status)
        response = raw.post("/organization/invites", json=BODY)
        assert response.status_code == status
        assert set(response.json()["error"]) == {"message", "type", "param", "code"}
        assert sim.counts()["invites_pending"] == 0

    def test_error_after_the_effect(self, sim: RunningSimulator, raw: httpx2.Client) -> None:
        sim.fault(INVITE, "status", status=500, applied=True)
        assert raw.post("/organization/invites", json=BODY).status_code == 500
        assert sim.counts()["invites_pending"] == 1

    def test_502_is_a_page_of_html(self, sim: RunningSimulator, org: Organization) -> None:
        sim.fault(USERS, "status", status="502_html")
        with pytest.raises(openai.InternalServerError) as caught:
            org.users.list()
        assert caught.value.status_code == 502
        assert caught.value.response.headers["content-type"].startswith("text/html")

    @pytest.mark.parametrize(("asked", "sent"), [("none", None), ("int", "1"), ("long", "600"), (7, "7"), (0, "0")])
    def test_retry_after(self, sim: RunningSimulator, raw: httpx2.Client, asked: str | int, sent: str | None) -> None:
        sim.fault(USERS, "status", status=429, retry_after=asked, should_retry=False)
        response = raw.get("/organization/users")
        assert response.headers.get("retry-after") == sent
        assert response.headers["x-should-retry"] == "false"


class TestConnection:
    """Item 16: late and missing answers."""

    def test_drop_before_applying(self, sim: RunningSimulator, org: Organization) -> None:
        sim.fault(INVITE, "drop_before")
        with pytest.raises(openai.APIConnectionError):
            org.invites.create(email="a@x.example", role="reader", projects=[])
        assert sim.counts()["invites_pending"] == 0
        assert [call["status"] for call in sim.requests()] == [None]

    def test_drop_after_applying(self, sim: RunningSimulator, org: Organization) -> None:
        sim.fault(INVITE, "drop_after")
        with pytest.raises(openai.APIConnectionError):
            org.invites.create(email="a@x.example", role="reader", projects=[])
        assert sim.counts()["invites_pending"] == 1
        assert [invite.email for invite in org.invites.list()] == ["a@x.example"]

    def test_delay_after_applying(self, sim: RunningSimulator, raw: httpx2.Client) -> None:
        sim.fault(INVITE, "delay", seconds=30)
        with pytest.raises(httpx2.ReadTimeout):
            raw.post("/organization/invites", json=BODY, timeout=0.2)
        assert sim.counts()["invites_pending"] == 1

    def test_delay_before_applying_has_no_effect_once_the_caller_gave_up(
        self, sim: RunningSimulator, raw: httpx2.Client
    ) -> None:
        sim.fault(INVITE, "delay", seconds=0.3, when="before")
        sim.fault(USERS, "delay", seconds=0.5)
        with pytest.raises(httpx2.ReadTimeout):
            raw.post("/organization/invites", json=BODY, timeout=0.1)
        # This answer takes longer than the rest of the other call's delay.
        assert raw.get("/organization/users").status_code == 200
        assert sim.counts()["invites_pending"] == 0

    def test_delay_before_applying_for_one_who_waits(self, sim: RunningSimulator, raw: httpx2.Client) -> None:
        sim.fault(INVITE, "delay", seconds=0.05, when="before")
        assert raw.post("/organization/invites", json=BODY).status_code == 200

    def test_a_waiting_call_does_not_hold_up_the_others(self, sim: RunningSimulator, raw: httpx2.Client) -> None:
        sim.fault(INVITE, "delay", seconds=30, times=None)
        with pytest.raises(httpx2.ReadTimeout):
            raw.post("/organization/invites", json=BODY, timeout=0.1)
        assert raw.get("/organization/users", timeout=5).status_code == 200


class TestBodies:
    """Item 16: spoilt answers."""

    def test_truncated_json(self, sim: RunningSimulator, org: Organization, raw: httpx2.Client) -> None:
        sim.fault(USERS, "truncated_json", times=2)
        response = raw.get("/organization/users")
        assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
        with pytest.raises(json.JSONDecodeError):
            org.users.list()

    def test_200_with_html(self, sim: RunningSimulator, org: Organization) -> None:
        sim.fault(INVITE, "html_200")
        answer: Any = org.invites.create(email="a@x.example", role="reader", projects=[])
        assert isinstance(answer, str)
        assert sim.counts()["invites_pending"] == 1

    def test_missing_field_of_a_row_of_an_object_and_of_the_envelope(
        self, sim: RunningSimulator, raw: httpx2.Client, invite: Invite
    ) -> None:
        sim.add_members(["a@x.example"])
        sim.fault(USERS, "missing_field", field="added_at", row=1)
        rows = raw.get("/organization/users").json()["data"]
        assert ["added_at" in row for row in rows] == [True, False]
        sim.fault(INVITE, "missing_field")
        assert "id" not in invite("b@x.example")
        sim.fault(USERS, "missing_field", field="has_more", where="envelope")
        assert "has_more" not in raw.get("/organization/users").json()

    def test_extra_field(self, sim: RunningSimulator, raw: httpx2.Client) -> None:
        sim.fault(USERS, "extra_field")
        sim.fault(USERS, "extra_field", field="seat", value="pro")
        (row,) = raw.get("/organization/users").json()["data"]
        assert row["x_undocumented"] == {"added": "without notice"}
        assert row["seat"] == "pro"

    def test_unknown_enum_value(self, sim: RunningSimulator, raw: httpx2.Client, invite: Invite) -> None:
        sim.fault(INVITE, "unknown_enum")
        assert invite("a@x.example")["status"] == "something_new"
        sim.fault(USERS, "unknown_enum")
        assert raw.get("/organization/users").json()["data"][0]["role"] == "something_new"
        sim.fault(USERS, "unknown_enum", field="role", value=7)
        assert raw.get("/organization/users").json()["data"][0]["role"] == 7

    @pytest.mark.parametrize(("path", "cursor"), [("/organization/users", "last_id"), ("/organization/groups", "next")])
    def test_stuck_cursor(
        self, sim: RunningSimulator, raw: httpx2.Client, org: Organization, path: str, cursor: str
    ) -> None:
        sim.add_members(["a@x.example", "b@x.example"])
        for name in ("a", "b", "c"):
            org.groups.create(name=name)
        sim.fault("GET *", "stuck_cursor", times=None)
        first = raw.get(path, params={"limit": 1}).json()
        second = raw.get(path, params={"limit": 1, "after": first[cursor]}).json()
        assert second[cursor] == first[cursor]
        assert second["has_more"] is True

    def test_null_cursor(self, sim: RunningSimulator, raw: httpx2.Client) -> None:
        sim.fault(USERS, "null_cursor")
        page = raw.get("/organization/users").json()
        assert (page["last_id"], page["has_more"], len(page["data"])) == (None, True, 1)

    def test_empty_page_that_says_there_is_more(
        self, sim: RunningSimulator, raw: httpx2.Client, org: Organization
    ) -> None:
        sim.fault(USERS, "empty_has_more", times=2)
        page = raw.get("/organization/users").json()
        assert (page["data"], page["has_more"]) == ([], True)
        # The SDK's own paging ends here without a word.
        assert list(org.users.list()) == []

    def test_repeated_and_skipped_row(self, sim: RunningSimulator, raw: httpx2.Client) -> None:
        sim.add_members(["a@x.example"])
        sim.fault(USERS, "repeated_row", row=1)
        emails = [user["email"] for user in raw.get("/organization/users").json()["data"]]
        assert emails == ["owner@beacon.example", "a@x.example", "a@x.example"]
        sim.fault(USERS, "skipped_row")
        emails = [user["email"] for user in raw.get("/organization/users").json()["data"]]
        assert emails == ["a@x.example"]

    def test_errors_are_left_as_they_are(self, sim: RunningSimulator, raw: httpx2.Client) -> None:
        sim.fault("*", "missing_field", times=None)
        assert "error" in raw.get("/organization/users/none").json()


class TestJournal:
    """Item 18."""

    def test_a_call_is_recorded_in_full(self, sim: RunningSimulator, raw: httpx2.Client) -> None:
        headers = {"idempotency-key": "k1", "x-stainless-retry-count": "2"}
        response = raw.post("/organization/invites?trace=1", json=BODY, headers=headers)
        (call,) = sim.requests()
        assert call["route"] == INVITE
        assert (call["method"], call["path"], call["query"]) == (
            "POST",
            "/v1/organization/invites",
            "trace=1",
        )
        assert (call["body"], call["status"]) == (BODY, 200)
        assert (call["retry_count"], call["idempotency_key"]) == ("2", "k1")
        assert call["request_id"] == response.headers["x-request-id"]

    def test_the_sdks_retries_show(self, sim: RunningSimulator) -> None:
        sim.fault(INVITE, "status", status=500)
        with OpenAI(**sim.openai_options(max_retries=1)) as client:
            client.admin.organization.invites.create(email="a@x.example", role="reader", projects=[])
        calls = sim.requests(route=INVITE)
        assert [(call["retry_count"], call["status"]) for call in calls] == [("0", 500), ("1", 200)]

    def test_templates_group_calls_and_counts(self, sim: RunningSimulator, raw: httpx2.Client, invite: Invite) -> None:
        for n in range(3):
            raw.get(f"/organization/users/user-{n}")
        invite("a@x.example")
        raw.get("/nowhere")
        template = "/v1/organization/users/{user_id}"
        assert sim.request_total("GET", template) == 3
        assert sim.request_total("GET") == 4
        assert [call["path"] for call in sim.requests("GET", template, limit=2)] == [
            "/v1/organization/users/user-1",
            "/v1/organization/users/user-2",
        ]
        assert sim.state()["calls"] == {f"GET {template}": 3, INVITE: 1, "GET unmatched": 1}

    def test_it_can_be_cleared(self, sim: RunningSimulator, raw: httpx2.Client) -> None:
        raw.get("/organization/users")
        sim.clear_requests()
        assert (sim.requests(), sim.request_total()) == ([], 0)

    def test_refused_keys_are_recorded_too_and_never_shown(self, sim: RunningSimulator) -> None:
        sim.call("GET", "/v1/organization/users", key="sk-very-secret")
        (call,) = sim.requests()
        assert call["status"] == 401
        assert "very-secret" not in json.dumps(call)
