"""One simulator for each test worker, put back to its first state before each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from openai import OpenAI
from openai.resources.admin.organization import Organization

from simulator.testing import RunningSimulator, start

CALL_SECONDS = 10.0

Invite = Callable[..., dict[str, Any]]


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


@pytest.fixture
def invite(raw: httpx2.Client) -> Invite:
    """Invite an address over plain HTTP; returns the invite as JSON."""

    def send(email: str, **more: Any) -> dict[str, Any]:
        response = raw.post("/organization/invites", json={"email": email, "role": "reader", "projects": [], **more})
        response.raise_for_status()
        document: dict[str, Any] = response.json()
        return document

    return send
