"""Whoever read a record acts on what they read, or on nothing (RFC 9110, If-Match)."""

from __future__ import annotations

from threading import Thread
from typing import Any

import pytest
from django.db import connections
from django.test import RequestFactory
from rest_framework.request import Request

from apps.accounts.actors import Actor
from apps.api.building import Noun
from apps.api.nouns import NOUNS
from apps.api.preconditions import Changed, as_read
from apps.audit.models import AuditEvent
from apps.training import services as training
from apps.training.models import Course
from tests.factories.cast import World
from tests.web.test_matrix import client_of

COURSE = "/api/v1/training/courses/AI-101/"


def revise(client: Any, title: str, tag: str) -> Any:
    body = {"title": title, "provider": "State", "url": "", "valid_days": None, "is_active": True, "equivalents": []}
    return client.post(f"{COURSE}revise/", body, content_type="application/json", headers={"If-Match": tag})


@pytest.mark.django_db
def test_erin_does_not_overwrite_what_eve_wrote_meanwhile(world: World) -> None:
    erin, eve = client_of(world, "erin"), client_of(world, "eve")
    read = erin.get(COURSE)["ETag"]
    assert revise(eve, "Basics", read).status_code == 200
    events = AuditEvent.objects.count()
    late = revise(erin, "Foundations", read)
    assert (late.status_code, late.json()["type"]) == (412, "urn:beacon:changed")
    assert late["Content-Type"] == "application/problem+json"
    assert Course.objects.get(code="AI-101").title == "Basics"
    assert AuditEvent.objects.count() == events
    assert revise(erin, "Foundations", f'"other", {erin.get(COURSE)["ETag"]}').status_code == 200
    assert revise(erin, "Whatever there is", "*").status_code == 200
    weak = f"W/{erin.get(COURSE)['ETag']}"
    assert revise(erin, "By a weak tag", weak).status_code == 412
    assert revise(client_of(world, "bob"), "Mine", "*").status_code == 403
    assert {revise(erin, "Unread", bad).status_code for bad in ("unquoted", "", '"a" b')} == {400}
    assert Course.objects.get(code="AI-101").title == "Whatever there is"


@pytest.mark.django_db(transaction=True)
def test_an_act_that_another_one_has_overtaken_is_taken_back() -> None:
    """Eve's change is committed after Erin's tag was compared and before Erin's act has the row."""
    world = World.build()
    tag = client_of(world, "erin").get(COURSE)["ETag"]
    noun: Noun = next(one for one in NOUNS if one.path == "training/courses")
    raw: Any = RequestFactory().post(f"{COURSE}revise/", headers={"If-Match": tag})
    raw.actor = world.erin

    def revise_as(actor: Actor, title: str) -> None:
        course = Course.objects.get(code="AI-101")
        training.course_revise(
            actor=actor,
            course=course,
            title=title,
            provider="State",
            url="",
            valid_days=None,
            is_active=True,
            equivalents=[],
        )

    def eve() -> None:
        revise_as(world.eve, "Basics")
        connections.close_all()

    def overtaken() -> None:
        with as_read(Request(raw), noun, "AI-101"):
            other = Thread(target=eve)
            other.start()
            other.join()
            revise_as(world.erin, "Foundations")

    with pytest.raises(Changed):
        overtaken()
    assert Course.objects.get(code="AI-101").title == "Basics"
    assert AuditEvent.objects.get(verb="training.course.revised").actor_name == "Eve Administrator"
