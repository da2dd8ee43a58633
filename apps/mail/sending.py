"""Sending what is due.

1. Claim a batch with SKIP LOCKED, leased; commit.
2. Hold back what is not wanted any more: opted out, switched off, an address that bounced, news that is old.
3. Open one line to the mail server. For each message: mark it as handed over (commit), hand it over, write down the
   answer (commit).

A worker that dies before a message was handed over costs nothing: it goes back into the queue when the lease ends.
One that dies between the hand-over and the answer leaves a single message of which nobody knows whether it arrived.
It is not sent again by itself, because nobody shall get a message about their access twice; it is marked, and a
person decides. Alarms alone are sent again: twice does no harm, and not at all would. The Message-ID stays the same,
so that mail servers can tell.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import connection, transaction
from django.db.models import Q

from apps.accounts.actors import SYSTEM
from apps.core import clock
from apps.mail.answers import Answer, Verdict, answer_of
from apps.mail.kinds import KINDS
from apps.mail.models import Message
from apps.mail.outbox import switched_off, unwanted_employees
from apps.mail.selectors import suppressed_addresses
from apps.mail.services import bounce_record

logger = logging.getLogger(__name__)
BATCH = 50
# What was claimed last may take until the server has timed out; together below the task's hard limit.
BUDGET_SECONDS = 30.0
LEASE = timedelta(minutes=3)
DELAYS = (60, 300, 900, 3600, 4 * 3600, 12 * 3600, 24 * 3600, 24 * 3600)
DIED = "The worker stopped in the middle. The message may have arrived."

# Materialized, so that the limit holds under every plan (tests/db/test_claims.py).
_CLAIM = """
    WITH due AS MATERIALIZED (
        SELECT id FROM mail_message WHERE state = 'queued' AND next_attempt_at <= %(now)s
        ORDER BY next_attempt_at, id LIMIT %(most)s FOR UPDATE SKIP LOCKED)
    UPDATE mail_message SET state = 'sending', attempts = attempts + 1, leased_until = %(until)s, handed_at = NULL
    WHERE id IN (SELECT id FROM due) RETURNING id
"""


def send_due(*, budget: float = BUDGET_SECONDS, batch: int = BATCH) -> int:
    """Send what is due until nothing is, for `budget` seconds, or until the server is away. Returns how many went out.

    Must not run inside a transaction: each step is committed before the next.
    """
    leases_expire()
    sent, deadline = 0, time.monotonic() + budget
    while time.monotonic() < deadline:
        claimed = _claim(batch)
        if not claimed:
            break
        went, is_line_gone = _send(_hold_back(claimed), deadline)
        sent += went
        if is_line_gone:
            break
    return sent


def leases_expire() -> int:
    """What a worker had in hand when it died. Returns how many messages that were."""
    dead = Message.objects.filter(state=Message.State.SENDING, leased_until__lt=clock.now())
    repeatable = [kind.code for kind in KINDS.values() if kind.is_repeatable]
    again = dead.filter(Q(handed_at=None) | Q(kind__in=repeatable))
    back = again.update(state=Message.State.QUEUED, next_attempt_at=clock.now(), leased_until=None)
    # Filtered anew: what the first statement took back is not dead any more.
    return back + dead.update(state=Message.State.FAILED, is_unclear=True, last_error=DIED, leased_until=None)


def is_due() -> bool:
    """Whether something waits to be sent, or a worker died with it."""
    now = clock.now()
    return Message.objects.filter(
        Q(state=Message.State.QUEUED, next_attempt_at__lte=now) | Q(state=Message.State.SENDING, leased_until__lt=now)
    ).exists()


def _claim(batch: int) -> list[Message]:
    now = clock.now()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"now": now, "most": batch, "until": now + LEASE})
        ids = [row[0] for row in cursor.fetchall()]
    return list(Message.objects.filter(pk__in=ids).select_related("body").order_by("next_attempt_at", "pk"))


# ---- not wanted any more -----------------------------------------------------------------------------------


def _hold_back(messages: Sequence[Message]) -> list[Message]:
    """Those that are still wanted; the others are marked, with the reason."""
    reasons = _reasons(messages, clock.now())
    by_reason: dict[str, list[int]] = defaultdict(list)
    for pk, reason in reasons.items():
        by_reason[reason].append(pk)
    for reason, ids in by_reason.items():
        Message.objects.filter(pk__in=ids, state=Message.State.SENDING).update(
            state=Message.State.SUPPRESSED, last_error=reason, leased_until=None
        )
    return [message for message in messages if message.pk not in reasons]


def _reasons(messages: Sequence[Message], now: datetime) -> dict[int, str]:
    bad = suppressed_addresses([message.address for message in messages])
    unwanted: set[int] = set()
    for code in {message.kind for message in messages}:
        kind, same = KINDS[code], [message for message in messages if message.kind == code]
        away = unwanted_employees(kind, [m.employee_ref for m in same if m.employee_ref])
        off = switched_off(kind, [m.user_id for m in same if m.user_id])
        unwanted |= {m.pk for m in same if m.employee_ref in away or m.user_id in off}
    reasons: dict[int, str] = {}
    for message in messages:
        if message.pk in unwanted:
            reasons[message.pk] = "Not wanted any more."
        elif message.address.lower() in bad:
            reasons[message.pk] = "Mail to this address came back before."
        elif message.created_at < now - KINDS[message.kind].news_for:
            reasons[message.pk] = "It was too old to be news."
    return reasons


# ---- handing over ------------------------------------------------------------------------------------------


def _send(messages: Sequence[Message], deadline: float) -> tuple[int, bool]:
    """Hand messages over one by one. Returns how many were taken, and whether the server is away."""
    if not messages:
        return 0, False
    line = get_connection()
    try:
        line.open()
    except (SMTPException, OSError) as error:
        logger.warning("The mail server does not answer (%s); mail waits.", type(error).__name__)
        for message in messages:
            _later(message, f"The mail server does not answer ({type(error).__name__}).")
        return 0, True
    sent = 0
    try:
        for place, message in enumerate(messages):
            if time.monotonic() > deadline:
                _give_back(messages[place:])
                break
            answer = _hand_over(line, message)
            sent += answer.verdict is Verdict.SENT
            if answer.is_line_gone:
                _give_back(messages[place + 1 :])
                return sent, True
    finally:
        with contextlib.suppress(SMTPException, OSError):
            line.close()
    return sent, False


def _hand_over(line: Any, message: Message) -> Answer:
    # Whoever waited longer than the lease finds that the message is not theirs any more.
    mine = Message.objects.filter(
        pk=message.pk, state=Message.State.SENDING, attempts=message.attempts, handed_at=None,
        leased_until__gt=clock.now(),
    )  # fmt: skip
    if not mine.update(handed_at=clock.now()):
        return Answer(Verdict.LATER)
    try:
        line.send_messages([email_of(message)])
    except (SMTPException, OSError, ValueError) as error:
        answer = answer_of(error)
    else:
        answer = Answer(Verdict.SENT)
    _record(message, answer)
    return answer


def email_of(message: Message) -> EmailMultiAlternatives:
    """The message as it goes out: text and HTML, to an address without a name, marked as written by a machine."""
    headers = {
        "From": settings.DEFAULT_FROM_EMAIL,
        "Message-ID": message.message_id,
        # Nobody's out-of-office answers a machine.
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if KINDS[message.kind].is_switchable:
        headers["List-Unsubscribe"] = f"<{settings.BASE_URL}/my/mail/>"
    email = EmailMultiAlternatives(
        message.subject, message.text, settings.MAIL_BOUNCES_TO, [message.address], headers=headers
    )
    email.attach_alternative(message.html, "text/html")
    return email


def _record(message: Message, answer: Answer) -> None:
    mine = Message.objects.filter(pk=message.pk, state=Message.State.SENDING, attempts=message.attempts)
    if answer.verdict is Verdict.SENT:
        mine.update(state=Message.State.SENT, sent_at=clock.now(), leased_until=None, last_error="", is_unclear=False)
    elif answer.verdict is Verdict.LATER:
        _later(message, answer.words)
    elif answer.verdict is Verdict.UNCLEAR:
        _unclear(message, answer.words)
    elif answer.verdict is Verdict.BOUNCED:
        bounce_record(
            actor=SYSTEM, address=message.address, reason=answer.words, permanent=answer.is_address_bad, message=message
        )
    else:
        mine.update(state=Message.State.FAILED, last_error=answer.words[:400], leased_until=None)


def _later(message: Message, words: str) -> None:
    """Try again after a while; after some three days a person looks."""
    mine = Message.objects.filter(pk=message.pk, state=Message.State.SENDING, attempts=message.attempts)
    if message.attempts > len(DELAYS):
        mine.update(state=Message.State.FAILED, last_error=words[:400], leased_until=None)
        return
    due = clock.now() + timedelta(seconds=DELAYS[message.attempts - 1])
    mine.update(
        state=Message.State.QUEUED, next_attempt_at=due, leased_until=None, handed_at=None, last_error=words[:400]
    )


def _unclear(message: Message, words: str) -> None:
    if KINDS[message.kind].is_repeatable:
        _later(message, words)
        return
    mine = Message.objects.filter(pk=message.pk, state=Message.State.SENDING, attempts=message.attempts)
    mine.update(
        state=Message.State.FAILED, is_unclear=True, leased_until=None,
        last_error=f"{words} The message may have arrived."[:400],
    )  # fmt: skip


def _give_back(messages: Sequence[Message]) -> None:
    """Into the queue as they were: nothing was tried."""
    for message in messages:
        mine = Message.objects.filter(pk=message.pk, state=Message.State.SENDING, attempts=message.attempts)
        mine.update(state=Message.State.QUEUED, attempts=message.attempts - 1, leased_until=None)
