"""The simulator's admin routes, as far as the demo uses them."""

from __future__ import annotations

import json
import os
import urllib.request
from typing import Any

ACCEPT_AFTER_SECONDS = [15, 150]


def _base() -> str:
    return f"http://127.0.0.1:{os.environ.get('SIMULATOR_PORT', '8100')}"


def address() -> str:
    """The base address of the vendor's API."""
    return f"{_base()}/v1"


def call(path: str, body: dict[str, Any], method: str = "POST") -> dict[str, Any]:
    """Ask the simulator something behind the API's back."""
    request = urllib.request.Request(  # noqa: S310 - our own loopback address
        f"{_base()}/_sim/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}, method=method
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - as above
        found: dict[str, Any] = json.load(answer)
    return found


def begin() -> None:
    """An empty organization whose people accept invitations within a minute or two, as people do."""
    call("reset", {})
    call("settings", {"accept_after_seconds": ACCEPT_AFTER_SECONDS, "accept_rate": 0.97})


def add_members(*members: dict[str, str]) -> None:
    """Accounts that appear without Beacon's doing."""
    call("members", {"members": list(members)})
