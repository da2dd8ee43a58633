"""Reading courses and completions."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import QuerySet

from apps.accounts.actors import Actor
from apps.core import clock
from apps.training.models import Completion, CompletionFile, CompletionImport, Course, Waiver


def courses_visible_to(actor: Actor) -> QuerySet[Course]:
    """Everybody may know which courses there are."""
    return Course.objects.all()


def completions_visible_to(actor: Actor) -> QuerySet[Completion]:
    """One's own; those of the agencies one serves; all for EOTSS, privacy office and auditors."""
    completions = Completion.objects.select_related("course", "employee")
    if actor.sees_everyone:
        return completions
    own = completions.filter(employee=actor.employee_id or 0)
    return own | completions.filter(employee__agency__in=actor.agency_ids)


def imports_visible_to(actor: Actor) -> QuerySet[CompletionImport]:
    """Imports name people of every agency: EOTSS, privacy office and auditors only."""
    return CompletionImport.objects.all() if actor.sees_everyone else CompletionImport.objects.none()


def content_of(run: CompletionImport) -> bytes:
    """The file of an import as it came; empty where rows came by call."""
    file = CompletionFile.objects.filter(run=run).first()
    return zlib.decompress(bytes(file.content)) if file else b""


def waivers_visible_to(actor: Actor) -> QuerySet[Waiver]:
    """Waivers name people and reasons: one's own, and all for EOTSS, privacy office and auditors."""
    waivers = Waiver.objects.select_related("employee", "course")
    return waivers if actor.sees_everyone else waivers.filter(employee=actor.employee_id or 0)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a person's training record. `until` is the last day on which it counts; None: for ever."""

    course: Course
    on: date | None
    until: date | None
    source: str
    score: str = ""

    @property
    def status(self) -> str:
        """good, warn (lapses within 30 days) or bad (has lapsed)."""
        if self.until is None:
            return "good"
        left = (self.until - clock.today()).days
        return "bad" if left < 0 else "warn" if left <= LAPSE_DAYS else "good"


LAPSE_DAYS = 30


def record_of(employee_id: int) -> list[Entry]:
    """A person's completions and waivers, newest first."""
    completions = Completion.objects.filter(employee=employee_id).select_related("course").order_by("-completed_on")
    entries = [
        Entry(
            one.course, one.completed_on,
            one.completed_on + timedelta(days=one.course.valid_days) if one.course.valid_days else None,
            one.source, f"{one.score.normalize():f}%" if one.score is not None else "",
        )
        for one in completions
    ]  # fmt: skip
    waivers = Waiver.objects.filter(employee=employee_id).select_related("course")
    return entries + [Entry(one.course, None, one.until_on, f"waived by {one.granted_by}") for one in waivers]
