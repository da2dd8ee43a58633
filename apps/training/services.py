"""Every write to courses, completions and waivers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from django.db import transaction

from apps.accounts.actors import Actor, Role
from apps.agencies.models import Employee
from apps.audit import services as audit
from apps.core import clock, hooks
from apps.core.db.errors import translated
from apps.core.errors import Invalid, given
from apps.training.models import Completion, Course, Waiver


def course_create(
    *, actor: Actor, code: str, title: str, provider: str = "", url: str = "", valid_days: int | None = None
) -> Course:
    """Add a course. `valid_days` is how long a completion counts; None is for ever."""
    actor.require(Role.ADMINISTRATOR)
    with transaction.atomic(), translated():
        course = Course.objects.create(
            code=code.strip().upper(), title=title, provider=provider, url=url, valid_days=valid_days
        )
        audit.record(actor, "training.course.created", course, after={"code": course.code, "valid_days": valid_days})
    return course


def course_revise(
    *, actor: Actor, course: Course, title: str, provider: str, url: str, valid_days: int | None, is_active: bool,
    equivalents: Iterable[Course],
) -> Course:  # fmt: skip
    """Change a course and which other courses count as it. Seats follow at once."""
    actor.require(Role.ADMINISTRATOR)
    others = list(equivalents)
    if course in others:
        raise Invalid("A course is not its own equivalent.", how_to_fix="Choose other courses.")
    with transaction.atomic(), translated():
        course = Course.objects.select_for_update().get(pk=course.pk)
        before = _facts(course)
        course.title, course.provider, course.url = title, provider, url
        course.valid_days, course.is_active = valid_days, is_active
        course.save()
        course.equivalents.set(others)
        audit.record(actor, "training.course.revised", course, before=before, after=_facts(course))
        hooks.call("ELIGIBILITY_CHANGED", actor, None)
    return course


def _facts(course: Course) -> dict[str, object]:
    codes = sorted(course.equivalents.values_list("code", flat=True))
    return {
        "title": course.title, "valid_days": course.valid_days, "is_active": course.is_active, "equivalents": codes,
    }  # fmt: skip


def completion_record(
    *, actor: Actor, employee: Employee, course: Course, completed_on: date, score: Decimal | None = None,
    source: str = "by hand", source_id: str = "",
) -> Completion:  # fmt: skip
    """Record one completion. The same record (source and its id) twice is one."""
    actor.require(Role.ADMINISTRATOR, Role.PRIVACY)
    if completed_on > clock.today():
        raise Invalid("The completion lies in the future.")
    with transaction.atomic():
        completion, made = Completion.objects.get_or_create(
            source=source,
            source_id=source_id or f"{employee.employee_id}/{course.code}/{completed_on.isoformat()}",
            defaults={"employee": employee, "course": course, "completed_on": completed_on, "score": score},
        )
        if made:
            audit.record(actor, "training.completion.recorded", completion, after={"course": course.code})
            hooks.call("ELIGIBILITY_CHANGED", actor, [employee.pk])
    return completion


def training_waive(*, actor: Actor, employee: Employee, course: Course, until_on: date, reason: str) -> Waiver:
    """Let a person do without a course until a day."""
    actor.require(Role.ADMINISTRATOR, Role.PRIVACY)
    if actor.employee_id == employee.pk:
        raise Invalid("Nobody waives their own training.", how_to_fix="Ask a colleague.")
    if not reason.strip() or until_on < clock.today():
        raise Invalid("A waiver needs a reason and an end that lies ahead.")
    with transaction.atomic():
        waiver = Waiver.objects.create(
            employee=employee, course=course, reason=reason.strip(), granted_by=actor.name, until_on=until_on
        )
        audit.record(
            actor, "training.waiver.granted", waiver,
            after={"course": course.code, "until": until_on}, reason=reason.strip(),
        )  # fmt: skip
        hooks.call("ELIGIBILITY_CHANGED", actor, [employee.pk])
    return waiver


def training_waiver_end(*, actor: Actor, waiver: Waiver, reason: str) -> Waiver:
    """End a waiver before its day: from today on it does not count."""
    actor.require(Role.ADMINISTRATOR, Role.PRIVACY)
    reason = given(reason)
    with transaction.atomic():
        waiver = Waiver.objects.select_for_update().get(pk=waiver.pk)
        if waiver.until_on < clock.today():
            raise Invalid("The waiver has ended already.", how_to_fix="Nothing is left to do.")
        before = waiver.until_on
        # Days that have passed keep it: a report about one of them comes out as it did.
        waiver.until_on = clock.today() - timedelta(days=1)
        waiver.ended_by, waiver.ended_at = actor.name, clock.now()
        waiver.save(update_fields=["until_on", "ended_by", "ended_at"])
        audit.record(
            actor, "training.waiver.ended", waiver, reason=reason,
            before={"until": before}, after={"until": waiver.until_on},
        )  # fmt: skip
        hooks.call("ELIGIBILITY_CHANGED", actor, [waiver.employee_id])
    return waiver
