"""Members of the organization (vendor fact sheet 3.1)."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from simulator import audit_log, pages
from simulator.errors import bad_request, not_found
from simulator.ids import object_id
from simulator.messages import Call, Reply, json_reply, read_body
from simulator.world import DEFAULT_PROJECT_ID, DEFAULT_PROJECT_NAME, World

OWNER: Final = "owner"
READER: Final = "reader"

# What the workspace knows of a member and the organization does not.
ADMIN: Final = "admin"
ANALYTICS_VIEWER: Final = "analytics-viewer"
MEMBER: Final = "member"
WorkspaceRole = Literal["owner", "admin", "analytics-viewer", "member"]
SeatType = Literal["chatgpt", "codex"]
DEFAULT_SEAT: Final = "chatgpt"
Status = Literal["active", "inactive"]
ACTIVE: Final = "active"
INACTIVE: Final = "inactive"

# The field's description says owner or reader, the operation's text owner or member.
ROLE_WORDS = {"owner": OWNER, "reader": READER, "member": READER}


class ProjectMembership(msgspec.Struct):
    """A project a member belongs to."""

    id: str
    name: str
    role: str


class Projects(msgspec.Struct):
    """The member's projects, in an envelope of their own."""

    object: str = "list"
    data: list[ProjectMembership] = []


class Profile(msgspec.Struct, kw_only=True):
    """The nested `user` object."""

    object: str = "user"
    id: str
    email: str | None
    name: str | None
    picture: str | None = None
    enabled: bool = True
    banned: bool = False
    banned_at: int | None = None


class User(msgspec.Struct, kw_only=True):
    """A member as the API shows one. Times are Unix seconds."""

    object: str = "organization.user"
    id: str
    email: str | None
    name: str | None
    role: str | None
    added_at: int
    created: int
    api_key_last_used_at: int | None = None
    technical_level: str | None = None
    developer_persona: str | None = None
    is_default: bool = False
    is_scale_tier_authorized_purchaser: bool = False
    is_service_account: bool = False
    is_scim_managed: bool = False
    projects: Projects
    user: Profile


class NewMember(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is to be known of someone who becomes a member; `added_at` defaults to now."""

    email: str | None
    name: str | None = None
    role: str | None = READER
    is_scim_managed: bool = False
    is_service_account: bool = False
    added_at: Annotated[int, Meta(ge=0)] | None = None
    projects: list[ProjectMembership] = []
    seat_type: SeatType = DEFAULT_SEAT
    workspace_role: WorkspaceRole | None = None


def default_project(role: str = "member") -> ProjectMembership:
    """Return the membership that an invite without `projects` brings."""
    return ProjectMembership(DEFAULT_PROJECT_ID, DEFAULT_PROJECT_NAME, role)


def email_key(email: str | None) -> str | None:
    """Return an address as it is compared: without regard to case. Null stays null and equals nothing."""
    return None if email is None else email.strip().lower()


def build(member: NewMember, seq: int, now: int) -> User:
    """Return the API object of a member with row number `seq`."""
    user_id = object_id("user", seq)
    added_at = now if member.added_at is None else member.added_at
    return User(
        id=user_id,
        email=member.email,
        name=member.name,
        role=member.role,
        added_at=added_at,
        created=added_at,
        is_service_account=member.is_service_account,
        is_scim_managed=member.is_scim_managed,
        projects=Projects(data=member.projects),
        user=Profile(id=user_id, email=member.email, name=member.name),
    )


INSERT = """
    INSERT INTO users (seq, id, email_key, email, name, role, added_at, body, shown_from,
      is_scim_managed, is_service_account, seat_type, workspace_role)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


def as_row(user: User, seq: int, shown_from: int, member: NewMember) -> tuple[Any, ...]:
    """Return the parameters of INSERT; lists show the member from `shown_from` (plus the read lag) on."""
    body = msgspec.json.encode(user).decode()
    key = email_key(user.email)
    shown = (seq, user.id, key, user.email, user.name, user.role, user.added_at, body, shown_from)
    return (*shown, user.is_scim_managed, user.is_service_account, member.seat_type, member.workspace_role)


def add(world: World, member: NewMember, *, at: int) -> User:
    """Insert a member who joined at `at`; call it inside a transaction."""
    seq = world.store.next_seq("users")
    user = build(member, seq, at)
    world.store.run(INSERT, as_row(user, seq, at, member))
    return user


def find_by_email(world: World, email: str | None) -> str | None:
    """Return the id of the member with that address, whatever its case, or None."""
    sql = "SELECT id FROM users WHERE email_key = ? AND deleted_at IS NULL ORDER BY seq LIMIT 1"
    user_id: str | None = world.store.value(sql, (email_key(email),))
    return user_id


def fetch(world: World, user_id: str) -> User:
    """Return a member; raises a 404 if there is none with that id."""
    body = world.store.value("SELECT body FROM users WHERE id = ? AND deleted_at IS NULL", (user_id,))
    if body is None:
        raise not_found("user", user_id, param="user_id")
    return msgspec.json.decode(body, type=User)


_LIST = """
    SELECT id, CASE WHEN changed_at > :shown_at THEN prior_body ELSE body END FROM users
    WHERE seq > :after AND shown_from <= :shown_at AND (deleted_at IS NULL OR deleted_at > :shown_at)
    ORDER BY seq LIMIT :rows
"""
_LIST_OF_EMAILS = """
    SELECT id, CASE WHEN changed_at > :shown_at THEN prior_body ELSE body END FROM users
    WHERE email_key IN (SELECT lower(trim(value)) FROM json_each(:emails)) AND deleted_at IS NULL
      AND seq > :after AND shown_from <= :shown_at
    ORDER BY seq LIMIT :rows
"""


def list_users(world: World, call: Call) -> Reply:
    """GET /v1/organization/users: in the order they joined; `emails` picks some."""
    limit = pages.read_limit(call.query, pages.CURSOR_LIST_LIMIT, world.settings)
    emails = pages.read_json_array(call.query, "emails")
    after = 0
    if cursor := call.query.get("after"):
        position = world.store.value("SELECT seq FROM users WHERE id = ?", (cursor,))
        after = pages.start_after(position, cursor, world.settings)
    params = {"after": after, "shown_at": world.visible_at(), "rows": limit + 1, "emails": emails}
    rows = world.store.rows(_LIST if emails is None else _LIST_OF_EMAILS, params)
    return Reply(pages.cursor_page(rows, limit))


def retrieve_user(world: World, call: Call) -> Reply:
    """GET /v1/organization/users/{user_id}: always fresh, whatever the read lag."""
    return json_reply(fetch(world, call.params["user_id"]))


class UserChanges(msgspec.Struct):
    """The body of an update. A null role changes nothing; null metadata clears the value."""

    role: str | None = None
    role_id: str | None = None
    technical_level: str | UnsetType | None = UNSET
    developer_persona: str | UnsetType | None = UNSET


def update_user(world: World, call: Call) -> Reply:
    """POST /v1/organization/users/{user_id}: change role or metadata."""
    changes = read_body(call, UserChanges)
    user = fetch(world, call.params["user_id"])
    role = _role(changes)
    if user.role == OWNER and role == READER:
        keep_an_owner(world, user.id)
    user.role = role or user.role
    if changes.technical_level is not UNSET:
        user.technical_level = changes.technical_level
    if changes.developer_persona is not UNSET:
        user.developer_persona = changes.developer_persona
    detail = {"id": user.id, "changes_requested": {"role": audit_log.audit_role(user.role)}}
    with world.store.transaction():
        save(world, user)
        audit_log.record_by_key(world, "user.updated", user.id, detail)
    return json_reply(user)


def _role(changes: UserChanges) -> str | None:
    if changes.role_id is not None:
        raise bad_request(f"No role found with id '{changes.role_id}'.", param="role_id")
    if changes.role is None:
        return None
    if changes.role not in ROLE_WORDS:
        raise bad_request(f"role must be owner or reader, not '{changes.role}'.", param="role")
    return ROLE_WORDS[changes.role]


# The workspace's view of a member as JSON, from the columns. An address that is not known is left out.
SEAT_JSON = """
    CASE WHEN email IS NULL THEN '{' ELSE '{"email":' || json_quote(email) || ',' END || substr(json_object(
      'object', 'workspace.user', 'id', id, 'name', name,
      'role', coalesce(workspace_role, CASE role WHEN 'owner' THEN 'owner' ELSE 'member' END),
      'seat_type', seat_type, 'status', CASE WHEN inactive_at IS NULL THEN 'active' ELSE 'inactive' END,
      'created_at', added_at), 2)
"""

# The organization knows owners and readers only: a change of that word ends what the workspace said more finely.
_SAVE = f"""
    UPDATE users SET role = :role, body = :body, changed_at = :now, is_scim_managed = :is_scim_managed,
      seat_type = coalesce(:seat_type, seat_type),
      workspace_role = CASE WHEN :workspace_role IS NOT NULL THEN :workspace_role
        WHEN role IS NOT :role THEN NULL ELSE workspace_role END,
      inactive_at = CASE :status WHEN 'active' THEN NULL WHEN 'inactive' THEN coalesce(inactive_at, :now)
        ELSE inactive_at END,
      prior_body = CASE WHEN changed_at > :shown_at THEN prior_body ELSE body END,
      prior_seat = CASE WHEN changed_at > :shown_at THEN prior_seat ELSE {SEAT_JSON} END
    WHERE id = :id
"""


def save(
    world: World,
    user: User,
    *,
    seat_type: SeatType | None = None,
    workspace_role: WorkspaceRole | None = None,
    status: Status | None = None,
) -> None:
    """Write a changed member; lists show the prior state until the read lag has passed.

    None leaves seat type, workspace role or status as it is.
    """
    if status is not None:
        user.user.enabled = status == ACTIVE
    params = {
        "id": user.id,
        "role": user.role,
        "body": msgspec.json.encode(user).decode(),
        "is_scim_managed": user.is_scim_managed,
        "seat_type": seat_type,
        "workspace_role": workspace_role,
        "status": status,
        "now": world.now(),
        "shown_at": world.visible_at(),
    }
    world.store.run(_SAVE, params)


_ANOTHER_OWNER = """
    SELECT 1 FROM users WHERE role = 'owner' AND deleted_at IS NULL AND inactive_at IS NULL AND id <> ? LIMIT 1
"""


def is_last_owner(world: World, user_id: str) -> bool:
    """Whether no other active owner is there."""
    return world.store.one(_ANOTHER_OWNER, (user_id,)) is None


def keep_an_owner(world: World, user_id: str) -> None:
    """Refuse to let the last owner go, unless the setting allows it."""
    if is_last_owner(world, user_id) and world.settings.last_owner_delete == "error":
        raise bad_request("The organization must keep at least one owner.", code="last_owner")


class UserDeleted(msgspec.Struct):
    """The answer to a delete."""

    id: str
    object: Literal["organization.user.deleted"] = "organization.user.deleted"
    deleted: bool = True


def delete_user(world: World, call: Call) -> Reply:
    """DELETE /v1/organization/users/{user_id}: ends group memberships, keeps invites (fact sheet 9.12)."""
    user = fetch(world, call.params["user_id"])
    if user.role == OWNER:
        keep_an_owner(world, user.id)
    with world.store.transaction():
        remove(world, user, actor=audit_log.api_key_actor(world))
    return json_reply(UserDeleted(user.id))


def remove(world: World, user: User, *, actor: audit_log.Actor | None) -> None:
    """Take a member out; call it inside a transaction. Without an actor it is the directory's doing."""
    now = world.now()
    world.store.run("UPDATE users SET deleted_at = ? WHERE id = ?", (now, user.id))
    world.store.run("UPDATE group_members SET deleted_at = ? WHERE user_id = ? AND deleted_at IS NULL", (now, user.id))
    audit_log.record(world, audit_log.Event("user.deleted", user.id, {"id": user.id}, actor))
