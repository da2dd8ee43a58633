"""The vendor's side in the browser: a held plan that a second person releases, an emergency stop, an assumption."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from apps.accounts.actors import SYSTEM
from apps.licenses.models import Seat
from apps.licenses.tasks import stops_settle
from apps.vendors.dispatch import dispatch
from apps.vendors.models import Assumption, SyncRun, Workspace
from apps.vendors.sync import sync_workspace
from apps.vendors.tasks import check_workspace
from simulator.testing import RunningSimulator
from tests.browser.test_seat_story import page_of
from tests.factories.cast import World
from tests.fault.test_adapters import settings_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(200)]


def rolled_out(simulator: RunningSimulator, count: int) -> tuple[World, Workspace]:
    """So many people of agency A, active at the vendor."""
    world = World.build(more=count)
    workspace = world.with_vendor(simulator.vendor_url, **settings_of("chatgpt_workspace", simulator))
    world.holders(count)
    for _ in range(3):
        dispatch(workspace)
        simulator.accept_all()
        sync_workspace(actor=SYSTEM, workspace=workspace)
    return world, workspace


def test_paula_stops_everyone_by_keyboard_and_lifts_it(
    browser: Browser, live_server: Any, simulator: RunningSimulator
) -> None:
    world, workspace = rolled_out(simulator, 3)
    paula = page_of(browser, live_server, world, "paula")
    paula.goto("/stops/")
    paula.get_by_role("link", name="Stop everyone…").press("Enter")
    paula.get_by_label("Number of people").fill("2")
    paula.get_by_label("Reason").fill("Data shown to strangers")
    paula.get_by_role("button", name="Stop access now").press("Enter")
    expect(paula.get_by_text("The number does not match.").first).to_be_visible()
    paula.get_by_label("Number of people").fill("3")
    paula.get_by_role("button", name="Stop access now").press("Enter")
    expect(paula.get_by_text("Access is being stopped").first).to_be_visible()
    stops_settle()
    dispatch(workspace)
    paula.reload()
    expect(paula.get_by_text("Access is stopped", exact=True)).to_be_visible()
    expect(paula.get_by_text("First call to the vendor")).to_be_visible()
    paula.get_by_role("link", name="Lift the stop").press("Enter")
    paula.get_by_label("Reason").fill("The vendor has mended it")
    paula.get_by_role("button", name="Lift the stop").press("Enter")
    stops_settle()
    dispatch(workspace)
    paula.reload()
    expect(paula.get_by_text("Access is back", exact=True)).to_be_visible()
    assert set(Seat.objects.values_list("state", flat=True)) == {"granted"}


def test_eve_releases_what_erin_proposed(browser: Browser, live_server: Any, simulator: RunningSimulator) -> None:
    world, workspace = rolled_out(simulator, 6)
    # Somebody takes the seats away behind every service's back: the next sync would remove all at once.
    Seat.objects.update(state="released", reason="revoked")
    run = sync_workspace(actor=world.erin, workspace=workspace).run
    assert run.state == "held"
    erin = page_of(browser, live_server, world, "erin")
    erin.goto(f"/sync-runs/{run.pk}/")
    expect(erin.get_by_text("another administrator looks at the plan")).to_be_visible()
    expect(erin.get_by_role("link", name="Release…")).to_have_count(0)
    eve = page_of(browser, live_server, world, "eve")
    eve.goto(f"/sync-runs/{run.pk}/")
    expect(eve.get_by_role("table", name="Who would lose access, by agency")).to_contain_text("Agency of Apples")
    eve.get_by_role("link", name="Release…").press("Enter")
    expect(eve.get_by_text("calls a minute: about")).to_be_visible()
    eve.get_by_label("How many accounts would be removed?").fill("6")
    eve.get_by_label("Reason").fill("They were revoked by court order")
    eve.get_by_role("button", name="Release and send").press("Enter")
    expect(eve.locator("#messages").get_by_text("Released.")).to_be_visible()
    dispatch(workspace)
    assert SyncRun.objects.get(pk=run.pk).state == "released"
    assert simulator.counts()["users"] == 1
    eve.reload()
    expect(eve.get_by_text("6 of 6", exact=True)).to_be_visible()


def test_erin_asks_the_vendor_and_records_who_confirmed_a_path(
    browser: Browser, live_server: Any, simulator: RunningSimulator
) -> None:
    world, workspace = rolled_out(simulator, 1)
    erin = page_of(browser, live_server, world, "erin")
    erin.goto("/workspaces/main/api/")
    erin.get_by_role("button", name="Ask the vendor now").press("Enter")
    expect(erin.locator("#messages").get_by_text("The vendor is being asked.")).to_be_visible()
    check_workspace(workspace.pk)  # as the worker does
    erin.reload()
    expect(erin.get_by_role("row", name="Path of the invitations")).to_contain_text("Holds")
    erin.get_by_role("link", name="Path of the invitations").press("Enter")
    erin.get_by_label("Confirmed by").fill("Vendor's account team, ticket 7")
    erin.get_by_role("button", name="Record").press("Enter")
    expect(erin.get_by_role("row", name="Path of the invitations")).to_contain_text("ticket 7")
    assert Assumption.objects.get(code="invites_path").confirmed_by == "Vendor's account team, ticket 7"
