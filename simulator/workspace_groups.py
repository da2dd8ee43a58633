"""Groups of the workspace and who belongs to them: the organization's groups in the workspace's words.

Source of the rules: vendor fact sheet 4. Paging is by an opaque cursor; groups that the identity provider
manages refuse every write.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from simulator import audit_log, group_users, groups, pages, workspace_users
from simulator.errors import bad_request
from simulator.groups import GroupName
from simulator.messages import Call, Reply, json_reply, read_body
from simulator.pages import LimitRule
from simulator.world import World

LIST_LIMIT = LimitRule(default=100, lowest=1, highest=100)
MOST_AT_ONCE = 100

_BODY = "CASE WHEN g.changed_at > :shown_at THEN g.prior_body ELSE g.body END"
_ROW = f"""
    json_object('id', g.id, 'name', {_BODY} ->> '$.name',
      'source', CASE g.is_scim_managed WHEN 1 THEN 'scim' ELSE 'manual' END, 'member_count',
      (SELECT count(*) FROM group_members m WHERE m.group_id = g.id AND m.deleted_at IS NULL))
"""
_LIST = f"""
    SELECT g.seq, {_ROW} FROM groups g
    WHERE g.seq > :after AND g.shown_from <= :shown_at AND (g.deleted_at IS NULL OR g.deleted_at > :shown_at)
    ORDER BY g.seq LIMIT :rows
"""
_ONE = f"SELECT {_ROW} FROM groups g WHERE g.id = :id"
_OF_MEMBER = f"""
    SELECT g.seq, {_ROW} FROM groups g
    WHERE g.seq > :after AND g.deleted_at IS NULL AND g.id IN
      (SELECT group_id FROM group_members WHERE user_id = :user AND deleted_at IS NULL)
    ORDER BY g.seq LIMIT :rows
"""
_MEMBERS = """
    SELECT m.seq, json_object('id', u.id, 'email', u.email,
      'status', CASE WHEN u.inactive_at IS NULL THEN 'active' ELSE 'inactive' END,
      'role', coalesce(u.workspace_role, CASE u.role WHEN 'owner' THEN 'owner' ELSE 'member' END),
      'is_scim_managed', json(CASE u.is_scim_managed WHEN 1 THEN 'true' ELSE 'false' END))
    FROM group_members m JOIN users u ON u.id = m.user_id
    WHERE m.group_id = :group AND m.seq > :after AND m.shown_from <= :shown_at
      AND (m.deleted_at IS NULL OR m.deleted_at > :shown_at)
    ORDER BY m.seq LIMIT :rows
"""


def _page(world: World, call: Call, sql: str, **more: str) -> Reply:
    limit = pages.read_limit(call.query, LIST_LIMIT, world.settings)
    cursor = pages.read_opaque_cursor(call.query, "cursor", 1, world.settings)
    after = cursor[0] if cursor else 0
    params = {"after": after, "shown_at": world.visible_at(), "rows": limit + 1, **more}
    return Reply(pages.opaque_page([(seq, body) for seq, body in world.store.rows(sql, params)], limit))


def list_groups(world: World, call: Call) -> Reply:
    """GET .../groups: oldest first."""
    return _page(world, call, _LIST)


def list_groups_of_user(world: World, call: Call) -> Reply:
    """GET .../users/{user_id}/groups: always fresh."""
    user_id = call.params["user_id"]
    workspace_users.shown(world, user_id)
    return _page(world, call, _OF_MEMBER, user=user_id)


def _shown(world: World, group_id: str) -> Reply:
    return Reply(str(world.store.value(_ONE, {"id": group_id, "shown_at": pages.END})).encode())


def create_group(world: World, call: Call) -> Reply:
    """POST .../groups."""
    name = read_body(call, GroupName).name
    return _shown(world, groups.create(world, name, actor=audit_log.workspace_key_actor(world)).id)


def retrieve_group(world: World, call: Call) -> Reply:
    """GET .../groups/{group_id}: with where it comes from and how many are in it."""
    return _shown(world, groups.fetch(world, call.params["group_id"]).id)


def update_group(world: World, call: Call) -> Reply:
    """PATCH .../groups/{group_id}."""
    name = read_body(call, GroupName).name
    group = groups.fetch_writable(world, call.params["group_id"])
    groups.rename(world, group, name, actor=audit_log.workspace_key_actor(world))
    return _shown(world, group.id)


class GroupDeleted(msgspec.Struct, kw_only=True):
    """The answer to a delete."""

    object: Literal["directory.workspace.group.deleted"] = "directory.workspace.group.deleted"
    id: str
    deleted: bool = True
    workspace_id: str


def delete_group(world: World, call: Call) -> Reply:
    """DELETE .../groups/{group_id}: ends its memberships too."""
    group = groups.fetch_writable(world, call.params["group_id"])
    with world.store.transaction():
        groups.remove(world, group.id, actor=audit_log.workspace_key_actor(world))
    return json_reply(GroupDeleted(id=group.id, workspace_id=world.settings.workspace_id))


def list_members(world: World, call: Call) -> Reply:
    """GET .../groups/{group_id}/users: in the order they were added."""
    group = groups.fetch(world, call.params["group_id"])
    return _page(world, call, _MEMBERS, group=group.id)


class MembersOrder(msgspec.Struct):
    """The body of an add: one member or up to a hundred."""

    user_id: str | UnsetType = UNSET
    user_ids: Annotated[list[str], Meta(min_length=1, max_length=MOST_AT_ONCE)] | UnsetType = UNSET


class GroupUser(msgspec.Struct, kw_only=True):
    """A membership, as the answer to an add and, with `deleted`, to a remove shows it."""

    object: str = "directory.workspace.group_user"
    deleted: bool | UnsetType = UNSET
    workspace_id: str
    group_id: str
    user_id: str


def add_members(world: World, call: Call) -> Reply:
    """POST .../groups/{group_id}/users: all of the named members or, if one is unknown, none."""
    order = read_body(call, MembersOrder)
    if (order.user_id is UNSET) == (order.user_ids is UNSET):
        raise bad_request("Give either user_id or user_ids.", param="user_id")
    group = groups.fetch_writable(world, call.params["group_id"])
    wanted = [order.user_id] if order.user_id is not UNSET else list(order.user_ids or ())
    for user_id in wanted:
        workspace_users.shown(world, user_id)
    group_users.put(world, group.id, wanted, actor=audit_log.workspace_key_actor(world))
    workspace_id = world.settings.workspace_id
    added = [GroupUser(workspace_id=workspace_id, group_id=group.id, user_id=user_id) for user_id in wanted]
    if order.user_id is not UNSET:
        return json_reply(added[0])
    return json_reply({"object": "list", "data": added, "has_more": False})


def remove_member(world: World, call: Call) -> Reply:
    """DELETE .../groups/{group_id}/users/{user_id}."""
    group = groups.fetch_writable(world, call.params["group_id"])
    user = group_users.fetch_member(world, call)
    group_users.take_out(world, group.id, user.id, actor=audit_log.workspace_key_actor(world))
    removed = GroupUser(
        object="directory.workspace.group_user.deleted",
        deleted=True,
        workspace_id=world.settings.workspace_id,
        group_id=group.id,
        user_id=user.id,
    )
    return json_reply(removed)
