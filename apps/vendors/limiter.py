"""How many calls a workspace may make now: one bucket for each kind of call, in PostgreSQL, shared by all workers.

The vendor counts calls a minute by method and route; each kind of call here is one of those. A bucket holds a
twentieth of a minute's calls and fills at nineteen twentieths of the limit, so that no minute, wherever it begins, has
more calls than the vendor allows, and hardly one that is allowed goes unused.

A lost bucket is a full one. What the vendor says with HTTP 429 counts above all of this: nothing before `until`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from apps.core import clock
from apps.licenses.ports import Transient
from apps.vendors.models import Allowance, Operation, Workspace
from apps.vendors.providers import limits_of

# The kinds of calls that have an allowance of their own: one for each method and route that Beacon uses.
READS = (
    "list_members", "get_member", "list_invites", "get_invite", "list_groups", "list_group_members", "retention",
    "audit_log", "usage",
)  # fmt: skip
CALLS = ("*", *Operation.Kind.values, *READS)
_BURST_SHARE = 0.05
# A reading call waits this long at most before the run gives up for now.
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Bucket:
    """What a limit in calls a minute means: how much fits in, and how much flows in each second."""

    size: float
    per_second: float

    @classmethod
    def of(cls, limit: int) -> Bucket:
        size = max(1.0, limit * _BURST_SHARE)
        return cls(size, max(limit - size, limit / 2) / 60.0)


def per_minute(limits: Mapping[str, int], kind: str) -> int | None:
    """The limit of a kind of call, in calls a minute; None where there is none."""
    found = limits.get(kind, limits.get("*"))
    return int(found) if found else None


def take(workspace: Workspace, kind: str, wanted: int) -> tuple[int, float]:
    """Draw up to `wanted` calls of a kind. Returns how many may be made now and, if fewer, the seconds until one more.

    Locks the bucket until the caller's transaction ends.
    """
    limit = per_minute(limits_of(workspace), kind)
    now = clock.now()
    with transaction.atomic():
        if limit is None:
            blocked = Allowance.objects.filter(workspace=workspace, kind=kind, until__gt=now).first()
            return (0, _seconds(blocked.until, now)) if blocked else (wanted, 0.0)
        Allowance.objects.bulk_create(
            [Allowance(workspace=workspace, kind=kind, tokens=Bucket.of(limit).size, filled_at=now)],
            ignore_conflicts=True,
        )
        found = Allowance.objects.select_for_update().get(workspace=workspace, kind=kind)
        return _draw(found, Bucket.of(limit), wanted, now)


def _draw(found: Allowance, bucket: Bucket, wanted: int, now: datetime) -> tuple[int, float]:
    if found.until is not None and found.until > now:
        return 0, _seconds(found.until, now)
    # A clock that went back adds nothing and takes nothing away.
    passed = max(0.0, (now - found.filled_at).total_seconds())
    tokens = min(bucket.size, found.tokens + passed * bucket.per_second)
    granted = min(wanted, int(tokens))
    found.tokens, found.filled_at = tokens - granted, max(now, found.filled_at)
    found.save(update_fields=["tokens", "filled_at"])
    wait = 0.0 if granted == wanted else max(0.0, (1.0 - found.tokens) / bucket.per_second)
    return granted, wait


def give_back(workspace: Workspace, kind: str, count: int) -> None:
    """Return what was drawn and not used."""
    if count <= 0 or per_minute(limits_of(workspace), kind) is None:
        return
    with transaction.atomic():
        found = Allowance.objects.select_for_update().filter(workspace=workspace, kind=kind).first()
        if found is not None:
            found.tokens += count
            found.save(update_fields=["tokens"])


def pause(workspace: Workspace, kind: str, seconds: float) -> datetime:
    """The vendor said to wait: nothing of this kind before then, by any worker. Returns the time."""
    until = clock.now() + timedelta(seconds=seconds)
    Allowance.objects.update_or_create(
        workspace=workspace, kind=kind, defaults={"until": until, "tokens": 0.0, "filled_at": until}
    )
    return until


@dataclass(frozen=True, slots=True)
class Pacer:
    """Reading calls of one run wait here for their allowance; `beat` is called meanwhile (it renews the run's lease)."""

    workspace: Workspace
    beat: Callable[[], None] = lambda: None

    def wait(self, kind: str) -> None:
        """Return once a call may be made. Raises `Transient` where that takes longer than a run should wait."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            granted, seconds = take(self.workspace, kind, 1)
            if granted:
                return
            if time.monotonic() + seconds > deadline:
                text = f"The vendor allows no call of this kind ({kind}) for another {seconds:.0f} seconds."
                raise Transient(text, status=429, retry_after=seconds)
            self.beat()
            time.sleep(min(seconds, 5.0))  # in short naps, so that the lease is renewed in between

    def pause(self, kind: str, seconds: float) -> None:
        pause(self.workspace, kind, seconds)


def _seconds(until: datetime | None, now: datetime) -> float:
    return max(0.0, (until - now).total_seconds()) if until else 0.0


def estimate(workspace: Workspace, counts: Mapping[str, int]) -> timedelta:
    """How long so many calls of each kind take at the workspace's limits; kinds run beside each other. Zero: no limit."""
    limits = limits_of(workspace)
    longest = 0.0
    for kind, count in counts.items():
        limit = per_minute(limits, kind)
        if limit and count:
            longest = max(longest, count / Bucket.of(limit).per_second)
    return timedelta(seconds=longest)
