"""More of the vendor's bad days: answers to a write that say nothing, keys that end, people whom somebody else manages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx2
import pytest

from apps.core import clock
from apps.licenses import services as licenses
from apps.vendors import drift as drifts
from apps.vendors import services, wire
from apps.vendors.errors import NotAdoptable
from apps.vendors.models import Allowance, Attempt, Drift, Operation, VendorAccount, VendorGroup, Workspace
from apps.vendors.planning import group_name
from tests.factories.cast import import_rows, row
from tests.fault.conftest import Office

pytestmark = pytest.mark.django_db(transaction=True)
USERS, INVITES = "GET /v1/organization/users", "POST /v1/organization/invites"
REMOVALS = "DELETE /v1/organization/users/{user_id}"

WRITE_FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("status", {"status": "502_html"}),
    ("status", {"status": 503, "applied": True}),
    ("status", {"status": 429, "retry_after": "none"}),
    ("status", {"status": 429, "retry_after": "long"}),
    ("truncated_json", {}),
    ("drop_after", {}),
]


@pytest.mark.parametrize(("kind", "options"), WRITE_FAULTS, ids=[f"{k} {o}" for k, o in WRITE_FAULTS])
def test_one_invitation_reaches_bob_whatever_the_vendor_answers(
    house: Office, kind: str, options: dict[str, Any]
) -> None:
    house.simulator.fault(INVITES, kind, times=1, **options)
    house.world.holders(1)
    house.send()
    assert Operation.objects.get(kind="invite").state == "retry"
    house.settle()
    assert house.simulator.counts()["invites_pending"] == 1
    assert Operation.objects.get(kind="invite").state == "done"
    assert Attempt.objects.filter(operation__kind="invite").exclude(outcome="started").exists()


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_invitation_that_timed_out_is_looked_for_and_not_sent_blindly_again(
    house: Office, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    monkeypatch.setattr(wire, "TIMEOUT", httpx2.Timeout(0.2))
    house.simulator.fault(INVITES, "delay", seconds=0.5, when=when, times=1)
    house.world.holders(1)
    house.send()
    operation = Operation.objects.get(kind="invite")
    assert operation.is_unclear
    assert operation.state == "retry"
    monkeypatch.setattr(wire, "TIMEOUT", httpx2.Timeout(5.0))
    house.settle()
    assert house.simulator.counts()["invites_pending"] == 1


def test_a_removal_is_repeated_until_it_is_so(house: Office) -> None:
    house.active(3)
    house.simulator.fault(REMOVALS, "drop_after", times=1)
    house.simulator.fault(REMOVALS, "status", status=500, nth=2, times=1)
    for number in range(2):
        house.hand_back(house.person(number))
    for _ in range(4):
        house.send()
        Operation.objects.filter(state="retry").update(next_attempt_at=clock.now())
    assert house.simulator.counts()["users"] == 2  # the third holder and the owner
    assert not Operation.objects.filter(kind="remove").exclude(state="done").exists()


def test_the_vendors_pause_holds_for_every_worker_and_only_for_that_kind_of_call(house: Office) -> None:
    house.active(1)
    house.simulator.fault(INVITES, "status", status=429, retry_after="long", times=1)
    house.world.holder(house.person(1))
    house.send()
    pause = Allowance.objects.get()
    assert (pause.kind, pause.until - clock.now() > timedelta(minutes=9)) == ("invite", True)
    house.world.holder(house.person(2))
    sent = house.invitations()
    house.hand_back(house.person(0))
    house.send()
    assert (house.invitations(), house.removals()) == (sent, 1)
    house.wait(minutes=11)
    house.settle()
    assert house.simulator.counts()["invites_pending"] == 2


def test_attempts_grow_apart_and_end_on_day_28_with_a_person(house: Office) -> None:
    house.active(1)
    house.simulator.fault(REMOVALS, "status", status=429, retry_after="none", times=None)
    house.hand_back(house.person(0))
    house.send()
    operation = Operation.objects.get(kind="remove")
    assert operation.state == "retry"
    assert operation.next_attempt_at > clock.now() + timedelta(seconds=50)
    house.wait(days=29)
    house.send()
    operation.refresh_from_db()
    assert operation.state == "needs_attention"
    assert "28 days" in operation.last_error
    house.simulator.clear_faults()
    services.operation_retry(actor=house.world.erin, operation=operation)
    Allowance.objects.all().delete()
    house.send()
    operation.refresh_from_db()
    assert operation.state == "done"


def test_forty_percent_failures_open_the_breaker_and_removals_go_on(house: Office) -> None:
    house.active(2)
    refused = Operation.objects.filter(kind="invite").first()
    assert refused is not None
    Attempt.objects.bulk_create(
        [Attempt(operation=refused, workspace=house.workspace, outcome="Rejected") for _ in range(49)]
    )
    house.simulator.fault(INVITES, "status", status=422, times=1)
    house.world.holder(house.person(2))
    house.send()
    house.workspace.refresh_from_db()
    assert house.workspace.paused_until is not None
    sent = house.invitations()
    house.world.holder(house.person(3))
    house.hand_back(house.person(0))
    house.send()
    assert (house.invitations(), house.removals()) == (sent, 1)
    house.wait(minutes=6)
    house.send()
    assert house.invitations() == sent + 1


# ---- keys --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_ends_halts_and_marks_nobody_failed(house: Office, status: int) -> None:
    house.active(1)
    for number in (1, 2):
        house.world.holder(house.person(number))
    house.simulator.fault("POST *", "status", status=status, times=None)
    house.send()
    house.workspace.refresh_from_db()
    assert house.workspace.is_halted
    assert f"HTTP {status}" in house.workspace.halt_reason
    assert not Operation.objects.filter(state__in=["needs_attention", "superseded"]).exists()
    house.simulator.clear_faults()
    house.settle()
    house.workspace.refresh_from_db()
    assert not house.workspace.is_halted
    assert house.simulator.counts()["invites_pending"] == 2


@pytest.mark.parametrize("reference", ["env:NOT_SET_ANYWHERE", "file:missing"])
def test_a_key_that_is_not_there_is_said_and_nothing_is_lost(house: Office, reference: str) -> None:
    house.world.holders(1)
    Workspace.objects.update(credential=reference)
    house.workspace.refresh_from_db()
    assert house.send() == 0
    run = house.look()
    assert run.state == "failed"
    assert "key" in run.problems[0]
    Workspace.objects.update(credential="env:BEACON_TEST_VENDOR_KEY")
    house.workspace.refresh_from_db()
    house.settle()
    assert house.simulator.counts()["invites_pending"] == 1


def test_an_address_where_nobody_answers_is_an_incomplete_look(house: Office) -> None:
    house.active(2)
    Workspace.objects.update(address="http://127.0.0.1:9/v1")
    house.workspace.refresh_from_db()
    run = house.look()
    assert (run.state, house.members()) == ("incomplete", 2)
    assert any("Members" in problem for problem in run.problems)


def test_the_vendor_is_away_for_a_day_and_everything_catches_up(house: Office) -> None:
    house.active(2)
    house.simulator.kill()
    try:
        house.world.holder(house.person(2))
        house.hand_back(house.person(0))
        for _ in range(2):
            house.send()
            assert house.look().state == "incomplete"
    finally:
        house.simulator.restart()
    house.settle()
    counts = house.simulator.counts()
    assert (counts["users"], counts["invites_pending"]) == (2, 1)
    assert house.invitations() <= 3


# ---- whom somebody else manages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["is_scim_managed", "is_service_account", "owner"])
@pytest.mark.parametrize("seat", [False, True])
def test_accounts_of_others_are_never_written_to(house: Office, kind: str, seat: bool) -> None:
    house.active(1)  # so that the agency's group is there
    person = house.person(1)
    details = {"role": "owner"} if kind == "owner" else {kind: True}
    house.simulator.add_members([{"email": person.email, "name": "X", **details}])
    house.look()
    if seat:
        house.world.holder(person)
    house.simulator.clear_requests()
    house.settle()
    if seat:
        house.hand_back(person)
        house.settle()
    assert house.simulator.request_total("POST", "/v1/organization/invites") == 0
    assert house.removals() == 0
    assert house.simulator.request_total("POST", "/v1/organization/groups/{group_id}/users") == 0


def test_an_account_that_beacon_did_not_make_is_left_alone_until_it_is_adopted(house: Office) -> None:
    house.active(1)
    person = house.person(1)
    house.simulator.add_members([person.email])
    house.look()
    drift = Drift.objects.get(kind="orphan", employee=person)
    with pytest.raises(NotAdoptable):
        drifts.drift_adopt(actor=house.world.erin, drift=drift, reason="A pilot account")
    house.world.holder(person)
    house.send()
    assert house.invitations() == 1  # there is an account already
    drifts.drift_adopt(actor=house.world.erin, drift=drift, reason="A pilot account")
    house.settle()
    account = VendorAccount.objects.get(employee=person)
    assert account.is_ours
    assert len(account.groups) == 1
    house.hand_back(person)
    house.settle()
    assert house.removals() == 1


def test_a_leavers_account_that_beacon_did_not_make_is_named_and_removed_by_a_person(house: Office) -> None:
    world = house.world
    import_rows([*world.rows, *[row(f"Z{n:03d}", "Zoe", "Staff", "AAA") for n in range(40)]])
    person = house.person(1)
    house.simulator.add_members([person.email])
    rows = [*world.rows, *[row(f"Z{n:03d}", "Zoe", "Staff", "AAA") for n in range(40)]]
    import_rows([r for r in rows if r[0] != person.employee_id])
    house.look()
    drift = Drift.objects.get(employee=person)
    assert drift.kind == "leaver"
    assert house.removals() == 0
    drifts.drift_remove(actor=world.erin, drift=drift, reason="Has left")
    house.settle()
    assert house.simulator.counts()["users"] == 1
    assert not Drift.objects.filter(state="open").exists()


def test_a_wrong_role_is_named_and_repairing_asks_anew(house: Office) -> None:
    house.active(1)
    house.simulator.fault(USERS, "unknown_enum", field="role", value="wizard", row=1, times=None)
    house.look()
    drift = Drift.objects.get(kind="wrong_role", state="open")
    assert "wizard" in drift.detail
    drifts.drift_ignore(
        actor=house.world.erin, drift=drift, until=clock.today() + timedelta(days=2), reason="The vendor looks into it"
    )
    house.look()
    drift.refresh_from_db()
    assert drift.state == "ignored"
    house.wait(days=3)
    house.look()
    drift.refresh_from_db()
    assert drift.state == "open"
    house.simulator.clear_faults()
    house.look()
    drift.refresh_from_db()
    assert (drift.state, drift.resolution) == ("resolved", "gone")


def test_a_removed_member_who_reappears_is_drift_and_not_a_loop(house: Office) -> None:
    house.active(2)
    person = house.person(0)
    house.hand_back(person)
    house.send()
    assert house.removals() == 1
    house.simulator.add_members([person.email])  # as an identity provider does that still assigns them
    for _ in range(3):
        house.look()
        house.send()
    assert house.removals() == 1
    assert Drift.objects.get(state="open").kind == "orphan"


def test_a_ghost_is_repaired_by_hand_before_the_next_look(house: Office) -> None:
    house.active(2)
    house.simulator.remove_members([house.person(0).email])
    house.look()
    Operation.objects.filter(kind="invite", state="pending").update(state="superseded")
    drifts.drift_repair(
        actor=house.world.erin, drift=Drift.objects.get(kind="ghost", state="open"), reason="Removed by mistake"
    )
    house.send()
    assert house.simulator.counts()["invites_pending"] == 1


# ---- invitations -------------------------------------------------------------------------------------------------------


def test_an_invitation_that_expired_is_sent_three_times_and_then_named(house: Office) -> None:
    house.world.holders(1)
    for _ in range(6):
        house.send()
        house.wait(days=8)
        house.look()
    assert house.invitations() == 3
    drift = Drift.objects.get(state="open")
    assert (drift.kind, drift.employee) == ("stale_invite", house.person(0))
    # A person may have it sent once more, and a new seat counts anew.
    drifts.drift_repair(actor=house.world.erin, drift=drift, reason="On parental leave until now")
    house.settle()
    assert house.invitations() == 4
    house.hand_back(house.person(0))
    house.settle()
    house.world.approve(house.world.ask(house.person(0)))
    house.settle()
    assert house.invitations() == 5
    assert house.simulator.counts()["invites_pending"] == 1


def test_an_invitation_of_somebody_else_to_bob_is_not_doubled(house: Office) -> None:
    person = house.person(0)
    house.simulator.call("POST", "/v1/organization/invites", {"email": person.email.upper(), "role": "reader"})
    house.look()
    house.world.holders(1)
    house.settle()
    assert house.invitations() == 1
    house.simulator.accept_all()
    house.settle()
    assert VendorAccount.objects.filter(employee=person, gone_at=None).count() == 1


def test_the_address_that_the_vendor_shows_may_differ_in_case(house: Office) -> None:
    house.world.holders(1)
    house.send()
    person = house.person(0)
    house.simulator.add_members([person.email.upper()])
    house.settle()
    account = VendorAccount.objects.get(employee=person)
    assert account.email == person.email.upper()
    house.hand_back(person)
    house.settle()
    assert house.simulator.counts()["users"] == 1


# ---- groups ------------------------------------------------------------------------------------------------------------


def test_groups_follow_a_mover_and_leave_others_groups_alone(house: Office) -> None:
    from apps.rollout import services as rollout

    world = house.world
    rollout.phase_agency_add(actor=world.erin, phase=world.phase, agency=world.b, allocation=5)
    house.active(1)
    person = house.person(0)
    made = house.simulator.call("POST", "/v1/organization/groups", {"name": "Prompt club"}).json
    account = VendorAccount.objects.get(employee=person)
    house.simulator.call("POST", f"/v1/organization/groups/{made['id']}/users", {"user_id": account.vendor_id})
    house.settle()
    first = VendorGroup.objects.get(agency=world.a)
    assert first.name == group_name("AAA", "Agency of Apples")
    import_rows(
        [row(person.employee_id, "Staff100", "Aaa", "BBB") if r[0] == person.employee_id else r for r in world.rows]
    )
    house.settle(6)
    second = VendorGroup.objects.get(agency=world.b)
    account.refresh_from_db()
    assert account.groups == [second.vendor_id]
    assert house.simulator.counts()["group_members"] == 2  # the new agency's and the club's
    assert licenses.Seat.objects.get(employee=person).state == "granted"


def test_two_groups_of_one_name_do_not_make_people_wander(house: Office) -> None:
    house.active(2)
    house.simulator.call("POST", "/v1/organization/groups", {"name": group_name("AAA", "Agency of Apples")})
    house.settle()
    house.simulator.clear_requests()
    for _ in range(3):
        house.look()
        house.send()
    assert house.simulator.request_total("POST") == 0
    assert house.simulator.request_total("DELETE") == 0
