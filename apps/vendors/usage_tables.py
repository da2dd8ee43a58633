"""Usage into its tables, set-based: stage, find the people, write what differs, carry it into the roll-ups.

Everything is level-triggered: the same rows twice change nothing, and a later correction overwrites. Only what differs
is written and carried on. docs/usage.md has the reasons.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import islice
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Lower

from apps.agencies.models import Employee
from apps.core import clock
from apps.core.db.copy import copy_rows
from apps.licenses.ports import UsageSeen
from apps.vendors.models import VendorAccount, Workspace
from apps.vendors.usage import EARLIEST, MOST_MESSAGES, Stretch

_BATCH = 20_000
_SEEN = "usage_seen"
_COUNTS = ("messages", "gpt_messages", "tool_messages", "project_messages")
_STAGES = {
    _SEEN: "day date, who integer, employee_id bigint, " + ", ".join(f"{name} integer" for name in _COUNTS),
    "usage_stretch": "employee_id bigint, first_on date, last_on date",
}
Known = tuple[date, int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of rows: days written, days known as they were, rows and accounts of nobody in the directory."""

    changed: int = 0
    unchanged: int = 0
    unknown_rows: int = 0
    unknown_accounts: int = 0
    weeks: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    """What rows would change: (day, employee, counts) and (employee, first day, last day)."""

    days: list[Known]
    stretches: list[tuple[int, date, date]]
    unchanged: int
    unknown_rows: int


@dataclass(slots=True)
class Stage:
    """The temporary tables of one batch, and whose the accounts in it are.

    An account belongs to whom VendorAccount says; failing that, to the employee with its address. Rows of nobody are
    counted here and go no further.
    """

    workspace: Workspace
    unknown_rows: int = 0
    has_several: bool = False
    _owners: dict[str, int] = field(default_factory=dict)
    _by_email: dict[str, int] | None = None
    # The number of each account, and who it belongs to; of each person the account seen first.
    _accounts: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    _first: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        accounts = VendorAccount.objects.filter(workspace=self.workspace, employee__isnull=False)
        self._owners = dict(accounts.values_list("vendor_id", "employee_id"))

    @property
    def unknown_accounts(self) -> int:
        return sum(employee is None for _, employee in self._accounts.values())

    def days(self, rows: Iterable[UsageSeen]) -> int:
        """Take days, in pieces, so that a slow vendor holds no transaction open; what no person can do is left out."""
        stream, count = (row for row in rows if _is_sound(row)), 0
        while batch := list(islice(stream, _BATCH)):
            for row in batch:
                if (row.vendor_id or row.email) not in self._accounts:
                    self._meet(row.vendor_id, row.email)
            with transaction.atomic():
                copy_rows(_SEEN, ("day", "who", "employee_id", *_COUNTS), self._known(batch))
            count += len(batch)
        return count

    def stretches(self, rows: Iterable[Stretch]) -> None:
        known = []
        for row in rows:
            employee = self._meet(row.vendor_id, row.email)
            self.unknown_rows += employee is None
            if employee is not None:
                known.append((employee, row.first_on, row.last_on))
        copy_rows("usage_stretch", ("employee_id", "first_on", "last_on"), known)

    def _known(self, batch: Iterable[UsageSeen]) -> Iterator[tuple[Any, ...]]:
        for row in batch:
            who, employee = self._accounts[row.vendor_id or row.email]
            if employee is None:
                self.unknown_rows += 1
            else:
                yield (row.day, who, employee, *row[3:])

    def _meet(self, vendor_id: str, email: str) -> int | None:
        """Whose account it is; remembered."""
        key = vendor_id or email
        if key in self._accounts:
            return self._accounts[key][1]
        employee = self._owners.get(vendor_id)
        if employee is None and email:
            if self._by_email is None:
                self._by_email = _addresses()
            employee = self._by_email.get(email.lower())
        number = len(self._accounts)
        self._accounts[key] = (number, employee)
        if employee is not None and self._first.setdefault(employee, number) != number:
            self.has_several = True
        return employee


def _addresses() -> dict[str, int]:
    """Employees by address. One who left does not come before one who has the address now."""
    people = Employee.objects.annotate(address=Lower("email"), left=Q(status=Employee.Status.SEPARATED))
    return dict(people.order_by("-left", "-pk").values_list("address", "pk"))


@contextmanager
def staged(workspace: Workspace) -> Iterator[Stage]:
    """The temporary tables of one batch of usage, outside or inside a transaction."""
    with connection.cursor() as cursor:
        for name, columns in _STAGES.items():
            cursor.execute(f"CREATE TEMPORARY TABLE {name} ({columns})")
    try:
        yield Stage(workspace)
    finally:
        # In a transaction that failed the tables go with it.
        if not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute(f"DROP TABLE {', '.join(_STAGES)}")


def _is_sound(row: UsageSeen) -> bool:
    return row.day >= EARLIEST and min(row[3:]) >= 0 and max(row[3:]) <= MOST_MESSAGES


def usage_store(workspace: Workspace, rows: Iterable[UsageSeen]) -> Stored:
    """Store what the vendor told of days: each person's counts as they are now known."""
    with staged(workspace) as stage:
        stage.days(rows)
        with transaction.atomic():
            return usage_merge(stage)


def usage_merge(stage: Stage) -> Stored:
    """Write what the stage holds, within the current transaction."""
    _lock()
    _compare(stage.workspace, _SEEN, _merged(stage))
    return replace(_write(stage.workspace), unknown_rows=stage.unknown_rows, unknown_accounts=stage.unknown_accounts)


def usage_plan(workspace: Workspace, rows: Iterable[UsageSeen], stretches: Iterable[Stretch]) -> Planned:
    """What `usage_store` would change, as people and figures, without changing it."""
    with staged(workspace) as stage, transaction.atomic(), connection.cursor() as cursor:
        stage.days(rows)
        stage.stretches(stretches)
        _compare(workspace, _SEEN, _merged(stage))
        cursor.execute(_TOTALS)
        compared, changed = (cursor.fetchone() or (0, 0))[:2]
        cursor.execute(
            f"SELECT day, employee_id, {', '.join(_COUNTS)} FROM usage_compared WHERE differs ORDER BY day, employee_id"
        )
        days = cursor.fetchall()
        cursor.execute(_STRETCHES, {"ws": workspace.pk})
        known = cursor.fetchall()
        cursor.execute(f"DROP TABLE usage_compared; {_PLANNER_AS_BEFORE}")
    return Planned(days, known, compared - changed, stage.unknown_rows)


def usage_carry_out(workspace: Workspace, days: Sequence[Known], stretches: Sequence[tuple[int, date, date]]) -> Stored:
    """Write a plan, compared anew with what is known by now, within the current transaction."""
    _lock()
    with connection.cursor() as cursor:
        columns = ", ".join(f"{name} integer" for name in _COUNTS)
        cursor.execute(f"CREATE TEMPORARY TABLE usage_planned (day date, employee_id bigint, {columns})")
        copy_rows("usage_planned", ("day", "employee_id", *_COUNTS), days)
        _compare(workspace, "usage_planned", "usage_planned")
        stored = _write(workspace)
        cursor.executemany(_USE_ONE, [(employee, workspace.pk, first, last) for employee, first, last in stretches])
        cursor.execute("DROP TABLE usage_planned")
    return stored


# ---- people and differences -------------------------------------------------------------------------------------

# Temporary tables have no statistics, and everything here joins whole tables: hashes, in memory, without compiling.
_PLANNER = """
    SET LOCAL work_mem = '64MB'; SET LOCAL jit = off; SET LOCAL enable_nestloop = off; SET LOCAL enable_mergejoin = off
"""
_PLANNER_AS_BEFORE = "RESET work_mem; RESET jit; RESET enable_nestloop; RESET enable_mergejoin"
# A list that shifts while it is read may bring a row twice: the same account and day is one, the later, higher reading.
_ONE_EACH = """(
    SELECT day, employee_id, max(messages) AS messages, max(gpt_messages) AS gpt_messages,
        max(tool_messages) AS tool_messages, max(project_messages) AS project_messages
    FROM usage_seen GROUP BY day, employee_id{account})
"""
# Several accounts of one person in a workspace add up.
_SUMMED = f"""(
    SELECT day, employee_id, sum(messages)::integer AS messages, sum(gpt_messages)::integer AS gpt_messages,
        sum(tool_messages)::integer AS tool_messages, sum(project_messages)::integer AS project_messages
    FROM {_ONE_EACH.format(account=", who")} one GROUP BY day, employee_id)
"""
# Where the person's week is known already, its agency and workspace come along.
_COMPARED = """
    CREATE TEMPORARY TABLE usage_compared AS
    SELECT n.*, COALESCE(d.messages, 0) AS before, d.day IS NULL AS is_new,
        d.day IS NULL OR (d.messages, d.gpt_messages, d.tool_messages, d.project_messages)
            IS DISTINCT FROM (n.messages, n.gpt_messages, n.tool_messages, n.project_messages) AS differs,
        date_trunc('week', n.day)::date AS week, k.agency_id, k.workspace_id
    FROM {known} n LEFT JOIN vendors_usageday d ON d.day = n.day AND d.employee_id = n.employee_id
        AND d.workspace_id = %(ws)s AND d.day BETWEEN %(first)s AND %(last)s
    LEFT JOIN vendors_usagepresence k ON k.week = date_trunc('week', n.day)::date AND k.employee_id = n.employee_id
        AND k.week BETWEEN %(first)s::date - 6 AND %(last)s
"""
_STRETCHES = """
    SELECT s.employee_id, min(s.first_on), max(s.last_on)
    FROM usage_stretch s LEFT JOIN vendors_seatuse u ON u.employee_id = s.employee_id AND u.workspace_id = %(ws)s
    WHERE u.employee_id IS NULL OR s.first_on < u.first_use_on OR s.last_on > u.last_use_on
    GROUP BY 1 ORDER BY 1
"""


def _merged(stage: Stage) -> str:
    """The query of the stage's days by employee."""
    return _SUMMED if stage.has_several else _ONE_EACH.format(account="")


def _compare(workspace: Workspace, source: str, known: str) -> None:
    """Hold days by employee against what is stored. `known` is the table (or query) of them, made of `source`."""
    with connection.cursor() as cursor:
        cursor.execute(_PLANNER)
        cursor.execute(f"SELECT min(day), max(day) FROM {source}")
        first, last = cursor.fetchone() or (None, None)
        cursor.execute(_COMPARED.format(known=known), {"ws": workspace.pk, "first": first, "last": last})


# ---- writing ------------------------------------------------------------------------------------------------------

_INSERT = f"""
    INSERT INTO vendors_usageday (day, employee_id, workspace_id, {", ".join(_COUNTS)})
    SELECT day, employee_id, %(ws)s, {", ".join(_COUNTS)} FROM usage_compared WHERE is_new ORDER BY day, employee_id
"""
_UPDATE = """
    UPDATE vendors_usageday d SET messages = c.messages, gpt_messages = c.gpt_messages,
        tool_messages = c.tool_messages, project_messages = c.project_messages
    FROM usage_compared c WHERE c.differs AND NOT c.is_new AND d.day = c.day AND d.employee_id = c.employee_id
        AND d.workspace_id = %(ws)s AND d.day BETWEEN %(first)s AND %(last)s
"""
# For a week that is over, the agency of that time is the one of the seat; otherwise the present one.
_PRESENCE = """
    INSERT INTO vendors_usagepresence (week, employee_id, agency_id, workspace_id)
    SELECT c.week, c.employee_id, COALESCE(p.agency_id, e.agency_id), %(ws)s
    FROM (SELECT DISTINCT week, employee_id FROM usage_compared WHERE differs AND messages > 0 AND agency_id IS NULL) c
    JOIN agencies_employee e ON e.id = c.employee_id
    LEFT JOIN LATERAL (
        SELECT agency_id FROM licenses_seatperiod WHERE c.week < %(this_week)s AND employee_id = c.employee_id
            AND during && tstzrange(c.week, c.week + 7) ORDER BY during DESC LIMIT 1) p ON true
"""
_ABSENCE = """
    DELETE FROM vendors_usagepresence k USING usage_compared c
    WHERE c.differs AND c.messages = 0 AND c.before > 0 AND k.week = c.week AND k.employee_id = c.employee_id
        AND NOT EXISTS (SELECT 1 FROM vendors_usageday d WHERE d.day BETWEEN k.week AND k.week + 6
            AND d.day BETWEEN %(first)s::date - 6 AND %(last)s::date + 6
            AND d.employee_id = k.employee_id AND d.messages > 0)
"""
_MESSAGES = """
    INSERT INTO vendors_usageweek AS f (week, agency_id, workspace_id, active, active_28, habitual, messages)
    SELECT week, agency_id, workspace_id, 0, 0, 0, sum(more) FROM (
        SELECT week, agency_id, workspace_id, sum(messages - before) AS more FROM usage_compared
        WHERE differs AND agency_id IS NOT NULL GROUP BY 1, 2, 3
        UNION ALL
        SELECT k.week, k.agency_id, k.workspace_id, sum(c.messages - c.before) FROM usage_compared c
        JOIN vendors_usagepresence k ON k.week = c.week AND k.employee_id = c.employee_id
        WHERE c.differs AND c.agency_id IS NULL GROUP BY 1, 2, 3) added
    GROUP BY 1, 2, 3
    ON CONFLICT (week, agency_id, workspace_id) DO UPDATE SET messages = f.messages + EXCLUDED.messages
"""
_USED = """(
    SELECT employee_id, min(day) AS first_on, max(day) AS last_on FROM usage_compared
    WHERE differs AND messages > 0 GROUP BY employee_id)
"""
_USE = f"""
    MERGE INTO vendors_seatuse u USING {_USED} n ON u.employee_id = n.employee_id AND u.workspace_id = %(ws)s
    WHEN MATCHED AND (n.first_on < u.first_use_on OR n.last_on > u.last_use_on) THEN UPDATE SET
        first_use_on = LEAST(u.first_use_on, n.first_on), last_use_on = GREATEST(u.last_use_on, n.last_on)
    WHEN NOT MATCHED THEN INSERT (employee_id, workspace_id, first_use_on, last_use_on)
        VALUES (n.employee_id, %(ws)s, n.first_on, n.last_on)
"""
_USE_ONE = """
    INSERT INTO vendors_seatuse AS u (employee_id, workspace_id, first_use_on, last_use_on) VALUES (%s, %s, %s, %s)
    ON CONFLICT (employee_id, workspace_id) DO UPDATE SET first_use_on = LEAST(u.first_use_on, EXCLUDED.first_use_on),
        last_use_on = GREATEST(u.last_use_on, EXCLUDED.last_use_on)
"""
_TOTALS = """
    SELECT count(*), count(*) FILTER (WHERE differs), COALESCE(bool_or(is_new), false),
        COALESCE(bool_or(differs AND NOT is_new), false), min(day) FILTER (WHERE differs), max(day) FILTER (WHERE differs),
        COALESCE(array_agg(DISTINCT week) FILTER (WHERE differs), '{}')
    FROM usage_compared
"""


def _write(workspace: Workspace) -> Stored:
    """Write what differs and carry it into the roll-ups."""
    with connection.cursor() as cursor:
        cursor.execute(_TOTALS)
        compared, changed, has_new, has_old, first, last, touched = cursor.fetchone() or (
            0,
            0,
            False,
            False,
            None,
            None,
            [],
        )
        weeks: tuple[date, ...] = ()
        values = {"ws": workspace.pk, "first": first, "last": last, "this_week": week_of(clock.now().date())}
        if has_new:
            cursor.execute(
                "SELECT usage_partition(m) FROM"
                " (SELECT DISTINCT date_trunc('month', day)::date AS m FROM usage_compared WHERE is_new) months"
            )
            cursor.execute(_INSERT, values)
        if has_old:
            cursor.execute(_UPDATE, values)
        if changed:
            cursor.execute(_PRESENCE, values)
            people_changed = cursor.rowcount
            cursor.execute(_MESSAGES)
            if has_old:
                cursor.execute(_ABSENCE, values)
                people_changed += cursor.rowcount
            cursor.execute(_USE, values)
            # Nobody came or went: the people of these weeks are counted already.
            weeks = usage_count_weeks(touched) if people_changed else ()
        cursor.execute(f"DROP TABLE usage_compared; {_PLANNER_AS_BEFORE}")
    return Stored(changed, compared - changed, weeks=weeks)


# ---- figures by week ------------------------------------------------------------------------------------------------

# Everybody counts once and where they were last: the sum over agencies and workspaces is the number of people.
_FIGURES = """
    INSERT INTO vendors_usageweek AS f (week, agency_id, workspace_id, active, active_28, habitual, messages)
    SELECT week, place[2], place[3], count(*) FILTER (WHERE place[1] = 0), count(*), count(*) FILTER (WHERE weeks >= 3), 0
    FROM (
        SELECT w.week, count(*) AS weeks, max(ARRAY[(k.week - w.week)::bigint, k.agency_id, k.workspace_id]) AS place
        FROM unnest(%(weeks)s::date[]) AS w (week)
        JOIN vendors_usagepresence k ON k.week BETWEEN w.week - 21 AND w.week
        GROUP BY w.week, k.employee_id) person
    GROUP BY 1, 2, 3
    ON CONFLICT (week, agency_id, workspace_id) DO UPDATE SET active = EXCLUDED.active, active_28 = EXCLUDED.active_28,
        habitual = EXCLUDED.habitual
"""


def usage_count_weeks(weeks: Sequence[date]) -> tuple[date, ...]:
    """Count people anew for these weeks and for the three after each, up to the present one. Returns them."""
    this_week = week_of(clock.now().date())
    wanted = {week + timedelta(days=days) for week in weeks for days in (0, 7, 14, 21)}
    counted = sorted(week for week in wanted if week in weeks or week <= this_week)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE vendors_usageweek SET active = 0, active_28 = 0, habitual = 0 WHERE week = ANY(%s)", [counted]
        )
        cursor.execute(_FIGURES, {"weeks": counted})
        cursor.execute(
            "DELETE FROM vendors_usageweek WHERE week = ANY(%s) AND active_28 = 0 AND messages = 0", [counted]
        )
    return tuple(counted)


def week_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def _lock() -> None:
    """One batch at a time: two that count the same week would each miss the other's people."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('usage'))")
