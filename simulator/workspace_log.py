"""The workspace's own log of what its key was used for, reads included (vendor fact sheet 4).

The compliance API hands it out. Only so many lines are kept, the newest.
"""

from __future__ import annotations

import msgspec

from simulator import audit_log
from simulator.ids import object_id
from simulator.messages import Call
from simulator.world import World

KEPT_LINES = 200_000
# Cutting costs a statement, so it is done once in so many calls.
CUT_EVERY = 1_000

_LAST = "SELECT coalesce(max(seq), 0) FROM workspace_calls"


class LoggedCall(msgspec.Struct, kw_only=True):
    """A line, as far as it is known when the call is made."""

    event_id: str
    action: str
    actor_id: str = audit_log.WORKSPACE_KEY_ID
    method: str
    path: str
    status: int
    request_id: str
    params: dict[str, str]


def record(world: World, call: Call, action: str, status: int) -> None:
    """Write a line; one statement that commits by itself."""
    seq = int(world.store.value(_LAST)) + 1
    line = LoggedCall(
        event_id=object_id("event", seq),
        action=action,
        method=call.method,
        path=call.path,
        status=status,
        request_id=call.request_id,
        params={name: value for name, value in call.params.items() if name != "workspace_id"},
    )
    body = msgspec.json.encode(line).decode()
    world.store.run("INSERT INTO workspace_calls VALUES (?, ?, ?)", (seq, world.now(), body))
    if seq % CUT_EVERY == 0:
        world.store.run("DELETE FROM workspace_calls WHERE seq <= ?", (seq - KEPT_LINES,))
