"""Groups of members (vendor fact sheet 3.3)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from simulator import audit_log, pages
from simulator.errors import conflict, not_found
from simulator.ids import object_id
from simulator.messages import Call, Reply, json_reply, read_body
from simulator.world import World

LONGEST_NAME = 255
SCIM_MANAGED = "scim_managed_resource"


class Group(msgspec.Struct, kw_only=True):
    """A group as the API shows one; `created_at` is in Unix seconds."""

    object: str = "group"
    id: str
    name: str
    created_at: int
    is_scim_managed: bool = False
    group_type: str = "group"


class GroupName(msgspec.Struct):
    """The body of a create or a rename."""

    name: Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]


def create_group(world: World, call: Call) -> Reply:
    """POST /v1/organization/groups: names need not be unique."""
    name = read_body(call, GroupName).name
    return json_reply(create(world, name, actor=audit_log.api_key_actor(world)))


def create(world: World, name: str, *, actor: audit_log.Actor) -> Group:
    """Make a group and leave an audit entry."""
    with world.store.transaction():
        group = add(world, name)
        detail = {"id": group.id, "data": {"group_name": group.name}}
        audit_log.record(world, audit_log.Event("group.created", group.id, detail, actor))
    return group


def add(world: World, name: str, *, is_scim_managed: bool = False) -> Group:
    """Insert a group; call it inside a transaction."""
    seq, now = world.store.next_seq("groups"), world.now()
    group = Group(id=object_id("group", seq), name=name, created_at=now, is_scim_managed=is_scim_managed)
    body = msgspec.json.encode(group).decode()
    world.store.run(
        "INSERT INTO groups VALUES (?, ?, ?, ?, NULL, NULL, ?, NULL)",
        (seq, group.id, is_scim_managed, body, now),
    )
    return group


_LISTS = {
    pages.ASC: """
        SELECT id, CASE WHEN changed_at > :shown_at THEN prior_body ELSE body END FROM groups
        WHERE seq > :after AND shown_from <= :shown_at AND (deleted_at IS NULL OR deleted_at > :shown_at)
        ORDER BY seq LIMIT :rows""",
    pages.DESC: """
        SELECT id, CASE WHEN changed_at > :shown_at THEN prior_body ELSE body END FROM groups
        WHERE seq < :after AND shown_from <= :shown_at AND (deleted_at IS NULL OR deleted_at > :shown_at)
        ORDER BY seq DESC LIMIT :rows""",
}


def list_groups(world: World, call: Call) -> Reply:
    """GET /v1/organization/groups: oldest first unless `order` says otherwise."""
    limit = pages.read_limit(call.query, pages.NEXT_LIST_LIMIT, world.settings)
    order = pages.read_order(call.query, pages.ASC)
    after = 0 if order == pages.ASC else pages.END
    cursor = call.query.get("after")
    if cursor:
        position = world.store.value("SELECT seq FROM groups WHERE id = ?", (cursor,))
        after = pages.start_after(position, cursor, world.settings, order)
    params = {"after": after, "shown_at": world.visible_at(), "rows": limit + 1}
    return Reply(pages.next_page(world.store.rows(_LISTS[order], params), limit, cursor))


def fetch(world: World, group_id: str) -> Group:
    """Return a group; raises a 404 if there is none with that id."""
    body = world.store.value("SELECT body FROM groups WHERE id = ? AND deleted_at IS NULL", (group_id,))
    if body is None:
        raise not_found("group", group_id, param="group_id")
    return msgspec.json.decode(body, type=Group)


def fetch_writable(world: World, group_id: str) -> Group:
    """Return a group that may be changed; raises a 409 for one that the identity provider manages."""
    group = fetch(world, group_id)
    if group.is_scim_managed:
        raise conflict("This group is managed through SCIM.", code=SCIM_MANAGED, param="group_id")
    return group


def retrieve_group(world: World, call: Call) -> Reply:
    """GET /v1/organization/groups/{group_id}."""
    return json_reply(fetch(world, call.params["group_id"]))


_SAVE = """
    UPDATE groups SET body = :body, is_scim_managed = :is_scim_managed, changed_at = :now,
      prior_body = CASE WHEN changed_at > :shown_at THEN prior_body ELSE body END
    WHERE id = :id
"""


def update_group(world: World, call: Call) -> Reply:
    """POST /v1/organization/groups/{group_id}: the answer lacks `group_type` (fact sheet 3.3)."""
    order = read_body(call, GroupName)
    group = fetch_writable(world, call.params["group_id"])
    rename(world, group, order.name, actor=audit_log.api_key_actor(world))
    shown: dict[str, Any] = msgspec.structs.asdict(group)
    del shown["group_type"]
    return json_reply(shown)


def rename(world: World, group: Group, name: str, *, actor: audit_log.Actor) -> None:
    """Give a group another name and leave an audit entry."""
    group.name = name
    detail = {"id": group.id, "changes_requested": {"group_name": group.name}}
    with world.store.transaction():
        save(world, group)
        audit_log.record(world, audit_log.Event("group.updated", group.id, detail, actor))


def save(world: World, group: Group) -> None:
    """Write a changed group; lists show the prior state until the read lag has passed."""
    params = {
        "id": group.id,
        "body": msgspec.json.encode(group).decode(),
        "is_scim_managed": group.is_scim_managed,
        "now": world.now(),
        "shown_at": world.visible_at(),
    }
    world.store.run(_SAVE, params)


class GroupDeleted(msgspec.Struct):
    """The answer to a delete."""

    id: str
    object: Literal["group.deleted"] = "group.deleted"
    deleted: bool = True


def delete_group(world: World, call: Call) -> Reply:
    """DELETE /v1/organization/groups/{group_id}: ends its memberships too."""
    group = fetch_writable(world, call.params["group_id"])
    with world.store.transaction():
        remove(world, group.id, actor=audit_log.api_key_actor(world))
    return json_reply(GroupDeleted(group.id))


def remove(world: World, group_id: str, *, actor: audit_log.Actor | None) -> None:
    """Take a group away with its memberships; call it inside a transaction."""
    now = world.now()
    world.store.run("UPDATE groups SET deleted_at = ? WHERE id = ?", (now, group_id))
    world.store.run(
        "UPDATE group_members SET deleted_at = ? WHERE group_id = ? AND deleted_at IS NULL",
        (now, group_id),
    )
    audit_log.record(world, audit_log.Event("group.deleted", group_id, {"id": group_id}, actor))
