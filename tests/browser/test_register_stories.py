"""Terms and training in the browser, from the first draft to the acceptance, from the file to the open seat."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from apps.core import clock
from apps.licenses.models import Seat
from apps.terms.models import Acceptance
from tests.browser.test_seat_story import page_of
from tests.factories.cast import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(200)]


def test_paula_publishes_a_version_and_bob_reads_what_changed(browser: Browser, live_server: Any) -> None:
    world = World.build()
    world.holder(world.employee("A003"))
    paula = page_of(browser, live_server, world, "paula")
    paula.goto("/terms/versions/")
    paula.get_by_role("link", name="Draft a version").click()
    paula.get_by_label("Text").fill(
        "# Terms\n\nState business only. <script>alert(1)</script>\n\n**Check every answer.**"
    )
    expect(paula.locator("#preview strong")).to_have_text("Check every answer.")
    assert paula.locator("#preview script").count() == 0
    paula.get_by_label("What changes").fill("Answers are to be checked.")
    paula.get_by_label("Everyone accepts again").press("Space")
    paula.get_by_role("button", name="Save the draft").click()
    paula.get_by_role("link", name="Translate").click()
    paula.get_by_label("Language").select_option("es")
    paula.get_by_label("Title").fill("Condiciones de uso")
    paula.get_by_label("Text").fill("# Condiciones\n\nSolo asuntos del estado.")
    paula.get_by_role("button", name="Save the draft").click()
    paula.goto("/terms/versions/2/")
    paula.get_by_role("link", name="Publish…").click()
    paula.get_by_label("Reason").fill("Agreed with counsel")
    paula.get_by_label("Type the version's name").fill("Terms version 3")
    paula.get_by_role("button", name="Publish").click()
    expect(paula.get_by_text("Type “Terms version 2” to confirm.").first).to_be_visible()
    paula.get_by_label("Type the version's name").fill("Terms version 2")
    paula.get_by_role("button", name="Publish").click()
    expect(paula.get_by_text("Terms version 2 is in force.").first).to_be_visible()

    bob = page_of(browser, live_server, world, "bob")
    bob.goto("/terms/")
    expect(bob.get_by_role("heading", name="What changed since Terms version 1")).to_be_visible()
    expect(bob.locator(".bcn-diff ins").first).to_contain_text("added:")
    bob.get_by_role("link", name="Español").click()
    expect(bob.get_by_text("Solo asuntos del estado.").last).to_be_visible()
    bob.get_by_label("I have read these terms").press("Space")
    bob.get_by_role("button", name="Accept the terms").click()
    assert Acceptance.objects.get(version__number=2).language == "es"
    bob.goto("/terms/acceptances/")
    bob.get_by_role("link", name="Terms version 2 (Español)").click()
    expect(bob.get_by_text("computed again just now and is the same")).to_be_visible()
    with bob.expect_download() as download:
        bob.get_by_role("link", name="Download as PDF").click()
    assert download.value.path().read_bytes().startswith(b"%PDF-")
    paula.goto("/terms/compare/?old=1&new=2")
    expect(paula.locator(".bcn-diff ins").first).to_be_visible()


def test_a_version_is_announced_and_taken_back(browser: Browser, live_server: Any) -> None:
    world = World.build()
    paula = page_of(browser, live_server, world, "paula")
    paula.goto("/terms/versions/new/")
    paula.get_by_role("button", name="Save the draft").click()
    paula.get_by_role("link", name="Publish…").click()
    day = clock.today() + timedelta(days=9)
    paula.get_by_label("In force from").fill(day.isoformat())
    paula.get_by_label("Reason").fill("Agreed")
    paula.get_by_label("Type the version's name").fill("Terms version 2")
    paula.get_by_role("button", name="Publish").click()
    expect(paula.get_by_text("is announced").first).to_be_visible()
    bob = page_of(browser, live_server, world, "bob")
    bob.goto("/terms/")
    bob.get_by_role("link", name="Read Terms version 2").click()
    expect(bob.get_by_text("in force from")).to_be_visible()
    paula.get_by_role("link", name="Take back…").click()
    paula.get_by_label("Reason").fill("A mistake in section 2")
    paula.get_by_role("button", name="Take it back").click()
    expect(paula.get_by_text("is a draft again").first).to_be_visible()


def test_erin_matches_a_file_of_another_system_and_bobs_seat_opens(browser: Browser, live_server: Any) -> None:
    world = World.build()
    bob = world.employee("A003")
    world.accept(bob)
    world.approve(world.ask(bob))
    erin = page_of(browser, live_server, world, "erin")
    erin.goto("/training/imports/new/")
    content = b"Person;Module;Finished\nA003;AI-101;01/05/2026\nnobody;AI-101;01/05/2026\n"
    erin.get_by_label("File of the learning system").set_input_files(
        {"name": "other.csv", "mimeType": "text/csv", "buffer": content}
    )
    erin.get_by_role("button", name="Look at the file").click()
    erin.get_by_label("Employee id").select_option("Person")
    erin.get_by_label("Course code").select_option("Module")
    erin.get_by_label("Completed on").select_option("Finished")
    erin.get_by_label("Remember this as").fill("Acorn")
    erin.get_by_role("button", name="Show the plan").click()
    expect(erin.get_by_text("Nothing is recorded yet")).to_be_visible()
    expect(erin.get_by_text("is not in the directory")).to_be_visible()
    assert Seat.objects.get().state == "held"
    erin.get_by_role("button", name="Record 1 completion").click()
    expect(erin.get_by_text("The completions are recorded.").first).to_be_visible()
    assert Seat.objects.get().state == "granted"


def test_alice_sees_who_owes_what_and_reminds_them_once_a_week(browser: Browser, live_server: Any) -> None:
    world = World.build(more=3)
    for employee in world.staff(3):
        world.ask(employee)
    alice = page_of(browser, live_server, world, "alice")
    alice.goto("/owing/?step=terms")
    alice.get_by_role("link", name="Remind them…").click()
    alice.get_by_role("button", name="Remind 3 people").click()
    expect(alice.get_by_text("3 reminders are on their way.").first).to_be_visible()
    alice.goto("/owing/remind/?step=terms")
    alice.get_by_role("button", name="Remind 3 people").click()
    expect(alice.get_by_text("0 reminders are on their way.").first).to_be_visible()


def test_alice_answers_an_access_review_and_bob_keeps_his_seat_from_the_mail(
    browser: Browser, live_server: Any
) -> None:
    world = World.build(more=3)
    world.holders(3)
    world.holder(world.employee("A003"))
    erin = page_of(browser, live_server, world, "erin")
    erin.goto("/reviews/new/")
    erin.locator("#id_name").fill("Spring 2027")
    erin.get_by_role("button", name="Open the review").click()
    expect(erin.get_by_text("The review is open.").first).to_be_visible()
    alice = page_of(browser, live_server, world, "alice")
    alice.goto("/reviews/")
    alice.get_by_role("link", name="Spring 2027").click()
    alice.get_by_label("All 4 that match").press("Space")
    alice.get_by_role("button", name="Confirm…").click()
    expect(alice.get_by_role("heading", name="Confirm 4 holders?")).to_be_visible()
    alice.get_by_role("button", name="Confirm 4").click()
    expect(alice.get_by_text("Your answer is recorded.").first).to_be_visible()
    erin.goto("/reviews/")
    erin.get_by_role("link", name="Spring 2027").click()
    erin.get_by_role("link", name="Close…").click()
    erin.get_by_role("button", name="Close it").click()
    expect(erin.get_by_text("The review is closed.").first).to_be_visible()
    assert Seat.objects.filter(state="granted").count() == 4
    bob = page_of(browser, live_server, world, "bob")
    bob.goto("/seat/keep/")
    bob.get_by_role("button", name="Keep my seat").press("Enter")
    expect(bob.get_by_text("You keep your seat.").first).to_be_visible()
