"""What a mail server's answer means. Pure: an exception of smtplib in, a verdict out."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from enum import StrEnum
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPResponseException

_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_FOR_GOOD = 500
_CLOSING = 421


class Verdict(StrEnum):
    """What becomes of the message."""

    SENT = "sent"
    LATER = "later"
    BOUNCED = "bounced"
    FAILED = "failed"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Answer:
    """The verdict, the server's words, whether the line is gone, and whether the address itself is wrong."""

    verdict: Verdict
    words: str = ""
    is_line_gone: bool = False
    is_address_bad: bool = False


def answer_of(error: Exception) -> Answer:
    """What an error while handing a message over means.

    A refusal of the recipient or the content is about this message. A refusal of us (sender, sign-in, greeting) is
    about our settings: everything waits. A line that broke in the middle leaves unclear whether the message was taken.
    """
    if isinstance(error, SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()), (_FOR_GOOD, b""))
        return _refused(code, _text(said), Verdict.BOUNCED)
    if isinstance(error, SMTPDataError):
        return _refused(error.smtp_code, _text(error.smtp_error), Verdict.FAILED)
    if isinstance(error, SMTPResponseException):
        words = f"{error.smtp_code} {_text(error.smtp_error)}"
        return Answer(Verdict.LATER, words, is_line_gone=True)
    if isinstance(error, ConnectionRefusedError | socket.gaierror):
        return Answer(Verdict.LATER, _name(error), is_line_gone=True)
    if isinstance(error, SMTPException | OSError):
        return Answer(Verdict.UNCLEAR, f"The line broke: {_name(error)}.", is_line_gone=True)
    return Answer(Verdict.FAILED, f"The message cannot be written: {_name(error)}.")


def is_address_bad(status: str) -> bool:
    """Whether an enhanced status (RFC 3463) says that the address is wrong or shut, and not that a rule refused it."""
    found = _ENHANCED.search(status)
    return found is not None and (found.group(1, 2) == ("5", "1") or found[0] == "5.2.1")


def _refused(code: int, words: str, for_good: Verdict) -> Answer:
    said = f"{code} {words}".strip()
    if code < _FOR_GOOD:
        return Answer(Verdict.LATER, said, is_line_gone=code == _CLOSING)
    # A policy (5.7) refused the message, not the address; where nothing but 550 is said, neither is known.
    status = _ENHANCED.search(words)
    is_policy = status is not None and status[2] == "7"
    verdict = Verdict.FAILED if is_policy else for_good
    return Answer(
        verdict, said, is_address_bad=for_good is Verdict.BOUNCED and is_address_bad(status[0] if status else "")
    )


def _text(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return " ".join(text.split())[:300]


def _name(error: Exception) -> str:
    return type(error).__name__
