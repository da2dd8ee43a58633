"""One simulator for each test worker, put back to its first state before each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx2
import pytest
from openai import OpenAI
from openai.resources.admin.organization import Organization

from simulator.testing import RunningSimulator, start

CALL_SECONDS = 10.0

Invite = Callable[..., dict[str, Any]]


class Seats:
    """Calls of the workspace's surfaces, whose paths all begin with its id."""

    def __init__(self, client: httpx2.Client, workspace_id: str) -> None:
        self.client = client
        self.workspace_id = workspace_id

    def __call__(self, method: str, path: str, surface: str = "manage", **more: Any) -> httpx2.Response:
        return self.client.request(method, f"/{surface}/workspaces/{self.workspace_id}{path}", **more)

    def ok(self, method: str, path: str, surface: str = "manage", **more: Any) -> dict[str, Any]:
        """Return the body of a call that must succeed."""
        response = self(method, path, surface, **more)
        assert response.status_code == 200, response.text
        document: dict[str, Any] = response.json()
        return document

    def refused(self, method: str, path: str, surface: str = "manage", **more: Any) -> tuple[int, str | None]:
        """Return status and code of a call that must fail with a four-key error."""
        response = self(method, path, surface, **more)
        error = response.json()["error"]
        assert set(error) == {"message", "type", "param", "code"}
        return response.status_code, error["code"]

    def emails(self, surface: str = "manage", **params: Any) -> list[str | None]:
        """Return the addresses of all members, page by page in order."""
        found: list[str | None] = []
        after: dict[str, str] = {}
        while True:
            page = self.ok("GET", "/users", surface, params={"limit": 1000, **params, **after})
            found += [row.get("email") for row in page["data"]]
            if not page["has_more"]:
                return found
            after = {"after": page["last_id"]}


@pytest.fixture(scope="session")
def running() -> Iterator[RunningSimulator]:
    with start() as simulator:
        yield simulator


@pytest.fixture(scope="session")
def openai_client(running: RunningSimulator) -> Iterator[OpenAI]:
    with OpenAI(**running.openai_options()) as client:
        yield client


@pytest.fixture(scope="session")
def http_client(running: RunningSimulator) -> Iterator[httpx2.Client]:
    headers = {"authorization": f"Bearer {running.admin_key}"}
    options: dict[str, Any] = {"headers": headers, "timeout": CALL_SECONDS, "trust_env": False}
    with httpx2.Client(base_url=running.vendor_url, **options) as client:
        yield client


@pytest.fixture
def sim(running: RunningSimulator) -> RunningSimulator:
    """A fresh organization: one owner, nobody accepts of their own accord."""
    running.reset(accept_rate=0.0)
    return running


@pytest.fixture
def org(sim: RunningSimulator, openai_client: OpenAI) -> Organization:  # for its reset
    """The vendor's SDK on the fresh organization; no retries, so that each call is one request."""
    return openai_client.admin.organization


@pytest.fixture
def raw(sim: RunningSimulator, http_client: httpx2.Client) -> httpx2.Client:  # for its reset
    """Plain HTTP on the fresh organization, for what the SDK hides."""
    return http_client


@pytest.fixture(scope="session")
def workspace_client(running: RunningSimulator) -> Iterator[httpx2.Client]:
    headers = {"authorization": f"Bearer {running.workspace_key}"}
    options: dict[str, Any] = {"headers": headers, "timeout": CALL_SECONDS, "trust_env": False}
    with httpx2.Client(base_url=running.workspace_url, **options) as client:
        yield client


@pytest.fixture
def seats(sim: RunningSimulator, workspace_client: httpx2.Client) -> Seats:  # for its reset
    """The workspace's own API on the same fresh organization."""
    return Seats(workspace_client, sim.workspace_id)


@pytest.fixture
def started() -> Iterator[Callable[..., RunningSimulator]]:
    """Start simulators of a test's own, which it may kill; nobody accepts there by themselves."""
    with ExitStack() as stack:
        yield lambda path=None, **more: stack.enter_context(start(path, **{"accept_rate": 0.0, **more}))


@pytest.fixture
def invite(raw: httpx2.Client) -> Invite:
    """Invite an address over plain HTTP; returns the invite as JSON."""

    def send(email: str, **more: Any) -> dict[str, Any]:
        response = raw.post("/organization/invites", json={"email": email, "role": "reader", "projects": [], **more})
        response.raise_for_status()
        document: dict[str, Any] = response.json()
        return document

    return send
