"""Unused seats: asked about twice, kept by one click, given back, brought back; and never in bulk without a second person."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest

from apps.accounts.actors import SYSTEM
from apps.agencies.models import Employee
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.core.errors import Invalid, NotPermitted
from apps.licenses import protection_services as protection
from apps.licenses import reclaim_services as reclaim
from apps.licenses import services as licenses
from apps.licenses.models import ReclaimPolicy, ReclaimRun, ReclaimWatch, Seat
from apps.licenses.tasks import reclaim_sweep
from apps.mail.models import Message
from apps.vendors.models import SeatUse, UsageFetch, VendorAccount
from tests.factories.cast import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db: None) -> World:
    world = World.build(more=3)
    world.with_vendor("http://127.0.0.1:9/v1")
    return world


def accounts(world: World) -> None:
    """Everybody with a seat has an account, and the vendor told of the use until yesterday."""
    known = VendorAccount.objects.values("employee")
    for seat in Seat.objects.filter(state="granted").exclude(employee__in=known):
        VendorAccount.objects.create(
            workspace=world.workspace, vendor_id=f"user-{seat.pk}", email=seat.employee.email, employee=seat.employee
        )
    yesterday = clock.now().astimezone(UTC).date() - timedelta(days=1)
    UsageFetch.objects.create(workspace=world.workspace, first=yesterday - timedelta(days=30), last=yesterday)


def switch_on(world: World) -> ReclaimPolicy:
    reclaim.reclaim_set(actor=world.erin, contract=world.contract, mode="dry", reason="Try")
    policy = ReclaimPolicy.objects.get()
    reclaim.reclaim_look(actor=SYSTEM, policy=policy)
    return reclaim.reclaim_set(actor=world.erin, contract=world.contract, mode="on", reason="Others wait")


def look(world: World, days: int) -> ReclaimRun:
    """The job's look so many days from now."""
    with clock.shifted(timedelta(days=days)):
        accounts(world)
        return reclaim.reclaim_look(actor=SYSTEM, policy=ReclaimPolicy.objects.get())


def mails() -> int:
    return Message.objects.filter(kind="licenses_seat_unused").count()


def test_bob_is_asked_twice_loses_the_seat_and_brings_it_back(world: World) -> None:
    bob = world.employee("A003")
    world.holder(bob)
    switch_on(world)
    assert look(world, 13).looked == 0
    assert (look(world, 15).asked, mails()) == (1, 1)
    assert look(world, 16).looked == 0  # nobody is read again before the next step may be due
    assert (look(world, 32).asked, mails()) == (1, 2)
    assert look(world, 48).released == 1
    seat = Seat.objects.get(employee=bob)
    assert (seat.state, seat.reason) == ("released", "reclaimed")
    with clock.shifted(timedelta(days=50)):
        world.train(bob, clock.today())
        request = reclaim.request_return(actor=world.bob)
        assert request.state == "approved"
        assert Seat.objects.filter(employee=bob, state="granted").count() == 1
        with pytest.raises(Invalid, match="no seat to bring back"):
            reclaim.request_return(actor=world.bob)


def test_one_click_keeps_the_seat_and_the_clock_begins_anew(world: World) -> None:
    world.holder(world.employee("A003"))
    switch_on(world)
    look(world, 15)
    with clock.shifted(timedelta(days=20)):
        reclaim.seat_keep(actor=world.bob)
    assert look(world, 32).asked == 0
    assert look(world, 35).asked == 1
    assert Seat.objects.get().state == "granted"


def test_use_ends_the_questions_and_is_read_only_when_it_must_be(world: World) -> None:
    bob = world.employee("A003")
    world.holder(bob)
    switch_on(world)
    look(world, 15)
    used = clock.today() + timedelta(days=20)
    SeatUse.objects.create(employee=bob, workspace=world.workspace, first_use_on=used, last_use_on=used)
    assert look(world, 32).asked == 0
    assert look(world, 60).looked == 0
    assert look(world, 81).asked == 1
    reads = AuditEvent.objects.filter(verb="vendors.usage.read", record_id=str(bob.pk))
    assert reads.count() == 3
    assert set(reads.values_list("reason", flat=True)) == {reclaim.PURPOSE}


def test_a_dry_run_asks_nobody_and_must_come_first(world: World) -> None:
    world.holder(world.employee("A003"))
    with pytest.raises(Invalid, match="dry run first"):
        reclaim.reclaim_set(actor=world.erin, contract=world.contract, mode="on", reason="Now")
    reclaim.reclaim_set(actor=world.erin, contract=world.contract, mode="dry", reason="Try")
    assert look(world, 15).asked == 1
    assert mails() == 0
    assert look(world, 60).released == 0
    assert Seat.objects.get().state == "granted"


def test_holds_leave_and_seasonal_staff_are_left_alone(world: World) -> None:
    bob, dana = world.employee("A003"), world.employee("A004")
    for person in (bob, dana, world.employee("A100")):
        world.holder(person)
    protection.hold_place(actor=world.paula, employee=bob, matter="7", reason="Counsel")
    Employee.objects.filter(pk=dana.pk).update(status="leave")
    Employee.objects.filter(employee_id="A100").update(is_seasonal=True)
    switch_on(world)
    run = look(world, 15)
    assert (run.asked, sum(run.skipped.values())) == (0, 3)


def test_old_figures_take_no_seat_and_ask_nobody(world: World) -> None:
    world.holder(world.employee("A003"))
    switch_on(world)
    accounts(world)
    with clock.shifted(timedelta(days=15)):
        run = reclaim.reclaim_look(actor=SYSTEM, policy=ReclaimPolicy.objects.get())
    assert (run.asked, run.skipped) == (0, {"the vendor's figures are older than 72 hours": 1})


def test_too_many_at_once_wait_for_a_second_person(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reclaim, "_most_at_once", lambda _: 1)
    world.holders(3)
    switch_on(world)
    for day in (15, 32):
        look(world, day)
    run = look(world, 48)
    assert (run.state, run.released, len(run.held_seats)) == ("held", 0, 3)
    with clock.shifted(timedelta(days=48)):
        with pytest.raises(NotPermitted):
            reclaim.reclaim_confirm(actor=world.erin, run=run, number=3, reason="Go")
        with pytest.raises(Invalid, match="number"):
            reclaim.reclaim_confirm(actor=world.eve, run=run, number=2, reason="Go")
        reclaim.seat_keep(actor=world.as_employee(world.employee("A100")))
        done = reclaim.reclaim_confirm(actor=world.eve, run=run, number=3, reason="Looked at")
    assert (done.state, done.released) == ("released", 2)


def test_the_job_runs_once_a_morning(world: World) -> None:
    world.holder(world.employee("A003"))
    reclaim.reclaim_set(actor=world.erin, contract=world.contract, mode="dry", reason="Try")
    now = clock.now()
    noon = now.replace(hour=17, minute=0) + timedelta(days=1)
    for _ in range(2):
        with clock.shifted(noon - now):
            reclaim_sweep()
    assert ReclaimRun.objects.count() == 1


def test_a_seat_handed_back_does_not_come_back_this_way(world: World) -> None:
    world.holder(world.employee("A003"))
    licenses.seat_hand_back(actor=world.bob)
    with pytest.raises(Invalid):
        reclaim.request_return(actor=world.bob)
    assert not ReclaimWatch.objects.exists()


def test_who_keeps_the_seat_between_the_look_and_the_release_stays(world: World) -> None:
    seat = world.holder(world.employee("A003"))
    reclaim.seat_keep(actor=world.bob)
    assert reclaim._release(SYSTEM, [seat]) == 0
    assert Seat.objects.get(pk=seat.pk).state == "granted"


def test_a_held_plan_does_nothing_once_the_rule_is_off(world: World) -> None:
    world.holder(world.employee("A003"))
    reclaim.reclaim_set(actor=world.erin, contract=world.contract, mode="dry", reason="Try")
    run = ReclaimRun.objects.create(contract=world.contract, mode="on", state="held", held_seats=[1])
    with pytest.raises(Invalid, match="switched off"):
        reclaim.reclaim_confirm(actor=world.eve, run=run, number=1, reason="Go")


def test_who_set_the_rule_does_not_confirm_its_plan_even_after_somebody_else_changed_it(world: World) -> None:
    world.holder(world.employee("A003"))
    policy = switch_on(world)
    run = reclaim.reclaim_look(actor=SYSTEM, policy=policy)
    ReclaimRun.objects.filter(pk=run.pk).update(state="done")
    held = ReclaimRun.objects.create(
        contract=world.contract, mode="on", state="held", held_seats=[1], rule_by_key=run.rule_by_key
    )
    reclaim.reclaim_set(actor=world.eve, contract=world.contract, mode="on", reason="A comma")
    with pytest.raises(NotPermitted):
        reclaim.reclaim_confirm(actor=world.erin, run=held, number=1, reason="Go")
