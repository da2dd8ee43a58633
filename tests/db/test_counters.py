"""Seats are counted by the database itself: after any statement and any history free + held + granted + suspended is what was bought."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from django.db import IntegrityError, connection, transaction

from apps.core.errors import BeaconError
from apps.licenses import errors, services
from apps.licenses.models import Contract, Seat, SeatPeriod, SeatRequest
from apps.licenses.selectors import ledger, ledger_of_phase
from apps.rollout import errors as rollout_errors
from apps.rollout import services as rollout
from apps.rollout.models import Phase, PhaseAgency
from tests.factories.cast import World, import_rows, row, staff

pytestmark = pytest.mark.django_db
LIVE = ["held", "granted", "suspended"]


def in_balance(world: World) -> None:
    lines = [*ledger(), *ledger_of_phase(world.phase.pk)]
    assert all(line.balances for line in lines), lines
    for counter, counted in (
        (Contract, Seat.objects.filter(contract=world.contract)),
        (Phase, Seat.objects.filter(phase=world.phase)),
        (PhaseAgency, Seat.objects.filter(phase=world.phase, agency=world.a)),
    ):
        pk = {Contract: world.contract.pk, Phase: world.phase.pk, PhaseAgency: world.place.pk}[counter]
        assert counter.objects.get(pk=pk).seats_used == counted.exclude(state="released").count()


@pytest.fixture
def busy() -> World:
    """Ten people of agency A hold a seat each, of twelve."""
    world = World.build(more=14, allocation=12, cap=13, seats=14)
    world.holders(10)
    return world


def test_statements_that_touch_many_rows_at_once_are_counted(db: None, busy: World) -> None:
    in_balance(busy)
    some = Seat.objects.order_by("pk").values_list("pk", flat=True)[:4]
    Seat.objects.filter(pk__in=list(some)).update(state="suspended", reason="review")
    in_balance(busy)
    Seat.objects.filter(state="suspended").update(state="released", reason="lapsed")
    in_balance(busy)
    assert ledger()[0].free == 14 - 6
    SeatPeriod.objects.all().delete()
    Seat.objects.all().delete()
    in_balance(busy)
    assert ledger()[0].free == 14


CAPS = [
    ("allocation", "rollout_allocation_holds"),
    ("phase", "rollout_phase_cap_holds"),
    ("contract", "licenses_contract_seats_hold"),
]


@pytest.mark.parametrize(("which", "constraint"), CAPS, ids=[name for name, _ in CAPS])
def test_the_last_seat_is_the_last_even_for_raw_sql(db: None, which: str, constraint: str) -> None:
    limits = {"allocation": 50, "cap": 100, "seats": 1000} | {
        {"allocation": "allocation", "phase": "cap", "contract": "seats"}[which]: 3
    }
    if which == "contract":
        # The gate would not let such a phase open: the contract shrinks afterwards.
        world = World.build(more=5, **(limits | {"seats": 1000}))
        services.contract_amend(
            actor=world.erin, contract=world.contract, seats=-997, effective_on=world.contract.from_on, note="Cut"
        )
    else:
        world = World.build(more=5, **limits)
    world.holders(3)
    waiting = [world.ask(employee) for employee in list(world.staff(5))[3:]]
    for request in waiting:
        world.approve(request)
    assert Seat.objects.exclude(state="released").count() == 3
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO licenses_seat (employee_id, request_id, contract_id, phase_id, agency_id, state, reason, changed_by)"
            " SELECT r.employee_id, r.id, s.contract_id, s.phase_id, s.agency_id, 'held', '', 'sql'"
            " FROM licenses_seatrequest r, (SELECT * FROM licenses_seat LIMIT 1) s WHERE r.id = ANY(%s)",
            [[request.pk for request in waiting]],
        )
    assert refused.value.__cause__.diag.constraint_name == constraint  # type: ignore[union-attr]  # psycopg's
    in_balance(world)


def test_a_released_seat_does_not_come_back_to_life(db: None, busy: World) -> None:
    seat = Seat.objects.first()
    assert seat is not None
    services.seat_revoke(actor=busy.paula, seat=seat, reason="Left the project")
    for state in LIVE:
        with pytest.raises(IntegrityError), transaction.atomic():
            Seat.objects.filter(pk=seat.pk).update(state=state)


def test_limits_are_not_lowered_below_what_is_in_use(db: None, busy: World) -> None:
    today = busy.contract.from_on
    with pytest.raises(errors.ContractExhausted):
        services.contract_amend(actor=busy.erin, contract=busy.contract, seats=-5, effective_on=today, note="Cut")
    with pytest.raises(rollout_errors.CapTooSmall):
        rollout.phase_change(actor=busy.erin, phase=busy.phase, seat_cap=9)
    with pytest.raises(rollout_errors.AllocationTooSmall):
        rollout.phase_agency_allocate(actor=busy.erin, place=busy.place, allocation=9, reason="Cut")
    services.contract_amend(actor=busy.erin, contract=busy.contract, seats=-4, effective_on=today, note="Cut")
    in_balance(busy)
    assert ledger()[0].free == 0


def test_more_seats_go_to_the_waiting_list_at_once(db: None) -> None:
    world = World.build(more=6, allocation=3, cap=4)
    for employee in world.staff(6):
        world.approve(world.ask(employee))
    assert Seat.objects.filter(state="held").count() == 3
    rollout.phase_agency_allocate(actor=world.erin, place=world.place, allocation=6, reason="More")
    assert Seat.objects.filter(state="held").count() == 4
    rollout.phase_change(actor=world.erin, phase=world.phase, seat_cap=5)
    assert Seat.objects.filter(state="held").count() == 5
    in_balance(world)


def test_history_has_no_gap_and_no_overlap(db: None, busy: World) -> None:
    seat = Seat.objects.first()
    assert seat is not None
    services.seat_suspend(actor=busy.paula, seat=seat, code="incident", reason="Incident 7")
    services.seat_restore(actor=busy.paula, seat=seat, reason="Closed")
    services.seat_revoke(actor=busy.paula, seat=seat, reason="Left the project")
    periods = list(seat.periods.order_by("during"))
    assert [period.state for period in periods] == ["held", "granted", "suspended", "granted"]
    for one, other in pairwise(periods):
        assert one.during.upper == other.during.lower
    assert periods[-1].during.upper is not None


class Walk:
    """One random act of the cast after the other; refusals are part of life."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self.world, self.dice = world, dice
        self.people = list(world.staff(14))
        self.rows = list(world.rows)

    def step(self) -> None:
        act = self.dice.choice(
            [self.ask, self.ask, self.approve, self.approve, self.accept, self.train, self.hand_back, self.suspend,
             self.restore, self.revoke, self.leave, self.move, self.allocate, self.withdraw]
        )  # fmt: skip
        try:
            act()
        except BeaconError:
            return

    def someone(self) -> object:
        return self.dice.choice(self.people)

    def seat(self) -> Seat | None:
        return self.dice.choice(list(Seat.objects.exclude(state="released")) or [None])

    def ask(self) -> None:
        self.world.ask(self.someone())  # type: ignore[arg-type]  # an employee

    def approve(self) -> None:
        ids = list(SeatRequest.objects.filter(state="submitted").values_list("pk", flat=True))
        services.requests_decide(actor=self.world.alice, request_ids=ids[:3], approve=True)

    def withdraw(self) -> None:
        request = SeatRequest.objects.filter(is_current=True).select_related("employee").order_by("?").first()
        if request:
            services.request_withdraw(actor=self.world.as_employee(request.employee), request=request)

    def accept(self) -> None:
        self.world.accept(self.someone())  # type: ignore[arg-type]  # an employee

    def train(self) -> None:
        self.world.train(self.someone())  # type: ignore[arg-type]  # an employee

    def hand_back(self) -> None:
        services.seat_hand_back(actor=self.world.as_employee(self.someone()))  # type: ignore[arg-type]  # an employee

    def suspend(self) -> None:
        if seat := self.seat():
            services.seat_suspend(actor=self.world.paula, seat=seat, code="review", reason="Look")

    def restore(self) -> None:
        if seat := self.seat():
            services.seat_restore(actor=self.world.paula, seat=seat, reason="Fine")

    def revoke(self) -> None:
        if seat := self.seat():
            services.seat_revoke(actor=self.world.erin, seat=seat, reason="Needed elsewhere")

    def leave(self) -> None:
        gone = self.dice.choice(self.people).employee_id
        self.rows = [
            [*r[:7], "separated", *r[8:]] if r[0] == gone and self.dice.random() < 0.5 else r for r in self.rows
        ]
        import_rows(self.rows)

    def move(self) -> None:
        mover, agency = self.dice.choice(self.people).employee_id, self.dice.choice(["AAA", "BBB"])
        self.rows = [[*r[:5], agency, *r[6:]] if r[0] == mover else r for r in self.rows]
        import_rows(self.rows)

    def allocate(self) -> None:
        allocation = self.dice.randint(1, 12)
        rollout.phase_agency_allocate(
            actor=self.world.erin, place=self.world.place, allocation=allocation, reason="Plan"
        )


@pytest.mark.parametrize("seed", range(4))
def test_the_ledger_balances_after_any_history(db: None, seed: int) -> None:
    world = World.build(more=14, allocation=8, cap=10, seats=11)
    other = rollout.phase_agency_add(actor=world.erin, phase=world.phase, agency=world.b, allocation=2)
    walk = Walk(world, random.Random(seed))
    for _ in range(60):
        walk.step()
        in_balance(world)
        live = Seat.objects.exclude(state="released")
        assert not live.filter(employee__status="separated").exists()
        assert live.values("employee").distinct().count() == live.count()
    other.refresh_from_db()
    assert other.seats_used == Seat.objects.filter(agency=world.b).exclude(state="released").count()


def test_two_agencies_in_one_phase_have_an_allocation_each(db: None) -> None:
    world = World.build(more=4, allocation=2)
    rollout.phase_agency_add(actor=world.erin, phase=world.phase, agency=world.b, allocation=1)
    seats = world.holders(2)
    mover = seats[0].employee.employee_id
    import_rows([row(mover, "Staff100", "Aaa", "BBB") if r[0] == mover else r for r in world.rows])
    seats[0].refresh_from_db()
    # The seat followed its holder, one seat with its history; the place that it left goes to the next.
    assert (seats[0].state, seats[0].agency) == ("granted", world.b)
    assert Seat.objects.exclude(state="released").count() == 2
    in_balance(world)
    import_rows([*world.rows, *staff("BBB", 1)])
