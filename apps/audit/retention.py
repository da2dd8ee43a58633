"""What is past its time goes: a batch with each tick, and one event that says what, how many and up to when.

How long each kind of record is kept stands in docs/logs.md. Where a record is evidence, a trigger of its table lets it go
no earlier (`frozen_when`). Twice at once is harmless: rows that another run has in hand are left to it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from apps.audit.services import Entry, Who, record_many
from apps.core import clock
from apps.core.db.now import database_now

BATCH = 5000


def before(days: int) -> datetime:
    """The beginning of a day of the state, at least so many times 24 hours ago by the clock that the triggers go by.

    A day's beginning, so that a day's rows go together and are one event; a day more, for the hour that the clocks are
    put back.
    """
    return clock.end_of(clock.day_of(database_now()) - timedelta(days=days + 2))


def forget(actor: Who, rows: QuerySet[Any], verb: str, *, until: datetime, reason: str) -> int:
    """Remove the first `BATCH` of `rows`, which the caller has put in order. Returns how many that were."""
    with transaction.atomic():
        gone = list(rows.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)[:BATCH])
        if gone:
            rows.model._default_manager.filter(pk__in=gone).delete()
            what = str(rows.model._meta.verbose_name_plural)
            entry = Entry(
                until.date().isoformat(), f"{len(gone):,} {what}", after={"removed": len(gone), "until": until},
                reason=reason,
            )  # fmt: skip
            record_many(actor, verb, rows.model, [entry])
    return len(gone)
