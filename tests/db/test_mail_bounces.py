"""Reports of other mail servers: believed where they name a message of ours, read as often as one likes."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command

from apps.licenses import services as licenses
from apps.licenses.models import Seat
from apps.mail import services
from apps.mail.models import Message, SuppressedAddress
from apps.mail.sending import send_due
from tests.factories.cast import World

pytestmark = pytest.mark.django_db
BOB = "bob.employee.a003@mass.example"

# ---- bounces ---------------------------------------------------------------------------------------------------

REPORT = """From: MAILER-DAEMON@mx.example
To: beacon@beacon.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Not delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {address}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} refused

--b
Content-Type: {returned}

Message-ID: {message_id}
Subject: Beacon

--b--
"""


def report(folder: Path, message: Message, **changed: str) -> Path:
    values = {
        "address": message.address, "action": "failed", "status": "5.1.1", "message_id": message.message_id,
        "returned": "text/rfc822-headers",
    } | changed  # fmt: skip
    path = folder / "report.eml"
    path.write_text(REPORT.format(**values))
    return path


def sent_to_bob(world: World) -> Message:
    world.holder(world.employee("A003"))
    send_due()
    return Message.objects.get()


@pytest.mark.parametrize("form", ["eml", "mbox", "maildir"])
def test_a_bounce_stops_further_mail_until_a_person_lifts_it(world: World, tmp_path: Path, form: str) -> None:
    message = sent_to_bob(world)
    path = report(tmp_path, message, returned="message/rfc822" if form == "mbox" else "text/rfc822-headers")
    if form == "mbox":
        (tmp_path / "box").write_text(f"From MAILER-DAEMON Tue Nov 24 12:00:00 2026\n{path.read_text()}\n")
        path = tmp_path / "box"
    if form == "maildir":
        for name in ("cur", "new", "tmp"):
            (tmp_path / "box" / name).mkdir(parents=True)
        path.rename(tmp_path / "box" / "new" / "1")
        path = tmp_path / "box"
    for _ in range(2):
        call_command("record_bounces", str(path))
    message.refresh_from_db()
    assert message.state == "bounced"
    suppression = SuppressedAddress.objects.get()
    assert suppression.address == BOB
    licenses.seat_suspend(actor=world.paula, seat=Seat.objects.get(), code="review", reason="x")
    assert send_due() == 0
    services.suppression_lift(actor=world.erin, suppression=suppression, reason="The address was mended")
    licenses.seat_restore(actor=world.paula, seat=Seat.objects.get(), reason="over")
    assert send_due() == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"message_id": "<0b0b0b0b-0000-4000-8000-000000000000@x>"}, {"message_id": "none"},
        {"address": "someone.else@mass.example"}, {"action": "delayed", "status": "4.4.1"},
    ],
)  # fmt: skip
def test_a_report_about_nothing_of_ours_changes_nothing(world: World, tmp_path: Path, changed: dict[str, str]) -> None:
    call_command("record_bounces", str(report(tmp_path, sent_to_bob(world), **changed)))
    assert Message.objects.get().state == "sent"
    assert not SuppressedAddress.objects.exists()


def test_a_full_mailbox_comes_back_and_shuts_nothing(world: World, tmp_path: Path) -> None:
    call_command("record_bounces", str(report(tmp_path, sent_to_bob(world), status="5.2.2")))
    assert Message.objects.get().state == "bounced"
    assert not SuppressedAddress.objects.exists()
