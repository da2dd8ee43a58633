"""Groups and their members (items 6 and 13)."""

from __future__ import annotations

from collections.abc import Callable

import httpx2
import openai
import pytest
from openai.resources.admin.organization import Organization

from simulator.testing import RunningSimulator


@pytest.fixture
def user_id(sim: RunningSimulator) -> str:
    return sim.add_members(["a@x.example"])["a@x.example"]


class TestGroups:
    @pytest.mark.parametrize(("length", "status"), [(0, 400), (1, 200), (255, 200), (256, 400)])
    def test_name_has_1_to_255_characters(self, raw: httpx2.Client, length: int, status: int) -> None:
        """Item 13."""
        assert raw.post("/organization/groups", json={"name": "x" * length}).status_code == status
        group = raw.post("/organization/groups", json={"name": "first"}).json()
        response = raw.post(f"/organization/groups/{group['id']}", json={"name": "x" * length})
        assert response.status_code == status

    def test_create_has_all_fields_and_update_lacks_group_type(self, raw: httpx2.Client) -> None:
        """Item 13."""
        group = raw.post("/organization/groups", json={"name": "one"}).json()
        assert set(group) == {"object", "id", "name", "created_at", "is_scim_managed", "group_type"}
        changed = raw.post(f"/organization/groups/{group['id']}", json={"name": "two"}).json()
        assert set(changed) == set(group) - {"group_type"}
        assert raw.get(f"/organization/groups/{group['id']}").json() == {**group, "name": "two"}

    def test_delete_gives_its_object_and_the_second_is_404(
        self, raw: httpx2.Client, org: Organization, user_id: str
    ) -> None:
        """Item 6."""
        group = org.groups.create(name="g")
        org.groups.users.create(group.id, user_id=user_id)
        response = raw.delete(f"/organization/groups/{group.id}")
        assert response.json() == {"id": group.id, "object": "group.deleted", "deleted": True}
        assert raw.delete(f"/organization/groups/{group.id}").status_code == 404
        assert raw.get(f"/organization/groups/{group.id}/users").status_code == 404


class TestMembers:
    def test_add_retrieve_remove(self, raw: httpx2.Client, org: Organization, user_id: str) -> None:
        """Items 6 and 13: removing answers without ids."""
        group = org.groups.create(name="g")
        path = f"/organization/groups/{group.id}/users"
        added = raw.post(path, json={"user_id": user_id})
        assert added.status_code == 200
        assert added.json() == {"user_id": user_id, "group_id": group.id, "object": "group.user"}
        member = org.groups.users.retrieve(user_id, group_id=group.id)
        assert (member.email, member.user_type, member.is_service_account) == ("a@x.example", "user", False)
        assert raw.delete(f"{path}/{user_id}").json() == {"object": "group.user.deleted", "deleted": True}
        assert raw.delete(f"{path}/{user_id}").status_code == 404
        assert raw.get(f"{path}/{user_id}").status_code == 404

    @pytest.mark.parametrize("status", [200, 409])
    def test_duplicate_add_is_200_or_409(
        self, sim: RunningSimulator, raw: httpx2.Client, org: Organization, user_id: str, status: int
    ) -> None:
        """Item 13."""
        sim.settings(duplicate_group_add=status)
        group = org.groups.create(name="g")
        path = f"/organization/groups/{group.id}/users"
        raw.post(path, json={"user_id": user_id})
        assert raw.post(path, json={"user_id": user_id}).status_code == status
        assert [row.id for row in org.groups.users.list(group.id)] == [user_id]

    def test_one_who_was_removed_can_come_back(self, org: Organization, user_id: str) -> None:
        group = org.groups.create(name="g")
        for _ in range(2):
            org.groups.users.create(group.id, user_id=user_id)
            org.groups.users.delete(user_id, group_id=group.id)
        org.groups.users.create(group.id, user_id=user_id)
        assert [row.id for row in org.groups.users.list(group.id)] == [user_id]

    def test_unknown_user_or_group_is_404(self, org: Organization, user_id: str) -> None:
        group = org.groups.create(name="g")
        with pytest.raises(openai.NotFoundError):
            org.groups.users.create(group.id, user_id="user-none")
        with pytest.raises(openai.NotFoundError):
            org.groups.users.create("group-none", user_id=user_id)


@pytest.mark.parametrize(
    "write",
    [
        lambda org, group, _user: org.groups.update(group, name="x"),
        lambda org, group, _user: org.groups.delete(group),
        lambda org, group, user: org.groups.users.create(group, user_id=user),
        lambda org, group, user: org.groups.users.delete(user, group_id=group),
    ],
    ids=["update", "delete", "add", "remove"],
)
def test_groups_managed_by_the_identity_provider_refuse_writes(
    sim: RunningSimulator, org: Organization, write: Callable[[Organization, str, str], object]
) -> None:
    """Item 13."""
    sim.seed(oddities=True)
    group = next(group for group in org.groups.list() if group.is_scim_managed)
    member = next(iter(org.groups.users.list(group.id)))
    with pytest.raises(openai.ConflictError) as caught:
        write(org, group.id, member.id)
    assert caught.value.code == "scim_managed_resource"
    assert [row.id for row in org.groups.users.list(group.id)] == [member.id]
