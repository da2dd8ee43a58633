"""What the database refuses even to its owner, and what the verification finds where the owner goes round the triggers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from apps.accounts import services as accounts
from apps.accounts.actors import SYSTEM
from apps.agencies import services as agencies
from apps.audit import heads, selectors
from apps.audit.models import AuditEvent
from apps.audit.tasks import sweep
from apps.core import clock
from apps.incidents.report_services import Report, incident_report
from apps.licenses import protection_services as protection
from apps.licenses.models import Seat
from apps.vendors.models import VendorEvent
from tests.factories.cast import World

committed = pytest.mark.django_db(transaction=True)


def sql(statement: str, parameters: list[Any] | None = None) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)


FROZEN = [
    ("UPDATE terms_termsversion SET body = 'other'", "terms_termsversion_frozen"),
    ("DELETE FROM terms_termsversion", "terms_termsversion_frozen"),
    ("TRUNCATE terms_termsversion CASCADE", "terms_"),
    ("UPDATE terms_acceptance SET sha256 = 'x'", "terms_acceptance_append_only"),
    ("DELETE FROM terms_acceptance", "terms_acceptance_append_only"),
    ("TRUNCATE terms_acceptance", "terms_acceptance_append_only"),
    ("UPDATE training_completion SET completed_on = '2020-01-01'", "training_completion_append_only"),
    ("DELETE FROM training_completion", "training_completion_append_only"),
    ("UPDATE vendors_vendorevent SET actor = 'Nobody'", "vendors_vendorevent_append_only"),
    ("DELETE FROM vendors_vendorevent", "vendors_vendorevent_append_only"),
    ("TRUNCATE vendors_vendorevent", "vendors_vendorevent_append_only"),
    ("UPDATE licenses_emergencystop SET reason = ''", "licenses_stop_reason"),
    ("UPDATE licenses_emergencystop SET employee_id = NULL", "licenses_stop_target"),
    (
        "INSERT INTO licenses_emergencystop (scope, employee_id, reason, started_by, people, lifted_by, lift_reason)"
        " SELECT scope, employee_id, reason, started_by, people, '', '' FROM licenses_emergencystop",
        "licenses_stop_once",
    ),
    ("UPDATE incidents_timelineentry SET text = 'other'", "incidents_timelineentry_append_only"),
    ("DELETE FROM incidents_timelineentry", "incidents_timelineentry_append_only"),
    ("TRUNCATE incidents_timelineentry CASCADE", "incidents_"),
    ("UPDATE audit_auditevent SET actor_name = 'Nobody'", "audit_auditevent_append_only"),
    ("DELETE FROM audit_auditevent", "audit_auditevent_append_only"),
    ("TRUNCATE audit_auditevent CASCADE", "audit_auditevent_append_only"),
    ("DELETE FROM audit_auditlink", "audit_auditlink_append_only"),
    ("UPDATE licenses_seat SET state = 'held'", "licenses_seat_lifecycle"),
    ("UPDATE licenses_seatrequest SET state = 'submitted'", "licenses_seatrequest_lifecycle"),
    ("UPDATE licenses_seatrequest SET decided_by_id = employee_id", "licenses_request_not_own"),
    ("UPDATE rollout_phase SET state = 'draft'", "rollout_phase_lifecycle"),
    ("UPDATE licenses_contract SET seats = 0", "licenses_contract_seats_hold"),
    ("UPDATE rollout_phase SET seat_cap = 0", "rollout_phase_cap_holds"),
    ("UPDATE rollout_phaseagency SET allocation = 0", "rollout_allocation_holds"),
    ("UPDATE rollout_gatewaiver SET confirmed_by_key = requested_by_key", "rollout_waiver_two_people"),
    (
        "INSERT INTO licenses_seat (employee_id, request_id, contract_id, phase_id, agency_id, state, reason, changed_by)"
        " SELECT employee_id, request_id, contract_id, phase_id, agency_id, 'held', '', '' FROM licenses_seat",
        "licenses_seat_one_live",
    ),
    (
        "INSERT INTO licenses_seatperiod (seat_id, employee_id, agency_id, phase_id, state, reason, changed_by, during)"
        " SELECT seat_id, employee_id, agency_id, phase_id, 'granted', '', '', during FROM licenses_seatperiod",
        "licenses_period_no_overlap",
    ),
]


@pytest.fixture
def lived(db: None) -> World:
    world = World.build(allocation=1)
    world.holder(world.employee("A003"))
    workspace = world.with_vendor("http://127.0.0.1:9/v1")
    VendorEvent.objects.create(workspace=workspace, event_id="e-1", type="user.added", at=clock.now())
    protection.stop_start(actor=world.erin, scope="person", employee=world.employee("B003"), reason="Lost laptop")
    incident_report(actor=world.bob, report=Report("A rule was made up", "wrong_output", clock.today()))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # chain the events as a commit would
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    return world


@pytest.mark.parametrize(("statement", "constraint"), FROZEN, ids=[name for _, name in FROZEN])
def test_the_owner_of_the_tables_is_refused(lived: World, statement: str, constraint: str) -> None:
    with pytest.raises(IntegrityError) as refused:
        sql(statement)
    assert constraint in str(refused.value.__cause__.diag.constraint_name)  # type: ignore[union-attr]  # psycopg's


def test_no_statement_oversells_and_counters_follow_every_statement(lived: World) -> None:
    lived.place.refresh_from_db()
    assert lived.place.seats_used == 1
    seat = Seat.objects.get()
    with pytest.raises(IntegrityError):
        sql(
            "INSERT INTO licenses_seat (employee_id, request_id, contract_id, phase_id, agency_id, state, reason, changed_by)"
            " SELECT (SELECT id FROM agencies_employee WHERE employee_id = 'A002'), request_id, contract_id, phase_id,"
            " agency_id, 'held', '', '' FROM licenses_seat"
        )
    sql("UPDATE licenses_seat SET state = 'released', changed_at = now() WHERE id = %s", [seat.pk])
    lived.place.refresh_from_db()
    lived.phase.refresh_from_db()
    lived.contract.refresh_from_db()
    assert (lived.place.seats_used, lived.phase.seats_used, lived.contract.seats_used) == (0, 0, 0)


# ---- the trail -------------------------------------------------------------------------------------------------


def _acts(count: int) -> list[int]:
    """`count` acts, each with a commit of its own; returns their events' ids."""
    for number in range(count):
        accounts.user_create(actor=SYSTEM, email=f"person{number}@mass.example", name=f"Person {number}")
    return list(AuditEvent.objects.filter(stream="accounts").order_by("pk").values_list("pk", flat=True))


def _behind_the_triggers(statement: str, parameters: list[Any]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, parameters)


@committed
def test_an_untouched_trail_verifies() -> None:
    _acts(5)
    assert selectors.verify().is_intact


@committed
def test_a_changed_event_is_named() -> None:
    events = _acts(5)
    _behind_the_triggers("UPDATE audit_auditevent SET actor_name = 'Somebody else' WHERE id = %s", [events[2]])
    verdict = selectors.verify()
    assert (verdict.event_id, verdict.problem) == (events[2], "changed")


@committed
def test_a_removed_event_is_named() -> None:
    events = _acts(5)
    _behind_the_triggers("DELETE FROM audit_auditevent WHERE id = %s", [events[1]])
    assert (selectors.verify().event_id, selectors.verify().problem) == (events[1], "removed")


@committed
def test_an_event_removed_with_its_link_is_noticed_at_its_place() -> None:
    events = _acts(5)
    _behind_the_triggers("DELETE FROM audit_auditlink WHERE event_id = %s", [events[1]])
    _behind_the_triggers("DELETE FROM audit_auditevent WHERE id = %s", [events[1]])
    verdict = selectors.verify()
    assert not verdict.is_intact
    assert verdict.event_id == events[2]


@committed
def test_two_events_that_changed_places_are_noticed() -> None:
    events = _acts(5)
    for statement in (
        "UPDATE audit_auditlink SET event_id = -1 WHERE event_id = %s",
        "UPDATE audit_auditlink SET event_id = %s WHERE seq = 3 AND stream = 'accounts'",
    ):
        _behind_the_triggers(statement, [events[1]])
    _behind_the_triggers("UPDATE audit_auditlink SET event_id = %s WHERE event_id = -1", [events[2]])
    assert selectors.verify().seq == 2


@committed
def test_a_trail_that_was_cut_off_is_noticed_by_its_head_and_by_the_heads_kept_outside(tmp_path: Path) -> None:
    events = _acts(5)
    assert heads.keep(tmp_path) == 1
    _behind_the_triggers("DELETE FROM audit_auditlink WHERE seq > %s", [3])
    _behind_the_triggers("DELETE FROM audit_auditevent WHERE id > %s", [events[2]])
    assert selectors.verify().problem == "cut off"
    # Whoever rewinds the head as well is found by what is kept outside the database.
    _behind_the_triggers(
        "UPDATE audit_audithead SET seq = 3, hash = (SELECT hash FROM audit_auditlink WHERE seq = %s)", [3]
    )
    assert selectors.verify().is_intact
    assert selectors.verify(heads.kept(tmp_path)).problem == "cut off"


@committed
def test_heads_are_kept_once_a_day_by_the_tick(tmp_path: Path, settings: Any) -> None:
    _acts(1)
    settings.ENV = replace(settings.ENV, audit_heads=tmp_path)
    assert [sweep(), sweep()] == [1, 0]
    assert selectors.verify(heads.kept(tmp_path)).is_intact


@committed
def test_kept_heads_that_were_altered_are_noticed(tmp_path: Path) -> None:
    _acts(2)
    heads.keep(tmp_path)
    file = tmp_path / "heads.jsonl"
    file.write_text(file.read_text().replace('"seq": 2', '"seq": 1'))
    with pytest.raises(heads.HeadsAltered):
        heads.kept(tmp_path)


@committed
def test_an_act_that_fails_leaves_no_event(tmp_path: Path) -> None:
    path = tmp_path / "agencies.csv"
    path.write_text("code,name,parent_code,planned_headcount\nAAA,Good,,5\nBBB,Bad,,many\n")
    with pytest.raises(ValueError, match="many"):
        agencies.agencies_load(actor=SYSTEM, path=path)
    assert AuditEvent.objects.count() == 0
