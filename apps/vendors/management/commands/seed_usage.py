"""manage.py seed_usage [--days 365] [--people N] [--as EMAIL] [--plan] [--json]: a year of believable use.

For the demo and for measuring.

One row per person and day (14.6 million for 40,000 people and a year), made by the database, partition by partition.
Most people write on some working days; some never do; many begin late. Days that are known stay as they are.
"""

from __future__ import annotations

import time
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.db import connection, transaction

from apps.accounts.actors import Actor, Role
from apps.agencies.models import Employee
from apps.core import clock
from apps.core.commands import Answer, OperatorCommand
from apps.core.errors import Invalid
from apps.vendors.models import UsageFetch, Workspace
from apps.vendors.usage_rebuild import usage_rebuild

# Habits follow from the person's number and the day, so that the same command makes the same year.
_MONTH = """
    INSERT INTO vendors_usageday (day, employee_id, workspace_id, messages, gpt_messages, tool_messages, project_messages)
    SELECT r.day, r.id, r.workspace_id, r.said, r.said / 8, r.said / 5, r.said / 9 FROM (
        SELECT d.day::date AS day, p.id, p.workspace_id,
            CASE WHEN d.day >= p.begins AND draw.of_day %% 1000
                    < p.habit * CASE WHEN extract(isodow FROM d.day) > 5 THEN 0.06 ELSE 1 END
                THEN 1 + (draw.of_day / 1000) %% 12 + p.habit / 60 ELSE 0 END AS said
        FROM generate_series(%(first)s::date, %(last)s::date, interval '1 day') AS d (day)
        CROSS JOIN usage_habit p
        CROSS JOIN LATERAL (SELECT abs(hashint8(p.id * 100003 + (d.day::date - date '2020-01-01'))::bigint) AS of_day) draw
        ORDER BY 1, 2) r
    ON CONFLICT DO NOTHING
"""
_HABITS = """
    CREATE TEMPORARY TABLE usage_habit AS
    SELECT e.id, COALESCE(w.id, %(ws)s) AS workspace_id,
        CASE WHEN h %% 10 = 0 THEN 0 ELSE 20 + power((h / 10) %% 28, 2)::integer END AS habit,
        %(first)s::date + ((h / 7919) %% GREATEST(%(days)s * 2 / 3, 1))::integer AS begins
    FROM (SELECT *, abs(hashint8(id)::bigint) AS h FROM agencies_employee WHERE status <> 'separated'
        ORDER BY id LIMIT %(people)s) e
    JOIN agencies_agency a ON a.id = e.agency_id LEFT JOIN vendors_workspace w ON w.name = a.workspace AND a.workspace <> ''
"""


class Command(OperatorCommand):
    help = "Make a year of believable use. Only with the demo's settings."
    changes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, default=365)
        parser.add_argument("--people", type=int, help="only so many (default: everybody employed)")

    def act(self, actor: Actor, options: dict[str, Any]) -> Answer:
        workspace, first, last = self._asked(actor, options)
        self._begun, self._is_quiet = time.monotonic(), options["json"]
        rows = 0
        with connection.cursor() as cursor:
            values = {"ws": workspace.pk, "first": first, "days": options["days"], "people": options["people"]}
            cursor.execute(_HABITS, values)
            for begins, ends in _months(first, last):
                with transaction.atomic():
                    cursor.execute("SELECT usage_partition(%s)", [begins])
                    cursor.execute(_MONTH, {"first": begins, "last": ends})
                rows += cursor.rowcount
                self._say(f"{begins:%B %Y}: {cursor.rowcount:,} rows")
            cursor.execute("DROP TABLE usage_habit")
        weeks = usage_rebuild(first, last, say=self._say)
        for one in Workspace.objects.all():
            UsageFetch.objects.create(workspace=one, at=clock.now(), first=first, last=last)
        said = f"{rows:,} rows from {first} to {last}, {weeks} weeks counted."
        return Answer([said], {"first": first, "last": last, "rows": rows, "weeks": weeks})

    def plan(self, actor: Actor, options: dict[str, Any]) -> Answer:
        """How much it would be: a year of 40,000 people is not made to be taken back."""
        _, first, last = self._asked(actor, options)
        employed = Employee.objects.exclude(status=Employee.Status.SEPARATED).count()
        people = employed if options["people"] is None else min(employed, options["people"])
        rows = people * options["days"]
        said = f"Up to {rows:,} rows from {first} to {last}, for {people:,} people."
        return Answer([said], {"first": first, "last": last, "rows": rows, "people": people})

    @staticmethod
    def _asked(actor: Actor, options: dict[str, Any]) -> tuple[Workspace, date, date]:
        actor.require(Role.ADMINISTRATOR)
        if not settings.DEMO:
            raise Invalid("This invents figures, so it runs with the demo's settings only.")
        workspace = Workspace.objects.order_by("pk").first()
        if workspace is None:
            raise Invalid("There is no workspace yet.")
        last = clock.now().date() - timedelta(days=1)
        return workspace, last - timedelta(days=options["days"] - 1), last

    def _say(self, text: str) -> None:
        """How far it is, while it works."""
        if not self._is_quiet:
            self.stdout.write(f"[{time.monotonic() - self._begun:6.1f} s] {text}")
            self.stdout.flush()


def _months(first: date, last: date) -> list[tuple[date, date]]:
    """The stretch cut at the ends of months."""
    found, begins = [], first
    while begins <= last:
        ends = min(last, (begins.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1))
        found.append((begins, ends))
        begins = ends + timedelta(days=1)
    return found
