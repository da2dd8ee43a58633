"""The house that every test of the vendor's bad days begins with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.db.models import F, QuerySet

from apps.accounts.actors import SYSTEM
from apps.agencies.models import Employee
from apps.core import clock
from apps.licenses import services as licenses
from apps.licenses.models import Seat
from apps.vendors.dispatch import dispatch
from apps.vendors.models import Allowance, Operation, SyncRun, VendorAccount, Workspace
from apps.vendors.observe import OWN_WRITES
from apps.vendors.sync import sync_workspace
from simulator.testing import RunningSimulator
from tests.factories.cast import World


def lists_catch_up() -> None:
    """As if what was asked without an answer had been asked so long ago that every list shows what came of it."""
    Operation.objects.filter(is_unclear=True).update(last_attempt_at=F("last_attempt_at") - OWN_WRITES)


@dataclass
class Office:
    """The cast's world, its workspace at the stand-in vendor, and what a worker does there."""

    world: World
    workspace: Workspace
    simulator: RunningSimulator
    later: ExitStack

    @property
    def base(self) -> str:
        """Where the routes of the workspace's adapter begin, as faults and the journal name them."""
        is_chatgpt = self.workspace.adapter == "chatgpt_workspace"
        return "/v1/manage/workspaces/{workspace_id}" if is_chatgpt else "/v1/organization"

    def route(self, method: str, path: str) -> str:
        """A route of the vendor, such as ("POST", "/invites"), for a fault."""
        return f"{method} {self.base}{path}"

    def calls(self, method: str, path: str) -> int:
        """How many calls of a route were made."""
        return self.simulator.request_total(method, self.base + path)

    def look(self) -> SyncRun:
        return sync_workspace(actor=SYSTEM, workspace=self.workspace).run

    def send(self) -> int:
        return dispatch(self.workspace)

    def settle(self, rounds: int = 4) -> None:
        """Look and send until there is nothing left to do; what waits for its time need not."""
        for _ in range(rounds):
            lists_catch_up()
            self.look()
            Allowance.objects.all().delete()
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
        return self.calls("POST", "/invites")

    def removals(self) -> int:
        return self.calls("DELETE", "/users/{user_id}")

    def members(self) -> int:
        """Accounts that Beacon knows to be there and to be its own."""
        return VendorAccount.objects.filter(workspace=self.workspace, gone_at=None, is_ours=True).count()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between tries take no time, and no run waits for the vendor's word to pass."""
    monkeypatch.setattr("apps.vendors.wire.time.sleep", lambda seconds: None)
    monkeypatch.setattr("apps.vendors.limiter.PATIENCE_SECONDS", 0.0)


def with_chatgpt(world: World, simulator: RunningSimulator, **more: Any) -> Workspace:
    """The cast's workspace as the ChatGPT Admin API shows it; no limit holds the tests up unless one asks for it."""
    return world.with_vendor(
        simulator.workspace_url, adapter="chatgpt_workspace", key="env:BEACON_TEST_WORKSPACE_KEY",
        vendor_ref=simulator.workspace_id, **({"rate_limits": {"*": 100_000}} | more),
    )  # fmt: skip


ADAPTERS = ("openai_organization", "chatgpt_workspace")


@pytest.fixture(params=ADAPTERS)
def either(
    request: pytest.FixtureRequest, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Office]:
    """The house as `house` has it, once with each of the two adapters that write."""
    monkeypatch.setenv("BEACON_TEST_WORKSPACE_KEY", simulator.workspace_key)
    world = World.build(more=8)
    is_chatgpt = request.param == "chatgpt_workspace"
    workspace = with_chatgpt(world, simulator) if is_chatgpt else world.with_vendor(simulator.vendor_url)
    with ExitStack() as later:
        yield Office(world, workspace, simulator, later)


@pytest.fixture
def house(simulator: RunningSimulator) -> Iterator[Office]:
    """Nobody has asked for a seat yet; eight people of agency A could."""
    world = World.build(more=8)
    with ExitStack() as later:
        yield Office(world, world.with_vendor(simulator.vendor_url), simulator, later)


def never_came(lines: QuerySet[Any]) -> None:
    """Forget lines of the vendor's log as if they had not come yet; the trigger that refuses it sleeps for that moment."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        lines.delete()
