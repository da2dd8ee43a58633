"""The process: its own routes, starting and stopping, surviving a kill, and speed with 40,000 members."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Any

import httpx2
import pytest
from openai.resources.admin.organization import Organization
from starlette.types import Scope

from simulator.admin import check_loopback
from simulator.errors import ApiError
from simulator.store import ADDED_COLUMNS
from simulator.testing import RunningSimulator, SimulatorError, start

INVITE = "POST /v1/organization/invites"
DAY = 86_400
MANY = 40_000
# Several times what a quiet machine needs, so that only a change of kind fails.
PAGING_SECONDS = 8.0
SEEDING_SECONDS = 10.0
USAGE_SECONDS = 6.0

Invite = Callable[..., dict[str, Any]]


def body(email: str) -> dict[str, Any]:
    return {"email": email, "role": "reader", "projects": []}


@pytest.fixture
def own(tmp_path: Path) -> Iterator[RunningSimulator]:
    """A simulator that a test may kill."""
    with start(tmp_path / "vendor.sqlite3", accept_rate=0.0) as simulator:
        yield simulator


class TestOwnRoutes:
    def test_state_counts_by_kind(self, sim: RunningSimulator, invite: Invite) -> None:
        invite("a@x.example")
        assert sim.counts() == {
            "users": 1,
            "inactive": 0,
            "scim_managed": 0,
            "owners": 1,
            "invites_pending": 1,
            "invites_accepted": 0,
            "invites_expired": 0,
            "groups": 0,
            "groups_scim_managed": 0,
            "group_members": 0,
            "audit_entries": 2,
            "workspace_calls": 0,
            "idp_assigned": 0,
        }

    def test_page_shows_state_faults_and_calls_and_escapes_them(self, sim: RunningSimulator) -> None:
        sim.call("GET", "/v1/organization/users/%3Cscript%3E")
        sim.fault("GET *", "status")
        answer = sim.call("GET", "/_sim/", key=None)
        page = answer.body.decode()
        assert answer.headers["content-type"].startswith("text/html")
        for text in ("reinvite_pending", "invites_pending", "GET *", "&lt;script&gt;"):
            assert text in page
        assert "<script>" not in page

    def test_page_shows_what_either_key_opens_and_how_many_people_there_are(self, sim: RunningSimulator) -> None:
        sim.seed(3_000, oddities=True)
        sim.workspace_call("GET", "/users")
        page = sim.call("GET", "/_sim/", key=None).body.decode()
        for text in (
            "Routes of the admin key",
            "Routes of the workspace key",
            "/v1/manage/workspaces/{workspace_id}/users",
            "/v1/compliance/workspaces/{workspace_id}/logs",
            "<td>scim_managed</td><td>1</td>",
            "<td>users</td><td>3,005</td>",
            "workspace_scopes",
        ):
            assert text in page
        assert sim.workspace_key not in page

    def test_health(self, sim: RunningSimulator) -> None:
        assert sim.call("GET", "/healthz", key=None).json == {"status": "ok"}

    @pytest.mark.parametrize(
        "wrong",
        [
            {"reinvite_pending": "perhaps"},
            {"accept_after_seconds": [9, 3]},
            {"accept_rate": 2},
            {"read_lag_seconds": -1},
            {"no_such_setting": 1},
        ],
    )
    def test_wrong_settings_are_refused_and_change_nothing(self, sim: RunningSimulator, wrong: dict[str, Any]) -> None:
        before = sim.settings()
        with pytest.raises(SimulatorError, match="400"):
            sim.settings(latency_ms=5, **wrong)
        assert sim.settings() == before

    def test_clock_only_goes_forward(self, sim: RunningSimulator) -> None:
        before = sim.now()
        assert before + 1000 <= sim.advance(1000) <= before + 1100
        with pytest.raises(SimulatorError, match="400"):
            sim.advance(-1)

    def test_members_can_be_added_and_removed_behind_the_apis_back(self, sim: RunningSimulator) -> None:
        added = sim.add_members(["a@x.example", {"email": "b@x.example", "name": "B", "role": "owner"}])
        assert list(added) == ["a@x.example", "b@x.example"]
        with pytest.raises(SimulatorError, match="409"):
            sim.add_members(["c@x.example", "A@x.example"])
        assert (sim.counts()["users"], sim.counts()["owners"]) == (3, 2)
        assert sim.remove_members(["B@x.example", "nobody@x.example"]) == 1
        assert sim.counts()["users"] == 2
        assert sim.request_total() == 0

    def test_seeding_twice_repeats_no_address(self, sim: RunningSimulator, org: Organization) -> None:
        assert sim.seed(100, owners=["o@x.example", "p@x.example"]) == 102
        assert sim.seed(100, owners=["o@x.example"]) == 100
        emails = [user.email for user in org.users.list(limit=100)]
        assert len(emails) == len(set(emails)) == 203
        assert sim.counts()["owners"] == 3

    def test_reset_forgets_everything(self, sim: RunningSimulator, invite: Invite) -> None:
        fresh = sim.state()
        invite("a@x.example")
        sim.advance(DAY)
        sim.fault("*", "status")
        sim.reset(accept_rate=0.0)
        again = sim.state()
        assert {**again, "now": 0} == {**fresh, "now": 0}
        assert sim.faults() == []

    def test_latency(self, sim: RunningSimulator, raw: httpx2.Client) -> None:
        sim.settings(latency_ms=50)
        began = time.perf_counter()
        raw.get("/organization/users")
        assert time.perf_counter() - began >= 0.05

    @pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "10.0.0.7"])
    def test_another_machine_is_refused(self, host: str) -> None:
        scope: Scope = {"client": (host, 1234)}
        with pytest.raises(ApiError) as caught:
            check_loopback(scope)
        assert caught.value.status == 403

    @pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "::1"])
    def test_this_machine_is_not(self, host: str) -> None:
        check_loopback({"client": (host, 1234)})


class TestEarlierState:
    def test_a_file_of_the_version_without_a_workspace_is_brought_up_to_date(
        self, tmp_path: Path, started: Callable[..., RunningSimulator]
    ) -> None:
        path = tmp_path / "vendor.sqlite3"
        own = started(path)
        own.seed(3, oddities=True)
        own.stop_process()
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            for (name,) in database.execute(
                "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
            ).fetchall():
                database.execute(f"DROP INDEX {name}")
            for table, column, _ in ADDED_COLUMNS:
                database.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        own.restart()
        assert (own.counts()["users"], own.counts()["scim_managed"]) == (8, 1)
        rows = own.workspace_call("GET", "/users").json["data"]
        assert [row["name"] for row in rows].count("Nightly export") == 0
        assert len(rows) == 7


class TestProcess:
    def test_starts_in_less_than_a_second_or_so_and_ends_cleanly(self, tmp_path: Path) -> None:
        began = time.perf_counter()
        simulator = start(tmp_path / "vendor.sqlite3")
        assert time.perf_counter() - began < 5
        assert simulator.alive
        assert simulator.stop_process() == 0
        assert not simulator.alive

    def test_environment_gives_port_state_and_key(self, tmp_path: Path) -> None:
        state = tmp_path / "env.sqlite3"
        given = {"SIMULATOR_PORT": "0", "SIMULATOR_STATE": str(state), "SIMULATOR_ADMIN_KEY": "from-env"}
        command = [sys.executable, "-m", "simulator"]
        with subprocess.Popen(command, env={**os.environ, **given}, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            url = process.stdout.readline().decode().split()[-1]
            keys = {"authorization": "Bearer from-env"}
            answer = httpx2.get(f"{url}/v1/organization/users", headers=keys, trust_env=False)
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
        assert answer.status_code == 200
        assert state.exists()

    def test_without_a_state_file_it_does_not_start(self) -> None:
        env = {name: value for name, value in os.environ.items() if not name.startswith("SIMULATOR_")}
        command = [sys.executable, "-m", "simulator", "--port", "0"]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=20)
        assert done.returncode == 2
        assert "SIMULATOR_STATE" in done.stderr

    def test_it_ends_with_the_program_that_started_it(self, own: RunningSimulator) -> None:
        process = own._process
        assert process is not None
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0

    def test_a_second_process_on_the_same_state_is_refused(self, own: RunningSimulator) -> None:
        command = [sys.executable, "-m", "simulator", "--port", "0", "--state", str(own.state_path)]
        with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
            _, error = process.communicate(timeout=30)
        assert process.returncode != 0
        assert b"database is locked" in error

    def test_imports_nothing_of_beacon_or_django(self) -> None:
        code = "import sys, simulator.app, simulator.testing; print([m for m in sys.modules])"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert not [name for name in ("django", "'apps'", "'config'", "openai") if name in done.stdout]


class TestSurvival:
    def test_state_survives_a_restart(self, own: RunningSimulator) -> None:
        own.call("POST", "/v1/organization/invites", body("a@x.example"))
        own.call("POST", "/v1/organization/data_retention", {"retention_type": "zero_data_retention"})
        own.advance(1000)
        before = own.state()
        url = own.base_url
        own.restart()
        after = own.state()
        assert own.base_url == url
        assert after["counts"] == before["counts"]
        assert after["settings"] == before["settings"]
        assert after["clock_offset_seconds"] == 1000
        assert own.call("GET", "/v1/organization/data_retention").json["type"] == "zero_data_retention"

    def test_no_acknowledged_write_is_lost_by_a_kill(self, own: RunningSimulator) -> None:
        acknowledged: list[str] = []
        enough = Event()

        def send(worker: int) -> None:
            for n in range(10_000):
                try:
                    answer = own.call("POST", "/v1/organization/invites", body(f"p{worker}.{n}@x.example"))
                except OSError:
                    return
                acknowledged.append(answer.json["id"])
                if len(acknowledged) >= 100:
                    enough.set()

        with ThreadPoolExecutor(3) as pool:
            for worker in range(3):
                pool.submit(send, worker)
            assert enough.wait(20)
            own.kill()
        own.restart()
        found: set[str] = set()
        cursor = ""
        while True:
            page = own.call("GET", f"/v1/organization/invites?limit=100&after={cursor}").json
            found |= {row["id"] for row in page["data"]}
            if not page["has_more"]:
                break
            cursor = page["last_id"]
        assert set(acknowledged) <= found
        # Each of the three may have had one call applied whose answer the kill cut off.
        assert len(found) <= len(acknowledged) + 3
        assert own.counts()["audit_entries"] == len(found) + 1

    @pytest.mark.parametrize(("kind", "invites"), [("kill_before", 0), ("kill_after", 1)])
    def test_kill_faults(self, own: RunningSimulator, kind: str, invites: int) -> None:
        own.fault(INVITE, kind)
        with pytest.raises(OSError, match=r"."):
            own.call("POST", "/v1/organization/invites", body("a@x.example"))
        assert own.wait_dead() == -signal.SIGKILL
        own.restart()
        assert own.counts()["invites_pending"] == invites
        assert own.faults() == []


class TestManyMembers:
    """Speed with 40,000 members; the bounds only catch what is out of all proportion."""

    @pytest.fixture
    def many(self, sim: RunningSimulator) -> RunningSimulator:
        began = time.perf_counter()
        sim.seed(MANY)
        assert time.perf_counter() - began < SEEDING_SECONDS
        return sim

    @pytest.mark.usefixtures("many")
    def test_paging_all_members(self, raw: httpx2.Client) -> None:
        began = time.perf_counter()
        seen: set[str] = set()
        params: dict[str, Any] = {"limit": 100}
        while True:
            page = raw.get("/organization/users", params=params).json()
            seen |= {row["id"] for row in page["data"]}
            if not page["has_more"]:
                break
            params["after"] = page["last_id"]
        assert time.perf_counter() - began < PAGING_SECONDS
        assert len(seen) == MANY + 1

    def test_forty_thousand_members_of_the_workspace_in_pages_of_a_thousand(self, many: RunningSimulator) -> None:
        """Every page is a logged call, which must not slow it down."""
        workspace = f"/manage/workspaces/{many.workspace_id}"
        headers = {"authorization": f"Bearer {many.workspace_key}"}
        began, seen, after = time.perf_counter(), set(), {}
        with httpx2.Client(base_url=many.workspace_url, headers=headers, trust_env=False) as client:
            while True:
                page = client.get(f"{workspace}/users", params={"limit": 1_000, **after}).json()
                seen |= {row["id"] for row in page["data"]}
                if not page["has_more"]:
                    break
                after = {"after": page["last_id"]}
        assert time.perf_counter() - began < PAGING_SECONDS
        assert len(seen) == MANY + 1
        assert many.counts()["workspace_calls"] == MANY // 1_000 + 1

    def test_a_day_of_usage_by_member(self, many: RunningSimulator, raw: httpx2.Client) -> None:
        today = many.now() // DAY
        monday = (today - 7 - (today + 3) % 7) * DAY
        params: dict[str, Any] = {"start_time": monday, "end_time": monday + DAY, "group_by": "user_id"}
        began = time.perf_counter()
        page = raw.get("/organization/usage/completions", params=params).json()
        assert time.perf_counter() - began < USAGE_SECONDS
        assert len(page["data"][0]["results"]) > MANY / 10

    def test_long_usage_comes_in_pages_that_fit_in_memory(self, many: RunningSimulator, raw: httpx2.Client) -> None:
        start_time = (many.now() // DAY - 14) * DAY
        params: dict[str, Any] = {"start_time": start_time, "group_by": "user_id", "limit": 31}
        page = raw.get("/organization/usage/completions", params=params).json()
        assert page["has_more"] is True
        assert sum(len(bucket["results"]) for bucket in page["data"]) <= 50_000
        following = raw.get("/organization/usage/completions", params={**params, "page": page["next_page"]})
        assert following.json()["data"][0]["start_time"] == page["data"][-1]["end_time"]
