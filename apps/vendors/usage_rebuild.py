"""The roll-ups made anew from the days: after days were written past `usage_store`, or to check it.

Presence that is known keeps its agency: where people were is not to be found in the days.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from django.db import connection, transaction

from apps.vendors.usage_tables import usage_count_weeks, week_of

_PRESENCE = """
    INSERT INTO vendors_usagepresence (week, employee_id, agency_id, workspace_id)
    SELECT %(week)s, d.employee_id, e.agency_id, d.workspace_id
    FROM (SELECT employee_id, max(workspace_id) AS workspace_id FROM vendors_usageday
        WHERE day BETWEEN %(week)s AND %(week)s::date + 6 AND messages > 0 GROUP BY employee_id) d
    JOIN agencies_employee e ON e.id = d.employee_id
    ON CONFLICT DO NOTHING
"""
_GONE = """
    DELETE FROM vendors_usagepresence k WHERE k.week = %(week)s AND NOT EXISTS (
        SELECT 1 FROM vendors_usageday d WHERE d.day BETWEEN %(week)s AND %(week)s::date + 6
            AND d.employee_id = k.employee_id AND d.messages > 0)
"""
_MESSAGES = """
    INSERT INTO vendors_usageweek AS f (week, agency_id, workspace_id, active, active_28, habitual, messages)
    SELECT k.week, k.agency_id, k.workspace_id, 0, 0, 0, sum(d.messages) FROM vendors_usageday d
    JOIN vendors_usagepresence k ON k.week = %(week)s AND k.employee_id = d.employee_id
    WHERE d.day BETWEEN %(week)s AND %(week)s::date + 6 GROUP BY 1, 2, 3
    ON CONFLICT (week, agency_id, workspace_id) DO UPDATE SET messages = EXCLUDED.messages
"""
_USE = """
    INSERT INTO vendors_seatuse AS u (employee_id, workspace_id, first_use_on, last_use_on)
    SELECT employee_id, workspace_id, min(day), max(day) FROM vendors_usageday
    WHERE day BETWEEN %(week)s AND %(week)s::date + 6 AND messages > 0 GROUP BY 1, 2
    ON CONFLICT (employee_id, workspace_id) DO UPDATE SET first_use_on = LEAST(u.first_use_on, EXCLUDED.first_use_on),
        last_use_on = GREATEST(u.last_use_on, EXCLUDED.last_use_on)
    WHERE EXCLUDED.first_use_on < u.first_use_on OR EXCLUDED.last_use_on > u.last_use_on
"""


def usage_rebuild(first: date, last: date, say: Callable[[str], None] = lambda text: None) -> int:
    """Count the weeks from `first` to `last` anew, one transaction a week. Returns how many."""
    weeks = []
    week = week_of(first)
    while week <= last:
        weeks.append(week)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('usage'))")
            cursor.execute("UPDATE vendors_usageweek SET messages = 0 WHERE week = %s", [week])
            for statement in (_PRESENCE, _GONE, _MESSAGES, _USE):
                cursor.execute(statement, {"week": week})
        say(f"Week of {week}: people found")
        week += timedelta(days=7)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ANALYZE vendors_usagepresence")
        usage_count_weeks(weeks)
    return len(weeks)
