"""The audit log (item 14) and the read-after-write lag (item 17)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import openai
import pytest
from openai.resources.admin.organization import Organization

from simulator.testing import RunningSimulator

Invite = Callable[..., dict[str, Any]]
MUTATIONS = [
    "invite.sent",
    "invite.deleted",
    "user.updated",
    "group.created",
    "group.updated",
    "tenant.group.member.added",
    "tenant.group.member.removed",
    "group.deleted",
    "user.deleted",
    "organization.updated",
]


def live_through_everything(sim: RunningSimulator, org: Organization) -> str:
    """Make each kind of change once, in the order of MUTATIONS; returns the member's id."""
    invite = org.invites.create(email="gone@x.example", role="reader", projects=[])
    org.invites.delete(invite.id)
    (user_id,) = sim.add_members(["a@x.example"]).values()
    org.users.update(user_id, role="owner")
    group = org.groups.create(name="one")
    org.groups.update(group.id, name="two")
    org.groups.users.create(group.id, user_id=user_id)
    org.groups.users.delete(user_id, group_id=group.id)
    org.groups.delete(group.id)
    org.users.delete(user_id)
    org.data_retention.update(retention_type="zero_data_retention")
    return user_id


class TestEntries:
    def test_every_mutation_leaves_one_entry_with_the_key_as_actor(
        self, sim: RunningSimulator, org: Organization, raw: httpx2.Client
    ) -> None:
        live_through_everything(sim, org)
        entries = raw.get("/organization/audit_logs", params={"limit": 100}).json()["data"][::-1]
        by_key = [entry for entry in entries if entry["actor"] and entry["actor"]["type"] == "api_key"]
        assert [entry["type"] for entry in by_key] == MUTATIONS
        for entry in by_key:
            assert entry[entry["type"]]["id"]
            assert entry["project"]["id"]
            key = entry["actor"]["api_key"]
            assert (key["type"], key["user"]["email"]) == ("user", "owner@beacon.example")

    def test_details_use_the_audit_logs_own_role_words(self, org: Organization, raw: httpx2.Client) -> None:
        org.invites.create(email="a@x.example", role="reader", projects=[])
        entry = raw.get("/organization/audit_logs").json()["data"][0]
        assert entry["invite.sent"]["data"] == {"email": "a@x.example", "role": "member"}

    def test_accepting_is_the_persons_own_act(self, sim: RunningSimulator, raw: httpx2.Client, invite: Invite) -> None:
        made = invite("a@x.example")
        user_id = sim.accept("a@x.example")
        added, accepted, _ = raw.get("/organization/audit_logs", params={"limit": 3}).json()["data"]
        assert (added["type"], added["user.added"]["id"]) == ("user.added", user_id)
        assert (accepted["type"], accepted["invite.accepted"]["id"]) == ("invite.accepted", made["id"])
        assert accepted["actor"]["session"]["user"] == {"id": user_id, "email": "a@x.example"}

    def test_one_seeded_entry_has_no_details_and_no_actor(self, raw: httpx2.Client) -> None:
        (entry,) = raw.get("/organization/audit_logs").json()["data"]
        assert set(entry) == {"id", "type", "effective_at", "project", "actor"}
        assert entry["actor"] is None

    def test_a_refused_change_leaves_none(self, sim: RunningSimulator, org: Organization) -> None:
        with pytest.raises(openai.NotFoundError):
            org.users.delete("user-none")
        assert sim.counts()["audit_entries"] == 1


class TestFilters:
    @pytest.fixture
    def user_id(self, sim: RunningSimulator, org: Organization) -> str:
        return live_through_everything(sim, org)

    def types(self, org: Organization, **filters: Any) -> list[str]:
        return [entry.type for entry in org.audit_logs.list(**filters)]

    @pytest.mark.usefixtures("user_id")
    def test_newest_first(self, org: Organization) -> None:
        assert self.types(org)[0] == MUTATIONS[-1]

    @pytest.mark.usefixtures("user_id")
    def test_by_type(self, org: Organization) -> None:
        found = self.types(org, event_types=["group.created", "group.deleted"])
        assert found == ["group.deleted", "group.created"]

    def test_by_resource(self, user_id: str, org: Organization) -> None:
        assert self.types(org, resource_ids=[user_id]) == ["user.deleted", "user.updated", "user.added"]

    @pytest.mark.usefixtures("user_id")
    def test_by_actor(self, org: Organization) -> None:
        everything = self.types(org)
        assert self.types(org, actor_emails=["OWNER@beacon.example"]) == everything[:-1]
        assert self.types(org, actor_emails=["nobody@x.example"]) == []
        key_id = next(iter(org.audit_logs.list())).actor.api_key.id  # type: ignore[union-attr]  # set here
        assert self.types(org, actor_ids=[key_id or ""]) == MUTATIONS[::-1]

    @pytest.mark.usefixtures("user_id")
    def test_by_project(self, org: Organization) -> None:
        assert self.types(org, project_ids=["proj-default"]) == self.types(org)
        assert self.types(org, project_ids=["proj-other"]) == []

    @pytest.mark.usefixtures("user_id")
    def test_tenant_only(self, org: Organization) -> None:
        assert {name.partition(".")[0] for name in self.types(org, tenant_only=True)} == {"tenant"}
        with pytest.raises(openai.BadRequestError):
            org.audit_logs.list(tenant_only=True, event_types=["user.added"])

    def test_by_time(self, sim: RunningSimulator, org: Organization, invite: Invite) -> None:
        times = []
        for n in range(3):
            sim.advance(1000)
            times.append(invite(f"p{n}@x.example")["created_at"])
        found = org.audit_logs.list(effective_at={"gt": times[0], "lte": times[1]})
        assert [entry.effective_at for entry in found] == [times[1]]
        found = org.audit_logs.list(effective_at={"gte": times[0], "lt": times[2]})
        assert [entry.effective_at for entry in found] == [times[1], times[0]]

    def test_bad_time_is_400(self, raw: httpx2.Client) -> None:
        response = raw.get("/organization/audit_logs", params={"effective_at[gt]": "yesterday"})
        assert response.json()["error"]["param"] == "effective_at[gt]"

    @pytest.mark.usefixtures("user_id")
    def test_after_walks_to_older_and_before_back_to_newer(self, org: Organization, raw: httpx2.Client) -> None:
        everything = [entry.id for entry in org.audit_logs.list(limit=100)]
        assert [entry.id for entry in org.audit_logs.list(limit=3)] == everything
        middle: dict[str, Any] = {"limit": 2, "before": everything[6]}
        page = raw.get("/organization/audit_logs", params=middle).json()
        assert [entry["id"] for entry in page["data"]] == everything[4:6]
        assert page["has_more"] is True
        page = raw.get("/organization/audit_logs", params={"before": everything[2]}).json()
        assert ([entry["id"] for entry in page["data"]], page["has_more"]) == (everything[:2], False)


class TestLag:
    """Item 17: lists lag behind writes, retrieving does not."""

    LAG = 600

    @pytest.fixture(autouse=True)
    def _lag(self, sim: RunningSimulator) -> None:
        sim.advance(2 * self.LAG)
        sim.settings(read_lag_seconds=self.LAG)

    def test_created_rows_are_listed_late(self, sim: RunningSimulator, org: Organization, invite: Invite) -> None:
        made = invite("a@x.example")
        group = org.groups.create(name="g")
        assert org.invites.retrieve(made["id"]).status == "pending"
        assert (list(org.invites.list()), list(org.groups.list())) == ([], [])
        assert [entry.type for entry in org.audit_logs.list()] == ["tenant.sso.migrated"]
        sim.advance(self.LAG)
        assert [one.id for one in org.invites.list()] == [made["id"]]
        assert [one.id for one in org.groups.list()] == [group.id]
        assert len(list(org.audit_logs.list())) == 3

    def test_members_appear_late_and_leave_late(self, sim: RunningSimulator, org: Organization, invite: Invite) -> None:
        """Item 9: after the lag the user appears."""
        made = invite("a@x.example")
        sim.advance(self.LAG)
        user_id = sim.accept("a@x.example")
        assert org.users.retrieve(user_id).email == "a@x.example"
        assert len(list(org.users.list())) == 1
        assert [one.status for one in org.invites.list()] == ["pending"]
        assert org.invites.retrieve(made["id"]).status == "accepted"
        sim.advance(self.LAG)
        assert len(list(org.users.list())) == 2
        assert [one.status for one in org.invites.list()] == ["accepted"]
        org.users.delete(user_id)
        assert len(list(org.users.list())) == 2
        sim.advance(self.LAG)
        assert len(list(org.users.list())) == 1

    def test_changes_are_listed_late(self, sim: RunningSimulator, org: Organization) -> None:
        (owner,) = org.users.list()
        org.users.update(owner.id, technical_level="a")
        org.users.update(owner.id, technical_level="b")
        assert org.users.retrieve(owner.id).technical_level == "b"
        assert [user.technical_level for user in org.users.list()] == [None]
        sim.advance(self.LAG)
        assert [user.technical_level for user in org.users.list()] == ["b"]

    def test_group_members_are_listed_late(self, sim: RunningSimulator, org: Organization) -> None:
        (owner,) = org.users.list()
        group = org.groups.create(name="g")
        org.groups.users.create(group.id, user_id=owner.id)
        assert list(org.groups.users.list(group.id)) == []
        sim.advance(self.LAG)
        org.groups.users.delete(owner.id, group_id=group.id)
        assert len(list(org.groups.users.list(group.id))) == 1
        sim.advance(self.LAG)
        assert list(org.groups.users.list(group.id)) == []
