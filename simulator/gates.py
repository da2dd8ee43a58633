"""Who may call what: each surface of the vendor has a gate of its own before its handlers.

The organization's key and the workspace's key are of different kinds, and neither opens the other's routes
(vendor fact sheet 4). The order of the workspace's refusals is that of a service that says nothing to a
caller it does not know: key first, then plan, path, workspace and scope.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from simulator import workspace_log
from simulator.errors import ApiError, bad_request
from simulator.messages import Call
from simulator.settings import UUID_PATTERN, Settings
from simulator.world import World

BEARER = "Bearer "
SHOWN_KEY_CHARACTERS = 4
INVALID_KEY = "invalid_api_key"
INSUFFICIENT = "insufficient_permissions"
_UUID = re.compile(UUID_PATTERN)


class Gate(Protocol):
    """What a surface asks before, and notes after, a call."""

    def admit(self, world: World, call: Call) -> None:
        """Let a call through or raise the refusal."""

    def per_minute(self, settings: Settings) -> int:
        """Return the calls a minute that every route of the surface allows; 0: as many as come."""

    def record(self, world: World, call: Call, status: int) -> None:
        """Note a call that was let through, with the status of its answer."""


class OrganizationGate:
    """The organization's API: the admin key (vendor fact sheet 9.1)."""

    def admit(self, world: World, call: Call) -> None:
        """Raise a 401 unless the call carries the admin key."""
        check_key(world, call, world.admin_key)

    def per_minute(self, settings: Settings) -> int:
        """No official figure is known: only the table of limits counts."""
        return 0

    def record(self, world: World, call: Call, status: int) -> None:
        """Changes leave audit entries of their own."""


@dataclass(frozen=True)
class WorkspaceGate:
    """One route of the workspace's administration: the scope it needs, and its name in the log."""

    scope: str
    action: str

    def admit(self, world: World, call: Call) -> None:
        """Raise a 401, 404, 400 or 403."""
        check_workspace_key(world, call)
        if not world.settings.plan_has_admin_api:
            raise ApiError(HTTPStatus.NOT_FOUND, "Not found.", code="not_found")
        check_workspace(world, call)
        check_scope(world, self.scope)

    def per_minute(self, settings: Settings) -> int:
        """The vendor's default is 100."""
        return settings.workspace_rate_limit

    def record(self, world: World, call: Call, status: int) -> None:
        """Reads are logged as well as writes."""
        workspace_log.record(world, call, self.action, status)


@dataclass(frozen=True)
class ComplianceGate:
    """The compliance API of the workspace: the same key with a scope that only owners grant."""

    scope: str

    def admit(self, world: World, call: Call) -> None:
        """Raise a 401, 400 or 403."""
        check_workspace_key(world, call)
        check_workspace(world, call)
        check_scope(world, self.scope)

    def per_minute(self, settings: Settings) -> int:
        """The vendor's figure for reads is 50."""
        return settings.compliance_rate_limit

    def record(self, world: World, call: Call, status: int) -> None:
        """Not logged."""


class SignedGate:
    """Files behind a signed address: the signature is the key, and another key beside it is a mistake.

    Stores of this kind refuse a request that is authorized twice, which is how a client notices that it
    forwarded its bearer to a redirect (vendor fact sheet 6).
    """

    def admit(self, world: World, call: Call) -> None:
        """Raise a 400 for a call that brings an Authorization header."""
        if "authorization" in call.headers:
            raise bad_request("Only one way of authorization is allowed.", param="authorization")

    def per_minute(self, settings: Settings) -> int:
        """Not limited."""
        return 0

    def record(self, world: World, call: Call, status: int) -> None:
        """Not logged."""


def check_key(world: World, call: Call, expected: str) -> None:
    """Raise a 401 unless the call carries that key and the key has not expired."""
    given = call.headers.get("authorization", "")
    if not given.startswith(BEARER):
        message = "You didn't provide an API key. Send it in an Authorization header using Bearer auth."
        raise ApiError(HTTPStatus.UNAUTHORIZED, message)
    key = given.removeprefix(BEARER)
    if not hmac.compare_digest(key.encode(), expected.encode()):
        message = f"Incorrect API key provided: ****{key[-SHOWN_KEY_CHARACTERS:]}."
        raise ApiError(HTTPStatus.UNAUTHORIZED, message, code=INVALID_KEY)
    expires_at = world.settings.key_expires_at
    if expires_at is not None and world.now() >= expires_at:
        raise ApiError(HTTPStatus.UNAUTHORIZED, "This API key has expired.", code=INVALID_KEY)


def check_workspace_key(world: World, call: Call) -> None:
    """Raise a 401 unless the call carries the workspace's key, whose creator must still hold their role."""
    check_key(world, call, world.workspace_key)
    if not world.settings.creator_active:
        message = "This API key is no longer valid: its creator has lost the role."
        raise ApiError(HTTPStatus.UNAUTHORIZED, message, code=INVALID_KEY)


def check_workspace(world: World, call: Call) -> None:
    """Raise a 400 for a path that names no UUID and a 403 for one that names another workspace."""
    named = call.params["workspace_id"].lower()
    if not _UUID.fullmatch(named):
        raise bad_request("workspace_id must be a UUID.", param="workspace_id")
    if named != world.settings.workspace_id:
        message = "This key belongs to another workspace."
        raise ApiError(HTTPStatus.FORBIDDEN, message, param="workspace_id", code="workspace_mismatch")


def check_scope(world: World, scope: str) -> None:
    """Raise a 403 unless the workspace's key has a scope."""
    if scope not in world.settings.workspace_scopes:
        message = f"This key lacks the permission {scope}."
        raise ApiError(HTTPStatus.FORBIDDEN, message, code=INSUFFICIENT)
