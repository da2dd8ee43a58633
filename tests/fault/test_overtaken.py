"""Decisions that change while the vendor is busy: the newest one counts, whatever was under way."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.core import clock
from apps.vendors import drift as drifts
from apps.vendors import services
from apps.vendors.models import Drift, Operation, VendorAccount, VendorInvite
from apps.vendors.planning import operations_write
from apps.vendors.reconcile import Wanted
from apps.vendors.sync import sync_workspace
from apps.vendors.tasks import sweep
from tests.fault.conftest import Office, lists_catch_up

pytestmark = pytest.mark.django_db(transaction=True)
INVITES = "POST /v1/organization/invites"


def test_an_invitation_put_off_by_the_vendor_is_dropped_once_the_seat_is_handed_back(house: Office) -> None:
    house.simulator.fault(INVITES, "status", status=429, retry_after="int", times=1)
    house.world.holders(1)
    house.send()
    assert Operation.objects.get(kind="invite").state == "retry"
    house.hand_back(house.person(0))
    assert Operation.objects.get(kind="invite").state == "superseded"
    house.settle()
    assert house.invitations() == 1


@pytest.mark.parametrize("fault", ["drop_before", "drop_after"])
def test_an_unclear_invitation_to_somebody_who_handed_back_ends_without_an_account(house: Office, fault: str) -> None:
    house.simulator.fault(INVITES, fault, times=1)
    house.world.holders(1)
    house.send()
    house.hand_back(house.person(0))
    house.settle()
    assert house.invitations() == 1
    assert house.simulator.counts()["invites_pending"] == 0


def test_a_removal_that_a_new_seat_has_overtaken_is_never_sent(house: Office) -> None:
    house.active(2)
    holder = house.person(0)
    account = VendorAccount.objects.get(employee=holder, gone_at=None)
    # A look that began before the seat was granted may still ask for the removal.
    wanted = Wanted("remove", f"person:{holder.pk}", holder.pk, holder.email, "An older look", account.vendor_id)
    operations_write(house.workspace, [wanted], cause="Sync")
    assert house.send() == 0
    assert house.removals() == 0
    house.look()
    assert Operation.objects.get(kind="remove").state == "superseded"


def test_who_gets_a_seat_again_is_taken_out_of_the_held_plan(house: Office) -> None:
    house.active(6)
    for number in range(6):
        house.hand_back(house.person(number))
    Operation.objects.filter(kind="remove").update(state="superseded")
    run = sync_workspace(actor=house.world.erin, workspace=house.workspace).run
    assert run.state == "held"
    house.world.approve(house.world.ask(house.person(0)))
    services.run_release(actor=house.world.eve, run=run, number=6, reason="They handed back")
    assert house.send() == 5
    assert VendorAccount.objects.filter(employee=house.person(0), gone_at=None).exists()


def test_removing_one_of_two_accounts_leaves_the_other_alone(house: Office) -> None:
    house.active(1)
    person = house.person(0)
    first = VendorAccount.objects.get(employee=person, gone_at=None)
    second = VendorAccount.objects.create(
        workspace=house.workspace, vendor_id="user-second", email=person.email, role="reader", employee=person
    )
    drift = Drift.objects.create(
        workspace=house.workspace, kind="duplicate", target="user-second", detail="Two", employee=person, account=second
    )
    drifts.drift_remove(actor=house.world.erin, drift=drift, reason="The second account")
    house.send()
    first.refresh_from_db()
    assert first.gone_at is None
    assert first.is_ours
    second.refresh_from_db()
    assert second.gone_at is not None


def test_every_invitation_of_a_person_is_withdrawn_not_only_the_latest(house: Office) -> None:
    house.world.holders(1)
    house.send()
    person = house.person(0)
    house.simulator.call("POST", "/v1/organization/invites", {"email": person.email, "role": "reader", "projects": []})
    house.look()
    VendorInvite.objects.update(is_ours=True)
    house.hand_back(person)
    house.settle()
    assert house.simulator.counts()["invites_pending"] == 0


def test_a_worker_that_died_in_a_sync_leaves_a_run_that_says_so(house: Office) -> None:
    dead = house.look()
    type(dead).objects.filter(pk=dead.pk).delete()
    type(dead).objects.create(workspace=house.workspace, started_by_key="system", started_by="Beacon")
    house.look()
    assert [(run.state, run.problems) for run in house.workspace.runs.order_by("pk")] == [
        ("failed", ["The worker stopped in mid-run."]),
        ("done", []),
    ]


def test_a_run_that_lost_its_lease_writes_nothing(house: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from apps.vendors import observe

    house.simulator.add_members(["stranger@else.example"])
    read = observe.read

    def slowly(*args: object) -> object:
        seen = read(*args)  # type: ignore[arg-type]  # handed through
        house.workspace.__class__.objects.update(fence=99, lease_until=clock.now() + timedelta(minutes=3))
        return seen

    monkeypatch.setattr(observe, "read", slowly)
    run = house.look()
    assert (run.state, run.problems) == ("failed", ["Another run took over."])
    assert not VendorAccount.objects.exists()
    house.workspace.refresh_from_db()
    assert house.workspace.lease_until is not None  # the other run's lease stands
    assert house.workspace.synced_at is None


def test_a_group_list_that_lags_does_not_make_the_group_twice(house: Office) -> None:
    house.world.holders(1)
    house.send()
    house.simulator.settings(read_lag_seconds=600)
    for _ in range(4):
        house.look()
        house.send()
    assert house.simulator.request_total("POST", "/v1/organization/groups") == 1


def test_a_drift_stays_settled_while_its_removal_waits(house: Office) -> None:
    house.simulator.add_members(["stranger@else.example"])
    house.look()
    drift = Drift.objects.get(kind="unmanaged")
    house.simulator.fault("DELETE /v1/organization/users/{user_id}", "status", status=429, retry_after="int", times=2)
    drifts.drift_remove(actor=house.world.erin, drift=drift, reason="Nobody knows them")
    for _ in range(2):
        house.send()
        house.look()
    assert Drift.objects.filter(kind="unmanaged").count() == 1
    house.settle()
    assert house.simulator.counts()["users"] == 1
    assert not Drift.objects.filter(state="open").exists()


def test_a_ghost_stays_on_the_page_until_the_invitation_is_out(house: Office) -> None:
    house.active(1)
    house.simulator.remove_members([house.person(0).email])
    house.simulator.fault(INVITES, "status", status=429, retry_after="int", times=2)
    for _ in range(2):
        house.look()
        house.send()
    assert Drift.objects.get(kind="ghost").state == "open"
    house.settle()
    assert Drift.objects.get(kind="ghost").state == "resolved"


def test_what_needs_attention_settles_itself_once_it_is_so(house: Office) -> None:
    house.simulator.fault(INVITES, "status", status=422, times=1)
    house.world.holders(1)
    house.send()
    assert Operation.objects.get(kind="invite").state == "needs_attention"
    house.simulator.add_members([house.person(0).email])
    house.look()
    assert Operation.objects.get(kind="invite").state == "done"


def test_the_tick_rings_for_an_operation_whose_worker_died(house: Office) -> None:
    house.look()
    house.world.holders(1)
    past = clock.now() - timedelta(seconds=1)
    Operation.objects.update(state="running", leased_until=past, last_attempt_at=past)
    assert sweep() >= 1
    assert house.send() == 0
    assert Operation.objects.get(kind="invite").is_unclear
    lists_catch_up()
    house.look()
    house.send()
    assert house.invitations() == 1


def test_a_leavers_removal_is_sent_while_the_workspace_is_paused(house: Office) -> None:
    house.active(2)
    house.world.holder(house.person(2))
    house.workspace.__class__.objects.update(paused_until=clock.now() + timedelta(minutes=5))
    house.hand_back(house.person(0))
    assert house.send() == 1
    assert house.removals() == 1
    assert Operation.objects.get(kind="invite", employee=house.person(2)).state == "pending"
