"""Alarms by mail: a halted workspace, a posture that is not as it should be, a plan that waits for a second person.

Each is sent once. The mark is set in the transaction that sends, so that two ticks do not send twice; if the mail
server refuses, the mark is not set and the next tick tries again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string

from apps.accounts.actors import Role
from apps.accounts.selectors import emails_of
from apps.core import clock
from apps.vendors.models import PostureCheck, SyncRun, Workspace
from apps.vendors.posture import TITLES

logger = logging.getLogger(__name__)
_OFFICE = (Role.ADMINISTRATOR, Role.PRIVACY)


@dataclass(frozen=True, slots=True)
class Alarm:
    """What is said, to whom, where it leads, and how it is marked as said."""

    subject: str
    text: str
    path: str
    roles: tuple[Role, ...]
    mark: Callable[[], int]


def alarms_send() -> int:
    """Send what has not been sent (settings.TICK). Returns how many went out."""
    return sum(_send(alarm) for alarm in (*_halted(), *_posture(), *_held()))


def _send(alarm: Alarm) -> int:
    try:
        with transaction.atomic():
            if not alarm.mark():
                return 0
            context = {"text": alarm.text, "url": settings.BASE_URL + alarm.path}
            body = render_to_string("emails/vendors_alarm.txt", context)
            EmailMessage(alarm.subject, body, bcc=emails_of(*alarm.roles)).send()
    except (SMTPException, OSError) as error:
        logger.warning("An alarm could not be mailed (%s); the next tick tries again.", type(error).__name__)
        return 0
    return 1


def _mark(unmarked: QuerySet[Any]) -> int:
    return unmarked.update(alarmed_at=clock.now())


def _halted() -> Iterator[Alarm]:
    for workspace in Workspace.objects.filter(is_active=True, halted_at__isnull=False, alarmed_at=None):
        unmarked = Workspace.objects.filter(pk=workspace.pk, halted_at__isnull=False, alarmed_at=None)
        yield Alarm(
            f"Beacon: nothing is sent to {workspace.title}",
            f"Beacon stopped asking anything of {workspace.title}: {workspace.halt_reason} Access that ends is still"
            " tried. Look at the key, the address and the workspace's id; Beacon goes on by itself once they are right.",
            f"/workspaces/{workspace.name}/", (Role.ADMINISTRATOR,),
            partial(_mark, unmarked),
        )  # fmt: skip


def _posture() -> Iterator[Alarm]:
    for check in PostureCheck.objects.filter(state="bad", alarmed_at=None).select_related("workspace"):
        unmarked = PostureCheck.objects.filter(pk=check.pk, state="bad", alarmed_at=None)
        yield Alarm(
            f"Beacon: {check.workspace.title} is not as it should be",
            f"{TITLES.get(check.code, check.code)} of {check.workspace.title}: the vendor shows"
            f" {check.observed}, expected is {check.expected}. No phase opens until it is put right or waived.",
            f"/workspaces/{check.workspace.name}/posture/", _OFFICE,
            partial(_mark, unmarked),
        )  # fmt: skip


def _held() -> Iterator[Alarm]:
    for run in SyncRun.objects.filter(state="held", alarmed_at=None).select_related("workspace"):
        unmarked = SyncRun.objects.filter(pk=run.pk, state="held", alarmed_at=None)
        yield Alarm(
            f"Beacon: a plan for {run.workspace.title} waits for a second person",
            " ".join([*run.hold_reasons, f"Nothing of it is sent before somebody other than {run.started_by} releases it."]),
            f"/sync-runs/{run.pk}/", (Role.ADMINISTRATOR,),
            partial(_mark, unmarked),
        )  # fmt: skip
