"""Two writers at once: one is told to look again, and no threshold is slipped under."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from apps.agencies.models import Employee
from tests.factories.cast import World
from tests.factories.scim import Provider, crowd, entra_user, replace

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*calls: Callable[[], Any]) -> list[int]:
    """The statuses that the calls are answered, all started in the same moment."""
    start = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> int:
        try:
            start.wait(10)
            return int(call().status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return sorted(pool.map(run, calls))


def test_of_two_who_saw_the_same_version_one_is_told(world: World) -> None:
    entra, key = Provider(world), world.employee("B003").key
    for turn in range(5):
        tag = entra.get(f"/Users/{key}")["ETag"]
        both = [partial(entra.patch, key, replace("title", f"{who}{turn}"), If_Match=tag) for who in "AB"]
        assert at_once(*both) == [204, 412]


@pytest.mark.parametrize("same", ["userName", "employeeNumber"])
def test_of_two_who_create_the_same_person_one_is_told(world: World, same: str) -> None:
    entra = Provider(world)
    for turn in range(5):
        first, second = entra_user(f"N{turn}", "Dina", "New", "BBB"), entra_user(f"M{turn}", "Dora", "New", "BBB")
        if same == "userName":
            second["userName"] = first["userName"]
        else:
            second |= {key: first[key] for key in first if key.startswith("urn:")}
        assert at_once(partial(entra.post, first), partial(entra.post, second)) == [201, 409]


def test_separations_at_once_stop_at_the_threshold(world: World) -> None:
    entra, people = Provider(world), crowd(world.b, 20)
    calls = [partial(entra.patch, one.key, replace("active", "False")) for one in people[:8]]
    assert at_once(*calls) == [204] * 3 + [409] * 5
    assert Employee.objects.filter(status="separated").count() == 3
