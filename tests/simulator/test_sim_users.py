"""Members: what they look like, changing and removing them (items 6, 11 and 12)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import openai
import pytest
from openai.resources.admin.organization import Organization

from simulator.testing import RunningSimulator

Invite = Callable[..., dict[str, Any]]


class TestOddities:
    """Item 11: what a client must not stumble over."""

    @pytest.fixture
    def odd(self, sim: RunningSimulator, org: Organization) -> list[Any]:
        sim.seed(oddities=True, domain="x.example")
        return list(org.users.list())

    def test_someone_without_email_name_and_role(self, odd: list[Any]) -> None:
        assert [(u.email, u.name, u.role) for u in odd if u.role is None] == [(None, None, None)]

    def test_a_service_account(self, odd: list[Any]) -> None:
        assert [u.email for u in odd if u.is_service_account] == [None]

    def test_a_member_and_a_group_managed_by_the_identity_provider(self, odd: list[Any], org: Organization) -> None:
        managed = [u.id for u in odd if u.is_scim_managed]
        groups = [group for group in org.groups.list() if group.is_scim_managed]
        assert len(groups) == 1
        assert [user.id for user in org.groups.users.list(groups[0].id)] == managed

    def test_an_address_that_differs_in_case_from_its_invite(self, odd: list[Any], org: Organization) -> None:
        invited = {invite.email for invite in org.invites.list()}
        emails = [u.email for u in odd if u.email and u.email not in invited and u.email.lower() in invited]
        assert len(emails) == 1

    def test_odd_members_can_be_in_groups(self, odd: list[Any], org: Organization) -> None:
        group = org.groups.create(name="g")
        nobody = next(u for u in odd if u.role is None)
        org.groups.users.create(group.id, user_id=nobody.id)
        rows = list(org.groups.users.list(group.id))
        assert [(row.name, row.email) for row in rows] == [("", None)]


class TestUpdate:
    def test_role_and_metadata(self, sim: RunningSimulator, org: Organization) -> None:
        (user_id,) = sim.add_members(["a@x.example"]).values()
        user = org.users.update(user_id, role="owner", technical_level="high", developer_persona="analyst")
        assert (user.role, user.technical_level, user.developer_persona) == ("owner", "high", "analyst")
        assert org.users.retrieve(user_id) == user
        assert org.users.update(user_id, technical_level=None).technical_level is None

    @pytest.mark.parametrize("word", ["reader", "member"])
    def test_reader_and_member_are_the_same_role(self, sim: RunningSimulator, org: Organization, word: str) -> None:
        sim.seed(owners=["two@x.example"])
        second = next(u for u in org.users.list() if u.email == "two@x.example")
        assert org.users.update(second.id, role=word).role == "reader"

    @pytest.mark.parametrize("body", [{"role": "king"}, {"role": 1}, {"role_id": "role-none"}])
    def test_unknown_role_is_400(self, sim: RunningSimulator, raw: httpx2.Client, body: dict[str, Any]) -> None:
        (user_id,) = sim.add_members(["a@x.example"]).values()
        assert raw.post(f"/organization/users/{user_id}", json=body).status_code == 400

    def test_unknown_user_is_404(self, org: Organization) -> None:
        with pytest.raises(openai.NotFoundError):
            org.users.update("user-none", role="owner")


class TestDelete:
    def test_delete_gives_its_object_and_the_second_is_404(self, sim: RunningSimulator, raw: httpx2.Client) -> None:
        """Item 6."""
        (user_id,) = sim.add_members(["a@x.example"]).values()
        response = raw.delete(f"/organization/users/{user_id}")
        assert response.status_code == 200
        assert response.json() == {"id": user_id, "object": "organization.user.deleted", "deleted": True}
        assert raw.delete(f"/organization/users/{user_id}").status_code == 404
        assert raw.get(f"/organization/users/{user_id}").status_code == 404

    def test_delete_drops_memberships_and_keeps_invite_history(
        self, sim: RunningSimulator, org: Organization, invite: Invite
    ) -> None:
        """Item 12."""
        made = invite("a@x.example")
        user_id = sim.accept("a@x.example")
        group = org.groups.create(name="g")
        org.groups.users.create(group.id, user_id=user_id)
        org.users.delete(user_id)
        assert list(org.groups.users.list(group.id)) == []
        assert org.invites.retrieve(made["id"]).status == "accepted"
        assert [user.email for user in org.users.list(emails=["a@x.example"])] == []

    def test_last_owner_stays(self, sim: RunningSimulator, org: Organization) -> None:
        """Item 12."""
        (owner,) = org.users.list()
        with pytest.raises(openai.BadRequestError) as caught:
            org.users.delete(owner.id)
        assert caught.value.code == "last_owner"
        with pytest.raises(openai.BadRequestError):
            org.users.update(owner.id, role="reader")
        assert org.users.update(owner.id, technical_level="low").role == "owner"
        sim.seed(owners=["two@x.example"])
        assert org.users.delete(owner.id).deleted

    def test_last_owner_may_go_by_setting(self, sim: RunningSimulator, org: Organization) -> None:
        sim.settings(last_owner_delete="allow")
        (owner,) = org.users.list()
        assert org.users.delete(owner.id).deleted
        assert sim.counts()["users"] == 0
