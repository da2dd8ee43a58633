"""Reading use of the assistant: figures of groups above the privacy floor, one's own days, and the reclaim job's dates.

Nobody reads another person's use by name. Every figure that leaves here is cut by core/floor.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Max, Min, QuerySet, Sum

from apps.accounts.actors import Actor
from apps.agencies.models import Agency, Employee
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.core.errors import NotPermitted
from apps.core.floor import floored, part_of, total_of
from apps.vendors.models import SeatUse, UsageDay, UsageFetch, UsageImport, UsageWeek, VendorAccount, Workspace

TREND_WEEKS = 26
OWN_DAYS = 90


@dataclass(frozen=True, slots=True)
class Shown:
    """People active in the week, in four weeks, and in three of the four; None where it is not shown."""

    active: int | None
    active_28: int | None
    habitual: int | None
    messages: int | None


@dataclass(frozen=True, slots=True)
class Week:
    """The figures of one week: all together, and each agency by its id."""

    week: date
    total: Shown
    agencies: dict[int, Shown]

    @property
    def ends_on(self) -> date:
        return self.week + timedelta(days=6)


@dataclass(frozen=True, slots=True)
class LastActive:
    """First and last use as Beacon knows them, and the day up to which the vendor told (None: it never did)."""

    first_use_on: date | None
    last_use_on: date | None
    known_until: date | None


def imports_visible_to(actor: Actor) -> QuerySet[UsageImport]:
    """Those who run or review the roll-out. The plan itself is never read for a page."""
    imports = UsageImport.objects.select_related("workspace").defer("plan")
    return imports if actor.sees_everyone else imports.none()


def active_by_week(agencies: QuerySet[Agency], as_of: date, weeks: int = TREND_WEEKS) -> list[Week]:
    """Figures of the last weeks that ended by `as_of`, newest first; the present week where no other is known."""
    known = UsageWeek.objects.filter(agency__in=agencies)
    newest = _newest(as_of - timedelta(days=6)) or _newest(as_of)
    if newest is None:
        return []
    counted: dict[date, dict[int, dict[str, Any]]] = {}
    rows = known.filter(week__lte=newest, week__gt=newest - timedelta(weeks=weeks)).values("week", "agency_id")
    for row in rows.annotate(
        n7=Sum("active"), n28=Sum("active_28"), often=Sum("habitual"), said=Sum("messages")
    ).order_by("-week"):
        counted.setdefault(row["week"], {})[row["agency_id"]] = dict(row)
    return [_cut(week, found) for week, found in counted.items()]


def _newest(until: date) -> date | None:
    """The last week that the vendor told of; weeks after it are counted ahead, without anybody in them yet."""
    found: date | None = UsageWeek.objects.filter(week__lte=until, active__gt=0).aggregate(at=Max("week"))["at"]
    return found


def _cut(week: date, found: dict[int, dict[str, Any]]) -> Week:
    """Leave out what is about too few people, and what such a figure could be worked out from."""
    shown = {agency: _shown(row["n7"], row["n28"], row["often"], row["said"]) for agency, row in found.items()}
    pairs = [(found[agency], one) for agency, one in shown.items()]
    all_28 = total_of((row["n28"], one.active_28) for row, one in pairs)
    total = Shown(
        _below(total_of((row["n7"], one.active) for row, one in pairs), all_28),
        all_28,
        _below(total_of((row["often"], one.habitual) for row, one in pairs), all_28),
        None,
    )
    messages = sum(row["said"] for row in found.values()) if total.active and _all_shown(shown.values()) else None
    return Week(week, Shown(total.active, total.active_28, total.habitual, messages), shown)


def _shown(active: int, active_28: int, habitual: int, messages: int) -> Shown:
    of_28 = floored(active_28)
    seven = part_of(active, active_28)
    return Shown(seven, of_28, part_of(habitual, active_28), messages if seven else None)


def _below(part: int | None, whole: int | None) -> int | None:
    """A total beside a larger one, where both are known: their difference is a figure too."""
    return part if part is None or whole is None else part_of(part, whole)


def _all_shown(shown: Iterable[Shown]) -> bool:
    return all(one.messages is not None for one in shown)


def weeks_known(agencies: QuerySet[Agency]) -> list[date]:
    """The weeks that have figures, newest first."""
    newest = _newest(clock.now().date())
    if newest is None:
        return []
    known = UsageWeek.objects.filter(agency__in=agencies, week__lte=newest)
    weeks = known.order_by("-week").values_list("week", flat=True).distinct()
    return list(weeks[:TREND_WEEKS])


def fetches_now() -> list[tuple[Workspace, UsageFetch | None, UsageFetch | None]]:
    """Of every active workspace the last reading that was stored, and the last one where that is another."""
    workspaces = list(Workspace.objects.filter(is_active=True))
    good = UsageFetch.objects.filter(problem="").order_by("workspace_id", "-at").distinct("workspace_id")
    latest = UsageFetch.objects.order_by("workspace_id", "-at").distinct("workspace_id")
    stored, last = ({fetch.workspace_id: fetch for fetch in found} for found in (good, latest))
    return [
        (one, stored.get(one.pk), None if last.get(one.pk) == stored.get(one.pk) else last.get(one.pk))
        for one in workspaces
    ]


# ---- one person -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Activity:
    """One's own use: the last days, first and last use, and who looked at it."""

    days: list[dict[str, Any]]
    first_use_on: date | None
    last_use_on: date | None
    readers: list[AuditEvent]


def activity_of(actor: Actor, employee_id: int) -> Activity:
    """A person's days, for that person alone. Raises `NotPermitted` for anybody else, whatever their role."""
    if actor.employee_id != employee_id:
        raise NotPermitted("Only the person sees their own use.", how_to_fix="Use the figures of the agency.")
    use = SeatUse.objects.filter(employee=employee_id).aggregate(first=Min("first_use_on"), last=Max("last_use_on"))
    today = clock.now().date()
    # Each day is looked up by its key: a range would read everybody's.
    wanted = [today - timedelta(days=back) for back in range(OWN_DAYS)]
    days = UsageDay.objects.filter(day__in=wanted, employee=employee_id, messages__gt=0).values("day")
    counts = days.annotate(
        said=Sum("messages"), gpt=Sum("gpt_messages"), tool=Sum("tool_messages"), project=Sum("project_messages")
    )
    readers = AuditEvent.objects.filter(
        record_type=Employee._meta.label, record_id=str(employee_id), verb="vendors.usage.read"
    )
    return Activity([dict(one) for one in counts.order_by("-day")], use["first"], use["last"], list(readers[:50]))


def last_active_for_reclaim(employee_ids: Sequence[int]) -> dict[int, LastActive]:
    """First and last use of these people. Read it through `usage_read`, which tells them that somebody did."""
    used: dict[int, tuple[date, date]] = {
        row["employee_id"]: (row["first"], row["last"])
        for row in SeatUse.objects.filter(employee__in=employee_ids)
        .values("employee_id")
        .annotate(first=Min("first_use_on"), last=Max("last_use_on"))
    }
    told = dict(UsageFetch.objects.filter(problem="").order_by().values_list("workspace").annotate(Max("last")))
    until: dict[int, date | None] = {}
    accounts = VendorAccount.objects.filter(employee__in=employee_ids, gone_at=None)
    for employee, workspace in accounts.values_list("employee_id", "workspace_id"):
        known = told.get(workspace)
        earlier = until.get(employee, known) if employee in until else known
        until[employee] = None if known is None or earlier is None else min(known, earlier)
    never: tuple[date | None, date | None] = (None, None)
    found: dict[int, LastActive] = {}
    for pk in employee_ids:
        first, last = used.get(pk, never)
        found[pk] = LastActive(first, last, until.get(pk))
    return found
