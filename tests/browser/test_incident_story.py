"""An incident from Bob's report to its end, and a report without a name whose question is answered signed out."""

from __future__ import annotations

import os
from typing import Any

import pytest
from docx import Document
from playwright.sync_api import Browser, Page, expect

from apps.core import clock
from apps.incidents import services
from apps.incidents.models import Incident
from apps.licenses.models import Seat
from tests.browser.test_seat_story import page_of
from tests.factories.cast import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(200)]


def seen(page: Page, name: str) -> None:
    """The page at both widths, neither of which may scroll sideways; as a picture where somebody asks for pictures."""
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        if folder := os.environ.get("BEACON_SHOTS"):
            page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)
        assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def act(page: Page, label: str, **fields: str) -> None:
    """Open an act from the incident's page, fill its form and send it."""
    page.get_by_role("link", name=label, exact=True).press("Enter")
    for name, text in fields.items():
        page.locator(f"[name={name}]").fill(text)
    page.get_by_role("button", name=label, exact=True).press("Enter")
    page.wait_for_load_state()


def test_from_report_to_closing(browser: Browser, live_server: Any) -> None:
    """One life in one piece: each step needs the one before it, so that parts of their own would each begin anew."""
    world = World.build(more=3)
    world.holder(world.employee("A003"))
    bob = page_of(browser, live_server, world, "bob")
    bob.goto("/incidents/report/")
    bob.get_by_label("What happened?").fill("I pasted a list of names with account numbers.")
    bob.get_by_label("Personal or restricted data was entered").press("Space")
    bob.get_by_role("button", name="Send the report").press("Enter")
    expect(bob.locator("#messages")).to_contain_text("is with the privacy office")
    incident = Incident.objects.get()

    paula = page_of(browser, live_server, world, "paula")
    home = f"/incidents/{incident.pk}/"
    paula.goto("/incidents/")
    paula.get_by_role("link", name=str(incident), exact=True).press("Enter")
    paula.get_by_role("link", name="Triage", exact=True).press("Enter")
    paula.get_by_label("2, high").press("Space")
    paula.get_by_role("button", name="Triage", exact=True).press("Enter")
    expect(paula.get_by_text("In triage").first).to_be_visible()
    act(paula, "Name a handler", email="alice.contact@mass.example")
    expect(paula.get_by_text("Alice Contact handles it.")).to_be_visible()
    act(paula, "Contain", note="The chat was deleted.", employee="A003")
    expect(paula.get_by_text("Contained").first).to_be_visible()
    assert Seat.objects.get().state == "suspended"
    act(paula, "Ask the reporter", text="How many names?")
    bob.reload()
    expect(bob.get_by_text("How many names?")).to_be_visible()
    act(bob, "Add to my report", text="About forty.")
    paula.reload()
    expect(paula.get_by_text("About forty.")).to_be_visible()
    seen(paula, "incident")

    paula.get_by_role("link", name="Breach desk", exact=True).first.press("Enter")
    paula.get_by_role("link", name="Open the breach desk", exact=True).press("Enter")
    paula.get_by_role("button", name="Open the breach desk", exact=True).press("Enter")
    expect(paula.get_by_text("Days since we became aware")).to_be_visible()
    act(paula, "Word the notice", residents="40", nature="A list was entered", contact="privacy@mass.example")
    paula.get_by_role("link", name="Decide", exact=True).press("Enter")
    paula.get_by_label("A breach", exact=True).press("Space")
    paula.get_by_label("Reason").fill("Counsel agrees")
    seen(paula, "decide")
    paula.get_by_role("button", name="Decide", exact=True).press("Enter")
    expect(paula.get_by_text("Counsel agrees")).to_be_visible()
    paula.get_by_role("link", name="Record a notice", exact=True).press("Enter")
    paula.get_by_label("Attorney General").press("Space")
    paula.get_by_label("How").fill("By letter")
    paula.get_by_role("button", name="Record a notice", exact=True).press("Enter")
    expect(paula.get_by_text("By letter")).to_be_visible()
    seen(paula, "breach")
    with paula.expect_download() as downloaded:
        paula.locator("a[href$='resident.docx']").press("Enter")
    text = "\n".join(one.text for one in Document(str(downloaded.value.path())).paragraphs)
    assert "police report" in text
    assert "privacy@mass.example" in text
    assert "40" not in text
    assert "A list was entered" not in text

    paula.goto(home)
    act(paula, "Close")
    expect(paula.get_by_text("Closed").first).to_be_visible()
    incident.refresh_from_db()
    assert incident.state == "closed"
    paula.goto("/incident-trends/")
    expect(paula.get_by_role("table", name="By agency")).to_contain_text("Agency of Apples")
    seen(paula, "trends")


def test_a_report_without_a_name_goes_on_with_its_code(browser: Browser, live_server: Any) -> None:
    world = World.build()
    context = browser.new_context(base_url=live_server.url, reduced_motion="reduce")
    nobody = context.new_page()
    nobody.goto("/report/")
    seen(nobody, "public-report")
    nobody.get_by_label("What happened?").fill("Somebody shares a password.")
    nobody.get_by_label("Account or access misuse").press("Space")
    nobody.get_by_label("When did it happen?").fill(clock.today().isoformat())
    nobody.get_by_role("button", name="Send the report").press("Enter")
    code = nobody.locator(".bcn-mono").inner_text()
    seen(nobody, "code")
    incident = Incident.objects.get()
    incident = services.incident_triage(actor=world.paula, incident=incident, category="misuse", severity=3)
    services.incident_ask(actor=world.paula, incident=incident, text="In which system?")

    nobody.goto("/report/code/")
    nobody.get_by_label("Your code").fill(code.lower())
    nobody.get_by_role("button", name="Read").press("Enter")
    expect(nobody.get_by_text("In which system?")).to_be_visible()
    nobody.get_by_label("Your answer, or something to add").fill("In the mail system.")
    nobody.get_by_role("button", name="Send").press("Enter")
    expect(nobody.get_by_text("Your words are with the privacy office.")).to_be_visible()
    seen(nobody, "answered")
    assert context.cookies() == []
    paula = page_of(browser, live_server, world, "paula")
    paula.goto(f"/incidents/{incident.pk}/")
    expect(paula.get_by_text("In the mail system.")).to_be_visible()
    context.close()
