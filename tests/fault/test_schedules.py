"""Hundreds of invented weeks, each in another order, against both adapters: see schedules.py.

BEACON_SCHEDULES says how many (200 in the suite, 10,000 by `make fault-long`), BEACON_SEED which. With BEACON_SHRINK=1 a failure is cut down to the
steps that it needs.
"""

from __future__ import annotations

import os
import random
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from apps.rollout import services as rollout
from simulator.testing import RunningSimulator
from tests.factories.cast import World
from tests.factories.kept import Rows
from tests.fault.conftest import ADAPTERS, Office, with_chatgpt
from tests.fault.schedules import PEOPLE, Crash, Machine

SCHEDULES = int(os.environ.get("BEACON_SCHEDULES") or 200)
SHARES = 2
# The suite has ten minutes for everything; the long run goes further.
IS_LONG = SCHEDULES > 200
STEPS = 14 if IS_LONG else 10
SEED = 2026
# Steps are read quickly; making them fewer takes minutes.
PHASES = (Phase.generate, Phase.shrink) if os.environ.get("BEACON_SHRINK") else (Phase.generate,)
MODULES = ("apps.vendors.dispatch", "apps.vendors.sync", "apps.vendors.hooks")

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300 + SCHEDULES * 4)]


def office_at(simulator: RunningSimulator, adapter: str) -> Office:
    """Everybody has done what they can do themselves; four have asked, and got seats."""
    world = World.build(more=PEOPLE + 1, allocation=PEOPLE - 1)
    rollout.phase_agency_add(actor=world.erin, phase=world.phase, agency=world.b, allocation=3)
    for person in world.staff(PEOPLE):
        world.accept(person)
        world.train(person)
    is_chatgpt = adapter == "chatgpt_workspace"
    workspace = with_chatgpt(world, simulator) if is_chatgpt else world.with_vendor(simulator.vendor_url)
    for person in list(world.staff(4)):
        world.approve(world.ask(person))
    return Office(world, workspace, simulator, ExitStack())


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("adapter", ADAPTERS)
def test_whatever_the_order_nobody_is_lost_doubled_or_removed_by_mistake(
    simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch, adapter: str, share: int
) -> None:
    # The suite tries the same schedules each time, so that what it says is about the change; `make fault-long` tries others.
    number = int(os.environ.get("BEACON_SEED") or (random.SystemRandom().randrange(10**9) if IS_LONG else SEED)) + share
    print(f"BEACON_SEED={number - share} BEACON_SCHEDULES={SCHEDULES}")
    monkeypatch.setenv("BEACON_TEST_WORKSPACE_KEY", simulator.workspace_key)
    crash = Crash()
    for module in MODULES:
        monkeypatch.setattr(f"{module}.failpoint", crash)
    monkeypatch.setattr("apps.core.bell.ring", lambda *arguments: None)  # the tick finds everything by itself
    office = office_at(simulator, adapter)
    machine = type("Schedule", (Machine,), {"office": office, "rows": Rows(), "crash": crash})
    run_state_machine_as_test(
        seed(number)(machine),
        settings=settings(
            max_examples=max(1, SCHEDULES // (SHARES * len(ADAPTERS))), stateful_step_count=STEPS, deadline=None,
            database=None, print_blob=True, phases=PHASES,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
