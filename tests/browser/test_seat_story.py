"""One seat in the browser, by keyboard where a person would: Bob asks, Alice approves, Bob accepts and hands back."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect

from apps.licenses.models import Seat, SeatRequest
from tests.browser.test_every_page import signed_in
from tests.factories.cast import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(200)]


def page_of(browser: Browser, live_server: Any, world: World, name: str) -> Page:
    context = browser.new_context(reduced_motion="reduce", base_url=live_server.url)
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": signed_in(world.users[name]), "url": live_server.url}
    context.add_cookies([cookie])
    return context.new_page()


def test_bob_gets_a_seat_and_hands_it_back(browser: Browser, live_server: Any) -> None:
    world = World.build(more=3)
    bob = page_of(browser, live_server, world, "bob")
    bob.goto("/")
    bob.get_by_role("link", name="Ask for a seat").click()
    bob.get_by_role("button", name="Send the request").click()
    expect(bob).to_have_title("Error: Ask for a seat · Beacon")  # nothing ticked: the summary says so
    bob.get_by_label("First drafts").focus()
    bob.keyboard.press("Space")
    bob.get_by_role("button", name="Send the request").press("Enter")
    expect(bob.locator("#messages").get_by_text("Your request is with your agency's contact.")).to_be_visible()

    alice = page_of(browser, live_server, world, "alice")
    alice.goto("/requests/?state=submitted")
    alice.get_by_label("Select Bob Employee").press("Space")
    alice.get_by_role("button", name="Approve…").click()
    expect(alice.get_by_role("heading", name="Approve 1 request?")).to_be_visible()
    alice.get_by_role("button", name="Approve 1").click()
    expect(alice.get_by_text("Approved; a seat is kept")).to_be_visible()

    world.train(world.employee("A003"))
    bob.goto("/")
    bob.get_by_role("link", name="Read and accept").click()
    bob.get_by_label("I have read these terms").press("Space")
    bob.get_by_role("button", name="Accept the terms").click()
    expect(bob.locator("#messages").get_by_text("Your acceptance is recorded.")).to_be_visible()
    assert Seat.objects.get().state == "granted"
    bob.get_by_role("link", name="Hand my seat back").click()
    bob.get_by_role("button", name="Hand it back now").click()
    expect(bob.get_by_text("You do not take part")).to_be_visible()
    assert Seat.objects.get().state == "released"


def test_alice_approves_all_that_match_and_each_has_a_result(browser: Browser, live_server: Any) -> None:
    world = World.build(more=30, allocation=20)
    for employee in world.staff(30):
        world.ask(employee)
    alice = page_of(browser, live_server, world, "alice")
    alice.goto("/requests/?state=submitted")
    alice.get_by_label("All 30 that match").press("Space")
    alice.get_by_role("button", name="Approve…").click()
    expect(alice.get_by_text("10 people go on the waiting list")).to_be_visible()
    alice.get_by_role("button", name="Approve 30").click()
    expect(alice.get_by_text("Approved; on the waiting list")).to_have_count(10)
    assert SeatRequest.objects.filter(state="approved").count() == 30
    assert Seat.objects.exclude(state="released").count() == 20


def test_erin_uploads_a_file_and_the_plan_appears(browser: Browser, live_server: Any) -> None:
    from apps.agencies import fiction, roster_services
    from apps.agencies.models import RosterRun
    from tests.factories.cast import row

    world = World.build()
    erin = page_of(browser, live_server, world, "erin")
    erin.goto("/imports/new/")
    content = fiction.to_csv([*world.rows, row("A777", "New", "Joiner", "AAA"), row("A7 7", "Bad", "Id", "AAA")])
    erin.set_input_files("input[type=file]", {"name": "hr.csv", "mimeType": "text/csv", "buffer": content})
    erin.get_by_role("button", name="Upload and plan").click()
    expect(erin.locator("main").get_by_text("Being read")).to_have_count(2)
    run = RosterRun.objects.latest("pk")
    roster_services.roster_work(run.pk)  # the worker's turn
    erin.goto(f"/imports/{run.pk}/")
    expect(erin.get_by_text("employee_id has characters it may not have.")).to_be_visible()
    erin.get_by_role("button", name="Apply the plan").click()
    roster_services.roster_work(run.pk)
    erin.goto(f"/imports/{run.pk}/")
    expect(erin.locator(".bcn-head").get_by_text("Applied", exact=True)).to_be_visible()
    assert world.employee("A777").status == "active"
