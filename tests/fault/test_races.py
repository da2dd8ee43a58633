"""Many at once: the last seats, the same operations, a worker that dies between the vendor's act and our record."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections

from apps.accounts import identity
from apps.accounts import services as accounts
from apps.accounts.errors import LastAdministrator
from apps.accounts.models import RoleAssignment, RoleMapping
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.core.errors import Invalid
from apps.licenses import services
from apps.licenses.models import Seat, SeatRequest
from apps.licenses.selectors import ledger, ledger_of_phase
from apps.vendors import dispatch as dispatching
from apps.vendors import limiter
from apps.vendors.dispatch import dispatch
from apps.vendors.models import Operation, Workspace
from apps.vendors.sync import sync_workspace
from apps.vendors.tasks import sweep
from config.env import ROOT
from simulator.testing import RunningSimulator
from tests.factories.cast import World

pytestmark = pytest.mark.django_db(transaction=True)
INVITES = "/v1/organization/invites"


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Run `work(0…count-1)` in as many threads that start together; each has a connection of its own."""
    gate = threading.Barrier(count)

    def one(number: int) -> Any:
        gate.wait()
        try:
            return work(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(one, range(count)))


def test_forty_contacts_race_for_the_last_ten_seats_and_exactly_ten_are_given() -> None:
    world = World.build(more=40, allocation=10)
    requests = [world.ask(employee) for employee in world.staff(40)]
    alice = world.alice
    at_once(40, lambda n: services.request_approve(actor=alice, request=requests[n]))
    assert SeatRequest.objects.filter(state="approved").count() == 40
    assert Seat.objects.exclude(state="released").count() == 10
    assert all(line.balances for line in [*ledger(), *ledger_of_phase(world.phase.pk)])
    # Each seat that comes back goes to the next of the waiting list, in order of approval.
    first_waiting = SeatRequest.objects.filter(state="approved", seats=None).order_by("decided_at", "pk").first()
    assert first_waiting is not None
    holder = Seat.objects.exclude(state="released").select_related("employee").first()
    assert holder is not None
    services.seat_hand_back(actor=world.as_employee(holder.employee))
    assert Seat.objects.exclude(state="released").filter(request=first_waiting).exists()


def test_forty_decisions_on_one_request_decide_it_once() -> None:
    world = World.build()
    request = world.ask(world.employee("A003"))
    alice = world.alice
    outcomes = at_once(40, lambda n: services.requests_decide(actor=alice, request_ids=[request.pk], approve=True))
    assert sum(outcome[0].is_done for outcome in outcomes) == 1
    assert Seat.objects.count() == 1


def test_two_workers_who_look_in_another_order_do_not_wait_for_each_other(
    simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sees an urgent withdrawal that the other has not seen: each draws from both allowances, the other way round."""
    world = World.build(more=4)
    workspace = world.with_vendor(simulator.vendor_url, rate_limits={"*": 6000})
    orders = {0: ["invite", "group_create"], 1: ["group_create", "invite"]}
    mine, both = threading.local(), threading.Barrier(2, timeout=20)
    drawn = limiter.take

    def slowly(place: Workspace, kind: str, wanted: int) -> tuple[int, float]:
        found = drawn(place, kind, wanted)
        if not getattr(mine, "met", False):
            mine.met = True
            both.wait()
        return found

    monkeypatch.setattr(dispatching.limiter, "take", slowly)
    monkeypatch.setattr(dispatching, "_due", lambda place, kinds: [(kind, 1) for kind in orders[mine.number]])

    def claim(number: int) -> int:
        mine.number = number
        return len(dispatching._claim(Workspace.objects.get(pk=workspace.pk), 8))

    assert at_once(2, claim) == [0, 0]


def test_two_workers_send_each_operation_once(simulator: RunningSimulator) -> None:
    world = World.build(more=30)
    workspace = world.with_vendor(simulator.vendor_url)
    world.holders(30)
    assert Operation.objects.filter(kind="invite", state="pending").count() == 30
    sent = at_once(2, lambda n: dispatch(workspace, batch=5))
    assert sum(sent) == 30
    assert simulator.request_total("POST", INVITES) == 30
    assert Operation.objects.filter(state="done").count() == 30


def test_a_worker_that_dies_after_the_vendor_acted_sends_no_second_invitation(
    simulator: RunningSimulator, tmp_path: Path
) -> None:
    world = World.build(more=3)
    workspace = world.with_vendor(simulator.vendor_url)
    world.holders(3)
    died = _worker({"BEACON_FAILPOINT": f"after_vendor_call:{tmp_path / 'died'}"})
    assert died == 9
    assert simulator.request_total("POST", INVITES) == 3
    assert Operation.objects.filter(state="running").count() == 3
    Operation.objects.update(leased_until=clock.now() - timedelta(seconds=1))
    dispatch(workspace)
    assert simulator.request_total("POST", INVITES) == 3
    sync_workspace(actor=world.erin, workspace=workspace)
    dispatch(workspace)
    assert simulator.request_total("POST", INVITES) == 3
    assert Operation.objects.filter(kind="invite", state="done").count() == 3
    assert simulator.counts()["invites_pending"] == 3


def _worker(environment: dict[str, str]) -> int:
    """A worker process of its own on this test's database; returns its exit code."""
    settings = connection.settings_dict
    host = settings["OPTIONS"].get("host") or settings["HOST"]
    url = f"postgresql://{settings['USER']}:@/{settings['NAME']}?host={host}"
    code = (
        "import django; django.setup()\n"
        "from apps.vendors.dispatch import dispatch\nfrom apps.vendors.models import Workspace\n"
        "dispatch(Workspace.objects.get())\n"
    )
    values = os.environ | environment | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings.test"}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=values, check=False, capture_output=True
    ).returncode


def test_an_emptied_broker_loses_nothing(simulator: RunningSimulator) -> None:
    import valkey

    world = World.build(more=5)
    workspace = world.with_vendor(simulator.vendor_url)
    world.holders(5)
    with valkey.Valkey.from_url(os.environ["BROKER_URL"]) as broker:
        broker.flushall()
        assert sweep() >= 1  # the tick finds what is due in the database and rings again
        assert broker.llen("celery") >= 1
    assert dispatch(workspace) == 5


def test_approving_works_while_the_broker_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    from kombu.exceptions import OperationalError

    from apps.vendors.tasks import dispatch_workspace

    def away(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(dispatch_workspace, "apply_async", away)
    world = World.build(more=1)
    world.with_vendor("http://127.0.0.1:9/v1")
    world.holders(1)
    assert Operation.objects.filter(state="pending", kind="invite").count() == 1


def test_two_administrators_who_end_each_other_leave_one() -> None:
    world = World.build()
    actors = [world.erin, world.eve]
    roles = [RoleAssignment.objects.get(user=world.users[name]) for name in ("eve", "erin")]

    def end(number: int) -> str:
        try:
            accounts.role_end(actor=actors[number], assignment=roles[number], reason="New job")
        except LastAdministrator:
            return "refused"
        return "ended"

    assert sorted(at_once(2, end)) == ["ended", "refused"]


def test_a_sign_in_without_the_group_and_a_colleague_take_a_role_once_and_wait_for_nobody_forever() -> None:
    """Bob is an administrator by his group. He signs in without it while Erin ends his role: one of them does it."""
    world = World.build()
    bob, erin = world.users["bob"], world.erin
    mapping = RoleMapping.objects.create(
        provider="state",
        claim="groups",
        value="g-1",
        role="administrator",
        created_by="Erin",
        created_by_key=erin.key,
        confirmed_by="Eve",
        confirmed_by_key=world.eve.key,
        confirmed_at=clock.now(),
    )
    said = identity.Identity("state", "oidc", "u-1", bob.email, True, bob.name)
    for _ in range(8):
        identity.roles_follow(bob, replace(said, groups=frozenset({"g-1"})))
        held = RoleAssignment.objects.get(user=bob, mapping=mapping, ended_at=None)

        def end(number: int, held: RoleAssignment = held) -> None:
            if number:
                identity.roles_follow(bob, said)
                return
            with suppress(Invalid):
                accounts.role_end(actor=erin, assignment=held, reason="New job")

        at_once(2, end)
        held.refresh_from_db()
        assert held.ended_at is not None
        assert AuditEvent.objects.filter(verb="accounts.role.ended", record_id=str(held.pk)).count() == 1
