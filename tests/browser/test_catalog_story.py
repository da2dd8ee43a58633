"""One use case in the browser, from the first page of the draft to its retirement, by the persons concerned."""

from __future__ import annotations

import os
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from apps.catalog.models import UseCase
from tests.browser.test_seat_story import page_of
from tests.factories import catalog
from tests.factories.cast import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(200)]
HOSTILE = "<script>document.title='x'</script> שלום 👩🏽‍💻 **[x](javascript:1)** =1+1 {{ 7*7 }} " + "word " * 1900


def shot(page: Page, name: str) -> None:
    """A picture at both widths, where somebody asks for pictures."""
    if folder := os.environ.get("BEACON_SHOTS"):
        for width in (1280, 320):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)
        page.set_viewport_size({"width": 1280, "height": 720})


def go_on(page: Page) -> None:
    page.get_by_role("button", name="Save and go on").press("Enter")


def write_it(bob: Page, *, decides: str) -> None:
    """The pages from the second to the screening."""
    expect(
        bob.get_by_role("heading", name="Similar published use cases").or_(bob.get_by_text("Similar published"))
    ).to_be_visible()
    bob.get_by_label("Type of task").select_option("drafting")
    bob.get_by_label("How is the assistant used?").fill("The clerk pastes the facts and asks for a plain draft.")
    bob.get_by_label("What does it write?").fill("A draft letter")
    bob.get_by_label("Topic area").select_option("Service Delivery")
    go_on(bob)
    bob.get_by_label("Internal information").press("Space")
    go_on(bob)
    bob.get_by_label("Who checks what the assistant writes?").fill("The clerk")
    bob.get_by_label("How do they check it?").fill("Against the register")
    go_on(bob)
    bob.get_by_label("What gets better, and for whom?").fill("Answers in a day")
    bob.get_by_label("What do you measure?").fill("Days")
    go_on(bob)
    bob.get_by_label("An example prompt").fill(HOSTILE[:9000])
    shot(bob, "write-prompt")
    go_on(bob)
    screen(bob, decides)


def screen(bob: Page, decides: str) -> None:
    questions = {"Does the assistant decide": decides, "Does what it writes": "No", "Would its answer": "No"}
    for question, answer in questions.items():
        bob.get_by_role("group", name=question).get_by_label(answer, exact=True).press("Space")
    shot(bob, "write-screening")
    go_on(bob)


def accept(page: Page, case: UseCase, decision: str = "Accept", text: str = "") -> None:
    page.goto("/use-cases/review/?waiting=true")
    page.get_by_role("link", name=case.title).press("Enter")
    page.get_by_role("link", name="Review…").press("Enter")
    page.get_by_label(decision, exact=True).press("Space")
    page.get_by_label("Conditions, changes or reason").fill(text)
    page.get_by_role("button", name="Record the review").press("Enter")
    expect(page.locator("#messages").get_by_text("The review is recorded.")).to_be_visible()


def test_a_use_case_from_idea_to_retirement(browser: Browser, live_server: Any) -> None:
    """One life in one piece: each step needs the one before it, so that parts of their own would each begin anew."""
    world = World.build()
    catalog.published(world, title="Letters about licenses")
    bob = page_of(browser, live_server, world, "bob")
    bob.goto("/")
    bob.get_by_role("link", name="Share a use case").click()
    bob.get_by_label("Title").press_sequentially("Letters about license")
    expect(bob.locator("#similar").get_by_role("link", name="Letters about licenses")).to_be_visible()
    bob.get_by_label("What problem does it solve?").fill("Letters about licenses take a week.")
    shot(bob, "write-problem")
    go_on(bob)
    bob.goto("/use-cases/mine/")  # later, from the list
    bob.get_by_role("link", name="Letters about license", exact=True).click()
    bob.get_by_role("link", name="Go on writing").press("Enter")
    go_on(bob)
    write_it(bob, decides="Yes")
    expect(bob.get_by_text("It cannot be sent in yet")).to_be_visible()
    bob.get_by_role("button", name="Send it in").press("Enter")
    expect(bob.get_by_text("The assistant must not decide who is eligible").first).to_be_visible()
    shot(bob, "write-refused")
    bob.get_by_role("link", name="Screening").press("Enter")
    screen(bob, "No")
    shot(bob, "write-send")
    bob.get_by_role("button", name="Send it in").press("Enter")
    expect(bob.locator("#messages").get_by_text("It is sent in.")).to_be_visible()
    case = UseCase.objects.get(title="Letters about license")
    assert (case.state, case.tier) == ("submitted", "routine")

    alice, erin, paula = (page_of(browser, live_server, world, name) for name in ("alice", "erin", "paula"))
    accept(alice, case, "Ask for changes", "Say which register.")
    bob.goto(f"/use-cases/{case.pk}/")
    shot(bob, "case-changes")
    bob.get_by_role("link", name="Go on writing").press("Enter")
    bob.goto(f"/use-cases/{case.pk}/write/check/")
    bob.get_by_label("How do they check it?").fill("Against the register of licenses")
    go_on(bob)
    bob.goto(f"/use-cases/{case.pk}/write/send/")
    expect(bob.get_by_text("Say which register.")).to_be_visible()
    bob.get_by_role("button", name="Send it in").press("Enter")
    accept(alice, case)
    accept(erin, case, "Accept with conditions", "Keep a log.")
    bob.reload()
    expect(bob.get_by_text("Published with conditions").first).to_be_visible()
    expect(bob).to_have_title(f"UC-{case.pk:04d}: Letters about license · Beacon")

    charlie = page_of(browser, live_server, world, "charlie")
    charlie.goto("/use-cases/?q=licenses+register&task_type=drafting")
    shot(charlie, "cases")
    charlie.get_by_role("link", name="Letters about license", exact=True).click()
    charlie.get_by_role("link", name="Adopt", exact=True).press("Enter")
    charlie.locator("#id_agency").select_option(label="Bureau of Berries")
    charlie.get_by_role("button", name="Adopt it").press("Enter")
    charlie.get_by_role("link", name="Report a result for Bureau of Berries").press("Enter")
    charlie.get_by_label("What came of it?").fill("Letters go out in two days")
    charlie.get_by_label("Minutes saved per person").fill("15")
    charlie.get_by_label("How many people answered?").fill("4")
    charlie.get_by_label("How did you ask?").fill("Survey")
    charlie.get_by_role("button", name="Report").press("Enter")
    expect(charlie.get_by_text("Time saved needs at least 10 answers").first).to_be_visible()
    charlie.get_by_label("How many people answered?").fill("14")
    charlie.get_by_role("button", name="Report").press("Enter")
    expect(charlie.get_by_role("table", name="Self-reported time saved, on days used")).to_contain_text("14")

    paula.goto(f"/use-cases/{case.pk}/")
    paula.get_by_role("link", name="Suspend…").press("Enter")
    paula.get_by_label("Reason").fill("A wrong letter went out")
    paula.get_by_role("button", name="Suspend it").press("Enter")
    paula.get_by_role("link", name="Publish again…").press("Enter")
    paula.get_by_label("Reason").fill("The check was mended")
    paula.get_by_role("button", name="Publish again").press("Enter")
    shot(paula, "case")
    bob.reload()
    bob.get_by_role("link", name="Retire…").press("Enter")
    bob.get_by_label("Reason").fill("The program ended")
    bob.get_by_role("button", name="Retire it").press("Enter")
    expect(bob.get_by_text("It is kept so that its number is never used again.")).to_be_visible()
    erin.goto("/use-cases/inventory/")
    shot(erin, "inventory")
    case.refresh_from_db()
    assert (case.state, case.stage) == ("retired", "retired")


def test_paula_asks_for_a_lower_tier_and_eve_decides(browser: Browser, live_server: Any) -> None:
    world = World.build()
    case = catalog.sent(world.bob, principal_basis=True)
    paula = page_of(browser, live_server, world, "paula")
    paula.goto(f"/use-cases/{case.pk}/")
    paula.get_by_role("link", name="Lower the tier…").press("Enter")
    paula.get_by_label("Lower tier").select_option("routine")
    paula.get_by_label("Why is it not as risky").fill("Only the salutation is drafted")
    paula.get_by_role("button", name="Ask a second person").press("Enter")
    expect(paula.get_by_text("Another person of the privacy office or EOTSS decides.")).to_be_visible()
    eve = page_of(browser, live_server, world, "eve")
    eve.goto(f"/use-cases/{case.pk}/")
    eve.get_by_role("link", name="Decide as the second person").press("Enter")
    eve.get_by_label("Confirm the lower tier").press("Space")
    eve.get_by_label("Reason").fill("Agreed")
    eve.get_by_role("button", name="Decide").press("Enter")
    expect(eve.locator("#messages").get_by_text("Your decision is recorded.")).to_be_visible()
    case.refresh_from_db()
    assert case.tier == "routine"
