"""What the calendar alone makes Beacon write: the digest of the morning, terms, training that lapses."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import formats, timezone

from apps.licenses import mails
from apps.licenses.models import Seat
from apps.mail import digest, services
from apps.mail.models import Message
from apps.mail.sending import send_due
from apps.terms import services as terms
from tests.db.test_mail import kinds_to
from tests.factories.cast import World

pytestmark = pytest.mark.django_db


# ---- the digest ------------------------------------------------------------------------------------------------

# Half past seven in Boston, on the day after tomorrow: the world is of today.
MORNING = timezone.localtime().replace(hour=7, minute=30, second=0, microsecond=0) + timedelta(days=2)


def test_contacts_get_one_digest_a_day_with_ages_and_without_names(world: World) -> None:
    with time_machine.travel(MORNING - timedelta(days=1, hours=6)):
        world.ask(world.employee("A003"))
    with time_machine.travel(MORNING - timedelta(hours=1)):
        world.ask(world.employee("A006"))
        assert digest.digests_queue() == 0  # not morning yet
    with time_machine.travel(MORNING):
        assert digest.digests_queue() == 2  # Alice and Adam; nothing waits for Charlie and Cora
        assert digest.digests_queue() == 0
        send_due()
    assert {message.to[0] for message in mail.outbox} == {
        "alice.contact.a001@mass.example", "adam.backup.a002@mass.example",
    }  # fmt: skip
    message = mail.outbox[0]
    assert message.subject == "Beacon: waiting for you today: 2"
    assert "Agency of Apples: 2 requests wait, the oldest for a day." in message.body
    assert not re.search("Bob|Paula", message.message().as_string())
    assert "/requests/?state=submitted" in message.body
    with time_machine.travel(MORNING + timedelta(days=1)):
        assert digest.digests_queue() == 2


def test_a_day_of_changing_clocks_has_one_digest(world: World) -> None:
    world.ask(world.employee("A003"))
    # From 1:00 to 3:00 in the night of November 7 an hour comes twice; in the night of March 14 it is left out.
    for day in (datetime(2027, 3, 14, tzinfo=UTC), datetime(2027, 11, 7, tzinfo=UTC)):
        queued = 0
        for quarter in range(4 * 24):
            with time_machine.travel(day + timedelta(hours=5) + timedelta(minutes=15 * quarter)):
                queued += digest.digests_queue()
        assert queued == 2, day


def test_who_switched_the_digest_off_gets_none(world: World) -> None:
    world.ask(world.employee("A003"))
    services.preference_set(actor=world.alice, group="digest", is_on=False)
    with time_machine.travel(MORNING):
        assert digest.digests_queue() == 1
    assert Message.objects.get(kind="mail_digest").address == "adam.backup.a002@mass.example"


# ---- the calendar ----------------------------------------------------------------------------------------------


def test_new_terms_are_told_and_reminded_of_and_accepting_ends_it() -> None:
    world = World.build(more=2)
    first, second = world.staff(2)
    with time_machine.travel(MORNING):
        for employee in (first, second):
            world.holder(employee)
        draft = terms.terms_draft(actor=world.paula, title="Terms of use", body="# New\n\nAll new.", grace_days=14)
        version = terms.terms_publish(actor=world.paula, version=draft, reason="New law")
        assert (mails.sweep(), mails.sweep()) == (2, 0)
        send_due()
        until = formats.date_format(MORNING.date() + timedelta(days=14), "F j, Y")
        assert f"accept them by {until}" in mail.outbox[-1].body
        terms.terms_accept(actor=world.as_employee(first), version=version, sha256=version.sha256)
    told = []
    for day in range(1, 16):
        with time_machine.travel(MORNING + timedelta(days=day)):
            told.append(mails.sweep())
    assert told == [0] * 10 + [1] + [0] * 4
    assert kinds_to(second)[-2:] == ["licenses_terms_due", "licenses_terms_reminder"]
    assert "licenses_terms_reminder" not in kinds_to(first)


def test_training_that_lapses_in_thirty_days_is_told_once(world: World) -> None:
    bob = world.employee("A003")
    with time_machine.travel(MORNING):
        world.accept(bob)
        world.train(bob, on=MORNING.date() - timedelta(days=365 - 31))
        world.approve(world.ask(bob))
        assert Seat.objects.get(employee=bob).state == "granted"
        assert mails.sweep() == 0
    told = []
    for day in range(1, 5):
        with time_machine.travel(MORNING + timedelta(days=day)):
            told.append(mails.sweep())
    assert sum(told) == 1
    assert kinds_to(bob)[-1] == "licenses_training_due"
