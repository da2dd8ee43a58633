"""kill -9, again and again, at every named point and at any moment: no decision is lost, nobody is invited twice, and
two ticks after the last death the vendor shows what was decided.

BEACON_KILLS says how many deaths (60 in the suite, 1,000 by `make fault-long`), BEACON_SEED which.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from apps.accounts.actors import SYSTEM
from apps.agencies import fiction, roster_services
from apps.agencies.models import Employee
from apps.core import clock
from apps.core.failpoints import DIED, POINTS
from apps.licenses.models import Seat, SeatPeriod, SeatRequest
from apps.licenses.selectors import ledger, ledger_of_phase
from apps.licenses.tasks import sweep
from apps.vendors.models import Operation, Workspace
from config.env import ROOT
from simulator.testing import start
from tests.factories.cast import World
from tests.fault import truth
from tests.fault.conftest import ADAPTERS, Office, with_chatgpt

KILLS = int(os.environ.get("BEACON_KILLS") or 60)
PEOPLE = 12
WRITES = ("POST /invites", "DELETE /invites/{invite_id}", "DELETE /users/{user_id}", "POST /groups/{group_id}/users")
# Which work passes which point.
PASSES = {
    "dispatch": ("after_claim", "after_vendor_call", "after_recording"),
    "sync": ("after_observing",),
    "tick": ("in_tick", "before_commit_decision"),
    "approve": ("before_commit_decision",),
    "hand_back": ("before_commit_decision",),
    "roster": ("before_commit_decision", "after_roster_apply"),
}

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120 + KILLS * 3)]


def process_environment(folder: Path) -> dict[str, str]:
    """What a process of its own needs to work on this test's database, with a broker that no other test hears."""
    settings = connection.settings_dict
    host = settings["OPTIONS"].get("host") or settings["HOST"]
    return os.environ | {
        "DATABASE_URL": f"postgresql://{settings['USER']}:@/{settings['NAME']}?host={host}",
        "BROKER_URL": os.environ["BROKER_URL"].rpartition("/")[0] + "/7",
        "DJANGO_SETTINGS_MODULE": "tests.fault.quick_settings",
        "BEACON_HOME": str(folder),
        "PYTHONPATH": str(ROOT),
    }


@dataclass
class Zygote:
    """The process that makes others; see zygote.py."""

    process: subprocess.Popen[str]

    def run(self, work: str, number: int = 0, *, failpoint: str = "", after: float = 0.0) -> int:
        """Let a process do a piece of work; its exit status (negative: the signal that ended it)."""
        assert self.process.stdin
        assert self.process.stdout
        order = {"work": work, "number": number, "failpoint": failpoint, "after": after}
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@contextmanager
def zygote(folder: Path) -> Iterator[Zygote]:
    command = [sys.executable, "-m", "tests.fault.zygote"]
    with subprocess.Popen(
        command, cwd=ROOT, env=process_environment(folder), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield Zygote(process)
        assert process.stdin
        process.stdin.close()


@dataclass
class Storm:
    """A seeded series of decisions and deaths."""

    office: Office
    zygote: Zygote
    dice: random.Random
    folder: Path
    deaths: int = 0
    decided: int = 0

    def person(self) -> Employee:
        return self.dice.choice(list(self.office.world.staff(PEOPLE)))

    def decision(self) -> tuple[str, int]:
        """A decision that is to be made by a process which may die of it."""
        person = self.person()
        request = SeatRequest.objects.filter(employee=person, is_current=True).first()
        seat = Seat.objects.filter(employee=person).exclude(state="released").exists()
        if seat:
            return "hand_back", person.pk
        if request is None or request.state != "submitted":
            request = self.office.world.ask(person)
        return "approve", request.pk

    def roster(self) -> int:
        """An HR file in which somebody has another title, confirmed and waiting for the worker."""
        rows = [list(r) for r in self.office.world.rows]
        self.dice.choice(rows)[4] = f"Title {self.decided}"
        run = roster_services.roster_receive(actor=SYSTEM, file_name="hr.csv", content=fiction.to_csv(rows))
        run = roster_services.roster_plan(actor=SYSTEM, run=run)
        return roster_services.roster_confirm(actor=SYSTEM, run=run).pk

    def round(self, number: int) -> None:
        work = self.dice.choice(["dispatch", "dispatch", "sync", "tick", "decide", "decide", "roster"])
        target = 0
        if work == "decide":
            work, target = self.decision()
        elif work == "roster":
            target = self.roster()
        self._vendor_dies_too(number)
        if self.dice.random() < 0.7:
            point = self.dice.choice(PASSES[work])
            status = self.zygote.run(work, target, failpoint=f"{point}:{self.folder / str(number)}")
            assert status in {0, DIED}, f"{work} at {point} ended with {status}"
        else:
            status = self.zygote.run(work, target, after=self.dice.uniform(0.005, 0.12))
            assert status in {0, -14}, f"{work} ended with {status}"
        self.deaths += status != 0
        self.decided += status == 0 and work in {"approve", "hand_back"}
        if status == 0 and work == "approve":
            assert Seat.objects.filter(request=target).exists(), "an approval that was confirmed is lost"
        self._and_life_goes_on()

    def _vendor_dies_too(self, number: int) -> None:
        if self.dice.random() < 0.15:
            method, path = self.dice.choice(WRITES).split()
            kind = self.dice.choice(["kill_before", "kill_after"])
            self.office.simulator.fault(self.office.route(method, path), kind, times=1)

    def _and_life_goes_on(self) -> None:
        simulator = self.office.simulator
        if not simulator.alive:
            self.deaths += 1
            simulator.restart()
        simulator.clear_faults()
        if self.dice.random() < 0.3:
            simulator.accept_all()
        if self.dice.random() < 0.5:
            leases_end()

    def calm(self) -> None:
        """The deaths end, the leases too: two ticks of everything."""
        for _ in range(2):
            self.office.wait(minutes=20)
            Operation.objects.filter(state="retry").update(next_attempt_at=clock.now())
            sweep()
            for step in (self.office.send, self.office.look, self.office.send):
                step()


def leases_end() -> None:
    """As if the minutes had passed after which somebody else looks after what a dead worker had."""
    past = clock.now() - timedelta(seconds=1)
    Operation.objects.filter(state="running").update(leased_until=past)
    Operation.objects.filter(state__in=["retry", "pending"]).update(next_attempt_at=past)
    Workspace.objects.exclude(lease_until=None).update(lease_until=past)


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_whoever_dies_whenever_no_decision_is_lost_and_nobody_is_invited_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, adapter: str
) -> None:
    number = int(os.environ.get("BEACON_SEED") or random.SystemRandom().randrange(10**9))
    print(f"BEACON_SEED={number} BEACON_KILLS={KILLS}")
    monkeypatch.setenv("BEACON_TEST_WORKSPACE_KEY", "sim-workspace-key")
    with ExitStack() as stack:
        simulator = stack.enter_context(start(tmp_path / "vendor.sqlite3", accept_rate=0.0))
        world = World.build(more=PEOPLE, allocation=PEOPLE)
        for person in world.staff(PEOPLE):
            world.accept(person)
            world.train(person)
        is_chatgpt = adapter == "chatgpt_workspace"
        workspace = with_chatgpt(world, simulator) if is_chatgpt else world.with_vendor(simulator.vendor_url)
        office = Office(world, workspace, simulator, stack)
        storm = Storm(office, stack.enter_context(zygote(tmp_path)), random.Random(number), tmp_path)
        turn = 0
        while storm.deaths < KILLS // len(ADAPTERS):
            turn += 1
            storm.round(turn)
        storm.calm()
        print(f"{storm.deaths} deaths, {storm.decided} decisions confirmed in {turn} rounds")
        check(office)


def check(office: Office) -> None:
    """Everything that must hold after any series of deaths."""
    assert truth.differences(office.simulator) == []
    assert max(truth.pending(office.simulator).values(), default=0) <= 1
    grants = {
        email.lower(): SeatPeriod.objects.filter(employee__email=email, state="granted").count()
        for email in truth.invited(office.simulator)
    }
    assert all(count <= grants[email] for email, count in truth.invited(office.simulator).items())
    assert all(line.balances for line in [*ledger(), *ledger_of_phase(office.world.phase.pk)])
    open_ones = Operation.objects.filter(state__in=["running", "pending", "retry", "needs_attention"])
    assert not open_ones.exists(), [(o.kind, o.state, o.last_error) for o in open_ones]


def test_every_point_that_the_code_has_is_killed_at() -> None:
    assert {point for points in PASSES.values() for point in points} == POINTS
