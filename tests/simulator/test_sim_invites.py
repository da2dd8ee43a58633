"""Invites and what becomes of them (items 6 to 10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import openai
import pytest
from openai.resources.admin.organization import Organization

from simulator.testing import RunningSimulator, SimulatorError

DAY = 86_400
WEEK = 7 * DAY

Invite = Callable[..., dict[str, Any]]


class TestCreate:
    def test_create_gives_200_and_a_pending_invite(self, raw: httpx2.Client) -> None:
        """Items 6 and 7."""
        body = {"email": "Alex.Smith@x.example", "role": "reader", "projects": []}
        response = raw.post("/organization/invites", json=body)
        invite = response.json()
        assert response.status_code == 200
        assert invite["object"] == "organization.invite"
        assert (invite["email"], invite["role"], invite["status"]) == (body["email"], "reader", "pending")
        assert invite["expires_at"] == invite["created_at"] + WEEK
        assert invite["accepted_at"] is None
        assert raw.get(f"/organization/invites/{invite['id']}").json() == invite

    def test_lifetime_is_a_setting(self, sim: RunningSimulator, invite: Invite) -> None:
        sim.settings(invite_lifetime_days=0.5)
        made = invite("a@x.example")
        assert made["expires_at"] - made["created_at"] == DAY // 2

    @pytest.mark.parametrize(
        ("change", "param"),
        [
            ({"role": "member"}, "role"),
            ({"role": None}, "role"),
            ({"email": "nobody"}, "email"),
            ({"email": 7}, "email"),
            ({"projects": [{"id": "p", "role": "boss"}]}, "projects[0].role"),
            ({"projects": [{"id": "p"}]}, "projects[0].role"),
        ],
    )
    def test_bad_fields_are_400_and_named(self, raw: httpx2.Client, change: dict[str, Any], param: str) -> None:
        """Item 7: the invite role is reader or owner, never member."""
        response = raw.post("/organization/invites", json={"email": "a@x.example", "role": "reader", **change})
        assert response.status_code == 400
        assert response.json()["error"]["param"] == param

    @pytest.mark.parametrize("missing", ["email", "role"])
    def test_missing_fields_are_400_and_named(self, raw: httpx2.Client, missing: str) -> None:
        body = {"email": "a@x.example", "role": "reader"}
        del body[missing]
        assert raw.post("/organization/invites", json=body).json()["error"]["param"] == missing

    def test_projects_left_out_is_the_default_project_and_an_empty_list_is_none(
        self, sim: RunningSimulator, org: Organization
    ) -> None:
        """Item 7."""
        legacy = org.invites.create(email="legacy@x.example", role="reader")
        modern = org.invites.create(email="modern@x.example", role="reader", projects=[])
        assert [project.role for project in legacy.projects] == ["member"]
        assert modern.projects == []
        joined = [org.users.retrieve(sim.accept(invite_id=made.id)) for made in (legacy, modern)]
        assert [len(user.projects.data) for user in joined if user.projects] == [1, 0]


class TestRepeated:
    """Item 8."""

    def test_pending_address_gets_a_second_invite_by_default(self, invite: Invite, sim: RunningSimulator) -> None:
        assert invite("a@x.example")["id"] != invite("A@x.example")["id"]
        assert sim.counts()["invites_pending"] == 2

    def test_pending_address_is_refused_by_setting(self, org: Organization, sim: RunningSimulator) -> None:
        sim.settings(reinvite_pending="error")
        org.invites.create(email="a@x.example", role="reader", projects=[])
        with pytest.raises(openai.BadRequestError) as caught:
            org.invites.create(email="A@X.example", role="reader", projects=[])
        assert caught.value.code == "invite_already_pending"

    def test_pending_address_gets_the_same_invite_by_setting(self, invite: Invite, sim: RunningSimulator) -> None:
        sim.settings(reinvite_pending="same")
        first = invite("a@x.example")
        entries = sim.counts()["audit_entries"]
        assert invite("a@x.example") == first
        assert sim.counts()["audit_entries"] == entries

    @pytest.mark.parametrize("status", [400, 409])
    def test_member_is_refused(self, raw: httpx2.Client, sim: RunningSimulator, status: int) -> None:
        sim.settings(invite_member=status)
        sim.add_members(["a@x.example"])
        body = {"email": "A@x.example", "role": "reader", "projects": []}
        response = raw.post("/organization/invites", json=body)
        assert response.status_code == status
        assert response.json()["error"]["code"] == "user_already_member"

    def test_member_is_invited_again_by_setting(self, invite: Invite, sim: RunningSimulator) -> None:
        sim.settings(invite_member=200)
        sim.add_members(["a@x.example"])
        made = invite("a@x.example")
        assert made["status"] == "pending"
        sim.accept(invite_id=made["id"])
        assert sim.counts()["users"] == 2

    def test_one_who_left_can_be_invited_again_and_gets_a_new_id(
        self, invite: Invite, sim: RunningSimulator, org: Organization
    ) -> None:
        invite("a@x.example")
        first = sim.accept("a@x.example")
        org.users.delete(first)
        invite("a@x.example")
        assert sim.accept("a@x.example") != first


class TestAcceptance:
    """Item 9."""

    def test_accepting_brings_a_member_with_the_invites_role(
        self, invite: Invite, sim: RunningSimulator, org: Organization
    ) -> None:
        made = invite("alex.smith@x.example", role="owner")
        user = org.users.retrieve(sim.accept("ALEX.smith@x.example"))
        assert (user.email, user.name, user.role) == ("alex.smith@x.example", "Alex Smith", "owner")
        accepted = org.invites.retrieve(made["id"])
        assert accepted.status == "accepted"
        assert accepted.accepted_at == user.added_at

    def test_people_accept_by_themselves_within_the_set_span(
        self, invite: Invite, sim: RunningSimulator, org: Organization
    ) -> None:
        sim.settings(accept_rate=1.0, accept_after_seconds=[50, 60])
        made = invite("a@x.example")
        sim.advance(40)
        assert org.invites.retrieve(made["id"]).status == "pending"
        sim.advance(30)
        accepted = org.invites.retrieve(made["id"])
        assert accepted.accepted_at is not None
        assert 50 <= accepted.accepted_at - accepted.created_at <= 60
        assert [user.added_at for user in org.users.list(emails=["a@x.example"])] == [accepted.accepted_at]

    def test_who_accepts_and_when_follows_from_seed_and_address(self, sim: RunningSimulator, invite: Invite) -> None:
        def run(seed: int) -> dict[str, int | None]:
            sim.reset(accept_rate=0.6, accept_after_seconds=[0, 5000], seed=seed)
            made = [invite(f"p{n}@x.example") for n in range(40)]
            sim.advance(5001)
            after = [sim.call("GET", f"/v1/organization/invites/{one['id']}").json for one in made]
            return {one["email"]: one["accepted_at"] and one["accepted_at"] - one["created_at"] for one in after}

        first = run(seed=1)
        assert first == run(seed=1)
        assert first != run(seed=2)
        assert 10 < sum(delay is not None for delay in first.values()) < 35

    def test_people_accept_in_the_order_of_their_times(self, sim: RunningSimulator, invite: Invite) -> None:
        sim.settings(accept_rate=1.0, accept_after_seconds=[0, 5000])
        for n in range(20):
            invite(f"p{n}@x.example")
        sim.advance(5001)
        page = sim.call("GET", "/v1/organization/users?limit=100").json["data"][1:]
        assert len(page) == 20
        assert [user["added_at"] for user in page] == sorted(user["added_at"] for user in page)

    def test_those_who_do_not_accept_let_it_expire(
        self, invite: Invite, sim: RunningSimulator, org: Organization
    ) -> None:
        made = invite("a@x.example")
        sim.advance(WEEK - 60)
        assert org.invites.retrieve(made["id"]).status == "pending"
        sim.advance(60)
        expired = org.invites.retrieve(made["id"])
        assert (expired.status, expired.accepted_at) == ("expired", None)

    def test_accepting_an_expired_invite_fails(self, invite: Invite, sim: RunningSimulator) -> None:
        invite("a@x.example")
        sim.advance(WEEK + 1)
        with pytest.raises(SimulatorError, match="409"):
            sim.accept("a@x.example")
        assert sim.counts()["users"] == 1

    def test_acceptance_after_expiry_never_happens(self, invite: Invite, sim: RunningSimulator) -> None:
        sim.settings(accept_rate=1.0, accept_after_seconds=[2 * DAY, 2 * DAY], invite_lifetime_days=1)
        invite("a@x.example")
        sim.advance(3 * DAY)
        assert sim.counts()["invites_expired"] == 1
        assert sim.counts()["users"] == 1

    def test_second_invite_of_a_new_member_lies_until_it_expires(self, invite: Invite, sim: RunningSimulator) -> None:
        sim.settings(accept_rate=1.0)
        invite("a@x.example")
        invite("a@x.example")
        sim.advance(100)
        counts = sim.counts()
        assert (counts["users"], counts["invites_accepted"], counts["invites_pending"]) == (2, 1, 1)
        sim.advance(WEEK)
        assert sim.counts()["invites_expired"] == 1

    def test_expired_address_can_be_invited_again(self, invite: Invite, sim: RunningSimulator) -> None:
        sim.settings(reinvite_pending="error")
        invite("a@x.example")
        sim.advance(WEEK + 1)
        assert invite("a@x.example")["status"] == "pending"

    def test_all_can_be_accepted_at_once(self, invite: Invite, sim: RunningSimulator) -> None:
        for n in range(5):
            invite(f"p{n}@x.example")
        assert sim.accept_all() == 5
        assert sim.counts()["users"] == 6


class TestDelete:
    def test_delete_gives_its_object_and_the_second_is_404(self, invite: Invite, raw: httpx2.Client) -> None:
        """Item 6."""
        path = f"/organization/invites/{invite('a@x.example')['id']}"
        response = raw.delete(path)
        assert response.status_code == 200
        assert response.json() == {
            "id": path.rpartition("/")[2],
            "object": "organization.invite.deleted",
            "deleted": True,
        }
        assert raw.delete(path).status_code == 404
        assert raw.get(path).status_code == 404
        assert raw.get("/organization/invites").json()["data"] == []

    def test_deleted_invite_is_never_accepted(self, invite: Invite, sim: RunningSimulator, org: Organization) -> None:
        sim.settings(accept_rate=1.0)
        org.invites.delete(invite("a@x.example")["id"])
        sim.advance(WEEK)
        assert sim.counts()["users"] == 1

    def test_accepted_invite_cannot_be_deleted(self, invite: Invite, sim: RunningSimulator, org: Organization) -> None:
        """Item 10."""
        made = invite("a@x.example")
        sim.accept("a@x.example")
        with pytest.raises(openai.BadRequestError, match="already accepted"):
            org.invites.delete(made["id"])
        assert org.invites.retrieve(made["id"]).status == "accepted"
