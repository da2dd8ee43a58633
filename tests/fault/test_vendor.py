"""The vendor's bad days: the sync says what happened, loses nothing and removes nobody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.accounts.actors import SYSTEM
from apps.core import clock
from apps.licenses import services as licenses
from apps.vendors import drift as drifts
from apps.vendors import services
from apps.vendors.dispatch import dispatch
from apps.vendors.errors import NeedsSecondPerson, SyncUnderWay, WrongNumber
from apps.vendors.models import Allowance, Drift, Operation, SyncRun, VendorAccount, VendorInvite, Workspace
from apps.vendors.sync import sync_workspace
from simulator.testing import RunningSimulator
from tests.factories.cast import World
from tests.fault.conftest import lists_catch_up

pytestmark = pytest.mark.django_db(transaction=True)
USERS, INVITES = "GET /v1/organization/users", "POST /v1/organization/invites"


@pytest.fixture
def office(simulator: RunningSimulator) -> tuple[World, Workspace, RunningSimulator]:
    """Five holders of agency A whose accounts are active at the vendor."""
    world = World.build(more=8)
    workspace = world.with_vendor(simulator.vendor_url)
    world.holders(5)
    dispatch(workspace)
    simulator.accept_all()
    settled(workspace)
    return world, workspace, simulator


def look(workspace: Workspace) -> SyncRun:
    return sync_workspace(actor=SYSTEM, workspace=workspace).run


def settled(workspace: Workspace, rounds: int = 4) -> None:
    """Look and send until there is nothing left to do."""
    for _ in range(rounds):
        lists_catch_up()
        look(workspace)
        Operation.objects.filter(state__in=["pending", "retry"]).update(next_attempt_at=clock.now())
        dispatch(workspace)


def members(workspace: Workspace) -> int:
    return VendorAccount.objects.filter(workspace=workspace, gone_at=None, is_ours=True).count()


def test_invited_accepted_and_put_into_the_agencys_group(office: tuple[World, Workspace, RunningSimulator]) -> None:
    _, workspace, simulator = office
    assert members(workspace) == 5
    assert simulator.counts()["group_members"] == 5
    run = look(workspace)
    assert (run.state, run.counts) == ("done", {})


LIST_FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("status", {"status": 500}),
    ("status", {"status": 503}),
    ("status", {"status": 429, "retry_after": "none"}),
    ("status", {"status": 429, "retry_after": "long"}),
    ("status", {"status": "502_html"}),
    ("html_200", {}),
    ("truncated_json", {}),
    ("empty_has_more", {}),
    ("stuck_cursor", {}),
    ("null_cursor", {}),
    ("drop_before", {}),
    ("drop_after", {}),
    ("missing_field", {"where": "envelope", "field": "has_more"}),
]


@pytest.mark.parametrize(("kind", "options"), LIST_FAULTS, ids=lambda value: str(value)[:40])
def test_a_list_that_fails_is_said_and_removes_nobody(
    office: tuple[World, Workspace, RunningSimulator], kind: str, options: dict[str, Any]
) -> None:
    _, workspace, simulator = office
    simulator.seed(250)  # three pages, so that cursors matter
    look(workspace)
    simulator.fault(USERS, kind, times=99, **options)
    run = look(workspace)
    assert run.state == "incomplete"
    assert run.problems
    assert "Members" in run.problems[0]
    assert members(workspace) == 5
    assert not Operation.objects.filter(kind="remove").exists()
    simulator.clear_faults()
    Allowance.objects.all().delete()  # as if the vendor's pause had passed
    assert look(workspace).state == "done"
    assert members(workspace) == 5


CREATE_FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("status", {"status": 500}),
    ("status", {"status": 500, "applied": True}),
    ("status", {"status": 503}),
    ("status", {"status": 429, "retry_after": "int"}),
    ("status", {"status": 409}),
    ("drop_before", {}),
    ("drop_after", {}),
    ("html_200", {}),
]


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("repeated_row", {}),
        ("unknown_enum", {"field": "role", "value": "wizard"}),
        ("extra_field", {"field": "mood", "value": "odd"}),
        ("missing_field", {"field": "email"}),
    ],
)
def test_odd_records_are_taken_as_they_are_and_remove_nobody(
    office: tuple[World, Workspace, RunningSimulator], kind: str, options: dict[str, Any]
) -> None:
    _, workspace, simulator = office
    simulator.fault(USERS, kind, times=99, **options)
    assert look(workspace).state == "done"
    assert not Operation.objects.filter(kind="remove").exists()
    assert VendorAccount.objects.filter(workspace=workspace, gone_at=None).count() == 6
    simulator.clear_faults()
    look(workspace)
    assert members(workspace) == 5


def test_null_addresses_service_accounts_and_scim_people_are_left_alone(simulator: RunningSimulator) -> None:
    world = World.build()
    workspace = world.with_vendor(simulator.vendor_url)
    simulator.seed(20, oddities=True)
    assert look(workspace).state == "done"
    assert not Operation.objects.exists()


@pytest.mark.parametrize(("kind", "options"), CREATE_FAULTS, ids=str)
def test_an_invitation_whose_outcome_is_unclear_is_sent_once_in_effect(
    office: tuple[World, Workspace, RunningSimulator], kind: str, options: dict[str, Any]
) -> None:
    world, workspace, simulator = office
    simulator.fault(INVITES, kind, times=1, **options)
    seat = world.holder(list(world.staff(6))[5])
    dispatch(workspace)
    first = Operation.objects.get(employee=seat.employee_id, kind="invite")
    assert first.state in {"retry", "done"}
    for _ in range(3):
        Allowance.objects.all().delete()
        settled(workspace, 1)
    assert Operation.objects.get(pk=first.pk).state == "done"
    pending = VendorInvite.objects.filter(employee=seat.employee_id, gone_at=None)
    assert pending.count() == 1
    counts = simulator.counts()
    assert counts["invites_pending"] + counts["invites_accepted"] == 6


def test_a_wrong_key_halts_everything_and_the_right_one_ends_the_halt(
    office: tuple[World, Workspace, RunningSimulator], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, workspace, _ = office
    monkeypatch.setenv("BEACON_TEST_VENDOR_KEY", "wrong")
    assert look(workspace).state == "failed"
    workspace.refresh_from_db()
    assert workspace.is_halted
    world.holder(list(world.staff(6))[5])
    assert dispatch(workspace) == 0  # nothing is sent while halted
    monkeypatch.setenv("BEACON_TEST_VENDOR_KEY", "sim-admin-key")
    assert look(workspace).state == "done"
    workspace.refresh_from_db()
    assert not workspace.is_halted
    assert dispatch(workspace) == 1


def test_hostile_environment_variables_change_nothing(
    office: tuple[World, Workspace, RunningSimulator], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_ADMIN_KEY", "OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "hostile")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert look(office[1]).state == "done"


def test_a_separated_holder_is_removed_and_a_removal_that_was_done_already_is_success(
    office: tuple[World, Workspace, RunningSimulator],
) -> None:
    world, workspace, simulator = office
    leaver = world.staff(1)[0]  # type: ignore[index]  # a list
    simulator.remove_members([leaver.email])
    licenses.seat_hand_back(actor=world.as_employee(leaver))
    dispatch(workspace)
    assert Operation.objects.get(employee=leaver, kind="remove").state == "done"
    assert members(workspace) == 4


def test_an_invitation_accepted_between_plan_and_withdrawal_is_removed_as_a_member(
    office: tuple[World, Workspace, RunningSimulator],
) -> None:
    world, workspace, simulator = office
    late = list(world.staff(6))[5]
    world.holder(late)
    dispatch(workspace)
    licenses.seat_hand_back(actor=world.as_employee(late))
    assert Operation.objects.get(employee=late, state="pending").kind == "withdraw"
    simulator.accept(late.email)
    dispatch(workspace)
    assert simulator.counts()["users"] == 6  # five holders and the owner
    assert Operation.objects.get(employee=late, kind="withdraw").state == "done"


def test_many_removals_wait_for_a_second_person_who_types_the_number(simulator: RunningSimulator) -> None:
    world = World.build(more=12, allocation=20)
    workspace = world.with_vendor(simulator.vendor_url)
    world.holders(12)
    dispatch(workspace)
    simulator.accept_all()
    settled(workspace)
    for employee in world.staff(12):
        licenses.seat_hand_back(actor=world.as_employee(employee))
    # Somebody gives the removals up; the next look finds twelve accounts without a seat.
    Operation.objects.filter(kind="remove").update(state="superseded")
    run = sync_workspace(actor=world.erin, workspace=workspace).run
    assert run.state == "held"
    assert run.removals == 12
    assert dispatch(workspace) == 0
    with pytest.raises(NeedsSecondPerson):
        services.run_release(actor=world.erin, run=run, number=12, reason="Sure")
    with pytest.raises(WrongNumber):
        services.run_release(actor=world.eve, run=run, number=11, reason="Sure")
    services.run_release(actor=world.eve, run=run, number=12, reason="They handed back")
    assert dispatch(workspace) == 12
    assert simulator.counts()["users"] == 1


def test_accounts_that_nobody_decided_become_drift_and_owners_are_never_touched(
    office: tuple[World, Workspace, RunningSimulator],
) -> None:
    world, workspace, simulator = office
    extra = list(world.staff(7))[6]
    simulator.add_members([{"email": extra.email, "name": "X", "role": "reader"}, "stranger@else.example"])
    look(workspace)
    found = {one.kind: one for one in Drift.objects.filter(state="open")}
    assert set(found) == {"orphan", "unmanaged"}
    assert not Operation.objects.filter(kind="remove").exists()
    drifts.drift_remove(actor=world.erin, drift=found["unmanaged"], reason="Unknown trial account")
    drifts.drift_ignore(
        actor=world.erin, drift=found["orphan"], until=clock.today() + timedelta(days=7), reason="Being looked into"
    )
    dispatch(workspace)
    look(workspace)
    assert Drift.objects.filter(state="open").count() == 0
    assert VendorAccount.objects.filter(role="owner", gone_at=None).count() == 1


def test_an_account_that_vanishes_is_a_ghost_and_invited_again(
    office: tuple[World, Workspace, RunningSimulator],
) -> None:
    world, workspace, simulator = office
    ghost = next(iter(world.staff(1)))
    simulator.remove_members([ghost.email])
    look(workspace)
    assert Drift.objects.get(kind="ghost").employee_id == ghost.pk
    assert Operation.objects.filter(employee=ghost, kind="invite", state="pending").count() == 1


def test_a_list_that_lags_behind_our_writes_causes_no_second_invitation(simulator: RunningSimulator) -> None:
    world = World.build(more=2)
    workspace = world.with_vendor(simulator.vendor_url)
    simulator.settings(read_lag_seconds=600)
    world.holders(2)
    dispatch(workspace)
    for _ in range(3):
        look(workspace)
        dispatch(workspace)
    assert simulator.request_total("POST", "/v1/organization/invites") == 2


def test_one_sync_at_a_time(office: tuple[World, Workspace, RunningSimulator]) -> None:
    _, workspace, _ = office
    Workspace.objects.update(lease_until=clock.now() + timedelta(minutes=1))
    with pytest.raises(SyncUnderWay):
        look(workspace)
