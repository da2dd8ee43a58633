"""The workspace's members: the same people as the organization's, with seat, finer role and status.

Source of the rules: vendor fact sheet 4. The list shows active members only; one member can be read
whatever their status. Service accounts are no members here.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from simulator import audit_log, pages, users
from simulator.errors import conflict, not_found
from simulator.groups import SCIM_MANAGED
from simulator.messages import Call, Reply, json_reply, read_body
from simulator.pages import LimitRule
from simulator.users import OWNER, READER, SEAT_JSON, SeatType, Status, User, WorkspaceRole
from simulator.world import World

LIST_LIMIT = LimitRule(default=100, lowest=1, highest=1_000)

# While a change is younger than the read lag the list shows, and filters by, what was before it.
_SHOWN = f"CASE WHEN changed_at > :shown_at AND prior_seat IS NOT NULL THEN prior_seat ELSE {SEAT_JSON} END"
_ACTIVE = """
    CASE WHEN changed_at > :shown_at AND prior_seat IS NOT NULL
      THEN json_extract(prior_seat, '$.status') = 'active' ELSE inactive_at IS NULL END
"""
_LIST = f"""
    SELECT id, {_SHOWN} FROM users
    WHERE seq > :after AND shown_from <= :shown_at AND (deleted_at IS NULL OR deleted_at > :shown_at)
      AND is_service_account = 0 AND {_ACTIVE}
    ORDER BY seq LIMIT :rows
"""
_LIST_OF_EMAIL = f"""
    SELECT id, {_SHOWN} FROM users
    WHERE email_key = :email AND deleted_at IS NULL AND seq > :after AND shown_from <= :shown_at
      AND is_service_account = 0 AND {_ACTIVE}
    ORDER BY seq LIMIT :rows
"""
_ONE = f"SELECT {SEAT_JSON} FROM users WHERE id = ? AND deleted_at IS NULL AND is_service_account = 0"


def list_users(world: World, call: Call) -> Reply:
    """GET .../users: active members in the order they joined; `email` picks one address exactly."""
    limit = pages.read_limit(call.query, LIST_LIMIT, world.settings)
    email = call.query.get("email")
    after = 0
    if cursor := call.query.get("after"):
        position = world.store.value("SELECT seq FROM users WHERE id = ?", (cursor,))
        after = pages.start_after(position, cursor, world.settings)
    params = {"after": after, "shown_at": world.visible_at(), "rows": limit + 1, "email": users.email_key(email)}
    return Reply(pages.cursor_page(world.store.rows(_LIST if email is None else _LIST_OF_EMAIL, params), limit))


def shown(world: World, user_id: str) -> str:
    """Return a member as JSON, always fresh; raises a 404 if there is none with that id."""
    body: str | None = world.store.value(_ONE, (user_id,))
    if body is None:
        raise not_found("user", user_id, param="user_id")
    return body


def retrieve_user(world: World, call: Call) -> Reply:
    """GET .../users/{user_id}: inactive members too."""
    return Reply(shown(world, call.params["user_id"]).encode())


def fetch_writable(world: World, user_id: str) -> User:
    """Return a member who may be changed here; raises a 409 for one whom the identity provider manages."""
    shown(world, user_id)
    user = users.fetch(world, user_id)
    if user.is_scim_managed:
        raise conflict("This user is managed through SCIM.", code=SCIM_MANAGED, param="user_id")
    return user


class SeatChanges(msgspec.Struct):
    """The body of an update; what is null or left out stays as it is."""

    role: WorkspaceRole | None = None
    seat_type: SeatType | None = None
    status: Status | None = None


def update_user(world: World, call: Call) -> Reply:
    """PATCH .../users/{user_id}: role, seat, or whether the person may come in at all."""
    changes = read_body(call, SeatChanges)
    user = fetch_writable(world, call.params["user_id"])
    loses_owner = changes.role not in (None, OWNER) or changes.status == users.INACTIVE
    if user.role == OWNER and loses_owner:
        users.keep_an_owner(world, user.id)
    if changes.role is not None:
        user.role = OWNER if changes.role == OWNER else READER
    asked = {name: value for name, value in msgspec.structs.asdict(changes).items() if value is not None}
    detail = {"id": user.id, "changes_requested": asked}
    with world.store.transaction():
        users.save(world, user, seat_type=changes.seat_type, workspace_role=changes.role, status=changes.status)
        event = audit_log.Event("user.updated", user.id, detail, audit_log.workspace_key_actor(world))
        audit_log.record(world, event)
    return Reply(shown(world, user.id).encode())


class UserDeleted(msgspec.Struct):
    """The answer to a delete."""

    id: str
    object: Literal["workspace.user.deleted"] = "workspace.user.deleted"
    deleted: bool = True


def delete_user(world: World, call: Call) -> Reply:
    """DELETE .../users/{user_id}."""
    user = fetch_writable(world, call.params["user_id"])
    if user.role == OWNER:
        users.keep_an_owner(world, user.id)
    with world.store.transaction():
        users.remove(world, user, actor=audit_log.workspace_key_actor(world))
    return json_reply(UserDeleted(user.id))
