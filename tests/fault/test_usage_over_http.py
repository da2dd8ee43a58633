"""Usage read over real HTTP from the stand-in vendor: days as it counts them, corrected later, stored whole or not at all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.accounts.actors import SYSTEM
from apps.core import clock
from apps.vendors.limiter import pause
from apps.vendors.models import UsageDay, UsageFetch, UsageWeek, VendorAccount, Workspace
from apps.vendors.usage_services import usage_fetch
from simulator.testing import RunningSimulator
from tests.factories.cast import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def chatgpt(world: World, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A ChatGPT workspace whose members have been there for two months; the cast is among them."""
    monkeypatch.setenv("BEACON_TEST_WORKSPACE_KEY", simulator.workspace_key)
    workspace = world.with_vendor(
        simulator.workspace_url, adapter="chatgpt_workspace", key="env:BEACON_TEST_WORKSPACE_KEY",
        vendor_ref=simulator.workspace_id,
    )  # fmt: skip
    simulator.seed(30, added_days_ago=60)
    long_ago = simulator.now() - 60 * 86_400
    for employee in (world.employee("A003"), world.employee("B003")):
        made = simulator.add_members([{"email": employee.email, "added_at": long_ago}])
        VendorAccount.objects.create(
            workspace=workspace, vendor_id=made[employee.email], email=employee.email, employee=employee
        )
    return workspace


def test_days_come_in_whole_and_later_corrections_overwrite(
    world: World, chatgpt: Workspace, simulator: RunningSimulator
) -> None:
    fetch = usage_fetch(actor=SYSTEM, workspace=chatgpt)
    assert fetch.problem == ""
    assert fetch.rows > 0
    assert fetch.unknown > 0, "the seeded members are nobody in the directory"
    assert set(UsageDay.objects.values_list("employee_id", flat=True)) <= {
        world.employee("A003").pk, world.employee("B003").pk,
    }  # fmt: skip
    before = {(d.day, d.employee_id): d.messages for d in UsageDay.objects.all()}
    again = usage_fetch(actor=SYSTEM, workspace=chatgpt)
    assert again.first == fetch.last - timedelta(days=3)
    assert all(UsageDay.objects.get(day=day, employee=who).messages >= n for (day, who), n in before.items())
    assert UsageWeek.objects.exists() == bool(before)


def test_a_vendor_that_fails_in_the_middle_stores_nothing(chatgpt: Workspace, simulator: RunningSimulator) -> None:
    simulator.settings(usage_enabled=False)
    assert usage_fetch(actor=SYSTEM, workspace=chatgpt).rows == 0
    simulator.settings(usage_enabled=True, workspace_scopes=["chatgpt.enterprise.user.read"])
    fetch = usage_fetch(actor=SYSTEM, workspace=chatgpt)
    assert fetch.problem
    assert not UsageDay.objects.exists()
    assert UsageFetch.objects.filter(problem="", last=clock.now().date() - timedelta(days=1)).count() == 1


def test_reading_usage_keeps_to_the_calls_that_the_vendor_allows(
    chatgpt: Workspace, simulator: RunningSimulator
) -> None:
    """A pause that outlasts a reading is a problem with a sentence, and not one call is made against it."""
    pause(chatgpt, "usage", 3600)
    fetch = usage_fetch(actor=SYSTEM, workspace=chatgpt)
    assert "allows no call of this kind (usage)" in fetch.problem
    assert simulator.request_total("GET", "/v1/analytics/workspaces/{workspace_id}/usage") == 0
