"""The simulator's admin routes, as far as the demo uses them."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from django.conf import settings

from apps.accounts.actors import SYSTEM
from apps.vendors import services as vendors
from apps.vendors.models import Workspace
from demo.house import HOST, KEY_NAME

NAME = "executive-branch"
CREDENTIAL = f"env:{KEY_NAME}"
RETENTION = "modified_abuse_monitoring"
ACCEPT_AFTER_SECONDS = [15, 150]
# A proxy named in the environment must not come between the demo and its own machine.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _base() -> str:
    return f"http://{HOST}:{settings.ENV.simulator_port}"


def address() -> str:
    """The base address of the vendor's API."""
    return f"{_base()}/v1"


def found_again() -> None:
    """Where the simulator runs at another port than last time, the workspace's record follows."""
    workspace = Workspace.objects.filter(name=NAME).exclude(address=address()).first()
    if workspace is not None:
        vendors.workspace_readdress(
            actor=SYSTEM, workspace=workspace, address=address(), reason="The simulator was started at another port"
        )


def call(path: str, body: dict[str, Any], method: str = "POST") -> dict[str, Any]:
    """Ask the simulator something behind the API's back."""
    request = urllib.request.Request(  # noqa: S310 - our own loopback address
        f"{_base()}/_sim/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}, method=method
    )
    with _OPENER.open(request, timeout=30) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def begin() -> None:
    """An empty organization whose people accept invitations within a minute or two, as people do."""
    call("reset", {})
    call("settings", {"accept_after_seconds": ACCEPT_AFTER_SECONDS, "accept_rate": 0.97})


def add_members(*members: dict[str, str]) -> None:
    """Accounts that appear without Beacon's doing."""
    call("members", {"members": list(members)})
