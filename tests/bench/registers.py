"""Figures of the registers: the learning system's file, and the night on which nobody has accepted the new terms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from apps.accounts.actors import SYSTEM
from apps.agencies.models import Employee
from apps.core import clock
from apps.core.db.copy import copy_rows
from apps.licenses.models import Seat
from apps.licenses.settle import seats_settle
from apps.terms import services as terms
from apps.training import import_services
from apps.training import services as training

Figure = dict[str, Any]
Timed = Callable[..., float]
Made = Callable[..., Figure]
COLUMNS = ("employee_id", "course", "completed_on", "score", "record_id")


def learning(timed: Timed, figure: Made) -> Iterator[Figure]:
    """One completion of everybody, new and again, against COPY into a temporary table and one INSERT … ON CONFLICT."""
    course = training.course_create(actor=SYSTEM, code="BENCH", title="Bench")
    people = list(Employee.objects.values_list("employee_id", flat=True))
    day = clock.today().isoformat()
    rows = [(employee, "BENCH", day, "90", f"bench-{employee}") for employee in people]
    content = "\n".join(",".join(row) for row in [COLUMNS, *rows]).encode()
    floors = [timed(lambda: _floor(rows, course.pk)) for _ in range(2)]
    for name, floor in zip(("training_import_first", "training_import_again"), floors, strict=True):
        took = timed(lambda: import_services.completions_import(actor=SYSTEM, file_name="b.csv", content=content))
        yield figure(name, took, floor)


def _floor(rows: list[tuple[str, ...]], course: int) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS bench_done (LIKE training_completion INCLUDING ALL)")
        cursor.execute(
            f"CREATE TEMPORARY TABLE bench_rows ({', '.join(f'{name} text' for name in COLUMNS)}) ON COMMIT DROP"
        )
        copy_rows("bench_rows", COLUMNS, rows)
        cursor.execute(
            "INSERT INTO bench_done (employee_id, course_id, completed_on, score, source, source_id)"
            " SELECT e.id, %s, r.completed_on::date, r.score::numeric, 'bench', r.record_id"
            " FROM bench_rows r JOIN agencies_employee e ON e.employee_id = r.employee_id"
            " ON CONFLICT (source, source_id) DO NOTHING",
            [course],
        )


def midnight(timed: Timed, figure: Made) -> Iterator[Figure]:
    """Every seat suspended because grace has ended, mails included, against one UPDATE of the same seats. Rolled back."""

    def bare() -> None:
        with transaction.atomic():
            Seat.objects.filter(state="granted").update(state="suspended", reason="terms", changed_at=clock.now())
            transaction.set_rollback(True)

    def settled() -> None:
        with transaction.atomic(), clock.shifted(timedelta(days=1)):
            moved = seats_settle(actor=SYSTEM)
            assert moved >= Seat.objects.filter(state="suspended", reason="terms").count() > 0
            transaction.set_rollback(True)

    draft = terms.terms_draft(actor=SYSTEM, title="T", body="New", grace_days=0)
    terms.terms_publish(actor=SYSTEM, version=draft, reason="bench")
    floor = timed(bare)
    yield figure("terms_grace_ends_for_everyone", timed(settled), floor)
    with connection.cursor() as cursor:  # whoever is measured next has accepted
        cursor.execute(
            "INSERT INTO terms_acceptance (employee_id, version_id, sha256, language, channel)"
            " SELECT id, %s, 'x', 'en', 'bench' FROM agencies_employee",
            [draft.pk],
        )
