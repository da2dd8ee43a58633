"""The house that every test of the vendor's bad days begins with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta

import pytest
import time_machine

from apps.accounts.actors import SYSTEM
from apps.agencies.models import Employee
from apps.core import clock
from apps.licenses import services as licenses
from apps.licenses.models import Seat
from apps.vendors.dispatch import dispatch
from apps.vendors.models import Cooldown, Operation, SyncRun, VendorAccount, Workspace
from apps.vendors.sync import sync_workspace
from simulator.testing import RunningSimulator
from tests.factories.cast import World


@dataclass
class Office:
    """The cast's world, its workspace at the stand-in vendor, and what a worker does there."""

    world: World
    workspace: Workspace
    simulator: RunningSimulator
    later: ExitStack

    def look(self) -> SyncRun:
        return sync_workspace(actor=SYSTEM, workspace=self.workspace).run

    def send(self) -> int:
        return dispatch(self.workspace)

    def settle(self, rounds: int = 4) -> None:
        """Look and send until there is nothing left to do; what waits for its time need not."""
        for _ in range(rounds):
            self.look()
            Cooldown.objects.all().delete()
            Operation.objects.filter(state__in=["pending", "retry"]).update(next_attempt_at=clock.now())
            self.send()

    def person(self, number: int) -> Employee:
        return list(self.world.staff(number + 1))[number]

    def active(self, count: int) -> list[Seat]:
        """So many holders whose accounts are active at the vendor."""
        seats = self.world.holders(count)
        self.send()
        self.simulator.accept_all()
        self.settle()
        return seats

    def hand_back(self, employee: Employee) -> None:
        licenses.seat_hand_back(actor=self.world.as_employee(employee))

    def wait(self, *, days: int = 0, minutes: int = 0) -> None:
        """Let time pass, at the vendor and here, until the test ends."""
        by = timedelta(days=days, minutes=minutes)
        self.simulator.advance(int(by.total_seconds()))
        self.later.enter_context(time_machine.travel(clock.now() + by, tick=True))

    def invitations(self) -> int:
        return self.simulator.request_total("POST", "/v1/organization/invites")

    def removals(self) -> int:
        return self.simulator.request_total("DELETE", "/v1/organization/users/{user_id}")

    def members(self) -> int:
        """Accounts that Beacon knows to be there and to be its own."""
        return VendorAccount.objects.filter(workspace=self.workspace, gone_at=None, is_ours=True).count()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK's pauses between its tries take no time."""
    monkeypatch.setattr("openai._base_client.time.sleep", lambda seconds: None)


@pytest.fixture
def house(simulator: RunningSimulator) -> Iterator[Office]:
    """Nobody has asked for a seat yet; eight people of agency A could."""
    world = World.build(more=8)
    with ExitStack() as later:
        yield Office(world, world.with_vendor(simulator.vendor_url), simulator, later)
