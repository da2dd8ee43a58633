"""An emergency stop takes access at once and gives it back when it is lifted; a legal hold keeps what there is."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from apps.audit.models import AuditEvent
from apps.console.stops import stop_progress
from apps.core import clock
from apps.core.errors import BeaconError, Invalid, NotPermitted
from apps.licenses import protection_services as protection
from apps.licenses import services as licenses
from apps.licenses.eligibility import next_step, requirements
from apps.licenses.errors import AlreadyOnHold, AlreadyStopped, WrongCount
from apps.licenses.models import EmergencyStop, Seat
from apps.licenses.selectors import facts_for
from apps.licenses.settle import seats_settle
from apps.licenses.tasks import stops_settle, sweep
from tests.factories.cast import World

pytestmark = pytest.mark.django_db


def states(world: World) -> list[str]:
    return sorted(Seat.objects.exclude(state="released").values_list("state", flat=True))


def stop_everyone(world: World, number: int) -> EmergencyStop:
    return protection.stop_start(actor=world.paula, scope="everyone", number=number, reason="Data shown to strangers")


def test_paula_stops_everyone_and_lifting_brings_all_back() -> None:
    world = World.build(more=4)
    world.holders(3)
    stop = stop_everyone(world, 3)
    stops_settle()
    assert states(world) == ["suspended"] * 3
    assert set(Seat.objects.values_list("reason", flat=True)) == {"stopped"}
    stop.refresh_from_db()
    assert stop.settled_at is not None
    protection.stop_lift(actor=world.erin, stop=stop, reason="The vendor has mended it")
    stops_settle()
    assert states(world) == ["granted"] * 3


def test_nobody_gets_a_seat_while_the_stop_lasts() -> None:
    world = World.build(more=2)
    stop = stop_everyone(world, 0)
    bob = world.employee("A003")
    world.accept(bob)
    world.train(bob)
    world.approve(world.ask(bob))
    assert Seat.objects.get(employee=bob).state == "held"
    first = requirements(facts_for(bob.pk))[0]
    assert first.code == "stop"
    assert not first.is_met
    step = next_step(facts_for(bob.pk))
    assert step is not None
    assert step.code == "stop"
    protection.stop_lift(actor=world.paula, stop=stop, reason="Over")
    stops_settle()
    assert Seat.objects.get(employee=bob).state == "granted"


def test_a_stop_concerns_whom_it_names_and_nobody_else() -> None:
    world = World.build(more=4)
    one, two, three = world.holders(3)
    protection.stop_start(actor=world.erin, scope="person", employee=one.employee, reason="Lost laptop")
    stops_settle()
    assert [Seat.objects.get(pk=seat.pk).state for seat in (one, two, three)] == ["suspended", "granted", "granted"]
    protection.stop_start(actor=world.erin, scope="agency", agency=world.b, number=0, reason="Breach")
    protection.stop_start(actor=world.erin, scope="phase", phase=world.phase, number=2, reason="Breach")
    stops_settle()
    assert states(world) == ["suspended"] * 3


def test_a_secretariats_stop_covers_its_agencies() -> None:
    world = World.build(more=2)
    secretariat = type(world.a).objects.create(code="SEC", name="Secretariat of Fruit")
    type(world.a).objects.filter(pk=world.a.pk).update(parent=secretariat)
    world.holders(2)
    protection.stop_start(actor=world.erin, scope="agency", agency=secretariat, number=2, reason="Breach")
    stops_settle()
    assert states(world) == ["suspended"] * 2


def test_two_stops_must_both_be_lifted() -> None:
    world = World.build(more=1)
    (seat,) = world.holders(1)
    everyone = stop_everyone(world, 1)
    person = protection.stop_start(actor=world.erin, scope="person", employee=seat.employee, reason="Lost laptop")
    stops_settle()
    protection.stop_lift(actor=world.erin, stop=everyone, reason="Over")
    stops_settle()
    assert states(world) == ["suspended"]
    protection.stop_lift(actor=world.erin, stop=person, reason="Found")
    stops_settle()
    assert states(world) == ["granted"]


def test_a_seat_suspended_for_another_reason_stays_so_after_the_lifting() -> None:
    world = World.build(more=1)
    (seat,) = world.holders(1)
    licenses.seat_suspend(actor=world.erin, seat=seat, code="incident", reason="Under investigation")
    stop = stop_everyone(world, 0)
    stops_settle()
    protection.stop_lift(actor=world.erin, stop=stop, reason="Over")
    stops_settle()
    assert Seat.objects.get(pk=seat.pk).reason == "incident"


def test_a_seat_that_slipped_in_is_caught_by_the_next_tick() -> None:
    world = World.build(more=1)
    (seat,) = world.holders(1)
    stop_everyone(world, 1)
    stops_settle()
    # As a transaction does that read the facts before the stop and wrote after it.
    Seat.objects.filter(pk=seat.pk).update(state="granted", reason="met", changed_at=clock.now())
    sweep()
    assert states(world) == ["suspended"]


def test_a_stop_does_not_run_out_the_thirty_days_of_a_suspension() -> None:
    world = World.build(more=1)
    world.holders(1)
    stop_everyone(world, 1)
    stops_settle()
    with time_machine.travel(clock.now() + timedelta(days=60)):
        seats_settle(actor=world.erin)
        assert states(world) == ["suspended"]


def test_a_stop_that_lasted_two_months_takes_no_seat_from_anybody() -> None:
    world = World.build(more=1)
    world.holders(1)
    stop = stop_everyone(world, 1)
    stops_settle()
    with time_machine.travel(clock.now() + timedelta(days=60)):
        protection.stop_lift(actor=world.paula, stop=stop, reason="Mended at last")
        stops_settle()
        assert states(world) == ["granted"]


def test_what_else_is_missing_when_the_stop_is_lifted_becomes_the_reason_and_its_days_begin() -> None:
    world = World.build(more=1)
    (seat,) = world.holders(1)
    stop = stop_everyone(world, 1)
    stops_settle()
    with time_machine.travel(clock.now() + timedelta(days=400)):  # the training was valid for a year
        protection.stop_lift(actor=world.paula, stop=stop, reason="Mended at last")
        stops_settle()
        seat.refresh_from_db()
        assert (seat.state, seat.reason) == ("suspended", "training")
    with time_machine.travel(clock.now() + timedelta(days=420)):
        seats_settle(actor=world.erin)
        assert states(world) == ["suspended"]
    with time_machine.travel(clock.now() + timedelta(days=431)):
        seats_settle(actor=world.erin)
        assert states(world) == []


def test_the_number_must_be_typed_and_a_reason_given() -> None:
    world = World.build(more=2)
    world.holders(2)
    for number in (None, 0, 3):
        with pytest.raises(WrongCount):
            protection.stop_start(actor=world.erin, scope="everyone", number=number, reason="x")
    with pytest.raises(Invalid):
        protection.stop_start(actor=world.erin, scope="everyone", number=2, reason="  ")
    stop_everyone(world, 2)
    with pytest.raises(AlreadyStopped):
        stop_everyone(world, 2)
    assert EmergencyStop.objects.count() == 1


@pytest.mark.parametrize("name", ["alice", "bob", "lee", "audrey"])
def test_only_eotss_and_the_privacy_office_stop_and_hold(name: str) -> None:
    world = World.build(more=1)
    with pytest.raises(NotPermitted):
        protection.stop_start(actor=world.actor(name), scope="everyone", number=0, reason="x")
    with pytest.raises(NotPermitted):
        protection.hold_place(actor=world.actor(name), employee=world.employee("A003"), matter="7", reason="x")


def test_a_stop_is_lifted_once() -> None:
    world = World.build()
    stop = stop_everyone(world, 0)
    protection.stop_lift(actor=world.erin, stop=stop, reason="Over")
    with pytest.raises(BeaconError):
        protection.stop_lift(actor=world.erin, stop=stop, reason="Again")
    assert AuditEvent.objects.filter(verb="licenses.stop.lifted").count() == 1


def test_a_held_person_keeps_the_suspended_seat_beyond_thirty_days() -> None:
    world = World.build(more=1)
    (seat,) = world.holders(1)
    licenses.seat_suspend(actor=world.erin, seat=seat, code="incident", reason="Under investigation")
    hold = protection.hold_place(actor=world.paula, employee=seat.employee, matter="Case 7", reason="Counsel's letter")
    with pytest.raises(AlreadyOnHold):
        protection.hold_place(actor=world.paula, employee=seat.employee, matter="Case 7", reason="Again")
    with time_machine.travel(clock.now() + timedelta(days=40)):
        seats_settle(actor=world.erin)
        assert states(world) == ["suspended"]
        protection.hold_end(actor=world.paula, hold=hold, reason="Case closed")
        seats_settle(actor=world.erin)
        assert states(world) == []


def test_the_page_says_how_far_a_stop_is_and_who_is_not_back_after_it() -> None:
    world = World.build(more=2)
    one, two = world.holders(2)
    stop = stop_everyone(world, 2)
    begun = stop_progress(stop)
    assert (begun.done, begun.total, begun.is_finished) == (0, 2, False)
    stops_settle()
    stop.refresh_from_db()
    stopped = stop_progress(stop)
    assert (stopped.done, stopped.is_finished, stopped.status_label) == (2, True, "Access is stopped")
    licenses.seat_revoke(actor=world.erin, seat=Seat.objects.get(pk=two.pk), reason="Court order 7")
    stop = protection.stop_lift(actor=world.paula, stop=stop, reason="Mended")
    assert not stop_progress(stop).is_finished
    stops_settle()
    stop.refresh_from_db()
    over = stop_progress(stop)
    assert (over.done, over.is_finished) == (1, True)
    assert over.message.startswith("1 are not back")
    assert Seat.objects.get(pk=one.pk).state == "granted"
