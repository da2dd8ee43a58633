"""A tool looked up, a question asked, handed over, answered and made an article, by the persons concerned."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from apps.knowledge.models import Article, Question
from tests.browser.test_catalog_story import shot
from tests.browser.test_seat_story import page_of
from tests.factories import knowledge
from tests.factories.cast import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(200)]
HOSTILE = "<script>document.title='x'</script> שלום 👩🏽‍💻 **[x](javascript:1)** " + "word " * 1900


def test_from_a_tool_to_a_question_to_an_article(browser: Browser, live_server: Any) -> None:
    world = World.build()
    knowledge.tool(world)
    knowledge.published(world)
    knowledge.announced(world, title="Open house", agency=world.a)
    bob = page_of(browser, live_server, world, "bob")
    bob.goto("/")
    expect(bob.get_by_text("Open house")).to_be_visible()
    bob.goto("/tools/")
    look_up = bob.get_by_label("Name or web address")
    look_up.fill("https://www.chatgpt.com/c/1")
    look_up.press("Enter")
    expect(
        bob.get_by_text("Public ChatGPT on a state device: not permitted. Use the assistant instead")
    ).to_be_visible()
    shot(bob, "tools-known")
    look_up = bob.get_by_label("Name or web address")
    look_up.fill("Foobar <b>")
    look_up.press("Enter")
    expect(bob.get_by_text("Foobar <b> is not in the register: treat it as not permitted")).to_be_visible()
    shot(bob, "tools-unknown")
    bob.get_by_role("link", name="Ask your contact").click()
    expect(bob.get_by_label("Subject")).to_have_value("May I use this tool: Foobar <b>")
    bob.get_by_label("Your question").fill(HOSTILE[:9500])
    shot(bob, "question-ask")
    bob.get_by_role("button", name="Ask it").click()
    expect(bob.locator("#messages").get_by_text("Your question is with your agency's contacts.")).to_be_visible()
    question = Question.objects.get()

    alice, paula = (page_of(browser, live_server, world, name) for name in ("alice", "paula"))
    alice.goto("/questions/?waiting=true")
    shot(alice, "questions")
    alice.get_by_role("link", name="May I use this tool: Foobar <b>").click()
    alice.get_by_role("link", name="Hand over…").click()
    alice.get_by_label("Privacy office").press("Space")
    alice.get_by_label("Note").fill("Do you know it?")
    alice.get_by_role("button", name="Hand it over").click()
    paula.goto(f"/questions/{question.pk}/answer/")
    paula.get_by_label("Answer").fill("No, Bob. It keeps what you type.")
    paula.get_by_role("button", name="Send the answer").click()
    bob.goto(f"/questions/{question.pk}/")
    expect(bob.get_by_text("It keeps what you type.")).to_be_visible()
    shot(bob, "question-answered")
    paula.get_by_role("link", name="Make it an article…").click()
    paula.get_by_role("button", name="Make a draft").click()
    article = Article.objects.get(question=question)
    assert article.body == "No, a colleague. It keeps what you type."
    paula.goto(f"/knowledge/articles/{article.pk}/publish/")
    paula.get_by_role("button", name="Publish it").click()
    shot(paula, "article")
    bob.goto("/knowledge/")
    shot(bob, "knowledge")
    bob.get_by_label("Search", exact=True).fill("keeps")
    bob.get_by_label("Search", exact=True).press("Enter")
    bob.get_by_role("link", name="May I use this tool: Foobar <b>").click()
    expect(bob.get_by_text("It keeps what you type.")).to_be_visible()
