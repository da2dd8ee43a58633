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


def _is_member(world: World, group_id: str, user_id: str) -> bool:
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
    user = users.fetch(world, order.user_id)
    if _is_member(world, group.id, user.id):
        if HTTPStatus(world.settings.duplicate_group_add) is HTTPStatus.CONFLICT:
            raise conflict("The user is already in this group.", code="already_in_group", param="user_id")
        return json_reply(MemberAdded(user.id, group.id))
    with world.store.transaction():
        add(world, group.id, user.id)
        _record(world, "tenant.group.member.added", group.id, user.id)
    return json_reply(MemberAdded(user.id, group.id))


def retrieve_member(world: World, call: Call) -> Reply:
    """GET /v1/organization/groups/{group_id}/users/{user_id}."""
    user = _fetch_member(world, call)
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
    user = _fetch_member(world, call)
    with world.store.transaction():
        world.store.run(
            "UPDATE group_members SET deleted_at = ? WHERE group_id = ? AND user_id = ? AND deleted_at IS NULL",
            (world.now(), group.id, user.id),
        )
        _record(world, "tenant.group.member.removed", group.id, user.id)
    return json_reply(MemberRemoved())


def _fetch_member(world: World, call: Call) -> users.User:
    group = groups.fetch(world, call.params["group_id"])
    user_id = call.params["user_id"]
    if not _is_member(world, group.id, user_id):
        raise not_found("user in this group", user_id, param="user_id")
    return users.fetch(world, user_id)


def _record(world: World, event: str, group_id: str, user_id: str) -> None:
    # The vendor logs memberships only among tenant events, without a published schema.
    detail = {"id": group_id, "user_id": user_id}
    audit_log.record_by_key(world, event, group_id, detail)
