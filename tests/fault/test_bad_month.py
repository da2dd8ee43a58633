"""A month in which everything goes wrong that can: in the end the vendor shows what was decided or the drift page says why
not, nobody was invited twice, and nobody was removed by mistake.

BEACON_MONTH says how many people (80 in the suite, 40,000 by `make fault-long`).
"""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest
import time_machine

from apps.core import clock
from apps.licenses import services as licenses
from apps.licenses.models import Seat, SeatPeriod, SeatRequest
from apps.licenses.tasks import sweep
from apps.rollout import services as rollout
from apps.vendors.dispatch import dispatch
from apps.vendors.models import Attempt, Drift, Operation, VendorAccount, Workspace
from simulator.testing import RunningSimulator
from tests.factories.cast import World, import_rows, row
from tests.fault import truth
from tests.fault.conftest import ADAPTERS, Office, with_chatgpt

PEOPLE = int(os.environ.get("BEACON_MONTH") or 80)
FEW = 3
STRANGER = "stranger@else.example"

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120 + PEOPLE)]


class Month(Office):
    """The office and what happens to it; each step leaves the vendor as the next one finds it."""

    def tick(self, minutes: int = 20) -> None:
        self.wait(minutes=minutes)
        sweep()
        self.send_all()
        self.look()
        self.send_all()

    def send_all(self) -> None:
        while self.send():
            pass

    def give_seats(self, first: int, last: int) -> None:
        """So many people ask, and Alice approves hundreds at once."""
        for person in list(self.world.staff(last))[first:]:
            self.world.accept(person)
            self.world.train(person)
            self.world.ask(person)
        waiting = list(SeatRequest.objects.filter(state="submitted").values_list("pk", flat=True))
        for start in range(0, len(waiting), 500):
            licenses.requests_decide(actor=self.world.alice, request_ids=waiting[start : start + 500], approve=True)

    def group(self, number: int) -> list[int]:
        """The numbers of a few people: the first few, the next few, and so on."""
        return list(range(number * FEW, (number + 1) * FEW))

    # ---- the month, step by step -------------------------------------------------------------------------------------

    def everybody_comes(self) -> None:
        self.give_seats(0, PEOPLE)
        self.tick()
        assert sum(truth.pending(self.simulator).values()) == PEOPLE
        self.simulator.accept_all()
        self.tick()
        assert self.members() == PEOPLE

    def a_day_of_changes(self) -> None:
        rows = {r[0]: list(r) for r in self.world.rows}
        for number in self.group(0):
            rows[self.person(number).employee_id][7] = "separated"
        for number in self.group(1):
            rows[self.person(number).employee_id][5] = "BBB"
        self.rows = list(rows.values())
        assert import_rows(self.rows).state == "applied"
        for number in self.group(2):
            self.hand_back(self.person(number))
        self.tick()

    def a_bad_hr_file(self) -> None:
        assert import_rows(self.rows[: len(self.rows) // 2]).state == "held"
        assert import_rows([row("A003", "Bob", "Employee", "AAA")]).state == "held"
        self.tick()

    def an_hour_without_the_vendor(self) -> None:
        self.simulator.kill()
        try:
            for number in self.group(3):
                self.hand_back(self.person(number))
            for _ in range(3):
                self.send_all()
                assert self.look().state == "incomplete"
                self._later(20)
        finally:
            self.simulator.restart()
            self.simulator.advance(3600)

    def _later(self, minutes: int) -> None:
        """Time passes here alone: the vendor is away, and told of it when it is back."""
        self.later.enter_context(time_machine.travel(clock.now() + timedelta(minutes=minutes), tick=True))

    def a_key_that_ends(self) -> None:
        self.tick()
        self.simulator.expire_key()
        for number in self.group(4):
            self.hand_back(self.person(number))
        self.send_all()
        assert self.look().state == "failed"
        assert not Operation.objects.filter(state="needs_attention").exists()
        self.simulator.settings(key_expires_at=None)
        self.tick()

    def an_owner_who_helps_by_hand(self) -> None:
        for email in (STRANGER, self.person(self.group(2)[0]).email):
            self.simulator.call("POST", "/v1/organization/invites", {"email": email, "role": "reader"})
            self.tick()
            self.simulator.accept(email)
        self.simulator.remove_members([self.person(number).email for number in self.group(5)])
        self.tick()
        self.simulator.accept_all()

    def an_identity_provider_with_a_mind_of_its_own(self) -> None:
        taken = [self.person(number).email for number in (*self.group(0), *self.group(6))]
        self.simulator.idp_sync(members=taken)
        self.simulator.accept_all()
        self.tick()
        for number in self.group(6):
            self.hand_back(self.person(number))
        for _ in range(3):
            self.tick()
            self.simulator.idp_sync()


@pytest.fixture(params=ADAPTERS)
def month(
    request: pytest.FixtureRequest, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Month]:
    monkeypatch.setenv("BEACON_TEST_WORKSPACE_KEY", simulator.workspace_key)
    monkeypatch.setattr("apps.core.bell.ring", lambda *arguments: None)
    room = PEOPLE + 50
    world = World.build(more=PEOPLE, seats=2 * room, cap=2 * room, allocation=room)
    rollout.phase_agency_add(actor=world.erin, phase=world.phase, agency=world.b, allocation=room)
    is_chatgpt = request.param == "chatgpt_workspace"
    workspace = with_chatgpt(world, simulator) if is_chatgpt else world.with_vendor(simulator.vendor_url)
    Workspace.objects.update(seats=2 * room)
    workspace.refresh_from_db()
    with ExitStack() as later:
        yield Month(world, workspace, simulator, later)


def test_a_bad_month_ends_as_decided_or_with_a_name_for_every_difference(month: Month) -> None:
    month.everybody_comes()
    first_ids = dict(VendorAccount.objects.filter(is_ours=True).values_list("employee_id", "vendor_id"))
    month.a_day_of_changes()
    month.a_bad_hr_file()
    month.an_hour_without_the_vendor()
    month.a_key_that_ends()
    month.an_owner_who_helps_by_hand()
    month.an_identity_provider_with_a_mind_of_its_own()
    for _ in range(2):
        month.tick()
    assert truth.differences(month.simulator) == []
    assert Drift.objects.filter(state="open", account__email=STRANGER, kind="unmanaged").exists()
    assert max(truth.pending(month.simulator).values(), default=0) <= 1
    _nobody_twice(month)
    steady = Seat.objects.filter(state="granted", employee__in=list(month.world.staff(PEOPLE))[7 * FEW :])
    assert steady.count() == PEOPLE - 7 * FEW
    now = dict(VendorAccount.objects.filter(gone_at=None).values_list("employee_id", "vendor_id"))
    assert all(now[seat.employee_id] == first_ids[seat.employee_id] for seat in steady), "removed by mistake"


def _nobody_twice(month: Month) -> None:
    """Beacon asked once for everybody, and once more for those whom the owner removed by hand."""
    asked = Counter(Operation.objects.filter(kind="invite", state="done").values_list("employee_id", flat=True))
    assert {pk for pk, count in asked.items() if count > 1} <= {month.person(number).pk for number in month.group(5)}
    assert set(asked) <= set(SeatPeriod.objects.filter(state="granted").values_list("employee_id", flat=True))


# ---- revocation while thousands wait -----------------------------------------------------------------------------------


def test_a_revocation_is_confirmed_in_minutes_while_five_thousand_invitations_wait(
    simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred calls a minute for each kind, as the vendor allows: forty leave, and the queue is an hour long."""
    monkeypatch.setenv("BEACON_TEST_WORKSPACE_KEY", simulator.workspace_key)
    world = World.build(more=40)
    with ExitStack() as later:
        office = Office(world, with_chatgpt(world, simulator), simulator, later)
        office.active(40)
        _five_thousand_wait(office.workspace)
        Workspace.objects.update(rate_limits={"*": 100}, seats=100_000)
        office.workspace.refresh_from_db()
        _first_minute(office)
        for employee in world.staff(40):
            office.hand_back(employee)
        last = Attempt.objects.latest("pk").pk
        traveller = later.enter_context(time_machine.travel(clock.now(), tick=True))
        for _ in range(100):
            dispatch(office.workspace, budget=0.0)
            if not Operation.objects.filter(kind="remove").exclude(state="done").exists():
                break
            traveller.shift(timedelta(seconds=3))
    waits = sorted(
        (found - made).total_seconds()
        for made, found in Operation.objects.filter(kind="remove").values_list("created_at", "finished_at")
        if found
    )
    assert len(waits) == 40
    assert waits[math.ceil(0.95 * len(waits)) - 1] < 60
    assert waits[-1] < 300
    first = list(Attempt.objects.filter(pk__gt=last).order_by("pk").values_list("operation__kind", flat=True)[:5])
    assert first == ["remove"] * 5, "an invitation went before a removal"
    assert Operation.objects.filter(kind="invite", state="pending").count() > 4_800


def _five_thousand_wait(workspace: Workspace) -> None:
    Operation.objects.bulk_create(
        [
            Operation(
                workspace=workspace, kind="invite", target=f"waiting:{n}", email=f"waiting{n}@mass.example",
                cause="A large wave", next_attempt_at=clock.now(), created_at=clock.now(),
            )
            for n in range(5_000)
        ],
        batch_size=1000,
    )  # fmt: skip


def _first_minute(office: Office) -> None:
    """The wave is under way when people leave."""
    assert dispatch(office.workspace, budget=0.0) > 0
