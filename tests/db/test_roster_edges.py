"""HR files at the edges: people from elsewhere, addresses in use, characters no database takes, sessions of those who left."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client

from apps.accounts.actors import SYSTEM
from apps.agencies import errors, fiction, roster_services
from apps.agencies.models import Agency, Employee, RosterLine, RosterMapping, RosterRun
from apps.audit.models import AuditEvent
from apps.core.errors import IllegalTransition, NotPermitted
from apps.licenses.models import Seat
from tests.factories.cast import World, import_rows, row

pytestmark = pytest.mark.django_db


def planned(world: World, rows: list[list[str]] | bytes) -> RosterRun:
    content = rows if isinstance(rows, bytes) else fiction.to_csv(rows)
    run = roster_services.roster_receive(actor=world.erin, file_name="hr.csv", content=content)
    return roster_services.roster_plan(actor=SYSTEM, run=run)


def applied(world: World, run: RosterRun) -> RosterRun:
    roster_services.roster_confirm(actor=world.erin, run=run)
    roster_services.roster_work(run.pk)
    return RosterRun.objects.get(pk=run.pk)


def by_hand(world: World, email: str) -> Employee:
    return Employee.objects.create(
        employee_id="H001", email=email, first_name="Hana", last_name="Hand", agency=world.a, status="active",
        source="hand",
    )  # fmt: skip


def test_an_address_of_somebody_from_elsewhere_costs_one_row_and_not_the_night(world: World) -> None:
    by_hand(world, "New.Joiner.A900@mass.example")
    run = planned(world, [*world.rows, row("A900", "New", "Joiner", "AAA"), row("A901", "Other", "Joiner", "AAA")])
    assert [line.reason for line in run.lines.filter(kind="reject")] == ["email belongs to employee H001."]
    assert applied(world, run).state == "applied"
    assert Employee.objects.filter(employee_id="A901").exists()
    # Whoever is not in the HR file by nature is not missing from it.
    assert Employee.objects.get(employee_id="H001").status == "active"


def test_an_address_taken_between_plan_and_apply_fails_the_run_with_a_sentence(world: World) -> None:
    run = planned(world, [*world.rows, row("A900", "New", "Joiner", "AAA")])
    by_hand(world, "new.joiner.a900@mass.example")
    failed = applied(world, run)
    assert failed.state == "failed"
    assert "e-mail" in failed.error
    assert not Employee.objects.filter(employee_id="A900").exists()
    assert AuditEvent.objects.filter(verb="agencies.roster.refused", record_id=str(run.pk)).count() == 1
    assert roster_services.roster_work(run.pk) == "failed"  # and the tick leaves it alone


def test_the_hr_file_takes_over_whom_somebody_entered_by_hand(world: World) -> None:
    by_hand(world, "hana@mass.example")
    applied(world, planned(world, [*world.rows, row("H001", "Hana", "Hand", "BBB")]))
    hana = Employee.objects.get(employee_id="H001")
    assert (hana.source, hana.agency) == ("hr", world.b)


def test_characters_that_no_database_takes_end_in_a_rejected_row(world: World) -> None:
    header = ",".join(fiction.COLUMNS).encode() + b",Odd\x00 Column\n"
    good = "\n".join(",".join(cells) for cells in world.rows).encode()
    bad = b"\nA9\x0099,a\x00@mass.example,A,B,C,AAA,,active,no,,\n"
    run = planned(world, header + good + bad)
    assert (run.state, run.counts["rejected"], run.ignored_columns) == ("planned", 1, ["Odd Column"])


def test_a_file_from_another_system_is_read_through_the_saved_mapping(world: World) -> None:
    content = fiction.to_csv(world.rows).replace(b"employee_id", b"Pers. Nr.", 1)
    assert planned(world, content).state == "failed"
    RosterMapping.objects.create(columns={"pers nr": "employee_id"})
    assert planned(world, content).counts["unchanged"] == len(world.rows)


def test_the_staff_of_a_closed_agency_leave_by_the_file(db: None) -> None:
    world = World.build(more=40)
    Agency.objects.filter(pk=world.b.pk).update(is_active=False)
    import_rows([[*r[:7], "separated", *r[8:]] if r[0] == "B003" else r for r in world.rows])
    assert Employee.objects.get(employee_id="B003").status == "separated"
    # The same file again finds nothing more to do for her.
    again = planned(world, [[*r[:7], "separated", *r[8:]] if r[0] == "B003" else r for r in world.rows])
    assert (again.counts["leavers"], again.counts["changes"]) == (0, 0)


def test_who_returns_has_the_old_record_and_no_seat(db: None) -> None:
    world = World.build(more=40)
    bob = world.employee("A003")
    world.holder(bob)
    import_rows([r for r in world.rows if r[0] != "A003"])
    run = import_rows(world.rows)
    assert run.counts["joins"] == 1
    bob.refresh_from_db()
    assert (bob.status, Employee.objects.filter(employee_id="A003").count()) == ("active", 1)
    assert not Seat.objects.filter(employee=bob).exclude(state="released").exists()


def test_bobs_session_ends_with_his_employment(db: None) -> None:
    world = World.build(more=40)
    browser = Client()
    browser.force_login(world.users["bob"])
    assert browser.get("/").status_code == 200
    import_rows([r for r in world.rows if r[0] != "A003"])
    assert browser.get("/").status_code == 302
    assert "_auth_user_id" not in browser.session


def test_only_administrators_bring_files_in_and_a_held_one_is_not_confirmed(world: World) -> None:
    for actor in (world.alice, world.bob, world.paula, world.audrey, world.lee):
        with pytest.raises(NotPermitted):
            roster_services.roster_receive(actor=actor, file_name="hr.csv", content=b"")
    held = planned(world, [])
    assert held.state == "held"
    with pytest.raises(errors.NeedsSecondPerson):
        roster_services.roster_confirm(actor=world.eve, run=held)
    roster_services.roster_discard(actor=world.erin, run=held, reason="Wrong file")
    with pytest.raises(IllegalTransition):
        roster_services.roster_release(actor=world.eve, run=held, number=9, reason="Too late")


def test_the_file_is_kept_until_its_run_ends_and_the_plan_for_ever(world: World) -> None:
    run = planned(world, [*world.rows, row("A900", "New", "Joiner", "AAA")])
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM agencies_rosterfile")
        assert cursor.fetchone()[0] == 1
    applied(world, run)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM agencies_rosterfile")
        assert cursor.fetchone()[0] == 0
    assert RosterLine.objects.filter(run=run, kind="join").count() == 1


def test_a_plan_alone_changes_nothing_and_applying_twice_is_once(world: World) -> None:
    run = planned(world, [*world.rows, row("A900", "New", "Joiner", "AAA")])
    assert not Employee.objects.filter(employee_id="A900").exists()
    assert applied(world, run).state == "applied"
    roster_services.roster_apply(actor=SYSTEM, run=run)
    assert AuditEvent.objects.filter(verb="agencies.roster.applied", record_id=str(run.pk)).count() == 1
