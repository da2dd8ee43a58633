"""The database's time, moved with core.clock.shifted: for columns that a report about a past day reads."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, models


class BeaconNow(models.Func):
    """beacon_now() of audit/0003: the start of the transaction, shifted where the clock is."""

    function = "beacon_now"
    template = "%(function)s()"
    output_field = models.DateTimeField()


def database_now() -> datetime:
    """What beacon_now() says: the clock that triggers go by."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT beacon_now()")
        found: datetime = cursor.fetchone()[0]
    return found
