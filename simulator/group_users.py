"""Who belongs to a group (vendor fact sheet 3.4)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Literal

import msgspec

from simulator import audit_log, groups, pages, users
from simulator.errors import conflict, not_found
from simulator.messages import Call, Reply, json_reply, read_body
from simulator.world import World


class MemberOrder(msgspec.Struct):
    """The body of an add: one member per call."""

    user_id: str


class MemberAdded(msgspec.Struct):
    """The answer to an add."""

    user_id: str
    group_id: str
    object: Literal["group.user"] = "group.user"


class MemberRemoved(msgspec.Struct):
    """The answer to a remove, which names neither the group nor the member (fact sheet 3.4)."""

    object: Literal["group.user.deleted"] = "group.user.deleted"
    deleted: bool = True


class MemberDetails(msgspec.Struct, kw_only=True):
    """A member as retrieved through a group."""

    id: str
    name: str
    email: str | None
    picture: str | None = None
    is_service_account: bool | None
    user_type: Literal["user", "tenant_user"] = "user"


# A member without a name is shown with an empty one: the field is required here and nullable on users.
_LISTS = {
    pages.ASC: """
        SELECT u.id, json_object('id', u.id, 'name', coalesce(u.name, ''), 'email', u.email)
        FROM group_members m JOIN users u ON u.id = m.user_id
        WHERE m.group_id = :group AND m.seq > :after AND m.shown_from <= :shown_at
          AND (m.deleted_at IS NULL OR m.deleted_at > :shown_at)
        ORDER BY m.seq LIMIT :rows""",
    pages.DESC: """
        SELECT u.id, json_object('id', u.id, 'name', coalesce(u.name, ''), 'email', u.email)
        FROM group_members m JOIN users u ON u.id = m.user_id
        WHERE m.group_id = :group AND m.seq < :after AND m.shown_from <= :shown_at
          AND (m.deleted_at IS NULL OR m.deleted_at > :shown_at)
        ORDER BY m.seq DESC LIMIT :rows""",
}


def list_members(world: World, call: Call) -> Reply:
    """GET /v1/organization/groups/{group_id}/users: newest first unless `order` says otherwise."""
    group = groups.fetch(world, call.params["group_id"])
    limit = pages.read_limit(call.query, pages.NEXT_LIST_LIMIT, world.settings)
    order = pages.read_order(call.query, pages.DESC)
    after = 0 if order == pages.ASC else pages.END
    cursor = call.query.get("after")
    if cursor:
        sql = "SELECT max(seq) FROM group_members WHERE group_id = ? AND user_id = ?"
        position = world.store.value(sql, (group.id, cursor))
        after = pages.start_after(position, cursor, world.settings, order)
    params = {"group": group.id, "after": after, "shown_at": world.visible_at(), "rows": limit + 1}
    return Reply(pages.next_page(world.store.rows(_LISTS[order], params), limit, cursor))


def is_member(world: World, group_id: str, user_id: str) -> bool:
    """Whether someone is in a group."""
    sql = "SELECT 1 FROM group_members WHERE group_id = ? AND user_id = ? AND deleted_at IS NULL"
    return world.store.one(sql, (group_id, user_id)) is not None


def add(world: World, group_id: str, user_id: str) -> None:
    """Insert a membership; call it inside a transaction."""
    world.store.run(
        "INSERT INTO group_members (group_id, user_id, shown_from) VALUES (?, ?, ?)",
        (group_id, user_id, world.now()),
    )


def add_member(world: World, call: Call) -> Reply:
    """POST /v1/organization/groups/{group_id}/users: what a repeated add gives is a setting."""
    order = read_body(call, MemberOrder)
    group = groups.fetch_writable(world, call.params["group_id"])
    put(world, group.id, [order.user_id], actor=audit_log.api_key_actor(world))
    return json_reply(MemberAdded(order.user_id, group.id))


def put(world: World, group_id: str, user_ids: list[str], *, actor: audit_log.Actor) -> None:
    """Put members into a group, all or none; what a repeated add gives is a setting."""
    with world.store.transaction():
        for user_id in user_ids:
            user = users.fetch(world, user_id)
            if not is_member(world, group_id, user.id):
                add(world, group_id, user.id)
                _record(world, "tenant.group.member.added", group_id, user.id, actor)
            elif HTTPStatus(world.settings.duplicate_group_add) is HTTPStatus.CONFLICT:
                raise conflict("The user is already in this group.", code="already_in_group", param="user_id")


def retrieve_member(world: World, call: Call) -> Reply:
    """GET /v1/organization/groups/{group_id}/users/{user_id}."""
    user = fetch_member(world, call)
    details = MemberDetails(
        id=user.id,
        name=user.name or "",
        email=user.email,
        is_service_account=user.is_service_account,
    )
    return json_reply(details)


def remove_member(world: World, call: Call) -> Reply:
    """DELETE /v1/organization/groups/{group_id}/users/{user_id}."""
    group = groups.fetch_writable(world, call.params["group_id"])
    take_out(world, group.id, fetch_member(world, call).id, actor=audit_log.api_key_actor(world))
    return json_reply(MemberRemoved())


def take_out(world: World, group_id: str, user_id: str, *, actor: audit_log.Actor) -> None:
    """End a membership and leave an audit entry."""
    with world.store.transaction():
        drop(world, group_id, user_id)
        _record(world, "tenant.group.member.removed", group_id, user_id, actor)


def drop(world: World, group_id: str, user_id: str) -> None:
    """End a membership; call it inside a transaction."""
    world.store.run(
        "UPDATE group_members SET deleted_at = ? WHERE group_id = ? AND user_id = ? AND deleted_at IS NULL",
        (world.now(), group_id, user_id),
    )


def fetch_member(world: World, call: Call) -> users.User:
    """Return the member of the group that the path names; raises a 404 where there is none."""
    group = groups.fetch(world, call.params["group_id"])
    user_id = call.params["user_id"]
    if not is_member(world, group.id, user_id):
        raise not_found("user in this group", user_id, param="user_id")
    return users.fetch(world, user_id)


def _record(world: World, event: str, group_id: str, user_id: str, actor: audit_log.Actor) -> None:
    # The vendor logs memberships only among tenant events, without a published schema.
    detail = {"id": group_id, "user_id": user_id}
    audit_log.record(world, audit_log.Event(event, group_id, detail, actor))
