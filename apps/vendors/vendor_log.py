"""The vendor's own audit log, read again and again with an overlap, kept once, as it came."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from django.db import transaction

from apps.core import clock
from apps.licenses.ports import EventSeen, Listing, ProviderError
from apps.vendors.errors import CredentialMissing
from apps.vendors.limiter import Pacer
from apps.vendors.models import VendorEvent, Workspace
from apps.vendors.providers import provider_for

EVERY = timedelta(minutes=10)
# Lines may arrive late; the vendor says that nearly all are there within half an hour.
OVERLAP = timedelta(hours=2)
# What the vendor keeps.
FIRST = timedelta(days=30)
_BATCH = 1000
_LONGEST = 254


def log_read(workspace: Workspace) -> tuple[int, list[str]]:
    """Read the log from a little before where it was read to. Returns how many lines were new, and what went wrong.

    An incomplete reading keeps what it saw and begins at the same place next time.
    """
    started = clock.now()
    since = (workspace.log_until - OVERLAP) if workspace.log_until else started - FIRST
    listing, new, newest = Listing(), 0, workspace.log_until
    try:
        with provider_for(workspace, Pacer(workspace)) as provider:
            lines = provider.events(since, listing)
            while batch := list(islice(lines, _BATCH)):
                new += _keep(workspace, batch)
                # A clock that is ahead at the vendor must not make us skip what comes after.
                newest = max([*(min(line.at, started) for line in batch), *([newest] if newest else [])])
    except (ProviderError, CredentialMissing) as error:
        listing.fail(f"The log could not be read: {error}")
    values: dict[str, datetime | None] = {"log_read_at": started}
    if listing.complete:
        values["log_until"] = newest
    Workspace.objects.filter(pk=workspace.pk).update(**values)
    return new, listing.problems


def _keep(workspace: Workspace, batch: list[EventSeen]) -> int:
    rows = [
        VendorEvent(
            workspace=workspace, event_id=line.event_id[:120], type=line.kind[:120], at=line.at,
            actor_kind=line.actor_kind[:40], actor=line.actor[:_LONGEST], subject=line.subject[:_LONGEST],
            detail=line.detail, received_at=clock.now(),
        )
        for line in _once(batch)
    ]  # fmt: skip
    with transaction.atomic():
        known = set(
            VendorEvent.objects.filter(workspace=workspace, event_id__in=[row.event_id for row in rows]).values_list(
                "event_id", flat=True
            )
        )
        fresh = [row for row in rows if row.event_id not in known]
        VendorEvent.objects.bulk_create(fresh, ignore_conflicts=True)
    return len(fresh)


def _once(batch: list[EventSeen]) -> Iterator[EventSeen]:
    seen: set[str] = set()
    for line in batch:
        if line.event_id and line.event_id not in seen:
            seen.add(line.event_id)
            yield line


def is_due(workspace: Workspace) -> bool:
    return workspace.log_read_at is None or clock.now() - workspace.log_read_at >= EVERY
