"""Putting mail into the outbox, in the transaction of what it tells of.

1. Leave out who does not want this kind: opted out (settings.MAIL_SUPPRESSORS), or switched off.
2. Render each text once; messages that say the same share it.
3. Hold back what still waits on the same topic: newer news overtakes it.
4. Insert, all in one statement; a dedupe key that is there already inserts nothing.
5. Ring once the transaction is through.

Locks: a dedupe key names a person or a record, and whoever queues mail about it holds that record's lock already, so
that two transactions do not meet at the key first.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection
from django.template.loader import render_to_string

from apps.core import bell, clock, hooks
from apps.mail.kinds import KINDS, WHY, Kind, subject_of
from apps.mail.models import LINK, Body, MailPreference, Round

logger = logging.getLogger(__name__)
_ADDRESS = re.compile(r"[^\s@,;:<>()\[\]\\\"]{1,64}@[A-Za-z0-9.-]{1,180}")


@dataclass(frozen=True, slots=True)
class To:
    """Who gets a mail: an address, with the sign-in and the directory record behind it where there are any."""

    address: str
    user_id: int | None = None
    employee_id: int | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to be. `key` is unique for ever within its kind; `path` is where its link lands, on this console."""

    to: To
    key: str
    path: str
    about: tuple[str, str] = ("", "")
    topic: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)


def mail_queue(kind_code: str, letters: Iterable[Letter]) -> int:
    """Write mail into the outbox. Returns how many are new; nothing is sent twice under one key.

    Raises `RuntimeError` outside a transaction: a message and what it tells of stand or fall together.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("Mail must be queued in the transaction of what it tells of.")
    kind = KINDS[kind_code]
    wanted = _wanted(kind, list(letters))
    if not wanted:
        return 0
    bodies = _bodies(kind, wanted)
    _overtake(wanted, kind)
    added = _insert(kind, wanted, bodies)
    if added:
        from apps.mail.tasks import send_mail_due

        bell.ring(send_mail_due)
    return added


def once_a_day(name: str, day: date) -> bool:
    """True for the first who asks on a day; the others wait for that transaction and get False."""
    if Round.objects.filter(name=name, day=day).exists():
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO mail_round (name, day) VALUES (%s, %s) ON CONFLICT DO NOTHING RETURNING id", [name, day]
        )
        return cursor.fetchone() is not None


# ---- who -----------------------------------------------------------------------------------------------------


def unwanted_employees(kind: Kind, employee_ids: Sequence[int]) -> set[int]:
    """Those of the people who must not get this kind because they do not take part."""
    if not kind.heeds_opt_out or not employee_ids:
        return set()
    return set().union(*hooks.call("MAIL_SUPPRESSORS", employee_ids))


def switched_off(kind: Kind, user_ids: Sequence[int]) -> set[int]:
    """Those of the users who switched this kind off."""
    if not kind.is_switchable or not user_ids:
        return set()
    off = MailPreference.objects.filter(user__in=user_ids, group=kind.group.value, is_on=False)
    return set(off.values_list("user_id", flat=True))


def usable(address: str) -> bool:
    """Whether this is one address, and nothing that a mail header could be smuggled in with."""
    return _ADDRESS.fullmatch(address) is not None


def _wanted(kind: Kind, letters: list[Letter]) -> list[Letter]:
    away = unwanted_employees(kind, [one.to.employee_id for one in letters if one.to.employee_id])
    off = switched_off(kind, [one.to.user_id for one in letters if one.to.user_id])
    wanted = [one for one in letters if one.to.employee_id not in away and one.to.user_id not in off]
    # A bad address never costs a good one its mail.
    good = [one for one in wanted if usable(one.to.address)]
    if len(good) < len(wanted):
        logger.warning("Mail of the kind %s: %d addresses cannot be used.", kind.code, len(wanted) - len(good))
    return good


# ---- what ----------------------------------------------------------------------------------------------------


def _bodies(kind: Kind, letters: Sequence[Letter]) -> list[int]:
    """The body of each letter: rendered once for each text, taken from an earlier day where it is there already."""
    frozen = [tuple(sorted((key, _hashable(value)) for key, value in one.context.items())) for one in letters]
    contexts = {facts: letter.context for facts, letter in zip(frozen, letters, strict=True)}
    texts = {facts: _render(kind, context) for facts, context in contexts.items()}
    digests = {facts: body.digest for facts, body in texts.items()}
    found = dict(Body.objects.filter(digest__in=set(digests.values())).values_list("digest", "pk"))
    new = {body.digest: body for body in texts.values() if body.digest not in found}
    found |= {body.digest: body.pk for body in Body.objects.bulk_create(new.values(), batch_size=1000)}
    return [found[digests[facts]] for facts in frozen]


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _render(kind: Kind, context: Mapping[str, Any]) -> Body:
    values = {**context, "link": LINK, "why": WHY[kind.group]}
    subject = subject_of(kind, count=context.get("count", 0), agency=context.get("agency", ""))
    values["subject"] = subject
    text = render_to_string(f"emails/{kind.code}.txt", values).strip() + "\n"
    html = render_to_string(f"emails/{kind.code}.html", values).strip() + "\n"
    digest = hashlib.sha256("\0".join((kind.code, subject, text, html)).encode()).hexdigest()[:32]
    return Body(kind=kind.code, subject=subject, text=text, html=html, digest=digest)


_OVERTAKE = """
    UPDATE mail_message SET state = 'suppressed', last_error = 'Newer news overtook it.'
    WHERE state = 'queued' AND topic = ANY (%s) AND NOT (dedupe_key = ANY (%s))
"""
_INSERT = """
    INSERT INTO mail_message (kind, body_id, address, user_id, employee_ref, path, about_type, about_id, topic,
        dedupe_key, state, attempts, created_at, next_attempt_at, last_error, is_unclear)
    SELECT %s, x.body_id, x.address, x.user_id, x.employee_ref, x.path, x.about_type, x.about_id, x.topic,
        x.dedupe_key, 'queued', 0, %s, %s, '', false
    FROM unnest(%s::bigint[], %s::varchar[], %s::bigint[], %s::bigint[], %s::varchar[], %s::varchar[], %s::varchar[],
        %s::varchar[], %s::varchar[])
        x (body_id, address, user_id, employee_ref, path, about_type, about_id, topic, dedupe_key)
    ON CONFLICT (dedupe_key) DO NOTHING
"""


def _key(kind: Kind, letter: Letter) -> str:
    return f"{kind.code}:{letter.key}"


def _overtake(letters: Sequence[Letter], kind: Kind) -> None:
    topics = [one.topic for one in letters if one.topic]
    if topics:
        with connection.cursor() as cursor:
            cursor.execute(_OVERTAKE, [topics, [_key(kind, one) for one in letters]])


def _insert(kind: Kind, letters: Sequence[Letter], bodies: list[int]) -> int:
    now = clock.now()
    rows = [
        (body, one.to.address, one.to.user_id, one.to.employee_id, one.path, *one.about, one.topic, _key(kind, one))
        for one, body in zip(letters, bodies, strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [kind.code, now, now, *(list(column) for column in zip(*rows, strict=True))])
        return int(cursor.rowcount)
