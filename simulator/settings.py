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

    def __post_init__(self) -> None:
        earliest, latest = self.accept_after_seconds
        if earliest > latest:
            raise ValueError("accept_after_seconds: the first number must not exceed the second")

    def merged(self, changes: Mapping[str, Any]) -> Settings:
        """Return a copy with `changes` applied; raises msgspec.ValidationError where one does not fit."""
        return msgspec.convert({**msgspec.structs.asdict(self), **changes}, Settings)

    def limit_for(self, route: str) -> int | None:
        """Return the calls a minute allowed on a route ("GET /v1/..."), or None where there is no limit.

        The closest key counts: the route itself, its method with a star ("GET *"), or a star alone.
        """
        method = route.partition(" ")[0]
        keys = (route, f"{method} {ANY_ROUTE}", ANY_ROUTE)
        return next((self.rate_limits[key] for key in keys if key in self.rate_limits), None)
