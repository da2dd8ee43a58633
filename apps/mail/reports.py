"""Delivery status notifications (RFC 3464) of other mail servers. Pure: an e-mail in, what it reports out.

Anybody can write to the address that bounces go to. A report therefore names the message that came back by its
Message-ID, which nobody can guess; the command believes no other.
"""

from __future__ import annotations

import mailbox
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from email import policy
from email.message import Message as Email
from email.parser import BytesParser
from pathlib import Path
from uuid import UUID

from apps.mail.answers import is_address_bad

_UUID = re.compile(r"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Bounce:
    """One recipient of a report. `key` is the message that came back, where the report names it."""

    address: str
    status: str
    words: str
    is_final: bool
    key: UUID | None

    @property
    def is_address_bad(self) -> bool:
        return self.is_final and is_address_bad(self.status)


def emails_in(path: Path) -> Iterator[Email]:
    """The e-mails of a Maildir, an mbox, or one file with one e-mail."""
    if path.is_dir():
        box: mailbox.Mailbox[mailbox.Message] = mailbox.Maildir(path, factory=None, create=False)
        yield from _parsed(box)
        return
    with path.open("rb") as file:
        begins = file.read(5)
    if begins == b"From ":
        yield from _parsed(mailbox.mbox(path, create=False))
        return
    yield _parse(path.read_bytes())


def bounces_in(email: Email) -> list[Bounce]:
    """What a delivery status notification says of each recipient; nothing for any other e-mail."""
    report = next((part for part in email.walk() if part.get_content_type() == "message/delivery-status"), None)
    blocks = report.get_payload() if report is not None else []
    if not isinstance(blocks, list):
        return []
    key = _key_of(email)
    found = []
    for block in blocks:
        # The first block is about the report itself and names no recipient.
        if not isinstance(block, Email) or not block.get("Final-Recipient"):
            continue
        status, action = _line(block, "Status"), _line(block, "Action").lower()
        recipient = _line(block, "Original-Recipient") or _line(block, "Final-Recipient")
        words = " ".join(filter(None, (status, _line(block, "Diagnostic-Code")))) or action
        found.append(Bounce(_address(recipient), status, words, action == "failed" and status.startswith("5"), key))
    return found


def _parsed(box: mailbox.Mailbox[mailbox.Message]) -> Iterator[Email]:
    with closing(box):
        for key in box.iterkeys():
            yield _parse(box.get_bytes(key))


def _parse(content: bytes) -> Email:
    # compat32 reads what others wrote, however badly; nothing of it is ever sent on.
    return BytesParser(policy=policy.compat32).parsebytes(content)


def _line(block: Email, name: str) -> str:
    return " ".join(str(block.get(name, "")).split())[:300]


def _address(recipient: str) -> str:
    """ "rfc822; bob@mass.example" → "bob@mass.example"."""
    return recipient.rpartition(";")[2].strip().strip("<>")


def _key_of(email: Email) -> UUID | None:
    """The key in the Message-ID of the e-mail that the report returns, whole or its headers alone."""
    for part in email.walk():
        if part.get_content_type() == "text/rfc822-headers":
            text = str(part.get_payload(decode=False))
        elif part.get_content_type() == "message/rfc822":
            inner = part.get_payload()
            text = f"Message-ID: {inner[0].get('Message-ID', '')}" if isinstance(inner, list) and inner else ""  # type: ignore[union-attr]  # parts of a message are messages
        else:
            continue
        for line in text.splitlines():
            if line.lower().startswith("message-id:") and (found := _UUID.search(line)):
                return UUID(found[1])
    return None
