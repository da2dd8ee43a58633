"""The tick: one UTC heartbeat. Each app decides from its own tables what is due, so a double tick is harmless."""

from __future__ import annotations

from celery import shared_task

from apps.core import clock, hooks, requests
from apps.core.failpoints import failpoint
from apps.core.kept import keep

# Under this key stands when the last tick ended; check_health reads it.
TICKED = "core:ticked"


@shared_task
def tick() -> dict[str, int]:
    """Call every function in settings.TICK; each returns how much it found to do."""
    requests.begin()
    found: dict[str, int] = {}
    for hook in hooks.hooks("TICK"):
        found[f"{hook.__module__}.{hook.__name__}"] = int(hook())
        failpoint("in_tick")
    keep(TICKED, 86_400, clock.now())
    return found
