"""Every page asks the database a fixed number of questions, however many rows it shows.

The budgets stand in query_budget.json; a page that needs more says so there, in the change that makes it need more.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.actors import Role
from tests.factories.cast import World
from tests.web.samples import FOREIGN, furnished, pages
from tests.web.test_matrix import client_of

pytestmark = pytest.mark.django_db
BUDGETS: dict[str, int] = json.loads(Path(__file__).with_name("query_budget.json").read_text())
LISTS = ("licenses:requests", "licenses:seats", "agencies:people", "vendors:operations", "audit:events", "console:home")


def _asked(world: World, name: str, url: str) -> int:
    client = client_of(world, name)
    client.get(url)  # the session and caches are warm
    with CaptureQueriesContext(connection) as asked:
        assert client.get(url).status_code == 200
    return len(asked)


def test_no_page_exceeds_its_budget() -> None:
    world, parameters = furnished()
    found, over = {}, {}
    for page in pages():
        if page.name in FOREIGN or page.rule is None or not page.rule.admits(world.erin):
            continue
        client = client_of(world, "erin")
        url = reverse(page.name, kwargs=parameters.get(page.name))
        if client.get(url).status_code != 200:
            continue
        with CaptureQueriesContext(connection) as asked:
            client.get(url)
        found[page.name] = len(asked)
        if found[page.name] > BUDGETS.get(page.name, 0):
            over[page.name] = (found[page.name], BUDGETS.get(page.name))
    assert over == {}
    assert Role.ADMINISTRATOR in world.erin.roles


@pytest.mark.parametrize("name", LISTS)
def test_more_rows_ask_no_more_questions(name: str) -> None:
    world, parameters = furnished()
    url = f"{reverse(name, kwargs=parameters.get(name))}?state="
    few = _asked(world, "erin", url)
    for employee in world.staff(3):
        if not employee.seats.exists() and not employee.seat_requests.exists():
            world.holder(employee)
    assert _asked(world, "erin", url) <= few
