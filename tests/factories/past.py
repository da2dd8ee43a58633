"""A world that has a past: agencies, people and seats that have been there for weeks, lived through services."""

from __future__ import annotations

from datetime import date, timedelta

from apps.agencies.models import Agency, Employee
from apps.core import clock
from apps.licenses.ports import UsageSeen
from apps.rollout import services as rollout
from apps.vendors.usage_tables import usage_store
from tests.factories.cast import World

WEEKS = 6


def past_world(*, holders: int = 14, staff: int = 26, idle: int = 0) -> World:
    """Agency A has `staff` more people, `holders` of them with a seat for six weeks, used every day by all but `idle`."""
    with clock.shifted(timedelta(weeks=-WEEKS)):
        world = World.build(more=staff)
        Agency.objects.update(parent=None)
        rollout.phase_agency_add(actor=world.erin, phase=world.phase, agency=world.b, allocation=9)
        world.holders(holders)
        world.with_vendor("http://127.0.0.1:9/v1")
    # Read once a week, as after a few days without the vendor.
    for ago in (29, 22, 15, 8, 1):
        with clock.shifted(timedelta(days=-ago)):
            used(world, [clock.today() - timedelta(days=n) for n in range(1, 8)], holders - idle)
    return world


def used(world: World, days: list[date], count: int) -> None:
    """The first `count` of the additional people wrote something on each of some days."""
    assert world.workspace is not None
    people = list(Employee.objects.filter(first_name__startswith="Staff").order_by("employee_id")[:count])
    usage_store(world.workspace, [UsageSeen(day, "", one.email.lower(), 5, 0, 0, 0) for day in days for one in people])
