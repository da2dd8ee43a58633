"""Every write to courses, completions and waivers."""

from __future__ import annotations

import hashlib
from datetime import date
from decimal import Decimal

from django.db import connection, transaction

from apps.accounts.actors import Actor, Role
from apps.agencies.models import Employee
from apps.audit import services as audit
from apps.core import clock, hooks
from apps.core.db.copy import copy_rows
from apps.core.db.errors import translated
from apps.core.errors import Invalid
from apps.training import completions
from apps.training.models import Completion, CompletionImport, Course, Waiver

LEARNING_SYSTEM = "learning system"


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


def completions_import(*, actor: Actor, file_name: str, content: bytes) -> CompletionImport:
    """Bring a file of the learning system in: COPY into a stage, one insert of what is new, seats open at once.

    A bad row never costs a good one; the same file twice adds nothing. Raises `Invalid` where the file as a whole
    cannot be read.
    """
    actor.require(Role.ADMINISTRATOR, Role.PRIVACY)
    employees = dict(Employee.objects.values_list("employee_id", "pk"))
    courses = {code.upper(): pk for code, pk in Course.objects.values_list("code", "pk")}
    try:
        found = completions.read(content, employees, courses, clock.today())
    except completions.FileRefused as refusal:
        raise Invalid(str(refusal)) from refusal
    with transaction.atomic():
        added = _insert_new(found.good)
        run = CompletionImport.objects.create(
            file_name=file_name[:200],
            file_sha256=hashlib.sha256(content).hexdigest(),
            imported_by=actor.name,
            imported_at=clock.now(),
            rows=found.rows,
            added=len(added),
            unchanged=len(found.good) - len(added),
            rejected=found.rejected,
        )
        audit.record(
            actor, "training.completions.imported", run,
            after={"rows": run.rows, "added": run.added, "rejected": len(run.rejected), "sha256": run.file_sha256},
        )  # fmt: skip
        hooks.call("ELIGIBILITY_CHANGED", actor, sorted(set(added)))
    return run


def _insert_new(good: list[completions.Completed]) -> list[int]:
    """Insert what the database does not have yet; returns the employees concerned, once per completion."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE completion_stage (employee_id bigint, course_id bigint, completed_on date,"
            " score numeric(5,2), source_id text) ON COMMIT DROP"
        )
        copy_rows("completion_stage", ("employee_id", "course_id", "completed_on", "score", "source_id"), good)
        cursor.execute(
            "INSERT INTO training_completion (employee_id, course_id, completed_on, score, source, source_id)"
            " SELECT DISTINCT ON (source_id) employee_id, course_id, completed_on, score, %s, source_id"
            " FROM completion_stage ON CONFLICT (source, source_id) DO NOTHING RETURNING employee_id",
            [LEARNING_SYSTEM],
        )
        added = [row[0] for row in cursor.fetchall()]
        cursor.execute("DROP TABLE completion_stage")
    return added
