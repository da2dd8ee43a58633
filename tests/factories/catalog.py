"""Use cases that live their history through services."""

from __future__ import annotations

from typing import Any

from apps.accounts.actors import Actor
from apps.catalog import review_services, services
from apps.catalog.models import UseCase
from tests.factories.cast import World

TEXTS: dict[str, Any] = {
    "benefits": "Letters go out the same day.", "how": "The clerk pastes the facts and asks for a plain draft.",
    "outputs": "A draft letter.", "task_type": "drafting", "topic_area": "Administrative Functions",
    "data_class": "internal", "checker": "The clerk", "check_how": "Line by line against the file.",
    "measure": "Days until a letter goes out", "example_prompt": "Write a short letter that says …",
    "decides": False, "to_residents": False, "principal_basis": False,
}  # fmt: skip


def draft(actor: Actor, title: str = "Plain letters about permits", **texts: Any) -> UseCase:
    case = services.case_begin(actor=actor, title=title, problem="Letters about permits take a week to write.")
    return services.case_write(actor=actor, case=case, texts=TEXTS | texts)


def sent(actor: Actor, **texts: Any) -> UseCase:
    return services.case_submit(actor=actor, case=draft(actor, **texts))


def published(world: World, *, conditions: str = "", **texts: Any) -> UseCase:
    """Bob's case, accepted by Alice, Paula where she is asked, and Erin."""
    case = sent(world.bob, **texts)
    for office, actor in (("contact", world.alice), ("privacy", world.paula), ("eotss", world.erin)):
        case.refresh_from_db(fields=["state"])
        if office == "privacy" and "privacy" not in case.verdict.offices:
            continue
        decision = "conditions" if conditions and office == "eotss" else "accept"
        review_services.case_review(actor=actor, case=case, office=office, decision=decision, text=conditions)
    case.refresh_from_db()
    return case
