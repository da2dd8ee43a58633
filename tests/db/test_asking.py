"""Asking, deciding, waiting, handing back and not taking part: who may do what, and what each act leaves behind."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction

from apps.accounts import errors as account_errors
from apps.accounts import services as accounts
from apps.accounts.actors import SYSTEM, Role
from apps.agencies import errors as agency_errors
from apps.agencies import services as agencies
from apps.agencies.models import Agency, Employee
from apps.agencies.selectors import contacts_for
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.core.errors import IllegalTransition, Invalid, NotPermitted
from apps.licenses import errors, services
from apps.licenses.models import OptOut, Seat, SeatRequest
from apps.licenses.selectors import facts_for, ledger, requests_visible_to, waiting_list
from apps.licenses.settle import seats_settle
from apps.licenses.tasks import requests_expire, sweep
from apps.rollout import services as rollout
from apps.terms import services as terms
from tests.factories.cast import World, import_rows, row, staff

pytestmark = pytest.mark.django_db


def events(verb: str, record: object | None = None) -> int:
    found = AuditEvent.objects.filter(verb=verb)
    return (found.filter(record_id=str(record.pk)) if record else found).count()  # type: ignore[attr-defined]  # a model


# ---- deciding --------------------------------------------------------------------------------------------------------


def test_alices_own_request_among_fifty_stays_and_the_others_are_decided(db: None) -> None:
    world = World.build(more=49)
    own = services.request_submit(actor=world.alice, task_types=["drafting"])
    others = [world.ask(employee).pk for employee in world.staff(49)]
    outcomes = services.requests_decide(actor=world.alice, request_ids=[*others, own.pk], approve=True)
    refused = [outcome for outcome in outcomes if not outcome.is_done]
    assert [(one.request.pk, one.refusal.code) for one in refused if one.refusal] == [(own.pk, "own_request")]
    assert SeatRequest.objects.filter(state="approved").count() == 49
    assert SeatRequest.objects.get(pk=own.pk).state == "submitted"


def test_nobody_is_their_own_decider_whoever_writes_it(world: World) -> None:
    request = world.ask(world.employee("A003"))
    for change in ({"decided_by_id": request.employee_id}, {"state": "approved"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            SeatRequest.objects.filter(pk=request.pk).update(**change)


def test_a_request_out_of_sight_is_left_out_of_a_decision_as_if_it_did_not_exist(world: World) -> None:
    request = world.ask(world.employee("A003"))
    assert services.requests_decide(actor=world.charlie, request_ids=[request.pk], approve=True) == []
    with pytest.raises(NotPermitted):
        services.request_approve(actor=world.charlie, request=request)
    # Whoever sees it and may not decide is told why.
    for actor in (world.audrey, world.paula, world.erin):
        (outcome,) = services.requests_decide(actor=actor, request_ids=[request.pk], approve=True)
        assert outcome.refusal is not None
        assert outcome.refusal.code == "not_contact"
    assert SeatRequest.objects.get().state == "submitted"


def test_a_contact_of_the_secretariat_decides_for_its_agencies(db: None) -> None:
    world = World.build()
    parent = Agency.objects.create(code="SEC", name="Secretariat")
    Agency.objects.filter(pk=world.a.pk).update(parent=parent)
    # Dana moves up to the secretariat and becomes its contact.
    import_rows([row("B003", "Dana", "Employee", "SEC") if r[0] == "B003" else r for r in world.rows])
    agencies.contact_add(actor=world.erin, employee=world.employee("B003"), agency=parent, kind="primary")
    request = services.request_approve(actor=world.dana, request=world.ask(world.employee("A003")))
    assert request.decided_by_name == "Dana Employee"


def test_a_second_decision_finds_the_first(world: World) -> None:
    request = world.approve(world.ask(world.employee("A003")))
    (outcome,) = services.requests_decide(actor=world.alice, request_ids=[request.pk], approve=False, reason="No")
    assert outcome.refusal is not None
    assert outcome.refusal.code == "decided"
    assert events("licenses.request.approved", request) == 1
    assert events("licenses.request.declined") == 0


def test_a_declined_request_keeps_its_answers_and_its_reason_is_in_the_trail(world: World) -> None:
    request = world.ask(world.employee("A003"))
    services.request_decline(actor=world.alice, request=request, reason="Next quarter")
    again = world.ask(world.employee("A003"))
    assert again.pk != request.pk
    event = AuditEvent.objects.get(verb="licenses.request.declined")
    assert (event.reason, event.actor_name, event.record_id) == ("Next quarter", "Alice Contact", str(request.pk))
    assert SeatRequest.objects.get(pk=request.pk).is_current is False


@pytest.mark.parametrize(("days", "may"), [(9, False), (10, True)])
def test_eotss_steps_in_on_the_tenth_day(world: World, days: int, may: bool) -> None:
    request = world.ask(world.employee("A003"))
    with time_machine.travel(clock.now() + timedelta(days=days, minutes=1), tick=False):
        (outcome,) = services.requests_decide(actor=world.erin, request_ids=[request.pk], approve=True)
    assert outcome.is_done is may


@pytest.mark.parametrize(("days", "expired"), [(13, 0), (15, 1)])
def test_a_request_expires_after_fourteen_days_once(world: World, days: int, expired: int) -> None:
    request = world.ask(world.employee("A003"))
    with time_machine.travel(clock.now() + timedelta(days=days), tick=False):
        assert requests_expire() == expired
        assert requests_expire() == 0
        assert events("licenses.request.expired", request) == expired
        if expired:
            world.ask(world.employee("A003"))  # asking again is one click


def test_asking_twice_or_with_a_seat_is_refused(world: World) -> None:
    bob = world.employee("A003")
    request = world.ask(bob)
    with pytest.raises(errors.AlreadyRequested):
        world.ask(bob)
    world.approve(request)
    with pytest.raises(errors.AlreadyRequested):
        world.ask(bob)


@pytest.mark.parametrize("state", ["paused", "rolled_back"])
def test_nobody_asks_while_the_phase_stands_still(world: World, state: str) -> None:
    act = {"paused": rollout.phase_pause, "rolled_back": rollout.phase_roll_back}[state]
    act(actor=world.erin, phase=world.phase, reason="Look again")
    with pytest.raises(errors.PhaseNotOpen):
        world.ask(world.employee("A003"))


def test_an_approval_during_a_pause_is_served_when_the_phase_goes_on(world: World) -> None:
    request = world.ask(world.employee("A003"))
    rollout.phase_pause(actor=world.erin, phase=world.phase, reason="Look again")
    world.approve(request)
    assert not Seat.objects.exists()
    rollout.phase_resume(actor=world.erin, phase=world.phase, reason="Fine")
    assert Seat.objects.get().state == "held"


# ---- waiting ---------------------------------------------------------------------------------------------------------


def test_fifty_seats_for_sixty_people_go_in_order_of_approval_and_the_eleventh_gets_the_first_that_comes_back(
    db: None,
) -> None:
    world = World.build(more=60, allocation=50)
    asked = [world.ask(employee) for employee in world.staff(60)]
    # The last ten who asked are approved first.
    early, late = asked[50:], asked[:50]
    services.requests_decide(actor=world.alice, request_ids=[r.pk for r in early], approve=True)
    services.requests_decide(actor=world.alice, request_ids=[r.pk for r in late], approve=True)
    seated = set(Seat.objects.values_list("request", flat=True))
    assert seated == {request.pk for request in [*early, *late[:40]]}
    assert list(waiting_list(world.a.pk)) == late[40:]
    holder = early[0].employee
    services.seat_hand_back(actor=world.as_employee(holder))
    picked = Seat.objects.get(request=late[40])
    assert picked.state == "held"
    event = AuditEvent.objects.get(verb="licenses.seat.held", record_id=str(picked.pk))
    assert event.reason == "Approved"
    assert [line.balances for line in ledger()] == [True]


def test_who_withdraws_while_waiting_loses_the_place_and_gets_no_seat(db: None) -> None:
    world = World.build(more=2, allocation=1)
    first, second = world.staff(2)
    for employee in (first, second):
        world.approve(world.ask(employee))
    waiting = SeatRequest.objects.get(employee=second, is_current=True)
    services.request_withdraw(actor=world.as_employee(second), request=waiting)
    services.seat_hand_back(actor=world.as_employee(first))
    assert not Seat.objects.exclude(state="released").exists()
    assert events("licenses.request.withdrawn", waiting) == 1


def test_only_bob_withdraws_bobs_request_and_not_once_there_is_a_seat(world: World) -> None:
    request = world.ask(world.employee("A003"))
    for actor in (world.alice, world.erin):
        with pytest.raises(NotPermitted):
            services.request_withdraw(actor=actor, request=request)
    world.approve(request)
    with pytest.raises(Invalid, match="a seat already"):
        services.request_withdraw(actor=world.bob, request=request)


def test_a_leavers_request_ends_and_the_seat_goes_to_the_next(db: None) -> None:
    world = World.build(more=40, allocation=1)
    holder, waiting, leaver = list(world.staff(3))
    world.holder(holder)
    world.approve(world.ask(waiting))
    open_request = world.ask(leaver)
    gone = {holder.employee_id, leaver.employee_id}
    import_rows([r for r in world.rows if r[0] not in gone])
    assert SeatRequest.objects.get(pk=open_request.pk).state == "withdrawn"
    assert events("licenses.request.withdrawn", open_request) == 1
    assert Seat.objects.get(employee=waiting).state == "held"
    assert Seat.objects.get(employee=holder).reason == "separated"


# ---- not taking part -------------------------------------------------------------------------------------------------


def test_bob_hands_back_without_a_reason_and_may_come_back_in_one_step(world: World) -> None:
    bob = world.employee("A003")
    world.holder(bob)
    seat = services.seat_hand_back(actor=world.bob)
    assert (seat.state, seat.reason) == ("released", "handed_back")
    assert OptOut.objects.get(employee=bob).ended_at is None
    with pytest.raises(errors.NothingToHandBack):
        services.seat_hand_back(actor=world.bob)
    world.approve(world.ask(bob))
    assert Seat.objects.filter(employee=bob, state="granted").count() == 1
    assert OptOut.objects.get(employee=bob).ended_at is not None


@pytest.mark.parametrize("approved", [False, True])
def test_declining_ends_the_request_also_one_that_waits_for_a_seat(db: None, approved: bool) -> None:
    world = World.build(more=1, allocation=1)
    first = world.staff(1)[0]  # type: ignore[index]  # a list
    world.approve(world.ask(first))
    request = world.ask(world.employee("A003"))
    if approved:
        world.approve(request)
    services.participation_decline(actor=world.bob)
    assert SeatRequest.objects.get(pk=request.pk).state == "withdrawn"
    assert events("licenses.request.withdrawn", request) == 1
    services.seat_hand_back(actor=world.as_employee(first))
    seats_settle(actor=SYSTEM)
    assert not Seat.objects.filter(employee__employee_id="A003").exists()
    assert facts_for(world.employee("A003").pk).has_opted_out


def test_a_holder_hands_back_before_declining(world: World) -> None:
    world.holder(world.employee("A003"))
    with pytest.raises(Invalid, match="hold a seat"):
        services.participation_decline(actor=world.bob)


# ---- suspending and restoring ----------------------------------------------------------------------------------------


def test_a_person_suspends_for_an_incident_or_a_review_and_gives_a_reason(world: World) -> None:
    seat = world.holder(world.employee("A003"))
    for code in ("terms", "training", "moved", "rolled_back", "mood"):
        with pytest.raises(Invalid):
            services.seat_suspend(actor=world.paula, seat=seat, code=code, reason="Because")
    with pytest.raises(Invalid):
        services.seat_suspend(actor=world.paula, seat=seat, code="incident", reason=" ")
    for actor in (world.alice, world.bob, world.audrey, world.lee):
        with pytest.raises(NotPermitted):
            services.seat_suspend(actor=actor, seat=seat, code="incident", reason="Because")
    services.seat_suspend(actor=world.paula, seat=seat, code="incident", reason="Incident 4")
    seats_settle(actor=SYSTEM)
    seat.refresh_from_db()
    assert (seat.state, seat.reason) == ("suspended", "incident")
    with pytest.raises(IllegalTransition):
        services.seat_suspend(actor=world.paula, seat=seat, code="incident", reason="Again")


def test_accepting_restores_at_once_also_while_the_phase_pauses(world: World) -> None:
    bob = world.employee("A003")
    seat = world.holder(bob)
    draft = terms.terms_draft(actor=world.paula, title="Terms", body="New", grace_days=0)
    world.version = terms.terms_publish(actor=world.paula, version=draft, reason="New law")
    with time_machine.travel(clock.now() + timedelta(days=1), tick=False):
        sweep()
        seat.refresh_from_db()
        assert (seat.state, seat.reason) == ("suspended", "terms")
        rollout.phase_pause(actor=world.erin, phase=world.phase, reason="Look again")
        world.accept(bob)
        seat.refresh_from_db()
        assert seat.state == "granted"


def test_new_terms_that_ask_for_nothing_suspend_nobody(world: World) -> None:
    seat = world.holder(world.employee("A003"))
    draft = terms.terms_draft(actor=world.paula, title="Terms", body="A comma", requires_reacceptance=False)
    terms.terms_publish(actor=world.paula, version=draft, reason="Typing error")
    with time_machine.travel(clock.now() + timedelta(days=100), tick=False):
        seats_settle(actor=SYSTEM)
    seat.refresh_from_db()
    assert seat.state == "granted"


def test_the_text_that_was_shown_is_the_text_that_is_accepted(world: World) -> None:
    shown = world.version
    draft = terms.terms_draft(actor=world.paula, title="Terms", body="Other text")
    terms.terms_publish(actor=world.paula, version=draft, reason="New law")
    from apps.terms.errors import OtherText

    # The page was open since before; what it still says of its version does not count.
    with pytest.raises(OtherText):
        terms.terms_accept(actor=world.bob, version=shown, sha256=shown.sha256)


# ---- ways round, closed ----------------------------------------------------------------------------------------------


def test_resuming_is_no_way_round_the_gates(db: None) -> None:
    world = World.build(open_phase=False)
    scheduled = rollout.phase_schedule(actor=world.erin, phase=world.phase)
    with pytest.raises(Invalid, match="not paused"):
        rollout.phase_resume(actor=world.erin, phase=scheduled, reason="Let us begin")
    assert type(scheduled).objects.get(pk=scheduled.pk).state == "scheduled"


def test_an_agency_keeps_a_contact_also_when_two_end_on_one_day(world: World) -> None:
    first, second = world.a.contacts.order_by("pk")
    agencies.contact_end(actor=world.erin, contact=first, reason="New role")
    with pytest.raises(agency_errors.LastContact):
        agencies.contact_end(actor=world.erin, contact=second, reason="New role")
    agencies.contact_add(actor=world.erin, employee=world.employee("A003"), agency=world.a, kind="backup")
    agencies.contact_end(actor=world.erin, contact=second, reason="New role")


def test_a_contact_whose_service_has_ended_decides_nothing_more_on_that_day(world: World) -> None:
    asked = world.ask(world.employee("A003"))
    alice = world.a.contacts.get(employee__employee_id="A001")
    agencies.contact_end(actor=world.erin, contact=alice, reason="Not trusted any more")
    assert world.a.pk not in world.alice.agency_ids
    assert not world.alice.has(Role.CONTACT)
    assert not requests_visible_to(world.alice).exists()
    with pytest.raises(NotPermitted):
        services.request_approve(actor=world.alice, request=asked)
    assert [one.employee.employee_id for one in contacts_for(world.a)] == ["A002"]
    # It was a mistake: she is named anew, and is back at once.
    agencies.contact_add(actor=world.erin, employee=world.employee("A001"), agency=world.a, kind="primary")
    assert world.alice.has(Role.CONTACT)


def test_nobody_grants_themselves_a_role(world: World) -> None:
    with pytest.raises(account_errors.SelfGrant):
        accounts.role_grant(actor=world.erin, user=world.users["erin"], role=Role.PRIVACY)
    for actor in (world.alice, world.paula, world.audrey, world.lee, world.bob):
        with pytest.raises(NotPermitted):
            accounts.role_grant(actor=actor, user=world.users["bob"], role=Role.AUDITOR)


def test_joiners_by_file_ask_like_everybody_else(world: World) -> None:
    import_rows([*world.rows, *staff("AAA", 1)])
    newcomer = Employee.objects.get(employee_id="A100")
    assert facts_for(newcomer.pk).request_state is None
    assert not Seat.objects.exists()
