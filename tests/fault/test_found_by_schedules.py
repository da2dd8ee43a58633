"""What schedules and storms found, each told once more by itself."""

from __future__ import annotations

import pytest

from apps.licenses import protection_services as protection
from apps.vendors.dispatch import dispatch
from apps.vendors.models import Drift, Operation, VendorAccount
from tests.fault import truth
from tests.fault.conftest import Office

pytestmark = pytest.mark.django_db(transaction=True)


def hold(office: Office, number: int) -> None:
    """A legal hold of one of the staff."""
    person = office.person(number)
    protection.hold_place(actor=office.world.paula, employee=person, matter="22-104", reason="Counsel")


def test_who_accepts_while_the_invitation_is_withdrawn_is_kept_by_a_legal_hold(either: Office) -> None:
    either.world.holders(1)
    either.send()
    hold(either, 0)
    either.hand_back(either.person(0))
    either.simulator.accept(either.person(0).email)
    either.send()
    either.settle()
    assert either.removals() == 0
    assert either.person(0).email.lower() in truth.members(either.simulator)
    is_chatgpt = either.workspace.adapter == "chatgpt_workspace"
    assert (either.person(0).email.lower() in truth.usable(either.simulator)) != is_chatgpt
    assert Drift.objects.filter(state="open", employee=either.person(0)).exists() != is_chatgpt


def test_a_removal_whose_worker_died_is_not_repeated_once_a_legal_hold_began(
    either: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.fault.schedules import Crash, Killed

    either.active(2)
    either.hand_back(either.person(0))
    crash = Crash()
    crash.armed = "after_claim"
    monkeypatch.setattr("apps.vendors.dispatch.failpoint", crash)
    with pytest.raises(Killed):
        either.send()
    hold(either, 0)
    either.wait(minutes=4)
    for _ in range(2):
        either.send()
        either.look()
    assert either.removals() == 0
    assert Operation.objects.get(kind="remove").state == "superseded"


def test_a_member_who_vanished_before_joining_a_group_costs_nobody_elses_answer(either: Office) -> None:
    """The 404 ends that one operation; what the vendor answered about the others is written down all the same."""
    either.world.holders(3)
    either.send()
    either.simulator.accept_all()
    either.look()
    either.send()  # makes the group
    either.look()
    assert Operation.objects.filter(kind="group_add", state="pending").count() == 3
    either.simulator.remove_members([either.person(1).email])
    either.send()
    states = dict(Operation.objects.filter(kind="group_add").values_list("employee__employee_id", "state"))
    assert states == {"A100": "done", "A101": "superseded", "A102": "done"}
    either.settle()
    assert truth.pending(either.simulator) == {either.person(1).email.lower(): 1}


def test_an_invitation_that_somebody_sent_by_hand_is_shown_before_it_is_accepted(either: Office) -> None:
    dana = either.world.employee("A003")
    for email in (dana.email, "stranger@else.example"):
        either.simulator.call("POST", "/v1/organization/invites", {"email": email, "role": "reader"})
    either.look()
    assert {(d.kind, d.employee_id) for d in Drift.objects.filter(state="open")} == {
        ("orphan", dana.pk), ("unmanaged", None),
    }  # fmt: skip
    either.simulator.accept_all()
    either.look()
    shown = Drift.objects.filter(state="open")
    assert {(d.kind, d.account is not None) for d in shown} == {("orphan", True), ("unmanaged", True)}
    assert either.calls("DELETE", "/invites/{invite_id}") == 0
    assert not VendorAccount.objects.filter(is_ours=True).exists()


def test_a_worker_stops_when_its_time_is_over_however_much_is_left(house: Office) -> None:
    """Else the hard limit of its task would kill it in mid-batch, and everything in that batch would be unclear."""
    house.world.holders(8)
    assert dispatch(house.workspace, budget=0.0, batch=3) == 3
    assert Operation.objects.filter(kind="invite", state="pending").count() == 5


def test_an_answer_that_was_cut_off_while_lists_lag_invites_nobody_twice(either: Office) -> None:
    """BEACON_SEED=568333328: the look right after saw no invitation, and a second one was sent."""
    either.simulator.settings(read_lag_seconds=600)
    either.simulator.fault(either.route("POST", "/invites"), "drop_after", times=1)
    either.world.holders(1)
    either.send()
    for _ in range(2):
        either.look()
        either.send()
        either.wait(minutes=4)
    assert either.invitations() == 1
    assert Operation.objects.get(kind="invite").is_unclear
    either.wait(minutes=4)
    either.look()
    assert Operation.objects.get(kind="invite").state == "done"
    assert truth.pending(either.simulator) == {either.person(0).email.lower(): 1}


def test_an_invitation_that_never_arrived_is_sent_again_once_no_list_can_lag_so_long(either: Office) -> None:
    either.simulator.fault(either.route("POST", "/invites"), "drop_before", times=1)
    either.world.holders(1)
    either.send()
    either.wait(minutes=14)
    either.look()
    either.send()
    assert either.invitations() == 1
    either.wait(minutes=2)
    either.look()
    either.send()
    assert truth.pending(either.simulator) == {either.person(0).email.lower(): 1}
