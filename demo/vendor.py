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

NAME, SAFETY = "executive-branch", "public-safety"
CREDENTIAL = f"env:{KEY_NAME}"
# The simulator's id of its one workspace.
REF = "11111111-2222-4333-8444-555555555555"
# The vendor allows 100 calls a minute; a demo that is watched goes faster.
LIMITS = {"*": 1200}
ACCEPT_AFTER_SECONDS = [15, 150]
# A proxy named in the environment must not come between the demo and its own machine.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _base(name: str) -> str:
    port = settings.ENV.simulator_port if name == NAME else settings.ENV.second_simulator_port
    return f"http://{HOST}:{port}"


def address(name: str = NAME) -> str:
    """The base address of the vendor's API for one of the two workspaces."""
    return f"{_base(name)}/v1"


def found_again() -> None:
    """Where a simulator runs at another port than last time, the workspace's record follows."""
    for name in (NAME, SAFETY):
        workspace = Workspace.objects.filter(name=name).exclude(address=address(name)).first()
        if workspace is not None:
            vendors.workspace_readdress(
                actor=SYSTEM, workspace=workspace, address=address(name),
                reason="The simulator was started at another port",
            )  # fmt: skip


def call(path: str, body: dict[str, Any], method: str = "POST", name: str = NAME) -> dict[str, Any]:
    """Ask a simulator something behind the API's back."""
    request = urllib.request.Request(  # noqa: S310 - our own loopback address
        f"{_base(name)}/_sim/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}, method=method
    )
    with _OPENER.open(request, timeout=30) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def begin() -> None:
    """Empty workspaces whose people accept invitations within a minute or two, as people do."""
    for name in (NAME, SAFETY):
        call("reset", {}, name=name)
        call("settings", {"accept_after_seconds": ACCEPT_AFTER_SECONDS, "accept_rate": 0.97}, name=name)


def add_members(*members: dict[str, str]) -> None:
    """Accounts that appear without Beacon's doing."""
    call("members", {"members": list(members)})


def identity_provider_pushes(emails: list[str], group: str) -> None:
    """What the identity provider of public safety pushes: these people, in this group."""
    call("idp_sync", {"members": emails, "groups": {group: emails}}, name=SAFETY)
    call("accept", {"all": True}, name=SAFETY)
