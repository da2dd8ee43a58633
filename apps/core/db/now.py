"""The database's time, moved with core.clock.shifted: for columns that a report about a past day reads."""

from __future__ import annotations

from django.db import models


class BeaconNow(models.Func):
    """beacon_now() of audit/0003: the start of the transaction, shifted where the clock is."""

    function = "beacon_now"
    template = "%(function)s()"
    output_field = models.DateTimeField()
