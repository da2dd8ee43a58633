"""What a list does not show: absence is believed only once the vendor has said so of the person, too."""

from __future__ import annotations

import pytest

from apps.vendors.models import Drift, Operation, VendorAccount
from tests.fault.conftest import Office

pytestmark = pytest.mark.django_db(transaction=True)
USERS, INVITES = "GET /v1/organization/users", "GET /v1/organization/invites"


def test_a_row_that_the_list_skips_is_asked_for_and_stays(house: Office) -> None:
    house.active(5)
    invited = house.invitations()
    house.simulator.fault(USERS, "skipped_row", row=2, times=None)
    for _ in range(3):
        house.look()
        house.send()
    assert house.members() == 5
    assert house.invitations() == invited
    assert not Drift.objects.filter(kind="ghost").exists()


def test_a_skipped_invitation_is_not_sent_again(house: Office) -> None:
    house.world.holders(3)
    house.send()
    house.wait(minutes=60)  # older than what Beacon trusts as its own fresh write
    house.simulator.fault(INVITES, "skipped_row", row=0, times=None)
    for _ in range(3):
        house.look()
        house.send()
    assert house.invitations() == 3


@pytest.mark.parametrize("options", [{"field": "id", "row": 1}, {"field": "id", "row": 3}], ids=str)
def test_a_member_without_an_id_is_set_aside_and_nobody_is_lost(house: Office, options: dict[str, object]) -> None:
    house.active(4)
    invited = house.invitations()
    house.simulator.fault(USERS, "missing_field", times=None, **options)
    run = house.look()
    house.send()
    assert any("set aside" in problem for problem in run.problems)
    assert (house.members(), house.invitations(), house.removals()) == (4, invited, 0)


def test_an_empty_list_of_members_invites_and_removes_nobody(house: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from apps.vendors.openai_organization.adapter import Adapter

    house.active(5)
    invited = house.invitations()
    with monkeypatch.context() as lying:
        lying.setattr(Adapter, "members", lambda self, listing: iter(()))
        for _ in range(3):
            house.look()
            house.send()
        assert (house.members(), house.invitations(), house.removals()) == (5, invited, 0)
    assert house.look().problems == []
    assert house.members() == 5


def test_an_invitation_with_a_state_that_nobody_documented_is_kept_and_said(house: Office) -> None:
    house.world.holders(1)
    house.send()
    house.simulator.fault(INVITES, "unknown_enum", field="status", value="on_hold", times=None)
    for _ in range(2):
        run = house.look()
        house.send()
    assert house.invitations() == 1
    assert any("on_hold" in problem for problem in run.problems)


def test_who_vanished_and_came_back_is_there_at_once(house: Office) -> None:
    house.active(2)
    person = house.person(0)
    house.simulator.remove_members([person.email])
    house.look()
    assert VendorAccount.objects.filter(employee=person, gone_at=None).count() == 0
    house.simulator.add_members([person.email])
    house.look()
    assert VendorAccount.objects.filter(employee=person, gone_at=None).count() == 1


def test_many_who_vanished_are_invited_again_only_with_a_second_person(house: Office) -> None:
    house.active(6)
    invited = house.invitations()
    house.simulator.remove_members([house.person(n).email for n in range(6)] + ["owner@beacon.example"])
    run = house.look()
    house.send()
    assert run.state == "held"
    assert house.invitations() == invited
    assert Operation.objects.filter(kind="invite", state="planned").count() == 6


def test_who_is_removed_at_the_vendor_again_and_again_is_not_invited_for_ever(house: Office) -> None:
    house.active(1)
    person = house.person(0)
    house.simulator.remove_members([person.email])
    for _ in range(6):
        house.wait(days=8)
        house.look()
        house.send()
    assert house.invitations() <= 1 + 3
    assert Drift.objects.filter(kind="stale_invite", state="open", employee=person).exists()
