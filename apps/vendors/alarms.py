"""Alarms by mail: a halted workspace, a posture that is not as it should be, a plan that waits for a second person.

Each is told once: the mark is set in the transaction that puts the mail into the outbox (apps.mail), which sends it
and tries again where the mail server refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Model, QuerySet

from apps.accounts.actors import Role
from apps.accounts.selectors import emails_of
from apps.core import clock
from apps.mail.outbox import Letter, To, mail_queue
from apps.vendors.models import PostureCheck, SyncRun, Workspace
from apps.vendors.posture import TITLES

_OFFICE = (Role.ADMINISTRATOR, Role.PRIVACY)


@dataclass(frozen=True, slots=True)
class Alarm:
    """What is said, to whom, where it leads, how it is marked as told, and since when the matter stands."""

    kind: str
    text: str
    path: str
    roles: tuple[Role, ...]
    about: Model
    since: datetime | None
    mark: Callable[[], int]


def alarms_send() -> int:
    """Put what has not been told into the outbox (settings.TICK). Returns how many alarms."""
    return sum(_queue(alarm) for alarm in (*_halted(), *_posture(), *_held()))


def _queue(alarm: Alarm) -> int:
    with transaction.atomic():
        if not alarm.mark():
            return 0
        moment = f"{alarm.since.timestamp():.6f}" if alarm.since else ""
        letters = [
            Letter(
                To(address), key=f"{alarm.about.pk}:{moment}:{address}", path=alarm.path,
                about=(alarm.about._meta.label, str(alarm.about.pk)), context={"text": alarm.text},
            )
            for address in emails_of(*alarm.roles)
        ]  # fmt: skip
        mail_queue(alarm.kind, letters)
    return 1


def _mark(unmarked: QuerySet[Any]) -> int:
    return unmarked.update(alarmed_at=clock.now())


def _halted() -> Iterator[Alarm]:
    for workspace in Workspace.objects.filter(is_active=True, halted_at__isnull=False, alarmed_at=None):
        unmarked = Workspace.objects.filter(pk=workspace.pk, halted_at__isnull=False, alarmed_at=None)
        yield Alarm(
            "vendors_halted",
            f"Beacon stopped asking anything of {workspace.title}: {workspace.halt_reason} Access that ends is still"
            " tried. Look at the key, the address and the workspace's id; Beacon goes on by itself once they are right.",
            f"/workspaces/{workspace.name}/", (Role.ADMINISTRATOR,), workspace, workspace.halted_at,
            partial(_mark, unmarked),
        )  # fmt: skip


def _posture() -> Iterator[Alarm]:
    for check in PostureCheck.objects.filter(state="bad", alarmed_at=None).select_related("workspace"):
        unmarked = PostureCheck.objects.filter(pk=check.pk, state="bad", alarmed_at=None)
        yield Alarm(
            "vendors_posture",
            f"{TITLES.get(check.code, check.code)} of {check.workspace.title}: the vendor shows"
            f" {check.observed}, expected is {check.expected}. No phase opens until it is put right or waived.",
            f"/workspaces/{check.workspace.name}/posture/", _OFFICE, check, check.since,
            partial(_mark, unmarked),
        )  # fmt: skip


def _held() -> Iterator[Alarm]:
    for run in SyncRun.objects.filter(state="held", alarmed_at=None).select_related("workspace"):
        unmarked = SyncRun.objects.filter(pk=run.pk, state="held", alarmed_at=None)
        yield Alarm(
            "vendors_held",
            " ".join(
                [
                    f"A plan for {run.workspace.title} waits.", *run.hold_reasons,
                    f"Nothing of it is sent before somebody other than {run.started_by} releases it.",
                ]
            ),
            f"/sync-runs/{run.pk}/", (Role.ADMINISTRATOR,), run, run.started_at,
            partial(_mark, unmarked),
        )  # fmt: skip
