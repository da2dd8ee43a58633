"""Opting out is complete: no reminder, no list, no denominator, no export by which somebody's contact would know."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse

from apps.core import clock
from apps.licenses import access_review_services as reviews
from apps.licenses import services as licenses
from apps.licenses.mails import digest_sections, review_sections, sweep
from apps.licenses.owing import owing_in, terms_progress, training_coverage
from apps.licenses.selectors import lacking_in, reviews_waiting
from apps.mail.kinds import KINDS
from apps.mail.models import Message
from apps.mail.outbox import Letter, To, mail_queue
from apps.terms import services as terms
from apps.terms.selectors import version_in_force
from tests.factories.cast import World
from tests.web.test_matrix import client_of

pytestmark = pytest.mark.django_db
LISTS = ("licenses:requests", "licenses:seats", "licenses:owing", "licenses:reviews")


@pytest.fixture
def world(db: None) -> World:
    cache.clear()
    return World.build(more=14)


def declined(world: World) -> World:
    """Bob asked, and then decided not to take part."""
    for employee in world.staff(14):
        world.ask(employee)
    world.ask(world.employee("A003"))
    licenses.participation_decline(actor=world.bob)
    return world


def handed_back(world: World) -> World:
    """Bob held a seat, was under review, and handed it back."""
    for employee in world.staff(14):
        world.holder(employee)
    world.holder(world.employee("A003"))
    reviews.review_open(actor=world.erin, name="Spring", kind="members", due_on=clock.today() + timedelta(days=9))
    licenses.seat_hand_back(actor=world.bob)
    return world


@pytest.mark.parametrize("history", [declined, handed_back])
def test_alice_finds_bob_in_no_list_no_export_and_no_history(world: World, history: object) -> None:
    history(world)
    alice = client_of(world, "alice")
    for name in LISTS:
        for suffix in ("?state=", "?format=csv&state=", "?state=withdrawn", "?state=released&format=csv"):
            url = reverse(name) + suffix
            answer = alice.post(url, {"reason": "Request 7"}) if "csv" in suffix else alice.get(url)
            assert ("csv" in answer["Content-Type"]) == ("csv" in suffix), (name, suffix)
            page = answer.content.decode(errors="replace")
            assert "Employee, Bob" not in page, (name, suffix)
            assert "Bob Employee" not in page, (name, suffix)
    person = alice.get(reverse("console:person", args=[world.employee("A003").pk])).content.decode()
    assert "Withdrawn" not in person
    assert "Handed" not in person
    assert "handed_back" not in person
    api = alice.get("/api/v1/seats/").content.decode() + alice.get("/api/v1/requests/").content.decode()
    assert '"A003"' not in api


@pytest.mark.parametrize("history", [declined, handed_back])
def test_bob_is_in_no_denominator(world: World, history: object) -> None:
    history(world)
    version = version_in_force()
    assert version is not None
    bob = world.employee("A003").pk
    assert terms_progress(world.paula, version)[0][0].people == 14
    assert training_coverage(world.paula)[0][0].people == 14
    assert bob not in owing_in([world.a.pk])
    assert lacking_in([world.a.pk]).taking_part <= 14
    assert reviews_waiting(world.alice) in {0, 14}
    sections = digest_sections(frozenset([world.a.pk]), clock.now()) + review_sections(
        frozenset([world.a.pk]), clock.now()
    )
    assert {section.count for section in sections} <= {14}


@pytest.mark.parametrize("kind", sorted(code for code, kind in KINDS.items() if kind.heeds_opt_out))
def test_no_mail_of_the_programme_reaches_bob(world: World, kind: str) -> None:
    licenses.participation_decline(actor=world.bob)
    bob = world.employee("A003")
    letter = Letter(To(bob.email, bob.user_id, bob.pk), key="x", path="/", context={})
    assert mail_queue(kind, [letter]) == 0


def test_no_reminder_after_new_terms_and_one_step_brings_him_back(world: World) -> None:
    handed_back(world)
    draft = terms.terms_draft(actor=world.paula, title="Terms", body="New", grace_days=14)
    terms.terms_publish(actor=world.paula, version=draft, reason="New law")
    before = Message.objects.filter(employee_ref=world.employee("A003").pk).count()
    now = clock.now()
    with clock.shifted(now.replace(hour=17) + timedelta(days=12) - now):
        assert sweep() > 0
    assert Message.objects.filter(employee_ref=world.employee("A003").pk).count() == before
    request = world.ask(world.employee("A003"))
    assert request.state == "submitted"
    assert world.employee("A003").opt_outs.filter(ended_at=None).count() == 0


def test_alice_sees_a_count_only_when_it_names_nobody(world: World) -> None:
    licenses.participation_decline(actor=world.bob)
    assert "do not take part" not in client_of(world, "alice").get("/").content.decode()
    for employee in world.staff(9):
        licenses.participation_decline(actor=world.as_employee(employee))
    page = client_of(world, "alice").get("/").content.decode()
    assert "10 people do not take part" in page
    assert "Staff100" not in page
