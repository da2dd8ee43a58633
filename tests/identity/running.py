"""Starts the provider for a test run, and plays the browser between it and Beacon."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from django.test import Client

from config.env import ROOT
from config.identity import IdentityProvider
from tests.identity import TENANT

CALLBACK = "http://testserver/accounts/oidc/state/login/callback/"


@dataclass(frozen=True)
class Running:
    """The provider, at its address."""

    address: str

    def knows(self, lie: str = "", **people: dict[str, Any]) -> None:
        """Who there is, with what is said of them, and which lie is told (tests.identity.provider.Liar)."""
        body: dict[str, Any] = {"people": people, "lie": lie}
        requests.post(f"{self.address}/control/", json=body, timeout=10).raise_for_status()

    def lies(self, lie: str) -> None:
        requests.post(f"{self.address}/control/", json={"lie": lie}, timeout=10).raise_for_status()

    def provider(self, **more: Any) -> IdentityProvider:
        """As Beacon's configuration names it: a tenant of Entra, whose addresses are the state's own."""
        facts: dict[str, Any] = {"tenant": TENANT, "trusts_email": True, "issuer": self.address} | more
        return IdentityProvider(
            id="state",
            kind="oidc",
            name="State sign-in",
            client_id="beacon",
            client_secret="secret-of-the-tests",
            **facts,
        )


@contextmanager
def start(folder: Path, *callbacks: str) -> Iterator[Running]:
    """The provider in a process of its own, until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.identity", str(port), *(callbacks or (CALLBACK,))],
        cwd=ROOT, env=os.environ | {"IDENTITY_HOME": str(folder)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout
        assert process.stdout.readline().strip() == "ready"
        yield Running(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        if process.stdout:
            process.stdout.close()
        process.wait(timeout=20)


def address_of(begun: Any) -> str:
    """Where the page leads on that Beacon answers a sign-in with."""
    found = re.search(r'http-equiv="refresh" content="0;url=([^"]*)"', begun.content.decode())
    assert begun.status_code == 200, begun.content[:500]
    assert found, begun.content[:500]
    return unescape(found[1])


def at_provider(location: str, person: str, browser: requests.Session | None = None) -> str:
    """Follow the way from Beacon's redirect through the provider, as `person`; returns where it leads back to."""
    home = urlsplit(location).netloc
    with nullcontext(browser) if browser else requests.Session() as session:
        while urlsplit(location).netloc == home:
            if urlsplit(location).path.startswith("/accounts/"):
                location += f"&person={person}"
            answer = session.get(location, allow_redirects=False, timeout=10)
            assert answer.is_redirect, answer.text[:500]
            location = urljoin(location, answer.headers["Location"])
    return location


def sign_in(client: Client, person: str, *, browser: requests.Session | None = None, then: str = "", at: str = "/accounts/oidc/state/login/") -> Any:  # fmt: skip
    """Sign in (or confirm, with another `at`) and return Beacon's answer to the callback."""
    begun = client.post(at, {"next": then})
    back = urlsplit(at_provider(address_of(begun), person, browser))
    return client.get(f"{back.path}?{back.query}")
