"""The outbox told as stories: who gets which message, once, and what becomes of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from smtplib import SMTPAuthenticationError, SMTPDataError, SMTPRecipientsRefused, SMTPServerDisconnected
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from apps.accounts.actors import SYSTEM
from apps.core import clock
from apps.core.errors import BeaconError, NotPermitted
from apps.licenses import mails
from apps.licenses import protection_services as protection
from apps.licenses import services as licenses
from apps.licenses.models import OptOut
from apps.licenses.settle import seats_settle
from apps.mail import sending, services
from apps.mail.kinds import KINDS, SWITCHABLE, WHY, Group, subject_of
from apps.mail.models import LINK, Body, Message, SuppressedAddress
from apps.mail.outbox import Letter, To, mail_queue
from apps.mail.sending import send_due
from apps.rollout import services as rollout
from config.env import ROOT
from tests.factories.cast import World

pytestmark = pytest.mark.django_db
BOB = "bob.employee.a003@mass.example"
TAKE = "django.core.mail.backends.locmem.EmailBackend.send_messages"


@contextmanager
def server(monkeypatch: pytest.MonkeyPatch, answer: Callable[[Any], Any]) -> Iterator[None]:
    """A mail server that answers each message as told: an exception, or nothing to take it."""
    from django.core.mail.backends.locmem import EmailBackend

    honest = EmailBackend.send_messages

    def send_messages(self: Any, messages: Any) -> int:
        for message in messages:
            said = answer(message)
            if isinstance(said, BaseException):
                raise said
        return honest(self, messages)

    with monkeypatch.context() as patched:
        patched.setattr(TAKE, send_messages)
        yield


def kinds_to(employee: Any) -> list[str]:
    return list(Message.objects.filter(employee_ref=employee.pk).order_by("pk").values_list("kind", flat=True))


def states() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("state", flat=True))


# ---- one message per thing -------------------------------------------------------------------------------------


def test_bob_hears_once_that_he_can_start_whatever_is_repeated(world: World) -> None:
    bob = world.employee("A003")
    seat = world.holder(bob)
    for _ in range(3):
        seats_settle(actor=SYSTEM)
        send_due()
    (message,) = mail.outbox
    assert message.to == [BOB]
    assert message.subject == "Beacon: you can use the AI assistant now"
    assert "accept it" in message.body
    assert Message.objects.get(kind="licenses_seat_granted").about_id == str(seat.pk)


def test_the_same_key_is_one_message_also_within_one_call(world: World) -> None:
    to, alarm = To("erin@mass.example"), {"text": "Something stopped."}
    for _ in range(2):
        assert mail_queue("vendors_halted", [Letter(to, "1:x", "/", context=alarm)] * 2) in {1, 0}
    assert Message.objects.filter(kind="vendors_halted").count() == 1


def test_an_approval_says_what_is_left_and_a_decline_says_why(world: World) -> None:
    bob, staff = world.employee("A003"), world.employee("A002")
    world.approve(world.ask(bob))
    licenses.request_decline(actor=world.alice, request=world.ask(staff), reason="Next month, please")
    send_due()
    held, declined = mail.outbox
    assert "Still to do before you can start: accept the terms, complete the training." in held.body
    assert "The reason: Next month, please" in declined.body
    assert "/requests/" in declined.body


def test_an_approval_without_a_free_seat_says_so_and_the_seat_is_told_when_it_comes() -> None:
    world = World.build(allocation=1, more=2)
    first, second = world.staff(2)
    seat = world.holder(first)
    world.approve(world.ask(second))
    assert kinds_to(second) == ["licenses_request_waiting"]
    send_due()
    licenses.seat_revoke(actor=world.erin, seat=seat, reason="Left the programme")
    assert kinds_to(first)[-1] == "licenses_seat_released"
    assert kinds_to(second) == ["licenses_request_waiting", "licenses_seat_held"]


def test_newer_news_overtakes_what_still_waits(world: World) -> None:
    bob = world.employee("A003")
    world.approve(world.ask(bob))
    world.accept(bob)
    world.train(bob)
    assert send_due() == 1
    assert [message.subject for message in mail.outbox] == ["Beacon: you can use the AI assistant now"]
    assert states() == ["suppressed", "sent"]


def test_a_pause_says_why_and_its_end_is_told(world: World) -> None:
    bob = world.employee("A003")
    seat = world.holder(bob)
    stop = protection.stop_start(actor=world.erin, scope="person", employee=bob, reason="Lost laptop")
    seats_settle(actor=SYSTEM)
    send_due()
    assert "EOTSS stopped access for now." in mail.outbox[-1].body
    assert "laptop" not in mail.outbox[-1].body
    protection.stop_lift(actor=world.erin, stop=stop, reason="Found")
    seats_settle(actor=SYSTEM)
    licenses.seat_suspend(actor=world.paula, seat=seat, code="incident", reason="Secret of the investigation")
    send_due()
    assert "An incident is being looked into." in mail.outbox[-1].body
    assert not any("Secret" in message.body for message in mail.outbox)
    assert {"licenses_seat_restored", "licenses_seat_suspended"} < set(kinds_to(bob))


def test_who_hands_the_seat_back_or_has_left_gets_nothing(world: World) -> None:
    world.holder(world.employee("A003"))
    Message.objects.all().delete()
    licenses.seat_hand_back(actor=world.bob)
    assert Message.objects.count() == 0
    gone = world.employee("A002")
    world.ask(gone)
    type(gone).objects.filter(pk=gone.pk).update(status="separated")
    assert mails.addresses_of([gone.pk]) == {}


def test_an_act_that_fails_leaves_no_mail(world: World) -> None:
    request = world.ask(world.employee("A003"))
    with transaction.atomic():
        world.approve(request)
        assert Message.objects.count() == 1
        transaction.set_rollback(True)
    assert Message.objects.count() == 0


# ---- who does not want it --------------------------------------------------------------------------------------


def test_who_opted_out_gets_nothing_also_if_the_message_was_waiting(world: World) -> None:
    bob = world.employee("A003")
    world.holder(bob)
    licenses.seat_hand_back(actor=world.bob)
    assert send_due() == 0
    message = Message.objects.get()
    assert (message.state, message.last_error) == ("suppressed", "Not wanted any more.")
    letter = Letter(To(BOB, None, bob.pk), "x", "/", context={"until": "today"})
    assert mail_queue("licenses_terms_reminder", [letter]) == 0
    assert OptOut.objects.filter(employee=bob, ended_at=None).exists()


def test_reminders_can_be_switched_off_and_news_about_access_cannot(world: World) -> None:
    bob = world.employee("A003")
    services.preference_set(actor=world.bob, group="reminders", is_on=False)
    letter = Letter(To(BOB, world.users["bob"].pk, bob.pk), "x", "/", context={"courses": "AI-101"})
    assert mail_queue("licenses_training_due", [letter]) == 0
    world.holder(bob)
    assert send_due() == 1
    with pytest.raises(BeaconError):
        services.preference_set(actor=world.bob, group="access", is_on=False)
    services.preference_set(actor=world.bob, group="reminders", is_on=True)
    assert mail_queue("licenses_training_due", [letter]) == 1


def test_the_page_saves_what_differs_and_offers_the_digest_to_contacts_alone(world: World) -> None:
    client = Client()
    client.force_login(world.users["bob"])
    page = reverse("mail:preferences")
    assert "Daily summary" not in client.get(page).content.decode()
    client.post(page, {"reminders": "off", "digest": "off"})
    assert dict(world.users["bob"].mail_preferences.values_list("group", "is_on")) == {"reminders": False}
    client.force_login(world.users["alice"])
    assert "Daily summary" in client.get(page).content.decode()


# ---- sending ---------------------------------------------------------------------------------------------------


def queue(count: int = 1, kind: str = "licenses_seat_granted") -> None:
    context = {"text": "x"} if kind.startswith("vendors") else {}
    letters = [Letter(To(f"p{n}@mass.example"), f"t{n}", "/", context=context) for n in range(count)]
    with transaction.atomic():
        assert mail_queue(kind, letters) == count


def test_a_server_that_is_away_is_tried_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    queue(2)

    def away(self: object) -> None:
        raise SMTPAuthenticationError(535, b"5.7.8 wrong password")

    with monkeypatch.context() as patched:
        patched.setattr("django.core.mail.backends.locmem.EmailBackend.open", away, raising=False)
        assert send_due() == 0
    assert states() == ["queued", "queued"]
    assert send_due() == 0
    with time_machine.travel(clock.now() + timedelta(seconds=61)):
        assert send_due() == 2


def test_a_server_that_stays_away_ends_with_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    queue()
    with server(monkeypatch, lambda message: SMTPDataError(451, b"4.3.0 try later")):
        at = clock.now()
        for delay in (*sending.DELAYS, 0):
            with time_machine.travel(at):
                assert send_due() == 0
            assert states() == (["queued"] if delay else ["failed"])
            at += timedelta(seconds=delay + 5)
    assert Message.objects.get().last_error == "451 4.3.0 try later"


@pytest.mark.parametrize(
    ("answer", "state", "is_shut"),
    [
        (SMTPRecipientsRefused({"p0@mass.example": (550, b"5.1.1 no such user")}), "bounced", True),
        (SMTPRecipientsRefused({"p0@mass.example": (550, b"no such user here")}), "bounced", False),
        (SMTPRecipientsRefused({"p0@mass.example": (550, b"5.7.1 relaying denied")}), "failed", False),
        (SMTPRecipientsRefused({"p0@mass.example": (552, b"5.2.2 mailbox full")}), "bounced", False),
        (SMTPRecipientsRefused({"p0@mass.example": (450, b"4.2.0 greylisted")}), "queued", False),
        (SMTPDataError(554, b"5.6.0 content"), "failed", False),
        (SMTPServerDisconnected("gone"), "failed", False),
        (TimeoutError(), "failed", False),
        (ConnectionRefusedError(), "queued", False),
    ],
)
def test_what_a_refusal_means(monkeypatch: pytest.MonkeyPatch, answer: Exception, state: str, is_shut: bool) -> None:
    queue()
    with server(monkeypatch, lambda message: answer):
        assert send_due() == 0
    message = Message.objects.get()
    assert message.state == state
    assert message.is_unclear == isinstance(answer, SMTPServerDisconnected | TimeoutError)
    assert SuppressedAddress.objects.exists() == is_shut


def test_one_refused_address_does_not_cost_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    queue(5)
    refuse = SMTPRecipientsRefused({"p2@mass.example": (550, b"5.1.1 no such user")})
    with server(monkeypatch, lambda message: refuse if message.to == ["p2@mass.example"] else None):
        assert send_due() == 4
    assert states() == ["sent", "sent", "bounced", "sent", "sent"]
    queue(1, "licenses_seat_restored")
    with transaction.atomic():
        mail_queue("licenses_seat_restored", [Letter(To("P2@mass.example"), "again", "/")])
    assert send_due() == 1
    assert Message.objects.get(address="P2@mass.example").last_error == "Mail to this address came back before."


class Died(BaseException):
    """As kill -9: nothing below catches it."""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("kind", "state"), [("licenses_seat_granted", "failed"), ("vendors_halted", "queued")])
def test_a_worker_that_dies_after_the_server_took_a_message(
    monkeypatch: pytest.MonkeyPatch, kind: str, state: str
) -> None:
    """One message is in doubt: news about access waits for a person, an alarm goes out again. The rest is untouched."""
    queue(3, kind)
    taken: list[str] = []

    def take_and_die(message: Any) -> Exception | BaseException | None:
        taken.append(message.to[0])
        return Died() if len(taken) == 2 else None

    with server(monkeypatch, take_and_die), pytest.raises(Died):
        send_due()
    assert states() == ["sent", "sending", "sending"]
    assert (send_due(), taken) == (0, ["p0@mass.example", "p1@mass.example"])
    with time_machine.travel(clock.now() + timedelta(minutes=4)):
        assert sending.leases_expire() == 2
        assert states() == ["sent", state, "queued"]
        assert send_due() == (2 if state == "queued" else 1)
    unclear = Message.objects.get(address="p1@mass.example")
    assert unclear.is_unclear == (state == "failed")


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_each_message_once() -> None:
    from tests.fault.test_races import at_once

    queue(200)
    counts = at_once(4, lambda n: send_due(batch=7))
    assert sum(counts) == 200
    assert len({message.to[0] for message in mail.outbox}) == len(mail.outbox) == 200
    assert set(states()) == {"sent"}


def test_a_worker_that_wakes_up_after_its_lease_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    queue()
    (claimed,) = sending._claim(5)
    with time_machine.travel(clock.now() + timedelta(minutes=4)):
        sending.leases_expire()
        assert send_due() == 1
        assert sending._send([claimed], 1e12) == (0, False)
    assert len(mail.outbox) == 1


def test_old_news_is_not_sent() -> None:
    with clock.shifted(timedelta(days=-8)):
        queue()
    assert send_due() == 0
    assert Message.objects.get().last_error == "It was too old to be news."


# ---- what a mail looks like ------------------------------------------------------------------------------------

VALUES = {
    "steps": "accept the terms", "why_paused": "W & <b>", "todo": "T", "why_ended": "E", "reason": "R <script>",
    "until": "May 1, 2027", "courses": "AI-101", "text": "Text", "sections": (("Requests: 2", ("A: 2",)),), "count": 2,
}  # fmt: skip


@pytest.mark.parametrize("code", sorted(KINDS))
def test_every_kind_has_a_text_and_the_same_words_in_html(code: str) -> None:
    values = {**VALUES, "link": LINK, "why": WHY[KINDS[code].group], "subject": subject_of(KINDS[code], count=2)}
    text, html = (render_to_string(f"emails/{code}.{form}", values) for form in ("txt", "html"))
    assert (text.count(LINK), html.count(LINK)) == (1, 1)
    assert "<script>" not in html
    body = strip_tags(html.partition("<body")[2].partition(">")[2])
    for entity, character in (("&#x27;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        body = body.replace(entity, character)
    words = [word for word in text.replace(f": {LINK}", "").split() if word != "-"]
    assert body.split() == words


def test_every_template_belongs_to_a_kind() -> None:
    files = {path.stem for path in (ROOT / "templates" / "emails").iterdir()}
    assert files == {*KINDS, "base"}


def test_nothing_personal_in_a_subject() -> None:
    for kind in KINDS.values():
        assert set(re.findall(r"{(\w*)}", kind.subject)) <= {"count", "agency"}, kind.code
        assert "@" not in kind.subject
        assert kind.subject.startswith("Beacon: ")
        assert (kind.group in SWITCHABLE) == kind.is_switchable
    for smuggled in ("Bob Employee", "AAA\r\nBcc: x@y.example", "x@y.example"):
        with pytest.raises(ValueError, match="not an agency"):
            subject_of(KINDS["mail_digest"], agency=smuggled)
    assert KINDS["licenses_seat_granted"].group is Group.ACCESS


def test_a_name_or_an_address_smuggles_no_header(world: World) -> None:
    bob = world.employee("A003")
    type(bob).objects.filter(pk=bob.pk).update(first_name="Bob\r\nBcc: evil@x.example")
    licenses.request_decline(actor=world.alice, request=world.ask(bob), reason="No\r\nBcc: evil@x.example")
    with transaction.atomic():
        bad = [Letter(To(address), f"k{address}", "/") for address in ("a@x.example\nBcc: b@x.example", "a@x, b@x", "")]
        assert mail_queue("licenses_seat_granted", bad) == 0
    send_due()
    (message,) = mail.outbox
    raw = message.message().as_bytes()
    head = raw.partition(b"\n\n")[0]
    assert b"Bcc" not in head
    assert (message.recipients(), message.extra_headers["Auto-Submitted"]) == ([BOB], "auto-generated")
    body = Body.objects.create(kind="x", subject="x", text="", html="", digest="x")
    for broken in ({"address": "a@x.example\nBcc:b@x.example"}, {"path": "//evil.example/"}):
        values = {"kind": "x", "body": body, "address": "a@x.example", "path": "/", "dedupe_key": str(broken), **broken}
        with pytest.raises(IntegrityError), transaction.atomic():
            Message.objects.create(**values)


def test_a_mail_says_that_a_machine_wrote_it_and_keeps_its_id(world: World) -> None:
    world.holder(world.employee("A003"))
    message = Message.objects.get()
    assert sending.email_of(message).message()["Message-ID"] == message.message_id
    assert str(message.key) in message.message_id
    assert "List-Unsubscribe" not in sending.email_of(message).message()


def test_forty_thousand_share_one_text(world: World) -> None:
    letters = [Letter(To(f"p{n}@mass.example"), f"{n}", f"/requests/{n}/") for n in range(300)]
    before = Body.objects.count()
    assert mail_queue("licenses_seat_granted", letters) == 300
    assert mail_queue("licenses_seat_granted", [Letter(To("x@mass.example"), "x", "/")]) == 1
    assert Body.objects.count() == before + 1
    assert "/requests/7/" in Message.objects.get(address="p7@mass.example").text


# ---- pages -----------------------------------------------------------------------------------------------------


def test_erin_sends_a_failed_message_again_and_nobody_else_does(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    world.holder(world.employee("A003"))
    with server(monkeypatch, lambda message: SMTPServerDisconnected("gone")):
        send_due()
    message = Message.objects.get()
    assert (message.state, message.is_unclear) == ("failed", True)
    with pytest.raises(NotPermitted):
        services.message_retry(actor=world.audrey, message=message)
    client = Client()
    client.force_login(world.users["erin"])
    assert "Nobody knows whether it arrived" in client.get(reverse("mail:message", args=[message.pk])).content.decode()
    client.post(reverse("mail:message-retry", args=[message.pk]))
    assert send_due() == 1
    SuppressedAddress.objects.create(address=BOB, reason="x")
    with pytest.raises(BeaconError):
        services.message_retry(actor=world.erin, message=message)


def test_the_demo_shows_a_mail_without_any_script_or_foreign_style(world: World) -> None:
    world.holder(world.employee("A003"))
    listed = Client().get("/demo/mail/").content.decode()
    assert "you can use the AI assistant now" in listed
    page = Client().get(f"/demo/mail/{Message.objects.get().pk}/")
    assert "style=" not in page.content.decode()
    assert "'sha256-" in page["Content-Security-Policy"]
    assert "sandbox" in page["Content-Security-Policy"]


def test_a_phase_rolled_back_tells_its_holders() -> None:
    world = World.build(more=3)
    world.holders(3)
    send_due()
    rollout.phase_roll_back(actor=world.erin, phase=world.phase, reason="Trouble")
    assert send_due() == 3
    assert "Your agency's phase was stopped." in mail.outbox[-1].body
    assert connection.in_atomic_block
