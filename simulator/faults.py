"""Faults: what goes wrong, on which route, from which call on and how often (vendor fact sheet 9.16).

Faults live in memory: a restart of the simulator clears them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from simulator.messages import Call
from simulator.ratelimit import LONG_RETRY_AFTER_SECONDS
from simulator.settings import ANY_ROUTE

Kind = Literal[
    "delay",
    "drop_before",
    "drop_after",
    "kill_before",
    "kill_after",
    "status",
    "truncated_json",
    "html_200",
    "missing_field",
    "extra_field",
    "unknown_enum",
    "stuck_cursor",
    "null_cursor",
    "empty_has_more",
    "repeated_row",
    "skipped_row",
]
RetryAfter = Literal["none", "int", "long"] | Annotated[int, Meta(ge=0)]
ErrorStatus = Literal["502_html"] | Annotated[int, Meta(ge=400, le=599)]

DEFAULT_RETRY_AFTER_SECONDS = 1


class Fault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One fault, as it is asked for.

    It fires on the `nth` matching call and the `times - 1` after it (`times` null: for ever), counted
    from the moment it was set. A call matches by route ("POST /v1/organization/invites", "GET *" or "*")
    and, if `match` is given, by that text in its path, query or body.
    """

    kind: Kind
    route: str = ANY_ROUTE
    nth: Annotated[int, Meta(ge=1)] = 1
    times: Annotated[int, Meta(ge=1)] | None = 1
    match: str | None = None
    # delay
    seconds: Annotated[float, Meta(ge=0)] = 0
    when: Literal["before", "after"] = "after"
    # status
    status: ErrorStatus = 500
    retry_after: RetryAfter | None = None
    should_retry: bool | None = None
    applied: bool = False
    # changed bodies
    where: Literal["row", "envelope"] = "row"
    row: Annotated[int, Meta(ge=0)] = 0
    field: str | None = None
    value: Any | UnsetType = UNSET

    def matches(self, call: Call) -> bool:
        """Whether the fault has anything to do with a call."""
        if self.route not in (ANY_ROUTE, call.route, f"{call.method} {ANY_ROUTE}"):
            return False
        if self.match is None:
            return True
        haystack = f"{call.path}?{call.query}\n{call.body.decode('utf-8', 'replace')}"
        return self.match in haystack

    def retry_headers(self) -> dict[str, str]:
        """Return the headers by which a refusal tells the caller when to come again."""
        headers: dict[str, str] = {}
        seconds = {"int": DEFAULT_RETRY_AFTER_SECONDS, "long": LONG_RETRY_AFTER_SECONDS}
        if self.retry_after not in (None, "none"):
            headers["retry-after"] = str(seconds.get(str(self.retry_after), self.retry_after))
        if self.should_retry is not None:
            headers["x-should-retry"] = "true" if self.should_retry else "false"
        return headers


class Placed(msgspec.Struct):
    """A fault on the board: with its number, the matching calls seen and the times it fired."""

    id: int
    fault: Fault
    seen: int = 0
    fired: int = 0

    def take(self, call: Call) -> bool:
        """Count a call if it matches; returns whether the fault fires on it."""
        if not self.fault.matches(call):
            return False
        self.seen += 1
        last = None if self.fault.times is None else self.fault.nth + self.fault.times - 1
        fires = self.seen >= self.fault.nth and (last is None or self.seen <= last)
        self.fired += fires
        return fires

    def shown(self) -> dict[str, Any]:
        """Return the fault with its counts, for a reader."""
        counts = {"id": self.id, "seen": self.seen, "fired": self.fired}
        fields: dict[str, Any] = msgspec.to_builtins(self.fault)
        return {**counts, **fields}


class FaultBoard:
    """The faults that are set, in the order they were set."""

    def __init__(self) -> None:
        self._placed: list[Placed] = []
        self._count = 0

    def place(self, fault: Fault) -> Placed:
        """Set a fault."""
        self._count += 1
        placed = Placed(id=self._count, fault=fault)
        self._placed.append(placed)
        return placed

    def take(self, call: Call) -> list[Fault]:
        """Return the faults that fire on a call; each matching one counts it."""
        return [placed.fault for placed in self._placed if placed.take(call)]

    def all(self) -> Iterable[Placed]:
        """Return all faults, also those that have fired for the last time."""
        return tuple(self._placed)

    def remove(self, fault_id: int) -> bool:
        """Take one fault off; returns whether it was there."""
        before = len(self._placed)
        self._placed = [placed for placed in self._placed if placed.id != fault_id]
        return len(self._placed) < before

    def clear(self) -> None:
        """Take all faults off."""
        self._placed.clear()
