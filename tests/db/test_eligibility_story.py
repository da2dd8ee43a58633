"""Terms, training, phases and time: what suspends a seat, what brings it back, who may decide."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from apps.accounts.actors import SYSTEM
from apps.agencies.selectors import employees_visible_to
from apps.core import clock
from apps.core.errors import BeaconError, Invalid, NotPermitted
from apps.licenses import services
from apps.licenses.eligibility import next_step
from apps.licenses.models import Seat, SeatRequest
from apps.licenses.selectors import facts_for, ledger, requests_visible_to, seats_visible_to
from apps.licenses.settle import seats_settle
from apps.licenses.tasks import requests_expire
from apps.rollout import errors as rollout_errors
from apps.rollout import services as rollout
from apps.terms import services as terms
from apps.training import import_services as training_imports
from apps.training import services as training
from tests.factories.cast import World

pytestmark = pytest.mark.django_db


def test_dana_is_told_the_one_next_step_and_who_owes_it(world: World) -> None:
    dana = world.employee("B003")
    step = next_step(facts_for(dana.pk))
    assert step is not None
    assert (step.code, step.owner) == ("terms", "You")
    world.accept(dana)
    world.train(dana)
    step = next_step(facts_for(dana.pk))
    assert step is not None
    assert (step.code, step.owner) == ("phase", "EOTSS")
    with pytest.raises(BeaconError, match="not in an open phase"):
        world.ask(dana)


def test_new_terms_suspend_after_grace_and_accepting_restores(world: World) -> None:
    bob = world.employee("A003")
    seat = world.holder(bob)
    second = terms.terms_draft(actor=world.paula, title="Terms", body="New text", grace_days=14)
    world.version = terms.terms_publish(actor=world.paula, version=second, reason="New law")
    seats_settle(actor=SYSTEM)
    seat.refresh_from_db()
    assert seat.state == "granted"
    with time_machine.travel(clock.now() + timedelta(days=15), tick=False):
        seats_settle(actor=SYSTEM)
        seat.refresh_from_db()
        assert (seat.state, seat.reason) == ("suspended", "terms")
        world.accept(bob)
        seat.refresh_from_db()
        assert seat.state == "granted"


def test_training_lapses_and_a_new_completion_restores(world: World) -> None:
    bob = world.employee("A003")
    seat = world.holder(bob)
    with time_machine.travel(clock.now() + timedelta(days=366), tick=False):
        seats_settle(actor=SYSTEM)
        seat.refresh_from_db()
        assert (seat.state, seat.reason) == ("suspended", "training")
        world.train(bob)
        seat.refresh_from_db()
        assert seat.state == "granted"


def test_a_seat_suspended_for_thirty_days_goes_back(world: World) -> None:
    seat = world.holder(world.employee("A003"))
    services.seat_suspend(actor=world.paula, seat=seat, code="incident", reason="Incident 4")
    with time_machine.travel(clock.now() + timedelta(days=31), tick=False):
        seats_settle(actor=SYSTEM)
    seat.refresh_from_db()
    assert (seat.state, seat.reason) == ("released", "lapsed")


def test_pausing_keeps_and_rolling_back_suspends(world: World) -> None:
    seat = world.holder(world.employee("A003"))
    rollout.phase_pause(actor=world.erin, phase=world.phase, reason="Look again")
    seat.refresh_from_db()
    assert seat.state == "granted"
    rollout.phase_roll_back(actor=world.erin, phase=world.phase, reason="Serious incident")
    seat.refresh_from_db()
    assert (seat.state, seat.reason) == ("suspended", "rolled_back")


def test_closing_leaves_the_agency_covered(world: World) -> None:
    seat = world.holder(world.employee("A003"))
    rollout.phase_close(actor=world.erin, phase=world.phase, reason="Done")
    seat.refresh_from_db()
    assert seat.state == "granted"


def test_a_phase_opens_only_through_its_gates_and_not_by_who_confirmed_a_waiver(db: None) -> None:
    world = World.build(open_phase=False)
    rollout.phase_schedule(actor=world.erin, phase=world.phase)
    with pytest.raises(rollout_errors.GatesNotPassed) as refused:
        rollout.phase_open(actor=world.erin, phase=world.phase, reason="Try")
    assert {reason.code for reason in refused.value.reasons} == {"attested", "privacy", "posture", "retention"}
    waiver = rollout.waiver_request(actor=world.erin, phase=world.phase, gate="posture", reason="Later")
    with pytest.raises(rollout_errors.WaiverNeedsSecondPerson):
        rollout.waiver_confirm(actor=world.erin, waiver=waiver)
    rollout.waiver_confirm(actor=world.eve, waiver=waiver)
    with pytest.raises(rollout_errors.OpenerConfirmedWaiver):
        rollout.phase_open(actor=world.eve, phase=world.phase, reason="Try")


def test_sixty_approved_for_fifty_seats_wait_in_order(db: None) -> None:
    world = World.build(more=60, allocation=50)
    asked = [world.ask(employee).pk for employee in world.staff(60)]
    outcomes = services.requests_decide(actor=world.alice, request_ids=asked, approve=True)
    assert all(outcome.is_done for outcome in outcomes)
    assert Seat.objects.filter(state="held").count() == 50
    assert [line.balances for line in ledger()] == [True]
    rollout.phase_agency_allocate(actor=world.erin, place=world.place, allocation=55, reason="More seats")
    assert Seat.objects.filter(state="held").count() == 55


def test_declining_needs_a_reason_that_bob_reads(world: World) -> None:
    request = world.ask(world.employee("A003"))
    with pytest.raises(Invalid):
        services.request_decline(actor=world.alice, request=request, reason=" ")
    services.request_decline(actor=world.alice, request=request, reason="Next quarter")
    assert SeatRequest.objects.get().decision_reason == "Next quarter"
    world.ask(world.employee("A003"))  # asking again is possible


def test_charlie_and_erin_cannot_decide_for_agency_a_but_erin_can_after_ten_days(world: World) -> None:
    request = world.ask(world.employee("A003"))
    for actor in (world.charlie, world.erin):
        with pytest.raises(NotPermitted):
            services.request_approve(actor=actor, request=request)
    with time_machine.travel(clock.now() + timedelta(days=11), tick=False):
        services.request_approve(actor=world.erin, request=request)


def test_requests_without_a_decision_expire_after_fourteen_days(world: World) -> None:
    world.ask(world.employee("A003"))
    with time_machine.travel(clock.now() + timedelta(days=15), tick=False):
        assert requests_expire() == 1
    assert SeatRequest.objects.get().state == "expired"


def test_completions_by_file_open_seats_at_once_and_twice_is_once(world: World) -> None:
    bob = world.employee("A003")
    world.accept(bob)
    world.approve(world.ask(bob))
    content = b"employee_id,course,completed_on\r\nA003,AI-101,2026-11-02\r\nA003,NOPE,2026-11-02\r\nA003,AI-101,2026-13-02\r\n"
    run = training_imports.completions_import(actor=world.erin, file_name="lms.csv", content=content)
    assert (run.rows, run.added, [bad["line"] for bad in run.rejected]) == (3, 1, [3, 4])
    assert Seat.objects.get().state == "granted"
    again = training_imports.completions_import(actor=world.erin, file_name="lms.csv", content=content)
    assert (again.added, again.unchanged) == (0, 1)


def test_a_training_waiver_counts_until_its_day(world: World) -> None:
    bob = world.employee("A003")
    world.accept(bob)
    world.approve(world.ask(bob))
    until = clock.today() + timedelta(days=10)
    training.training_waive(
        actor=world.paula, employee=bob, course=world.course, until_on=until, reason="Trainer herself"
    )
    seat = Seat.objects.get()
    assert seat.state == "granted"
    with time_machine.travel(clock.now() + timedelta(days=11), tick=False):
        seats_settle(actor=SYSTEM)
    seat.refresh_from_db()
    assert seat.state == "suspended"


def test_opting_out_is_silent_and_asking_brings_bob_back(world: World) -> None:
    services.participation_decline(actor=world.bob)
    assert facts_for(world.employee("A003").pk).has_opted_out
    world.ask(world.employee("A003"))
    assert not facts_for(world.employee("A003").pk).has_opted_out


def test_everybody_sees_only_what_role_and_agency_allow(world: World) -> None:
    bob = world.employee("A003")
    world.holder(bob)
    for actor, sees in ((world.charlie, False), (world.dana, False), (world.lee, False), (world.alice, True),
                        (world.bob, True), (world.erin, True), (world.paula, True), (world.audrey, True)):  # fmt: skip
        assert employees_visible_to(actor).filter(pk=bob.pk).exists() is sees
        assert requests_visible_to(actor).filter(employee=bob).exists() is sees
        assert seats_visible_to(actor).filter(employee=bob).exists() is sees
