"""A record of the calls that reached the vendor, so that a test can prove what was sent, and how often.

It lives in memory: the last 100,000 calls in full, and a count per route that is never cut.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec

from simulator.messages import Call

KEPT_CALLS = 100_000
KEPT_BODY_BYTES = 4_096
UNMATCHED = "unmatched"

RETRY_COUNT_HEADER = "x-stainless-retry-count"
IDEMPOTENCY_HEADER = "idempotency-key"


class Entry(msgspec.Struct, kw_only=True, gc=False):
    """One call. `status` stays None where no answer was given; `at` is simulator time in Unix seconds."""

    number: int
    at: int
    method: str
    route: str
    path: str
    query: str
    request_id: str
    retry_count: str | None
    idempotency_key: str | None
    body: bytes
    status: int | None = None

    def shown(self) -> dict[str, Any]:
        """Return the entry for a reader, its body decoded where it is JSON."""
        return {**msgspec.structs.asdict(self), "body": _decoded(self.body)}


class Journal:
    """The calls, oldest first."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEPT_CALLS)
        self.totals: Counter[str] = Counter()

    def open(self, call: Call, at: int) -> Entry:
        """Record a call as it arrives; the caller fills in `status` when it is answered."""
        self.totals[call.route] += 1
        entry = Entry(
            number=self.totals.total(),
            at=at,
            method=call.method,
            route=call.route,
            path=call.path,
            query=str(call.query),
            request_id=call.request_id,
            retry_count=call.headers.get(RETRY_COUNT_HEADER),
            idempotency_key=call.headers.get(IDEMPOTENCY_HEADER),
            body=call.body[:KEPT_BODY_BYTES],
        )
        self._entries.append(entry)
        return entry

    def find(self, method: str | None, route: str | None, limit: int) -> list[Entry]:
        """Return the last `limit` calls with that method and route, oldest first."""
        return list(islice(self._matching(method, route), limit))[::-1]

    def total(self, method: str | None, route: str | None) -> int:
        """Return how many calls were ever made with that method and route."""
        return sum(n for name, n in self.totals.items() if _matches(name, method, route))

    def clear(self) -> None:
        """Forget all calls and counts."""
        self._entries.clear()
        self.totals.clear()

    def _matching(self, method: str | None, route: str | None) -> Iterator[Entry]:
        return (entry for entry in reversed(self._entries) if _matches(entry.route, method, route))


def _matches(name: str, method: str | None, route: str | None) -> bool:
    """Whether a route "METHOD /template" is asked for; `route` may be written with or without its method."""
    verb, _, template = name.partition(" ")
    return method in (None, verb) and route in (None, template, name)


def _decoded(body: bytes) -> Any:
    if not body:
        return None
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return body.decode("utf-8", "replace")
