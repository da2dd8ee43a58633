"""One mail a day for those who decide for an agency: what waits for them. Nothing where nothing waits.

Who reads comes from settings.DIGEST_READERS, what waits from settings.DIGEST_SECTIONS. In the morning of the state's
time zone; a day has one morning, also when clocks change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.core import clock, hooks
from apps.mail.outbox import Letter, To, mail_queue, once_a_day


@dataclass(frozen=True, slots=True)
class Section:
    """One thing that waits: a title with its count, sentences without names, and where it lands."""

    title: str
    lines: Sequence[str]
    path: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Reader:
    """Who gets a digest, and for which agencies."""

    to: To
    agency_ids: frozenset[int]


def is_morning(now: datetime) -> bool:
    """Whether the state's morning has begun (settings.MAIL_MORNING_HOUR)."""
    return timezone.localtime(now).hour >= settings.MAIL_MORNING_HOUR


def digests_queue() -> int:
    """Queue today's digests, once. Returns how many."""
    now = clock.now()
    if not is_morning(now):
        return 0
    with transaction.atomic():
        if not once_a_day("digest", clock.today()):
            return 0
        letters = [
            letter
            for readers in hooks.call("DIGEST_READERS")
            for reader in readers
            if (letter := _letter(reader, now)) is not None
        ]
        return mail_queue("mail_digest", letters)


def _letter(reader: Reader, now: datetime) -> Letter | None:
    sections = [
        section for found in hooks.call("DIGEST_SECTIONS", reader.agency_ids, now) for section in found if section.lines
    ]
    if not sections:
        return None
    who = reader.to.user_id or f"e{reader.to.employee_id}"
    return Letter(
        reader.to,
        key=f"{timezone.localdate(now)}:{who}",
        path=sections[0].path if len(sections) == 1 else "/",
        context={
            "count": sum(section.count for section in sections),
            "sections": tuple((section.title, tuple(section.lines)) for section in sections),
        },
    )
