"""The transparency page: nothing while it is off; then one page for everybody, with totals and no person."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.agencies.models import Employee
from apps.core.errors import NotPermitted
from apps.reports.transparency_services import transparency_switch
from tests.factories import catalog, knowledge
from tests.factories.cast import World
from tests.factories.past import past_world
from tests.web.test_matrix import client_of

pytestmark = pytest.mark.django_db
ADDRESSES = ("/transparency/", "/transparency.json")


def test_it_is_not_there_until_paula_switches_it_on_and_gone_when_she_takes_it_away(
    world: World, django_capture_on_commit_callbacks: pytest.FixtureRequest
) -> None:
    assert [Client().get(url).status_code for url in ADDRESSES] == [404, 404]
    for is_on, expected in ((True, 200), (False, 404)):
        page = client_of(world, "paula").post(
            "/reports/transparency/", {"is_on": "on" if is_on else "off", "reason": "Decided"}
        )
        assert page.status_code == 302
        assert [Client().get(url).status_code for url in ADDRESSES] == [expected, expected]
    with pytest.raises(NotPermitted):
        transparency_switch(actor=world.lee, is_on=True, reason="Proud of it")


def test_residents_read_totals_of_the_last_month_and_no_name() -> None:
    old = past_world()
    catalog.published(old)
    knowledge.tool(old)
    transparency_switch(actor=old.erin, is_on=True, reason="Decided")
    answer = Client().get("/transparency.json")
    data = answer.json()
    assert (data["totals"]["seats_bought"], data["totals"]["agencies"]) == (1000, 2)
    assert data["totals"]["people_with_a_seat"] == 14
    assert len(data["use_cases"]) == 1
    assert data["terms"]["sha256"] == old.version.sha256
    assert "max-age=3600" in answer["Cache-Control"]
    page = Client().get("/transparency/")
    text = page.content.decode() + answer.content.decode()
    assert "Deciding on anybody" in text
    assert not any(str(person) in text or person.email in text for person in Employee.objects.all())


def test_it_is_the_same_page_for_erin_as_for_a_stranger(world: World) -> None:
    transparency_switch(actor=world.erin, is_on=True, reason="Decided")
    erin = client_of(world, "erin").get("/transparency/")
    stranger = Client().get("/transparency/")
    assert erin.content == stranger.content
    assert "Cookie" not in stranger.get("Vary", "")
    assert not stranger.cookies
