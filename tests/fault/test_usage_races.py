"""Usage that arrives on several sides at once: every person is counted, and a month's partition is made once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.db import connection

from apps.agencies.models import Employee
from apps.licenses.ports import UsageSeen
from apps.vendors.models import UsageDay, UsageWeek
from apps.vendors.usage_tables import usage_store
from tests.factories.cast import World


@pytest.mark.django_db(transaction=True)
def test_eight_batches_about_the_same_new_week_lose_nobody() -> None:
    world = World.build(more=24)
    workspace = world.with_vendor("http://127.0.0.1:9/v1")
    people = list(Employee.objects.filter(agency=world.a).values_list("email", flat=True))[:24]
    tuesday = date(2021, 8, 31)  # and the Wednesday is another month's

    def store(number: int) -> int:
        try:
            rows = [UsageSeen(day, "", email, 2) for email in people[number::8] for day in (tuesday, date(2021, 9, 1))]
            return usage_store(workspace, rows).changed
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(store, range(8))) == 48
    assert UsageDay.objects.count() == 48
    week = UsageWeek.objects.get(week=date(2021, 8, 30))
    assert (week.active, week.messages) == (24, 96)
