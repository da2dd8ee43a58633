"""Records of the knowledge center, made through services."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from apps.core import clock
from apps.knowledge import article_services as articles
from apps.knowledge import proxy_services as proxy
from apps.knowledge import question_services as questions
from apps.knowledge import services
from apps.knowledge.models import Announcement, Article, Obligation, ProxyFile, Question, Tool
from tests.factories.cast import World


def later(days: int = 90) -> Any:
    return clock.today() + timedelta(days=days)


def tool(world: World, name: str = "Public ChatGPT", **values: Any) -> Tool:
    given = {
        "name": name, "aliases": ["Chat GPT"], "domains": ["chatgpt.com"], "status": "prohibited", "answer": "",
        "instead": "Use the assistant instead: ask for a seat in Beacon.", "owner": "eotss", "review_on": later(),
    }  # fmt: skip
    return services.tool_add(actor=world.erin, **given | values)


def asked(world: World, **values: Any) -> Question:
    return questions.question_ask(
        actor=world.bob, **{"subject": "May I paste a budget?", "text": "Bob asks: is a draft budget fine?"} | values
    )


def answered(world: World) -> Question:
    return questions.question_answer(
        actor=world.alice, question=asked(world), text="Yes, Bob Employee, once it is public."
    )


def draft(world: World, **values: Any) -> Article:
    given = {
        "title": "First steps", "body": "# Sign in\n\nWith your work account.", "section": "start",
        "audience": "everyone", "phase": None, "owner": "eotss", "review_on": later(),
    }  # fmt: skip
    return articles.article_write(actor=world.erin, **given | values)


def published(world: World, **values: Any) -> Article:
    return articles.article_publish(actor=world.erin, article=draft(world, **values))


def obligation(world: World, **values: Any) -> Obligation:
    given = {
        "head": "security", "title": "No training on state data", "state": "met", "evidence": "Contract, section 4",
        "evidence_url": "", "owner": "privacy", "review_on": later(),
    }  # fmt: skip
    return services.obligation_add(actor=world.paula, **given | values)


def announced(world: World, **values: Any) -> Announcement:
    given = {"title": "Open house", "text": "Come and ask.", "from_on": clock.today(), "until_on": later(7)}
    return services.announcement_add(actor=world.erin, **given | values)


def counted(world: World, count: int = 5) -> ProxyFile:
    day = clock.today() - timedelta(days=1)
    content = f"tool_or_domain,agency_code,day,count\nhttps://www.chatgpt.com/c,AAA,{day},{count}\n"
    return proxy.proxy_import(actor=world.erin, file_name="proxy.csv", content=content.encode())
