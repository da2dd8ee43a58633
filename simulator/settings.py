"""What the vendor's documentation leaves open, as settings that can be changed while it runs.

Each value below that is a choice between words stands for a question the vendor does not answer
(vendor fact sheet 3 and 9, marked "unknown" there), so that a client can be tried against every answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Seconds = Annotated[int, Meta(ge=0)]
Share = Annotated[float, Meta(ge=0, le=1)]
PerMinute = Annotated[int, Meta(ge=0)]

ANY_ROUTE = "*"

USER_READ = "chatgpt.enterprise.user.read"
USER_WRITE = "chatgpt.enterprise.user.write"
INVITATION_READ = "chatgpt.enterprise.invitation.read"
INVITATION_WRITE = "chatgpt.enterprise.invitation.write"
DIRECTORY_READ = "chatgpt.enterprise.directory.read"
DIRECTORY_WRITE = "chatgpt.enterprise.directory.write"
USAGE_LIMIT_READ = "chatgpt.enterprise.usage_limit.read"
USAGE_LIMIT_WRITE = "chatgpt.enterprise.usage_limit.write"
ANALYTICS_READ = "enterprise.analytics.usage.read"
COMPLIANCE_READ = "compliance.read"
SCOPES = (
    USER_READ,
    USER_WRITE,
    INVITATION_READ,
    INVITATION_WRITE,
    DIRECTORY_READ,
    DIRECTORY_WRITE,
    USAGE_LIMIT_READ,
    USAGE_LIMIT_WRITE,
    ANALYTICS_READ,
    COMPLIANCE_READ,
)

DEFAULT_WORKSPACE_ID = "11111111-2222-4333-8444-555555555555"
UUID_PATTERN = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The behaviour of the simulated vendor; times are in seconds of the simulator's clock."""

    seed: int = 1
    accept_after_seconds: tuple[Seconds, Seconds] = (20, 90)
    accept_rate: Share = 0.97
    invite_lifetime_days: Annotated[float, Meta(gt=0)] = 7
    reinvite_pending: Literal["duplicate", "error", "same"] = "duplicate"
    invite_member: Literal[400, 409, 200] = 400
    unknown_cursor: Literal["error", "empty"] = "error"
    limit_out_of_range: Literal["error", "clamp"] = "error"
    duplicate_group_add: Literal[200, 409] = 200
    last_owner_delete: Literal["error", "allow"] = "error"
    read_lag_seconds: Seconds = 0
    latency_ms: Annotated[float, Meta(ge=0)] = 0
    rate_limits: dict[str, PerMinute] = {}
    rate_limit_retry_after: Literal["with", "without", "long"] = "with"
    rate_limit_should_retry: bool | None = None
    usage_enabled: bool = True
    # The workspace: its key's rights, what its plan brings, what is late.
    workspace_id: Annotated[str, Meta(pattern=UUID_PATTERN)] = DEFAULT_WORKSPACE_ID
    workspace_scopes: tuple[str, ...] = SCOPES
    plan_has_admin_api: bool = True
    plan_has_compliance_logs: bool = True
    creator_active: bool = True
    key_expires_at: int | None = None
    workspace_rate_limit: PerMinute = 0
    compliance_rate_limit: PerMinute = 0
    usage_correction_days: Annotated[int, Meta(ge=0, le=60)] = 2
    log_file_seconds: Annotated[int, Meta(ge=1)] = 600
    idp_unassign_pending: Literal["keep", "cancel"] = "keep"

    def __post_init__(self) -> None:
        earliest, latest = self.accept_after_seconds
        if earliest > latest:
            raise ValueError("accept_after_seconds: the first number must not exceed the second")
        for scope in self.workspace_scopes:
            if scope not in SCOPES:
                raise ValueError(f"workspace_scopes: there is no '{scope}'; there are {', '.join(SCOPES)}")

    def merged(self, changes: Mapping[str, Any]) -> Settings:
        """Return a copy with `changes` applied; raises msgspec.ValidationError where one does not fit."""
        return msgspec.convert({**msgspec.structs.asdict(self), **changes}, Settings)

    def limit_for(self, route: str, surface_limit: PerMinute = 0) -> int | None:
        """Return the calls a minute allowed on a route ("GET /v1/..."), or None where there is no limit.

        The closest key counts: the route itself, its method with a star ("GET *"), or a star alone. Where none
        fits it is what holds for every route of the surface; 0 there means no limit.
        """
        method = route.partition(" ")[0]
        keys = (route, f"{method} {ANY_ROUTE}", ANY_ROUTE)
        return next((self.rate_limits[key] for key in keys if key in self.rate_limits), surface_limit or None)
