"""Use of the assistant, lived by the cast: counted once, corrected later, kept where people were, shown only of groups."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from psycopg.types.range import Range

from apps.accounts.actors import SYSTEM
from apps.agencies.models import Agency, Employee
from apps.audit.models import AuditEvent
from apps.core.errors import BeaconError, Invalid, NotPermitted
from apps.licenses.models import SeatPeriod
from apps.licenses.ports import Listing, Misconfigured, UsageSeen
from apps.vendors import usage_selectors, usage_tasks
from apps.vendors import usage_services as services
from apps.vendors.errors import FetchUnderWay
from apps.vendors.models import (
    SeatUse,
    UsageDay,
    UsageFetch,
    UsageImport,
    UsagePresence,
    UsageWeek,
    VendorAccount,
    Workspace,
)  # fmt: skip
from apps.vendors.usage_rebuild import usage_rebuild
from apps.vendors.usage_tables import Stored, usage_store, week_of
from tests.factories.cast import World, import_rows, row

pytestmark = pytest.mark.django_db
# A Tuesday; the last week that is over began on MONDAY.
NOW = datetime(2026, 11, 24, 17, tzinfo=UTC)
MONDAY = date(2026, 11, 16)


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def main(world: World) -> Workspace:
    ref = "11111111-2222-4333-8444-555555555555"
    return world.with_vendor("http://127.0.0.1:9/v1", adapter="chatgpt_workspace", vendor_ref=ref)


def account(workspace: Workspace, employee: Employee, vendor_id: str = "") -> str:
    made = VendorAccount.objects.create(
        workspace=workspace,
        vendor_id=vendor_id or f"user-{employee.employee_id}",
        email=employee.email,
        employee=employee,
    )
    return made.vendor_id


def seen(who: str, day: date, messages: int = 5, email: str = "") -> UsageSeen:
    return UsageSeen(day, who, email, messages)


def used(workspace: Workspace, people: list[Employee], *days: date, messages: int = 5) -> Stored:
    return usage_store(workspace, [seen("", day, messages, person.email) for person in people for day in days])


def everything() -> list[Any]:
    models = (UsageDay, UsagePresence, UsageWeek, SeatUse)
    return [
        sorted(model.objects.values_list(*[f.attname for f in model._meta.concrete_fields if f.attname != "id"]))
        for model in models
    ]


# ---- storing ----------------------------------------------------------------------------------------------------------


def test_bobs_use_is_counted_and_twice_is_once(world: World, main: Workspace) -> None:
    bob = world.employee("A003")
    who = account(main, bob)
    rows = [seen(who, MONDAY, 5), seen(who, MONDAY + timedelta(days=2), 3)]
    first = usage_store(main, rows)
    assert (first.changed, first.unchanged, first.unknown_rows) == (2, 0, 0)
    before = everything()
    again = usage_store(main, rows)
    assert (again.changed, again.unchanged) == (0, 2)
    assert everything() == before
    week = UsageWeek.objects.get(week=MONDAY)
    assert (week.week, week.agency, week.active, week.active_28, week.habitual, week.messages) == (
        MONDAY, world.a, 1, 1, 0, 8,
    )  # fmt: skip


def test_a_row_that_a_shifting_list_brings_twice_counts_once_and_two_accounts_add_up(
    world: World, main: Workspace
) -> None:
    bob = world.employee("A003")
    one, two = account(main, bob), account(main, bob, "user-second")
    usage_store(main, [seen(one, MONDAY, 5), seen(one, MONDAY, 6), seen(two, MONDAY, 10)])
    assert UsageDay.objects.get().messages == 16
    assert UsageWeek.objects.get(week=MONDAY).active == 1


def test_a_later_correction_overwrites_up_and_down(world: World, main: Workspace) -> None:
    bob = world.employee("A003")
    who = account(main, bob)
    for messages in (5, 9, 2):
        usage_store(main, [seen(who, MONDAY, messages)])
        assert UsageDay.objects.get().messages == UsageWeek.objects.get(week=MONDAY).messages == messages
    # The vendor takes it back altogether: nobody was active; what was known of first and last use stays.
    usage_store(main, [seen(who, MONDAY, 0)])
    assert not UsagePresence.objects.exists()
    assert not UsageWeek.objects.exists()
    assert SeatUse.objects.get().last_use_on == MONDAY


def test_an_account_is_whose_it_is_and_an_address_only_helps_where_there_is_none(world: World, main: Workspace) -> None:
    bob, dana = world.employee("A003"), world.employee("B003")
    account(main, bob, "user-1")
    usage_store(main, [seen("user-1", MONDAY, 1, dana.email), seen("user-2", MONDAY, 2, dana.email.upper())])
    assert dict(UsageDay.objects.values_list("employee_id", "messages")) == {bob.pk: 1, dana.pk: 2}


def test_an_account_of_nobody_is_counted_and_nowhere_kept(world: World, main: Workspace) -> None:
    stored = usage_store(
        main, [seen("user-x", MONDAY, 5, "stranger@elsewhere.example"), seen("user-x", MONDAY + timedelta(days=1))]
    )
    assert (stored.changed, stored.unknown_rows, stored.unknown_accounts) == (0, 2, 1)
    assert everything() == [[], [], [], []]


def test_what_no_person_can_do_is_left_out(world: World, main: Workspace) -> None:
    bob = world.employee("A003")
    assert used(main, [bob], MONDAY, messages=-1).changed == 0
    assert used(main, [bob], MONDAY, messages=2_000_000).changed == 0
    assert used(main, [bob], date(1026, 11, 2)).changed == 0


def test_old_days_get_their_partition(world: World, main: Workspace) -> None:
    days = [date(2023, 2, 28), date(2023, 3, 1), date(2024, 2, 29), MONDAY]
    used(main, [world.employee("A003")], *days)
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM vendors_usageday ORDER BY day")
        found = [row[0] for row in cursor.fetchall()]
    assert found == [f"vendors_usageday_{month}" for month in ("2023_02", "2023_03", "2024_02", "2026_11")]
    assert UsageWeek.objects.filter(active=1).count() == 3


def test_first_and_last_use_only_ever_widen(world: World, main: Workspace) -> None:
    bob = world.employee("A003")
    for day in (MONDAY, MONDAY - timedelta(days=40), MONDAY - timedelta(days=3), MONDAY + timedelta(days=1)):
        used(main, [bob], day)
    use = SeatUse.objects.get()
    assert (use.first_use_on, use.last_use_on) == (MONDAY - timedelta(days=40), MONDAY + timedelta(days=1))


# ---- roll-ups ---------------------------------------------------------------------------------------------------------


def test_monthly_and_habitual_people_follow_from_the_weeks(world: World, main: Workspace) -> None:
    bob, adam = world.employee("A003"), world.employee("A002")
    used(main, [bob], *(MONDAY - timedelta(weeks=back) for back in (0, 1, 3)))
    used(main, [adam], MONDAY - timedelta(weeks=3))
    figures = {w.week: (w.active, w.active_28, w.habitual) for w in UsageWeek.objects.all()}
    assert figures == {
        MONDAY - timedelta(weeks=3): (2, 2, 0),
        MONDAY - timedelta(weeks=2): (0, 2, 0),
        MONDAY - timedelta(weeks=1): (1, 2, 0),
        MONDAY: (1, 2, 1),
        MONDAY + timedelta(weeks=1): (0, 1, 0),
    }
    # A correction of an old week is carried into the three after it.
    used(main, [adam], MONDAY - timedelta(weeks=2), MONDAY - timedelta(weeks=1))
    assert UsageWeek.objects.get(week=MONDAY).habitual == 2


def test_a_mover_counts_where_they_were_and_once(world: World, main: Workspace) -> None:
    bob = world.employee("A003")
    used(main, [bob], MONDAY - timedelta(weeks=1))
    import_rows([row("A003", "Bob", "Employee", "BBB") if r[0] == "A003" else r for r in world.rows])
    used(main, [world.employee("A003")], MONDAY)
    weeks = {(w.week, w.agency.code): (w.active, w.active_28) for w in UsageWeek.objects.select_related("agency")}
    this_week = MONDAY + timedelta(weeks=1)
    assert weeks == {
        (MONDAY - timedelta(weeks=1), "AAA"): (1, 1), (MONDAY, "BBB"): (1, 1), (this_week, "BBB"): (0, 1),
    }  # fmt: skip


def test_of_a_week_long_over_the_seat_knows_the_agency(world: World, main: Workspace) -> None:
    bob = world.employee("A003")
    world.holder(bob)
    # He has held it for five weeks.
    for period in SeatPeriod.objects.filter(employee=bob, state="granted"):
        SeatPeriod.objects.filter(pk=period.pk).update(during=Range(NOW - timedelta(weeks=5), NOW - timedelta(weeks=1)))
    import_rows([row("A003", "Bob", "Employee", "BBB") if r[0] == "A003" else r for r in world.rows])
    used(main, [world.employee("A003")], MONDAY - timedelta(weeks=3))
    assert UsagePresence.objects.get().agency == world.a


def test_the_roll_up_made_step_by_step_is_the_one_made_anew(world: World, main: Workspace) -> None:
    people = list(Employee.objects.all())
    for back in (20, 3, 11, 5, 4, 3):
        used(main, people[: back % 5 + 2], NOW.date() - timedelta(days=back), messages=back)
    used(main, people[:2], NOW.date() - timedelta(days=11), messages=0)
    before = everything()
    usage_rebuild(NOW.date() - timedelta(days=30), NOW.date())
    assert everything() == before


# ---- the vendor ---------------------------------------------------------------------------------------------------------


class FakeVendor:
    """A provider that only knows usage."""

    def __init__(self, rows: list[UsageSeen], *, complete: bool = True, error: Exception | None = None) -> None:
        self.rows, self.complete, self.error = rows, complete, error
        self.asked: list[tuple[date, date]] = []

    def usage(self, first: date, last: date, listing: Listing) -> Iterator[UsageSeen]:
        self.asked.append((first, last))
        yield from self.rows
        if self.error:
            raise self.error
        if not self.complete:
            listing.fail("The cursor stands still.")

    @contextmanager
    def __call__(self, workspace: Workspace) -> Iterator[Any]:
        yield self


def test_the_first_reading_takes_a_month_and_later_ones_what_may_have_been_corrected(
    world: World, main: Workspace
) -> None:
    yesterday = NOW.date() - timedelta(days=1)
    vendor = FakeVendor([seen("", yesterday, 4, world.employee("A003").email), seen("", yesterday, 1, "x@y.example")])
    fetch = services.usage_fetch(actor=SYSTEM, workspace=main, source=vendor)
    assert (fetch.problem, fetch.rows, fetch.changed, fetch.unknown) == ("", 2, 1, 1)
    with time_machine.travel(NOW + timedelta(days=2)):
        services.usage_fetch(actor=SYSTEM, workspace=main, source=vendor)
    assert vendor.asked == [
        (yesterday - timedelta(days=29), yesterday),
        (yesterday - timedelta(days=3), yesterday + timedelta(days=2)),
    ]


@pytest.mark.parametrize(
    "vendor",
    [{"complete": False}, {"error": Misconfigured("The key lacks the scope.", status=403)}],
    ids=["incomplete", "misconfigured"],
)
def test_a_list_that_is_not_complete_stores_nothing(world: World, main: Workspace, vendor: dict[str, Any]) -> None:
    rows = [seen("", NOW.date() - timedelta(days=1), 4, world.employee("A003").email)]
    fetch = services.usage_fetch(actor=SYSTEM, workspace=main, source=FakeVendor(rows, **vendor))
    assert fetch.problem
    assert everything() == [[], [], [], []]
    assert services.usage_fetch(actor=SYSTEM, workspace=main, source=FakeVendor(rows)).changed == 1


def test_days_that_nobody_asked_for_are_set_aside(world: World, main: Workspace) -> None:
    vendor = FakeVendor([seen("", NOW.date() + timedelta(days=1), 4, world.employee("A003").email)])
    fetch = services.usage_fetch(actor=SYSTEM, workspace=main, source=vendor)
    assert (fetch.rows, fetch.aside, fetch.changed) == (0, 1, 0)


def test_one_reading_at_a_time_and_one_that_broke_off_is_tried_again(world: World, main: Workspace) -> None:
    begun = services._begin(main)
    with pytest.raises(FetchUnderWay):
        services.usage_fetch(actor=SYSTEM, workspace=main, source=FakeVendor([]))
    assert not usage_tasks.due().exists()
    UsageFetch.objects.filter(pk=begun.pk).update(at=NOW - timedelta(hours=2))
    assert usage_tasks.due().get() == main
    services.usage_fetch(actor=SYSTEM, workspace=main, source=FakeVendor([]))
    assert not usage_tasks.due().exists()
    with time_machine.travel(NOW + timedelta(hours=21)):
        assert usage_tasks.due().get() == main


# ---- files ------------------------------------------------------------------------------------------------------------------


def _file(world: World) -> bytes:
    bob, dana = world.employee("A003"), world.employee("B003")
    return (
        "cadence,period_start,period_end,email,name,messages,first_day_active_in_period,last_day_active_in_period\n"
        f"daily,{MONDAY},,{bob.email},Bob,7,,\n"
        f"weekly,{MONDAY},{MONDAY + timedelta(days=6)},{dana.email},Dana,40,{MONDAY + timedelta(days=1)},{MONDAY + timedelta(days=3)}\n"
        f"daily,{MONDAY},,stranger@elsewhere.example,Stranger,9,,\n"
        f"daily,tomorrow,,{bob.email},Bob,7,,\n"
    ).encode()


def test_a_file_is_planned_then_applied_and_twice_is_once(world: World, main: Workspace) -> None:
    def receive() -> UsageImport:
        return services.usage_receive(actor=world.erin, workspace=main, file_name="usage.csv", content=_file(world))

    run = receive()
    assert (run.state, run.rows, run.changed, run.unchanged, run.unknown, run.periods, run.period_messages) == (
        "planned", 4, 1, 0, 1, 1, 40,
    )  # fmt: skip
    assert [bad["line"] for bad in run.rejected] == [5]
    assert run.ignored_columns == ["name"]
    assert everything() == [[], [], [], []]
    assert b"tranger" not in bytes(run.plan)
    services.usage_apply(actor=world.erin, run=run)
    assert UsageDay.objects.get().messages == 7
    assert SeatUse.objects.get(employee=world.employee("B003")).last_use_on == MONDAY + timedelta(days=3)
    before = everything()
    again = services.usage_apply(actor=world.erin, run=receive())
    assert (again.changed, again.unchanged) == (0, 1)
    assert everything() == before
    with pytest.raises(BeaconError):
        services.usage_apply(actor=world.erin, run=run)


def test_a_discarded_file_changes_nothing_and_only_administrators_bring_one(world: World, main: Workspace) -> None:
    with pytest.raises(NotPermitted):
        services.usage_receive(actor=world.paula, workspace=main, file_name="x", content=_file(world))
    with pytest.raises(Invalid, match="lacks the column"):
        services.usage_receive(actor=world.erin, workspace=main, file_name="x", content=b"a,b\n1,2\n")
    run = services.usage_receive(actor=world.erin, workspace=main, file_name="x", content=_file(world))
    services.usage_discard(actor=world.erin, run=run)
    assert everything() == [[], [], [], []]


# ---- who sees what --------------------------------------------------------------------------------------------------------


@pytest.fixture
def crowd(world: World, main: Workspace) -> World:
    """Twelve of agency A and three of agency B used the assistant last week."""
    a = list(Employee.objects.filter(agency=world.a)[:12]) if world.a.employees.count() >= 12 else []
    if not a:
        import_rows([*world.rows, *(row(f"A9{n:02}", f"Extra{n}", "Apple", "AAA") for n in range(12))])
        a = list(Employee.objects.filter(agency=world.a).order_by("-employee_id")[:12])
    used(main, a, MONDAY)
    used(main, list(Employee.objects.filter(agency=world.b)[:3]), MONDAY)
    return world


def test_small_groups_are_not_shown_nor_what_they_could_be_worked_out_from(crowd: World) -> None:
    [week] = usage_selectors.active_by_week(Agency.objects.all(), NOW.date())
    assert week.agencies[crowd.a.pk].active == 12
    assert week.agencies[crowd.a.pk].messages == 60
    hidden = usage_selectors.Shown(None, None, None, None)
    assert week.agencies[crowd.b.pk] == week.total == hidden


def test_the_page_and_its_export_show_the_same_cut_figures(crowd: World) -> None:
    for name in ("erin", "paula", "audrey", "lee"):
        client = Client()
        client.force_login(crowd.users[name])
        page = client.get("/usage/").content.decode()
        assert "Not shown" in page
        lines = client.get("/usage/?format=csv").content.decode().splitlines()
        assert lines[1:] == ["Agency of Apples,12,12,0,60", "Bureau of Berries,Not shown,Not shown,Not shown,Not shown"]
    client.force_login(crowd.users["alice"])
    assert client.get("/usage/").status_code == 403


def test_only_bob_sees_his_days_and_who_looked(world: World, main: Workspace) -> None:
    bob = world.employee("A003")
    used(main, [bob], MONDAY, MONDAY + timedelta(days=1))
    for other in (world.erin, world.paula, world.alice, world.lee):
        with pytest.raises(NotPermitted):
            usage_selectors.activity_of(other, bob.pk)
    own = usage_selectors.activity_of(world.bob, bob.pk)
    assert [(one["day"], one["said"]) for one in own.days] == [(MONDAY + timedelta(days=1), 5), (MONDAY, 5)]
    assert own.readers == []
    found = services.usage_read(actor=SYSTEM, employee_ids=[bob.pk], purpose="Reclaim of idle seats")
    assert found[bob.pk].last_use_on == MONDAY + timedelta(days=1)
    client = Client()
    client.force_login(world.users["bob"])
    assert "Reclaim of idle seats" in client.get("/my/use/").content.decode()
    with pytest.raises(NotPermitted):
        services.usage_read(actor=world.alice, employee_ids=[bob.pk], purpose="Curious")


def test_the_reclaim_job_learns_how_fresh_a_date_is(world: World, main: Workspace) -> None:
    bob, dana = world.employee("A003"), world.employee("B003")
    account(main, bob)
    used(main, [bob], MONDAY)
    assert usage_selectors.last_active_for_reclaim([bob.pk, dana.pk]) == {
        bob.pk: usage_selectors.LastActive(MONDAY, MONDAY, None),
        dana.pk: usage_selectors.LastActive(None, None, None),
    }
    services.usage_fetch(actor=SYSTEM, workspace=main, source=FakeVendor([]))
    assert usage_selectors.last_active_for_reclaim([bob.pk])[bob.pk].known_until == NOW.date() - timedelta(days=1)


def test_a_file_goes_through_the_pages(world: World, main: Workspace) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    client = Client()
    client.force_login(world.users["erin"])
    answer = client.post(
        "/usage/imports/new/", {"workspace": main.pk, "file": SimpleUploadedFile("u.csv", _file(world))}, follow=True
    )
    text = answer.content.decode()
    assert "more than a day" in text
    assert "not a date" in text
    run = UsageImport.objects.get()
    client.post(f"/usage/imports/{run.pk}/apply/")
    assert UsageDay.objects.count() == 1
    assert AuditEvent.objects.filter(verb="vendors.usage_import.applied").count() == 1


# ---- commands -------------------------------------------------------------------------------------------------------------


def test_a_seeded_month_is_what_a_rebuild_finds_and_is_refused_outside_the_demo(
    world: World, main: Workspace, settings: Any
) -> None:
    call_command("seed_usage", days=40, stdout=StringIO())
    people = Employee.objects.exclude(status="separated").count()
    assert UsageDay.objects.count() == 40 * people
    assert UsageDay.objects.filter(messages__gt=0).exists()
    assert UsagePresence.objects.count() == len(
        {(week_of(d.day), d.employee_id) for d in UsageDay.objects.filter(messages__gt=0)}
    )
    before = everything()
    call_command("seed_usage", days=40, stdout=StringIO())
    assert everything() == before
    settings.DEMO = False
    with pytest.raises(CommandError, match="demo"):
        call_command("seed_usage", days=1)


def test_the_commands_say_what_came_of_it(world: World, main: Workspace, tmp_path: Path) -> None:
    path, out = tmp_path / "usage.csv", StringIO()
    path.write_bytes(_file(world))
    call_command("import_usage", path, workspace="main", plan=True, stdout=out)
    assert "1 days would change" in out.getvalue()
    assert not UsageDay.objects.exists()
    call_command("import_usage", path, workspace="main", stdout=out)
    assert "line 5" in out.getvalue()
    assert UsageDay.objects.count() == 1
    with pytest.raises(CommandError, match="no workspace"):
        call_command("import_usage", path, workspace="other")
    with pytest.raises(CommandError, match="Nothing was stored"):
        call_command("fetch_usage", "main")
