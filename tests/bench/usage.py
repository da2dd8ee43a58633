"""What usage costs: a day as it comes in, against a bare COPY of the same rows; and a year's figures from the roll-up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction

from apps.agencies.models import Agency, Employee
from apps.core import clock
from apps.core.db.copy import copy_rows
from apps.licenses.ports import UsageSeen
from apps.vendors.models import UsageDay, Workspace
from apps.vendors.usage_selectors import active_by_week
from apps.vendors.usage_tables import usage_store, week_of
from tests.bench import state

Timed = Callable[..., float]
Figure = Callable[..., dict[str, Any]]


def day(timed: Timed, figure: Figure) -> Iterator[dict[str, Any]]:
    """One day of everybody: Monday makes the week's figures, Tuesday adds to them; the same again; a correction."""
    workspace = _workspace()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bench_usage (day date, vendor_id text, email text, messages integer, gpt_messages integer,"
            " tool_messages integer, project_messages integer, PRIMARY KEY (day, vendor_id))"
        )
    monday = week_of(clock.now().date()) - timedelta(weeks=2)
    usage_store(workspace, _rows(monday - timedelta(days=7), 5))

    def stored(ahead: int, messages: int) -> float:
        rows = _rows(monday + timedelta(days=ahead), messages)
        return timed(lambda: usage_store(workspace, rows))

    def copied(ahead: int) -> float:
        rows = _rows(monday + timedelta(days=ahead), 5)
        return timed(lambda: _bare(rows))

    floor = min(copied(ahead) for ahead in range(4))
    yield figure("usage_day_first_of_the_week", stored(0, 5), floor)
    yield figure("usage_day", min(stored(ahead, 5) for ahead in range(1, 4)), floor)
    yield figure("usage_day_again", min(stored(1, 5) for _ in range(2)), floor)
    yield figure("usage_day_corrected", stored(1, 6), floor)


def year(timed: Timed, figure: Figure) -> Iterator[dict[str, Any]]:
    """The page's figures of a year of everybody, against one scan of the roll-up."""
    _workspace()
    call_command("seed_usage", stdout=StringIO())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE vendors_usageweek")
    assert UsageDay.objects.count() >= 364 * Employee.objects.exclude(status="separated").count()

    def scan() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT week, agency_id, active, active_28, habitual, messages FROM vendors_usageweek")
            cursor.fetchall()

    figures = lambda: active_by_week(Agency.objects.all(), clock.now().date(), 52)  # noqa: E731 - measured below
    assert len(figures()) >= 51
    yield figure("usage_weeks_of_a_year", timed(figures, 3), timed(scan, 3))


def _workspace() -> Workspace:
    """A workspace in which every employee has an account."""
    found = Workspace.objects.filter(name="bench").first() or state.workspace_at("http://127.0.0.1:9/v1")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO vendors_vendoraccount (workspace_id, vendor_id, email, email_key, name, role, is_service, is_scim,"
            " employee_id, is_ours, groups) SELECT %s, 'usage-' || id, email, lower(email), '', '', false, false, id, true,"
            " '{}' FROM agencies_employee ON CONFLICT DO NOTHING",
            [found.pk],
        )
        cursor.execute("ANALYZE vendors_vendoraccount")
    return found


def _rows(on: date, messages: int) -> list[UsageSeen]:
    people = Employee.objects.order_by("pk").values_list("pk", "email")
    return [UsageSeen(on, f"usage-{pk}", email, messages, 1, 1, 0) for pk, email in people]


def _bare(rows: list[UsageSeen]) -> None:
    with transaction.atomic():
        copy_rows("bench_usage", UsageSeen._fields, rows)
