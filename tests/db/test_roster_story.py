"""The HR file by night: joiners, movers, leavers, the hold, and what follows for seats."""

from __future__ import annotations

import json
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from apps.accounts.actors import SYSTEM
from apps.accounts.selectors import actor_for
from apps.agencies import errors, fiction, roster_services
from apps.agencies.management.commands.make_roster import AGENCIES, places
from apps.agencies.models import Employee, RosterLine, RosterRun
from apps.agencies.services import agencies_load
from apps.audit.models import AuditEvent
from apps.licenses.models import Seat
from tests.factories.cast import World, import_rows, row, staff

pytestmark = pytest.mark.django_db
ADDS_UP = ("joins", "leavers_in_file", "moves", "changes", "unchanged", "rejected")


def summary(path: Path, *options: str) -> dict[str, object]:
    out = StringIO()
    call_command("import_roster", str(path), "--json", *options, stdout=out)
    found: dict[str, object] = json.loads(out.getvalue())
    return found


def test_first_night_again_and_a_night_with_two_percent_changed(tmp_path: Path) -> None:
    agencies_load(actor=SYSTEM, path=AGENCIES)
    rows = fiction.people(places(), 2000, 1, date(2026, 11, 1))
    file = tmp_path / "hr.csv"
    file.write_bytes(fiction.to_csv(rows))
    assert summary(file, "--plan")["joins"] == 2000
    assert Employee.objects.count() == 0
    first = summary(file)
    assert (first["joins"], first["rejected"], first["state"]) == (2000, [], "applied")
    again = summary(file)
    assert (again["unchanged"], again["joins"], again["changes"], again["leavers"]) == (2000, 0, 0, 0)
    night, count = fiction.changed(rows, 0.02, 5)
    file.write_bytes(fiction.to_csv(night))
    third = summary(file)
    assert (third["changes"], third["unchanged"]) == (count, 2000 - count)
    assert count == 40


def test_a_dirty_file_names_every_bad_row_and_brings_every_good_one_in(tmp_path: Path) -> None:
    agencies_load(actor=SYSTEM, path=AGENCIES)
    rows = fiction.people(places(), 2000, 3, date(2026, 11, 1))
    content, spoiled = fiction.spoil(rows, 3)
    file = tmp_path / "dirty.csv"
    file.write_bytes(content)
    found = summary(file)
    rejected = found["rejected"]
    assert isinstance(rejected, list)
    assert {bad["line"] for bad in rejected} == {bad.line for bad in spoiled}
    counts = {name: found[name] for name in ADDS_UP if name != "rejected"} | {"rejected": len(rejected)}
    assert sum(counts.values()) == found["rows"]  # type: ignore[arg-type]  # numbers all
    repeated = sum(1 for bad in spoiled if bad.fault == "repeated row")
    assert found["joins"] == 2000 - (len(spoiled) - repeated)
    assert found["ignored_columns"] == ["Office Floor"]


def test_bobs_separation_takes_seat_and_sign_in_at_once(db: None) -> None:
    world = World.build(more=40)
    bob = world.employee("A003")
    world.holder(bob)
    import_rows([r for r in world.rows if r[0] != "A003"])
    seat = Seat.objects.get(employee=bob)
    assert (seat.state, seat.reason) == ("released", "separated")
    assert actor_for(world.users["bob"]) is None
    assert AuditEvent.objects.filter(verb="licenses.seat.released", record_id=str(seat.pk)).count() == 1


def test_bob_moves_to_an_agency_without_a_phase_and_back(world: World) -> None:
    bob = world.employee("A003")
    seat = world.holder(bob)
    import_rows([row("A003", "Bob", "Employee", "BBB") if r[0] == "A003" else r for r in world.rows])
    seat.refresh_from_db()
    assert (seat.state, seat.reason) == ("suspended", "moved")
    import_rows(world.rows)
    seat.refresh_from_db()
    assert (seat.state, Seat.objects.count()) == ("granted", 1)
    assert [p.state for p in seat.periods.order_by("during")] == ["held", "granted", "suspended", "granted"]


def test_leave_keeps_the_seat(world: World) -> None:
    seat = world.holder(world.employee("A003"))
    import_rows([row("A003", "Bob", "Employee", "AAA", status="leave") if r[0] == "A003" else r for r in world.rows])
    seat.refresh_from_db()
    assert seat.state == "granted"


def test_a_file_that_separates_too_many_waits_for_a_second_person(world: World) -> None:
    import_rows([*world.rows, *staff("BBB", 20)])
    content = fiction.to_csv(world.rows)
    run = roster_services.roster_receive(actor=world.erin, file_name="hr.csv", content=content)
    run = roster_services.roster_plan(actor=SYSTEM, run=run)
    assert run.state == "held"
    assert any("BBB" in reason for reason in run.hold_reasons)
    with pytest.raises(errors.NeedsSecondPerson):
        roster_services.roster_release(actor=world.erin, run=run, number=20, reason="Sure")
    with pytest.raises(errors.WrongNumber):
        roster_services.roster_release(actor=world.eve, run=run, number=2, reason="Sure")
    assert Employee.objects.filter(status="separated").count() == 0
    roster_services.roster_release(actor=world.eve, run=run, number=20, reason="The bureau's temporary staff left")
    roster_services.roster_work(run.pk)
    assert Employee.objects.filter(status="separated").count() == 20


def test_an_empty_file_is_held_and_a_file_with_social_security_numbers_is_refused(world: World) -> None:
    empty = import_rows([])
    assert empty.state == "held"
    content = b"employee_id,email,first_name,last_name,agency_code,status,SSN\n"
    run = roster_services.roster_receive(actor=world.erin, file_name="bad.csv", content=content)
    run = roster_services.roster_plan(actor=SYSTEM, run=run)
    assert run.state == "failed"
    assert "SSN" in run.error


def test_a_plan_made_before_another_import_is_stale(world: World) -> None:
    content = fiction.to_csv([*world.rows, row("A900", "New", "Joiner", "AAA")])
    early = roster_services.roster_receive(actor=world.erin, file_name="early.csv", content=content)
    early = roster_services.roster_plan(actor=SYSTEM, run=early)
    import_rows([*world.rows, row("A901", "Other", "Joiner", "AAA")])
    roster_services.roster_confirm(actor=world.erin, run=early)
    roster_services.roster_work(early.pk)
    early.refresh_from_db()
    assert early.state == "failed"
    assert not Employee.objects.filter(employee_id="A900").exists()


def test_lines_of_the_plan_are_what_was_applied(world: World) -> None:
    run = import_rows([*world.rows, row("A900", "New", "Joiner", "AAA"), row("A9 1", "Bad", "Id", "AAA")])
    assert isinstance(run, RosterRun)
    assert dict(RosterLine.objects.filter(run=run).values_list("employee_id", "kind")) == {
        "A900": "join",
        "A9 1": "reject",
    }
