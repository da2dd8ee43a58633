"""The vendor's limiter: so many calls a minute per method and route (vendor fact sheet 1 and 9.15)."""

from __future__ import annotations

from http import HTTPStatus

from simulator.clock import SECONDS_PER_MINUTE
from simulator.errors import ApiError
from simulator.settings import Settings

# Longer than the 120 s up to which the SDK waits by itself.
LONG_RETRY_AFTER_SECONDS = 600


class Limiter:
    """Fixed windows of one minute, each opened by the first call after the last one closed."""

    def __init__(self) -> None:
        self._windows: dict[str, tuple[int, int]] = {}

    def check(self, route: str, now: int, settings: Settings, surface_limit: int = 0) -> None:
        """Count a call; raises a 429 when the route's allowance for this minute is used up."""
        allowed = settings.limit_for(route, surface_limit)
        if allowed is None:
            return
        opened, used = self._windows.get(route, (now, 0))
        if now >= opened + SECONDS_PER_MINUTE:
            opened, used = now, 0
        if used >= allowed:
            raise _too_many(opened + SECONDS_PER_MINUTE - now, settings)
        self._windows[route] = (opened, used + 1)

    def clear(self) -> None:
        """Open all windows anew."""
        self._windows.clear()


def _too_many(seconds_left: int, settings: Settings) -> ApiError:
    headers: dict[str, str] = {}
    if settings.rate_limit_retry_after == "with":
        headers["retry-after"] = str(max(1, seconds_left))
    elif settings.rate_limit_retry_after == "long":
        headers["retry-after"] = str(LONG_RETRY_AFTER_SECONDS)
    if settings.rate_limit_should_retry is not None:
        headers["x-should-retry"] = "true" if settings.rate_limit_should_retry else "false"
    return ApiError(
        HTTPStatus.TOO_MANY_REQUESTS,
        "Rate limit reached for this endpoint.",
        code="rate_limit_exceeded",
        headers=headers,
    )
